from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import StatementError

from auditor.store import tables
from auditor.store.columns import LARGEST, bounded, storable

NOW = datetime(2026, 11, 22, 1, 2, 3, 456_789, tzinfo=UTC)
LEASE = {"name": "a", "holder": "x", "process": {}, "taken": NOW, "until": NOW}


def lease(store, **values):
    with store.writing() as connection:
        connection.execute(insert(tables.leases), {**LEASE, **values})
    with store.reading() as connection:
        return connection.execute(select(tables.leases)).one()


def test_a_moment_comes_back_in_utc_with_its_microseconds(store):
    hanoi = timezone(timedelta(hours=7))
    assert lease(store, taken=NOW.astimezone(hanoi)).taken == NOW
    with store.reading() as connection:
        assert connection.scalar(select(tables.leases.c.taken)).tzinfo == UTC


def test_moments_sort_by_time_wherever_they_were_written(store):
    late = timezone(timedelta(hours=14))
    for number, zone in enumerate((UTC, late, timezone(timedelta(hours=-12)))):
        lease_at = (NOW + timedelta(seconds=number)).astimezone(zone)
        with store.writing() as connection:
            row = {**LEASE, "name": str(number), "taken": lease_at}
            connection.execute(insert(tables.leases), row)
    with store.reading() as connection:
        query = select(tables.leases.c.name).order_by(tables.leases.c.taken)
        assert connection.scalars(query).all() == ["0", "1", "2"]


def test_a_moment_without_a_zone_is_refused(store):
    with pytest.raises(StatementError, match="needs a zone"):
        lease(store, taken=NOW.replace(tzinfo=None))


def test_a_document_comes_back_as_it_was(store):
    content = {"đ": ["\0", None, 1.5, {"b": 1, "a": 2}]}
    assert lease(store, process=content).process == content


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("Sở Nội vụ\n", "Sở Nội vụ\n"),
        ("a\0b", r"a\x00b"),
        ("a\udcffb", r"a\xffb"),
        ("a\ud800b\0", r"a\ud800b\x00"),
        ("", ""),
    ],
)
def test_a_text_that_a_database_refuses_becomes_legible(text, stored):
    assert storable(text) == stored


def test_a_number_beyond_what_a_database_holds_becomes_the_largest():
    assert (bounded(LARGEST + 1), bounded(LARGEST), bounded(-5)) == (LARGEST, LARGEST, -5)
