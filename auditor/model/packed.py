"""Office files packed so that equal content gives equal bytes."""

from __future__ import annotations

import zipfile
from io import BytesIO
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_DAY_ONE: Final = (1980, 1, 1, 0, 0, 0)
"""The first moment that a zip file can name."""


def packed(file: bytes, instead: Mapping[str, bytes]) -> bytes:
    """The zip file with the same members, without the clock and the machine it was made on.

    Args:
        file: a whole zip file.
        instead: by name: other content for a member.
    """
    out = BytesIO()
    with (
        zipfile.ZipFile(BytesIO(file)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            info = zipfile.ZipInfo(name, _DAY_ONE)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 0
            new.writestr(info, instead.get(name, old.read(name)))
    return out.getvalue()
