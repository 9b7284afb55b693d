from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.inspect.protocols.smtp import Smtp
from tests.inspect.conversations import alike_for_all_cuts, survives_damage
from tests.inspect.recorder import RecordedContent, conversed, head

SMTP = Smtp()
PORT = head(25)
MAIL = b"Subject: x\r\n\r\n..first dots\r\n..\r\nlast .\r\n"
READ = b"Subject: x\r\n\r\n.first dots\r\n.\r\nlast .\r\n"
SENT = [
    (1, b"220 mx.example.vn ESMTP\r\n"),
    (0, b"EHLO client.example\r\n"),
    (1, b"250-mx.example.vn\r\n250-PIPELINING\r\n250 CHUNKING\r\n"),
    (0, b"AUTH PLAIN AGFubmEAc2VjcmV0\r\n"),
    (1, b"235 ok\r\n"),
    (0, b"MAIL FROM:<anna@example.vn>\r\nRCPT TO:<bob@example.com>\r\nDATA\r\n"),
    (1, b"250 ok\r\n250 ok\r\n354 go on\r\n"),
    (0, MAIL + b".\r\nMAIL FROM:<anna@example.vn>\r\nRCPT TO:<eve@example.com>\r\nDATA\r\n"),
    (1, b"250 queued\r\n250 ok\r\n250 ok\r\n354 go on\r\n"),
    (0, b"Subject: y\r\n\r\nsecond\r\n.\r\nQUIT\r\n"),
    (1, b"250 queued\r\n221 bye\r\n"),
]


def texts(content, side=0):
    return b"".join(data for at, _, data in content.texts if at == side)


def test_mails_become_parts_without_their_added_dots():
    content = alike_for_all_cuts(SMTP, PORT, SENT)
    assert [part.data for part in content.parts] == [READ, b"Subject: y\r\n\r\nsecond\r\n"]
    assert {(p.place, p.media_type) for p in content.parts} == {("SMTP mail", "message/rfc822")}
    assert b"RCPT TO:<eve@example.com>" in texts(content)
    assert b"QUIT" in texts(content)


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 40))
def test_a_cut_elsewhere_changes_nothing(size):
    assert conversed(SMTP, PORT, SENT, size).summary == conversed(SMTP, PORT, SENT).summary


def test_credentials_are_never_copied():
    login = [
        (1, b"220 x ESMTP\r\n"), (0, b"AUTH LOGIN\r\n"), (1, b"334 VXNlcm5hbWU6\r\n"),
        (0, b"YW5uYQ==\r\n"), (1, b"334 UGFzc3dvcmQ6\r\n"), (0, b"QUIT\r\n"), (1, b"535 no\r\n"),
        (0, b"MAIL FROM:<a@b>\r\n"),
    ]  # fmt: skip
    content = alike_for_all_cuts(SMTP, PORT, login)
    assert texts(content) == b"AUTH LOGINMAIL FROM:<a@b>\r\n"
    assert b"VXN" not in texts(content, 1)
    assert b"AGFubmE" not in texts(conversed(SMTP, PORT, SENT))
    alone = [(0, b"EHLO a\r\nAUTH LOGIN\r\nYW5uYQ==\r\nc2VjcmV0\r\nMAIL FROM:<a@b>\r\n")]
    assert texts(alike_for_all_cuts(SMTP, PORT, alone)) == (
        b"EHLO a\r\nAUTH LOGINMAIL FROM:<a@b>\r\n"
    )


def test_a_credential_at_the_beginning_of_a_capture_is_not_copied_either():
    content = alike_for_all_cuts(
        SMTP,
        PORT,
        [(1, b"334 UGFz\r\n"), (0, b"c2VjcmV0\r\n"), (1, b"235 ok\r\n"), (0, b"RSET\r\n")],
    )
    assert texts(content) == b"RSET\r\n"
    assert content.parts == []


def test_the_reply_decides_whether_tls_begins():
    start = [(1, b"220 x ESMTP\r\n"), (0, b"EHLO a\r\n"), (1, b"250 STARTTLS\r\n")]
    tls = b"\x16\x03\x01" + bytes(60)
    agreed = [*start, (0, b"STARTTLS\r\n"), (1, b"220 go\r\n"), (0, tls), (1, tls)]
    content = alike_for_all_cuts(SMTP, PORT, agreed)
    assert content.secured
    assert content.summary[2] == {(0, "encrypted"): 63, (1, "encrypted"): 63}
    refused = [*start, (0, b"STARTTLS\r\n"), (1, b"454 no\r\n"), *SENT[5:]]
    content = alike_for_all_cuts(SMTP, PORT, refused)
    assert not content.secured
    assert content.parts[0].data == READ
    one_way = [(0, b"EHLO a\r\nSTARTTLS\r\n" + tls)]
    assert alike_for_all_cuts(SMTP, PORT, one_way).summary[2] == {(0, "encrypted"): 63}


def test_chunks_of_bdat_become_one_mail():
    chunks = [
        (1, b"220 x ESMTP\r\n"),
        (0, b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nBDAT 10\r\n0123\r\n.\r\n9BDAT 3 LAST\r\nend"),
        (1, b"250 ok\r\n250 ok\r\n250 ok\r\n250 ok\r\n"),
        (0, b"MAIL FROM:<e@f>\r\nBDAT 0 LAST\r\nQUIT\r\n"),
    ]
    content = alike_for_all_cuts(SMTP, PORT, chunks)
    assert [part.data for part in content.parts] == [b"0123\r\n.\r\n9end", b""]
    assert b"QUIT" in texts(content)


def test_a_refused_mail_leaves_commands_behind_it():
    chunks = [
        (1, b"220 x ESMTP\r\n"), (0, b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n"),
        (1, b"250 ok\r\n550 no\r\n554 no\r\n"), (0, b"RSET\r\nMAIL FROM:<g@h>\r\n"),
    ]  # fmt: skip
    content = alike_for_all_cuts(SMTP, PORT, chunks)
    assert content.parts == []
    assert b"MAIL FROM:<g@h>" in texts(content)


def test_a_mail_without_its_beginning_and_without_a_server_is_read():
    content = alike_for_all_cuts(SMTP, PORT, [(0, b"the middle of a mail\r\n..\r\n.\r\nQUIT\r\n")])
    assert content.parts[0].data == b"the middle of a mail\r\n.\r\n"
    assert b"QUIT" in texts(content)
    alone = b"EHLO a\r\nMAIL FROM:<a@b>\r\nDATA\r\n" + MAIL + b".\r\nQUIT\r\n"
    content = alike_for_all_cuts(SMTP, PORT, [(0, alone)])
    assert content.parts[0].data == READ


def test_a_mail_of_which_little_is_there_is_read():
    content = RecordedContent()
    conversation = SMTP.conversation(PORT, content)
    conversation.feed(0, b"half a line", 0)
    conversation.feed(0, b"behind\r\n.\r\n", 70)
    conversation.close()
    assert content.parts[0].data == b"half a linebehind\r\n"
    assert content.parts[0].gaps == [70]


def test_a_mail_goes_on_behind_missing_bytes_and_the_reply_ends_it():
    content = RecordedContent()
    conversation = SMTP.conversation(PORT, content)
    for side, data in SENT[:7]:
        conversation.feed(side, data, 0)
    conversation.feed(0, b"Subject: x\r\n\r\nhere", 0)
    conversation.feed(0, b"there", 500)
    conversation.feed(1, b"250 queued\r\n", 0)
    conversation.feed(0, b"MAIL FROM:<z@z>\r\n", 0)
    conversation.close()
    assert content.parts[0].gaps == [500]
    assert content.parts[0].data == b"Subject: x\r\n\r\nherethere"
    assert b"z@z" in texts(content)


def test_a_mail_whose_command_is_missing_begins_with_the_reply_to_it():
    content = RecordedContent()
    conversation = SMTP.conversation(PORT, content)
    for side, data in SENT[:3]:
        conversation.feed(side, data, 0)
    conversation.feed(1, b"250 ok\r\n250 ok\r\n354 go on\r\n", 0)
    conversation.feed(0, MAIL + b".\r\nQUIT\r\n", 90)
    conversation.close()
    assert content.parts[0].data == READ
    assert b"QUIT" in texts(content)


def test_a_mail_with_bare_line_feeds_is_ended_by_the_reply():
    chunks = [*SENT[:7], (0, b"Subject: x\n\nbody\n.\n"), (1, b"250 ok\r\n"), (0, b"QUIT\r\n")]
    content = alike_for_all_cuts(SMTP, PORT, chunks)
    assert b"QUIT" in texts(content)
    assert content.parts[0].data.startswith(b"Subject: x\n\nbody")


@pytest.mark.parametrize(
    ("port", "heads", "least", "most"),
    [
        (25, (b"EHLO x\r\n", b"220 mx ESMTP\r\n"), 0.9, 1),
        (9999, (b"EHLO x\r\n", b""), 0.9, 1),
        (587, (b"", b"220 mail ready\r\n"), 0.8, 1),
        (25, (b"\x16\x03\x01", b""), 0, 0),
        (21, (b"USER anna\r\n", b"220 ready\r\n"), 0, 0.2),
        (80, (b"GET / HTTP/1.1\r\n", b""), 0, 0),
    ],
)
def test_it_is_recognised_by_its_words(port, heads, least, most):
    assert least <= SMTP.sniff(head(port), heads) <= most


def test_damage_neither_fails_nor_hangs():
    survives_damage(SMTP, PORT, SENT)


def test_a_line_without_end_is_held_no_longer_than_allowed():
    content = conversed(SMTP, PORT, [(0, b"EHLO " + b"a" * 300_000)], 9000)
    assert max(len(data) for _, _, data in content.texts) <= 1 << 16
    assert len(texts(content)) == 300_005


def test_the_rest_of_a_torn_line_is_not_copied():
    content = RecordedContent()
    conversation = SMTP.conversation(PORT, content)
    conversation.feed(0, b"EHLO a\r\nAUTH PLA", 0)
    conversation.feed(0, b"IN anna secret\r\n", 1)
    conversation.feed(0, b"NOOP\r\n", 0)
    conversation.close()
    assert b"secret" not in texts(content)
    assert texts(content).endswith(b"NOOP\r\n")
    assert content.summary[2] == {(0, "damaged"): 16}
