from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.readers.logs.azure import Azure, AzureReader
from auditor.readers.records import summing
from tests.readers.reading import read_files

READER = AzureReader(Azure())
START = 1_790_823_600
ENDS = "10.20.1.15,52.95.110.1,49152,443"
MAC = "00224871C205"


def vnet(*tuples, mac=MAC):
    flows = [{"aclID": "x", "flowGroups": [{"rule": "r", "flowTuples": list(tuples)}]}]
    return {
        "time": "x",
        "macAddress": mac,
        "category": "FlowLogFlowEvent",
        "flowRecords": {"flows": flows},
    }


def nsg(*tuples, version=2, mac=MAC):
    flows = [{"rule": "r", "flows": [{"mac": mac, "flowTuples": list(tuples)}]}]
    return {
        "time": "x",
        "category": "NetworkSecurityGroupFlowEvent",
        "properties": {"Version": version, "flows": flows},
    }


def moment(second, *, milli=True):
    return str((START + second) * 1000) if milli else str(START + second)


def part(second, state, counters="0,0,0,0", ends=ENDS, milli=True):
    return f"{moment(second, milli=milli)},{ends},6,O,{state},NX,{counters}"


def document(*records, **options):
    return json.dumps({"records": list(records)}, **options)


def lines(*records):
    return "".join(json.dumps(record) + "\n" for record in records)


def read(tmp_path, *files):
    paths = []
    for number, content in enumerate(files):
        paths.append(tmp_path / f"PT1H-{number}.json")
        paths[-1].write_bytes(content if isinstance(content, bytes) else content.encode())
    _, tables, problems, _ = read_files(READER, paths)
    told: dict[str, int] = {}
    for problem in problems:
        told[problem.code] = told.get(problem.code, 0) + problem.count
    return [flow for table in tables for flow in table.to_pylist()], told


def only(tmp_path, *files):
    [found], told = read(tmp_path, *files)
    return found, told


@pytest.mark.parametrize("milli", [True, False])
@pytest.mark.parametrize(
    "made",
    [
        document,
        lines,
        lambda *records: document(*records, indent=2),
        lambda *records: document(*records) + "\n",
        lambda *records: json.dumps(records),
        lambda *records: document(records[0]) + document(*records[1:]),
    ],
)
def test_what_is_told_bit_by_bit_is_one_flow(tmp_path, made, milli):
    records = [
        vnet(part(1, "B", milli=milli), part(301, "C", "1021,588096,8005,4610880", milli=milli)),
        vnet(part(360, "E", "52,29952,47,27072", milli=milli)),
    ]
    found, told = only(tmp_path, made(*records))
    wanted = {
        "protocol": 6, "src_ip": "10.20.1.15", "src_port": 49152, "dst_ip": "52.95.110.1",
        "dst_port": 443, "src_packets": 1073, "dst_packets": 8052, "src_bytes": 618048,
        "dst_bytes": 4637952, "src_payload": None, "time_basis": "recorded", "clock": "stated",
        "initiator_basis": "recorded", "blocked": False, "seen_by": "azure-flow",
    }  # fmt: skip
    assert {name: found[name] for name in wanted} == wanted
    assert found["start"].value == (START + 1) * 10**9
    assert found["end"].value == (START + 360) * 10**9
    assert told == {}


@pytest.mark.parametrize(
    ("parts", "basis", "packets", "moment_only"),
    [
        ([part(1, "B")], "start-only", None, 1),
        ([part(1, "B", ",,,")], "start-only", None, 1),
        ([part(9, "E", "3,300,2,200")], "end-only", 3, 1),
        ([part(9, "C", "3,300,2,200")], "end-only", 3, 1),
        ([part(9, "C", "3,300,2,200"), part(10, "E", "1,1,1,1")], "window", 4, 0),
        ([part(1, "B"), part(1, "E", "3,300,2,200")], "recorded", 3, 0),
        ([part(1, "B"), part(9, "E", ",,,")], "recorded", None, 0),
    ],
)
def test_the_times_say_what_they_are(tmp_path, parts, basis, packets, moment_only):
    found, told = only(tmp_path, document(vnet(*parts)))
    assert (found["time_basis"], found["src_packets"]) == (basis, packets)
    assert told.get("one-moment", 0) == moment_only


def test_the_same_ends_again_are_another_flow(tmp_path):
    flows, _ = read(
        tmp_path,
        document(
            vnet(
                part(1, "B"),
                part(2, "E", "1,100,1,90"),
                part(3, "B"),
                part(4, "E", "2,200,2,180"),
                part(4, "B"),
                part(5, "B"),
            )
        ),
    )
    assert [found["src_bytes"] for found in flows] == [100, 200, None, None]


def test_what_follows_an_end_is_another_flow(tmp_path):
    ends = [part(second, "E", f"{second},100,1,90") for second in (1, 2)]
    flows, _ = read(tmp_path, document(vnet(*ends)))
    assert [(found["src_packets"], found["time_basis"]) for found in flows] == [
        (1, "end-only"), (2, "end-only"),
    ]  # fmt: skip


def test_a_denied_tuple_is_refused_and_moves_nothing(tmp_path):
    found, told = only(tmp_path, document(vnet(part(1, "D"))))
    assert (found["blocked"], found["src_bytes"], found["time_basis"]) == (True, None, "start-only")
    assert told == {"refused": 1, "one-moment": 1}


def test_security_groups_of_version_2(tmp_path):
    begins, ends = f"{START},{ENDS},T,O,A,B,,,,", f"{START + 60},{ENDS},T,O,A,E,9,4000,8,7000"
    denied = f"{START},192.0.2.95,10.20.1.15,51529,53,U,I,D,B,,,,"
    flows, told = read(tmp_path, document(nsg(begins, ends, denied)))
    by_end = {found["src_ip"]: found for found in flows}
    allowed, refused = by_end["10.20.1.15"], by_end["192.0.2.95"]
    assert (allowed["src_bytes"], allowed["dst_packets"], allowed["blocked"]) == (4000, 8, False)
    assert (refused["src_bytes"], refused["blocked"], refused["protocol"]) == (None, True, 17)
    assert told == {"refused": 1, "one-moment": 1}


def test_security_groups_of_version_1_count_nothing(tmp_path):
    found, told = only(tmp_path, document(nsg(f"{START},{ENDS},T,O,A", version=1)))
    assert (found["src_bytes"], found["time_basis"], found["blocked"]) == (
        None,
        "start-only",
        False,
    )
    assert told == {"no-statistics": 1, "one-moment": 1}


def test_both_kinds_of_log_of_one_traffic_count_once(tmp_path):
    network = vnet(part(1, "B"), part(9, "E", "3,767,2,1580"))
    group = nsg(f"{START + 1},{ENDS},T,O,A,B,,,,", f"{START + 9},{ENDS},T,O,A,E,3,700,2,1500")
    for files in ([document(network, group)], [document(network), document(group)]):
        found, told = only(tmp_path, *files)
        assert (found["src_bytes"], found["dst_bytes"]) == (767, 1580)
        assert told["several-observers"] == 1


def test_both_ends_of_one_traffic_count_once(tmp_path):
    told_by = [vnet(part(1, "B"), part(9, "E", "3,767,2,1580"), mac=mac) for mac in ("A", "B")]
    assert only(tmp_path, document(*told_by))[0]["src_bytes"] == 767


def test_a_file_given_twice_counts_once(tmp_path):
    text = document(vnet(part(1, "B"), part(9, "E", "3,767,2,1580")))
    found, told = only(tmp_path, text, text)
    assert found["src_bytes"] == 767
    assert told["duplicate-records"] == 2


def test_encryption_by_azure_is_told(tmp_path):
    found, told = only(tmp_path, document(vnet(part(1, "E", "1,2,3,4").replace(",NX,", ",X,"))))
    assert found["encrypted"] is None
    assert told["vnet-encrypted"] == 1


GOOD = part(1, "E", "3,767,2,1580")


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [
        ("", "bad-line"),
        ("1,2,3", "bad-line"),
        (GOOD + ",9", "bad-line"),
        ("1\n2,3", "bad-line"),
        ("\n" + GOOD.replace(ENDS, "x,y,1,2"), "bad-time"),
        (GOOD.replace("10.20.1.15", "here"), "bad-address"),
        (GOOD.replace("10.20.1.15", 'he"re'), "bad-address"),
        (GOOD.replace(moment(1), "soon"), "bad-time"),
        (GOOD.replace(moment(1), "-5"), "bad-time"),
        (GOOD.replace(moment(1), "9" * 17), "bad-time"),
        (GOOD.replace(moment(1), "9" * 40), "bad-time"),
        (GOOD.replace(moment(1), ""), "bad-time"),
        (None, "bad-line"),
    ],
)
def test_a_tuple_that_is_none_costs_only_itself(tmp_path, wrong, kind):
    found, told = only(tmp_path, document(vnet(GOOD, wrong), vnet(part(0, "B"))))
    assert found["src_bytes"] == 767
    assert told[kind] == 1


@pytest.mark.parametrize("size", ["-1", "many", "1.5", str(1 << 62), "9" * 30, "NaN"])
def test_sizes_that_cannot_be_are_null(tmp_path, size):
    found, told = only(tmp_path, document(vnet(GOOD.replace("767", size))))
    assert (found["src_bytes"], found["dst_bytes"]) == (None, 1580)
    assert told["bad-number"] == 1


@pytest.mark.parametrize(
    "record",
    [
        {"time": "x"},
        {"flowRecords": 7},
        {"flowRecords": {"flows": "x"}},
        {"flowRecords": {"flows": [{"flowGroups": None}]}},
        {"properties": {"flows": []}},
    ],
)
def test_records_without_tuples_are_told(tmp_path, record):
    found, told = only(tmp_path, document(vnet(GOOD), record))
    assert found["src_bytes"] == 767
    assert told["not-flow-record"] == 1


def test_a_document_cut_off_is_read_up_to_the_cut(tmp_path):
    text = document(vnet(GOOD), vnet(part(5, "B", ends="10.20.1.15,8.8.8.8,1,53")))
    found, told = only(tmp_path, text[:-40])
    assert found["src_bytes"] == 767
    assert told == {"not-json": 1, "one-moment": 1}


def test_a_record_of_many_megabytes_is_read(tmp_path):
    many = [
        part(1, "E", "3,767,2,1580", ends=f"10.20.1.15,52.95.{n >> 8}.{n & 255},{n + 1},443")
        for n in range(30_000)
    ]
    flows, _ = read(tmp_path, document(vnet(*many)))
    assert len(flows) == 30_000


def test_flows_wait_for_the_rest_over_parts(tmp_path, monkeypatch):
    monkeypatch.setattr(summing, "PART", 100)
    monkeypatch.setattr("auditor.readers.records.gathering.PART", 3)
    monkeypatch.setattr("auditor.readers.records.lines.BLOCK", 1)
    records = [vnet(part(1, "B")), vnet(part(2, "C", "1,10,1,10"))]
    records += [
        vnet(part(n, "E", "1,5,1,5", ends=f"10.20.1.15,8.8.8.8,{n},53")) for n in range(3, 9)
    ]
    records += [vnet(part(20, "E", "2,20,2,20"))]
    flows, _ = read(tmp_path, lines(*records))
    assert sorted(found["src_bytes"] for found in flows) == [5] * 6 + [30]


@settings(max_examples=40, deadline=None)
@given(order=st.permutations(range(6)), cut=st.integers(0, 6))
def test_the_order_of_tuples_does_not_matter(tmp_path_factory, order, cut):
    parts = [
        part(1, "B"),
        part(2, "C", "1,10,1,10"),
        part(3, "E", "2,20,2,20"),
        part(4, "B"),
        part(5, "C", "3,30,3,30"),
        part(6, "E", "4,40,4,40"),
    ]
    mixed = [parts[at] for at in order]
    flows, _ = read(
        tmp_path_factory.mktemp("azure"), document(vnet(*mixed[:cut]), vnet(*mixed[cut:]))
    )
    assert [found["src_bytes"] for found in flows] == [30, 70]


def test_sniffing_goes_by_content():
    assert READER.sniff(document(vnet(GOOD)).encode()) == 1.0
    assert READER.sniff(document(nsg(GOOD), indent=2).encode()) == 1.0
    assert READER.sniff(lines(vnet(GOOD)).encode()) == 1.0
    assert READER.sniff(b'{"records": [{"category": "Administrative"}]}') == 0.0
