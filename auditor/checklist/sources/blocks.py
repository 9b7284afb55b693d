"""Large tables of separated text (CSV), block by block, every cell as text."""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from auditor.checklist.sources.register import plain
from auditor.checklist.sources.rules import Table
from auditor.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK: Final = 4 * 1024 * 1024
"""Bytes read at once; no row may be longer."""
HEADER: Final = 256 * 1024
COLUMNS: Final = 1000
ROWS: Final = 50_000_000
SEPARATORS: Final = ",;\t|"


@dataclass(slots=True)
class Blocks:
    """A table that is read block by block.

    Attributes:
        names: of the columns: those of the rules, and ``#1``, ``#2``... for the others.
        broken: rows with too many or too few cells so far; they are left out.
        first_broken: numbers of the first of them.
        rows: rows so far, without the broken ones.
    """

    path: Path
    table: Table
    names: tuple[str, ...] = ()
    broken: int = 0
    rows: int = 0

    def __iter__(self) -> Iterator[Any]:
        """Record batches of text columns.

        Raises:
            InputError: it cannot be read, is no table, or lacks a column of the rules.
        """
        import pyarrow as pa
        from pyarrow import csv as arrow_csv

        def left_out(_: object) -> str:
            self.broken += 1
            return "skip"

        with self._opened() as file:
            head = file.read(8)
            file.seek(0)
            if head.startswith((b"PK", b"\xd0\xcf\x11\xe0", b"\x1f\x8b", b"%PDF", b"PAR1")):
                raise self._refused("is no CSV", "Save the table as CSV (UTF-8).")
            text = _Text(file, head)
            separator, header = self._header(text)
            self.names = self._named(header)
            try:
                reader = arrow_csv.open_csv(
                    io.BufferedReader(text, BLOCK),
                    arrow_csv.ReadOptions(block_size=BLOCK, column_names=list(self.names)),
                    arrow_csv.ParseOptions(
                        delimiter=separator, newlines_in_values=True, invalid_row_handler=left_out
                    ),
                    arrow_csv.ConvertOptions(
                        column_types=dict.fromkeys(self.names, pa.string()),
                        strings_can_be_null=False,
                    ),
                )
                for batch in reader:
                    self.rows += batch.num_rows
                    if self.rows > ROWS:
                        raise self._refused(
                            f"has more than {ROWS:,} rows", "Draw a sample of it at random."
                        )
                    if batch.num_rows:
                        yield batch
            except pa.ArrowInvalid as error:
                if "Empty CSV file" in str(error):
                    return
                # what it says of the row is not told: it might hold values
                raise self._refused(
                    f"is no table, or a row is longer than {BLOCK // 2**20} MiB "
                    f"(after row {self.rows})",
                    "Export it as CSV (UTF-8) with quotes around text.",
                ) from None

    def _opened(self) -> BinaryIO:
        try:
            if self.path.is_file():
                return self.path.open("rb")
        except OSError as error:
            raise self._refused(f"cannot be read: {error.strerror}", "Check the path.") from None
        raise self._refused("no such file", "Name a CSV file.")

    def _header(self, text: _Text) -> tuple[str, list[str]]:
        """The separator and the titles; ``text`` stands behind them then."""
        start = text.ahead(HEADER)
        best: tuple[int, int, str, list[str], int] | None = None
        wanted = {plain(column.title or column.name) for column in self.table.columns}
        for separator in SEPARATORS:
            lines = io.StringIO(start, newline="")
            try:
                titles = next((row for row in csv.reader(lines, delimiter=separator) if row), [])
            except csv.Error:
                continue
            hits = len(wanted & {plain(title) for title in titles})
            if best is None or (hits, len(titles)) > best[:2]:
                best = hits, len(titles), separator, titles, lines.tell()
        if best is None or not best[3] or best[4] >= HEADER:
            raise self._refused(
                "has no header", "Write the titles of the columns in its first row."
            )
        text.skip(best[4])
        return best[2], best[3]

    def _named(self, titles: list[str]) -> tuple[str, ...]:
        if len(titles) > COLUMNS:
            raise self._refused(f"has more than {COLUMNS} columns", "Leave out what is not synced.")
        folded = [plain(title) for title in titles]
        names = [f"#{number}" for number in range(1, len(titles) + 1)]
        missing = []
        for column in self.table.columns:
            places = [
                number
                for number, title in enumerate(folded)
                if title == plain(column.title or column.name)
            ]
            if len(places) == 1 and names[places[0]].startswith("#"):
                names[places[0]] = column.name
            else:
                missing.append(column.name)
        if missing:
            raise self._refused(
                f"its header does not name these columns exactly once: {', '.join(missing)}",
                "Correct the titles in the rules, or export the table with a header.",
            )
        return tuple(names)

    def _refused(self, message: str, hint: str) -> InputError:
        return InputError(message, place=self.path.name, hint=hint)


class _Text(io.RawIOBase):
    """A file as UTF-8; bytes that are no text become U+FFFD, and so does NUL."""

    def __init__(self, file: BinaryIO, head: bytes) -> None:
        super().__init__()
        utf16 = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        self._decoder = codecs.getincrementaldecoder("utf-16" if utf16 else "utf-8-sig")("replace")
        self._file = file
        self._waiting = b""
        self._ended = False

    def readable(self) -> bool:
        return True

    def _fill(self, size: int) -> None:
        while len(self._waiting) < size and not self._ended:
            block = self._file.read(BLOCK)
            self._ended = not block
            text = self._decoder.decode(block, final=not block).replace("\0", "\ufffd")
            self._waiting += text.encode("utf-8", "replace")

    def readinto(self, into: Any) -> int:  # noqa: ANN401 - any buffer
        self._fill(len(into))
        given, self._waiting = self._waiting[: len(into)], self._waiting[len(into) :]
        into[: len(given)] = given
        return len(given)

    def ahead(self, size: int) -> str:
        """The beginning, as text, without moving on; a character cut at its end is left out."""
        self._fill(size)
        return self._waiting[:size].decode("utf-8", "ignore")

    def skip(self, characters: int) -> None:
        """Moves on by characters of what ``ahead`` gave."""
        size = len(self._waiting[:HEADER].decode("utf-8", "ignore")[:characters].encode())
        self._waiting = self._waiting[size:]
