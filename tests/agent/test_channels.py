"""Channels in ``agent.yaml``: every mistake at its line, no secrets, nothing in the clear."""

from __future__ import annotations

import re

import pytest

from auditor.agent.settings import settings
from auditor.model.errors import PolicyError

HEAD = "version: 1\njobs:\n- {name: night, schedule: {every: 1d}, checklist: x}\nchannels:\n"


@pytest.fixture
def read(tmp_path):
    def read(*channels):
        path = tmp_path / "agent.yaml"
        path.write_text(HEAD + "".join(f"- {each}\n" for each in channels), encoding="utf-8")
        return settings(path)

    return read


def mail(**more):
    return {"server": "mail.example.vn", "sender": "a@b.vn", "to": ["c@d.vn"]} | more


def written(value):
    """YAML's flow style is JSON's."""
    import json

    return json.dumps(value)


def test_channels_of_all_four_kinds_are_read(read, tmp_path):
    found = read(
        written({"name": "m", "mail": mail(user="u", password_env="P")}),  # noqa: S106 - a name
        "{name: w, webhook: {url: 'https://x.vn/in', secret_file: key}, digest: '07:30'}",
        "{name: s, syslog: {server: siem, ca: ca.pem}, quiet: {begin: '22:00', end: '06:00'}}",
        "{name: d, drop: {folder: in}, jobs: [night], about: [trouble], at_least: high}",
    ).channels
    assert [each.name for each in found] == ["m", "w", "s", "d"]
    assert found[1].webhook.secret_file == tmp_path / "key"


@pytest.mark.parametrize(
    ("channel", "why"),
    [
        (mail(tls="none"), "none is only for a server on this machine"),
        (mail(user="u"), "exactly one of password_env and password_file"),
        (mail(password_env="P"), "a password without user"),  # noqa: S106 - a name
        (mail(password="hunter2"), "a secret (password) does not belong into this file"),  # noqa: S106
        (mail(server="user:hunter2@mail"), "is no server"),
        (mail(sender="a@b.vn\nBcc: x@y.vn"), "is no e-mail address"),
        (mail(to=[]), "to"),
        (mail(to=["an"]), "is no e-mail address"),
        (mail(port=0), "port"),
    ],
)
def test_a_mail_that_would_leak_or_fail_is_refused_at_its_line(read, channel, why):
    with pytest.raises(PolicyError, match=re.escape(why)) as caught:
        read("{name: a, drop: {folder: x}}", written({"name": "m", "mail": channel}))
    assert re.search(r"agent\.yaml:6: channels\[2\]\.mail", str(caught.value))
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("webhook", "why"),
    [
        ({"secret_env": "K"}, "exactly one of url, url_env and url_file"),
        ({"url": "https://x.vn", "url_env": "U", "secret_env": "K"}, "exactly one of url"),
        ({"url": "https://x.vn/"}, "exactly one of secret_env and secret_file"),
        ({"url": "http://x.vn/", "secret_env": "K"}, "is not https://"),
        ({"url": "https://u:hunter2@x.vn/", "secret_env": "K"}, "write url_env"),
        ({"url": "https://x.vn/?token=hunter2", "secret_env": "K"}, "write url_env"),
        ({"url": "https://x.vn/", "secret": "hunter2"}, "does not belong into this file"),
    ],
)
def test_a_webhook_that_would_leak_or_go_unsigned_is_refused(read, webhook, why):
    with pytest.raises(PolicyError, match=re.escape(why)) as caught:
        read(written({"name": "w", "webhook": webhook}))
    assert "agent.yaml:5: channels[1].webhook" in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("channel", "why"),
    [
        ("{name: x}", "exactly one of mail, webhook, syslog and drop"),
        ("{name: x, drop: {folder: a}, syslog: {server: b}}", "exactly one of mail"),
        ("{name: x, syslog: {server: b, certificate: c.pem}}", "name both or neither"),
        ("{name: x, syslog: {server: b, tls: false, ca: c.pem}}", "certificates without tls"),
        ("{name: x, drop: {folder: a}, quiet: {begin: '07:00', end: '07:00'}}", "are the same"),
        ("{name: x, drop: {folder: a}, quiet: {begin: 7:00, end: '9:00'}}", "quotes"),
        (
            "{name: x, drop: {folder: a}, digest: '07:00', quiet: {begin: '01:00', end: '02:00'}}",
            "leave out quiet",
        ),
        ("{name: x, drop: {folder: a}, about: []}", "about"),
        ("{name: x, drop: {folder: a}, jobs: [night, nihgt]}", "jobs[2]: no job has this name"),
    ],
)
def test_other_mistakes_are_told_at_their_line(read, channel, why):
    with pytest.raises(PolicyError, match=re.escape(why)) as caught:
        read(channel)
    assert "agent.yaml:5: " in str(caught.value)


def test_two_channels_of_one_name_and_all_other_mistakes_are_told_at_once(read):
    with pytest.raises(PolicyError) as caught:
        read(
            "{name: a, drop: {folder: x}}",
            "{name: a, drop: {folder: y}, jobs: [day]}",
            "{name: a, drop: {folder: y}}",
        )
    text = str(caught.value)
    assert "agent.yaml:6: channels[2].name: two channels have this name" in text
    assert "agent.yaml:6: channels[2].jobs[1]: no job has this name" in text
    assert "agent.yaml:7: channels[3].name: two channels have this name" in text


@pytest.mark.parametrize("word", ["hunter2", "t0p secret", "PASS-WORD", "Käse", ""])
def test_a_secret_in_place_of_a_variable_is_refused_and_not_repeated(read, word):
    channel = {"name": "m", "mail": mail(user="robot", password_env=word)}
    with pytest.raises(PolicyError, match="no name of an environment variable") as told:
        read(written(channel))
    assert not word or word not in str(told.value)
