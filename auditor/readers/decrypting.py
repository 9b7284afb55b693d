"""What TLS flows carried, where the keys are at hand: a key log, or secrets inside the capture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from auditor.model.errors import InputError
from auditor.model.problem import Problem
from auditor.model.text import legible
from auditor.readers.capture.reader import CaptureReader
from auditor.readers.examining import examined
from auditor.readers.formats import Choice

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from auditor.model.problem import Note
    from auditor.model.run import InputFile
    from auditor.model.stream import Chunk, Ended
    from auditor.readers.inputs import Wanted

COPY = "Give the capture as a file of its own on this machine."


def with_secrets(inputs: tuple[InputFile, ...]) -> list[int]:
    """The inputs that carry the keys to their own content."""
    return [each.id for each in inputs if each.secrets]


def decrypted(
    wanted: Wanted,
    inputs: tuple[InputFile, ...],
    flows: pa.Table,
    key_log: Path | None,
    note: Note,
) -> Iterator[Chunk | Ended]:
    """The plain bytes of TLS flows, capture by capture.

    Args:
        wanted: as in the first reading.
        inputs: of the first reading.
        flows: the columns that ``payloads`` needs; TLS flows alone.
        key_log: null = only captures with secrets of their own are tried.
        note: hears of what cannot be decrypted.
    """
    from auditor.readers.second.decrypted import decrypted as by_tshark

    try:
        found = examined(wanted.paths, _unheard, Choice(wanted.settings.mappings), pipes=False)
    except InputError:  # a path has vanished: reading the content again told of it
        found = []
    places = {legible(each.source.name): each.source for each in found}
    for file in inputs:
        if file.reader != CaptureReader.name or not (key_log or file.secrets):
            continue
        mine = flows.filter(pc.equal(flows["input_id"], file.id))
        if not len(mine):
            continue
        source = places.get(file.name)
        if source is None or source.part is not None or source.local is None:
            what = f"{len(mine):,} TLS flows were not decrypted: tshark cannot open this input."
            note(Problem("tls-keys-tshark-failed", file.name, what, COPY, count=len(mine)))
            continue
        yield from by_tshark(source.local, key_log, mine, note)


def _unheard(problem: Problem) -> None:
    """The first reading has told of it."""
