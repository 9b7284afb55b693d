"""When a file has settled, and what its name says."""

import pytest

from auditor.agent.watch.listing import Seen
from auditor.agent.watch.settling import is_temporary, newest, series_of, settled, steady_since


@pytest.mark.parametrize(
    ("written", "steady", "now", "expected"),
    [
        (100, 159, 160, True),  # by its own times, at the first look
        (101, 160, 160, False),
        (10_000, 100, 160, True),  # its times lie in the future; two looks found it the same
        (10_000, 101, 160, False),
    ],
)
def test_a_file_has_settled_by_its_times_or_by_two_looks(written, steady, now, expected):
    assert settled(written, steady, 60, now) is expected


def test_what_was_noted_before_the_clock_was_set_back_begins_anew():
    assert steady_since(500, 100) == 100
    assert steady_since(50, 100) == 50


@pytest.mark.parametrize("name", ["a.part", "a.pcap.TMP", "a.filepart", "a.crdownload", "b~"])
def test_names_of_copies_under_way(name):
    assert is_temporary(name)


@pytest.mark.parametrize("name", ["a.parts", "tmp", "part.log", "a.pcap", "template.log"])
def test_names_that_only_look_like_it(name):
    assert not is_temporary(name)


@pytest.mark.parametrize(
    "names",
    [
        ("conn.log", "conn.log.1", "conn.log.2.gz", "conn.log-20261122.xz"),
        ("cap.pcap", "cap.pcap1", "cap.pcap12"),
        ("cap_00001_20261122.pcapng", "cap_00002_20261123.pcapng.zst"),
    ],
)
def test_a_series_is_one_whatever_the_turn_the_day_and_the_packing(names):
    assert len({series_of(f"/in/{name}") for name in names}) == 1


def test_series_of_other_names_and_folders_are_others():
    paths = ("/in/conn.log", "/in/dns.log", "/out/conn.log")
    assert len({series_of(path) for path in paths}) == 3


def test_the_newest_of_each_series_is_told_by_time_and_not_by_name():
    files = [
        Seen(path, path, "", 1, written, 0)
        for path, written in [("/a/x1", 9), ("/a/x2", 3), ("/a/y1", 1), ("/a/x3.part", 20)]
    ]
    assert newest(files) == {"/a/x1", "/a/y1"}
