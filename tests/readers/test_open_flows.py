"""The file of open flows: whole or refused, and for its owner only."""

import hashlib
import stat

import pytest

from auditor.model.errors import InputError
from auditor.readers.open_flows import MAGIC, OpenLine, read_open, write_open
from auditor.readers.reading import OpenFlows

LINES = (
    OpenLine("/srv/in", "eth0_0.pcap", "/srv/in/eth0_1.pcap", OpenFlows(5, 2, b"state", b"table")),
    OpenLine("/srv/\udce9", "a.pcap", "/srv/\udce9/a.pcap", OpenFlows(0, 0, b"", b"")),
)


def signed(body):
    return MAGIC + hashlib.sha256(body).digest() + body


def lengthened(head):
    return len(head).to_bytes(8, "little") + head


def test_what_is_written_is_read(tmp_path):
    path = tmp_path / "open" / "flows.open"
    write_open(path, LINES)
    assert read_open(path) == (LINES, hashlib.sha256(path.read_bytes()).hexdigest())


def test_nobody_but_its_owner_may_read_it(tmp_path):
    path = tmp_path / "flows.open"
    write_open(path, LINES)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_every_damaged_byte_and_every_cut_is_told(tmp_path):
    path = tmp_path / "flows.open"
    write_open(path, LINES)
    content = path.read_bytes()
    for place in range(len(content)):
        for damaged in (
            content[:place],
            content[:place] + bytes([content[place] ^ 0x41]) + content[place + 1 :],
        ):
            path.write_bytes(damaged)
            with pytest.raises(InputError) as error:
                read_open(path)
            assert error.value.place == str(path)


def test_what_is_no_file_is_told(tmp_path):
    for path in (tmp_path, tmp_path / "gone"):
        with pytest.raises(InputError):
            read_open(path)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff" * 8,
        b"\2\0\0\0\0\0\0\0{}more",
        b"\4\0\0\0\0\0\0\0[{}]",
        b"\4\0\0\0\0\0\0\0null",
        lengthened(b'[{"folder":"","pattern":"","name":"","end":5,"count":1,"state":9,"table":0}]'),
        lengthened(
            b'[{"folder":"","pattern":"","name":"","end":5,"count":1,"state":0,"table":-1}]'
        ),
        lengthened(
            b'[{"folder":"","pattern":"","name":"","end":-5,"count":1,"state":0,"table":0}]'
        ),
    ],
)
def test_a_body_that_makes_no_sense_is_told_though_its_checksum_is_right(tmp_path, body):
    path = tmp_path / "flows.open"
    path.write_bytes(signed(body))
    with pytest.raises(InputError):
        read_open(path)
