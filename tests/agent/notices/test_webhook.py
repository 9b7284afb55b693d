"""Webhooks against a real HTTP(S) server."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from datetime import timedelta

import pytest

from auditor.agent.channels import Webhook
from auditor.agent.notices import webhook
from auditor.agent.notices.sending import Undelivered
from tests.agent.notices.conftest import NOON, notice
from tests.agent.notices.receivers import Web, free_port, mute


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv("HOOK_KEY", "khóa bí mật")


def to(server, **more):
    url = None if server is None else f"http://127.0.0.1:{server.port}/in"
    return Webhook(**({"url": url, "secret_env": "HOOK_KEY"} | more))


def test_a_receiver_can_check_who_sent_what_and_when():
    with Web() as server:
        assert webhook.sent(to(server), notice(), NOON) == ""
    ((path, headers, body),) = server.got
    assert path == "/in"
    assert headers["Auditor-Notice"] == notice().id
    assert headers["Auditor-Timestamp"] == str(int(NOON.timestamp()))
    signed = headers["Auditor-Timestamp"].encode() + b"." + body
    expected = hmac.digest("khóa bí mật".encode(), signed, hashlib.sha256).hex()
    assert headers["Auditor-Signature"] == f"v1={expected}"
    assert headers["Content-Type"] == "application/json"
    document = json.loads(body)
    assert document["id"] == notice().id
    assert document["created"] == "2026-11-22T05:00:00Z"
    assert document["changes"][0]["recipient"] == "Example Cloud Pte. Ltd."


def test_the_body_is_the_same_whenever_it_is_sent():
    with Web() as server:
        webhook.sent(to(server), notice(), NOON)
        webhook.sent(to(server), notice(tries=3), NOON + timedelta(hours=5))
    (_, first, body), (_, second, again) = server.got
    assert body == again
    assert first["Auditor-Signature"] != second["Auditor-Signature"]


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_every_2xx_is_delivered(status):
    with Web([status]) as server:
        assert webhook.sent(to(server), notice(), NOON) == ""


@pytest.mark.parametrize(
    ("status", "slow", "alone"),
    [
        (500, False, False),
        (503, False, False),
        (408, False, False),
        (425, False, False),
        (429, False, False),
        (400, True, True),
        (422, True, True),
        (401, True, False),
        (404, True, False),
        (410, True, False),
        (301, True, False),
    ],
)
def test_other_answers_say_how_to_go_on(status, slow, alone):
    with (
        Web([(status, {"Location": "http://127.0.0.1:1/"})]) as server,
        pytest.raises(Undelivered, match=str(status)) as caught,
    ):
        webhook.sent(to(server), notice(), NOON)
    assert (caught.value.slow, caught.value.alone) == (slow, alone)
    assert len(server.got) == 1


@pytest.mark.parametrize(
    ("asked", "wait"),
    [
        ("120", timedelta(seconds=120)),
        ("Sun, 22 Nov 2026 05:10:00 GMT", timedelta(minutes=10)),
        ("Sun, 22 Nov 2020 05:10:00 GMT", timedelta(0)),
        ("999999999", timedelta(days=1)),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", None),
        ("Mon, 01 Jan 2026 00:00:00 +99999999999999999999", None),
    ],
)
def test_the_wait_that_a_receiver_asks_for_is_kept_within_reason(asked, wait):
    with Web([(429, {"Retry-After": asked})]) as server, pytest.raises(Undelivered) as caught:
        webhook.sent(to(server), notice(), NOON)
    assert caught.value.wait == wait


def test_nobody_there_and_nobody_answering_are_undelivered(monkeypatch):
    monkeypatch.setattr(webhook, "TIMEOUT", 0.3)
    gone = to(None, url=f"http://127.0.0.1:{free_port()}/")
    with pytest.raises(Undelivered, match="cannot be reached"):
        webhook.sent(gone, notice(), NOON)
    with mute() as port:
        hung = to(None, url=f"http://127.0.0.1:{port}/")
        with pytest.raises(Undelivered, match="did not answer"):
            webhook.sent(hung, notice(), NOON)


def test_an_answer_byte_by_byte_is_hung_up_on(monkeypatch):
    monkeypatch.setattr(webhook, "TIMEOUT", 0.4)

    def dribble(handler):
        try:
            while not handler.server.released.wait(0.05):
                handler.wfile.write(b"H")
        except OSError:
            pass
        return "hang"

    with (
        Web([dribble]) as server,
        pytest.raises(Undelivered, match=r"did not answer|cannot be reached"),
    ):
        webhook.sent(to(server), notice(), NOON)


def test_tls_is_verified_against_the_authority_and_the_name(authority, tmp_path):
    with Web(context=authority.context()) as server:
        url = f"https://localhost:{server.port}/"
        assert webhook.sent(to(server, url=url, ca=str(authority.ca)), notice(), NOON) == ""
        with pytest.raises(Undelivered, match="CERTIFICATE_VERIFY_FAILED"):
            webhook.sent(to(server, url=url), notice(), NOON)
    with Web(context=authority.context("hook.example.vn")) as server:
        url = f"https://localhost:{server.port}/"
        with pytest.raises(Undelivered, match="CERTIFICATE_VERIFY_FAILED"):
            webhook.sent(to(server, url=url, ca=str(authority.ca)), notice(), NOON)
    assert server.got == []
    with pytest.raises(Undelivered, match="cannot be used"):
        webhook.sent(to(server, url=url, ca=str(tmp_path / "none.pem")), notice(), NOON)


def test_proxies_of_the_environment_are_not_asked(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    with Web() as server:
        assert webhook.sent(to(server), notice(), NOON) == ""


def test_an_address_out_of_the_environment_is_never_told(monkeypatch, caplog):
    caplog.set_level(logging.DEBUG)
    with Web() as server:
        monkeypatch.setenv("HOOK_URL", f"http://127.0.0.1:{server.port}/services/s3cr3tpart")
        webhook.sent(to(None, url=None, url_env="HOOK_URL"), notice(), NOON)
    assert server.got[0][0] == "/services/s3cr3tpart"
    assert "s3cr3tpart" not in caplog.text
    port = free_port()
    monkeypatch.setenv("HOOK_URL", f"http://127.0.0.1:{port}/services/s3cr3tpart")
    hidden = to(None, url=None, url_env="HOOK_URL")
    with pytest.raises(Undelivered) as caught:
        webhook.sent(hidden, notice(), NOON)
    assert "s3cr3tpart" not in caught.value.why
    monkeypatch.setenv("HOOK_URL", "http://hooks.example.vn/services/s3cr3tpart")
    with pytest.raises(Undelivered, match="is not https") as caught:
        webhook.sent(hidden, notice(), NOON)
    assert "s3cr3tpart" not in caught.value.why
    monkeypatch.setenv("HOOK_URL", "no address: s3cr3tpart")
    with pytest.raises(Undelivered, match="is no address") as caught:
        webhook.sent(hidden, notice(), NOON)
    assert "s3cr3tpart" not in caught.value.why
