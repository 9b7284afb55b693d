"""One agent at a time on one store."""

from __future__ import annotations

import time

import pytest
from sqlalchemy import delete

from auditor.agent import hold
from auditor.agent.hold import Hold
from auditor.model.errors import StoreError
from auditor.store.tables import leases


@pytest.fixture
def holding(store, clock):
    made = Hold(store, clock)
    made.taken()
    yield made
    made.released()


def test_it_is_kept_while_it_is_renewed(holding, store, clock, monkeypatch):
    monkeypatch.setattr(hold, "EVERY", 0.01)
    second = Hold(store, clock)
    second._holder = holding._holder  # the same agent, with a thread that renews it often
    second.taken()
    before = second._renewed
    while second._renewed == before:
        time.sleep(0.01)
    assert not second.lost()
    second._end.set()
    second._thread.join()


def test_without_a_renewal_nobody_may_rely_on_it(holding, monkeypatch):
    assert not holding.lost()
    monkeypatch.setattr(hold, "SAFE", 0.0)
    assert holding.lost()


def test_who_lost_it_writes_nothing(holding, store):
    with store.writing() as connection:
        connection.execute(delete(leases))
    with pytest.raises(StoreError, match="another agent has taken over"), store.writing() as held:
        holding.check(held)
    assert holding.lost()
    holding.taken()
    assert not holding.lost()
