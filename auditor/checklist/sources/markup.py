"""XML of unknown origin, read as a stream.

The parser is expat. Entities are refused where they are declared, so nothing is ever expanded or
fetched; depth and what is kept of an element have limits.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from xml.parsers import expat

from auditor.model.errors import InputError
from auditor.model.markup import TagTooLongError, fed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

BYTES: Final = 500 << 20
AT_ONCE: Final = 1 << 18
DEPTH: Final = 200
CHILDREN: Final = 500_000
"""Elements inside of one that is kept."""
CHARACTERS: Final = 4000
"""Of the text of one element; the rest is left out."""


@dataclass(slots=True)
class Node:
    """An element: its name without the namespace, its own text, its children."""

    name: str
    attributes: dict[str, str]
    line: int
    text: str = ""
    children: list[Node] = field(default_factory=list)

    def all(self, name: str) -> Iterator[Node]:
        """The children of this name."""
        return (child for child in self.children if child.name == name)

    def inner(self, name: str) -> str:
        """The text of the first child of this name; empty = none."""
        return next((child.text.strip() for child in self.all(name)), "")


class _Refused(Exception):  # noqa: N818 - never leaves this module
    """The document holds what is not read."""


def elements(path: Path, whole: Collection[str], opening: Collection[str] = ()) -> Iterator[Node]:
    """Elements in the order of the file; nothing else of it is kept.

    Args:
        path: of the file.
        whole: names of elements that are given with everything inside them, when they end.
        opening: names of elements that are given without their content, when they begin.

    Raises:
        InputError: it is too large, damaged, nested too deeply, or declares entities.
    """
    if path.stat().st_size > BYTES:
        raise InputError(
            f"is larger than {BYTES >> 20} MB", place=path.name, hint="Attach a smaller part."
        )
    stream = _Stream(frozenset(whole), frozenset(opening))
    size = 0
    try:
        with path.open("rb") as file:
            while block := file.read(AT_ONCE):
                size = fed(stream.parser, block, size)
                yield from stream.taken()
            stream.parser.Parse(b"", True)
            yield from stream.taken()
    except expat.ExpatError as error:
        raise InputError(
            f"is damaged XML at line {error.lineno}",
            place=path.name,
            hint="Export it from the tool again; a file that was cut off cannot be used.",
        ) from None
    except (_Refused, TagTooLongError) as error:
        raise InputError(
            str(error), place=path.name, hint="Attach the file as the tool itself wrote it."
        ) from None
    except (ValueError, LookupError):
        raise InputError(
            "is XML in an unknown encoding", place=path.name, hint="Save it as UTF-8."
        ) from None


def root_name(path: Path) -> str:
    """Name of the outermost element, without its namespace.

    Raises:
        InputError: as ``elements``.
    """
    stream = _Stream(frozenset(), frozenset())
    size = 0
    try:
        with path.open("rb") as file:
            while not stream.root and (block := file.read(AT_ONCE)):
                size = fed(stream.parser, block, size)
    except (_Refused, TagTooLongError) as error:
        raise InputError(
            str(error), place=path.name, hint="Attach the file as the tool itself wrote it."
        ) from None
    except (expat.ExpatError, ValueError, LookupError):
        pass  # whether what came before the damage was enough is seen below
    if not stream.root:
        raise InputError("is damaged XML", place=path.name, hint="Export it from the tool again.")
    return stream.root


class _Stream:
    def __init__(self, whole: frozenset[str], opening: frozenset[str]) -> None:
        self.root = ""
        self._whole, self._opening = whole, opening
        self._depth = 0
        self._open: list[Node] = []
        self._inside = 0
        self._done: list[Node] = []
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._starts
        self.parser.EndElementHandler = self._ends
        self.parser.CharacterDataHandler = self._says
        self.parser.EntityDeclHandler = self._entity
        self.parser.ExternalEntityRefHandler = self._entity

    def taken(self) -> list[Node]:
        done, self._done = self._done, []
        return done

    def _entity(self, *_: object) -> int:
        raise _Refused("declares XML entities, which are never read")

    def _starts(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(" ")[2]
        self.root = self.root or name
        self._depth += 1
        if self._depth > DEPTH:
            raise _Refused(f"is nested deeper than {DEPTH} elements")
        if not self._open and name not in self._whole:
            if name in self._opening:
                self._done.append(self._node(name, attributes))
            return
        node = self._node(name, attributes)
        if self._open:
            self._inside += 1
            if self._inside > CHILDREN:
                raise _Refused(f"holds an element with more than {CHILDREN:,} others inside")
            self._open[-1].children.append(node)
        self._open.append(node)

    def _node(self, name: str, attributes: dict[str, str]) -> Node:
        plain = {key.rpartition(" ")[2]: value for key, value in attributes.items()}
        return Node(name, plain, self.parser.CurrentLineNumber)

    def _ends(self, _: str) -> None:
        self._depth -= 1
        if self._open:
            node = self._open.pop()
            if not self._open:
                self._done.append(node)
                self._inside = 0

    def _says(self, text: str) -> None:
        if self._open:
            node = self._open[-1]
            if len(node.text) < CHARACTERS:
                node.text = (node.text + text)[:CHARACTERS]
