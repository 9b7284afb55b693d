"""Rotated files are one capture; copies and overlaps are seen."""

import gzip
from itertools import pairwise
from pathlib import Path

import pytest

from auditor.readers import Settings, Wanted, Watch, read_inputs
from tests.readers.capture.packets import (
    SECOND,
    T0,
    block,
    client_hello,
    enhanced,
    handshake,
    interface,
    option,
    pcap,
    section,
    segment,
)

SCENE = [
    *handshake(T0),
    segment(T0 + SECOND, 1001, client_hello("s3.example")),
    *(segment(T0 + i * SECOND, 5001 + 100 * i, b"x" * 100, back=True) for i in range(2, 40)),
    *handshake(T0 + 41 * SECOND, sport=40001),
    segment(T0 + 50 * SECOND, 1001, b"y" * 10, sport=40001),
]  # fmt: skip


def taken(*paths, jobs=1):
    problems = []
    wanted = Wanted(tuple(Path(path) for path in paths), Settings(), jobs)
    found, flows = read_inputs(wanted, problems.append, Watch())
    return found, flows.whole(), problems


def table(flows):
    rows = flows.drop_columns(["input_id", "flow_id"]).to_pylist()
    return sorted(rows, key=lambda row: row["start"])


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("cuts", [(1,), (2, 5), (3, 10, 30)])
def test_a_flow_over_rotated_files_is_one_flow_of_the_file_it_began_in(tmp_path, cuts, packed):
    whole, parts = tmp_path / "whole.pcap", tmp_path / "parts"
    whole.write_bytes(pcap(SCENE))
    parts.mkdir()
    places = [0, *cuts, len(SCENE)]
    for number, (begin, end) in enumerate(pairwise(places)):
        content = pcap(SCENE[begin:end])
        name = f"eth0_{9 - number}.pcap"  # the names do not tell the order
        (parts / name).write_bytes(gzip.compress(content) if packed else content)
    files, flows, problems = taken(parts)
    assert problems == []
    assert table(flows) == table(taken(whole)[1])
    assert sorted(file.packets for file in files) == sorted(
        end - begin for begin, end in pairwise(places)
    )
    first = next(file for file in files if file.name.endswith("eth0_9.pcap"))
    ids = {row["src_port"]: row["input_id"] for row in flows.to_pylist()}
    assert ids[40000] == first.id


def test_pcapng_files_with_a_clock_of_their_own_follow_one_another(tmp_path):
    def content(packets):
        nano = interface(1, option(9, b"\x09"))
        return section() + nano + b"".join(enhanced(0, time, data) for time, data in packets)

    (tmp_path / "a.pcapng").write_bytes(content(SCENE[:3]))
    (tmp_path / "b.pcapng").write_bytes(content(SCENE[3:]))
    whole = tmp_path / "in" / "whole.pcap"
    whole.parent.mkdir()
    whole.write_bytes(pcap(SCENE))
    _, flows, problems = taken(tmp_path / "a.pcapng", tmp_path / "b.pcapng")
    assert problems == []
    assert table(flows) == table(taken(whole)[1])


@pytest.mark.parametrize("packed", [False, True])
def test_two_sensors_are_two_time_lines_and_their_overlap_is_told_once(tmp_path, packed):
    for name in ("left", "right"):
        for number, part in enumerate((SCENE[:20], SCENE[20:])):
            content = pcap([(time + (name == "right"), data) for time, data in part], nano=True)
            path = tmp_path / f"{name}-{number}.pcap"
            path.write_bytes(gzip.compress(content) if packed else content)
    files, flows, problems = taken(tmp_path)
    assert len(flows) == 4
    assert len(files) == 4
    if not packed:  # the end of a packed file is not known before it is read
        assert [problem.code for problem in problems] == ["overlapping-captures"]
        assert problems[0].source == str(tmp_path)


@pytest.mark.parametrize("days", [0, 1])
def test_captures_of_two_folders_that_overlap_in_time_are_told(tmp_path, days):
    for number, folder in enumerate(("a", "b", "c")):
        (tmp_path / folder).mkdir()
        later = (number == 1) * 10 * SECOND + (number == 2) * 2 * 86_400 * SECOND
        moved = [(time + later + days * number * 86_400 * SECOND, data) for time, data in SCENE]
        (tmp_path / folder / "eth0.pcap").write_bytes(pcap(moved))
    problems = taken(tmp_path)[2]
    if days:
        assert problems == []
    else:
        assert [problem.code for problem in problems] == ["overlapping-captures"]
        assert problems[0].source == str(tmp_path / "b")
        assert str(tmp_path / "a") in problems[0].message


def test_the_table_is_the_same_with_more_threads(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        for number, part in enumerate((SCENE[:7], SCENE[7:20], SCENE[20:])):
            moved = [(time + 86_400 * SECOND * (folder == "b"), data) for time, data in part]
            (tmp_path / folder / f"{number}.pcap").write_bytes(pcap(moved))
    one, other = taken(tmp_path), taken(tmp_path, jobs=2)
    assert one[1].equals(other[1])
    assert one[0] == other[0]
    assert len(one[1]) == 4


def test_packed_files_that_turn_out_to_overlap_are_read_apart(tmp_path):
    for number in range(2):
        content = pcap([(time + number, data) for time, data in SCENE], nano=True)
        (tmp_path / f"{number}.pcap.gz").write_bytes(gzip.compress(content))
    _, flows, _ = taken(tmp_path)
    assert len(flows) == 4


def test_a_file_that_cannot_be_read_leaves_the_others_of_its_line(tmp_path):
    (tmp_path / "0.pcap").write_bytes(pcap(SCENE[:5]))
    (tmp_path / "1.pcap").write_bytes(pcap(SCENE[5:10])[:-7])
    (tmp_path / "2.pcap").write_bytes(pcap(SCENE[10:]))
    files, flows, problems = taken(tmp_path)
    assert [file.packets for file in files] == [5, 4, len(SCENE) - 10]
    assert [(p.code, Path(p.source).name) for p in problems] == [("truncated-record", "1.pcap")]
    assert len(flows) == 2


def test_secrets_names_and_comments_of_pcapng_are_kept_and_keys_never(tmp_path):
    from tests.readers.capture.packets import read

    key = b"CLIENT_RANDOM secret"
    secrets = (0x544C534B).to_bytes(4, "little") + len(key).to_bytes(4, "little") + key
    names = b"\x01\0\x0e\0" + bytes([10, 0, 0, 1]) + b"host.exam\0" + b"\0\0\0\0\0\0"
    head = enhanced(0, T0 // 1000, SCENE[0][1])
    packet = block(6, head[8:-4] + option(1, "chú ý".encode()) + bytes(4))
    content = section() + interface(1) + block(10, secrets) + block(4, names) + packet
    reading, [problem] = read(tmp_path / "a.pcapng", content)
    said = reading.annotations
    assert (problem.code, reading.packets) == ("decryption-secrets", 1)
    assert [(each.kind, each.length) for each in said.secrets] == [("tls", len(key))]
    assert content[said.secrets[0].offset :].startswith(key)
    assert said.names == (("10.0.0.1", "host.exam"),)
    assert [each.text for each in said.comments] == ["chú ý"]
    assert "secret" not in repr(said).replace("secrets", "").replace("Secrets", "")
