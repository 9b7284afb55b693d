"""The reader itself: which files are its own, and one file from first byte to last flow."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from auditor.model.errors import InputError
from auditor.readers.logs.lines import BOM, LogFile
from auditor.readers.logs.tally import Tally
from auditor.readers.reading import Reading
from auditor.readers.zeek.flows import ORDER, SCHEMA, flow_columns
from auditor.readers.zeek.json_lines import JsonLines
from auditor.readers.zeek.tsv import Tsv

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from auditor.model.problem import Note
    from auditor.readers.reading import Progress, Settings, Take
    from auditor.readers.streams import Source

MOST_HEAD: Final = 1 << 16
_KEYS: Final = (b'"ts"', b'"id.orig_h"', b'"id.resp_h"')
_ONLY_IN_CONN: Final = (b'"conn_state"', b'"missed_bytes"', b'"orig_ip_bytes"')


class ZeekConn:
    """Reads Zeek's ``conn.log`` in both of its forms."""

    name = "zeek-conn"
    together = False

    def prepare(self, begins: Callable[[], None]) -> None:
        """Nothing needs to be made ready."""

    def sniff(self, head: bytes) -> float:
        """1.0 for the form with a header, 0.9 for JSON lines, 0 for other logs and other files."""
        head = head[:MOST_HEAD].removeprefix(BOM)
        if head.startswith(b"#separator "):
            return _tsv_confidence(head)
        line = head.lstrip().partition(b"\n")[0]
        if not line.startswith(b"{") or not all(key in line for key in _KEYS):
            return 0.0
        compact = line.replace(b" ", b"")
        if b'"_path":' in compact:
            return 0.9 if b'"_path":"conn"' in compact else 0.0
        return 0.9 if any(key in line for key in _ONLY_IN_CONN) else 0.0

    def begins(self, head: bytes) -> int | None:
        """Nothing: a log names each connection once, whatever the log before held."""
        del head
        return None

    def ends(self, source: Source) -> int | None:
        """Nothing, as ``begins``."""
        del source
        return None

    def read(
        self,
        sources: Sequence[Source],
        settings: Settings,
        note: Note,
        progress: Progress,
        take: Take,
    ) -> list[Reading | InputError]:
        """The flows of logs; lines that cannot be read are noted by kind."""
        del settings
        return [
            _read(source, note, progress, partial(take, number))
            for number, source in enumerate(sources)
        ]


def _read(
    source: Source, note: Note, progress: Progress, take: Callable[[pa.Table], None]
) -> Reading | InputError:
    tally = Tally()
    form: Tsv | JsonLines | None = None
    pieces: list[pa.Table] = []
    records = 0
    try:
        opened = source.open(progress)
    except OSError as error:
        return InputError(
            f"cannot be opened: {error.strerror or error}",
            place=source.name,
            hint="Check that it is a file and that this user may read it.",
        )
    with opened:
        log = LogFile(opened, tally)
        for block in log.blocks():
            if form is None:
                is_json = block.text.lstrip().startswith(b"{")
                form = JsonLines(tally) if is_json else Tsv(tally)
            for found in form.records(block):
                records += found.columns.num_rows
                pieces.append(flow_columns(found, tally))
        readable = not isinstance(log.broken, OSError)
        content = log.content if readable else None
        digest = opened.sha256(log.content) if readable else None
    if form is not None and not form.closed and log.broken is None:
        tally.add("not-closed", log.line)
    tally.tell(source.name, note, offsets=not opened.packings)
    flows = pa.concat_tables(pieces) if pieces else SCHEMA.empty_table()
    take(flows.sort_by([(name, "ascending") for name in ORDER]).combine_chunks())
    return Reading(
        packets=records,
        not_ip=0,
        bytes_on_wire=None,
        sha256=digest,
        content=content,
        size=opened.size,
    )


def _tsv_confidence(head: bytes) -> float:
    lines = [line.rstrip(b"\r") for line in head.splitlines()]
    for line in lines:
        if line.startswith(b"#path"):
            return 1.0 if line[6:] == b"conn" else 0.0
    fields = next((line for line in lines if line.startswith(b"#fields")), b"")
    return 0.9 if b"id.orig_h" in fields and b"orig_bytes" in fields else 0.0
