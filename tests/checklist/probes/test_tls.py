"""What the probes of TLS say, beyond their samples: edges, words and references."""

import dataclasses
import datetime
from types import SimpleNamespace

import pandas as pd
import pytest

from auditor.checklist.facts import Facts, Number, Traffic
from auditor.checklist.held import Held
from auditor.checklist.probe import asked
from auditor.checklist.probes.tls import PROBES
from auditor.checklist.sources.scan import (
    Certificate,
    EndpointScan,
    Scan,
    SuitesAsked,
    VersionAsked,
)
from auditor.model.errors import InputError
from auditor.model.readiness import Coverage
from auditor.model.text import Text

NOW = datetime.datetime(2026, 11, 21, 3, 0, tzinfo=datetime.UTC)
BY_ID = {probe.id: probe for probe in PROBES}
NUMBERS = {
    "certificate-days": Number(30, "days", "DEFAULT [M]"),
    "rsa-bits": Number(2048, "count", "DEFAULT [M]"),
    "ec-bits": Number(256, "count", "DEFAULT [M]"),
}
GOOD = (VersionAsked("TLS 1.3", True, "TLS_AES_128_GCM_SHA256"), VersionAsked("TLS 1.0", False))


def certificate(**more):
    plain = {
        "subject": "CN=api.example.vn", "issuer": "CN=CA", "serial": "1f",
        "names": ("api.example.vn",), "not_before": NOW - datetime.timedelta(days=10),
        "not_after": NOW + datetime.timedelta(days=100), "key": "RSA", "bits": 2048,
        "hash": "sha256", "self_signed": False, "sha256": "a" * 64,
    }  # fmt: skip
    return Certificate(**plain | more)


def endpoint(**more):
    plain = {
        "address": "10.20.1.5", "port": 443, "name": "api.example.vn", "role": "exchange",
        "client_certificate": False, "state": "scanned", "versions": GOOD,
        "chain": (certificate(),), "chain_valid": True,
    }  # fmt: skip
    return EndpointScan(**plain | more)


def session(**more):
    plain = {
        "src_ip": "10.20.8.9", "dst_ip": "10.20.1.5", "dst_port": 443, "app": "tls",
        "tls_version": "TLS 1.3", "tls_cipher": "TLS_AES_128_GCM_SHA256", "dst_home": True,
        "dst_place": "servers", "flows": 1, "flow_id": 7, "input_id": 1,
    }  # fmt: skip
    return plain | more


def traffic(*sessions):
    edges = pd.DataFrame(list(sessions), columns=list(session()))
    empty = pd.DataFrame()
    known = {
        "edges": edges, "inputs": {1: "edge.pcap"},
        "coverage": Coverage(not_covered=(Text("mã hoá", "encrypted"),)),
    }  # fmt: skip
    return Traffic(
        **{each.name: known.get(each.name, empty) for each in dataclasses.fields(Traffic)}
    )


def said(probe, *endpoints, seen=None, broken=None):
    held = ()
    if broken or endpoints:

        def reads():
            if broken:
                raise broken
            return Scan(1, NOW - datetime.timedelta(days=1), "roots.pem", endpoints)

        entry = SimpleNamespace(id="ev-0003", file="evidence/scan.json", kind="tls-scan")
        held = (Held(entry, "present", reads),)
    facts = Facts(
        now=NOW, assessment=None, numbers=NUMBERS, evidence={"tls-scan": held}, traffic=seen
    )
    outcome = asked(BY_ID[probe], facts, {})
    assert outcome.says.vi != outcome.says.en
    assert outcome.way_out or outcome.answer in ("pass", "clear")
    return outcome


# --- versions ------------------------------------------------------------------------------------


def test_a_failing_endpoint_is_named_with_what_it_accepts():
    old = (*GOOD[:1], VersionAsked("TLS 1.0", True, "TLS_RSA_WITH_AES_128_CBC_SHA"))
    outcome = said("tls-versions", endpoint(), endpoint(address="10.20.1.6", versions=old))
    assert outcome.answer == "fail"
    (reference,) = outcome.references
    assert (reference.source, reference.place, reference.shows) == (
        "ev-0003",
        "10.20.1.6:443 (api.example.vn)",
        "TLS 1.0 (TLS_RSA_WITH_AES_128_CBC_SHA)",
    )
    assert outcome.says.en.endswith("weak versions or suites: in 1 place.")


@pytest.mark.parametrize(
    ("group", "answer"),
    [("null-anon-export", "fail"), ("rc4", "fail"), ("des", "fail"), ("cbc-sha1", "partial")],
)
def test_weak_suites_that_are_accepted_count(group, answer):
    weak = (SuitesAsked(group, True, "TLS_X"),)
    assert said("tls-versions", endpoint(weak=weak)).answer == answer


def test_a_weak_suite_that_was_chosen_of_all_fails():
    chosen = (VersionAsked("TLS 1.2", True, "TLS_RSA_WITH_AES_128_CBC_SHA"),)
    assert said("tls-versions", endpoint(versions=chosen)).answer == "fail"


def test_a_version_that_was_not_told_leaves_it_open():
    silent = (*GOOD[:1], VersionAsked("TLS 1.1", None))
    outcome = said("tls-versions", endpoint(versions=silent))
    assert outcome.answer == "unknown"
    assert outcome.references[0].shows == "? TLS 1.1"


def test_what_fails_is_told_before_what_is_open():
    gone = endpoint(state="no-answer", says="timed out", versions=(), chain=())
    old = endpoint(address="10.20.1.6", versions=(VersionAsked("SSL 3.0", True, "TLS_X"),))
    outcome = said("tls-versions", gone, old)
    assert outcome.answer == "fail"
    assert [each.place[:9] for each in outcome.references] == ["10.20.1.6", "10.20.1.5"]
    assert "1 cannot be told" in outcome.says.en
    assert (outcome.coverage.seen, outcome.coverage.declared) == (1, 2)


def test_traffic_fails_what_the_scan_holds_good():
    weak = session(tls_version="TLS 1.2", tls_cipher="TLS_RSA_WITH_RC4_128_SHA", flows=12)
    outcome = said("tls-versions", endpoint(), seen=traffic(session(), weak))
    assert outcome.answer == "fail"
    (reference,) = outcome.references
    assert (reference.source, reference.place) == ("edge.pcap", "flow 7")
    assert reference.shows == (
        "10.20.8.9 → 10.20.1.5 port 443: TLS 1.2 TLS_RSA_WITH_RC4_128_SHA ×12"
    )


def test_traffic_alone_can_fail_but_never_pass():
    assert said("tls-versions", seen=traffic(session())).answer == "unknown"
    old = session(tls_version="TLS 1.1")
    assert said("tls-versions", seen=traffic(old)).answer == "fail"


@pytest.mark.parametrize(
    ("more", "answer"),
    [
        ({"dst_home": False, "dst_place": "internet"}, "pass"),
        ({"dst_home": False, "dst_place": "center"}, "fail"),
        ({"dst_home": False, "dst_place": "agent-node"}, "fail"),
        ({"dst_home": True}, "fail"),
    ],
)
def test_what_people_read_on_the_internet_is_not_the_exchange(more, answer):
    seen = traffic(session(tls_version="TLS 1.0", **more))
    assert said("tls-versions", endpoint(), seen=seen).answer == answer


def test_nothing_known_of_a_session_is_no_session():
    unknown = session(tls_version=None, tls_cipher=None, flows=3)
    outcome = said("tls-versions", endpoint(), seen=traffic(unknown))
    assert outcome.answer == "pass"
    assert "0 TLS sessions" in outcome.says.en
    assert [each.en for each in outcome.coverage.not_covered] == [
        "encrypted",
        "the server's hello was not seen in 3 TLS sessions",
    ]


def test_a_scan_that_cannot_be_read_is_unknown():
    broken = InputError("is no TLS scan", place="scan.json", hint="Scan again.")
    for probe in ("tls-versions", "certificates-valid", "client-certificate-required"):
        assert said(probe, broken=broken).answer == "unknown"


# --- old sessions --------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["SSL 3.0", "TLS 1.0", "TLS 1.1", "DTLS 1.0"])
def test_every_old_version_is_found(version):
    seen = traffic(session(), session(tls_version=version, dst_home=False, flows=4))
    outcome = said("old-tls-seen", seen=seen)
    assert outcome.answer == "fail"
    assert outcome.says.en == f"4 of 5 TLS sessions used old versions ({version})."


@pytest.mark.parametrize("version", ["TLS 1.2", "TLS 1.3", "DTLS 1.2", "DTLS 1.3"])
def test_new_versions_are_no_proof_of_anything(version):
    assert said("old-tls-seen", seen=traffic(session(tls_version=version))).answer == "clear"


@pytest.mark.parametrize("seen", [None, traffic(), traffic(session(tls_version="", tls_cipher=""))])
def test_without_sessions_nothing_is_known(seen):
    assert said("old-tls-seen", seen=seen).answer == "unknown"


# --- certificates --------------------------------------------------------------------------------


def of(**more):
    return endpoint(chain=(certificate(**more),))


@pytest.mark.parametrize(
    ("made", "answer", "shows"),
    [
        (endpoint(), "pass", None),
        (of(key="EC", bits=256), "pass", None),
        (of(key="Ed25519", bits=None, hash=""), "pass", None),
        (of(not_after=NOW + datetime.timedelta(days=30)), "pass", None),
        (of(not_after=NOW + datetime.timedelta(days=29)), "fail", "ends 2026-12-20"),
        (of(not_before=NOW + datetime.timedelta(days=2)), "fail", "begins 2026-11-23"),
        (of(bits=2047), "fail", "RSA 2047"),
        (of(key="EC", bits=224), "fail", "EC 224"),
        (of(key="DSA", bits=1024), "fail", "DSA 1024"),
        (of(key="unknown", bits=None), "unknown", "unknown ?"),
        (of(hash="sha1"), "fail", "sha1"),
        (of(hash="MD5"), "fail", "MD5"),
        (of(names=("a.vn", "b.vn")), "fail", "is for a.vn, b.vn"),
        (of(names=()), "fail", "is for no name"),
        (endpoint(name=""), "unknown", "is for api.example.vn"),
        (endpoint(chain_valid=False, chain_says="expired"), "fail", "expired"),
        (endpoint(chain_valid=None, chain_says="reset"), "unknown", "chain: reset"),
        (endpoint(chain=()), "unknown", "no certificate was read"),
        (endpoint(unread=1), "unknown", "1 not understood"),
    ],
)
def test_certificates_are_held_to_time_name_key_and_hash(made, answer, shows):
    outcome = said("certificates-valid", made)
    assert outcome.answer == answer
    assert [each.shows for each in outcome.references] == ([shows] if shows else [])
    assert outcome.rests_on == "DEFAULT [M]"
    assert "roots.pem" in outcome.says.en


def test_the_hash_of_a_root_does_not_matter_but_that_of_an_intermediate_does():
    root = certificate(subject="CN=Root", issuer="CN=Root", self_signed=True, hash="sha1")
    between = certificate(subject="CN=CA", issuer="CN=Root", hash="sha1")
    assert said("certificates-valid", endpoint(chain=(certificate(), root))).answer == "pass"
    assert said("certificates-valid", endpoint(chain=(certificate(), between))).answer == "fail"


# --- clients without certificate -----------------------------------------------------------------


def test_an_endpoint_nobody_could_reach_is_open():
    gone = endpoint(client_certificate=True, state="no-answer", says="timed out", chain=())
    outcome = said("client-certificate-required", gone)
    assert outcome.answer == "unknown"
    assert outcome.references[0].shows == "timed out"


def test_one_that_lets_in_fails_all():
    outcome = said(
        "client-certificate-required",
        endpoint(client_certificate=True, without_certificate="refused"),
        endpoint(
            address="10.20.1.6",
            client_certificate=True,
            without_certificate="accepted",
            without_says="HTTP 200",
        ),
    )
    assert outcome.answer == "fail"
    assert [each.shows for each in outcome.references] == ["accepted: HTTP 200"]
