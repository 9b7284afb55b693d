"""What runs counted stays with its key, on both databases."""

from datetime import date

import numpy as np
import pytest

from auditor.model.errors import StoreError
from auditor.model.ledger import DayCount
from auditor.model.subjects import Subjects
from auditor.store import subjects, tables
from tests.store.world import NOW, filled

DAY = date(2026, 3, 1)


def state(*numbers):
    return Subjects(np.array(numbers, np.uint64)).to_bytes()


def count(*numbers, system="HIS", recipient="A", day=DAY, outbound=True, detector="phone"):
    return DayCount(day, "Sở Y tế", system, recipient, detector, outbound, state(*numbers))


def add(store, *counted):
    with store.writing() as connection:
        subjects.added(connection, counted)


def listed(store, detector=None):
    with store.reading() as connection:
        return list(subjects.listed(connection, detector))


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
    add(store, count(1, 2, recipient="Máy chủ\x00 lạ", outbound=outbound))
    assert not listed(store, "other")
    (found,) = listed(store, "phone")
    assert found == count(1, 2, recipient=r"Máy chủ\x00 lạ", outbound=outbound)
    assert "state" not in repr(found)


def test_what_is_counted_again_changes_nothing(store):
    add(store, count(1, 2), count(3))
    first = listed(store)
    add(store, count(1, 2, 3))
    add(store, count(2))
    assert listed(store) == first == [count(1, 2, 3)]


def test_others_of_the_same_day_add_up_and_other_days_stand_apart(store):
    add(store, count(1, 2), count(7, day=date(2026, 3, 2)), count(8, system=None))
    add(store, count(2, 3), count(9, system=None, recipient="B"))
    assert listed(store) == [
        count(1, 2, 3),
        count(8, system=None),
        count(9, system=None, recipient="B"),
        count(7, day=date(2026, 3, 2)),
    ]


def test_rows_of_an_older_store_that_stand_twice_become_one(store):
    filled(store, runs=1)
    (old,) = listed(store)
    row = {name: getattr(old, name) for name in DayCount.__slots__}
    with store.writing() as connection:
        connection.execute(tables.subjects.insert(), {**row, "state": state(5)})
    again = {**row, "state": state(6)}
    add(store, DayCount(**again))
    assert [each.state for each in listed(store)] == [state(1, 2, 5, 6)]


def test_a_value_that_came_again_counts_once_over_days_and_recipients(store):
    add(store, count(1, 2, 3), count(9, outbound=False))
    add(store, count(3, 4, recipient="B", day=date(2026, 3, 2)))
    add(store, count(5, system=None, recipient="B", day=date(2026, 3, 2)))
    with store.reading() as connection:
        found = subjects.totals(connection)
    assert [(t.system, t.outbound, t.count, t.exact, t.recipients, t.days) for t in found] == [
        ("HIS", True, 4, True, 2, 2),
        (None, True, 1, True, 1, 1),
        ("HIS", False, 1, True, 1, 1),
    ]


def test_a_damaged_count_is_told(store):
    filled(store, runs=1)
    with store.writing() as connection:
        connection.execute(tables.subjects.update().values(state=b"\x00hashes"))
    with store.reading() as connection, pytest.raises(StoreError, match="no count of subjects"):
        subjects.totals(connection)
