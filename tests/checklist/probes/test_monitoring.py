from __future__ import annotations

from datetime import timedelta

import pytest

from tests.checklist.flows import SILENT, asked, daily, flow, network, register, zone

APP, DB, LOGS = "10.20.20.5", "10.20.30.5", "10.20.10.14"
NETWORK = network(
    zones=[
        zone("ung-dung", "application", "10.20.20.0/24"),
        zone("csdl", "database", "10.20.30.0/24"),
        zone("may-chu", "servers", "10.20.10.0/24"),
    ],
    log_servers=[LOGS],
    security_contacts=["113.160.1.1"],
)
SYSLOG = SILENT | {"protocol": 17}


def assets(*roles):
    rows = [
        {"asset": f"a{n}", "address": address, "role": role}
        for n, (address, role) in enumerate(roles)
    ]
    return register("assets", *rows)


@pytest.mark.parametrize(
    ("rows", "roles", "answer"),
    [
        (daily(APP, LOGS, 514, **SYSLOG), [(APP, "server")], "pass"),
        (daily(APP, LOGS, 514, **SYSLOG), [(APP, "Máy chủ"), (DB, "database")], "unknown"),
        (daily(APP, DB, 5432), [(APP, "server"), (DB, "CSDL")], "fail"),
        (daily(APP, DB, 5432, days=2), [(APP, "server")], "unknown"),  # silence needs time
        (daily(APP, LOGS, 6514, **SILENT), [(APP, "server")], "fail"),  # never taken
        (daily(APP, LOGS, 9997), [(APP, "server"), (LOGS, "server")], "pass"),
        (daily(APP, LOGS, 9997), [(APP, "server"), (DB, "printer")], "pass"),
        (daily(APP, LOGS, 9997), [("", "server")], "unknown"),
    ],
)
def test_every_server_of_the_register_is_seen_to_send_its_logs(rows, roles, answer):
    found = asked("log-forwarding-seen", rows, NETWORK, evidence=assets(*roles))
    assert found.answer == answer


def test_a_silent_server_is_shown_by_its_line():
    roles = assets((LOGS, "server"), (APP, "server"))
    found = asked("log-forwarding-seen", daily(APP, DB, 5432), NETWORK, evidence=roles)
    assert [(each.source, each.place, each.shows) for each in found.references] == [
        ("ev-0001", "line 3", APP)
    ]


@pytest.mark.parametrize(
    ("hours_before_the_end", "answer"), [(1, "pass"), (23, "pass"), (26, "fail")]
)
def test_alerts_must_have_gone_out_in_the_last_day(hours_before_the_end, answer):
    end = timedelta(days=7)
    rows = [
        *daily(APP, DB, 5432),
        flow(APP, "113.160.1.1", 6514, end - timedelta(hours=hours_before_the_end)),
    ]
    assert asked("alerts-forwarded", rows, NETWORK).answer == answer


def test_an_alert_that_was_refused_did_not_go_out():
    rows = [*daily(APP, DB, 5432), *daily(APP, "113.160.1.1", 6514, blocked=True)]
    assert asked("alerts-forwarded", rows, NETWORK).answer == "fail"


@pytest.mark.parametrize(("gap", "answer"), [(24, "pass"), (25, "fail")])
def test_a_gap_of_more_than_a_day_is_no_coverage(gap, answer):
    hours = [*range(60), *range(60 + gap, 168 + 1)]
    rows = [flow(APP, DB, 5432, timedelta(hours=hour)) for hour in hours]
    found = asked("sensor-coverage", rows, NETWORK)
    assert f"{gap} hours without any flow, at most {gap} in a row" in found.en
    assert found.answer == answer
