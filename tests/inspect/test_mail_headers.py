from __future__ import annotations

import pytest

from auditor.inspect import mail_headers


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("plain", "plain"),
        ("=?UTF-8?Q?B=E1=BA=A3ng_l=C6=B0=C6=A1ng?= T9", "Bảng lương T9"),
        ("=?utf-8?b?QuG6o25n?=\r\n =?utf-8?b?IGzGsMahbmc=?=", "Bảng lương"),
        ("=?utf-8?B?QuG6o25n", "=?utf-8?B?QuG6o25n"),
        ("=?windows-1258?Q?H=E0?=", "Hà"),
        ("=?x-unknown?Q?H=C3=A0?=", "Hà"),
        ("=?unicode_escape?Q?=5Cx41?=", "\\x41"),
        ("=?utf-8*vi?Q?H=C3=A0?=", "Hà"),
        ("=?utf-8?B?A?=", "=?utf-8?B?A?="),
    ],
)
def test_encoded_words_become_letters(value, expected):
    assert mail_headers.decoded(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Text/HTML; Charset=utf-8", ("text/html", {"charset": "utf-8"})),
        ('a/b; name="x;y \\"z"; q=1', ("a/b", {"name": 'x;y "z', "q": "1"})),
        ("a/b; name*=utf-8'vi'B%E1%BA%A3ng.csv", ("a/b", {"name": "Bảng.csv"})),
        ("a/b; n*1=two; n*0*=utf-8''%6Fne", ("a/b", {"n": "onetwo"})),
        ('a/b; name="open', ("a/b", {"name": "open"})),
        ("", ("", {})),
        (";;;=;a=", ("", {"a": ""})),
    ],
)
def test_parameters_are_taken_apart(value, expected):
    assert mail_headers.parameters(value) == expected


def test_hostile_values_take_no_time():
    for value in (
        'a;b="' + '\\"' * 50_000,
        "a" + ";b*1" * 50_000,
        "=?a?q?" * 50_000,
        "; " * 50_000,
    ):
        mail_headers.parameters(value)
        mail_headers.decoded(value)
