from __future__ import annotations

import ipaddress

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.readers.reading import ROWS
from auditor.readers.records.batch import COLUMNS, Batch, Where
from auditor.readers.records.checked import LATEST, MOST_COUNT, addressed, checked, completed
from auditor.readers.records.tally import Tally
from tests.readers.records.telling import told

PLAIN = {"start": 1, "src_ip": "10.0.0.1", "dst_ip": "10.0.0.2", "protocol": 6}


def check(*records: dict, text: bytes = b"", names=()):
    tally = Tally()
    records = [{**PLAIN, **record} for record in records]
    names = [
        *PLAIN,
        *(name for name in COLUMNS if name in {*names, *(n for r in records for n in r)}),
    ]
    columns = {
        name: pa.array([record.get(name) for record in records], COLUMNS[name]) for name in names
    }
    given_columns = dict(columns)
    table = checked(Batch(columns, Where(text)), tally)
    assert columns == given_columns  # what a format gave is left as it was
    return table.to_pylist(), told(tally)


def one(**record):
    [row], problems = check(record)
    return row, problems


@pytest.mark.parametrize("start", [None, -1, LATEST, 2**63 - 1, -(2**63)])
def test_a_record_without_a_time_is_left_out(start):
    rows, problems = check({}, {"start": start}, text=b"abc\nde\n")
    assert len(rows) == 1
    assert problems["bad-time"].count == 1
    assert problems["bad-time"].lost_bytes == 3
    assert "at line 2" in problems["bad-time"].message


@pytest.mark.parametrize(
    "address", [None, "", "x", "1.2.3", "1.2.3.4/8", "::g", "12345::", "a" * 99, "\0", "::1\0"]
)
@pytest.mark.parametrize("side", ["src_ip", "dst_ip"])
def test_a_record_without_two_addresses_is_left_out(address, side):
    rows, problems = check({side: address}, {})
    assert len(rows) == 1
    assert problems["bad-address"].count == 1
    assert problems["bad-address"].lost_bytes is None  # of what has no lines


def test_a_record_that_is_wrong_twice_is_counted_once_and_no_record_need_remain():
    rows, problems = check({"start": None, "src_ip": None})
    assert rows == []
    assert set(problems) == {"bad-time"}


def test_records_keep_their_columns_when_others_between_them_are_left_out():
    rows, problems = check(
        {"src_bytes": 1}, {"start": None, "src_bytes": 2}, {"dst_ip": "x", "src_bytes": 3},
        {"src_ip": "::1", "src_bytes": 4},
        text=b"1\n2\n3\n4\n",
    )  # fmt: skip
    assert [(row["src_ip"], row["src_bytes"]) for row in rows] == [("10.0.0.1", 1), ("::1", 4)]
    assert rows[0]["src_key"] != rows[1]["src_key"]
    assert "at line 3" in problems["bad-address"].message


@pytest.mark.parametrize(
    ("text", "canonical"),
    [("2001:DB8::1", "2001:db8::1"), ("[::1]", "::1"), ("::ffff:1.2.3.4", "::ffff:1.2.3.4"),
     ("::FFFF:102:304", "::ffff:1.2.3.4"), ("fe80::1%eth0", "fe80::1"),
     ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("::1.2.3.4", "::102:304"), ("::", "::")],
)  # fmt: skip
def test_addresses_stand_in_their_canonical_text(text, canonical):
    assert one(src_ip=text)[0]["src_ip"] == canonical


@given(st.lists(st.one_of(st.none(), st.ip_addresses(), st.just("x")), min_size=1), st.booleans())
def test_the_standard_library_agrees_on_addresses(values, dictionary):
    given_texts = [str(value).upper() if isinstance(value, ipaddress.IPv6Address) else
                   None if value is None else str(value) for value in values]  # fmt: skip
    column = pa.array(given_texts, pa.string())
    texts, keys = addressed(column.dictionary_encode() if dictionary else column)
    known = {}
    for value, text, key in zip(values, texts.to_pylist(), keys.tolist(), strict=True):
        if value is None or value == "x":
            assert key < 0
            continue
        assert ipaddress.ip_address(text) == value
        assert text == str(value) or getattr(value, "ipv4_mapped", None)
        assert known.setdefault(key, value) == value


def test_an_address_has_one_key_however_it_is_written():
    rows, _ = check(
        {"src_ip": "2001:DB8::1"}, {"src_ip": "2001:db8:0::1"}, {"src_ip": "2001:db8::2"}
    )
    keys = [row["src_key"] for row in rows]
    assert keys[0] == keys[1] != keys[2]


@pytest.mark.parametrize("end", [None, 0, LATEST, -5])
def test_an_end_that_cannot_be_is_the_start(end):
    row, problems = one(start=5, end=end)
    assert row["end"] == row["start"]
    assert ("bad-number" in problems) == (end is not None)


@pytest.mark.parametrize("protocol", [None, -1, 256, 2**40])
def test_an_unknown_protocol_is_255(protocol):
    row, problems = one(protocol=protocol, src_port=7, dst_port=80)
    assert (row["protocol"], row["src_port"]) == (255, 7)
    assert problems["unknown-protocol"].count == 1


@pytest.mark.parametrize(
    ("protocol", "port"), [(1, None), (58, None), (47, None), (6, 80), (17, 80), (132, 80)]
)
def test_ports_are_those_of_protocols_that_have_them(protocol, port):
    assert one(protocol=protocol, dst_port=80)[0]["dst_port"] == port


@pytest.mark.parametrize("port", [-1, 65536, 2**62])
def test_a_port_that_cannot_be_is_null(port):
    row, problems = one(src_port=port)
    assert row["src_port"] is None
    assert "(src_port)" in problems["bad-number"].message


@pytest.mark.parametrize("count", [-1, MOST_COUNT + 1, 2**63 - 1])
def test_a_counter_that_cannot_be_is_null(count):
    rows, problems = check({"src_bytes": count}, {"src_bytes": 7})
    assert [row["src_bytes"] for row in rows] == [None, 7]
    assert problems["bad-number"].count == 1


def test_sampled_counters_are_multiplied_and_told():
    rows, problems = check(
        {"src_bytes": 3, "sampling": 100}, {"src_bytes": None, "sampling": 100},
        {"src_bytes": 3, "sampling": 1}, {"src_bytes": 3},
        {"src_bytes": MOST_COUNT, "sampling": 1 << 32},
        {"src_bytes": 3, "sampling": 0},
    )  # fmt: skip
    assert [row["src_bytes"] for row in rows] == [300, None, 3, 3, MOST_COUNT, 3]
    assert problems["sampled"].count == 3
    assert "1 in 100, 1 in 4,294,967,296" in problems["sampled"].message
    assert problems["sampling-unknown"].count == 2
    assert problems["bad-number"].count == 1


def test_flags_are_those_of_tcp_and_of_its_first_eight_bits():
    rows, _ = check({"src_tcp_flags": 0x102}, {"src_tcp_flags": 2, "protocol": 17}, {})
    assert [row["src_tcp_flags"] for row in rows] == [2, None, None]


def test_empty_texts_are_null_in_dictionaries_too():
    tally = Tally()
    columns = {name: pa.array([value] * 3) for name, value in PLAIN.items()}
    columns["app"] = pa.array(["", "ssh", None])
    columns["host"] = pa.array(["", "a.vn", None]).dictionary_encode()
    table = checked(Batch(columns, Where()), tally)
    assert table["app"].to_pylist() == [None, "ssh", None]
    assert table["host"].to_pylist() == [None, "a.vn", None]
    assert table["host"].type == pa.string()


def test_names_of_observers_become_numbers_the_same_in_every_block():
    def observers(column):
        columns = {name: pa.array([value] * len(column)) for name, value in PLAIN.items()}
        return checked(Batch({**columns, "observer": column}, Where()), Tally())[
            "observer"
        ].to_pylist()

    plain = observers(pa.array(["a", None, "b"]))
    assert plain[1] is None
    assert plain[0] != plain[2]
    assert observers(pa.array(["b", "a", None]).dictionary_encode()) == [plain[2], plain[0], None]


def test_what_a_reader_of_the_report_must_know_is_counted():
    _, problems = check(
        {"blocked": True, "window_s": 60, "time_basis": "log-time"},
        {"blocked": False, "window_s": 600, "nat_src_ip": "1.2.3.4", "time_basis": "window"},
        {"nat_dst_ip": "1.2.3.4", "time_basis": "start-only"},
        {"time_basis": "end-only"},
    )
    assert {code: problem.count for code, problem in problems.items()} == {
        "refused": 1, "window": 2, "translated": 2, "one-moment": 3,
    }  # fmt: skip
    assert "60 s, 600 s" in problems["window"].message


def test_completed_rows_have_all_columns_and_say_what_is_usual():
    table = pa.table({"clock": ["assumed", None], "file": pa.array([0, 0], pa.int32())})
    whole = completed(
        table.append_column("start", pa.array([1, 2], ROWS.field("start").type)), "nobody"
    )
    assert whole.schema.names == [*ROWS.names, "file"]
    assert whole["clock"].to_pylist() == ["assumed", "stated"]
    assert whole["time_basis"].to_pylist() == ["recorded"] * 2
    assert whole["seen_by"].to_pylist() == ["nobody"] * 2
    assert whole["host"].null_count == 2


def test_no_records_give_no_rows():
    assert check() == ([], {})


def test_an_address_beneath_a_null_is_none():
    texts = pa.array(["10.0.0.1", "10.0.0.2", "::1"])
    hidden = pc.if_else(pa.array([True, False, True]), texts, None)
    found, keys = addressed(hidden)
    assert found.to_pylist() == ["10.0.0.1", None, "::1"]
    assert keys[1] == -1
    assert (keys[[0, 2]] >= 0).all()


def test_estimates_of_an_exporters_own_are_marked_as_such():
    columns = {
        "start": pa.array([1, 2]),
        "src_ip": pa.array(["10.0.0.1"] * 2),
        "dst_ip": pa.array(["10.0.0.2"] * 2),
        "protocol": pa.array([6, 6]),
        "src_bytes": pa.array([100, 200]),
        "estimated": pa.array([True, False]),
    }
    found = checked(Batch(columns, Where()), Tally())
    assert found["sampling"].to_pylist() == [0, None]
    assert found["src_bytes"].to_pylist() == [100, 200]
