"""Flows in parts: in memory, in a temporary file, and put together again."""

import pyarrow as pa
import pytest

from auditor.model.errors import StoreError
from auditor.readers import parts as parts_module
from auditor.readers.parts import Parts


def table(*values):
    return pa.table({"a": pa.array(values, pa.int64()), "t": [str(value) for value in values]})


@pytest.mark.parametrize("most", [0, 40, 1000])
def test_tables_come_back_by_number_in_their_order_wherever_they_were_held(most):
    parts = Parts(most)
    parts.add(2, table(1, 2))
    parts.add(1, table(3))
    parts.add(2, table(4, 5, 6))
    parts.add(2, table())
    for _ in range(2):
        assert [each.to_pydict()["a"] for each in parts.tables(2)] == [[1, 2], [4, 5, 6]]
        assert [each.to_pydict()["t"] for each in parts.tables(1)] == [["3"]]
    assert list(parts.tables(7)) == []
    parts.close()


def test_what_is_dropped_is_gone_and_makes_room():
    parts = Parts(table(1, 2, 3).nbytes)
    parts.add(1, table(1, 2, 3))
    parts.drop(1)
    parts.add(2, table(4, 5, 6))
    assert list(parts.tables(1)) == []
    assert parts._file is None
    parts.add(3, table(7))
    assert parts._file is not None
    assert [each["a"].to_pylist() for each in parts.tables(3)] == [[7]]


def test_the_temporary_file_has_no_name(monkeypatch, tmp_path):
    monkeypatch.setattr(parts_module.tempfile, "tempdir", str(tmp_path))
    parts = Parts(0)
    parts.add(1, table(1))
    assert list(tmp_path.iterdir()) == []


def test_no_room_is_an_error_with_a_way_out(monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(parts_module.tempfile, "TemporaryFile", full)
    with pytest.raises(StoreError, match="No space left") as told:
        Parts(0).add(1, table(1))
    assert "TMPDIR" in told.value.hint
