"""Header fields of HTTP/2 as one side packs them (RFC 7541)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import hpack

from auditor.inspect.contracts import MOST_HELD
from auditor.inspect.header_fields import MOST_FIELDS

if TYPE_CHECKING:
    from auditor.inspect.contracts import Content
    from auditor.inspect.header_fields import Fields
    from auditor.model.content import Unread

_MOST_TABLE: Final = 1 << 20
"""Bytes of a table of header fields that are remembered."""


class FieldTable:
    """The table of header fields that one side keeps: each block of fields changes it."""

    def __init__(self, content: Content, side: int) -> None:
        self._content = content
        self._side = side
        self._decoder: hpack.Decoder | None = hpack.Decoder(MOST_HELD)
        self._forgotten: Unread = "damaged"  # why, where there is no decoder

    def allow(self, size: int) -> None:
        """Raises the size of the table to what the other side allows.

        Never lowers it: the side may still be sending by the older settings.
        """
        if self._decoder is not None:
            most = max(self._decoder.max_allowed_table_size, min(size, _MOST_TABLE))
            self._decoder.max_allowed_table_size = most

    def decoded(self, block: bytes) -> Fields:
        """The fields of a block; empty where they cannot be told."""
        fields: dict[bytes, bytes] = {}
        if self._decoder is None:
            self._content.unread(self._side, len(block), self._forgotten)
            return fields
        try:
            for name, value in self._decoder.decode(block, raw=True):
                if name in fields:
                    fields[name] += (b"; " if name == b"cookie" else b", ") + value
                elif len(fields) < MOST_FIELDS:
                    fields[bytes(name)] = bytes(value)
        except hpack.HPACKError as error:
            self.forget(str(error)[:200], "damaged")
            self._content.unread(self._side, len(block), "damaged")
        return fields

    def forget(self, message: str, why: Unread) -> None:
        """The table is no longer the sender's: no later field can be told."""
        if self._decoder is not None:
            self._decoder = None
            self._forgotten = why
            self._content.problem("http2-headers-lost", message)
