from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from auditor.geo.databases import open_databases
from auditor.geo.geodata import GeoData
from auditor.geo.location import located
from auditor.geo.replay import COLUMNS, missing_of, moved_findings, prepared, replayed
from auditor.model.flow_table import Stage, schema_at, to_arrow

HOME, US, SG, NOWHERE = "203.162.4.191", "8.8.8.8", "118.189.1.1", "1.2.3.4"


@dataclass
class Evidence:
    flow_ids: tuple[int, ...]
    flow_ids_cut: int = 0


@dataclass
class Finding:
    """As much of a finding as counts here."""

    id: str
    evidence: Evidence
    rule: str = "personal-data-abroad"
    recipient: str = "Google LLC"
    countries: tuple[str, ...] = ("US",)


@pytest.fixture
def before(world, problems):
    return GeoData(open_databases(world, problems.append))


@pytest.fixture
def after(before, write_mmdb, folder, problems):
    """The same, after somebody put a database of their own into the folder."""
    write_mmdb(
        "mine.mmdb",
        {"8.8.8.0/24": {"country_code": "VN"}, "1.2.3.0/24": {"country_code": "JP"}},
    )
    return GeoData(open_databases(folder, problems.append))


@pytest.fixture
def table(before, flows_of):
    """The flow table of a run with these flows."""

    def built(*rows):
        given = [{"src_payload": 100, "dst_payload": 7, "src_ip": HOME, **row} for row in rows]
        return to_arrow(located(flows_of(*given), before, "VN", ()), Stage.GEO)

    return built


def test_the_same_data_changes_nothing(table, before):
    flows = table({"dst_ip": US}, {"dst_ip": SG}, {"dst_ip": NOWHERE}, {"dst_ip": HOME})
    found = replayed([flows], before, "VN", ())
    assert (found.flows, found.changed_flows, found.changes) == (4, 0, ())


def test_what_changes_is_told_by_destination_with_before_and_after(table, after):
    flows = table(
        {"dst_ip": US, "host": "dns.google", "host_basis": "tls-sni"},
        {"dst_ip": US, "host": "dns.google", "host_basis": "tls-sni"},
        {"dst_ip": US},
        {"dst_ip": SG},
        {"dst_ip": NOWHERE},
    )
    found = replayed([flows.slice(0, 2), flows.slice(2)], after, "VN", ())
    told = [(one.address, one.host, one.flows) for one in found.changes]
    assert told == [(US, "dns.google", 2), (NOWHERE, None, 1), (US, None, 1)]
    assert (found.flows, found.changed_flows) == (5, 4)
    first, last, _ = found.changes
    assert (first.before.state, first.before.country) == ("country", "US")
    assert (first.before.crosses_border, first.before.outbound_bytes) == (True, 200)
    assert (first.after.state, first.after.crosses_border) == ("not-applicable", False)
    assert first.after.outbound_bytes == 0  # both ends are at home now
    assert (last.before.state, last.before.country) == ("unknown", None)
    assert last.before.crosses_border is None
    assert (last.after.country, last.after.crosses_border) == ("JP", True)
    assert last.after.basis is not None
    assert last.after.basis.startswith("mine.mmdb")


def test_candidates_are_told_one_by_one(table, before, write_mmdb, folder, problems):
    write_mmdb("a.mmdb", {"8.8.8.0/24": {"country_code": "DE"}})
    write_mmdb("b.mmdb", {"8.8.8.0/24": {"country_code": "SG"}})
    geodata = GeoData(open_databases(folder, problems.append))
    (change,) = replayed([table({"dst_ip": US})], geodata, "VN", ()).changes
    assert (change.after.state, change.after.candidates) == ("ambiguous", ("DE", "SG"))
    assert change.before.candidates == ()


def test_rows_that_only_confirm_others_are_left_out(table, after):
    flows = table({"dst_ip": US}, {"dst_ip": US, "witness_of": 1})
    assert replayed([flows], after, "VN", ()).flows == 1


def test_findings_whose_flows_move_are_named(table, after):
    flows = table({"dst_ip": US}, {"dst_ip": SG}, {"dst_ip": NOWHERE})
    found = replayed([flows], after, "VN", ())
    moved = moved_findings(
        [
            Finding("moved", Evidence((1, 2), 5)),
            Finding("stays", Evidence((2,))),
            Finding("placed", Evidence((3, 4_000_000)), countries=()),
            Finding("empty", Evidence(())),
        ],
        found,
    )
    told = [(one.id, one.flows, one.listed, one.unlisted, one.staying) for one in moved]
    assert told == [("moved", 1, 2, 5, 1), ("placed", 1, 2, 0, 0)]
    assert moved[1].countries_now == ("JP",)


def test_a_run_without_flows_has_no_changes(before):
    found = replayed([schema_at(Stage.GEO).empty_table()], before, "VN", ())
    assert (found.flows, found.changes) == (0, ())
    assert moved_findings([Finding("one", Evidence((1,)))], replayed([], before, "VN", ())) == []


def test_more_bytes_than_any_number_holds_are_summed(table, after):
    most = (1 << 63) - 1
    flows = table(*({"dst_ip": US, "src_payload": most} for _ in range(3)))
    (change,) = replayed([flows], after, "VN", ()).changes
    assert change.before.outbound_bytes == 3 * most


def test_a_table_of_an_older_version_is_decided_again_too(table, after):
    old = table({"dst_ip": US}).drop_columns(["operator", "foreign_recipient", "geo_candidates"])
    assert missing_of(old.schema) == []
    found = replayed([prepared(old)], after, "VN", ())
    assert [one.address for one in found.changes] == [US]


def test_what_is_no_flow_table_is_told(table):
    flows = table({"dst_ip": US})
    wrong = flows.set_column(flows.schema.get_field_index("dst_ip"), "dst_ip", pa.array([1]))
    assert missing_of(wrong.schema) == ["dst_ip is int64, not string"]
    assert missing_of(flows.drop_columns(["src_ip"]).schema) == ["has no column src_ip"]
    assert len(missing_of(pa.schema([("a", pa.int8())]))) > 10


def test_dictionaries_are_texts(table):
    flows = table({"dst_ip": US})
    at = flows.schema.get_field_index("dst_ip")
    coded = flows.set_column(at, "dst_ip", pc.dictionary_encode(flows["dst_ip"]))
    assert missing_of(coded.schema) == []
    assert prepared(coded)["dst_ip"].to_pylist() == [US]


def test_empty_values_where_none_may_be_are_told(table):
    flows = table({"dst_ip": US})
    at = flows.schema.get_field_index("dst_ip")
    broken = flows.set_column(at, "dst_ip", pa.nulls(1, pa.string()))
    with pytest.raises(ValueError, match="dst_ip has 1 empty values"):
        prepared(broken)


def test_every_column_that_is_needed_is_in_the_contract():
    assert set(COLUMNS) <= set(schema_at(Stage.GEO).names)
