"""XML of unknown origin is fed to expat in blocks; what never ends is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from xml.parsers import expat

LONGEST_TAG: Final = 4 << 20


class TagTooLongError(ValueError):
    """A tag or a comment that never ends."""


def fed(parser: expat.XMLParserType, block: bytes, before: int) -> int:
    """How many bytes the parser was fed, with this block.

    A tag that is not complete is read again with every block: without a limit, a file that is one
    long tag would keep the parser busy for hours.

    Raises:
        TagTooLongError: nothing ended for ``LONGEST_TAG`` bytes.
        expat.ExpatError: it is no XML.
    """
    parser.Parse(block, False)
    if before + len(block) - parser.CurrentByteIndex > LONGEST_TAG:
        raise TagTooLongError(f"holds a tag longer than {LONGEST_TAG >> 20} MB")
    return before + len(block)
