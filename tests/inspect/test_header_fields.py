"""Header fields are read leniently, and what they carry is told without credentials."""

from auditor.inspect import header_fields
from tests.inspect.recorder import RecordedContent


def test_fields_are_joined_folded_and_capped():
    lines = [b"A: 1\r", b"nonsense\r", b"a : 2\r", b"\tthree\r", b": x", b"\r", b""]
    assert header_fields.fields_of(lines) == {b"a": b"1, 2 three", b"": b"x"}
    assert (
        len(header_fields.fields_of(b"n%d: x" % n for n in range(5_000)))
        == header_fields.MOST_FIELDS
    )


def test_credentials_are_not_copied():
    content = RecordedContent()
    fields = {
        b"authorization": b"Basic dXNlcjpwYXNz", b"x-api-key": b"k3y", b"x-user": b"an%20",
        b"host": b"a.vn", b"cookie": b"id=1", b"x-auth-token": b"t",
    }  # fmt: skip
    header_fields.tell_fields(content, 0, "here", fields)
    assert content.texts == [(0, "here", b"authorization: Basic\nx-user: an \ncookie: id=1")]


def test_parameters_are_unquoted_and_decoded():
    value = b'Attachment; filename="a \\"b\\".csv"; x = y ;FileName*=UTF-8\'vi\'%C4%91.csv; n="open'
    assert header_fields.parameters(value) == (
        "Attachment",
        {"filename": "đ.csv", "x": "y", "n": "open"},
    )
    assert header_fields.parameters(b"") == ("", {})


def test_many_broken_parameters_are_read_in_time():
    assert header_fields.parameters(b';a="\\"' * 16_000)[1]["a"].startswith('"')


def test_lists_are_lower_case_without_parameters():
    assert header_fields.listed(b"GZip;q=1, , br") == ["gzip", "br"]
    assert header_fields.listed(b"") == []
