"""A log format as a reader: files out of their packing, blocks side by side, flows in parts."""

from __future__ import annotations

import os
from collections import Counter, deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, Protocol

from auditor.model.errors import InputError
from auditor.readers.reading import FileSettings, Reading
from auditor.readers.records.checked import checked
from auditor.readers.records.gathering import Gathering
from auditor.readers.records.lines import LogFile
from auditor.readers.records.tally import Kinds, Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from types import TracebackType

    import pyarrow as pa

    from auditor.model.problem import Note
    from auditor.readers.reading import Progress, Settings, Take
    from auditor.readers.records.batch import Batch
    from auditor.readers.records.lines import Block
    from auditor.readers.streams import DamagedError, Opened, Source


class Form(Protocol):
    """One file of a format, being read."""

    def pieces(self, block: Block) -> Iterable[Any]:
        """What stands in ``block``, ready to be parsed: header lines are obeyed here, in order."""

    def parsed(self, piece: Any) -> Batch:  # noqa: ANN401 - the form's own
        """The records of a piece. Runs in several threads at once: changes nothing but tallies."""

    def ended(self, line: int) -> None:
        """The file is over after ``line`` lines: what is missing is counted now.

        Its last pieces may still be parsed meanwhile.
        """


class LogFormat(Protocol):
    """One format of flow logs."""

    @property
    def name(self) -> str:
        """Short name of the format, as shown in reports."""

    @property
    def seen_by(self) -> str:
        """Who saw the traffic, as the flow table's ``seen_by``: often the name again."""

    @property
    def kinds(self) -> Kinds:
        """Troubles that only this format has; see ``tally.KINDS`` for the common ones."""

    @property
    def one_way(self) -> bool:
        """Whether a record tells of one direction, so that two make a flow."""

    def sniff(self, head: bytes) -> float:
        """How sure it is that a file beginning with ``head`` is of this format (0 to 1)."""

    def begun(self, head: bytes, settings: FileSettings, tally: Tally) -> Form:
        """Gets ready for one file.

        Raises:
            InputError: the file cannot be read at all; its ``place`` is filled in.
        """


class Lines(Protocol):
    """Where the lines of a file come from: usually the file is the log (``LogFile``).

    Attributes:
        broken: what the file breaks off with, once ``blocks`` is exhausted.
        line: number of the line that would come next.
    """

    broken: DamagedError | OSError | None
    line: int

    @property
    def content(self) -> str:
        """Hex digest of the file's bytes, unpacked, once ``blocks`` is exhausted."""

    def blocks(self) -> Iterator[Block]:
        """The lines, once."""


class FolderReader:
    """A reader that reads the files of one folder together, whatever their times."""

    together = True

    def prepare(self, begins: Callable[[], None]) -> None:
        """Nothing takes long."""

    def begins(self, head: bytes) -> int | None:
        """Nothing: the files of one folder belong together whatever their times."""
        del head
        return None

    def ends(self, source: Source) -> int | None:
        """Nothing, as ``begins``."""
        del source
        return None


class LogReader(FolderReader):
    """Reads the logs of one format; the logs of one folder together, in the order of names."""

    of_text = True
    """Whether the lines stand in the file itself, so that they have a place in it."""
    gathering: type[Gathering] = Gathering
    """How records become flows."""

    def __init__(self, form: LogFormat) -> None:
        self._format = form
        self.name = form.name

    def sniff(self, head: bytes) -> float:
        """As the format says."""
        return self._format.sniff(head)

    def read(
        self,
        sources: Sequence[Source],
        settings: Settings,
        note: Note,
        progress: Progress,
        take: Take,
    ) -> list[Reading | InputError]:
        """The flows of logs; what is wrong with them is noted by kind."""
        tallies = [Tally(self._format.kinds) for _ in sources]
        form = self._format
        gathering = self.gathering(tallies, settings, take, form.seen_by, one_way=form.one_way)
        answers: list[Reading | InputError] = []
        packed: list[bool] = []
        whole: list[tuple[Form, int]] = []
        with _Workers(gathering) as workers:
            for number, source in enumerate(sources):
                packed.append(False)
                try:
                    opened = source.open(progress)
                except OSError as error:
                    answers.append(unopened(source, error))
                    continue
                packed[number] = bool(opened.packings)
                with opened:
                    try:
                        own = _of_file(settings, source)
                        form_of_it = form.begun(opened.head, own, tallies[number])
                    except InputError as error:  # the format does not know the name of the file
                        answers.append(
                            InputError(error.message, place=source.name, hint=error.hint)
                        )
                        continue
                    log = self.lines(form_of_it, source, opened, tallies[number])
                    answers.append(_read(number, opened, form_of_it, log, workers, tallies[number]))
                    if log.broken is None:
                        whole.append((form_of_it, log.line - 1))
            workers.drain(0)
        for ended, lines in whole:
            ended.ended(lines)
        gathering.finish()
        for tally, source, was_packed in zip(tallies, sources, packed, strict=True):
            tally.tell(source.name, note, offsets=self.of_text and not was_packed)
        return [
            replace(answer, packets=workers.records[number])
            if isinstance(answer, Reading)
            else answer
            for number, answer in enumerate(answers)
        ]

    def lines(self, form: Form, source: Source, opened: Opened, tally: Tally) -> Lines:
        """Where the lines of ``source`` come from: the file itself."""
        del form, source
        return LogFile(opened, tally)


def _of_file(settings: Settings, source: Source) -> FileSettings:
    given = {each.name: getattr(settings, each.name) for each in fields(settings)}
    return FileSettings(**given, written=source.written)


def _read(
    number: int, opened: Opened, form: Form, log: Lines, workers: _Workers, tally: Tally
) -> Reading:
    """Reads a file to its end; its last records may still be with the workers."""
    for block in log.blocks():
        for piece in form.pieces(block):
            workers.give(number, form, piece, tally)
    readable = not isinstance(log.broken, OSError)
    content = log.content if readable else None
    return Reading(
        packets=0,  # known when the workers are done
        not_ip=0,
        bytes_on_wire=None,
        sha256=opened.sha256(log.content) if readable else None,
        content=content,
        size=opened.size,
    )


class _Workers:
    """Parses pieces of all files side by side; what comes out is gathered in their order."""

    def __init__(self, gathering: Gathering) -> None:
        self._gathering = gathering
        self._most = (os.cpu_count() or 1) * 3
        self._pool = ThreadPoolExecutor(os.cpu_count() or 1)
        self._waiting: deque[tuple[int, Future[tuple[int, pa.Table]]]] = deque()
        self.records: Counter[int] = Counter()

    def __enter__(self) -> _Workers:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def give(self, number: int, form: Form, piece: Any, tally: Tally) -> None:  # noqa: ANN401 - the form's own
        """A piece of file ``number``."""
        self._waiting.append((number, self._pool.submit(_parsed, form, piece, tally)))
        self.drain(self._most)

    def drain(self, most: int) -> None:
        """Waits until at most so many pieces are not gathered yet."""
        while len(self._waiting) > most:
            number, future = self._waiting.popleft()
            size, table = future.result()
            self._gathering.add(number, table)
            self.records[number] += size


def _parsed(form: Form, piece: Any, tally: Tally) -> tuple[int, pa.Table]:  # noqa: ANN401 - as above
    batch = form.parsed(piece)
    return len(batch), checked(batch, tally)


def unopened(source: Source, error: OSError) -> InputError:
    """What a file answers that cannot be opened."""
    return InputError(
        f"cannot be opened: {error.strerror or error}",
        place=source.name,
        hint="Check that it is a file and that this user may read it.",
    )
