"""What runs counted stays with its key, on both databases."""

import pytest
from sqlalchemy import select

from auditor.model.content import Counted
from auditor.store import subjects, tables
from tests.store.world import NOW, filled


def test_the_key_is_made_once_and_stays(store):
    with store.writing() as connection:
        first = subjects.key(connection, NOW)
    with store.writing() as connection:
        again = subjects.key(connection, NOW)
    assert first == again
    assert len(first) == subjects.KEY_BYTES
    assert first != bytes(32)


def test_two_stores_have_two_keys(store, tmp_path):
    from auditor.store import opened

    other = opened(tmp_path / "other")
    with store.writing() as one, other.writing() as two:
        assert subjects.key(one, NOW) != subjects.key(two, NOW)
    other.close()


@pytest.mark.parametrize("outbound", [True, False, None])
def test_what_a_run_counted_comes_back_as_it_was(store, outbound):
    filled(store, runs=1)
    counted = Counted("HIS", "Máy chủ\x00 lạ", "phone", outbound, 3, False, b"\xff\x00state")
    with store.writing() as connection:
        run_id = connection.scalar(select(tables.runs.c.run_id))
        subjects.added(connection, run_id, (counted, counted))
        found = list(subjects.listed(connection, "phone"))[-1]
        assert not list(subjects.listed(connection, "other"))
    assert found.run_id == run_id
    assert (found.system, found.recipient) == ("HIS", r"Máy chủ\x00 lạ")
    assert (found.outbound, found.count, found.exact) == (outbound, 3, False)
    assert found.state == b"\xff\x00state"
    assert "state" not in repr(found)
