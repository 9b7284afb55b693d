"""Secrets come from the environment or a file of mode 600, and are never told."""

import errno
import os
import struct

import pytest

from auditor.agent.secret import secret_of
from auditor.model.errors import PolicyError

PLACE = "channels.mail.password"


def kept(folder, content="s3cret\n", mode=0o600):
    path = folder / "secret"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    path.chmod(mode)
    return path


def test_a_secret_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv("MAIL_WORD", "s3cret")
    assert secret_of("MAIL_WORD", None, PLACE) == "s3cret"


def test_a_secret_comes_from_a_file_without_its_line_end(tmp_path):
    assert secret_of(None, kept(tmp_path), PLACE) == "s3cret"


def test_a_secret_that_is_not_asked_for_is_empty():
    assert secret_of(None, None, PLACE) == ""


def test_a_variable_that_is_not_set_is_named(monkeypatch):
    monkeypatch.delenv("MAIL_WORD", raising=False)
    with pytest.raises(PolicyError, match="MAIL_WORD is not set"):
        secret_of("MAIL_WORD", None, PLACE)


def test_two_places_for_one_secret_are_refused(tmp_path):
    with pytest.raises(PolicyError, match="two places"):
        secret_of("MAIL_WORD", kept(tmp_path), PLACE)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_file_that_others_may_use_is_refused(tmp_path, mode):
    with pytest.raises(PolicyError, match="others may read or change"):
        secret_of(None, kept(tmp_path, mode=mode), PLACE)


@pytest.mark.parametrize("content", ["", "\n", "two\nlines", "a\x00b", b"\xff\xfe", "x" * 100_000])
def test_what_is_no_line_of_text_is_refused_and_not_shown(tmp_path, content):
    with pytest.raises(PolicyError) as told:
        secret_of(None, kept(tmp_path, content), PLACE)
    assert "two" not in str(told.value) and "xxx" not in str(told.value)


def test_a_missing_file_a_folder_and_a_pipe_are_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe", 0o600)
    for name in ("absent", "pipe", ""):
        with pytest.raises(PolicyError):
            secret_of(None, tmp_path / name, PLACE)


def listed(path, *more, other=0, group=0):
    """Sets an access control list as systemd's LoadCredential= does; ``more`` users may read."""
    nobody = 0xFFFFFFFF
    entries = [(0x01, 4, nobody), *((0x02, 4, user) for user in more), (0x04, group, nobody)]
    entries += [(0x10, 4, nobody), (0x20, other, nobody)]
    value = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *each) for each in entries)
    try:
        os.setxattr(path, "system.posix_acl_access", value)
    except OSError as error:
        if error.errno != errno.ENOTSUP:
            raise
        pytest.skip("this file system has no access control lists")
    return path


def test_a_credential_of_systemd_is_taken(tmp_path):
    path = listed(kept(tmp_path, mode=0o400), os.geteuid())
    assert path.stat().st_mode & 0o777 == 0o440
    assert secret_of(None, path, PLACE) == "s3cret"


def test_a_list_that_lets_anybody_else_in_is_refused(tmp_path):
    me = os.geteuid()
    for users, more in (
        ((me, me + 1), {}),
        ((me + 1,), {}),
        ((me,), {"group": 4}),
        ((me,), {"other": 4}),
    ):
        path = listed(kept(tmp_path, mode=0o400), *users, **more)
        with pytest.raises(PolicyError, match="others may read or change"):
            secret_of(None, path, PLACE)
        path.unlink()


def test_a_file_that_its_group_may_read_is_refused_without_a_list(tmp_path):
    with pytest.raises(PolicyError, match="others may read or change"):
        secret_of(None, kept(tmp_path, mode=0o440), PLACE)
