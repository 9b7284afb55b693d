from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.inspect.protocols.imap import Imap
from tests.inspect.conversations import alike_for_all_cuts, survives_damage
from tests.inspect.recorder import RecordedContent, conversed, head

IMAP = Imap()
PORT = head(143)
MAIL = b"Subject: x\r\n\r\nbody {9}\r\nA9 OK fooled\r\n"
SIZE = str(len(MAIL)).encode()
TALK = [
    (1, b"* OK IMAP4rev2 ready\r\n"),
    (0, b"a1 LOGIN anna \"sec ret\"\r\n"),
    (1, b"a1 OK in\r\n"),
    (0, b"a2 FETCH 1:2 (FLAGS BODY.PEEK[])\r\n"),
    (1, b"* 1 FETCH (FLAGS (\\Seen) BODY[] {" + SIZE + b"}\r\n" + MAIL + b")\r\n"),
    (1, b"* 2 FETCH (RFC822 {" + SIZE + b"}\r\n" + MAIL + b" UID 7)\r\na2 OK done\r\n"),
    (0, b"a3 APPEND Sent (\\Seen) {" + SIZE + b"}\r\n"),
    (1, b"+ go\r\n"),
    (0, MAIL + b"\r\na4 SEARCH SUBJECT {3+}\r\nbao\r\n"),
    (1, b"a3 OK\r\n* SEARCH 1\r\na4 OK\r\n"),
]  # fmt: skip


def texts(content, side=0):
    return b"".join(data for at, _, data in content.texts if at == side)


def test_fetched_and_appended_mails_become_parts():
    content = alike_for_all_cuts(IMAP, PORT, TALK)
    assert [(part.side, part.place, part.data) for part in content.parts] == [
        (1, "IMAP mail", MAIL),
        (1, "IMAP mail", MAIL),
        (0, "IMAP APPEND", MAIL),
    ]
    assert {part.media_type for part in content.parts} == {"message/rfc822"}
    assert b"SEARCH SUBJECT {3+}\r\nbao" in texts(content)
    assert b" UID 7)" in texts(content, 1)


@settings(max_examples=12, deadline=None)
@given(st.integers(1, 60))
def test_a_cut_elsewhere_changes_nothing(size):
    assert conversed(IMAP, PORT, TALK, size).summary == conversed(IMAP, PORT, TALK).summary


@pytest.mark.parametrize(
    "chunks",
    [
        [(0, b"a LOGIN anna secret\r\nb NOOP\r\n")],
        [(0, b'a LOGIN "anna" "secret \\" word"\r\nb NOOP\r\n')],
        [(0, b"a LOGIN {4+}\r\nanna {6+}\r\nsecret\r\nb NOOP\r\n")],
        [
            (1, b"* OK\r\n"), (0, b"a AUTHENTICATE PLAIN\r\n"), (1, b"+ c2VjcmV0\r\n"),
            (0, b"AGFubmEAsecret\r\n"), (1, b"a OK\r\n"), (0, b"b NOOP\r\n"),
        ],
        [(0, b"a AUTHENTICATE PLAIN AGFubmEAsecret\r\n"), (1, b"a OK\r\n"), (0, b"b NOOP\r\n")],
    ],
)  # fmt: skip
def test_passwords_are_never_copied(chunks):
    content = alike_for_all_cuts(IMAP, PORT, chunks)
    assert b"secret" not in texts(content)
    assert b"c2VjcmV0" not in texts(content, 1)
    assert texts(content).endswith(b"b NOOP\r\n")


def test_a_mail_fetched_in_pieces_is_one_part():
    chunks = [
        (1, b"* 5 FETCH (BODY[]<0> {4}\r\nSubj UID 1)\r\n"),
        (1, b"* 5 FETCH (BODY[]<4> {6}\r\nect: x UID 1)\r\n"),
        (1, b"* 6 FETCH (BODY[]<0> {1}\r\ny)\r\n"),
    ]
    content = alike_for_all_cuts(IMAP, PORT, chunks)
    assert [part.data for part in content.parts] == [b"Subject: x", b"y"]


def test_the_reply_decides_whether_tls_or_compression_begins():
    tls = b"\x16\x03\x01" + bytes(60)
    start = [(1, b"* OK x\r\n"), (0, b"a STARTTLS\r\n")]
    content = alike_for_all_cuts(IMAP, PORT, [*start, (1, b"a OK\r\n"), (0, tls), (1, tls)])
    assert content.secured
    assert content.summary[2] == {(0, "encrypted"): 63, (1, "encrypted"): 63}
    content = alike_for_all_cuts(IMAP, PORT, [*start, (1, b"a NO\r\n"), *TALK[1:]])
    assert not content.secured
    assert len(content.parts) == 3
    packed = [(0, b"a COMPRESS DEFLATE\r\n"), (1, b"a OK\r\n"), (0, bytes(9)), (1, bytes(8))]
    content = alike_for_all_cuts(IMAP, PORT, packed)
    assert content.summary[2] == {(0, "unsupported"): 9, (1, "unsupported"): 8}
    assert content.problems[0][0] == "imap-compressed"


def test_a_refused_literal_leaves_commands_behind_it():
    chunks = [
        (1, b"* OK\r\n"), (0, b"a APPEND x {99999}\r\n"), (1, b"a NO too large\r\n"),
        (0, b"b NOOP\r\n"),
    ]  # fmt: skip
    content = alike_for_all_cuts(IMAP, PORT, chunks)
    assert b"b NOOP" in texts(content)


def test_missing_bytes_within_a_mail_are_told_to_its_part():
    content = RecordedContent()
    conversation = IMAP.conversation(PORT, content)
    conversation.feed(1, b"* 1 FETCH (BODY[] {100}\r\n" + b"a" * 30, 0)
    conversation.feed(1, b"b" * 20 + b")\r\n* 1 FETCH (FLAGS ())\r\n", 50)
    conversation.close()
    assert content.parts[0].data == b"a" * 30 + b"b" * 20
    assert content.parts[0].gaps == [50]
    assert b"FLAGS" in texts(content, 1)


def test_a_literal_of_many_gigabytes_is_not_held():
    chunks = [(1, b"* 1 FETCH (X {400000000000}\r\n" + b"a" * 200_000)]
    content = conversed(IMAP, PORT, chunks, 9000)
    assert content.parts[0].place == "IMAP literal"
    assert len(content.parts[0].data) == 200_000


@pytest.mark.parametrize(
    ("port", "heads", "least", "most"),
    [
        (143, (b"", b"* OK ready\r\n"), 0.9, 1),
        (9999, (b"a1 LOGIN x y\r\n", b"* OK IMAP4 ready\r\n"), 0.9, 1),
        (80, (b"GET / HTTP/1.1\r\n", b"HTTP/1.1 200 OK\r\n"), 0, 0),
        (143, (b"\x16\x03\x01", b""), 0, 0),
    ],
)
def test_it_is_recognised_by_its_words(port, heads, least, most):
    assert least <= IMAP.sniff(head(port), heads) <= most


def test_damage_neither_fails_nor_hangs():
    survives_damage(IMAP, PORT, TALK)


@pytest.mark.parametrize(
    ("asked", "place"),
    [
        (b"RFC822.HEADER", "IMAP mail"),
        (b"body[HEADER.FIELDS (SUBJECT FROM)]", "IMAP mail"),
        (b"BODY[1.2.MIME]", "IMAP mail"),
        (b"BINARY[2] ~", "IMAP mail"),
        (b"BODY[TEXT]<0>", "IMAP mail"),
    ],
)
def test_pieces_of_mails_become_parts_too(asked, place):
    line = b"* 1 FETCH (UID 3 " + asked + (b"" if asked.endswith(b"~") else b" ")
    content = alike_for_all_cuts(IMAP, PORT, [(1, line + b"{3}\r\nabc)\r\n")])
    assert [(part.place, part.data) for part in content.parts] == [(place, b"abc")]


def test_names_and_envelopes_in_literals_become_texts():
    content = alike_for_all_cuts(
        IMAP, PORT, [(1, b'* 1 FETCH (ENVELOPE ("x" {3}\r\nb(c "a"))\r\n')]
    )
    assert content.parts == []
    assert b"b(c" in texts(content, 1)


def test_the_rest_of_a_torn_line_is_not_copied():
    content = RecordedContent()
    conversation = IMAP.conversation(PORT, content)
    conversation.feed(0, b"a NOOP\r\nb LOG", 0)
    conversation.feed(0, b"IN anna secret\r\n", 1)
    conversation.feed(0, b"z NOOP\r\n", 0)
    conversation.close()
    assert b"secret" not in texts(content)
    assert texts(content).endswith(b"z NOOP\r\n")
    assert content.summary[2] == {(0, "damaged"): 16}
