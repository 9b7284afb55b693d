"""What a child tells the ledger: it comes back as it was, and damage is told."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from auditor.agent import transferred
from auditor.model.content import Contents, Sought
from auditor.model.errors import StoreError
from auditor.model.ledger import TRANSFERS, Carried, DayCount, Route, Transfers
from auditor.model.text import Text

DAY = date(2026, 3, 1)
COUNTED = (
    DayCount(DAY, "Sở Mẫu", "his", "Đám mây", "phone", True, b"\x01E\xff\x00"),
    DayCount(DAY, "", None, "Cloud\udcff", "name", None, b""),
)
SOUGHT = (
    Sought(
        "phone", Text("Số điện thoại", "Phone"), ("B4", "II.18a"), "person", "S",
        (Text("Số của ai", "Whose it is"),),
    ),
)  # fmt: skip
ROUTES = (
    Route("Sở Mẫu", "his", "Cloud", "SG", (Carried("I.5", "decree-165-core"), Carried("x", None))),
    Route("", None, "198.51.100.7", None, ()),
)
FLOWS = pa.table(
    [[5, 6], [10, 20], [11, 20], [0, 1], [1, 2**62], [None, 3]], schema=TRANSFERS
)  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    transferred.write(tmp_path, Transfers(ROUTES, FLOWS), Contents(SOUGHT, (), COUNTED))
    return tmp_path


def test_everything_comes_back_as_it_was(folder):
    found = transferred.read_transfers(folder)
    assert found.routes == ROUTES
    assert found.flows.equals(FLOWS)
    assert tuple(transferred.read_counted(folder)) == COUNTED
    assert transferred.read_sought(folder) == SOUGHT


def test_a_run_without_transfers_tells_of_none(tmp_path):
    transferred.write(tmp_path, Transfers(), Contents())
    assert transferred.read_transfers(tmp_path).flows.num_rows == 0
    assert tuple(transferred.read_counted(tmp_path)) == ()
    assert transferred.read_sought(tmp_path) == ()


def read(folder):
    transferred.read_transfers(folder)
    tuple(transferred.read_counted(folder))
    transferred.read_sought(folder)


@pytest.mark.parametrize(
    "changes",
    [
        {"route": 2}, {"route": -1}, {"key": -1}, {"bytes": 0}, {"bytes": -5}, {"records": -2},
        {"start": 12},
    ],
    ids=str,
)  # fmt: skip
def test_flows_that_cannot_be_are_refused(folder, changes):
    path = folder / transferred.TRANSFERRED
    rows = np.frombuffer(path.read_bytes(), transferred.ROW).copy()
    for name, value in changes.items():
        rows[name][0] = value
    path.write_bytes(rows.tobytes())
    with pytest.raises(StoreError, match="what the run counted cannot be read"):
        read(folder)


@pytest.mark.parametrize(
    "name",
    [transferred.TRANSFERRED, transferred.ROUTES, transferred.COUNTED, transferred.SOUGHT],
)
def test_files_that_are_gone_or_cut_are_told(folder, name):
    path = folder / name
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(StoreError, match="what the run counted cannot be read"):
        read(folder)
    path.unlink()
    with pytest.raises(StoreError, match="FileNotFoundError"):
        read(folder)


def changed(row, **fields) -> bytes:
    """A line of which one field is another; "gone" = it is left out."""
    row = {**asdict(row), **fields}
    kept = {name: value for name, value in row.items() if value != "gone"}
    return json.dumps(kept, default=str).encode()


def counted(**fields) -> bytes:
    return changed(COUNTED[0], **{"state": "AUX/AA==", **fields})


@pytest.mark.parametrize(
    ("name", "line"),
    [
        *((transferred.COUNTED, line) for line in (
            b'{"system": "his", "recip', b"[]", b"7", b"null", b"", b"\xff\xfe\n", b"[" * 100_000,
            counted(state="%%%%"), counted(state=5), counted(state=None), counted(state="gone"),
            counted(recipient="gone"), counted(another=1), counted(recipient=None),
            counted(system=5), counted(detector=["phone"]), counted(detector="x" * 65),
            counted(outbound="yes"), counted(outbound=1), counted(day="2026-02-30"),
            counted(day=5), counted(owner=None),
        )),
        *((transferred.ROUTES, line) for line in (
            changed(ROUTES[0], carried=[{"category": 5, "regime": None}]),
            changed(ROUTES[0], carried=[{"category": "I.5"}]), changed(ROUTES[0], carried=None),
            changed(ROUTES[0], owner=None), changed(ROUTES[0], country=7),
        )),
        *((transferred.SOUGHT, line) for line in (
            changed(SOUGHT[0], subject="animal"), changed(SOUGHT[0], mark="X"),
            changed(SOUGHT[0], title="Phone"), changed(SOUGHT[0], labels=[1]),
        )),
    ],
)  # fmt: skip
def test_lines_that_are_damaged_are_refused(folder, name, line):
    path = folder / name
    path.write_bytes(path.read_bytes() + line + b"\n")
    with pytest.raises(StoreError, match="what the run counted cannot be read"):
        read(folder)
