"""The outbox on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from auditor.store import outbox
from auditor.store.outbox import Draft

NOON = datetime(2026, 11, 22, 5, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def draft(number, channel="mail", **fields):
    values = {
        "id": f"n{number}",
        "channel": channel,
        "kind": "news",
        "job": "night",
        "run_id": None,
        "severity": "high",
        "content": {"number": number},
        "not_before": NOON,
    }
    return Draft(**(values | fields))


def put(store, *drafts, now=NOON):
    with store.writing() as connection:
        return outbox.put(connection, drafts, now)


def due(store, now=NOON + MINUTE, **more):
    with store.reading() as connection:
        return [notice.id for notice in outbox.due(connection, now, **more)]


@pytest.fixture
def writing(store):
    def write(function, *arguments, **more):
        with store.writing() as connection:
            return function(connection, *arguments, **more)

    return write


def test_what_is_put_twice_is_there_once(store):
    assert put(store, draft(1), draft(2)) == 2
    assert put(store, draft(2), draft(3), draft(3)) == 1
    assert due(store) == ["n1", "n2", "n3"]


def test_many_at_once_keep_their_order(store):
    many = [draft(number) for number in range(1200)]
    assert put(store, *many) == 1200
    assert put(store, *many) == 0
    assert due(store, most=2000) == [each.id for each in many]


def test_nothing_is_due_before_its_time(store):
    put(store, draft(1, not_before=NOON + 5 * MINUTE))
    assert due(store) == []
    assert due(store, NOON + 5 * MINUTE) == ["n1"]


def test_a_failed_one_keeps_its_channel_waiting_and_no_other(store, writing):
    put(store, draft(1), draft(2), draft(3, "hook"))
    writing(outbox.failed, "n1", NOON + 3 * MINUTE, "no answer")
    put(store, draft(4), now=NOON + MINUTE)
    assert due(store, NOON + 2 * MINUTE) == ["n3"]
    assert due(store, NOON + 3 * MINUTE) == ["n1", "n2", "n3", "n4"]


def test_a_refused_one_waits_alone(store, writing):
    put(store, draft(1), draft(2))
    writing(outbox.failed, "n1", NOON + 60 * MINUTE, "too large", alone=True)
    assert due(store) == ["n2"]
    assert due(store, NOON + 60 * MINUTE) == ["n1", "n2"]
    writing(outbox.failed, "n2", NOON + 90 * MINUTE, "no answer")
    assert due(store, NOON + 60 * MINUTE) == ["n1"]


def test_a_long_queue_of_one_channel_leaves_room_for_others(store):
    put(store, *(draft(number) for number in range(30)), draft(99, "hook"))
    assert due(store, most=3) == ["n0", "n1", "n2", "n99"]


def test_marked_ones_never_come_back(store, writing):
    put(store, *(draft(number) for number in range(4)))
    writing(outbox.sent, "n0", NOON, "one recipient refused")
    writing(outbox.given_up, "n1", "gone for a week")
    writing(outbox.folded, ["n2"])
    assert due(store) == ["n3"]
    # late news of a try change nothing any more
    writing(outbox.failed, "n0", NOON, "late")
    writing(outbox.sent, "n1", NOON)
    with store.reading() as connection:
        assert outbox.counts(connection) == {"folded": 1, "given-up": 1, "sent": 1, "waiting": 1}


def test_the_backlog_says_what_waits_where_since_when_and_why(store, writing):
    put(store, draft(1), draft(2), draft(3, "hook"))
    put(store, draft(4), now=NOON + MINUTE)
    writing(outbox.failed, "n1", NOON + MINUTE, "no answer")
    writing(outbox.sent, "n3", NOON)
    with store.reading() as connection:
        (found,) = outbox.backlog(connection)
    assert (found.channel, found.waiting, found.oldest, found.failing, found.error) == (
        "mail",
        3,
        NOON,
        1,
        "no answer",
    )


def test_only_untried_ones_in_time_are_gathered(store, writing):
    put(store, *(draft(number) for number in range(3)), draft(5, kind="digest"))
    put(store, draft(6, not_before=NOON + 60 * MINUTE), draft(7, "hook"))
    writing(outbox.failed, "n0", NOON, "no answer")
    with store.reading() as connection:
        found = outbox.untried(connection, ["mail"], NOON + MINUTE)
    assert [notice.id for notice in found] == ["n1", "n2"]


def test_what_is_from_the_future_is_found_and_timed_anew(store, writing):
    later = NOON + timedelta(days=400)
    put(store, draft(1), draft(2, not_before=later), now=later)
    put(store, draft(3, not_before=NOON + timedelta(days=3)), draft(4))
    with store.reading() as connection:
        found = outbox.mistimed(connection, NOON, timedelta(days=1))
    assert [notice.id for notice in found] == ["n3", "n1", "n2"]
    writing(outbox.timed, "n2", NOON - MINUTE, NOON)
    assert due(store, NOON) == ["n2", "n4", "n1"]
