"""Which dossier covers a transfer, and how near the closest comes where none does."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.model.content import NOTHING_OPENED
from auditor.model.flow_table import Stage, to_arrow
from auditor.model.inventory import Inventory
from auditor.model.register import Dossier, Register
from auditor.policy.ceilings import Volumes
from auditor.policy.coverage import Coverages, Reason
from auditor.policy.facts import column_of, exploded, of_categories, of_flows
from auditor.policy.matching import Matching


def dossier(**changes):
    return Dossier.model_validate(
        {
            "id": "A",
            "regime": "decree-165-core",
            "systems": ["registry"],
            "categories": ["I.5"],
            "recipients": {"countries": ["SG"], "networks": ["198.51.100.0/24"]},
            "filed": date(2026, 1, 5),
            "result": "passed",
            "result_on": date(2026, 1, 20),
            "valid_from": date(2026, 2, 1),
            "valid_to": date(2026, 12, 31),
        }
        | changes
    )


@pytest.fixture
def reached(flow_table, catalogue, regimes):
    """How far the given dossiers reach for one flow: the reason and the dossier's id."""

    def ask(flow, *dossiers):
        table = to_arrow(flow_table(flow), Stage.CLASSIFY).combine_chunks()
        by_flow = of_flows(table, Inventory(agency="Sở Mẫu"))
        parts = exploded(column_of(table, "categories"))
        facts = of_categories(table, by_flow, parts, catalogue, regimes)
        register = Register(version="1", dossiers=dossiers)
        volumes = Volumes(table, NOTHING_OPENED, None, None)
        coverages = Coverages(register, regimes, Matching(table, parts), facts, volumes)
        answer = coverages.coverage(np.arange(facts.rows))
        names = [dossiers[number].id if number >= 0 else None for number in answer.dossier]
        pairs = list(zip(map(Reason, answer.reason.tolist()), names, strict=True))
        assert len(pairs) == 1
        return pairs[0]

    return ask


def test_a_fitting_dossier_covers(reached):
    assert reached({}, dossier()) == (Reason.COVERED, "A")


@pytest.mark.parametrize(
    ("flow", "changes", "reason"),
    [
        ({}, {"result": "pending"}, Reason.NOT_PASSED),
        ({}, {"result": "failed"}, Reason.NOT_PASSED),
        ({}, {"result": "none-needed"}, Reason.NOT_PASSED),
        ({}, {"filed": date(2026, 3, 2), "result_on": date(2026, 3, 9)}, Reason.FILED_LATE),
        ({}, {"result_on": date(2026, 3, 2)}, Reason.FILED_LATE),
        ({}, {"recipients": {"countries": ["SG"]}}, Reason.COUNTRY_ONLY),
        ({"geo_state": "anycast"}, {"result": "failed"}, Reason.NOT_PASSED),
        ({"geo_state": "anycast"}, {"valid_to": date(2026, 2, 28)}, Reason.EXPIRED),
        ({}, {"valid_to": date(2026, 2, 28)}, Reason.EXPIRED),
        ({}, {"valid_from": date(2026, 3, 2)}, Reason.NOT_YET_VALID),
        ({}, {"recipients": {"countries": ["JP"]}}, Reason.OTHER_RECIPIENT),
        ({}, {"categories": ["I.26a"]}, Reason.OTHER_CATEGORY),
        ({}, {"regime": "decree-165-important"}, Reason.OTHER_REGIME),
        ({"system_id": "portal"}, {}, Reason.NONE),
        ({"system_id": None}, {}, Reason.NONE),
        ({"geo_state": "anycast"}, {}, Reason.RECIPIENT_UNKNOWN),
        ({"peer_country": None}, {}, Reason.RECIPIENT_UNKNOWN),
    ],
)
def test_where_none_covers_the_closest_says_why(reached, flow, changes, reason):
    expected = None if reason is Reason.NONE else "A"
    assert reached(flow, dossier(**changes)) == (reason, expected)


def test_the_closest_of_several_is_named_and_of_equals_the_first(reached):
    far = dossier(id="far", categories=["I.26a"])
    near = dossier(id="near", result="pending")
    also = dossier(id="also", result="pending")
    assert reached({}, far, near, also) == (Reason.NOT_PASSED, "near")


def test_important_data_needs_fifteen_days_after_filing(reached):
    flow = {"categories": ["II.10"], "start": datetime(2026, 2, 15, 17, tzinfo=UTC)}
    plain = {"regime": "decree-165-important", "categories": ["II.10"], "result": "pending"}
    plain["result_on"] = None
    # The flow began on 16 February in Vietnam, 15 days after the first and 14 after the second.
    assert reached(flow, dossier(**plain, filed=date(2026, 2, 1)))[0] is Reason.COVERED
    assert reached(flow, dossier(**plain, filed=date(2026, 2, 2)))[0] is Reason.FILED_LATE


def test_personal_core_data_is_covered_by_a_personal_data_dossier_since_2026(reached):
    flow = {"categories": ["I.26a"]}
    old = dossier(categories=["I.26a"])
    new = dossier(categories=["I.26a"], regime="pdpl", result="pending")
    assert reached(flow, old) == (Reason.OTHER_REGIME, "A")
    assert reached(flow, new) == (Reason.COVERED, "A")
    before = flow | {"start": datetime(2025, 12, 1, tzinfo=UTC)}
    assert reached(before, old)[0] is Reason.NOT_YET_VALID
    assert reached(before, new)[0] is Reason.OTHER_REGIME


def test_of_an_unknown_regime_no_dossier_is_called_wrong(reached):
    old = dossier(categories=["I.t-personnel"])
    assert reached({"categories": ["I.t-personnel"]}, old) == (Reason.REGIME_UNKNOWN, "A")


def test_transfers_before_2026_are_covered_by_dossiers_filed_before_2026_alone(reached):
    flow = {"categories": ["B1"], "start": datetime(2025, 12, 20, tzinfo=UTC)}
    plain = {"regime": "pdpl", "categories": ["B1"], "valid_from": date(2025, 11, 10)}
    plain["result_on"] = None
    before = dossier(**plain, filed=date(2025, 12, 31))
    after = dossier(**plain, filed=date(2026, 1, 1))
    assert reached(flow, before)[0] is Reason.COVERED
    assert reached(flow, after)[0] is Reason.OTHER_REGIME
    later = flow | {"start": datetime(2026, 2, 1, tzinfo=UTC)}
    assert reached(later, before)[0] is Reason.COVERED
    assert reached(later, after)[0] is Reason.COVERED


@pytest.mark.parametrize(
    ("recipients", "flow", "reason"),
    [
        ({"organisations": ["example cloud pte"]}, {}, Reason.COVERED),
        ({"organisations": ["Example Cloud*"]}, {}, Reason.COVERED),
        ({"organisations": ["*cloud*"]}, {}, Reason.COVERED),
        ({"organisations": ["Example Cloud"]}, {}, Reason.OTHER_RECIPIENT),
        ({"organisations": ["cloud*"]}, {}, Reason.OTHER_RECIPIENT),
        (
            {"organisations": ["Example*"]},
            {"peer_org": None, "operator": None},
            Reason.RECIPIENT_UNKNOWN,
        ),
        ({"hosts": ["store.example.com"]}, {}, Reason.COVERED),
        ({"hosts": ["*.example.com"]}, {}, Reason.COVERED),
        ({"hosts": ["*.store.example.com"]}, {}, Reason.OTHER_RECIPIENT),
        ({"hosts": ["*.example.com"]}, {"host": "badexample.com"}, Reason.OTHER_RECIPIENT),
        ({"hosts": ["*.example.com"]}, {"host": None}, Reason.RECIPIENT_UNKNOWN),
        ({"networks": ["198.51.100.0/24"]}, {}, Reason.COVERED),
        ({"networks": ["2001:db8::/32"]}, {}, Reason.OTHER_RECIPIENT),
        # What can be compared and does not fit is another recipient, whatever else is not known.
        (
            {"hosts": ["*.example.com"], "networks": ["203.0.113.0/24"]},
            {"host": None},
            Reason.OTHER_RECIPIENT,
        ),
        (
            {"hosts": ["*.example.com"], "networks": ["198.51.100.0/24"]},
            {"host": None},
            Reason.COVERED,
        ),
        # One that names the recipient is enough, and countries narrow it.
        ({"organisations": ["Other"], "hosts": ["*.example.com"]}, {}, Reason.COVERED),
        ({"countries": ["SG"], "hosts": ["*.example.com"]}, {}, Reason.COVERED),
        ({"countries": ["JP"], "hosts": ["*.example.com"]}, {}, Reason.OTHER_COUNTRY),
        ({"countries": ["SG"], "hosts": ["*.example.net"]}, {}, Reason.OTHER_RECIPIENT),
    ],
)
def test_recipients_are_compared(reached, recipients, flow, reason):
    assert reached(flow, dossier(recipients=recipients))[0] is reason


def test_a_name_asked_of_a_resolver_is_not_the_resolvers(reached):
    asked = {"host_basis": "dns-query"}
    assert reached(asked, dossier(recipients={"hosts": ["*.example.com"]})) == (
        Reason.RECIPIENT_UNKNOWN,
        "A",
    )


def test_a_name_that_may_be_a_cover_does_not_bring_a_flow_under_a_dossier(reached):
    hidden = {"ech": True, "host_basis": "ech-outer"}
    reason, _ = reached(hidden, dossier(recipients={"hosts": ["*.example.com"]}))
    assert reason is Reason.RECIPIENT_UNKNOWN


NAMED = {"operator": "Example Storage Inc.", "operator_country": "US"}


@pytest.mark.parametrize(
    ("organisation", "basis", "reason"),
    [
        ("Example Storage*", "service", Reason.COVERED),
        ("Example Storage*", "range", Reason.COVERED),
        # A cloud under the name of its network is the same cloud.
        ("Example Cloud*", "range", Reason.COVERED),
        # Who is told by name may only use that network, or be the same company.
        ("Example Cloud*", "service", Reason.RECIPIENT_UNKNOWN),
        ("Example Cloud*", "override", Reason.RECIPIENT_UNKNOWN),
        ("Somebody", "service", Reason.OTHER_RECIPIENT),
    ],
)
def test_a_recipient_is_the_operator_or_the_owner_of_its_network(
    reached, organisation, basis, reason
):
    flow = NAMED | {"operator_basis": basis}
    assert reached(flow, dossier(recipients={"organisations": [organisation]}))[0] is reason


@pytest.mark.parametrize(
    ("country", "reason"),
    [
        ("US", Reason.COVERED),
        ("VN", Reason.COVERED),
        ("SG", Reason.OTHER_COUNTRY),
    ],
)
def test_of_a_foreign_server_in_the_country_the_operators_country_counts_too(
    reached, country, reason
):
    inside = {"operator_basis": "service", "crosses_border": False, "peer_country": "VN"}
    named = {"countries": [country], "organisations": ["Example Storage*"]}
    assert reached(NAMED | inside, dossier(recipients=named))[0] is reason


def test_abroad_the_place_alone_counts(reached):
    flow = NAMED | {"operator_basis": "service"}
    named = {"countries": ["US"], "organisations": ["Example Storage*"]}
    assert reached(flow, dossier(recipients=named))[0] is Reason.OTHER_COUNTRY


def test_one_of_several_foreign_countries_is_not_covered_for_certain(reached):
    somewhere = {
        "geo_state": "ambiguous",
        "geo_certainty": None,
        "peer_country": None,
        "geo_candidates": ["JP", "SG"],
    }
    named = {"countries": ["JP", "SG"], "organisations": ["Example Cloud*"]}
    assert reached(somewhere, dossier(recipients=named))[0] is Reason.RECIPIENT_UNKNOWN


STOP = {"on": date(2026, 2, 20), "by": "Bộ Công an", "number": "12/YC"}


@pytest.mark.parametrize(
    ("changes", "stop", "flow", "reason"),
    [
        ({}, {}, {}, Reason.STOPPED),
        # The order itself does not lapse with the dossier, its result or its regime.
        ({"valid_to": date(2026, 2, 25)}, {}, {}, Reason.STOPPED),
        ({"result": "failed"}, {}, {}, Reason.STOPPED),
        ({"regime": "pdpl"}, {}, {}, Reason.STOPPED),
        ({}, {"on": date(2026, 3, 1)}, {}, Reason.STOPPED),
        ({}, {"on": date(2026, 3, 2)}, {}, Reason.COVERED),
        ({}, {"lifted": date(2026, 3, 1)}, {}, Reason.COVERED),
        ({}, {"lifted": date(2026, 3, 2)}, {}, Reason.STOPPED),
        # The recipient that is named is the same wherever it stands now.
        ({}, {}, {"peer_country": "JP"}, Reason.STOPPED),
        ({"categories": ["I.26a"]}, {}, {}, Reason.OTHER_CATEGORY),
        ({"recipients": {"networks": ["203.0.113.0/24"]}}, {}, {}, Reason.OTHER_RECIPIENT),
        ({"recipients": {"countries": ["SG"]}}, {}, {}, Reason.PERHAPS_STOPPED),
        ({"recipients": {"hosts": ["*.example.com"]}}, {}, {"host": None}, Reason.PERHAPS_STOPPED),
    ],
)
def test_an_order_to_stop_holds_from_its_day_until_it_is_lifted(
    reached, changes, stop, flow, reason
):
    assert reached(flow, dossier(**changes, stops=[STOP | stop]))[0] is reason


def test_what_is_stopped_no_other_dossier_covers(reached):
    stopped = dossier(id="stopped", stops=[STOP])
    assert reached({}, dossier(id="other"), stopped) == (Reason.STOPPED, "stopped")
    vague = dossier(id="vague", stops=[STOP], recipients={"countries": ["SG"]})
    assert reached({}, dossier(id="other"), vague) == (Reason.PERHAPS_STOPPED, "vague")


@pytest.mark.parametrize(
    ("until", "reason"),
    [
        (None, Reason.COVERED),
        (date(2026, 3, 1), Reason.COVERED),
        (date(2026, 2, 28), Reason.KEPT_LONGER),
    ],
)
def test_data_that_leaves_after_its_storage_ends_is_kept_longer(reached, until, reason):
    storage = {"countries": ["SG"], "until": until}
    assert reached({}, dossier(storage=storage))[0] is reason


@pytest.mark.parametrize(
    ("flow", "ceiling", "reason"),
    [
        ({}, {"bytes": 1000}, Reason.COVERED),
        ({}, {"bytes": 999}, Reason.BEYOND_CEILING),
        # What is estimated, or may be another's, passes no ceiling for certain.
        ({"sampling": 100}, {"bytes": 999}, Reason.CEILING_UNDECIDED),
        ({"sampling": 100}, {"bytes": 1000}, Reason.COVERED),
        ({"geo_state": "anycast"}, {"bytes": 999}, Reason.RECIPIENT_UNKNOWN),
        ({"app": "dns"}, {"bytes": 1}, Reason.COVERED),
        ({"outbound_bytes": None}, {"bytes": 1}, Reason.COVERED),
        (
            {"subjects": 40, "subjects_basis": "estimated"},
            {"subjects": 39},
            Reason.CEILING_UNDECIDED,
        ),
        ({"subjects": 40, "subjects_basis": "estimated"}, {"subjects": 40}, Reason.COVERED),
        ({}, {"subjects": 1}, Reason.COVERED),
    ],
)
def test_a_ceiling_is_passed_by_what_was_counted_alone(reached, flow, ceiling, reason):
    assert reached(flow, dossier(ceiling=ceiling))[0] is reason


DAYS = st.dates(date(2026, 2, 1), date(2026, 4, 30))
DOSSIERS = st.fixed_dictionaries(
    {
        "recipients": st.sampled_from(
            [
                {"countries": ["SG"]},
                {"hosts": ["*.example.com"]},
                {"countries": ["SG"], "hosts": ["*.example.com"]},
            ]
        )
    },
    optional={
        "categories": st.sampled_from([["I.5"], ["I.26a"], ["I.5", "I.26a"]]),
        "result": st.sampled_from(["passed", "failed", "pending"]),
        "result_on": DAYS,
        "valid_to": DAYS,
        "storage": st.builds(lambda day: {"countries": ["SG"], "until": day}, DAYS),
        "stops": st.builds(lambda day: [{"on": day, "by": "A"}], DAYS),
    },
)
FLOWS = st.fixed_dictionaries(
    {"day": DAYS},
    optional={
        "host": st.sampled_from([None, "store.example.com", "other.example.net"]),
        "peer_country": st.sampled_from(["SG", "JP"]),
        "geo_state": st.sampled_from(["country", "anycast"]),
    },
)


def read_plainly(flow, one):
    """How far a dossier reaches for one flow with core data, read line by line."""
    day, host = flow["day"], flow.get("host", "store.example.com")
    placed = flow.get("geo_state", "country") == "country"
    who = where = True
    if one.recipients.hosts:
        who = None if host is None else host.endswith(".example.com")
    if one.recipients.countries:
        where = flow.get("peer_country", "SG") == "SG" if placed else None
    if "I.5" not in one.categories:
        return Reason.OTHER_CATEGORY
    named = bool(one.recipients.hosts)
    meant = who if named else (False if where is False else None)
    if any(stop.on <= day for stop in one.stops) and meant is not False:
        return Reason.STOPPED if meant else Reason.PERHAPS_STOPPED
    moved = named and who is True and where is False
    if (who is False or where is False) and not moved:
        return Reason.OTHER_RECIPIENT
    if day < one.valid_from:
        return Reason.NOT_YET_VALID
    if day > (one.valid_to or date.max):
        return Reason.EXPIRED
    if day < max(one.valid_from, one.result_on or one.filed):
        return Reason.FILED_LATE
    if one.result != "passed":
        return Reason.NOT_PASSED
    if moved:
        return Reason.OTHER_COUNTRY
    if one.storage and day > one.storage.until:
        return Reason.KEPT_LONGER
    if who is None or where is None:
        return Reason.RECIPIENT_UNKNOWN
    return Reason.COVERED if named else Reason.COUNTRY_ONLY


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(FLOWS, DOSSIERS)
def test_columns_say_what_a_plain_reading_says(reached, flow, changes):
    one = dossier(**{"valid_to": None} | changes)
    day = flow["day"]
    start = datetime(day.year, day.month, day.day, 3, tzinfo=UTC)
    seen = {name: value for name, value in flow.items() if name != "day"}
    assert reached(seen | {"start": start, "end": start}, one)[0] is read_plainly(flow, one)
