"""Hashes, keys and ciphers are those of the standards and of another library."""

import hashlib
import hmac as python_hmac

import numpy as np
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.readers.capture.crypto import (
    BLOCK,
    KEYS,
    WORK,
    aes_block,
    aes_keys,
    expanded,
    gcm_opened,
    hmac,
    sha256,
)
from tests.readers.capture.direct import called

aes_block = called(aes_block)
aes_keys = called(aes_keys)
expanded = called(expanded)
gcm_opened = called(gcm_opened)
hmac = called(hmac)
sha256 = called(sha256)


def fresh():
    return np.zeros(4096, np.uint8), np.zeros(WORK, np.int64)


def laid(scratch, at, content):
    scratch[at : at + len(content)] = np.frombuffer(content, np.uint8)
    return at + len(content)


@settings(deadline=None)  # the first call compiles
@given(st.binary(max_size=300))
def test_sha256_agrees_with_pythons(content):
    scratch, work = fresh()
    sha256(scratch, 512, laid(scratch, 512, content), work, scratch, 300)
    assert scratch[300:332].tobytes() == hashlib.sha256(content).digest()


def test_sha256_of_every_length_around_a_block():
    scratch, work = fresh()
    scratch[512:] = 7  # what stands behind the text must not matter
    for size in range(200):
        sha256(scratch, 512, 512 + size, work, scratch, 300)
        assert scratch[300:332].tobytes() == hashlib.sha256(b"\x07" * size).digest()


@settings(deadline=None)  # the first call compiles
@given(key=st.binary(max_size=64), text=st.binary(max_size=128))
def test_hmac_agrees_with_pythons(key, text):
    scratch, work = fresh()
    laid(scratch, 300, key)
    end = laid(scratch, 400, text)
    hmac(scratch, 300, len(key), 400, end, 600, work)
    assert scratch[600:632].tobytes() == python_hmac.digest(key, text, "sha256")


@settings(deadline=None)  # the first call compiles
@given(st.binary(min_size=32, max_size=32))
def test_labels_expand_as_in_tls(secret):
    for label, size in ((b"client in", 32), (b"quic key", 16), (b"quicv2 iv", 12)):
        scratch, work = fresh()
        laid(scratch, 300, secret)
        expanded(scratch, 300, label, size, 400, work)
        info = bytes([0, size, 6 + len(label)]) + b"tls13 " + label + b"\0"
        wanted = HKDFExpand(hashes.SHA256(), size, info).derive(secret)
        assert scratch[400 : 400 + size].tobytes() == wanted


@settings(deadline=None)  # the first call compiles
@given(key=st.binary(min_size=16, max_size=16), block=st.binary(min_size=16, max_size=16))
def test_an_aes_block_agrees_with_another_library(key, block):
    scratch, work = fresh()
    laid(scratch, 300, key)
    aes_keys(scratch, 300, work, KEYS)
    work[BLOCK : BLOCK + 4] = np.frombuffer(block, ">u4")
    aes_block(work, KEYS)
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305 - one block
    assert work[BLOCK : BLOCK + 4].astype(">u4").tobytes() == encryptor.update(block)


def test_the_aes_example_of_fips_197():
    scratch, work = fresh()
    laid(scratch, 300, bytes(range(16)))
    aes_keys(scratch, 300, work, KEYS)
    work[BLOCK : BLOCK + 4] = [0x00112233, 0x44556677, 0x8899AABB, 0xCCDDEEFF]
    aes_block(work, KEYS)
    assert work[BLOCK : BLOCK + 4].tolist() == [0x69C4E0D8, 0x6A7B0430, 0xD8CDB780, 0x70B4C55A]


@settings(deadline=None)  # the first call compiles
@given(
    key=st.binary(min_size=16, max_size=16),
    nonce=st.binary(min_size=12, max_size=12),
    header=st.binary(max_size=40),
    text=st.binary(max_size=300),
    broken=st.integers(0, 10**6),
)
def test_gcm_opens_what_another_library_sealed_and_nothing_else(key, nonce, header, text, broken):
    scratch, work = fresh()
    laid(scratch, 300, key)
    laid(scratch, 320, nonce)
    packet = header + AESGCM(key).encrypt(nonce, text, header)
    body, end = 512 + len(header), laid(scratch, 512, packet)
    aes_keys(scratch, 300, work, KEYS)
    place = 512 + broken % len(packet)
    scratch[place] ^= 1 << broken % 8
    before = scratch.copy()
    assert not gcm_opened(scratch, 320, 512, body, end, work)
    assert (scratch == before).all()
    scratch[place] ^= 1 << broken % 8
    assert gcm_opened(scratch, 320, 512, body, end, work)
    assert scratch[body : body + len(text)].tobytes() == text


def test_what_is_shorter_than_a_tag_is_not_opened():
    scratch, work = fresh()
    assert not gcm_opened(scratch, 320, 512, 520, 535, work)
