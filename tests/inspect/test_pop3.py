from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.inspect.protocols.pop3 import Pop3
from tests.inspect.conversations import alike_for_all_cuts, survives_damage
from tests.inspect.recorder import RecordedContent, conversed, head

POP3 = Pop3()
PORT = head(110)
FETCHED = [
    (1, b"+OK ready\r\n"),
    (0, b"USER anna@example.vn\r\n"),
    (1, b"+OK\r\n"),
    (0, b"PASS secret word\r\n"),
    (1, b"+OK logged in\r\n"),
    (0, b"LIST\r\nRETR 1\r\nLIST 2\r\nTOP 2 0\r\nRETR 9\r\n"),
    (1, b"+OK 2\r\n1 120\r\n2 90\r\n.\r\n+OK 120\r\nSubject: a\r\n\r\n..dot\r\n.\r\n+OK 2 90\r\n"),
    (1, b"+OK\r\nSubject: b\r\n\r\n.\r\n-ERR no such mail\r\n"),
    (0, b"QUIT\r\n"),
    (1, b"+OK bye\r\n"),
]


def texts(content, side=0):
    return b"".join(data for at, _, data in content.texts if at == side)


def test_fetched_mails_become_parts():
    content = alike_for_all_cuts(POP3, PORT, FETCHED)
    assert [part.data for part in content.parts] == [
        b"Subject: a\r\n\r\n.dot\r\n",
        b"Subject: b\r\n\r\n",
    ]
    assert {p.media_type for p in content.parts} == {"message/rfc822"}
    assert b"1 120" in texts(content, 1)
    assert b"+OK bye" in texts(content, 1)


@settings(max_examples=12, deadline=None)
@given(st.integers(1, 40))
def test_a_cut_elsewhere_changes_nothing(size):
    assert conversed(POP3, PORT, FETCHED, size).summary == conversed(POP3, PORT, FETCHED).summary


def test_passwords_are_never_copied():
    content = conversed(POP3, PORT, FETCHED)
    assert b"anna@example.vn" in texts(content)
    assert b"secret" not in texts(content)
    chunks = [
        (1, b"+OK <1896.697@x>\r\n"), (0, b"AUTH PLAIN\r\n"), (1, b"+ abc\r\n"),
        (0, b"LIST\r\n"), (1, b"+OK\r\n"), (0, b"APOP anna c4c9334bac56\r\nSTAT\r\n"),
    ]  # fmt: skip
    content = alike_for_all_cuts(POP3, PORT, chunks)
    assert texts(content) == b"AUTH PLAINAPOP annaSTAT\r\n"


def test_the_reply_decides_whether_tls_begins():
    tls = b"\x16\x03\x01" + bytes(60)
    agreed = [(1, b"+OK ready\r\n"), (0, b"STLS\r\n"), (1, b"+OK\r\n"), (0, tls), (1, tls)]
    content = alike_for_all_cuts(POP3, PORT, agreed)
    assert content.secured
    assert content.summary[2] == {(0, "encrypted"): 63, (1, "encrypted"): 63}
    refused = [(1, b"+OK ready\r\n"), (0, b"STLS\r\n"), (1, b"-ERR\r\n"), *FETCHED[1:]]
    content = alike_for_all_cuts(POP3, PORT, refused)
    assert not content.secured
    assert len(content.parts) == 2
    one_way = alike_for_all_cuts(POP3, PORT, [(0, b"STLS\r\n" + tls)])
    assert one_way.summary[2] == {(0, "encrypted"): 63}


def test_a_mail_whose_client_was_not_captured_is_read():
    content = alike_for_all_cuts(
        POP3, PORT, [(1, b"+OK 12\r\nSubject: a\r\n\r\nx\r\n.\r\n+OK\r\n")]
    )
    assert [part.data for part in content.parts] == [b"Subject: a\r\n\r\nx\r\n"]


def test_a_mail_goes_on_behind_missing_bytes():
    content = RecordedContent()
    conversation = POP3.conversation(PORT, content)
    for side, data in [*FETCHED[:5], (0, b"RETR 1\r\n"), (1, b"+OK\r\nSubject: a\r\n\r\nhe")]:
        conversation.feed(side, data, 0)
    conversation.feed(1, b"re\r\n.\r\n+OK bye\r\n", 40)
    conversation.close()
    assert content.parts[0].data == b"Subject: a\r\n\r\nhere\r\n"
    assert content.parts[0].gaps == [40]
    assert b"+OK bye" in texts(content, 1)


@pytest.mark.parametrize(
    ("port", "heads", "least", "most"),
    [
        (110, (b"", b"+OK ready\r\n"), 0.9, 1),
        (9999, (b"USER anna\r\n", b"+OK ready\r\n"), 0.9, 1),
        (6379, (b"*1\r\n$4\r\nPING\r\n", b"+OK\r\n"), 0, 0.1),
        (110, (b"\x16\x03\x01", b""), 0, 0),
    ],
)
def test_it_is_recognised_by_its_words(port, heads, least, most):
    assert least <= POP3.sniff(head(port), heads) <= most


def test_damage_neither_fails_nor_hangs():
    survives_damage(POP3, PORT, FETCHED)
