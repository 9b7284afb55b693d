"""Flows inherit what the inventory declares of the system at their home end."""

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from auditor.classify import catalogue, classified, flows, inventory
from auditor.model.flow_table import Stage, empty, schema_at, to_arrow, to_pandas
from auditor.model.inventory import Inventory, System

POLICIES = Path(__file__).parents[2] / "policies"
CATALOGUE = catalogue(POLICIES)
EXAMPLE = inventory(POLICIES / "examples" / "inventory.yaml", CATALOGUE)
ABROAD = "198.51.100.7"
ADDED = ("system_id", "categories", "level", "class_basis", "subjects", "subjects_basis")
NOTHING = dict.fromkeys(ADDED)


def flow(src="10.20.9.9", dst=ABROAD, home="src", **more):
    when = datetime(2026, 11, 1, tzinfo=UTC)
    return {
        "input_id": 1,
        "start": when,
        "end": when,
        "protocol": 6,
        "initiator_basis": "syn",
        "seen_by": "packets",
        "time_basis": "packets",
        "clock": "stated",
        "src_ip": src,
        "dst_ip": dst,
        "home_side": home,
        "geo_state": "country",
        "crosses_border": True,
        "outbound_bytes": 0,
        "inbound_bytes": 0,
        **more,
    }


def table(*rows):
    numbered = [{"flow_id": number, **row} for number, row in enumerate(rows, 1)]
    return to_pandas(pa.Table.from_pylist(numbered, schema=schema_at(Stage.GEO)))


def classes(*rows, of=EXAMPLE):
    done = to_arrow(classified(table(*rows), of, CATALOGUE), Stage.CLASSIFY)
    return done.select(list(ADDED)).to_pylist()


def systems(*rows, of=EXAMPLE):
    return [row["system_id"] for row in classes(*rows, of=of)]


def agency(*some):
    return Inventory(agency="X", systems=some)


def system(name, categories=(), **more):
    given = {"networks": ["10.0.0.0/8"], **more}
    return System(id=name, name=name, categories=categories, **given)


def test_a_flow_from_a_system_inherits_what_the_system_declares():
    assert classes(flow("10.20.2.5", outbound_bytes=90_001)) == [
        {
            "system_id": "citizen-portal",
            "categories": ["II.18a", "B1", "B2", "B7", "S-d"],
            "level": "important",
            "class_basis": "declared",
            "subjects": 101,
            "subjects_basis": "estimated",
        }
    ]


def test_a_flow_to_a_system_inherits_as_well_for_data_leaves_by_answers_too():
    (row,) = classes(flow(ABROAD, "203.162.10.3", home="dst", outbound_bytes=2400))
    assert (row["system_id"], row["level"], row["subjects"]) == ("land-registry", "core", 1)


def test_ipv6_systems_are_found():
    assert systems(
        flow("2405:4800:10:2::5", "2001:db8::1"), flow("2405:4800:10:3::5", "2001:db8::1")
    ) == ["citizen-portal", None]


def test_the_smaller_network_inside_a_larger_one_wins():
    of = agency(system("all"), system("one", networks=["10.1.1.1"]))
    assert systems(flow("10.1.1.1"), flow("10.1.1.2"), of=of) == ["one", "all"]


def test_an_unlisted_home_system_is_not_known_not_unclassified():
    assert classes(flow("10.20.9.9", outbound_bytes=5_000_000)) == [NOTHING]


def test_without_an_inventory_nothing_is_known_of_any_flow():
    assert classes(flow("10.20.2.5", outbound_bytes=90_001), flow(), of=None) == [NOTHING] * 2


def test_an_empty_inventory_knows_no_more():
    assert classes(flow("10.20.2.5"), of=agency()) == [NOTHING]


def test_an_empty_list_of_categories_declares_that_there_are_none():
    assert classes(flow("203.162.10.33", outbound_bytes=5_000_000)) == [
        {
            **NOTHING,
            "system_id": "web",
            "categories": [],
            "level": "unclassified",
            "class_basis": "declared",
        }
    ]


def test_a_system_that_says_nothing_of_categories_is_not_known():
    quiet = System(id="quiet", name="quiet", networks=["10.0.0.0/8"], record_bytes=10)
    assert classes(flow("10.1.1.1", outbound_bytes=500), of=agency(quiet)) == [
        {**NOTHING, "system_id": "quiet"}
    ]


@pytest.mark.parametrize(
    ("codes", "level"),
    [
        (["B1", "II.18a", "I.26b"], "core"),
        (["I.t-geospatial", "B1"], "core"),
        (["B1", "II.18b"], "important"),
        (["S-đ"], "personal"),
    ],
)
def test_the_level_is_the_highest_of_the_categories(codes, level):
    (row,) = classes(flow("10.1.1.1"), of=agency(system("one", codes)))
    assert (row["level"], row["categories"]) == (level, codes)


def test_a_code_written_twice_is_one_category():
    (row,) = classes(flow("10.1.1.1"), of=agency(system("one", ["B1", "B7", "B1"])))
    assert row["categories"] == ["B1", "B7"]


def test_between_two_home_ends_the_initiators_system_counts_else_the_responders():
    assert systems(
        flow("10.20.1.1", "10.20.2.1", home="both"),
        flow("10.20.9.9", "10.20.2.1", home="both"),
        flow("10.20.9.9", "10.20.9.8", home="both"),
    ) == ["land-registry", "citizen-portal", None]


@pytest.mark.parametrize("home", ["none", None])
def test_with_no_known_home_end_a_system_is_still_found_by_its_address(home):
    assert systems(
        flow("10.20.3.1", ABROAD, home=home),
        flow(ABROAD, "10.20.3.1", home=home),
        flow(ABROAD, "198.51.100.8", home=home),
    ) == ["hr", "hr", None]


def test_the_end_abroad_never_decides():
    of = agency(system("one", networks=["198.51.100.0/24"]))
    assert systems(
        flow("10.20.9.9", ABROAD, home="src"), flow(ABROAD, "10.1.1.1", "dst"), of=of
    ) == [*(None, None)]


def test_the_servers_name_decides_where_no_network_does():
    arrived = {"src": ABROAD, "dst": "10.20.9.9", "home": "dst", "host": "datdai.mau.gov.vn"}
    assert systems(
        flow(**arrived, host_basis="tls-sni"),
        flow(**arrived, host_basis="dns-query"),
        flow(**arrived, host_basis="ech-outer"),
        flow("10.20.9.9", ABROAD, home="src", host="datdai.mau.gov.vn", host_basis="tls-sni"),
    ) == ["land-registry", None, None, None]


def test_the_name_that_the_other_side_chose_never_overrules_the_address():
    assert systems(
        flow(ABROAD, "10.20.2.1", "dst", host="datdai.mau.gov.vn", host_basis="http-host")
    ) == ["citizen-portal"]


def test_the_longest_host_pattern_wins_and_a_wildcard_needs_a_label():
    of = agency(
        system("exact", networks=[], hosts=["a.b.vn"]),
        system("wide", networks=[], hosts=["*.vn"]),
        system("narrow", networks=[], hosts=["*.B.vn"]),
    )
    rows = [
        flow(ABROAD, "10.1.1.1", "dst", host=host, host_basis="tls-sni")
        for host in ("a.b.vn", "A.B.VN.", "x.y.b.vn", "b.vn", "vn", "b.vn.example", "", None)
    ]
    assert systems(*rows, of=of) == ["exact", "exact", "narrow", "wide", None, None, None, None]


@pytest.mark.parametrize(
    ("sent", "crosses", "subjects"),
    [
        (1, True, 1),
        (900, True, 1),
        (901, True, 2),
        (1_000_000_000, True, 350_000),
        ((1 << 63) - 1, True, 350_000),
        (900, None, 1),
        (900, False, None),
        (0, True, None),
        (None, True, None),
    ],
)
def test_subjects_are_estimated_from_what_may_have_left_the_country(sent, crosses, subjects):
    (row,) = classes(flow("10.20.2.5", outbound_bytes=sent, crosses_border=crosses))
    basis = None if subjects is None else "estimated"
    assert (row["subjects"], row["subjects_basis"]) == (subjects, basis)


def test_subjects_are_estimated_for_a_foreign_server_in_the_country_too():
    handed = {"outbound_bytes": 900, "crosses_border": False, "foreign_recipient": True}
    (row,) = classes(flow("10.20.2.5", **handed))
    assert row["subjects"] == 1


def test_without_a_number_of_subjects_an_estimate_has_no_cap():
    of = agency(system("one", ["B1"], record_bytes=10))
    (row,) = classes(flow("10.1.1.1", outbound_bytes=(1 << 63) - 1), of=of)
    assert row["subjects"] == -(-((1 << 63) - 1) // 10)


def test_without_a_record_size_nothing_is_estimated():
    of = agency(system("one", ["B1"], subjects=1000))
    (row,) = classes(flow("10.1.1.1", outbound_bytes=500), of=of)
    assert (row["subjects"], row["subjects_basis"]) == (None, None)


def test_of_a_system_that_declares_no_data_no_subjects_are_estimated():
    of = agency(system("one", [], record_bytes=10))
    (row,) = classes(flow("10.1.1.1", outbound_bytes=500), of=of)
    assert (row["level"], row["subjects"]) == ("unclassified", None)


@pytest.mark.parametrize(
    ("codes", "subjects"), [(["I.t-geospatial"], None), (["I.t-geospatial", "B1"], 50)]
)
def test_subjects_are_estimated_only_where_a_system_holds_personal_data(codes, subjects):
    of = agency(system("one", codes, record_bytes=10))
    (row,) = classes(flow("10.1.1.1", outbound_bytes=500), of=of)
    assert row["subjects"] == subjects


def test_numbers_larger_than_any_column_holds_do_no_harm():
    of = agency(system("one", ["B1"], record_bytes=10**30, subjects=10**30))
    (row,) = classes(flow("10.1.1.1", outbound_bytes=500), of=of)
    assert row["subjects"] == 1


@pytest.mark.parametrize("of", [EXAMPLE, None, agency()])
def test_an_empty_table_stays_empty_and_has_all_columns(of):
    done = classified(empty(Stage.GEO), of, CATALOGUE)
    assert len(done) == 0
    assert list(done.columns) == schema_at(Stage.CLASSIFY).names


def test_the_flows_that_went_in_are_unchanged_and_in_order():
    before = table(flow("10.20.3.1"), flow("10.20.9.9"), flow("10.20.1.1"))
    kept = before.copy()
    after = classified(before, EXAMPLE, CATALOGUE)
    pd.testing.assert_frame_equal(before, kept)
    pd.testing.assert_frame_equal(after[schema_at(Stage.GEO).names], kept)
    assert after["system_id"].tolist()[0] == "hr"


def test_many_flows_in_several_pieces_are_each_given_their_own_system(monkeypatch):
    rows = [flow(f"10.20.{n % 5}.1", outbound_bytes=1) for n in range(23)]
    whole = classes(*rows)
    monkeypatch.setattr(flows, "_ROWS_AT_ONCE", 4)
    assert classes(*rows) == whole
    expected = [None, "land-registry", "citizen-portal", "hr", None]
    assert [row["system_id"] for row in whole] == [expected[n % 5] for n in range(23)]


def test_columns_in_several_arrow_chunks_are_understood():
    halves = [table(flow("10.20.1.1")), table(flow("10.20.2.1")), table(flow("10.20.1.2"))]
    joined = pa.concat_tables([to_arrow(half, Stage.GEO) for half in halves])
    done = classified(to_pandas(joined), EXAMPLE, CATALOGUE)
    assert done["system_id"].tolist() == ["land-registry", "citizen-portal", "land-registry"]
