from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, insert, select, text, update

from auditor.model.errors import PolicyError, StoreError
from auditor.store import tables as t
from auditor.store.consistency import checked
from auditor.store.retention import Pruned, before, pruned, vacuumed
from tests.store.world import NOW, filled


def count(store, table):
    with store.reading() as connection:
        return connection.scalar(select(func.count()).select_from(table))


def attempted(store, *days):
    """Attempts so many days before now: the agent has lived by this clock."""
    with store.writing() as connection:
        moments = [NOW - timedelta(days=day) for day in days]
        connection.execute(
            insert(t.attempts),
            [{"job": "nightly", "started": each, "finished": each} for each in moments],
        )


@pytest.fixture
def old(store):
    """Three runs of forty months ago, and two of last night."""
    filled(store, now=before(NOW, 40), runs=3, job="once")
    filled(store)
    attempted(store, *range(12))
    return store


def test_what_is_old_goes_with_its_files_and_the_rest_stays(old):
    would = pruned(old, 36, 12, 12, NOW, dry=True)
    assert count(old, t.runs) == 5
    with old.writing() as connection:  # the files of old runs stand in no source any more
        connection.execute(
            update(t.files).where(t.files.c.first_seen < before(NOW, 36)).values(gone=NOW)
        )
    done = pruned(old, 36, 12, 12, NOW)
    assert done == Pruned(3, 3, 1, 3, 3, 3, contents=3, open_flows=1)
    assert (would.runs, would.flow_files, would.contents) == (3, 3, 0)
    for table in (t.runs, t.inputs, t.sightings, t.flow_files, t.contents, t.notices):
        assert count(old, table) == 2, table.name
    assert len(list(old.folder.glob("runs/*/*"))) == len(list(old.folder.glob("flows/*/*"))) == 2
    assert checked(old, NOW, deep=True) == ()
    assert pruned(old, 36, 12, 12, NOW).total == 0


def test_flows_go_before_their_runs_and_runs_stay_as_long_as_their_flows(old):
    assert pruned(old, 48, 12, 12, NOW) == Pruned(flow_files=3, notices=3, attempts=3)
    assert count(old, t.runs) == 5
    assert checked(old, NOW) == ()


def test_a_run_whose_flows_are_kept_longer_stays(old):
    done = pruned(old, 36, 48, 48, NOW)
    assert (done.runs, done.flow_files, done.contents) == (0, 0, 0)


def test_flows_of_old_days_that_came_in_last_night_stay(store):
    filled(store)
    attempted(store, *range(12))
    with store.writing() as connection:
        connection.execute(update(t.flow_files).values(day="2019-01-01"))
    assert pruned(store, 36, 12, 12, NOW).total == 0


def test_a_content_that_a_source_still_shows_is_not_forgotten(old):
    assert pruned(old, 36, 12, 12, NOW).contents == 0
    assert count(old, t.contents) == 5


def test_a_content_of_which_a_source_shows_a_copy_is_not_forgotten(store):
    filled(store, now=before(NOW, 40), runs=3, job="once")
    attempted(store, *range(12))
    with store.writing() as connection:
        reason = "same content as " + t.files.c.name
        moved = {"name": "/old" + t.files.c.name, "reason": reason, "run_id": None}
        connection.execute(update(t.files).values(moved))
    assert pruned(store, 36, 12, 12, NOW).contents == 0
    assert count(store, t.contents) == 3


def test_notices_that_wait_and_attempts_that_go_on_stay(old):
    with old.writing() as connection:
        connection.execute(update(t.notices).values(state="waiting"))
        connection.execute(update(t.attempts).values(finished=None))
    done = pruned(old, 36, 12, 12, NOW)
    assert (done.notices, done.attempts) == (0, 0)


def test_a_clock_years_ahead_does_not_empty_the_store(store):
    filled(store)
    attempted(store, *range(12))
    wrong = NOW + timedelta(days=3650)
    assert pruned(store, 36, 12, 12, wrong).total == 0
    attempted(store, *[-3650] * 5)
    assert pruned(store, 36, 12, 12, wrong).total == 0, "not by a few attempts either"
    attempted(store, *[-3650] * 5)
    assert pruned(store, 36, 12, 12, wrong).runs == 2, "the agent has lived by it"


@pytest.mark.parametrize(
    ("months", "said"),
    [((35, 12, 12), "runs"), ((36, 11, 12), "flows"), ((36, 12, 0), "notices")],
)
def test_less_than_the_law_asks_for_is_refused_with_its_basis(store, months, said):
    filled(store, now=before(NOW, 100))
    with pytest.raises(PolicyError, match=r"Decree (165/2025|333/2026)/NĐ-CP Art\.") as raised:
        pruned(store, *months, NOW)
    assert raised.value.place == f"retention.{said}"
    assert count(store, t.runs) == 2


def test_months_are_those_of_the_calendar():
    assert before(datetime(2026, 3, 31, tzinfo=UTC), 1) == datetime(2026, 2, 28, tzinfo=UTC)
    assert before(datetime(2024, 2, 29, tzinfo=UTC), 12) == datetime(2023, 2, 28, tzinfo=UTC)
    assert before(datetime(2026, 1, 5, tzinfo=UTC), 13) == datetime(2024, 12, 5, tzinfo=UTC)
    assert before(datetime(36, 1, 5, tzinfo=UTC), 1200).year == 1


@pytest.mark.parametrize("path", ["../elsewhere", "flows/../../elsewhere", "/etc/x", "auditor.db"])
def test_a_path_that_leads_out_of_the_store_is_never_removed(old, tmp_path, path):
    (tmp_path / "elsewhere").write_text("mine")
    with old.writing() as connection:
        path = path.replace("/etc/x", str(tmp_path / "elsewhere"))
        first = select(func.min(t.flow_files.c.path)).scalar_subquery()
        connection.execute(
            update(t.flow_files).where(t.flow_files.c.path == first).values(path=path)
        )
    with pytest.raises(StoreError, match="no path of a file"):
        pruned(old, 36, 12, 12, NOW)
    assert (tmp_path / "elsewhere").read_text() == "mine"


def test_thousands_of_rows_go_in_portions(store):
    filled(store)
    attempted(store, *[500] * 1300, *range(12))
    assert pruned(store, 36, 12, 12, NOW).attempts == 1300


def test_the_room_of_what_was_removed_goes_back_to_the_disk(store):
    with store.writing() as connection:
        rows = [{"name": f"{number}" + "x" * 90} for number in range(3000)]
        connection.execute(insert(t.jobs), rows)
    with store.writing() as connection:
        connection.execute(text("DELETE FROM jobs"))
    size, then = vacuumed(store)
    assert then < size
    assert checked(store, NOW) == ()
