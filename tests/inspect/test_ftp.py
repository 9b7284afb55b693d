from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.inspect.contracts import FlowHead
from auditor.inspect.protocols.ftp import Ftp, FtpData, announced
from tests.inspect.conversations import alike_for_all_cuts, survives_damage
from tests.inspect.recorder import RecordedContent, conversed, head

FTP = Ftp()
PORT = head(21)
TALK = [
    (1, b"220-welcome\r\n220 ready\r\n"),
    (0, b"USER anna\r\nPASS secret\r\nACCT secret\r\n"),
    (1, b"331 password\r\n230 in\r\n202 no\r\n"),
    (0, b"PASV\r\nSTOR /khach hang/cccd.csv\r\n"),
    (1, b"227 Entering Passive Mode (192,0,2,1,195,80)\r\n150 go\r\n226 done\r\n"),
]


def texts(content, side=0):
    return b"".join(data for at, _, data in content.texts if at == side)


def test_commands_and_replies_become_texts_without_passwords():
    content = alike_for_all_cuts(FTP, PORT, TALK)
    assert b"STOR /khach hang/cccd.csv" in texts(content)
    assert b"USER anna" in texts(content)
    assert b"secret" not in texts(content)
    assert b"226 done" in texts(content, 1)


@settings(max_examples=12, deadline=None)
@given(st.integers(1, 40))
def test_a_cut_elsewhere_changes_nothing(size):
    assert conversed(FTP, PORT, TALK, size).summary == conversed(FTP, PORT, TALK).summary


def test_the_reply_decides_whether_tls_begins():
    tls = b"\x16\x03\x01" + bytes(60)
    agreed = [(1, b"220 x\r\n"), (0, b"AUTH TLS\r\n"), (1, b"234 go\r\n"), (0, tls), (1, tls)]
    content = alike_for_all_cuts(FTP, PORT, agreed)
    assert content.secured
    assert content.summary[2] == {(0, "encrypted"): 63, (1, "encrypted"): 63}
    refused = alike_for_all_cuts(
        FTP, PORT, [(1, b"220 x\r\n"), (0, b"AUTH TLS\r\n"), (1, b"530 no\r\n"), *TALK[1:]]
    )
    assert not refused.secured
    assert b"STOR" in texts(refused)


@pytest.mark.parametrize(
    ("side", "line", "expected"),
    [
        (0, b"PORT 192,0,2,7,4,1\r\n", ("192.0.2.7", 1025)),
        (1, b"227 Entering Passive Mode (192,0,2,1,195,80).\r\n", ("192.0.2.1", 50000)),
        (1, b"227 =192,0,2,1,195,80\r\n", ("192.0.2.1", 50000)),
        (0, b"EPRT |2|2001:db8::7|6446|\r\n", ("2001:db8::7", 6446)),
        (1, b"229 Entering Extended Passive Mode (|||6446|)\r\n", ("", 6446)),
        (0, b"PORT 192,0,2,700,4,1\r\n", None),
        (0, b"PORT 192,0,2,7\r\n", None),
        (1, b"229 (|||99999|)\r\n", None),
        (1, b"226 done (1,2,3,4,5,6)\r\n", None),
        (0, b"RETR 1,2,3,4,5,6\r\n", None),
        (0, b"EPRT |2|", None),
    ],
)
def test_the_connection_for_a_file_is_announced(side, line, expected):
    assert announced(side, line) == expected


def test_a_file_becomes_a_part_with_its_gaps():
    flow = FlowHead(1, 6, 20, 40000, None, None)
    assert FtpData().sniff(flow, (b"id;ten", b"")) > 0.5
    assert FtpData().sniff(head(40001), (b"id;ten", b"")) == 0
    content = RecordedContent()
    conversation = FtpData().conversation(flow, content)
    conversation.feed(0, b"id;", 0)
    conversation.feed(0, b"ten", 7)
    conversation.close()
    part = content.parts[0]
    assert (part.place, part.data, part.gaps, part.closed) == ("FTP data", b"id;ten", [7], True)


@pytest.mark.parametrize(
    ("port", "heads", "least", "most"),
    [
        (21, (b"", b"220 ready\r\n"), 0.9, 1),
        (9999, (b"USER anna\r\n", b"220 ready\r\n"), 0.9, 1),
        (25, (b"EHLO x\r\n", b"220 mx ESMTP\r\n"), 0, 0),
        (21, (b"\x16\x03\x01", b""), 0, 0),
    ],
)
def test_it_is_recognised_by_its_words(port, heads, least, most):
    assert least <= FTP.sniff(head(port), heads) <= most


def test_damage_neither_fails_nor_hangs():
    survives_damage(FTP, PORT, TALK)


def test_the_rest_of_a_torn_line_is_not_copied():
    content = RecordedContent()
    conversation = FTP.conversation(PORT, content)
    conversation.feed(0, b"USER a\r\nPA", 0)
    conversation.feed(0, b"IN anna secret\r\n", 1)
    conversation.feed(0, b"z NOOP\r\n", 0)
    conversation.close()
    assert b"secret" not in texts(content)
    assert texts(content).endswith(b"z NOOP\r\n")
    assert content.summary[2] == {(0, "damaged"): 16}
