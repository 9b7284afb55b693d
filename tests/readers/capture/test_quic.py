"""QUIC Initials open for every version, and what they carry comes together in any order."""

import random

import numpy as np
import pytest
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.readers.capture import hello as hello_module
from auditor.readers.capture import quic as quic_module
from auditor.readers.capture.hello import NAME_END, NAME_START, WIDTH_FOUND
from auditor.readers.capture.pieces import SIZE, WIDTH_HELD
from auditor.readers.capture.pieces import whole as inner_whole
from auditor.readers.capture.quic import SCRATCH_QUIC, WORK_QUIC
from tests.readers.capture.direct import Direct, called

hello, quic, whole = Direct(hello_module), Direct(quic_module), called(inner_whole)

SALTS = {
    0x00000001: "38762cf7f55934b34d179ae6a4c80cadccbb7f0a",
    0x6B3343CF: "0dede3def700a6db819381be6e269dcbf9bd2ed9",
    0xFF000022: "38762cf7f55934b34d179ae6a4c80cadccbb7f0a",
    0xFF00001D: "afbfec289993d24c9e9786f19c6111e04390a899",
    0xFF000020: "afbfec289993d24c9e9786f19c6111e04390a899",
    0xFF000017: "c3eef712c72ebb5a11a7d2432bb46365bef9f502",
    0xFF00001C: "c3eef712c72ebb5a11a7d2432bb46365bef9f502",
    0xFF000016: "7fbcdb0e7c66bbe9193a96cd21519ebd7a02644a",
    0xFACEB001: "7fbcdb0e7c66bbe9193a96cd21519ebd7a02644a",
    0xFACEB002: "c3eef712c72ebb5a11a7d2432bb46365bef9f502",
    0x51303530: "504574efd066fe2f9d945cfcdbd3a7f0d3b56b45",
    0x54303530: "7ff579e5acd072915580304c43a2367c60488310",
    0x54303531: "7a4edef4e7ccee5fa4506c19124fc8ccda6e033d",
}
VERSION_2 = 0x6B3343CF
ID = bytes.fromhex("8394c8f03e515708")


def expanded(secret, label, size):
    info = bytes([0, size, 6 + len(label)]) + b"tls13 " + label + b"\0"
    return HKDFExpand(hashes.SHA256(), size, info).derive(secret)


def keys(version, identity):
    mac = hmac.HMAC(bytes.fromhex(SALTS[version]), hashes.SHA256())
    mac.update(identity)
    secret = expanded(mac.finalize(), b"client in", 32)
    prefix = b"quicv2 " if version == VERSION_2 else b"quic "
    return [expanded(secret, prefix + name, size)
            for name, size in ((b"key", 16), (b"iv", 12), (b"hp", 16))]  # fmt: skip


def varint(value, size=0):
    if size <= 1 and value < 64:
        return bytes([value])
    if size <= 2 and value < 1 << 14:
        return (0x4000 | value).to_bytes(2, "big")
    return (0xC000 << 48 | value).to_bytes(8, "big")


def initial(frames, version=1, identity=ID, key_id=None, number=0, count=4, token=b""):
    """One Initial packet, sealed as a client would."""
    key, iv, mask_key = keys(version, key_id or identity)
    frames = frames.ljust(30, b"\0")
    first = 0xD0 if version == VERSION_2 else 0xC0
    header = (
        bytes([first | (count - 1)]) + version.to_bytes(4, "big") + bytes([len(identity)])
        + identity + b"\x04abcd" + varint(len(token)) + token
        + varint(count + len(frames) + 16, 2) + number.to_bytes(count, "big")
    )  # fmt: skip
    nonce = (int.from_bytes(iv, "big") ^ number).to_bytes(12, "big")
    packet = bytearray(header + AESGCM(key).encrypt(nonce, frames, header))
    place = len(header) - count
    encryptor = Cipher(algorithms.AES(mask_key), modes.ECB()).encryptor()  # noqa: S305 - one block
    mask = encryptor.update(bytes(packet[place + 4 : place + 20]))
    packet[0] ^= mask[0] & 0x0F
    for i in range(count):
        packet[place + i] ^= mask[1 + i]
    return bytes(packet)


def crypto(offset, content, kind=6):
    return bytes([kind]) + varint(offset) + varint(len(content), 2) + content


def client_hello(host=b"quic.example", padding=0):
    def prefixed(content, size=2):
        return len(content).to_bytes(size, "big") + content

    extensions = b"\0\0" + prefixed(prefixed(b"\0" + prefixed(host)))
    extensions += b"\0\x15" + prefixed(bytes(padding)) + b"\0\x2b\0\x03\x02\x03\x04"
    body = b"\x03\x03" + bytes(32) + b"\0" + b"\0\x02\x13\x01" + b"\x01\0" + prefixed(extensions)
    return b"\x01" + prefixed(body, 3)


class Flow:
    """A client's side: what fed() keeps between datagrams."""

    def __init__(self):
        self.held, self.piece = np.zeros(WIDTH_HELD, np.int64), np.zeros(SIZE, np.uint8)
        self.work, self.scratch = np.zeros(WORK_QUIC, np.int64), np.zeros(SCRATCH_QUIC, np.uint8)

    def fed(self, content, padding=0):
        data = np.full(len(content) + 200, padding, np.uint8)
        data[100 : 100 + len(content)] = np.frombuffer(content, np.uint8)
        end = 100 + len(content)
        return quic.fed(data, 100, end, self.held, self.piece, self.work, self.scratch)

    def bytes(self):
        return self.piece[: whole(self.held)].tobytes()

    def host(self):
        found = np.zeros(WIDTH_FOUND, np.int64)
        if self.bytes()[:4] == b"CHLO":
            assert quic.google_hello(self.piece, 0, whole(self.held), found)
        else:
            assert hello.client_hello(self.piece, 4, whole(self.held), found, False)
        return self.piece[found[NAME_START] : found[NAME_END]].tobytes()


# The ClientHello and the protected packets of RFC 9001 A.2 and RFC 9369 A.2 follow from these.
RFC_FRAMES = bytes.fromhex(
    "060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c0000041301"
    "1302010000c000000010000e00000b6578616d706c652e636f6dff01000100000a00080006001d0017001800100007"
    "000504616c706e000500050100000000003300260024001d00209370b2c9caa47fbabaf4559fedba753de171fa71f5"
    "0f1ce15d43e994ec74d748002b0003020304000d0010000e0403050306030203080408050806002d00020101001c00"
    "024001003900320408ffffffffffffffff05048000ffff07048000ffff0801100104800075300901100f088394c8f0"
    "3e51570806048000ffff"
).ljust(1162, b"\0")


@pytest.mark.parametrize(
    ("version", "begin"),
    [(1, "c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11"),
     (VERSION_2, "d76b3343cf088394c8f03e5157080000449ea0c95e82ffe67b6abcdb4298b485")],
)  # fmt: skip
def test_the_client_initials_of_the_standards(version, begin):
    frames = RFC_FRAMES
    key, iv, mask_key = keys(version, ID)
    if version == 1:
        assert key.hex() == "1f369613dd76d5467730efcbe3b1a22d"
        assert iv.hex() == "fa044b2f42a3fd3b46fb255c"
        assert mask_key.hex() == "9f50449e04a0e810283a1e9933adedd2"
    else:
        assert key.hex() == "8b1a0bc121284290a29e0971b5cd045d"
        assert iv.hex() == "91f73e2351d8fa91660e909f"
        assert mask_key.hex() == "45b95e15235d6f45a6b19cbcb0294ba9"
    packet = initial_of_the_standard(frames, version)
    assert len(packet) == 1200
    assert packet[:32].hex() == begin
    if version == 1:
        assert packet[-16:].hex() == "e221af44860018ab0856972e194cd934"
    flow = Flow()
    assert flow.fed(packet) == 2
    assert flow.bytes() == frames[4:245]
    assert flow.host() == b"example.com"


def initial_of_the_standard(frames, version):
    """Packet number 2 and no source connection ID, as in the appendices."""
    key, iv, mask_key = keys(version, ID)
    first = 0xD3 if version == VERSION_2 else 0xC3
    header = bytes([first]) + version.to_bytes(4, "big") + b"\x08" + ID
    header += bytes.fromhex("0000449e00000002")
    nonce = (int.from_bytes(iv, "big") ^ 2).to_bytes(12, "big")
    packet = bytearray(header + AESGCM(key).encrypt(nonce, frames, header))
    encryptor = Cipher(algorithms.AES(mask_key), modes.ECB()).encryptor()  # noqa: S305 - one block
    mask = encryptor.update(bytes(packet[22:38]))
    packet[0] ^= mask[0] & 0x0F
    for i in range(4):
        packet[18 + i] ^= mask[1 + i]
    return bytes(packet)


@pytest.mark.parametrize("version", [version for version in SALTS if version != 0x51303530])
@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_an_initial_of_every_version_opens(version, count):
    flow = Flow()
    packet = initial(crypto(0, client_hello()), version, number=count, count=count, token=b"t" * 70)
    assert quic.is_initial(np.frombuffer(packet, np.uint8).copy(), 0, len(packet)) == version
    assert flow.fed(packet) == 2
    assert flow.host() == b"quic.example"


@pytest.mark.parametrize("version", [2, 0, 0xFF000015, 0xFF000023, 0xFACEB0FF])
def test_versions_whose_keys_are_not_known_are_left_alone(version):
    packet = bytearray(initial(crypto(0, client_hello())))
    packet[1:5] = version.to_bytes(4, "big")
    assert quic.is_initial(np.array(packet), 0, len(packet)) == 0
    assert Flow().fed(bytes(packet)) == 0


def shuffled(content, size, seed):
    frames = [crypto(i, content[i : i + size]) for i in range(0, len(content), size)]
    random.Random(seed).shuffle(frames)
    return frames


ACK = b"\x02\x05\x00\x01\x00\x01\x02"
ACK_ECN = b"\x03\x05\x00\x00\x00\x01\x02\x03"
CLOSE = b"\x1c\x00\x00\x04oops"


@pytest.mark.parametrize("seed", range(6))
def test_shuffled_frames_among_others_come_together(seed):
    content = client_hello(padding=500)
    frames = shuffled(content, 100, seed)
    packet = initial((b"\x01\0\0" + ACK + ACK_ECN + CLOSE).join([b"", *frames, b""]))
    flow = Flow()
    assert flow.fed(packet) == 2
    assert flow.bytes() == content


@pytest.mark.parametrize("seed", range(6))
def test_a_hello_over_datagrams_in_any_order_comes_together(seed):
    content = client_hello(padding=2500)
    frames = shuffled(content, 900, seed)
    datagrams = [initial(frame, number=i, identity=ID if i == 0 else b"server-id", key_id=ID)
                 for i, frame in enumerate(frames)]  # fmt: skip
    flow = Flow()
    assert [flow.fed(datagram) for datagram in datagrams] == [1] * (len(frames) - 1) + [2]
    assert flow.bytes() == content
    assert flow.fed(datagrams[0]) == 2


def test_packets_of_one_datagram_are_all_read():
    content = client_hello(padding=300)
    handshake = b"\xe0\0\0\0\x01\x01x\x01y" + varint(20, 2) + bytes(20)
    datagram = initial(crypto(200, content[200:]), number=1) + handshake
    datagram += initial(crypto(0, content[:200])) + bytes(40)
    flow = Flow()
    assert flow.fed(datagram) == 2
    assert flow.bytes() == content


def test_after_a_retry_the_stream_begins_anew_with_new_keys():
    flow = Flow()
    assert flow.fed(initial(crypto(5, b"old bytes that do not stay"))) == 1
    fresh = initial(crypto(0, client_hello()), identity=b"from the retry", token=b"token")
    assert flow.fed(fresh) == 2
    assert flow.bytes() == client_hello()
    assert flow.held[0] == 1


def test_a_wrong_tag_changes_nothing():
    packet = initial(crypto(0, client_hello()))
    for place in (0, 20, 40, len(packet) - 1):
        broken = bytearray(packet)
        broken[place] ^= 1
        flow = Flow()
        assert flow.fed(bytes(broken)) == 0
        assert not flow.held.any()


def test_a_servers_initial_does_not_open():
    flow = Flow()
    assert flow.fed(initial(crypto(0, client_hello()[:50]))) == 1
    before = flow.held.copy()
    assert flow.fed(initial(crypto(0, b"\x02" * 90), identity=b"abcd", key_id=b"other")) == 0
    assert (flow.held == before).all()


def test_a_hello_larger_than_a_piece_gives_what_fits():
    content = client_hello(padding=9000)
    flow = Flow()
    answers = [flow.fed(initial(crypto(i, content[i : i + 1000]), number=i // 1000))
               for i in range(0, len(content), 1000)]  # fmt: skip
    assert answers[:8] == [1] * 8
    assert answers[8] == 2
    assert flow.host() == b"quic.example"


def chlo(host=b"google.example"):
    tags = [(b"PAD\0", bytes(600)), (b"SNI\0", host), (b"VER\0", b"Q050")]
    table, values = b"", b""
    for tag, value in tags:
        values += value
        table += tag + len(values).to_bytes(4, "little")
    return b"CHLO" + len(tags).to_bytes(2, "little") + b"\0\0" + table + values


def test_googles_hello_in_an_initial():
    flow = Flow()
    content = chlo()
    first = initial(b"\0\x07" + crypto(0, content[:300], kind=8), 0x51303530)
    assert flow.fed(first) == 1
    assert flow.fed(initial(crypto(300, content[300:], kind=8), 0x51303530, number=1)) == 3
    assert flow.host() == b"google.example"


@pytest.mark.parametrize(
    "header",
    [b"\x0d" + ID + b"Q039\x01" + bytes(12) + b"\xa0\x01\x04\x00",
     b"\x09" + ID + b"Q043\x01" + bytes(12) + b"\xa0\x01\x04\x00",
     b"\xc3Q046\x50" + ID + b"\0\0\0\x01" + bytes(12) + b"\xa0\x01\x04\x00"],
)  # fmt: skip
def test_googles_hello_in_clear(header):
    flow = Flow()
    packet = header + chlo()
    version = quic.is_initial(np.frombuffer(packet, np.uint8).copy(), 0, len(packet))
    assert version.to_bytes(4, "big") in packet
    assert flow.fed(packet) == 3
    assert flow.host() == b"google.example"
    assert Flow().fed(header + chlo()[:-1]) == 1


@settings(deadline=None)  # the first call compiles
@given(
    version=st.sampled_from([1, VERSION_2, 0x51303530]),
    frames=st.binary(max_size=200),
    prefix=st.sampled_from([
        b"", crypto(0, client_hello()), ACK, crypto(0, chlo(), 8), b"\x06\x05",
    ]),
    changes=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=3),
    cut=st.integers(0, 1500),
    noise=st.binary(max_size=60),
)  # fmt: skip
def test_nothing_outside_the_bytes_is_read(version, frames, prefix, changes, cut, noise):
    content = bytearray(initial(prefix + frames, version)[:cut] + noise)
    for place, byte in changes:
        if place < len(content):
            content[place] = byte
    said = []
    for padding in (0, 255):
        flow = Flow()
        flow.scratch[:], flow.work[:] = padding, padding
        answer = flow.fed(bytes(content), padding)
        said.append((answer, flow.held.tolist(), flow.bytes()))
        data = np.full(len(content) + 50, padding, np.uint8)
        data[: len(content)] = np.frombuffer(bytes(content), np.uint8)
        said[-1] += (quic.is_initial(data, 0, len(content)),)
    assert said[0] == said[1]
