"""CEF in syslog messages, over TCP and TLS, to a real collector."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.agent.channels import Syslog
from auditor.agent.notices import drafts, syslog
from auditor.agent.notices.sending import Undelivered
from auditor.model.text import Text
from auditor.store.findings import News
from tests.agent.notices.conftest import NOON, change, notice
from tests.agent.notices.receivers import Collector, mute

RFC5424 = re.compile(
    r"<(?P<priority>\d{1,3})>1 (?P<time>\S+) (?P<host>\S{1,255}) (?P<app>\S{1,48}) "
    r"(?P<process>\S{1,128}) (?P<id>\S{1,32}) - (?P<text>.*)",
    re.DOTALL,
)


def parsed(event):
    """Head and extension of a CEF event, read character by character as the format says."""
    assert event.startswith("CEF:0|")
    fields, field, position = [], "", 6
    while len(fields) < 6:
        character = event[position]
        if character == "\\":
            position += 1
            assert event[position] in "\\|"
            field += event[position]
        elif character == "|":
            fields.append(field)
            field = ""
        else:
            field += character
        position += 1
    return fields, extension(event[position:])


def extension(text):
    pairs, key, value, position = {}, None, "", 0
    while position < len(text):
        character = text[position]
        if character == "\\":
            position += 1
            value += {"\\": "\\", "=": "=", "n": "\n", "r": "\r"}[text[position]]
        elif character == "=":
            if key is None:
                key, value = value, ""
            else:  # the last word of what was read is the next key
                before, _, name = value.rpartition(" ")
                pairs[key] = before
                key, value = name, ""
        else:
            value += character
        position += 1
    if key is not None:
        pairs[key] = value
    return pairs


def events(server):
    out = []
    for message in server.messages:
        found = RFC5424.fullmatch(message.decode())
        out.append((found, *parsed(found["text"])))
    return out


WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
PIECES = st.lists(st.sampled_from(["\\", "|", "=", "\n", "\r", " ", "a", "k=v", "\\n"])).map(
    "".join
)


@given(values=st.lists(WORDS | PIECES, max_size=5), name=WORDS | PIECES, signature=WORDS | PIECES)
def test_what_is_written_as_cef_is_read_again(values, name, signature):
    pairs = {f"key{number}": value for number, value in enumerate(values)}
    text = syslog.cef(signature, name, 8, pairs)
    assert "\n" not in text and "\r" not in text
    fields, found = parsed(text)
    assert found == pairs
    assert fields[3] == " ".join(signature.splitlines())
    assert fields[4] == " ".join(name.splitlines())
    assert fields[5] == "8"


@given(recipient=WORDS | PIECES, title=WORDS | PIECES, times=st.integers(1, 400))
def test_no_message_is_longer_than_8_kb_nor_broken_by_being_cut(recipient, title, times):
    evil = change(
        title=Text(title * times, title * times),
        recipient=recipient * times,
        countries=("SG",) * times,
    )
    told = notice(news=News(new=(evil,)))
    told.content["changes"][0]["recipient"] = (recipient * times)[:20_000]
    told.content["changes"][0]["title"] = {"vi": (title * times)[:20_000], "en": title * times}
    (message,) = syslog.messages(told, "host")
    assert len(message.encode()) <= 8192
    fields, pairs = parsed(RFC5424.fullmatch(message)["text"])
    assert fields[5] == "8"
    assert pairs["externalId"] == "f0001"


def test_one_message_per_change_over_tcp():
    news = News(
        new=(change(1, severity="critical", recipient="a=b|c\\d"),), gone=(change(2, flows=0),)
    )
    with Collector() as server:
        to = Syslog(server="127.0.0.1", port=server.port, tls=False)
        assert syslog.sent(to, notice(news=news), NOON) == ""
    (first, head, pairs), (second, _, gone) = events(server)
    assert first["priority"] == str(13 * 8 + 2) and second["priority"] == str(13 * 8 + 3)
    assert first["time"] == "2026-11-22T05:00:00Z"
    assert (first["app"], first["id"]) == ("auditor", "NEWS")
    assert head[3:] == ["cross-border-personal", "Personal data leaves the country", "10"]
    assert pairs["cs1Label"] == "recipient" and pairs["cs1"] == "a=b|c\\d"
    assert pairs["cn1"] == "2400000000" and pairs["cat"] == "new" and pairs["cs2"] == "night"
    assert pairs["flexString1"] == notice().id
    assert gone["cat"] == "gone" and gone["externalId"] == "f0002"


def test_what_is_not_listed_is_counted():
    news = News(new=tuple(change(number) for number in range(60)))
    with Collector() as server:
        to = Syslog(server="127.0.0.1", port=server.port, tls=False)
        syslog.sent(to, notice(news=news), NOON)
    told = events(server)
    assert len(told) == 51
    assert told[-1][2]["msg"] == "10 more changes"


def test_trouble_and_digests_have_events_of_their_own():
    news = notice(1)
    content = drafts.digest("drop", [news, news], NOON).content
    with Collector() as server:
        to = Syslog(server="127.0.0.1", port=server.port, tls=False)
        syslog.sent(to, notice(2, kind="digest", content=content), NOON)
        content = {**content, "kind": "trouble", "what": "disk", "detail": "a|b=c"}
        syslog.sent(to, notice(3, kind="trouble", content=content), NOON)
    assert [pairs["externalId"] for _, _, pairs in events(server)[:2]] == ["f0001", "f0001"]
    _, head, pairs = events(server)[2]
    assert head[3] == "auditor-trouble" and pairs["msg"] == "a|b=c" and pairs["cat"] == "disk"


def test_over_tls_the_collector_is_verified(authority, tmp_path):
    with Collector(authority.context()) as server:
        to = Syslog(server="localhost", port=server.port, ca=str(authority.ca))
        assert syslog.sent(to, notice(), NOON) == ""
    assert len(events(server)) == 1
    other = type(authority)(tmp_path / "other")
    for context in (other.context(), authority.context("siem.example.vn")):
        with Collector(context) as server:
            to = Syslog(server="localhost", port=server.port, ca=str(authority.ca))
            with pytest.raises(Undelivered, match="CERTIFICATE_VERIFY_FAILED"):
                syslog.sent(to, notice(), NOON)
        assert server.messages == []


def test_a_collector_that_asks_for_a_certificate_gets_it_or_says_so(authority):
    import ssl

    context = authority.context()
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.ca)
    certificate, private = authority.certified("agent.example.vn")
    with Collector(context) as server:
        plain = {"server": "localhost", "port": server.port, "ca": str(authority.ca)}
        with pytest.raises(
            Undelivered, match=r"(?i)certificate.required|EOF|reset|broken pipe|closed"
        ):
            syslog.sent(Syslog(**plain), notice(), NOON)
        own = Syslog(**plain, certificate=str(certificate), private_file=str(private))
        assert syslog.sent(own, notice(), NOON) == ""
        private.chmod(0o644)
        with pytest.raises(Undelivered, match="others may read it"):
            syslog.sent(own, notice(), NOON)
    assert len(server.messages) == 1


def test_a_collector_that_resets_or_is_not_there_is_undelivered():
    with Collector(reset=1) as server:
        to = Syslog(server="127.0.0.1", port=server.port, tls=False)
        with pytest.raises(Undelivered):
            syslog.sent(to, notice(), NOON)
    with pytest.raises(Undelivered, match="refused"):
        syslog.sent(to, notice(), NOON)


def test_a_collector_that_never_answers_the_greeting_is_hung_up_on(authority, monkeypatch):
    monkeypatch.setattr(syslog, "TIMEOUT", 0.3)
    with mute() as port:
        to = Syslog(server="localhost", port=port, ca=str(authority.ca))
        with pytest.raises(Undelivered, match=r"no answer|timed out"):
            syslog.sent(to, notice(), NOON)


def test_a_collector_that_keeps_quiet_has_taken_it(monkeypatch):
    monkeypatch.setattr(syslog, "GOODBYE", 0.2)
    with mute() as port:
        to = Syslog(server="127.0.0.1", port=port, tls=False)
        assert syslog.sent(to, notice(), NOON) == ""
