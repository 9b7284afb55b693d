"""Every state and every step of precedence, as cases that can be read aloud."""

import pytest

from auditor.geo.decision import Place, decision_for, overridden, special_decision
from auditor.geo.special import SPECIAL_RANGES
from tests.geo.witnesses import cloud, database, geofeed, heard, listed, override, shipped

# Who says what -> state, country, candidates, rule, certainty, abroad or not (None: open).
# fmt: off
CASES = {
    # 1. what the user states
    "an override decides alone": (
        heard(override("SG")), "country", "SG", (), "override", "firm", True),
    "an override may say that it is at home": (
        heard(override("VN"), database("a", "US")), "country", "VN", (), "override", "firm", False),
    "an override goes before clouds, geofeeds, databases and anycast": (
        heard(override("SG"), cloud("US"), geofeed("JP"), listed("anycast", anycast=True),
              database("a", "DE", anycast=True), host="FR", log="KR"),
        "country", "SG", (), "override", "firm", True),
    "an override may state anycast": (
        heard(override(anycast=True), cloud("US")), "anycast", None, (), "override", None, None),
    "an override of the operator alone says nothing about the place": (
        heard(override(operator="X"), database("a", "US")),
        "country", "US", (), "databases", "likely", True),
    "physics leaves an override, but it is weak": (
        heard(override("US"), too_near=("US",)), "country", "US", (), "override", "weak", True),
    # 4. anycast, by any witness
    "anycast by a list goes before the region of a cloud": (
        heard(listed("anycast", anycast=True), cloud("SG"), database("a", "US")),
        "anycast", None, (), "anycast", None, None),
    "anycast by one of many databases is enough": (
        heard(database("a", "US"), database("b", "US"), database("c", anycast=True)),
        "anycast", None, (), "anycast", None, None),
    "anycast by a shipped database is enough": (
        heard(database("a", "US"), shipped(anycast=True)),
        "anycast", None, (), "anycast", None, None),
    "anycast by a cloud's own list is enough": (
        heard(cloud("US", anycast=True)), "anycast", None, (), "anycast", None, None),
    "anycast by a geofeed is enough": (
        heard(geofeed("SG", anycast=True), host="US"), "anycast", None, (), "anycast", None, None),
    "physics cannot contradict many places at once": (
        heard(listed("anycast", anycast=True), database("a", "US"), too_near=("US",)),
        "anycast", None, (), "anycast", None, None),
    # 5. the region of a cloud
    "a cloud's own list is firm": (
        heard(cloud("SG")), "country", "SG", (), "cloud-region", "firm", True),
    "a cloud's own list goes before the name, geofeeds and databases": (
        heard(cloud("SG"), geofeed("JP"), database("a", "US"), shipped("US"), host="DE"),
        "country", "SG", (), "cloud-region", "firm", True),
    "nobody weakens a cloud's own list": (
        heard(cloud("SG"), database("a", "US"), log="US"),
        "country", "SG", (), "cloud-region", "firm", True),
    "a cloud's region in the country is at home": (
        heard(cloud("VN"), database("a", "US")),
        "country", "VN", (), "cloud-region", "firm", False),
    "an old list of a cloud is weak": (
        heard(cloud("SG", old=True)), "country", "SG", (), "cloud-region", "weak", True),
    "two lists of clouds that disagree leave it open": (
        heard(cloud("SG", name="a"), cloud("JP", name="b"), database("c", "SG")),
        "ambiguous", None, ("JP", "SG"), "cloud-region", None, True),
    "the region in the server's name goes before geofeeds and databases": (
        heard(geofeed("JP"), database("a", "US"), host="SG"),
        "country", "SG", (), "cloud-region", "likely", True),
    "the region in the name is firm where a database agrees": (
        heard(database("a", "SG"), host="SG"),
        "country", "SG", (), "cloud-region", "firm", True),
    "a cloud's list without a region leaves it to the name": (
        heard(cloud(), host="SG"), "country", "SG", (), "cloud-region", "likely", True),
    "a cloud's list without a region leaves it to the databases": (
        heard(cloud(), database("a", "US")), "country", "US", (), "databases", "likely", True),
    # 6. geofeeds
    "a geofeed is likely": (
        heard(geofeed("SG")), "country", "SG", (), "geofeed", "likely", True),
    "a geofeed goes before databases, but one that dissents makes it weak": (
        heard(geofeed("SG"), database("a", "US")),
        "country", "SG", (), "geofeed", "weak", True),
    "a geofeed that a database agrees with is firm": (
        heard(geofeed("SG"), database("a", "SG"), shipped("US")),
        "country", "SG", (), "geofeed", "firm", True),
    "a shipped database does not speak against a geofeed": (
        heard(geofeed("SG"), shipped("US")), "country", "SG", (), "geofeed", "likely", True),
    "a shipped database may agree with a geofeed": (
        heard(geofeed("SG"), shipped("SG")), "country", "SG", (), "geofeed", "firm", True),
    "a geofeed of several countries is open between them": (
        heard(geofeed("SG", "JP")), "ambiguous", None, ("JP", "SG"), "geofeed", None, True),
    # 7. databases
    "one database is likely": (
        heard(database("a", "US")), "country", "US", (), "databases", "likely", True),
    "one database may put it at home": (
        heard(database("a", "VN")), "country", "VN", (), "databases", "likely", False),
    "two databases that agree are firm": (
        heard(database("a", "US"), database("b", "US")),
        "country", "US", (), "databases", "firm", True),
    "the user's database and a shipped one that agree are firm": (
        heard(database("a", "US"), shipped("US")),
        "country", "US", (), "databases", "firm", True),
    "the user's database goes before a shipped one, which does not weaken it": (
        heard(database("a", "SG"), shipped("US")),
        "country", "SG", (), "databases", "likely", True),
    "a shipped database speaks where the user's are silent": (
        heard(database("a"), shipped("US")), "country", "US", (), "databases", "likely", True),
    "two of three decide, but not firmly": (
        heard(database("a", "US"), database("b", "SG"), database("c", "US")),
        "country", "US", (), "databases", "likely", True),
    "the silent do not vote": (
        heard(database("a", "US"), database("b"), database("c"), database("d", "US"),
              database("e", "SG")),
        "country", "US", (), "databases", "likely", True),
    "two against two is a tie": (
        heard(database("a", "US"), database("b", "SG"), database("c", "US"), database("d", "SG")),
        "ambiguous", None, ("SG", "US"), "databases", None, True),
    "two of five, with three others apart, are not most": (
        heard(database("a", "US"), database("b", "US"), database("c", "SG"), database("d", "JP"),
              database("e", "DE")),
        "ambiguous", None, ("DE", "JP", "SG", "US"), "databases", None, True),
    "two of four, with two others apart, are not most": (
        heard(database("a", "US"), database("b", "US"), database("c", "SG"), database("d", "JP")),
        "ambiguous", None, ("JP", "SG", "US"), "databases", None, True),
    "a tie between countries abroad still crosses the border": (
        heard(database("a", "US"), database("b", "SG")),
        "ambiguous", None, ("SG", "US"), "databases", None, True),
    "a tie between home and abroad is open": (
        heard(database("a", "US"), database("b", "VN")),
        "ambiguous", None, ("US", "VN"), "databases", None, None),
    "a shipped database does not break a tie of the user's": (
        heard(database("a", "US"), database("b", "VN"), shipped("US")),
        "ambiguous", None, ("US", "VN"), "databases", None, None),
    "what the log says never decides": (
        heard(database("a"), log="US"), "unknown", None, (), "none", None, None),
    "a log that says the same makes one database firm": (
        heard(database("a", "US"), log="US"), "country", "US", (), "databases", "firm", True),
    "a log that says otherwise makes one database weak": (
        heard(database("a", "US"), log="SG"), "country", "US", (), "databases", "weak", True),
    "a log that says otherwise makes two databases likely": (
        heard(database("a", "US"), database("b", "US"), log="SG"),
        "country", "US", (), "databases", "likely", True),
    "a log does not break a tie": (
        heard(database("a", "US"), database("b", "VN"), log="US"),
        "ambiguous", None, ("US", "VN"), "databases", None, None),
    "an old database is weak": (
        heard(database("a", "US", old=True)), "country", "US", (), "databases", "weak", True),
    "two old databases that agree are weak": (
        heard(database("a", "US", old=True), database("b", "US", old=True)),
        "country", "US", (), "databases", "weak", True),
    "an old database beside a new one that agrees is firm": (
        heard(database("a", "US", old=True), database("b", "US")),
        "country", "US", (), "databases", "firm", True),
    # 8. registration
    "the registration decides where nothing else does, and is weak": (
        heard(database("a", registered="US")),
        "country", "US", (), "registration", "weak", True),
    "registrations that agree stay weak, and so with the log": (
        heard(database("a", registered="US"), database("b", registered="US"), log="US"),
        "country", "US", (), "registration", "weak", True),
    "a shipped country goes before the registration in the user's database": (
        heard(database("a", registered="US"), shipped("SG")),
        "country", "SG", (), "databases", "likely", True),
    "a registration elsewhere does not weaken a country": (
        heard(database("a", "SG", registered="US"), database("b", "SG")),
        "country", "SG", (), "databases", "firm", True),
    "registrations that disagree leave it open": (
        heard(database("a", registered="US"), database("b", registered="VN")),
        "ambiguous", None, ("US", "VN"), "registration", None, None),
    "the user's registration goes before the shipped one": (
        heard(database("a", registered="US"), shipped(registered="SG")),
        "country", "US", (), "registration", "weak", True),
    # physics
    "physics takes one of two countries out and the other is left": (
        heard(database("a", "US"), database("b", "SG"), too_near=("US",)),
        "country", "SG", (), "databases", "likely", True),
    "physics outweighs most": (
        heard(database("a", "US"), database("b", "US"), database("c", "SG"), too_near=("US",)),
        "country", "SG", (), "databases", "likely", True),
    "physics leaves a smaller tie": (
        heard(database("a", "US"), database("b", "SG"), database("c", "LA"), too_near=("US",)),
        "ambiguous", None, ("LA", "SG"), "databases", None, True),
    "physics contradicts the only country": (
        heard(database("a", "US"), too_near=("US", "SG")),
        "contradicted", None, ("US",), "databases", None, None),
    "physics contradicts all countries of a step": (
        heard(database("a", "US"), database("b", "SG"), too_near=("US", "SG")),
        "contradicted", None, ("SG", "US"), "databases", None, None),
    "a contradicted step is not made good by the next one": (
        heard(cloud("US"), database("a", "SG"), too_near=("US",)),
        "contradicted", None, ("US",), "cloud-region", None, None),
    "physics takes one country of a geofeed's two out": (
        heard(geofeed("SG", "US"), too_near=("US",)),
        "country", "SG", (), "geofeed", "likely", True),
    "a dissent that physics rules out is none": (
        heard(database("a", "SG"), database("b", "SG"), log="US", too_near=("US",)),
        "country", "SG", (), "databases", "firm", True),
    "physics contradicts a registration": (
        heard(database("a", registered="US"), too_near=("US",)),
        "contradicted", None, ("US",), "registration", None, None),
    # nobody
    "silence is unknown": (
        heard(database("a"), shipped()), "unknown", None, (), "none", None, None),
    "nobody at all is unknown": (heard(), "unknown", None, (), "none", None, None),
    "a relay's country is not where its users' data go": (
        heard(listed("relay", "US", relay="vpn")), "unknown", None, (), "none", None, None),
    "a relay decides nothing beside a database": (
        heard(listed("relay", relay="tor-exit"), database("a", "US")),
        "country", "US", (), "databases", "likely", True),
}
# fmt: on


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.replace(" ", "-"))
def test_the_witnesses_lead_to_the_decision(case):
    known, state, country, candidates, rule, certainty, abroad = CASES[case]
    found = decision_for(known, "VN")
    assert (found.state, found.country, found.candidates) == (state, country, candidates)
    assert (found.rule, found.certainty) == (rule, certainty)
    assert found.place == {True: Place.FOREIGN, False: Place.HOME, None: Place.UNKNOWN}[abroad]
    assert found.basis


@pytest.mark.parametrize(
    ("known", "basis"),
    [
        (heard(override("SG")), "override: overrides.yaml: An, 2026: seen"),
        (heard(listed("anycast", anycast=True), database("b", anycast=True)),
         "anycast: anycast.list 2026-06-17, b"),
        (heard(cloud("SG"), database("a", "US")), "cloud-region: cloud.list 2026-06-17"),
        (heard(host="SG"), "cloud-region: host"),
        (heard(geofeed("SG")), "geofeed: geofeed.list 2026-06-17"),
        (heard(geofeed("SG", "JP")), "geofeed: disagree: geofeed.list 2026-06-17=SG/JP"),
        (heard(database("a", "US"), database("b"), database("c", "US")), "a, c"),
        (heard(database("a", "US"), database("b", "SG"), database("c", "US")),
         "a, c; against: b=SG"),
        (heard(database("a", "US"), database("b", "SG")), "disagree: a=US, b=SG"),
        (heard(database("a", registered="US")), "registered: a"),
        (heard(database("a", registered="US"), database("b", registered="FR")),
         "registered: disagree: a=US, b=FR"),
        (heard(database("a", "US"), too_near=("US",)), "handshake: too near for a=US"),
        (heard(database("a"), carrier="teredo"), "teredo: in no database"),
        (heard(database("a", "US"), carrier="6to4"), "6to4: a"),
        (heard(override("SG"), carrier="nat64"), "nat64: override: overrides.yaml: An, 2026: seen"),
        (heard(database("a", "US"), too_near=("US",), carrier="ipv4-mapped"),
         "ipv4-mapped: handshake: too near for a=US"),
    ],
)  # fmt: skip
def test_the_basis_names_what_the_decision_rests_on(known, basis):
    assert decision_for(known, "VN").basis == basis


def test_the_home_country_is_whichever_is_asked_for():
    assert decision_for(heard(database("a", "SG")), "SG").place == Place.HOME
    assert decision_for(heard(database("a", "VN")), "SG").place == Place.FOREIGN


def test_special_ranges_have_a_place_only_when_they_never_leave():
    found = {one.kind: special_decision(one, "") for one in SPECIAL_RANGES}
    assert {kind: (each.place, each.state, each.certainty) for kind, each in found.items()} == {
        "local": (Place.HOME, "not-applicable", "firm"),
        "anycast": (Place.UNKNOWN, "anycast", None),
        "unplaced": (Place.UNKNOWN, "unknown", None),
    }
    assert {each.country for each in found.values()} == {None}
    assert special_decision(SPECIAL_RANGES[2], "6to4").basis == "6to4: special: private-use"


def test_only_overrides_override():
    assert overridden(heard(cloud("SG"), database("a", "US"), host="SG", log="SG"), "VN") is None


@pytest.mark.parametrize(
    ("witnesses", "state", "country", "candidates"),
    [
        (heard(database("a", "US"), host="VN"), "ambiguous", None, ("US", "VN")),
        (heard(geofeed("US"), shipped("JP"), host="VN"), "ambiguous", None, ("JP", "US", "VN")),
        (heard(database("a", "US"), shipped("VN"), host="VN"), "country", "VN", ()),
        (heard(database("a", "US"), host="VN", too_near=["US"]), "country", "VN", ()),
        (heard(database("a", registered="US"), host="VN"), "country", "VN", ()),
        (heard(cloud("VN"), database("a", "US"), host="VN"), "country", "VN", ()),
        (heard(database("a", "VN"), host="SG"), "country", "SG", ()),
        (heard(host="VN"), "country", "VN", ()),
    ],
)
def test_a_name_alone_brings_nothing_home_that_others_put_abroad(
    witnesses, state, country, candidates
):
    made = decision_for(witnesses, "VN")
    assert (made.state, made.country, made.candidates) == (state, country, candidates)
    assert (made.place is Place.UNKNOWN) == (state == "ambiguous")
