from __future__ import annotations

from datetime import timedelta

import pytest

from auditor.checklist.sight import Sight, counted, seeing, service
from auditor.model.text import Text
from tests.checklist.flows import daily, facts, flow, network, zone

SENSORS = [{"id": "loi", "files": ["conn*.log"], "behind_nat": True}]
NETWORK = network(zones=[zone("may-chu", "servers", "10.20.10.0/24")], sensors=SENSORS)
SAYS = Text("Đều đúng", "All is well")


def holds(sight: Sight, arguments):
    return sight.passed(SAYS)


def quiet(sight: Sight, arguments):
    return sight.clear(SAYS)


def contradicts(sight: Sight, arguments):
    return sight.failed(SAYS, SAYS, sight.edges)


def asked(answer, rows, network=NETWORK, *, inner=False):
    return seeing(answer, inner=inner)(facts(rows, network), {})


WEEK = daily("10.20.10.5", "10.20.10.6")


def test_a_week_of_every_packet_lets_a_probe_pass_and_says_where_it_looked():
    found = asked(holds, WEEK)
    assert found.answer == "pass"
    assert found.vi == "Đều đúng (trong 7,0 ngày, tại conn.log [loi], không rõ số gói bị mất)."
    assert found.en == "All is well (in 7.0 days, seen at conn.log [loi], packets lost not known)."
    assert found.coverage is not None and found.coverage.window is not None
    assert found.rests_on.endswith("[M]")


def test_an_hour_short_of_a_week_is_a_week():
    late = timedelta(days=6, hours=23, minutes=30)
    rows = [
        *daily("10.20.10.5", "10.20.10.6", days=7),
        flow("10.20.10.5", "10.20.10.6", after=late),
    ]
    assert asked(holds, rows).answer == "pass"


def test_a_short_window_passes_nothing_and_names_the_days_needed():
    found = asked(holds, WEEK[:6])
    assert found.answer == "unknown"
    assert "only 5.0 days long, shorter than 7 days" in found.en
    assert found.way_out is not None and "at least 7 days" in found.way_out.en


def test_a_week_with_a_day_missing_passes_nothing():
    found = asked(holds, [*WEEK[:3], *WEEK[4:]])
    assert found.answer == "unknown"
    assert "1 day of the window show no flow" in found.en


def test_sampled_traffic_passes_nothing():
    found = asked(holds, [*WEEK, flow("10.20.10.5", "10.20.10.6", 444, sampling=100)])
    assert found.answer == "unknown"
    assert "sampled" in found.en


def test_a_probe_that_proves_failure_only_names_the_short_window():
    found = asked(quiet, WEEK[:1])
    assert found.answer == "clear"
    assert "shorter than 7 days" in found.en
    assert "shorter" not in asked(quiet, WEEK).en


def test_a_contradiction_stands_whatever_the_window():
    found = asked(contradicts, WEEK[:1])
    assert found.answer == "fail"
    assert found.references[0].source == "conn.log"
    assert found.references[0].place == "flow 1"
    assert found.references[0].shows == "10.20.10.5 → 10.20.10.6:443/tcp ×1"


def test_the_busiest_pair_of_hosts_is_shown_first_and_once():
    rows = [flow("10.20.10.5", "10.20.10.7"), *WEEK, *daily("10.20.10.5", "10.20.10.6", app="tls")]
    shown = [each.shows for each in asked(contradicts, rows).references]
    assert shown == [
        "10.20.10.5 → 10.20.10.6:443/tcp ×16",
        "10.20.10.5 → 10.20.10.7:443/tcp ×1",
    ] or shown[0].endswith("×16")
    assert len(shown) == 2


def test_long_names_in_traffic_do_not_swell_the_references():
    rows = [flow("10.20.10.5", "10.20.10.7", host="x" * 5000, host_basis="tls-sni")]
    assert len(asked(contradicts, rows).references[0].shows) == 200


@pytest.mark.parametrize("rows", [None, []])
def test_without_traffic_nothing_is_known(rows):
    assert asked(holds, rows).answer == "unknown"


def test_without_a_declared_network_nothing_is_known():
    found = seeing(holds)(facts(WEEK), {})
    assert found.answer == "unknown"
    assert found.way_out is not None and "network.yaml" in found.way_out.vi


@pytest.mark.parametrize(("behind", "answer"), [(True, "pass"), (None, "pass"), (False, "unknown")])
def test_inner_questions_are_not_asked_outside_of_address_translation(behind, answer):
    declared = network(
        zones=[zone("may-chu", "servers", "10.20.10.0/24")],
        sensors=[{"id": "bien", "files": ["conn.log"], "behind_nat": behind}],
    )
    assert asked(holds, WEEK, declared, inner=True).answer == answer
    assert asked(holds, WEEK, declared).answer == "pass"


def test_numbers_and_services_are_written_as_people_read_them():
    assert (counted(1, "way"), counted(2000, "way")) == ("1 way", "2,000 ways")
    assert counted(2, "address", "addresses") == "2 addresses"
    assert [service(6, 443), service(1, 0), service(50, 0)] == [":443/tcp", "/icmp", "/ip-50"]
