"""Addresses: of servers, people and webhooks; nothing that could mislead or leak."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.agent.addresses import (
    host,
    is_loopback,
    mailbox,
    open_webhook_address,
    webhook_address,
)


@pytest.mark.parametrize("text", ["mail.example.vn", "localhost", "10.0.0.1", "::1", "smtp_1"])
def test_a_server_is_a_name_or_an_address(text):
    assert host(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "https://x",
        "user:pw@host",
        "a b",
        "host/path",
        "host:25",
        "a\nb",
        "-x",
        "x" * 300,
        "m\u202e",
    ],
)
def test_anything_else_is_no_server(text):
    with pytest.raises(ValueError, match="is no server"):
        host(text)


def test_loopback_is_this_machine_and_nothing_that_sounds_like_it():
    assert all(map(is_loopback, ["localhost", "LOCALHOST", "127.0.0.1", "127.8.9.1", "::1"]))
    others = ["localhost.example.vn", "127.0.0.1.example.vn", "10.0.0.1", "example.vn"]
    assert not any(map(is_loopback, others))


@pytest.mark.parametrize(
    ("text", "name", "box"),
    [
        ("an@example.vn", "", "an@example.vn"),
        ("An Ninh <an@example.vn>", "An Ninh", "an@example.vn"),
        ("Phòng An toàn thông tin <an@ví-dụ.vn>", "Phòng An toàn thông tin", "an@ví-dụ.vn"),
        ("a.b+c@x.vn", "", "a.b+c@x.vn"),
    ],
)
def test_people_have_addresses_with_and_without_names(text, name, box):
    found = mailbox(text)
    assert (found.display_name, found.addr_spec) == (name, box)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "an",
        "an@",
        "@x.vn",
        "a@b@c",
        "a b@x.vn",
        "An <an@x.vn> <be@x.vn>",
        "an@x.vn, be@x.vn",
        "an@x.vn\r\nBcc: evil@x.vn",
        "An\r\nBcc: evil@x.vn <an@x.vn>",
        "An <an@x.vn\r\n>",
        "a..b@x.vn",
        "an@x..vn",
        "an@" + "x" * 70 + ".vn",
        '"an"@x.vn',
        "An\u202e <an@x.vn>",
    ],
)
def test_anything_else_is_nobodys_address(text):
    with pytest.raises(ValueError, match="is no e-mail address"):
        mailbox(text)


@given(st.text(max_size=60) | st.text('<>@". a,\n', max_size=20))
def test_no_text_breaks_the_reading_of_addresses(text):
    try:
        found = mailbox(text)
    except ValueError:
        return
    assert "\n" not in str(found) and "\r" not in str(found)
    assert str(found).count("@") == 1


@pytest.mark.parametrize(
    "url",
    ["https://hook.example.vn/in", "http://127.0.0.1:8080/", "http://[::1]/x", "http://localhost"],
)
def test_webhooks_are_https_or_on_this_machine(url):
    webhook_address(url)
    open_webhook_address(url)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://hook.example.vn/in", "not https"),
        ("http://localhost.example.vn/", "not https"),
        ("ftp://localhost/", "not https"),
        ("hook.example.vn/in", "no address"),
        ("https://", "no address"),
        ("https://x:99999/", "no address"),
        ("https://[::1", "no address"),
        ("https://x/\r\nHost: y", "no address"),
        ("https://x/a b", "no address"),
    ],
)
def test_other_addresses_are_refused_without_being_repeated(url, why):
    with pytest.raises(ValueError, match=why) as caught:
        webhook_address(url)
    assert not url.strip("/:htps") or url not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://user:pw@hook.example.vn/",
        "https://hook.example.vn/in?token=abc",
        "https://hook.example.vn/in?api_key=",
        "https://hook.example.vn/in?x=aB3dE5gH7jK9mN1pQ3sT5",
        "https://hooks.example.com/services/T000/B000/XXXXXXXXXXXXXXXXXXXXXXXX",
        "https://hook.example.vn/123e4567-e89b-12d3-a456-426614174000",
    ],
)
def test_an_address_that_is_itself_a_secret_does_not_stand_in_the_file(url):
    webhook_address(url)
    with pytest.raises(ValueError, match="url_env") as caught:
        open_webhook_address(url)
    assert url not in str(caught.value)


def test_an_address_with_plain_words_may_stand_in_the_file():
    open_webhook_address("https://siem.example.vn/api/v1/cross-border-flows?room=night")
