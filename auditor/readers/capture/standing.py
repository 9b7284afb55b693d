"""Open flows as they stand, as bytes that any later version can read."""

from __future__ import annotations

import ipaddress
from contextlib import suppress
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import ipc

from auditor.model.errors import InputError
from auditor.readers.capture.carried import CARRIED
from auditor.readers.capture.rows import SWEPT

_ZSTD: Final = ipc.IpcWriteOptions(compression="zstd")
_NEEDED: Final = ("start", "end", "seen_by", "protocol", "src_ip", "dst_ip", "initiator_basis")


def written(flows: pa.Table) -> bytes:
    """A table of schema ``SWEPT`` as bytes."""
    sink = pa.BufferOutputStream()
    with ipc.new_stream(sink, flows.schema, options=_ZSTD) as stream:
        stream.write_table(flows)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def read(content: bytes) -> pa.Table:
    """The flows again, as ones that began in an earlier run.

    Columns that this version does not know are left out, those that it misses are null.

    Raises:
        InputError: the bytes are no such table.
    """
    try:
        table = ipc.open_stream(pa.py_buffer(content)).read_all()
        table.validate(full=True)
        known = {name: table[name] for name in table.column_names if name in SWEPT.names}
        for field in SWEPT:
            if field.name not in known:
                known[field.name] = pa.nulls(len(table), field.type)
        known["file"] = pa.repeat(pa.scalar(CARRIED, pa.int32()), len(table))
        table = pa.table(known).select(SWEPT.names).cast(SWEPT)
    except (pa.ArrowException, ValueError, TypeError, KeyError, OSError, EOFError) as error:
        raise _senseless(type(error).__name__) from None
    if any(table[name].null_count for name in _NEEDED):
        raise _senseless("empty cells")
    for name in ("src_ip", "dst_ip"):
        for text in pc.unique(table[name]).to_pylist():
            with suppress(ValueError):
                ipaddress.ip_address(text)
                continue
            raise _senseless("an address that is none")
    return table


def _senseless(what: str) -> InputError:
    return InputError(
        f"the saved flows of an earlier run cannot be read ({what})",
        place="",
        hint="Set the file of open flows aside and go on without it: what was open in it is lost.",
    )
