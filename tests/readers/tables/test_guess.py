"""What the columns of an unknown table mean: guessed, shown, or asked for."""

from __future__ import annotations

import pytest

from auditor.model.documents import parse
from auditor.readers.formats import Choice, readers_for
from auditor.readers.tables.guess import guessed, words_of, written
from auditor.readers.tables.mapped import MappedReader
from auditor.readers.tables.mapping import Mapping
from auditor.readers.tables.table import table_in

MAPPED = next(reader for reader in readers_for(()) if reader.name == "table")


def csv(header: str, *rows: str) -> bytes:
    return "\n".join([header, *rows, ""]).encode()


def guess_of(header: str, *rows: str):
    return guessed(table_in(csv(header, *rows)))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Địa chỉ nguồn", ["dia", "chi", "nguon"]),
        ("ĐỊA CHỈ ĐÍCH", ["dia", "chi", "dich"]),
        ("srcIpAddr", ["src", "ip", "addr"]),
        ("Bytes (KB)", ["bytes", "kb"]),
        ("Đi\u0323a chi\u0309", ["dia", "chi"]),
    ],
)
def test_names_are_compared_without_accents_and_signs(name, words):
    assert words_of(name) == words


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("Start Time,Source IP,Destination IP,Bytes Sent,Bytes Received",
         "2026-09-28 08:00:00,10.20.1.5,8.8.8.8,10,20"),
        ("ts;srcaddr;dstaddr;bytes_out;bytes_in", "1790558400;10.20.1.5;8.8.8.8;10;20"),
        ("Thoi gian bat dau|IP nguon|IP dich|So byte gui|So byte nhan",
         "28/09/2026 08:00:00|10.20.1.5|8.8.8.8|10|20"),
        ("Thời gian\tĐịa chỉ nguồn\tĐịa chỉ đích\tDữ liệu gửi\tDữ liệu nhận",
         "08:00:00 28/09/2026\t10.20.1.5\t8.8.8.8\t10\t20"),
        ("src_ip,dest_ip,start_time,to_s_bytes,to_c_bytes",
         "10.20.1.5,2001:db8::1,1695818474000,352,1082"),
        ("@timestamp,source.ip,destination.ip,source.bytes,destination.bytes",
         "2026-09-28T08:00:00.123Z,10.20.1.5,8.8.8.8,10,20"),
    ],
)  # fmt: skip
def test_common_names_are_known(header, row):
    guess = guess_of(header, row, row.replace("10.20.1.5", "10.20.1.6"))
    assert guess.mapping is not None, guess.doubts
    assert {"src_ip", "dst_ip", "src_bytes", "dst_bytes"} <= guess.mapping.columns.given.keys()
    assert not guess.mapping.one_way


def test_bytes_of_one_direction_make_it_a_one_way_table():
    guess = guess_of("start,src,dst,bytes", "1790558400,10.0.0.1,8.8.8.8,5")
    assert guess.mapping.one_way
    assert guess.mapping.columns.src_bytes == "bytes"


def test_units_stand_behind_names():
    guess = guess_of(
        "start,duration_ms,src_ip,dst_ip,Bytes Sent (KiB)", "1790558400,5,10.0.0.1,8.8.8.8,5"
    )
    assert (guess.mapping.units.bytes, guess.mapping.units.duration) == ("KiB", "ms")


def test_the_addresses_inside_win_over_those_of_the_translation():
    guess = guess_of(
        "time,NAT Source IP,Source IP,NAT Destination IP,Destination IP",
        "2026-09-28 08:00:00,203.162.10.1,10.20.1.5,8.8.8.8,8.8.8.8",
    )
    given = guess.mapping.columns.given
    assert (given["src_ip"], given["dst_ip"]) == ("Source IP", "Destination IP")
    assert given["nat_src_ip"] == "NAT Source IP"


def test_near_and_far_ends_are_turned_round_for_what_came_in():
    guess = guess_of(
        "time,Local Address,Remote Address,Direction",
        "2026-09-28 08:00:00,10.20.1.5,8.8.8.8,in",
    )
    assert guess.mapping.swapped.column == "Direction"


@pytest.mark.parametrize(
    ("rows", "form"),
    [
        (["28/09/2026 08:00:00", "27/09/2026 08:00:00"], "%d/%m/%Y %H:%M:%S"),
        (["9/28/2026 8:00:00 AM", "9/27/2026 8:00:00 PM"], "%m/%d/%Y %I:%M:%S %p"),
        (["2026/09/28 08:00:00"], "%Y/%m/%d %H:%M:%S"),
        (["28-Sep-2026 08:00"], "%d-%b-%Y %H:%M"),
        (["1790558400.125"], "epoch-s"),
        (["1790558400125"], "epoch-ms"),
        (["1790558400125000"], "epoch-us"),
        (["1790558400125000000"], "epoch-ns"),
    ],
)
def test_formats_of_times_are_found(rows, form):
    guess = guess_of("time,src_ip,dst_ip", *(f"{row},10.0.0.1,8.8.8.8" for row in rows))
    assert guess.mapping is not None, guess.doubts
    assert guess.mapping.time.format == form


@pytest.mark.parametrize(
    "days", [["03/10/2026"] * 9, ["03/10/2026"] * 8 + ["13/10/2026"], ["01/02/2026", "02/01/2026"]]
)
def test_a_day_that_may_be_a_month_is_asked_for(days):
    guess = guess_of("time,src_ip,dst_ip", *(f"{day} 08:00:00,10.0.0.1,8.8.8.8" for day in days))
    assert guess.mapping is None
    assert "either way: %d/%m/%Y %H:%M:%S or %m/%d/%Y" in guess.doubts[0]
    draft = written(guess)
    assert draft.startswith("# in doubt: day and month")
    assert parse(draft, Mapping, "draft.yaml").time.format == "%d/%m/%Y %H:%M:%S"


@pytest.mark.parametrize(
    ("values", "decimal", "thousands"),
    [
        (["1.234.567", "12"], ",", "."), (["1,234,567", "1.5"], ".", ","), (["12,5", "3"], ",", ""),
        (["1,234.5"], ".", ""), (["12.5", "3"], ".", ""), (["12", "1000"], ".", ""),
    ],
)  # fmt: skip
def test_signs_of_numbers_are_found(values, decimal, thousands):
    rows = (f"1790558400;10.0.0.1;8.8.8.8;{value}" for value in values)
    guess = guess_of("start;src_ip;dst_ip;bytes", *rows)
    assert (guess.mapping.decimal, guess.mapping.thousands) == (decimal, thousands)


def test_a_number_that_may_be_a_thousand_times_larger_is_asked_for():
    guess = guess_of("start;src_ip;dst_ip;bytes", "1790558400;10.0.0.1;8.8.8.8;1.234")
    assert guess.mapping is None
    assert "decimals or thousands" in guess.doubts[0]


def test_two_sources_are_asked_for():
    guess = guess_of(
        "time,src_ip,client_ip,dst_ip", "2026-09-28 08:00:00,10.0.0.1,10.0.0.2,8.8.8.8"
    )
    assert guess.mapping is None
    assert "'src_ip' and 'dst_ip', or 'client_ip' and 'dst_ip'" in guess.doubts[0]
    assert len(guess.candidates) == 3


def test_ends_without_names_are_not_chosen_between():
    guess = guess_of("when,one,two", "2026-09-28 08:00:00,10.0.0.1,8.8.8.8")
    assert guess.is_flow_table
    assert guess.mapping is None


@pytest.mark.parametrize(
    "text",
    [
        "name,city,age\nAn,Hanoi,5\n",
        "host,address,note\na,10.0.0.1,x\nb,10.0.0.2,y\n",
        "start_ip,end_ip,country\n1.0.0.0,1.0.0.255,AU\n1.0.1.0,1.0.3.255,CN\n",
        "network,geoname,latitude\n1.0.0.0/24,12,5.0\n",
        "a,b\n1,2\n",
        "10.0.0.1,8.8.8.8,2026-09-28 08:00:00\n10.0.0.1,8.8.8.8,2026-09-28 08:00:00\n",
        "{}\n", "[]", "[1, 2]", '{"src_ip": []}\n', '[{"a": 1}]', "[" * 60000, '{"a":' * 9000,
        "date,from,to,subject\n2026-09-28 08:00:00,a@b.vn,c@d.vn,x\n",
        "sep=;\n", "#\n#\n", ",,,\n,,,\n", '"\n"\n', "a,a,a\n1,1,1\n", "time,src,dst\n1,2,3\n",
        "# Mẫu\n\n", "version: 1\nname: x\n",
    ],
)  # fmt: skip
def test_what_is_no_flow_log_is_nobodys(text):
    assert MAPPED.sniff(text.encode()[:65536]) == 0.0


def test_any_reader_of_one_format_goes_before():
    head = csv("time,src_ip,dst_ip", "2026-09-28 08:00:00,10.0.0.1,8.8.8.8")

    class Other:
        def sniff(self, start: bytes) -> float:
            return 0.01 if start == head else 0.0

    assert MAPPED.sniff(head) == 0.2
    assert MappedReader((Other(),)).sniff(head) == 0.0
    assert Choice().reader_for(head).name == "table"


def test_every_choice_can_be_written_down_and_read_back():
    head = csv(
        "Thời gian;Địa chỉ nguồn;Địa chỉ đích;Byte: gửi", "28/09/2026 08:00:00;10.0.0.1;8.8.8.8;5"
    )
    guess = guessed(table_in(head))
    assert parse(written(guess), Mapping, "x.yaml") == guess.mapping
