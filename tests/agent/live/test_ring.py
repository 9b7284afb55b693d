from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest

from auditor.agent.live import ring

SAMPLE = bytes.fromhex("d4c3b2a1020004000000000000000000ffff000001000000")
PACKET = struct.pack("<IIII", 1, 0, 60, 60) + bytes(60)
SECTION = struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28)
INTERFACE = struct.pack("<IIHHII", 1, 20, 1, 0, 65_535, 20)
ENHANCED = struct.pack("<IIIIIII", 6, 36, 0, 0, 0, 4, 4) + b"abcd" + struct.pack("<I", 36)
HOUR = 1_795_337_100 * 10**9


@pytest.fixture
def part(tmp_path):
    made = tmp_path / "ring" / ".part"
    made.mkdir(parents=True)
    return made


def put(path: Path, content: bytes, moment_ns: int) -> Path:
    path.write_bytes(content)
    os.utime(path, ns=(moment_ns, moment_ns))
    return path


def test_finished_files_get_names_that_sort_by_time_and_are_one_series(part):
    put(part / "live_00002_x.pcapng", SECTION + INTERFACE + ENHANCED, HOUR)
    put(part / "live-20261122T084500.pcap1", SAMPLE + PACKET, HOUR + 1_000_000)
    put(part / "live_00003_x.pcapng", SECTION + INTERFACE + ENHANCED, HOUR + 10**9)
    assert ring.taken_over(part, "a", ended=False, now_ns=HOUR + 10**10) == (2, 0)
    assert [each.name for each in sorted(part.parent.glob("a-*"))] == [
        "a-20261122T084500.000000Z.pcapng",
        "a-20261122T084500.001000Z.pcap",
    ]
    assert ring.current(part) == part / "live_00003_x.pcapng"


def test_what_may_still_be_written_stays(part):
    put(part / "live_00001.pcapng", SECTION + INTERFACE + ENHANCED, HOUR)
    put(part / "live_00002.pcapng", SECTION + INTERFACE + ENHANCED, HOUR + 10)
    assert ring.taken_over(part, "a", ended=False, now_ns=HOUR + 10**9) == (0, 0)
    assert ring.taken_over(part, "a", ended=True, now_ns=HOUR + 10**9) == (2, 0)


def test_two_files_of_one_moment_are_both_kept(part):
    for number in (1, 2, 10):
        put(part / f"live_{number}.pcap", SAMPLE + PACKET, HOUR)
    assert ring.current(part).name == "live_10.pcap"
    ring.taken_over(part, "a", ended=True, now_ns=HOUR)
    assert len(list(part.parent.glob("a-*.pcap"))) == 3


def test_a_file_without_a_packet_is_deleted_so_that_silence_shows(part):
    put(part / "live_1.pcapng", SECTION + INTERFACE, HOUR)
    put(part / "live_2.pcap", SAMPLE, HOUR + 1)
    put(part / "live_3.pcap", b"", HOUR + 2)
    put(part / "live_4.pcapng", SECTION + INTERFACE + ENHANCED, HOUR + 3)
    assert ring.taken_over(part, "a", ended=True, now_ns=HOUR) == (1, 3)


def ring_of(folder: Path, count: int) -> list[Path]:
    return [
        put(folder / f"a-20261122T0845{number:02}.000000Z.pcap", bytes(100), HOUR + number)
        for number in range(count)
    ]


def test_the_oldest_audited_files_go_first(tmp_path):
    files = ring_of(tmp_path, 5)
    gone = ring.made_room(tmp_path, "a", 300, 0, lambda path: path in (files[1], files[3]))
    assert gone == ring.Removed(audited=2)
    assert sorted(tmp_path.iterdir()) == [files[0], files[2], files[4]]


def test_files_that_no_audit_saw_go_only_when_nothing_else_helps_and_are_counted(tmp_path):
    files = ring_of(tmp_path, 5)
    gone = ring.made_room(tmp_path, "a", 200, 0, lambda path: path == files[4])
    assert gone == ring.Removed(audited=1, lost=2, lost_bytes=200)
    assert sorted(tmp_path.iterdir()) == [files[2], files[3]]


def test_while_there_is_room_nothing_goes(tmp_path):
    files = ring_of(tmp_path, 3)
    assert ring.made_room(tmp_path, "a", 300, 0, lambda _: True) == ring.Removed()
    assert sorted(tmp_path.iterdir()) == files


def test_a_disk_that_is_nearly_full_makes_room_too(tmp_path):
    ring_of(tmp_path, 2)
    gone = ring.made_room(tmp_path, "a", 10**9, 1 << 62, lambda _: True)
    assert gone.audited == 2


def test_files_of_others_are_never_touched(tmp_path):
    ring_of(tmp_path, 1)
    others = [
        tmp_path / name
        for name in ("a-b-20261122T084500.000000Z.pcap", "a-notes.pcap", "report.html")
    ]
    for each in others:
        each.write_bytes(bytes(1000))
    ring.made_room(tmp_path, "a", 1, 0, lambda _: True)
    assert sorted(tmp_path.iterdir()) == sorted(others)


def test_a_link_among_the_files_is_left_alone(part, tmp_path):
    prey = put(tmp_path / "prey", SAMPLE + PACKET, HOUR)
    prey.chmod(0o644)
    (part / "live_00001_x.pcap").symlink_to(prey)
    assert ring.taken_over(part, "a", ended=True, now_ns=HOUR + 10**10) == (0, 0)
    assert prey.stat().st_mode & 0o777 == 0o644
