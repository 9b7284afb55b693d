"""``agent.yaml`` as a whole: what it says unless told otherwise, and all its mistakes at once."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from auditor.agent.settings import settings
from auditor.model.errors import PolicyError

JOB = "- {name: night, schedule: {every: 1d}, sources: [{folder: in}]}\n"


@pytest.fixture
def read(tmp_path):
    def read(text: str):
        path = tmp_path / "agent.yaml"
        path.write_text(text, encoding="utf-8")
        return settings(path)

    return read


@pytest.fixture
def refused(read):
    def refused(text: str) -> str:
        with pytest.raises(PolicyError) as mistakes:
            read("version: 1\n" + text)
        return str(mistakes.value)

    return refused


def test_little_has_to_be_said(read, tmp_path):
    found = read("version: 1\njobs:\n" + JOB)
    (job,) = found.jobs
    assert found.clock == ZoneInfo("Asia/Ho_Chi_Minh")
    assert (job.retries, job.backoff, job.limit) == (3, timedelta(minutes=1), timedelta(hours=6))
    assert job.sources[0].settle == timedelta(seconds=60)
    assert job.sources[0].folder == tmp_path / "in"
    kept = found.retention
    assert (kept.runs, kept.flows, kept.notices) == (36, 12, 12), "what the law asks for"
    assert found.health is not None
    assert found.health.address == "127.0.0.1"


def test_the_health_page_can_be_left_out_and_leaves_this_machine_never(read, refused):
    assert read("version: 1\nhealth: null\njobs:\n" + JOB).health is None
    assert "health.address" in refused("health: {address: 0.0.0.0}\njobs:\n" + JOB)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("jobs: []\n", "name at least one job"),
        ("jobs:\n- {name: a, schedule: {every: 1d}}\n", "name sources, or the checklist"),
        ("jobs:\n- {name: a, schedule: {}, checklist: c}\n", "exactly one of cron and every"),
        ("jobs:\n- {name: a, schedule: {cron: '0 2 * * *', every: 1d}, checklist: c}\n",
         "exactly one of cron and every"),
        ("jobs:\n- {name: a, schedule: {every: 9s}, checklist: c}\n", "from 10s to 366d"),
        ("jobs:\n- {name: a, schedule: {every: 367d}, checklist: c}\n", "from 10s to 366d"),
        ("jobs:\n- {name: a, schedule: {every: 1d}, sources: [{}]}\n", "exactly one of folder"),
        ("jobs:\n- {name: a, schedule: {every: 1d}, sources: [{folder: a, files: b}]}\n",
         "exactly one of folder"),
        ("jobs:\n- {name: a, schedule: {every: 1d}, sources: [{folder: 7}]}\n", "folder"),
        ("retention: {runs: 35}\njobs:\n" + JOB, "retention.runs"),
        ("retention: {flows: 11}\njobs:\n" + JOB, "retention.flows"),
        ("retention: {notices: 11}\njobs:\n" + JOB, "retention.notices"),
        ('captures: [{name: c, interface: lo, folder: f, filter: "a\\0b"}]\njobs:\n' + JOB,
         "has a NUL"),
        ("cluster: http://a:1\njobs:\n" + JOB, "cluster"),
        ("zone: Hanoi\njobs:\n" + JOB, "is no time zone"),
        ("password: x\njobs:\n" + JOB, "a secret (password) does not belong into this file"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_what_to_write(refused, text, why):
    assert why in refused(text)


def test_mistakes_of_several_parts_are_told_at_once_each_at_its_line(refused):
    told = refused(
        "jobs:\n"
        "- {name: a, schedule: {every: 1d}, sources: [{folder: in}]}\n"
        "- {name: a, schedule: {every: 1d}, sources: [{folder: ./x/../in}]}\n"
        "captures:\n"
        "- {name: c, interface: lo, folder: f}\n"
        "- {name: c, interface: lo, folder: g}\n"
        "retention: {runs: 1}\n"
    )
    assert "a is the name of number 1 as well" in told
    assert "job a reads the same; its files would count twice" in told
    assert "c is the name of number 1 as well" in told
    assert "retention.runs" in told
    for line in (4, 7, 8):
        assert f"agent.yaml:{line}" in told


def test_one_folder_can_be_shared_out_by_patterns(read):
    found = read(
        "version: 1\njobs:\n"
        "- {name: a, schedule: {every: 1d}, sources: [{folder: in, include: ['*.log']}]}\n"
        "- {name: b, schedule: {every: 1d}, sources: [{folder: in, include: ['*.pcap']}]}\n"
    )
    assert [job.name for job in found.jobs] == ["a", "b"]
