from __future__ import annotations

from dataclasses import replace

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
        (0, b"PORT 192,0,2,7,4,1\r\n", 1025),
        (1, b"227 Entering Passive Mode (192,0,2,1,195,80).\r\n", 50000),
        (1, b"227 =192,0,2,1,195,80\r\n", 50000),
        (0, b"EPRT |2|2001:db8::7|6446|\r\n", 6446),
        (1, b"229 Entering Extended Passive Mode (|||6446|)\r\n", 6446),
        (0, b"PORT 192,0,2,700,4,1\r\n", None),
        (0, b"PORT 192,0,2,7\r\n", None),
        (1, b"229 (|||99999|)\r\n", None),
        (1, b"226 done (1,2,3,4,5,6)\r\n", None),
        (0, b"RETR 1,2,3,4,5,6\r\n", None),
        (0, b"EPRT |2|", None),
        (1, b"227 (192,0,2,1,0,0)", None),
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


def test_a_file_is_announced_with_its_path_once_the_server_agrees():
    content = alike_for_all_cuts(FTP, PORT, TALK)
    assert content.announcements == [(1, 50000, "/khach hang/cccd.csv")]
    listed = [(0, b"PORT 192,0,2,7,4,1\r\nLIST -a\r\n"), (1, b"200 ok\r\n125 here it is\r\n")]
    assert alike_for_all_cuts(FTP, PORT, listed).announcements == [(0, 1025, "")]


def test_a_file_that_the_server_refuses_is_not_announced():
    refused = [
        (0, b"EPSV\r\n"),
        (1, b"229 Entering Extended Passive Mode (|||6446|)\r\n"),
        (0, b"RETR a.csv\r\n"),
        (1, b"550 no such file\r\n"),
        (0, b"RETR b.csv\r\n"),
        (1, b"150-Accepted data connection\r\n150 1 kbyte\r\n226 done\r\n"),
    ]
    assert alike_for_all_cuts(FTP, PORT, refused).announcements == [(1, 6446, "b.csv")]


def test_an_announced_connection_carries_a_file_of_that_name_at_any_port():
    flow = replace(head(50000), file="/khach hang/cccd.csv")
    assert FtpData().sniff(flow, (b"GET / HTTP/1.1", b"")) == 1
    assert FtpData().sniff(flow, (b"\x16\x03\x01", b"")) == 0
    content = conversed(FtpData(), flow, [(0, b"id;ten")])
    assert content.parts[0].filename == "/khach hang/cccd.csv"
