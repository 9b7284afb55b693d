"""nfdump's files, through the program; what it does wrong is played by small programs here."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import tempfile
import threading
import zipfile
from pathlib import Path

import pytest

from auditor.model.errors import InputError
from auditor.readers.formats import reader_of
from auditor.readers.inputs import Wanted, Watch, read_inputs
from auditor.readers.listing import members
from auditor.readers.logs import nfdump_listing
from auditor.readers.logs.nfdump import NfdumpReader
from auditor.readers.logs.nfdump_listing import BASIC, WHOLE, samplings
from auditor.readers.reading import Settings
from auditor.readers.streams import Source
from tests.readers.reading import read_files

SAMPLE = Path(__file__).parents[3] / "samples" / "logs" / "nfdump" / "nfcapd.202610010300"
installed = pytest.mark.skipif(
    shutil.which("nfdump") is None, reason="nfdump is not installed: `make test` installs it"
)
PLAIN = {
    "ts": "2026-10-01 03:00:00.250", "te": "2026-10-01 03:00:01.500", "pr": "6    ",
    "sa": "   10.20.1.15", "sp": " 49152", "da": "  52.95.110.1", "dp": "443", "ipkt": "  12",
    "ibyt": "4000", "opkt": "0", "obyt": "0", "flg": "...AP.SF", "svln": "0", "ra": "   0.0.0.0",
    "exp": "1", "dir": "I", "evt": "INVALID", "tevt": "1970-01-01 00:00:00.000",
    "xsa": "   0.0.0.0", "xda": "   0.0.0.0", "xsp": "0", "xdp": "0",
}  # fmt: skip


def listed(*rows, names=WHOLE):
    return "".join("|".join((PLAIN | row)[name] for name in names) + "\n" for row in rows)


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Puts a program called nfdump in the way that does what a shell script says."""

    def put(listing="", *, before="", after="", exporters=""):
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        (folder / "listing").write_text(listing, encoding="utf-8")
        (folder / "exporters").write_text(exporters)
        script = folder / "nfdump"
        script.write_text(
            f'#!/bin/sh\nif [ "$1" = -E ]; then cat "{folder}/exporters"; exit 0; fi\n'
            f'{before}\ncat "{folder}/listing"\n{after}\n'
        )
        script.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
        return folder

    return put


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "nfcapd.202610010300"
    path.write_bytes(b"\x0c\xa5\x02\x00" + bytes(400))
    return path


def read(path, settings=None):
    [answer], [table], problems, sizes = read_files(NfdumpReader(), [path], settings)
    assert sum(sizes) == path.stat().st_size
    return answer, table.to_pylist(), {problem.code: problem for problem in problems}


@pytest.mark.parametrize(
    ("head", "sure"),
    [
        (b"\x0c\xa5\x02\x00\x00\x01", 1.0),
        (b"\x0c\xa5\x01\x00\x00\x00", 1.0),
        (b"\x0c\xa5\x09\x00\x00\x00", 0.0),
        (b"\xa5\x0c\x00\x02\x00\x00", 0.0),
        (b"\x0c\xa5", 0.0),
        (b"", 0.0),
    ],
)
def test_the_mark_and_the_layout_tell_the_format(head, sure):
    assert NfdumpReader().sniff(head) == sure


@installed
def test_a_packed_file_gives_the_same_as_the_plain_one_and_leaves_nothing_behind(
    tmp_path, monkeypatch
):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    answer, rows, _ = read(SAMPLE)
    packed = tmp_path / "-R a:b.gz"
    packed.write_bytes(gzip.compress(SAMPLE.read_bytes()))
    again, same, _ = read(packed)
    assert same == rows != []
    assert again.content == answer.content == hashlib.sha256(SAMPLE.read_bytes()).hexdigest()
    assert again.sha256 == hashlib.sha256(packed.read_bytes()).hexdigest()
    plain = tmp_path / "-E $(touch x) a:b"
    plain.write_bytes(SAMPLE.read_bytes())
    assert read(plain)[1] == rows
    assert list(scratch.iterdir()) == []


@installed
def test_a_member_of_an_archive_is_read(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(SAMPLE, "nfcapd")
    [source] = members(Source(tmp_path / "a.zip"), lambda problem: None)
    parts = []
    [answer] = NfdumpReader().read(
        [source], Settings(), lambda problem: None, lambda size: None,
        lambda number, table: parts.append(table),
    )  # fmt: skip
    assert answer.sha256 == hashlib.sha256(SAMPLE.read_bytes()).hexdigest()
    assert sum(len(table) for table in parts) == 8


@installed
@pytest.mark.parametrize("size", [5, 39, 100, 400, 1500, -1])
def test_a_cut_file_is_told_though_nfdump_ends_well(size, tmp_path):
    path = tmp_path / "cut"
    path.write_bytes(SAMPLE.read_bytes()[:size])
    answer, _, problems = read(path)
    assert "nfdump-failed" in problems
    assert answer.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


@installed
@pytest.mark.parametrize("place", range(20, 1900, 97))
def test_a_damaged_file_never_ends_the_reading(place, tmp_path):
    content = bytearray(SAMPLE.read_bytes())
    content[place : place + 24] = bytes(byte ^ 0x5A for byte in content[place : place + 24])
    path = tmp_path / "damaged"
    path.write_bytes(content)
    answer, rows, _ = read(path)
    assert answer.content
    assert all(row["start"] <= row["end"] for row in rows)


def test_without_the_program_the_file_says_how_to_get_it(file, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    answer, rows, _ = read(file)
    assert isinstance(answer, InputError)
    assert "apt install nfdump" in answer.hint
    assert rows == []


def test_every_field_has_its_column(file, program):
    row = {
        "svln": "12", "ra": " 192.0.2.1", "dir": "E", "evt": "CREATE", "xsa": " 203.162.10.20",
        "xsp": "40001", "xda": "  52.95.110.1", "xdp": "443", "flg": "...AP.SF",
    }  # fmt: skip
    program(listed(row), exporters="SysID: 1, IP: 192.0.2.1\n")
    answer, [flow], problems = read(file)
    assert answer.packets == 1
    assert (flow["start"].isoformat(), flow["end"].isoformat()) == (
        "2026-10-01T03:00:00.250000+00:00",
        "2026-10-01T03:00:01.500000+00:00",
    )
    got = [flow[name] for name in ("src_ip", "src_port", "dst_ip", "dst_port", "protocol")]
    assert got == ["10.20.1.15", 49152, "52.95.110.1", 443, 6]
    assert (flow["src_packets"], flow["src_bytes"], flow["dst_packets"]) == (12, 4000, None)
    assert (flow["vlan"], flow["blocked"], flow["seen_by"]) == ("12", False, "netflow")
    assert (flow["nat_src_ip"], flow["nat_src_port"]) == ("203.162.10.20", 40001)
    assert (flow["nat_dst_ip"], flow["sampling"]) == (None, None)
    assert {"translated", "sampling-unknown"} <= set(problems)


def test_what_was_counted_the_other_way_belongs_to_the_other_end(file, program):
    row = {"opkt": "7", "obyt": "900", "flg": "......S."}
    program(listed(row))
    _, [flow], problems = read(file)
    assert (flow["src_packets"], flow["src_bytes"]) == (12, 4000)
    assert (flow["dst_packets"], flow["dst_bytes"]) == (7, 900)
    assert "one-way" not in problems
    program(listed(row | {"ipkt": "0", "ibyt": "0"}))
    _, [flow], _ = read(file)
    assert (flow["src_ip"], flow["dst_packets"], flow["src_packets"]) == ("10.20.1.15", 7, None)


def test_counters_of_an_exporter_that_samples_are_not_multiplied_again(file, program):
    told = (
        "SysID: 1, IP: 192.0.2.1, version: 9\n"
        "    Sampler: Generic Sampler: algorithm: 1, packet interval: 1, packet space: 99\n"
        "SysID: 2, IP: 192.0.2.2, version: 9\n"
    )
    program(listed({}, {"exp": "2", "sp": "5"}), exporters=told)
    _, rows, problems = read(file)
    assert {(row["src_port"], row["sampling"], row["src_bytes"]) for row in rows} == {
        (49152, 100, 4000),
        (5, None, 4000),
    }
    assert (problems["sampled"].count, problems["sampling-unknown"].count) == (1, 1)


def test_rates_are_told_in_several_ways():
    assert samplings("SysID: 3, IP: x\n Sampler: ID: 1, mode: 2, interval: 512\n") == {"3": 512}
    two = "SysID: 3,\n Sampler: 1, interval: 512\n Sampler: 2, interval: 64\n"
    assert samplings(two) == {}
    assert samplings(" Sampler: interval: 10\nno\n") == {}


def test_refusals_are_blocked_and_what_the_program_does_not_say_is_told(file, program):
    none = {"ipkt": "0", "ibyt": "0", "te": "1970-01-01 00:00:00.000", "flg": "........"}
    none |= {"tevt": "2026-10-01 03:00:09.000"}
    rows = [none | {"evt": word, "sp": str(at)} for at, word in enumerate(("DENIED", "UNKNOW"), 1)]
    program(listed(*rows))
    _, flows, problems = read(file)
    by_port = {flow["src_port"]: flow for flow in flows}
    assert (by_port[1]["blocked"], by_port[2]["blocked"]) == (True, None)
    assert by_port[1]["src_bytes"] is None
    assert by_port[1]["end"].second == 9
    assert (problems["refused"].count, problems["event-unknown"].count) == (1, 1)


def test_refusals_without_a_name_are_asked_for_apart(file, program):
    none = {"ipkt": "0", "ibyt": "0", "flg": "........", "evt": "UNKNOW+"}
    folder = program(listed(none | {"sp": "1"}))
    (folder / "refused").write_text(listed(none | {"sp": "2", "evt": "DENIED"}))
    (folder / "nfdump").write_text(
        '#!/bin/sh\ncase "$*" in\n-E*) ;;\n*"-c 1 asa event deny") echo UNKNOW ;;\n'
        f'*"|%evt+|"*" not asa event deny") cat "{folder}/listing" ;;\n'
        f'*"|DENIED|"*" asa event deny") cat "{folder}/refused" ;;\n*) exit 9 ;;\nesac\n'
    )
    answer, rows, problems = read(file)
    assert answer.packets == 2
    assert {row["src_port"]: row["blocked"] for row in rows} == {1: None, 2: True}
    assert set(problems) >= {"refused"}
    assert not set(problems) & {"event-unknown", "nfdump-failed"}


def test_records_that_count_nothing_are_left_out(file, program):
    program(listed({}, {"ipkt": "0", "ibyt": "0", "sp": "1"}))
    _, rows, problems = read(file)
    assert [row["src_port"] for row in rows] == [49152]
    assert problems["no-traffic"].count == 1


def test_the_line_of_a_tunnel_is_no_flow_but_belongs_to_the_one_below(file, program):
    outer = {"pr": "47", "sa": "192.0.2.1", "da": "192.0.2.2", "sp": "0", "dp": "0"}
    outer |= {"ipkt": "0", "ibyt": "0", "flg": "........"}
    program(listed(outer, {}, {"sp": "7"}))
    _, rows, problems = read(file)
    tunnels = {
        row["src_port"]: (row["tunnel"], row["outer_src_ip"], row["outer_dst_ip"]) for row in rows
    }
    assert tunnels == {49152: ("gre", "192.0.2.1", "192.0.2.2"), 7: (None, None, None)}
    assert "no-traffic" not in problems


def test_two_directions_of_counting_of_one_router_count_once(file, program):
    row = {"ra": "192.0.2.1"}
    program(listed(row, row | {"dir": "E", "ibyt": "3900", "ipkt": "11"}))
    _, [flow], problems = read(file)
    assert flow["src_bytes"] == 4000
    assert problems["several-observers"].count == 1


@pytest.mark.parametrize(
    "start", ["2026-10-01 03:00:06.000", "2026-08-12 09:57:18.704"], ids=["plain", "wrapped"]
)
def test_times_the_wrong_way_round_are_exchanged(start, file, program):
    program(listed({"ts": start}))
    _, [flow], problems = read(file)
    assert (flow["start"].second, flow["end"].second) == (1, 6)
    assert problems["swapped-times"].count == 1


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"ts": "0000-00-00 00:00:00.000"}, "bad-time"),
        ({"ts": "2026-02-31 00:00:00.000"}, "bad-time"),
        ({"ts": "584556019-04-03 14:25:51.615"}, "bad-time"),
        ({"sa": "2001:db8..abcd"}, "bad-address"),
        ({"ibyt": "1.2 M"}, "bad-number"),
        ({"pr": "UDP"}, "unknown-protocol"),
        ({"ibyt": "-5"}, "bad-number"),
        ({"ibyt": "99999999999999999999"}, "bad-number"),
        ({"ibyt": "2|3"}, "bad-line"),
        ({"ra": "\0\0"}, "sampling-unknown"),
    ],
)
def test_what_cannot_be_is_counted(row, code, file, program):
    program(listed(row))
    _, _, problems = read(file)
    assert code in problems
    assert ("bad-number" in problems) == (code in ("bad-number", "unknown-protocol"))
    shown = problems[code].message
    assert "10.20" not in shown and "2001" not in shown


def test_one_bad_number_spoils_no_other(file, program):
    program(listed({"ibyt": "1.2 M"}, {"sp": "     7", "ibyt": "    500"}))
    _, rows, problems = read(file)
    assert {(row["src_port"], row["src_bytes"]) for row in rows} == {(49152, None), (7, 500)}
    assert problems["bad-number"].count == 1


def test_icmp_has_a_type_where_others_have_a_port(file, program):
    program(listed({"pr": "1", "dp": "8.0", "sp": "0"}, {"pr": "58", "dp": "128.0", "sp": "0"}))
    _, rows, problems = read(file)
    assert [(row["protocol"], row["dst_port"]) for row in rows] == [(1, None), (58, None)]
    assert "bad-number" not in problems


@pytest.mark.parametrize(
    ("word", "flags"), [(".AP.SF", 27), ("CEUAPRSF", 255), ("0xc2", 194), ("?", None)]
)
def test_flags_of_all_versions_are_understood(word, flags, file, program):
    program(listed({"flg": word}))
    assert read(file)[1][0]["src_tcp_flags"] == flags


def test_a_program_without_nat_is_asked_again_for_less(file, program):
    refuse = 'case "$*" in *%xsa*) echo "Output format parse error at: %evt" >&2; exit 1;; esac'
    program(listed({}, names=BASIC), before=refuse)
    _, [flow], problems = read(file)
    assert flow["src_bytes"] == 4000
    assert "nfdump-failed" not in problems


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ("kill -SEGV $$", "signal 11"),
        ("exit 255", "code 255"),
        ('echo "Open file /x/Nguyen: appendix offset error" >&2', "was not closed"),
        ('echo "Nguyen Van A 0912345678" >&2', "messages that are not known"),
        ("head -c 9000000 /dev/zero >&2; exit 1", "code 1"),
    ],
)
def test_a_program_that_fails_is_told_and_what_it_listed_is_kept(after, said, file, program):
    program(listed({}), after=after)
    answer, rows, problems = read(file)
    assert (answer.packets, len(rows)) == (1, 1)
    assert said in problems["nfdump-failed"].message
    assert "Nguyen" not in problems["nfdump-failed"].message


def test_a_program_that_hangs_is_ended(file, program, monkeypatch):
    monkeypatch.setattr(nfdump_listing, "LEAST_SILENCE", 0.3)
    folder = program(
        listed({}),
        before='case "$*" in *"-c 1"*) exit 0;; esac',
        after='echo $$ > "$(dirname "$0")/pid"; exec sleep 60',
    )
    _, rows, problems = read(file)
    assert len(rows) == 1
    assert "said nothing" in problems["nfdump-failed"].message
    number = int((folder / "pid").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)


def test_a_file_that_makes_it_run_in_circles_is_given_up_at_once(file, program, monkeypatch):
    monkeypatch.setattr(nfdump_listing, "LEAST_SILENCE", 0.3)
    program(before="while :; do :; done")
    answer, rows, problems = read(file)
    assert (answer.packets, rows) == (0, [])
    assert problems["nfdump-failed"].count == 1


def test_reading_that_ends_early_ends_the_program(file, program, tmp_path, monkeypatch):
    monkeypatch.setattr(nfdump_listing, "PATIENCE", 0.0)
    folder = program(after=f'echo $$ > "$(dirname "$0")/pid"; exec yes "{listed({}).strip()}"')

    class StopError(Exception):
        pass

    def take(number, table):
        raise StopError

    monkeypatch.setattr("auditor.readers.records.gathering.PART", 1000)
    monkeypatch.setattr("auditor.readers.records.gathering.MOST_WAITING", 500)

    with pytest.raises(StopError):
        NfdumpReader().read([Source(file)], Settings(), print, lambda size: None, take)
    number = int((folder / "pid").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)


def test_a_program_that_does_not_start_is_told(file, program):
    (program() / "nfdump").write_bytes(b"\x7fELF")
    answer, rows, problems = read(file)
    assert (answer.packets, answer.sha256, rows) == (0, None, [])
    assert problems["unreadable-file"].count == 1


def test_no_room_for_a_packed_file_is_told(program, tmp_path, monkeypatch):
    program(listed({}))
    packed = tmp_path / "x.gz"
    packed.write_bytes(gzip.compress(b"\x0c\xa5\x02\x00" + bytes(400)))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    [answer], _, [problem], _ = read_files(NfdumpReader(), [packed])
    assert (answer.sha256, problem.code) == (None, "unreadable-file")


def test_an_empty_file_of_flows_is_no_trouble(file, program):
    program("No matching flows\n")
    answer, rows, problems = read(file)
    assert (answer.packets, rows, problems) == (0, [], {})


def test_damaged_packing_is_told_and_what_came_before_is_listed(program, tmp_path):
    program(listed({}))
    packed = tmp_path / "x.gz"
    packed.write_bytes(gzip.compress(b"\x0c\xa5\x02\x00" + os.urandom(4000))[:-900])
    [answer], [table], problems, _ = read_files(NfdumpReader(), [packed])
    assert len(table) == 1
    assert "packing-damaged" in {problem.code for problem in problems}
    assert answer.sha256 == hashlib.sha256(packed.read_bytes()).hexdigest()


@installed
def test_standard_input_is_read_like_a_file(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(SAMPLE.read_bytes()))
    writer.start()
    inputs, flows = read_inputs(Wanted((pipe,)), lambda problem: None, Watch())
    writer.join()
    assert (len(flows.whole()), inputs[0].reader) == (8, "nfdump")
    assert inputs[0].sha256 == hashlib.sha256(SAMPLE.read_bytes()).hexdigest()


@installed
def test_the_sample_is_taken_by_content(tmp_path):
    renamed = tmp_path / "x.csv"
    renamed.write_bytes(SAMPLE.read_bytes())
    assert reader_of(renamed).name == "nfdump"
