"""Zeek's logs of one folder: first those that name servers, then the connections."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from auditor.readers.logs.zeek import KINDS, Conn
from auditor.readers.logs.zeek_names import JOINED, LOGS, Names
from auditor.readers.logs.zeek_text import CONN, Text, is_stream, log_of, logs_in
from auditor.readers.reading import Reading
from auditor.readers.records.lines import LogFile
from auditor.readers.records.reader import LogReader, unopened
from auditor.readers.records.tally import Tally
from auditor.readers.streams import Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from concurrent.futures import Future

    from auditor.model.errors import InputError
    from auditor.model.problem import Note
    from auditor.readers.logs.zeek_text import Piece
    from auditor.readers.reading import Progress, Settings, Take
    from auditor.readers.records.lines import Block
    from auditor.readers.streams import Opened

_RANKS: Final = {name: rank for rank, log in enumerate(LOGS) for name in log.wanted.logs}


@dataclass(slots=True)
class _File:
    """One file of the folder, as far as it is known.

    Attributes:
        logs: the logs in it: by its first bytes, then by its lines.
        stream: whether objects of several logs may share it.
        told: sizes that were read while it was not clear whether it is read again.
    """

    number: int
    source: Source
    tally: Tally
    logs: set[str] = field(default_factory=set)
    stream: bool = False
    packed: bool = False
    records: int = 0
    told: int = 0

    def heard(self, size: int) -> None:
        self.told += size


class ZeekReader(LogReader):
    """Reads ``conn.log``, and beside it ``ssl``, ``quic``, ``http`` and ``dns``."""

    def __init__(self) -> None:
        super().__init__(Conn())

    def read(
        self,
        sources: Sequence[Source],
        settings: Settings,
        note: Note,
        progress: Progress,
        take: Take,
    ) -> list[Reading | InputError]:
        """The flows of the connections, with what the other logs know of them."""
        files = [_File(number, source, Tally(KINDS)) for number, source in enumerate(sources)]
        answers: dict[int, Reading | InputError] = {}
        names = Names()
        for file in files:
            try:
                _look(file)
            except OSError as error:
                answers[file.number] = unopened(file.source, error)
        beside = [file for file in files if file.logs - CONN or file.stream]
        for file in beside:
            try:
                answers[file.number] = _aside(file, names, file.heard if file.stream else progress)
            except OSError as error:
                answers[file.number] = unopened(file.source, error)
                file.logs = set()
        names.settle()
        # what still ran comes first, so that what is over gives the last word
        conns = sorted(
            (file for file in files if file.logs & CONN),
            key=lambda file: ("conn" in file.logs, file.number),
        )
        for file in beside:
            if not file.logs & CONN:
                progress(file.told)
        if conns:
            read = LogReader(Conn(names)).read(
                [file.source for file in conns],
                settings,
                note,
                progress,
                lambda number, flows: take(conns[number].number, flows),
            )
            answers |= {file.number: answer for file, answer in zip(conns, read, strict=True)}
        _tell(beside, names, note, joined=bool(conns))
        return [answers[file.number] for file in files]


def _look(file: _File) -> None:
    opened = file.source.open()
    file.logs = {log_of(opened.head) or "conn"}
    if file.source.pipe is None:  # a pipe is read once only
        file.stream = is_stream(opened.head)
        opened.close()


def _aside(file: _File, names: Names, progress: Progress) -> Reading:
    """Reads a file for the sake of the names in it.

    Raises:
        OSError: it cannot be opened.
    """
    workers = os.cpu_count() or 1
    waiting: deque[Future[int]] = deque()
    with file.source.open(progress) as opened, ThreadPoolExecutor(workers) as pool:
        file.packed = bool(opened.packings)
        log = LogFile(opened, file.tally)
        form = _form(file, opened)

        def learned(form: Text, rank: int, piece: Piece) -> int:
            batch = form.columns(piece)
            names.add(rank, batch, file.number)
            return len(batch)

        for block in log.blocks():
            if form is None and not file.stream:
                file.records += _lines(block)
            for its, rank, piece in _pieces(file, opened, form, block):
                waiting.append(pool.submit(learned, its, rank, piece))
                while len(waiting) > workers * 2:
                    file.records += waiting.popleft().result()
        while waiting:
            file.records += waiting.popleft().result()
        if form is not None and log.broken is None:
            form.ended(log.line - 1)
        content = None if isinstance(log.broken, OSError) else log.content
        return Reading(
            packets=file.records,
            not_ip=0,
            bytes_on_wire=None,
            sha256=None if content is None else opened.sha256(content),
            content=content,
            size=opened.size,
        )


def _form(file: _File, opened: Opened) -> Text | None:
    """How a file of one log is read; null for streams, and for logs that are not needed."""
    (name,) = file.logs
    if file.stream or name not in JOINED:
        return None
    return Text(opened.head, LOGS[_RANKS[name]].wanted, file.tally)


def _pieces(
    file: _File, opened: Opened, form: Text | None, block: Block
) -> Iterator[tuple[Text, int, Piece]]:
    if form is not None:
        (name,) = file.logs
        for piece in form.pieces(block):
            yield form, _RANKS[name], piece
    elif file.stream:
        here = logs_in(block.text)
        file.logs |= here
        for rank in sorted({_RANKS[name] for name in here & JOINED}):
            wanted = LOGS[rank].wanted
            wanted = replace(wanted, silent=frozenset(here - wanted.logs))
            its = Text(opened.head, wanted, file.tally)
            for piece in its.pieces(block):
                yield its, rank, piece


def _lines(block: Block) -> int:
    """Records of a log that nobody needs: all lines but those of headers."""
    text = block.text
    return text.count(b"\n") - text.count(b"\n#") - text.startswith(b"#")


def _tell(beside: list[_File], names: Names, note: Note, *, joined: bool) -> None:
    """Tells what was wrong with the files that are not of connections, and what was not used."""
    unmatched, several = names.unmatched() if joined else {}, names.several() if joined else {}
    for file in beside:
        if file.logs & CONN:
            file.tally = Tally(KINDS)  # its lines are read again, and told of then
        unneeded = file.logs - JOINED - CONN
        if unneeded:
            detail = ", ".join(sorted(name[:40] for name in unneeded)[:5])
            file.tally.add("not-needed", 0, detail=detail)
        elif not joined and file.records:
            detail = ", ".join(sorted(file.logs))
            file.tally.add("names-without-conn", 0, count=file.records, detail=detail)
        for kind, counts in (("unmatched-names", unmatched), ("several-names", several)):
            if file.number in counts:
                file.tally.add(kind, 0, count=counts[file.number])
        file.tally.tell(file.source.name, note, offsets=not file.packed)
