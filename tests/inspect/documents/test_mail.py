from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.inspect.contracts import About
from auditor.inspect.documents.mail import Mail, Mailbox
from tests.inspect.documents.reading import damaged_copies, held, read_as_it_comes
from tests.inspect.recorder import RecordedPages

MESSAGE = (
    b"From: a@example.vn\r\nTo: b@example.com\r\nSubject: danh sach\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n\r\nso 001089012345\r\n"
)
BEGINS = b"From a@example.vn Mon Nov  2 10:11:12 2026\n"
MAILBOX = BEGINS + b"Subject: 1\n\nFrom here on it is text\n\n" + BEGINS + b"Subject: 2\n\nhai\n"


def test_a_message_is_read():
    pages = read_as_it_comes(Mail(), MESSAGE)
    assert b"danh sach" in pages.data
    assert b"so 001089012345" in b"".join(held(pages).values())


def test_messages_are_known_by_their_header_type_or_name():
    assert Mail().sniff(MESSAGE, About()) > 0.8
    assert Mail().sniff(b"anything", About(media_type="message/rfc822")) > 0.8
    assert Mail().sniff(b"X-Mailer: a\n\n", About(filename="Thư.EML")) > 0.8


def test_other_texts_are_no_message():
    for head in (
        b"",
        b"From the beginning\n",
        b"To: do\nbuy milk\n",
        b"name,from\n",
        b"date: 2026\n",
    ):
        assert not Mail().sniff(head, About())
        assert not Mailbox().sniff(head, About())


@settings(max_examples=40, deadline=None)
@given(size=st.integers(1, len(MAILBOX)))
def test_messages_of_a_mailbox_are_members_however_it_is_cut(size):
    pages = read_as_it_comes(Mailbox(), MAILBOX, size)
    assert held(pages) == {
        "message 1": b"Subject: 1\n\nFrom here on it is text\n\n",
        "message 2": b"Subject: 2\n\nhai\n",
    }
    assert {part.media_type for part in pages.members} == {"message/rfc822"}


def test_a_hole_in_a_mailbox_is_a_hole_in_a_message():
    pages = RecordedPages()
    reading = Mailbox().reading(About(), pages)
    reading.feed(BEGINS + b"Subject: 1\n\nabc")
    reading.gap(50)
    reading.feed(b"def\n" + BEGINS + b"Subject: 2\n")
    reading.close()
    assert [part.gaps for part in pages.members] == [[50], []]
    assert held(pages)["message 1"].endswith(b"def\n")


def test_a_mailbox_is_known_by_its_first_line():
    assert Mailbox().sniff(MAILBOX, About()) > 0.8


def test_damaged_mailboxes_are_survived():
    chance = random.Random(1)
    for copy in damaged_copies(MAILBOX, 150):
        held(read_as_it_comes(Mailbox(), copy, chance.randrange(1, 200)))
    read_as_it_comes(Mailbox(), MAILBOX + b"\nFrom " * 5_000, 100)
