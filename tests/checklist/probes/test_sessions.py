from __future__ import annotations

import json
from datetime import timedelta

import pytest

from auditor.checklist.baseline import from_json
from auditor.checklist.probes import sessions
from tests.checklist.flows import BEGIN, SILENT, asked, daily, flow, network, register, zone

NODE, CENTER = "10.20.1.10", "10.20.254.9"
NETWORK = network(
    zones=[zone("dmz", "dmz", "10.20.1.0/24")],
    channel={"agent_nodes": [NODE], "center": ["10.20.254.0/24"]},
)
WEEK = daily(NODE, CENTER, tls_version="TLS 1.3")


def baseline(**changed):
    edge = {
        "src_ip": NODE, "dst_ip": CENTER, "dst_port": 443, "protocol": 6, "tls_version": "TLS 1.3",
        "flows_per_day": 1, "bytes_per_day": 2100, "hours": "8",
    } | changed  # fmt: skip
    return from_json(json.dumps({"format": 1, "edges": [edge]}), "baseline.json")


@pytest.mark.parametrize(
    ("rows", "mark", "answer"),
    [
        (WEEK, baseline(), "pass"),
        (WEEK, baseline(tls_version=""), "pass"),  # the baseline did not know it
        (WEEK, baseline(tls_version="TLS 1.2"), "fail"),
        (WEEK, baseline(dst_port=8443), "fail"),
        ([*WEEK, flow(NODE, CENTER)], baseline(), "pass"),  # this flow's version is not known
        ([*WEEK, flow(NODE, CENTER, 22)], baseline(), "fail"),
        ([*WEEK, flow(NODE, CENTER, 22, **SILENT)], baseline(), "pass"),
        (WEEK[:2], baseline(), "unknown"),
    ],
)
def test_the_channel_is_compared_with_its_baseline(rows, mark, answer):
    assert asked("drift-from-baseline", rows, NETWORK, baseline=mark).answer == answer


@pytest.mark.parametrize(
    ("extra", "answer"),
    [
        ([], "pass"),
        ([flow(NODE, CENTER, after=timedelta(minutes=n)) for n in (1, 2)], "pass"),
        ([flow(NODE, CENTER, after=timedelta(minutes=n)) for n in (1, 2, 3)], "fail"),
        ([flow(NODE, CENTER, src_bytes=9000)], "fail"),
        ([flow(NODE, CENTER, after=timedelta(hours=1))], "fail"),  # an hour of its own
        ([flow(NODE, CENTER, after=timedelta(hours=1), **SILENT)], "pass"),
    ],
)
def test_volume_and_hours_are_compared_day_by_day(extra, answer):
    found = asked("volume-against-baseline", [*WEEK, *extra], NETWORK, baseline=baseline())
    assert found.answer == answer
    assert "[M]" in found.rests_on


@pytest.fixture
def log(monkeypatch):
    """A sharing log; the time of a row is its minutes after the beginning."""
    monkeypatch.setattr(
        sessions, "moment", lambda text: BEGIN + timedelta(minutes=int(text)) if text else None
    )
    return lambda *minutes: register("sharing-log", *({"time": str(m)} for m in minutes))


DAYS = [day * 24 * 60 for day in range(8)]


@pytest.mark.parametrize(
    ("minutes", "answer"),
    [
        (DAYS, "pass"),
        ([at + 10 for at in DAYS], "pass"),
        ([at - 10 for at in DAYS], "pass"),
        ([at + 12 for at in DAYS], "fail"),
        ([*DAYS[:2], *DAYS[3:]], "fail"),
        ([*DAYS, 300], "fail"),  # a row without a session
        (DAYS[:4], "unknown"),  # the log ends too early
        ([*DAYS, ""], "unknown"),  # a row whose time nobody can read
        ([10**6], "unknown"),  # another year
        ([], "unknown"),
    ],
)
def test_sessions_and_rows_of_the_sharing_log_agree_within_ten_minutes(log, minutes, answer):
    evidence = log(*minutes)
    assert asked("sessions-in-sharing-log", WEEK, NETWORK, evidence=evidence).answer == answer


def test_a_long_session_covers_every_row_of_its_time(log):
    rows = [
        flow(NODE, CENTER, lasting=timedelta(days=7, hours=1)),
        *daily("10.20.1.11", "10.20.1.12"),
        flow(NODE, CENTER, after=timedelta(minutes=5)),
    ]
    evidence = log(5, 600, 5000, 7 * 24 * 60)
    assert asked("sessions-in-sharing-log", rows, NETWORK, evidence=evidence).answer == "pass"


KEPT = network(
    zones=[zone("dmz", "dmz", "10.20.1.0/24"), zone("may-chu", "servers", "10.20.10.0/24")],
    channel={"agent_nodes": [NODE], "center": ["10.20.254.0/24"]},
    log_servers=["10.20.10.14"], time_servers=["10.20.10.123"], resolvers=["10.20.10.53"],
)  # fmt: skip
LATE = timedelta(hours=3)
UPKEEP = [
    flow(NODE, "10.20.10.14", 6514, LATE),
    flow(NODE, "10.20.10.123", 123, LATE, protocol=17),
    flow(NODE, "10.20.10.53", 53, LATE, protocol=17),
    flow(NODE, "10.20.1.1", 0, LATE, protocol=1),
]


@pytest.mark.parametrize(
    ("extra", "answer"),
    [
        (UPKEEP, "pass"),
        ([flow(NODE, "10.20.10.14", 443, LATE)], "fail"),  # no logs on that port
        ([flow(NODE, "10.20.10.15", 6514, LATE)], "fail"),  # nobody declared that server
        ([flow(NODE, CENTER, 0, LATE, protocol=1)], "fail"),  # the Center itself was pinged
    ],
)
def test_logs_names_and_time_of_the_agent_node_are_no_exchange(log, extra, answer):
    evidence = log(*DAYS)
    rows = [*WEEK, *extra]
    assert asked("sessions-in-sharing-log", rows, KEPT, evidence=evidence).answer == answer


def test_the_agent_node_still_sends_its_logs_while_the_channel_is_cut():
    rows = [flow(NODE, CENTER, after=AT + timedelta(minutes=at)) for at in (-60, 400)]
    logs = flow(NODE, "10.20.10.14", 6514, AT + timedelta(hours=1))
    other = flow(NODE, "10.20.10.14", 443, AT + timedelta(hours=1))
    assert asked("silent-after-cut", [*rows, logs], KEPT, dates=CUT).answer == "pass"
    assert asked("silent-after-cut", [*rows, other], KEPT, dates=CUT).answer == "fail"


CUT = {"cut": "2026-11-15T09:00:00+07:00", "reconnected": "2026-11-15T15:00:00+07:00"}
AT = timedelta(days=2, hours=1)  # of the cut, after the beginning


@pytest.mark.parametrize(
    ("moments", "lasting", "answer"),
    [
        ([-60, 400], 1, "pass"),
        ([-60, 14, 400], 1, "pass"),  # within the fifteen minutes
        ([-60, 16, 400], 1, "fail"),
        ([-60, 400], 120, "fail"),  # opened before, and still running
        ([16, 400], 1, "fail"),
        ([400], 1, "unknown"),  # nobody saw the channel before the cut
        ([-60], 1, "unknown"),  # nobody looked until the line was back
    ],
)
def test_after_the_cut_nothing_is_answered(moments, lasting, answer):
    rows = [
        flow(NODE, CENTER, after=AT + timedelta(minutes=at), lasting=timedelta(minutes=lasting))
        for at in moments
    ]
    assert asked("silent-after-cut", rows, NETWORK, dates=CUT).answer == answer


@pytest.mark.parametrize(
    ("days", "given", "answer"),
    [
        ([0, 8], SILENT, "pass"),
        ([0, 8], {"blocked": True}, "pass"),
        ([0, 3], SILENT, "unknown"),
        ([0, 8], {}, "fail"),
    ],
)
def test_after_termination_there_is_no_grace_and_silence_takes_a_week(days, given, answer):
    first = flow(NODE, CENTER)
    last = flow(NODE, CENTER, after=timedelta(days=days[1]), **given)
    dates = {"terminated": "2026-11-13T09:00:00+07:00"}
    found = asked("silent-after-cut", [first, last], NETWORK, {"moment": "terminated"}, dates=dates)
    assert found.answer == answer


def test_sampled_silence_proves_nothing():
    rows = [flow(NODE, CENTER, after=AT + timedelta(minutes=at), sampling=100) for at in (-60, 400)]
    assert asked("silent-after-cut", rows, NETWORK, dates=CUT).answer == "unknown"
