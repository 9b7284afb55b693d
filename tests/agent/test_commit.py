"""Files of a run between the child's folder and their places: what counts stays, the rest goes."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest
import yaml
from sqlalchemy import insert, select

from auditor.agent import commit, orders, transferred
from auditor.agent.orders import Result
from auditor.agent.settings import Agent
from auditor.model.content import Contents, Sought
from auditor.model.errors import StoreError
from auditor.model.finding import Step
from auditor.model.ledger import TRANSFERS, Carried, DayCount, Ledger, Route, Transfers
from auditor.model.run import from_json, to_json
from auditor.model.subjects import Subjects
from auditor.model.text import Text
from auditor.pipeline import data_folder
from auditor.store import decisions, findings, jobs, ledger, open_flows, opened, runs, tables
from auditor.store.jobs import Standing
from tests.store import made

NOW = datetime(2026, 11, 22, 5, tzinfo=UTC)
RUN = made.run(1)
FLOWS = f"flows/day=2026-11-22/{RUN.run_id}.parquet"
DONE = Result(
    "audit",
    RUN.run_id,
    ({"path": FLOWS, "day": "2026-11-22", "rows": 1, "size": 4, "sha256": "0" * 64},),
    open_flows=1,
    open_last="2026-11-22T01:00:00+00:00",
)


@pytest.fixture
def store(tmp_path):
    """On SQLite only: what these tests look at lies on the disk."""
    found = opened(tmp_path / "data")
    yield found
    found.close()


@pytest.fixture
def settings(tmp_path):
    return Agent.model_validate(
        {
            "version": 1,
            "jobs": [
                {"name": "night", "schedule": {"every": "1d"}, "checklist": "/c", "retries": 1,
                 "results": str(tmp_path / "out")}
            ],
            "channels": [{"name": "box", "drop": {"folder": "/drop"}}],
        }
    )  # fmt: skip


def child(store, result=DONE, job="night"):
    """What a child leaves in its folder."""
    folder = commit.work_folder(store, job)
    commit.emptied(folder)
    for name in orders.KEPT:
        (folder / name).write_text(name)
    (folder / orders.OPEN_FLOWS).write_bytes(b"open")
    staged = folder / FLOWS
    staged.parent.mkdir(parents=True)
    staged.write_bytes(b"PAR1")
    transferred.write(folder, Transfers(), Contents())
    orders.write_result(folder, result)
    return folder


def placed_files(store):
    return sorted(
        path.relative_to(store.folder).as_posix()
        for top in ("runs", "flows", "open")
        for path in (store.folder / top).rglob("*")
        if path.is_file()
    )


def counted(store, run=RUN):
    """The run is in the database."""
    with store.writing() as connection:
        news = findings.recorded(connection, "night", run, whole=True)
        runs.added(connection, "night", run, commit.run_folder(run.run_id), news)
        open_flows.left(connection, "night", run.run_id, commit.open_path(run.run_id), 1, NOW)


ALL = sorted(
    [f"runs/{RUN.run_id[:4]}/{RUN.run_id}/{name}" for name in orders.KEPT]
    + [FLOWS, f"open/{RUN.run_id}.flows"]
)


def test_results_move_to_their_places_and_can_be_taken_away_again(store):
    folder = child(store)
    commit.placed(store, folder)
    assert placed_files(store) == ALL
    commit.withdrawn(store, folder)
    assert placed_files(store) == []


def test_folders_of_runs_are_their_owners_only(store):
    commit.placed(store, child(store))
    for path in (store.folder / "runs", store.folder / "open", store.folder / "work"):
        assert path.stat().st_mode & 0o777 == 0o700
    assert (store.folder / commit.run_folder(RUN.run_id)).stat().st_mode & 0o777 == 0o700


def test_the_results_of_a_checklist_are_no_files_of_a_run(store):
    folder = child(store, Result("checklist"))
    commit.placed(store, folder)
    commit.withdrawn(store, folder)
    assert placed_files(store) == []
    assert (folder / orders.RUN).exists()


@pytest.mark.parametrize("missing", [orders.REPORT, orders.OPEN_FLOWS, FLOWS])
def test_results_of_which_a_part_is_missing_are_moved_back_out_as_a_whole(store, missing):
    folder = child(store)
    (folder / missing).unlink()
    with pytest.raises(StoreError):
        commit.placed(store, folder)
    commit.withdrawn(store, folder)
    assert placed_files(store) == []


def test_a_child_that_never_said_what_it_did_takes_nothing_away(store):
    commit.placed(store, child(store))
    (commit.work_folder(store, "night") / orders.RESULT).unlink()
    commit.withdrawn(store, commit.work_folder(store, "night"))
    assert placed_files(store) == ALL


def test_a_start_clears_away_what_does_not_count(store):
    folder = child(store)
    commit.placed(store, folder)
    assert list(commit.cleared(store)) == []
    assert placed_files(store) == []
    assert not folder.exists()


def test_a_start_keeps_what_counts_and_names_its_job(store):
    folder = child(store)
    commit.placed(store, folder)
    counted(store)
    assert list(commit.cleared(store)) == [("night", RUN.run_id)]
    assert placed_files(store) == ALL
    assert not folder.exists()
    assert list(commit.cleared(store)) == []


def test_a_start_is_not_stopped_by_what_else_lies_there(store):
    assert list(commit.cleared(store)) == [], "no folder of work at all"
    folder = commit.work_folder(store, "half")
    commit.emptied(folder)
    (folder / orders.RESULT).write_text('{"kind": "au')
    assert list(commit.cleared(store)) == []
    assert not folder.exists()


def test_the_folder_of_a_child_is_made_anew(store):
    folder = child(store)
    commit.emptied(folder)
    assert {each.name for each in folder.iterdir()} == {orders.INPUTS, orders.TEMPORARY}
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_of_a_child_that_cannot_be_made_is_said(store):
    (store.folder / commit.WORK).write_text("a file")
    with pytest.raises(StoreError, match="cannot be written"):
        commit.emptied(commit.work_folder(store, "night"))


def test_results_are_copied_where_the_job_wants_them(store, settings, tmp_path):
    commit.placed(store, child(store))
    (job,) = settings.jobs
    commit.copied(store, job, RUN.run_id)
    commit.copied(store, job, RUN.run_id)  # after a crash: again
    copies = tmp_path / "out" / RUN.run_id
    assert {each.name: each.read_text() for each in copies.iterdir()} == {
        name: name for name in orders.KEPT
    }
    commit.copied(store, job.model_copy(update={"results": None}), "no-such-run")
    with pytest.raises(StoreError, match="cannot be written"):
        commit.copied(store, job, "no-such-run")


def done(settings, failures=0, held=()):
    standing = Standing("night", False, NOW, "schedule", failures, None, NOW, None, NOW)
    return commit.Done(
        settings.jobs[0], standing, 7, settings.jobs[0].checklist, (), frozenset(held),
        lambda connection: None,
    )  # fmt: skip


@pytest.mark.parametrize(("failures", "told"), [(0, 0), (1, 0), (2, 1), (9, 1)])
def test_that_a_job_works_again_is_told_to_whom_its_failure_was_told(settings, failures, told):
    drafts = commit.recovered(done(settings, failures), settings, NOW)
    assert [each.content["what"] for each in drafts] == ["job-failed"] * told


def quarantined(store, count):
    row = {
        "job": "night", "stamp": "s", "size": 1, "state": "quarantined", "reason": "is cut off",
        "first_seen": NOW, "steady_since": NOW,
    }  # fmt: skip
    names = [f"/in/{number:03}" for number in range(count)]
    with store.writing() as connection:
        connection.execute(insert(tables.files), [row | {"name": name} for name in names])
    return names


def test_files_that_were_set_aside_before_are_not_told_again(store, settings):
    names = quarantined(store, commit.MOST_NAMED + 4)
    with store.reading() as connection:
        (draft,) = commit.quarantined(connection, done(settings, held=names[:2]), settings, NOW)
        assert commit.quarantined(connection, done(settings, held=names), settings, NOW) == []
    detail = draft.content["detail"]
    assert detail.startswith("/in/002: is cut off; /in/003: is cut off")
    assert detail.endswith("; 2 more")
    assert detail.count("is cut off") == commit.MOST_NAMED


REGIMES = """
thresholds:
  - id: many-small
    title: {vi: Nhiều lần nhỏ, en: Many small ones}
    labels: [B4]
    since: 2025-07-01
    above: 2
    severity: high
    next_step: {vi: Xem, en: Look}
    legal:
      - instrument: Nghị định 165/2025/NĐ-CP
        article: Điều 12 khoản 10
        says: {vi: Tích lũy, en: Cumulative}
        mark: C
"""
"""A threshold of more than two persons."""


@pytest.fixture
def counting(store, settings, tmp_path):
    """Commits runs of a job under a law with a small threshold; each has counted somebody."""
    policies = tmp_path / "policies"
    shutil.copytree(data_folder("policies"), policies)
    content = yaml.safe_load((policies / "regimes.yaml").read_text(encoding="utf-8"))
    content |= yaml.safe_load(REGIMES)
    (policies / "regimes.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    job = settings.jobs[0].model_copy(update={"policies": policies})

    def commit_run(number, *persons, key=1, folder=None):
        run = made.run(number, made.finding("F-1"))
        result = replace(DONE, run_id=run.run_id, flow_files=(), open_last=None, open_flows=0)
        folder = child(store, result)
        (folder / orders.RUN).write_text(to_json(run), encoding="utf-8")
        day = run.started.date()
        state = Subjects(np.array(persons, np.uint64)).to_bytes()
        count = DayCount(day, "Sở", "his", "Cloud", "phone", True, state)
        begins = round(run.started.timestamp()) * 10**9
        flows = pa.table([[key], [begins], [begins + 1], [0], [9], [None]], schema=TRANSFERS)
        routes = (Route("Sở", "his", "Cloud", "SG", (Carried("B4", "pdpl"),)),)
        sought = Sought("phone", Text("Số", "Phone"), ("B4",), "person", "S")
        transferred.write(folder, Transfers(routes, flows), Contents((sought,), (), (count,)))
        commit.placed(store, folder)
        with store.writing() as connection:
            jobs.known(connection, ["night"], NOW)
            begun = jobs.begun(connection, jobs.standings(connection)["night"], NOW)
        return run, replace(done(settings), job=job, number=begun, folder=folder)

    return commit_run


def stored(store, run):
    """The findings of a run: in its document, in its report, in the database."""
    folder = store.folder / commit.run_folder(run.run_id)
    document = from_json((folder / orders.RUN).read_text(encoding="utf-8"), "run.json")
    with store.reading() as connection:
        rows = connection.execute(
            select(tables.sightings.c.finding_id).where(tables.sightings.c.run_id == run.run_id)
        )
        assert {row.finding_id for row in rows} == {each.id for each in document.findings}
    report = (folder / orders.REPORT).read_text(encoding="utf-8")
    crossed = [each for each in document.findings if each.rule == "many-small"]
    assert all(each.title.vi in report for each in crossed)
    return crossed


def test_runs_that_each_stay_below_a_threshold_cross_it_together(store, settings, counting):
    first, about = counting(1, 1, 2)
    assert commit.committed(store, about, settings, NOW) == first.run_id
    assert stored(store, first) == []
    again, about = counting(2, 1, 2)
    commit.committed(store, about, settings, NOW)
    assert stored(store, again) == []
    third, about = counting(3, 2, 3)
    commit.committed(store, about, settings, NOW)
    (one,) = stored(store, third)
    assert (one.state, one.evidence.running.counted) == ("open", 3)
    assert one.evidence.running.crossed == third.started.date()
    with store.reading() as connection:
        assert [each.flows for each in ledger.read(connection).totals] == [1, 1, 1]


def test_a_commit_that_fails_leaves_the_ledger_as_it_was_and_can_be_tried_again(
    store, settings, counting
):
    run, about = counting(1, 1, 2, 3)

    def refused(connection):
        raise StoreError("another agent has taken over", place="leases", hint="")

    def broken(*_):
        raise StoreError("the connection broke", place="database", hint="")

    with pytest.raises(StoreError, match="taken over"):
        commit.committed(store, replace(about, check=refused), settings, NOW)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jobs, "done", broken)  # the last thing of all
        with pytest.raises(StoreError, match="broke"):
            commit.committed(store, about, settings, NOW)
    with store.reading() as connection:
        assert ledger.read(connection) == Ledger()
    commit.committed(store, about, settings, NOW)
    (one,) = stored(store, run)
    assert one.evidence.running.counted == 3
    commit.committed(store, about, settings, NOW)  # the agent did not hear that it was done
    with store.reading() as connection:
        assert [each.flows for each in ledger.read(connection).totals] == [1]


def test_a_run_is_kept_with_what_people_decided_on_its_findings(store):
    """What was decided before the commit is in run.json and the report; what came after is not."""
    job = Agent.model_validate(
        {"version": 1, "jobs": [
            {"name": "night", "schedule": {"every": "1d"}, "sources": [{"folder": "/captures"}]}
        ]}
    )  # fmt: skip
    with store.writing() as connection:
        jobs.known(connection, ["night"], NOW)
        standing = jobs.standings(connection)["night"]
        first = made.run(0, made.finding("F-1"))
        runs.added(connection, "night", first, None, findings.recorded(connection, "night", first))
        step = Step("acknowledged", NOW, "Nguyễn An", "tổ an ninh", "Đã hỏi đơn vị vận hành.")
        decisions.decided(connection, "F-1", step)
        number = jobs.begun(connection, standing, NOW)
    run = made.run(1, made.finding("F-1"))
    folder = child(store)
    (folder / orders.RUN).write_text(to_json(run), encoding="utf-8")
    transferred.write(folder, Transfers(), Contents())
    commit.placed(store, folder)
    about = commit.Done(job.jobs[0], standing, number, folder, (), frozenset(), lambda _: None)
    assert commit.committed(store, about, job, NOW) == run.run_id
    with store.writing() as connection:
        decisions.decided(connection, "F-1", replace(step, standing="remediated"))
    place = store.folder / commit.run_folder(run.run_id)
    kept = from_json((place / orders.RUN).read_text(encoding="utf-8"), "run.json")
    assert kept.findings[0].life == (step,)
    assert "Đã hỏi đơn vị vận hành." in (place / orders.REPORT).read_text(encoding="utf-8")
