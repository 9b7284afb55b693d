"""Bodies of several documents come apart into parts, however the bytes are cut."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.inspect import bodies
from tests.inspect.recorder import RecordedContent

FORM_DATA = {b"content-type": b'multipart/form-data; boundary="=_x"'}
UPLOAD = (
    b"--=_x\r\n"
    b'Content-Disposition: form-data; name="so_cccd"\r\n\r\n'
    b"001099012345\r\n"
    b"--=_x  \r\n"
    b'content-disposition: form-data; name="f"; filename="ban \\"do\\".csv"\r\n'
    b"Content-Type: text/csv; charset=UTF-8\r\n\r\n"
    b"a,b\r\n1,2\r\n--=_y\r\n\r\r\n"
    b"\r\n--=_x\r\n"
    b"Content-Disposition: form-data; name=g; filename*=utf-8''%C4%91%E1%BA%A5t.bin\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\n"
    b"QUJD"
    b"\r\n--=_x--\r\n"
)


def read(fields, body, size=None, gap_at=None):
    content = RecordedContent()
    part = bodies.begun(content, 0, "HTTP request body", fields)
    step = size or max(len(body), 1)
    for begin in range(0, len(body), step):
        part.feed(body[begin : begin + step])
        if gap_at is not None and begin <= gap_at < begin + step:
            part.gap(10)
    part.close()
    assert all(part.closed for part in content.parts)
    return content


@pytest.mark.parametrize("size", [None, 1, 2, 3, 50])
def test_every_field_and_file_of_a_form_is_a_part(size):
    field, csv, encoded = read(FORM_DATA, UPLOAD, size).parts
    assert (field.place, field.data) == ("HTTP request body / so_cccd", b"so_cccd=001099012345")
    assert (csv.filename, csv.charset, csv.media_type) == (
        'ban "do".csv', "utf-8", "text/csv; charset=UTF-8",
    )  # fmt: skip
    assert csv.data == b"a,b\r\n1,2\r\n--=_y\r\n\r\r\n"
    assert (encoded.filename, encoded.encodings, encoded.data) == ("đất.bin", ("base64",), b"QUJD")


def test_lines_that_end_without_carriage_return_come_apart_too():
    parts = read(FORM_DATA, UPLOAD.replace(b"\r", b"")).parts
    assert [part.data for part in parts][1:] == [b"a,b\n1,2\n--=_y\n\n", b"QUJD"]


def test_what_stands_outside_of_the_parts_is_read_too():
    body = b"\r\nhidden\r\n--=_x\r\n\r\nbody\r\n--=_x--\r\n\r\nmore"
    before, inside, after = read(FORM_DATA, body).parts
    assert before.place == after.place == "HTTP request body / outside of its parts"
    assert (before.data, inside.data, after.data) == (b"hidden", b"body", b"more")


def test_a_part_may_have_neither_header_nor_body():
    parts = read(FORM_DATA, b"--=_x\r\n\r\n--=_x\r\n\r\n\r\n--=_x--").parts
    assert [part.data for part in parts] == [b"", b""]


def test_another_boundary_than_declared_loses_nothing():
    (part,) = read(FORM_DATA, UPLOAD.replace(b"=_x", b"=_z")).parts
    assert part.data == UPLOAD.replace(b"=_x", b"=_z")


def test_multipart_within_multipart_comes_apart_and_ends_at_a_depth():
    fields, body = FORM_DATA, b"inside"
    for level in range(7):
        name = b"b%d" % level
        fields = {b"content-type": b"multipart/mixed; boundary=" + name}
        kind = b"text/plain" if level == 0 else b"multipart/mixed; boundary=b%d" % (level - 1)
        body = b"--%s\r\nContent-Type: %s\r\n\r\n%s\r\n--%s--" % (name, kind, body, name)
    (part,) = read(fields, body).parts
    assert b"inside" in part.data
    assert part.media_type == "multipart/mixed; boundary=b2"


def test_more_parts_than_anyone_sends_are_read_as_one():
    body = b"--=_x\r\n\r\n" * 10_100
    content = read(FORM_DATA, body, 65_536)
    assert len(content.parts) == 10_001
    assert content.parts[-1].data.count(b"--=_x") == 99
    assert [code for code, _ in content.problems] == ["http-too-many-parts"]


def test_a_part_header_without_end_becomes_the_part():
    body = b"--=_x\r\n" + b"A: b\r\n" * 5_000
    (part,) = read(FORM_DATA, body, 1_000).parts
    assert part.data == body[6:]


def test_a_gap_is_told_to_the_part_it_lies_in():
    content = read(FORM_DATA, UPLOAD, 10, gap_at=UPLOAD.index(b"1,2"))
    assert [part.gaps for part in content.parts] == [[], [10], []]


def test_a_gap_in_a_header_leaves_a_part_without_name():
    content = read(FORM_DATA, UPLOAD, 10, gap_at=UPLOAD.index(b"text/csv"))
    assert [part.gaps for part in content.parts] == [[], [10], []]
    assert content.parts[1].filename == ""


URLENCODED = {b"content-type": b"application/x-www-form-urlencoded; charset=UTF-8"}


@pytest.mark.parametrize("size", [None, 1, 4])
def test_a_form_is_read_as_lines(size):
    body = b"ten=Nguy%E1%BB%85n+V%C4%83n&so=001%3D1&x=%&y=%%41%2&z=1%"
    (part,) = read(URLENCODED, body, size).parts
    assert part.data.startswith("ten=Nguyễn Văn\nso=001=1\n".encode())
    assert (part.media_type, part.charset) == ("text/plain", "UTF-8")
    assert read(URLENCODED, body, None).parts[0].data == part.data


def test_a_carriage_return_in_a_form_hides_nothing():
    (part,) = read(URLENCODED, b"a=%\rso_cccd=001099012345&b=1").parts
    assert b"so_cccd=001099012345" in part.data


def message(data, packed=0):
    return bytes([packed]) + len(data).to_bytes(4, "big") + data


@pytest.mark.parametrize("size", [None, 1, 7])
def test_messages_of_grpc_lose_their_prefixes(size):
    fields = {b"content-type": b"application/grpc+proto", b"grpc-encoding": b"gzip"}
    body = message(b"one") + message(b"zipped", 1) + message(b"") + message(b"two")
    plain, packed = read(fields, body, size).parts
    assert (plain.data, plain.encodings) == (b"onetwo", ())
    assert (packed.data, packed.encodings) == (b"zipped", ("gzip",))


def test_a_message_of_grpc_may_claim_four_gigabytes():
    (part,) = read({b"content-type": b"application/grpc"}, b"\0\xff\xff\xff\xffabc").parts
    assert part.data == b"abc"


def test_encodings_are_told_outermost_first():
    fields = {b"content-encoding": b"gzip, BR", b"content-type": b"Text/HTML; charset=TCVN"}
    content = RecordedContent()
    bodies.begun(content, 1, "x", fields, packed=["deflate"], filename="a.html").close()
    (part,) = content.parts
    assert part.encodings == ("deflate", "br", "gzip")
    assert (part.media_type, part.charset, part.filename) == (
        "Text/HTML; charset=TCVN", "tcvn", "a.html",
    )  # fmt: skip


def test_signed_chunks_are_outermost_wherever_they_are_named():
    (part,) = read({b"content-encoding": b"aws-chunked,gzip"}, b"xyz").parts
    assert part.encodings == ("aws-chunked", "gzip")


def test_a_packed_form_is_one_part():
    (part,) = read(FORM_DATA | {b"content-encoding": b"gzip"}, b"xyz").parts
    assert (part.data, part.encodings) == (b"xyz", ("gzip",))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_cutting_elsewhere_changes_nothing(data):
    fields, body = data.draw(
        st.sampled_from([(FORM_DATA, UPLOAD), (URLENCODED, b"a=%C4%91&" * 30)])
    )
    broken = bytearray(body)
    for _ in range(data.draw(st.integers(0, 4))):
        place = data.draw(st.integers(0, len(body) - 1))
        broken[place : place + 1] = data.draw(st.binary(max_size=3))
    whole = read(fields, bytes(broken)).summary
    assert read(fields, bytes(broken), data.draw(st.integers(1, 30))).summary == whole
