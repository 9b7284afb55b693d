"""The inputs, read by a second engine: one file after the other."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from auditor.model.errors import InputError
from auditor.model.problem import Problem
from auditor.model.run import InputFile
from auditor.model.text import legible
from auditor.readers.flow_parts import FlowParts, Told
from auditor.readers.inputs import Wanted, moment_of
from auditor.readers.parts import Parts
from auditor.readers.pieces import in_span
from auditor.readers.second import Second, flows_of
from auditor.readers.storage import Url

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from auditor.model.problem import Note


def read_again(
    wanted: Wanted, engine: Second, note: Note
) -> tuple[tuple[InputFile, ...], FlowParts]:
    """The inputs as ``readers.read_inputs`` gives them, by a second engine.

    Each file stands for itself: a flow that goes on in another file is another row.

    Raises:
        InputError: a path does not exist, or nothing could be read at all.
    """
    inputs: list[InputFile] = []
    parts = Parts()
    told: list[Told] = []
    failures: list[InputError] = []
    for path in captures(local_paths(wanted.paths)):
        flows = None
        try:
            flows = flows_of(path, wanted.settings, engine=engine, note=_legibly(note))
        except InputError as error:
            failures.append(error)
            note(unread(path, error))
        if flows is not None:
            flows = in_span(flows, wanted.since, wanted.until)
            number = len(inputs) + 1
            parts.add(number, flows)
            told.append(Told(number, number, str(path.parent)))
        inputs.append(_input_file(len(inputs) + 1, path, engine, flows))
    if not told:
        raise failures[0]
    return tuple(inputs), FlowParts(parts, told, with_ids=wanted.settings.community_id)


def local_paths(places: Iterable[Path | Url]) -> list[Path]:
    """The same places, all of this machine: the second engines read nothing else.

    Raises:
        InputError: one is an address on shared storage.
    """
    found = []
    for place in places:
        if isinstance(place, Url):
            raise InputError(
                "scapy and tshark read no shared storage",
                place=str(place),
                hint="Copy the captures to this machine, or leave --engine out.",
            )
        found.append(place)
    return found


def captures(paths: Iterable[Path]) -> list[Path]:
    """The files named, and those in the folders named, each once, in a fixed order.

    Raises:
        InputError: a path does not exist, or there is no file.
    """
    found: dict[Path, None] = {}
    named = list(paths)
    for path in named:
        if not path.exists():
            hint = "Check the path."
            raise InputError("no such file or folder", place=str(path), hint=hint)
        inner = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in inner:
            hidden = any(part.startswith(".") for part in file.relative_to(path).parts)
            if file.is_file() and not hidden:
                found[file] = None
    if not found:
        raise InputError(
            "no file to read",
            place=", ".join(str(path) for path in named),
            hint="Name captures (pcap, pcapng), or a folder with them.",
        )
    return list(found)


def unread(path: Path, error: InputError) -> Problem:
    """What to say about a file that one engine cannot read."""
    what = f"The file {legible(error.message)}."
    return Problem("unreadable-file", legible(str(path)), what, error.hint)


def _legibly(note: Note) -> Note:
    def noted(problem: Problem) -> None:
        source, message = legible(problem.source), legible(problem.message)
        note(replace(problem, source=source, message=message))

    return noted


def _input_file(number: int, path: Path, engine: str, flows: pa.Table | None) -> InputFile:
    timed = flows if flows is not None and len(flows) else None
    packets = 0
    if timed is not None:
        packets = sum(pc.sum(timed[name]).as_py() or 0 for name in ("src_packets", "dst_packets"))
    digest = None
    if flows is not None:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    return InputFile(
        id=number,
        name=legible(str(path)),
        size=path.stat().st_size,
        sha256=digest,
        reader=engine,
        packets=packets,
        not_ip=0,
        bytes_on_wire=None,
        flows=0 if flows is None else len(flows),
        first=None if timed is None else moment_of(pc.min(timed["start"])),
        last=None if timed is None else moment_of(pc.max(timed["end"])),
    )
