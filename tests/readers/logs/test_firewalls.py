"""What the logs of firewalls have in common."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from auditor.readers.logs.asa import Asa
from auditor.readers.logs.cef import Cef
from auditor.readers.logs.firewalls import (
    REFUSED,
    Words,
    application,
    hosts_of,
    named,
    observers,
    protocol,
    refusal,
    service,
    sessions,
    translate,
)
from auditor.readers.logs.fortigate import FortiGate
from auditor.readers.logs.leef import Leef
from auditor.readers.logs.paloalto import PaloAlto
from auditor.readers.records.batch import Batch, Where
from auditor.readers.records.tally import Tally
from auditor.report.problem_words import PROBLEM, WAY_OUT

FORMATS = (FortiGate(), Cef(), Leef(), PaloAlto(), Asa())


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_every_trouble_has_words_and_fills_in(form):
    for kind, (message, hint) in form.kinds.items():
        assert kind in PROBLEM
        assert kind in WAY_OUT
        assert "{" not in message.format(count="1", detail="x")
        assert hint.endswith(".")


def words(*texts):
    return pa.array(texts, pa.string())


def test_words_are_found_whatever_their_case():
    found = Words.of(words("Deny", "allow", None, " DROP ").dictionary_encode(), REFUSED)
    assert found.marked.tolist() == [True, False, False, True]
    assert Words.of(words().dictionary_encode(), REFUSED).marked.tolist() == []


def test_a_refusal_after_an_answer_is_none():
    tally = Tally(FortiGate().kinds)
    batch = Batch({"dst_bytes": pa.array([0, 5, None])}, Where(line=1))
    refused = Words(np.array([True, True, True]))
    assert refusal(batch, refused, tally).to_pylist() == [True, False, True]
    problems = []
    tally.tell("x", problems.append, offsets=False)
    assert [(each.code, each.count) for each in problems] == [("refused-late", 1)]


def test_services_named_by_their_port_only_are_none():
    assert service(words("HTTPS", "tcp/8443", None, "6/80", "x y")).to_pylist() == [
        "https", None, None, None, None
    ]  # fmt: skip


def test_hosts_are_names_and_nothing_else():
    found = named(words("A.Example.", "10.0.0.1", "a/b", None, "x" * 300, "xn--e1.vn", "<b>"))
    hosts = ["a.example", None, None, None, None, "xn--e1.vn", None]
    assert found["host"].to_pylist() == hosts
    assert found["host_basis"].to_pylist() == ["log" if host else None for host in hosts]


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://a.example/x?y#z", "a.example"),
        ("https://who:secret@a.example:8443/x", "a.example"),
        ("HTTP://A.example", "A.example"),
        ("a.example/x", None),
        ("https:///x", None),
        (None, None),
    ],
)
def test_of_a_url_only_the_host_is_taken(url, host):
    assert hosts_of(words(url)).to_pylist() == [host]


def test_applications_recognised_by_content():
    found = application(words("ssl", "web-browsing", "incomplete", None, "QUIC", "smtp"))
    assert found["app"].to_pylist() == ["tls", "http", None, None, "quic", "smtp"]
    assert found["encrypted"].to_pylist() == [True, None, None, None, True, None]


def test_protocols_by_name_and_number():
    tally = Tally()
    found = protocol(words("TCP", "17", "icmpv6", "nonsense", None, "400"), Where(line=1), tally)
    assert found.to_pylist() == [6, 17, 58, None, None, 400]
    problems = []
    tally.tell("x", problems.append, offsets=False)
    assert [(each.code, each.count) for each in problems] == [("bad-number", 1)]


def test_observers_are_joined_names():
    found = observers(words("a", "a", None, "b"), words("1", "2", "1", None))
    assert found.to_pylist() == ["a/1", "a/2", "/1", "b/"]


def test_sessions_have_names_where_they_have_numbers():
    seen = observers(words("a", "a", "b", "a", "a"))
    found = sessions(seen, words("7", "7", "7", "0", None), words("x", "x", "x", "x", "x"))
    first, same, other, zero, none = found.to_pylist()
    assert first == same
    assert first != other
    assert zero is none is None


def test_translation_keeps_each_end_s_own_address_in_place():
    columns = {
        "src_ip": words("10.0.0.1", "8.8.8.8", "10.0.0.1", "10.0.0.1"),
        "src_port": pa.array([1, 2, 3, 4]),
        "dst_ip": words("8.8.8.8", "203.162.10.5", "8.8.8.8", "nowhere"),
        "dst_port": pa.array([443, 443, 443, 443]),
        "dst_log_country": words("US", "VN", "US", "US"),
    }
    tally = Tally()
    translate(
        columns,
        Where(line=1),
        tally,
        source=(words("203.162.10.5", None, "evil", "::"), pa.array([9, 9, 9, 0])),
        target=(words("8.8.8.8", "10.0.0.9", None, "10.0.0.9"), pa.array([0, 0, 5, 5])),
    )
    assert columns["nat_src_ip"].to_pylist() == ["203.162.10.5", None, None, None]
    assert columns["nat_src_port"].to_pylist() == [9, None, None, None]
    assert columns["dst_ip"].to_pylist() == ["8.8.8.8", "10.0.0.9", "8.8.8.8", "nowhere"]
    assert columns["dst_port"].to_pylist() == [443, 443, 443, 443]
    assert columns["nat_dst_ip"].to_pylist() == [None, "203.162.10.5", None, None]
    assert columns["dst_log_country"].to_pylist() == ["US", None, "US", "US"]
    problems = []
    tally.tell("x", problems.append, offsets=False)
    assert [(each.code, each.count) for each in problems] == [("bad-number", 1)]
