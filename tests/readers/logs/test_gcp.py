from __future__ import annotations

import json

import pytest

from auditor.model.countries import NAMES
from auditor.readers.logs.gcp import Gcp
from auditor.readers.records.alpha_3 import ALPHA_2, alpha_2
from auditor.readers.records.unfolding import DocumentReader
from tests.readers.reading import read_files

READER = DocumentReader(Gcp())
ENDS = {
    "src_ip": "10.20.1.15", "src_port": 49152, "dest_ip": "52.95.110.1", "dest_port": 443,
    "protocol": 6,
}  # fmt: skip
BACK = ENDS | {
    "src_ip": "52.95.110.1", "src_port": 443, "dest_ip": "10.20.1.15", "dest_port": 49152,
}  # fmt: skip
SECOND = 1_000_000_000
START = 1_790_823_601


def payload(ends=ENDS, **more):
    return {
        "connection": ends, "reporter": "SRC", "bytes_sent": "14249", "packets_sent": "20",
        "start_time": "2026-10-01T03:00:01.250000001Z", "end_time": "2026-10-01T03:00:04.5Z",
        **more,
    }  # fmt: skip


def entry(ends=ENDS, **more):
    return {"insertId": "1", "jsonPayload": payload(ends, **more), "logName": "x/vpc_flows"}


def text(*records):
    return "".join(
        (record if isinstance(record, str) else json.dumps(record)) + "\n" for record in records
    )


def read(tmp_path, *files):
    paths = []
    for number, content in enumerate(files):
        paths.append(tmp_path / f"flows-{number}.json")
        paths[-1].write_bytes(content if isinstance(content, bytes) else content.encode())
    assert READER.sniff(paths[0].read_bytes()) > 0
    _, tables, problems, _ = read_files(READER, paths)
    told: dict[str, int] = {}
    for problem in problems:
        told[problem.code] = told.get(problem.code, 0) + problem.count
    return [flow for table in tables for flow in table.to_pylist()], told


def only(tmp_path, *records):
    [found], told = read(tmp_path, text(*records))
    return found, told


def test_two_records_make_a_flow(tmp_path):
    found, told = only(
        tmp_path,
        entry(dest_location={"country": "sgp"}, rtt_msec="35"),
        entry(BACK, reporter="DEST", bytes_sent="5120", packets_sent="18"),
    )
    wanted = {
        "protocol": 6, "src_ip": "10.20.1.15", "src_port": 49152, "dst_ip": "52.95.110.1",
        "dst_port": 443, "src_packets": 20, "dst_packets": 18, "src_payload": 14249,
        "dst_payload": 5120, "src_bytes": None, "dst_bytes": None, "rtt_us": 35_000,
        "src_log_country": None, "dst_log_country": "SG", "time_basis": "recorded",
        "clock": "stated", "sampling": 0, "seen_by": "gcp-vpc", "blocked": None, "host": None,
    }  # fmt: skip
    assert {name: found[name] for name in wanted} == wanted
    assert found["start"].value == START * SECOND + 250_000_001
    assert told == {"estimated": 2}


@pytest.mark.parametrize(
    "made",
    [
        lambda one, two: text(one, two),
        lambda one, two: text(one["jsonPayload"], two["jsonPayload"]),
        lambda one, two: json.dumps([one, two]),
        lambda one, two: json.dumps([one, two], indent=2) + "\n",
        lambda one, two: json.dumps(one, indent=2) + "\n" + json.dumps(two, indent=2),
        lambda one, two: "\ufeff" + json.dumps([one["jsonPayload"], two["jsonPayload"]]),
    ],
)
def test_every_way_of_exporting_is_read(tmp_path, made):
    [found], told = read(tmp_path, made(entry(), entry(BACK)))
    assert (found["src_payload"], found["dst_payload"]) == (14249, 14249)
    assert told == {"estimated": 2}


@pytest.mark.parametrize("wrapped", [True, False])
def test_numbers_come_as_texts_or_as_numbers(tmp_path, wrapped):
    numbers = {"bytes_sent": 14249, "packets_sent": 20.0, "rtt_msec": 7}
    ends = ENDS | {"src_port": "49152", "dest_port": 443.0, "protocol": "6"}
    record = payload(ends, **numbers)
    found, told = only(tmp_path, {"jsonPayload": record} if wrapped else record)
    assert (found["src_payload"], found["src_packets"], found["rtt_us"]) == (14249, 20, 7000)
    assert (found["src_port"], found["dst_port"], found["protocol"]) == (49152, 443, 6)
    assert told == {"estimated": 1, "one-way": 1}


def test_a_file_may_mix_texts_and_numbers(tmp_path):
    flows, _ = read(
        tmp_path, text(entry(), entry(BACK, bytes_sent=5120), {"jsonPayload": {"connection": []}})
    )
    assert [(found["src_payload"], found["dst_payload"]) for found in flows] == [(14249, 5120)]


def test_what_both_ends_report_counts_once_as_the_larger_has_it(tmp_path):
    inside = ENDS | {"dest_ip": "10.20.3.7"}
    found, told = only(tmp_path, entry(inside), entry(inside, reporter="DEST", bytes_sent="15000"))
    assert found["src_payload"] == 15000
    assert told == {"estimated": 2, "several-observers": 1, "one-way": 1}


def test_records_of_following_intervals_are_summed(tmp_path):
    later = {"start_time": "2026-10-01T03:00:06Z", "end_time": "2026-10-01T03:00:07Z"}
    found, _ = only(tmp_path, entry(), entry(**later))
    assert (found["src_payload"], found["src_packets"]) == (28498, 40)
    assert (found["end"] - found["start"]).total_seconds() == pytest.approx(5.75)


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ({"round_trip_time": {"median_msec": 34.75}, "rtt_msec": "35"}, 34750),
        ({"round_trip_time": {"median_msec": 0}, "rtt_msec": "35"}, 35000),
        ({"rtt_msec": "0"}, None),
        ({"round_trip_time": {"median_msec": 1e300}}, None),
        ({"round_trip_time": {}}, None),
        ({}, None),
    ],
)
def test_the_round_trip_is_the_exact_one_where_there_is_one(tmp_path, more, wanted):
    assert only(tmp_path, entry(**more))[0]["rtt_us"] == wanted


def test_dropped_traffic_is_refused(tmp_path):
    found, told = only(tmp_path, entry(disposition="DROPPED"))
    assert found["blocked"] is True
    assert told["refused"] == 1
    assert only(tmp_path, entry(disposition="ALLOWED"))[0]["blocked"] is False


def test_a_service_of_google_names_the_server(tmp_path):
    for side, ends in (("dest", ENDS), ("src", BACK)):
        service = {f"{side}_google_service": {"service_name": "Storage.googleapis.com"}}
        found, _ = only(tmp_path, entry(ends, **service))
        assert (found["host"], found["host_basis"]) == ("storage.googleapis.com", "log")
        assert found["dst_ip"] == "52.95.110.1"


def test_countries_are_told_by_two_letters(tmp_path):
    found, told = only(
        tmp_path, entry(dest_location={"country": "zzz"}, src_location={"country": "VNM"})
    )
    assert (found["src_log_country"], found["dst_log_country"]) == ("VN", None)
    assert told["unknown-country"] == 1
    assert only(tmp_path, entry(dest_location={"country": ""}))[1].get("unknown-country") is None


def test_the_table_of_countries_is_complete():
    assert len(set(ALPHA_2.values())) == 250
    assert set(ALPHA_2.values()) == set(NAMES) - {"EU", "AP"}
    assert all(len(code) == 3 and code.isupper() for code in ALPHA_2)
    assert (alpha_2("vnm"), alpha_2("VN"), alpha_2(" usa "), alpha_2("XXX"), alpha_2("")) == (
        "VN", "VN", "US", None, None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("record", "kind"),
    [
        ('{"jsonPayload": {"connection"', "not-json"),
        ("7", "not-json"),
        ({"textPayload": "x"}, "not-vpc-flow"),
        ({"jsonPayload": {"message": "x"}}, "not-vpc-flow"),
        (entry(ENDS | {"src_ip": "x"}), "bad-address"),
        (entry(ENDS | {"src_ip": 7}), "bad-address"),
        (entry(start_time="yesterday"), "bad-time"),
        (entry(start_time=None), "bad-time"),
    ],
)
def test_what_cannot_be_read_is_counted_and_the_rest_is_read(tmp_path, record, kind):
    found, told = only(tmp_path, entry(), record)
    assert found["src_payload"] == 14249
    assert told[kind] == 1


@pytest.mark.parametrize("size", ["-1", "1.5", "many", str(1 << 62), "1" * 40, "NaN", ""])
def test_sizes_that_cannot_be_are_null(tmp_path, size):
    found, told = only(tmp_path, entry(bytes_sent=size))
    assert (found["src_payload"], found["src_packets"]) == (None, 20)
    assert told["bad-number"] == 1


@pytest.mark.parametrize("size", [-1, 1.5, 1e300, 2**70])
def test_so_are_sizes_written_as_numbers(tmp_path, size):
    found, told = only(tmp_path, entry(bytes_sent=size))
    assert (found["src_payload"], found["src_packets"]) == (None, 20)
    assert told["bad-number"] == 1


def test_a_cut_document_is_read_up_to_the_cut(tmp_path):
    document = json.dumps([entry(), entry(BACK)], indent=1)
    [found], told = read(tmp_path, document[:-60])
    assert found["src_payload"] == 14249
    assert told == {"estimated": 1, "not-json": 1, "one-way": 1}


def test_sniffing_goes_by_content():
    assert READER.sniff(text(entry()).encode()) == 1.0
    assert READER.sniff(json.dumps([entry()], indent=2).encode()) == 1.0
    assert READER.sniff(b'{"src_ip": 1, "dest_ip": 2, "event_type": "flow"}') == 0.0
