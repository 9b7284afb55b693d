"""Imported range files: written whole, opened with distrust."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from auditor.geo.addresses import numbered
from auditor.geo.ranges import open_ranges
from auditor.geo.ranges.stored import opened
from auditor.model.errors import GeoDataError

FEED = "203.0.113.0/24,VN\n198.51.100.0/24,SG\n2001:db8::/48,VN\n2001:db8:2::/48,SG\n"


def test_what_was_written_is_opened_with_its_origin(take):
    came = take("feed.csv", FEED, source="https://example.vn/feed.csv", licence="CC0-1.0")
    file = opened(came.path)
    assert (file.name, file.kind, file.publisher, file.licence) == (
        came.path.name,
        "geofeed",
        "feed",
        "CC0-1.0",
    )
    assert file.sha256 == hashlib.sha256(came.path.read_bytes()).hexdigest()
    assert file.origin.original_sha256 == hashlib.sha256(FEED.encode()).hexdigest()
    assert (file.origin.original, file.origin.source) == ("feed.csv", "https://example.vn/feed.csv")
    assert file.built is None
    codes = file.codes(numbered(["203.0.113.1", "1.2.3.4", "2001:db8:2::1"]))
    assert [file.statements[code].countries if code >= 0 else None for code in codes] == [
        ("VN",),
        None,
        ("SG",),
    ]


def test_every_byte_that_is_cut_or_changed_is_noticed(take, tmp_path):
    path = take("feed.csv", FEED).path
    content = path.read_bytes()
    for cut in (0, 5, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:cut])
        with pytest.raises(GeoDataError):
            opened(path)
    for place in range(0, len(content), 7):
        changed = bytearray(content)
        changed[place] ^= 0x01
        path.write_bytes(bytes(changed))
        try:
            file = opened(path)
        except GeoDataError:
            continue
        assert file.origin  # a letter of its words changed, never its ranges
        assert np.array_equal(file.table.four, opened_whole(path, content).table.four)


def opened_whole(path, content):
    whole = path.with_name("whole.ranges")
    whole.write_bytes(content)
    return opened(whole)


@pytest.mark.parametrize(
    "forge",
    [
        lambda four: four[:, ::-1],  # not ascending
        lambda four: np.array([four[0], four[1] + 2**27, four[2]]),  # overlapping
        lambda four: np.array([four[1], four[0], four[2]]),  # ending before they begin
        lambda four: np.array([four[0], four[1], four[2] + 9]),  # statements that do not exist
    ],
)
def test_ranges_that_do_not_fit_together_are_refused_though_the_digest_is_right(take, forge):
    path = take("feed.csv", FEED).path
    content = path.read_bytes()
    first, header, columns = content.split(b"\n", 2)
    four = np.frombuffer(columns[2 * 32 : 2 * 32 + 24], "<u4").reshape(3, 2)
    forged = columns[:64] + forge(four).astype("<u4").tobytes() + columns[64 + 24 :]
    digests = [hashlib.sha256(each).hexdigest().encode() for each in (columns, forged)]
    path.write_bytes(b"\n".join([first, header.replace(*digests), forged]))
    with pytest.raises(GeoDataError, match="do not fit"):
        opened(path)


@pytest.mark.parametrize(
    "header",
    [b"{", b"[" * 100_000, b'{"four": ' + b"9" * 5000 + b"}", b'{"four": -1}', b"\xff\xfe", b"{}"],
)
def test_a_hostile_header_is_refused(take, header):
    path = take("feed.csv", FEED).path
    path.write_bytes(b"auditor ranges 1\n" + header + b"\n")
    with pytest.raises(GeoDataError, match="damaged"):
        opened(path)


def test_a_broken_file_is_noted_and_left_out_and_the_others_serve(take, tmp_path):
    take("feed.csv", FEED)
    (tmp_path / "geoip" / "ranges" / "aws-2026-01-01.ranges").write_bytes(b"nothing")
    problems = []
    files = open_ranges(tmp_path / "geoip", problems.append)
    assert [file.publisher for file in files] == ["feed"]
    assert [problem.code for problem in problems] == ["geo-ranges-unusable"]
    assert "aws-2026-01-01.ranges" in problems[0].source


def test_a_folder_without_ranges_has_none(tmp_path):
    assert open_ranges(tmp_path, lambda problem: pytest.fail(problem.message)) == ()


def test_a_folder_that_cannot_be_written_is_an_error(take, tmp_path, powerless):
    folder = tmp_path / "geoip"
    folder.mkdir()
    folder.chmod(0o500)
    with pytest.raises(GeoDataError, match="cannot be written"):
        take("feed.csv", FEED)
    folder.chmod(0o700)
