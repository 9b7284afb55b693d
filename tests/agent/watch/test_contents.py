"""What files hold, out of their packing."""

import gzip
import hashlib
import lzma
import os

import pytest

from auditor.agent.watch.contents import (
    Budget,
    TooLargeError,
    archive_of,
    digests_of,
    ends_open,
    facts_of,
)
from auditor.readers import Source


def sha(content):
    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lzma.compress])
@pytest.mark.parametrize("size", [1, 300, 65_535, 65_536, 200_000])
def test_marks_and_digests_are_of_the_content_whatever_it_is_packed_in(tmp_path, pack, size):
    content = bytes(range(1, 251)) * 1_000
    content = content[:size]
    path = tmp_path / "x"
    path.write_bytes(pack(content))
    facts = facts_of(Source(path), path.stat().st_size)
    level = max(4**power for power in range(9) if 4**power <= size)
    assert facts.mark == sha(content[:level])
    assert facts.digest == (sha(content) if size < 65_536 else None)
    digests = digests_of(Source(path), [5, 100_000, size + 1])
    assert digests.length == size and digests.whole == sha(content)
    assert digests.until == {each: sha(content[:each]) for each in (5, 100_000) if each <= size}


def test_the_mark_of_a_log_is_among_those_it_has_once_it_grew(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"line\n" * 70)
    before = facts_of(Source(path))
    path.write_bytes(b"line\n" * 90_000)
    assert before.mark in facts_of(Source(path)).marks


def test_what_was_appended_meanwhile_is_left_alone(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"abcdef")
    assert digests_of(Source(path), (), 4).whole == sha(b"abcd")


def test_damage_ends_a_content_where_it_is(tmp_path):
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(bytes(range(256)) * 4_000)[:-20])
    digests = digests_of(Source(path))
    assert 0 < digests.length <= 256 * 4_000
    assert facts_of(Source(path)).digest is None


def test_lists_of_json_and_binaries_are_no_lines(tmp_path):
    path = tmp_path / "x"
    for content, expected in ((b"a\n", True), (b" [1]", False), (b"a\0", False)):
        path.write_bytes(content)
        assert facts_of(Source(path)).is_text is expected


def test_a_last_line_without_an_end_is_seen(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"a\nb")
    assert ends_open(path, 3) and not ends_open(path, 2)
    assert archive_of(path) is None


def test_a_bomb_is_given_up_once_it_is_too_large_for_its_size(tmp_path):
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(bytes(1 << 20)))
    assert digests_of(Source(path), (), None, Budget(1 << 20)).length == 1 << 20
    with pytest.raises(TooLargeError):
        digests_of(Source(path), (), None, Budget((1 << 20) - 1))


@pytest.mark.parametrize(
    "opened", [facts_of, digests_of, lambda source: archive_of(source.path),
               lambda source: ends_open(source.path, 1)]
)  # fmt: skip
def test_a_file_that_has_become_a_pipe_keeps_nobody_waiting(tmp_path, opened):
    os.mkfifo(tmp_path / "x.log")
    with pytest.raises(OSError, match="become a pipe"):
        opened(Source(tmp_path / "x.log"))
