"""Files read by one reader, for the tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from auditor.readers.reading import ROWS, Settings
from auditor.readers.streams import Source

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from auditor.model.problem import Problem


def read_files(
    reader, paths: Sequence[Path], settings: Settings | None = None
) -> tuple[list, list[pa.Table], list[Problem], list[int]]:
    """The answers of ``reader`` and the flows per file; the problems; the sizes told."""
    problems: list[Problem] = []
    sizes: list[int] = []
    parts: dict[int, list[pa.Table]] = {number: [] for number in range(len(paths))}
    answers = reader.read(
        [Source(path) for path in paths],
        settings or Settings(),
        problems.append,
        sizes.append,
        lambda number, flows: parts[number].append(flows),
    )
    tables = [
        pa.concat_tables([*parts[number], ROWS.empty_table()], promote_options="default")
        for number in range(len(paths))
    ]
    return answers, tables, problems, sizes
