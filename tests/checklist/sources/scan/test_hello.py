"""Hellos written by hand, and answers taken apart however they are cut."""

import random

import pytest

from auditor.checklist.sources.scan.hello import (
    NEW_SUITES,
    OLDER_SUITES,
    SSL3,
    TLS12,
    TLS13,
    WEAK_GROUPS,
    client_hello,
    heard,
)
from auditor.model.cipher_suites import suite_name, weakness

HELLO = (
    b"\x16\x03\x03\x00\x2a\x02\x00\x00\x26\x03\x03" + bytes(32) + b"\0\xc0\x2f\0" +
    b"\x16\x03\x03\x00\x0d\x0b\0\0\x09\0\0\x06\0\0\x03abc" + b"\x16\x03\x03\x00\x04\x0e\0\0\0"
)  # fmt: skip


def test_a_whole_answer_is_understood():
    found = heard(HELLO)
    assert (found.version, found.suite, found.chain) == (TLS12, 0xC02F, (b"abc",))
    assert found.complete


@pytest.mark.parametrize("size", range(len(HELLO)))
def test_an_answer_cut_anywhere_is_not_complete(size):
    found = heard(HELLO[:size])
    assert not found.complete
    assert not found.foreign


def test_no_bytes_break_it():
    dice = random.Random(7)
    for _ in range(3000):
        data = bytearray(HELLO)
        for _ in range(dice.randint(1, 6)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        heard(bytes(data))
        heard(dice.randbytes(dice.randint(0, 80)))


def test_an_alert_is_told():
    found = heard(b"\x15\x03\x03\x00\x02\x02\x46")
    assert (found.alert, found.complete, found.version) == (70, True, None)


def test_a_warning_is_no_refusal():
    assert heard(b"\x15\x03\x03\x00\x02\x01\x70" + HELLO).suite == 0xC02F
    assert heard(b"\x15\x03\x03\x00\x02\x01\x00").complete, "but closing is"


def test_another_protocol_is_foreign():
    assert heard(b"SSH-2.0-x\r\n").foreign
    assert heard(b"\x16\x05\x03\0\x01\0").foreign


def test_the_oldest_hello_has_no_extensions():
    hello = client_hello(SSL3, (0x0005,), "api.example.vn")
    assert b"api.example.vn" not in hello
    assert hello.endswith(b"\x00\x04\x00\x05\x00\xff\x01\x00")


def test_a_name_is_told_and_an_address_is_not():
    assert b"api.example.vn" in client_hello(TLS13, NEW_SUITES, "api.example.vn")
    assert b"10.20.0.1" not in client_hello(TLS13, NEW_SUITES, "10.20.0.1")


def test_weak_groups_hold_weak_suites_only_and_good_ones_are_preferred():
    for suites in WEAK_GROUPS.values():
        assert suites
        assert all(weakness(suite_name(number)) for number in suites)
    assert weakness(suite_name(OLDER_SUITES[0])) is None


@pytest.mark.parametrize(
    ("suite", "why"),
    [
        ("TLS_RSA_WITH_NULL_SHA256", "null"),
        ("TLS_NULL_WITH_NULL_NULL", "null"),
        ("TLS_SHA256_SHA256", "null"),
        ("TLS_DH_anon_WITH_AES_128_GCM_SHA256", "anon"),
        ("TLS_RSA_EXPORT_WITH_RC4_40_MD5", "export"),
        ("TLS_ECDHE_RSA_WITH_RC4_128_SHA", "rc4"),
        ("TLS_RSA_WITH_3DES_EDE_CBC_SHA", "des"),
        ("TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "cbc-sha1"),
        ("TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384", None),
        ("TLS_AES_128_GCM_SHA256", None),
        ("0x1a2b", None),
    ],
)
def test_weaknesses_are_told_from_names(suite, why):
    assert weakness(suite) == why


def test_numbers_have_their_registered_names():
    assert suite_name(0x1301) == "TLS_AES_128_GCM_SHA256"
    assert suite_name(0xC02F) == "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
    assert suite_name(0xCCA9) == "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"
    assert suite_name(0x0A0A) == "0x0a0a"
