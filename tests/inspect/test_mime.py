from __future__ import annotations

import base64
import random
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.inspect.mime import MailReading
from tests.inspect.recorder import RecordedPages

NOTE = "Kính gửi anh Nguyễn Văn Á, số CCCD 001090012345.\r\n" * 5
TABLE = ("id;ten\r\n" + "001090012345;Trần Thị B\r\n" * 50).encode()


def read(mail: bytes, size: int | None = None) -> RecordedPages:
    pages = RecordedPages()
    reading = MailReading(pages)
    step = size or max(len(mail), 1)
    for begin in range(0, len(mail), step):
        reading.feed(mail[begin : begin + step])
    reading.close()
    return pages


def seen(pages: RecordedPages):
    members = [(m.place, m.media_type, m.charset, m.data, m.closed) for m in pages.members]
    return pages.data, members, pages.unread_why


def composed() -> bytes:
    mail = EmailMessage()
    mail["From"] = "Phòng Kế toán <ke.toan@example.vn>"
    mail["To"] = "partner@example.com"
    mail["Subject"] = "Danh sách khách hàng tháng chín năm hai nghìn không trăm hai mươi sáu gửi đi"
    mail.set_content(NOTE, cte="quoted-printable")
    mail.add_alternative("<p>Kính gửi</p>", subtype="html", cte="base64")
    mail.add_attachment(TABLE, maintype="text", subtype="csv", filename="khách hàng.csv")
    inner = EmailMessage()
    inner["Subject"] = "Thư bên trong"
    inner.set_content("số 079090012345\n")
    inner.add_attachment(b"\x00\x01" * 40, maintype="image", subtype="png", filename="a.png")
    mail.add_attachment(inner)
    return mail.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def test_bodies_attachments_and_mails_within_are_members_without_their_encoding():
    pages = read(composed())
    assert [(m.place, m.media_type) for m in pages.members] == [
        ("", "text/plain"),
        ("", "text/html"),
        ("khách hàng.csv", "text/csv"),
        ("", "text/plain"),
        ("a.png", "image/png"),
    ]
    assert pages.members[0].data.decode() == NOTE
    assert pages.members[0].charset == "utf-8"
    assert pages.members[1].data.strip() == b"<p>K\xc3\xadnh g\xe1\xbb\xadi</p>"
    assert pages.members[2].data == TABLE
    assert pages.members[3].data.strip() == b"s\xe1\xbb\x91 079090012345"
    assert pages.members[4].data == b"\x00\x01" * 40
    text = pages.data.decode()
    assert "subject: Danh sách khách hàng tháng chín năm hai nghìn" in text
    assert "from: Phòng Kế toán <ke.toan@example.vn>" in text
    assert "subject: Thư bên trong" in text
    assert "attachment: khách hàng.csv" in text
    assert not pages.unread_why


@settings(max_examples=12, deadline=None)
@given(st.integers(1, 200))
def test_a_cut_elsewhere_changes_nothing(size):
    mail = composed()
    assert seen(read(mail, size)) == seen(read(mail))


@settings(max_examples=12, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [b"\n--", b"\r\n--b\r\n", b"--b--", b"\r\n", b"\n", b"=", b"==\r\n41", b"QUJD", b"\r",
             b"a: b\n", b"Content-Transfer-Encoding: base64\n",
             b"content-type: multipart/x; boundary=b\n"]
        ),
        max_size=40,
    ),
    st.integers(1, 9),
)  # fmt: skip
def test_a_cut_elsewhere_changes_nothing_of_wild_input_either(pieces, size):
    mail = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"".join(pieces)
    for start in (0, 46):
        assert seen(read(mail[start:], size)) == seen(read(mail[start:]))


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable", "8bit"])
def test_a_mail_whose_beginning_is_missing_is_read_from_the_middle(encoding):
    mail = EmailMessage()
    mail["Subject"] = "x"
    mail.add_attachment(TABLE * 3, maintype="text", subtype="csv", filename="a.csv", cte=encoding)
    mail.add_attachment(TABLE, maintype="text", subtype="csv", filename="b.csv")
    whole = mail.as_bytes().replace(b"\n", b"\r\n")
    begin = whole.index(b"\r\n\r\n", whole.index(b"a.csv")) + 4 + 161
    pages = read(whole[begin:])
    assert b"001090012345" in pages.members[0].data
    assert pages.members[1].place == "b.csv"
    assert pages.members[1].data == TABLE


def test_a_body_that_begins_with_its_boundary_is_taken_apart():
    whole = composed()
    pages = read(whole[whole.index(b"\r\n\r\n--") + 4 :])
    assert [m.media_type for m in pages.members if m.data] == [
        m.media_type for m in read(whole).members
    ]


def test_wrong_boundaries_bare_line_feeds_and_a_missing_end_lose_nothing():
    mail = (
        b'From: a@b\nContent-Type: multipart/mixed; boundary="x y"\n\npreamble 123\n--x y \n'
        b"Content-Type: text/plain\n\nfirst\n--x yz\nstill first\n--x y\n\nsecond\n--other--\nend"
    )
    pages = read(mail)
    assert [m.data for m in pages.members] == [
        b"first\n--x yz\nstill first",
        b"second\n--other--\nend",
    ]
    assert b"preamble 123" in pages.data
    assert all(m.closed for m in pages.members)


def test_a_tree_ten_thousand_deep_ends_as_a_bomb():
    levels = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level)
        for level in range(10_000)
    )
    assert [why for why, _ in read(levels).unread_why] == ["bomb"]
    mails = b"Content-Type: message/rfc822\r\n\r\n" * 10_000
    assert [why for why, _ in read(mails).unread_why] == ["bomb"]


def test_a_mail_of_very_many_parts_ends_as_a_bomb():
    mail = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 3000
    pages = read(mail)
    assert pages.unread_why == [("bomb", "parts of a mail")]
    assert len(pages.members) == 2000


@pytest.mark.parametrize(
    ("fields", "body", "why"),
    [
        (b"application/ms-tnef; name=winmail.dat", b"xx", ("unsupported", "TNEF")),
        (b"application/pkcs7-mime; smime-type=enveloped-data", b"MIAG", ("encrypted", "S/MIME")),
        (b"multipart/encrypted; boundary=q", b"--q\r\n\r\nVersion: 1\r\n", ("encrypted", "PGP")),
        (b"text/plain", b"hi\r\n-----BEGIN PGP MESSAGE-----\r\n\r\nabc", ("encrypted", "PGP")),
    ],
)
def test_what_is_encrypted_or_not_understood_is_said_and_the_rest_is_read(fields, body, why):
    mail = (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: "
        + fields
        + b"\r\n\r\n"
        + body
        + b"\r\n--b\r\nContent-Type: text/plain\r\n\r\nclear\r\n--b--\r\n"
    )
    pages = read(mail)
    assert pages.unread_why == [why]
    assert pages.members[-1].data == b"clear"
    assert b"Version" not in b"".join(m.data for m in pages.members)


def test_file_names_in_pieces_and_in_encoded_words_are_joined():
    mail = (
        b"Content-Disposition: attachment; filename*0*=utf-8''b%E1%BA%A3ng;\r\n filename*1*=%20k;"
        b" filename*2=.csv\r\n\r\nx"
    )
    assert read(mail).members[0].place == "bảng k.csv"
    word = base64.b64encode("bảng.csv".encode())
    mail = b'Content-Type: text/csv; name="=?UTF-8?B?' + word + b'?="\r\n\r\nx'
    assert read(mail).members[0].place == "bảng.csv"


def test_missing_bytes_of_base64_are_passed_over_at_the_next_line():
    packed = base64.encodebytes(TABLE * 20)
    pages = RecordedPages()
    reading = MailReading(pages)
    reading.feed(b"Content-Transfer-Encoding: base64\r\n\r\n" + packed[:1000])
    reading.gap(333)
    reading.feed(packed[1333:])
    reading.close()
    part = pages.members[0]
    assert part.gaps == [333]
    assert part.data.count(b"001090012345") > 0.97 * 20 * 50 * (len(packed) - 333) / len(packed)


def test_damaged_mails_neither_fail_nor_hang():
    chance = random.Random(8)
    mail = composed()
    for _ in range(60):
        damaged = bytearray(mail)
        for _ in range(chance.randrange(1, 60)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        pages = read(bytes(damaged[chance.randrange(200) :]), chance.choice((None, 7, 400)))
        assert all(m.closed for m in pages.members)
    read(chance.randbytes(3000), 100)


def test_long_headers_and_long_lines_are_read_in_bounded_memory():
    pages = read(b"X: " + b"a" * 300_000 + b"\n" + b" folded\n" * 40_000 + b"\r\nbody 42", 5000)
    assert pages.members[0].data == b"body 42"
    assert len(pages.data) > 600_000
