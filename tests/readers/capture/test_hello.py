"""Hellos: server name, versions and fingerprint, over records, cut anywhere, or broken."""

import hashlib
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.readers.capture import hello as hello_module
from auditor.readers.capture.hello import (
    ALPN_END,
    ALPN_START,
    COMPLETE,
    ECH_OFFERED,
    LENGTH_JA4,
    NAME_END,
    NAME_START,
    NAMED,
    SCRATCH_JA4,
    VERSION_OFFERED,
    WIDTH_FOUND,
    WORK_JA4,
)
from tests.readers.capture.direct import Direct

hello = Direct(hello_module)

CHROME = [0x1301, 0x1302, 0x1303, 0xC02B, 0xC02F, 0xC02C, 0xC030, 0xCCA9, 0xCCA8, 0xC013, 0xC014,
          0x009C, 0x009D, 0x002F, 0x0035]  # fmt: skip
SIGNATURES = [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601]


def numbers(values):
    return b"".join(struct.pack("!H", value) for value in values)


def prefixed(content, size=2):
    return len(content).to_bytes(size, "big") + content


def name(host, kind=0):
    return 0, prefixed(bytes([kind]) + prefixed(host))


def alpn(*protocols):
    return 16, prefixed(b"".join(prefixed(protocol, 1) for protocol in protocols))


def versions(*values):
    return 43, prefixed(numbers(values), 1)


def signatures(*values):
    return 13, prefixed(numbers(values))


def body(extensions, ciphers=CHROME, version=0x0303, cookie=None):
    """A ClientHello behind its handshake header."""
    return (
        struct.pack("!H", version) + bytes(range(32)) + prefixed(b"s" * 32, 1)
        + (b"" if cookie is None else prefixed(cookie, 1))
        + prefixed(numbers(ciphers)) + b"\x01\x00"
        + prefixed(b"".join(struct.pack("!H", kind) + prefixed(c) for kind, c in extensions))
    )  # fmt: skip


def message(content, kind=1):
    return bytes([kind]) + prefixed(content, 3)


def records(content, size=16384):
    cuts = [content[i : i + size] for i in range(0, len(content), size)]
    return b"".join(b"\x16\x03\x01" + prefixed(cut) for cut in cuts)


def array(content):
    return np.frombuffer(content, np.uint8).copy()


def read(content, datagram=False):
    found = np.full(WIDTH_FOUND, 77, np.int64)
    data = array(b"<" + content + b">>")
    ok = hello.client_hello(data, 1, 1 + len(content), found, datagram)
    return ok, data, found


def host(content, datagram=False):
    _, data, found = read(content, datagram)
    return data[found[NAME_START] : found[NAME_END]].tobytes() if found[NAME_START] >= 0 else None


def ja4(content, transport="t", datagram=False):
    _, data, found = read(content, datagram)
    text = np.zeros(LENGTH_JA4, np.uint8)
    work, scratch = np.zeros(WORK_JA4, np.int64), np.zeros(SCRATCH_JA4, np.uint8)
    size = hello.ja4(data, found, ord(transport), text, work, scratch)
    return text[:size].tobytes().decode()


def out_of(content, size=8192):
    out = np.zeros(size, np.uint8)
    size, wanted = hello.walked(array(content), 0, len(content), out)
    length = -1 if wanted < 0 or wanted > out.size else size if size == wanted else 0
    return length, out[: max(length, 0)].tobytes()


USUAL = [name(b"example.org"), alpn(b"h2", b"http/1.1"), versions(0x0304, 0x0303)]


@pytest.mark.parametrize("size", [1, 3, 4, 5, 100, 16384])
def test_a_hello_over_records_of_any_size_comes_out_whole(size):
    whole = message(body(USUAL))
    assert out_of(records(whole, size) + b"\x14\x03\x03\x00\x01\x01") == (len(whole), whole)


@pytest.mark.parametrize("size", [3, 100, 16384])
def test_a_hello_cut_anywhere_is_waited_for(size):
    content = records(message(body(USUAL)), size)
    for end in range(1, len(content)):
        assert out_of(content[:end])[0] == 0


@pytest.mark.parametrize(
    "content",
    [b"\x17\x03\x03\x00\x05hello", b"\x16\x02", b"\x16\x03\x05", b"\x16\x03\x01\x00\x00",
     b"\x16\x03\x01\x40\x01", b"\x16\x03\x03\x00\x05\x02", b"\x16\x03\x01\x00\x90\x01\xff\xff\xff",
     b"\x16\x03\x01\x00\x90\x01\x00\x00\x20", b"GET / HTTP/1.1"],
)  # fmt: skip
def test_what_cannot_become_a_hello_is_not_waited_for(content):
    assert out_of(content)[0] == -1


def test_a_hello_interrupted_by_another_record_is_none():
    content = records(message(body(USUAL)), 100)
    assert out_of(content[:105] + b"\x15\x03\x01\x00\x02\x01\x00")[0] == -1


def test_a_hello_larger_than_the_room_is_not_waited_for_but_still_walked():
    content = records(message(body([*USUAL, (21, bytes(9000))])))
    assert out_of(content)[0] == -1
    out = np.zeros(8192, np.uint8)
    size, wanted = hello.walked(array(content), 0, len(content), out)
    assert size == wanted > 9000
    found = np.zeros(WIDTH_FOUND, np.int64)
    assert hello.client_hello(out, 4, out.size, found, False)
    assert out[found[NAME_START] : found[NAME_END]].tobytes() == b"example.org"
    assert not found[COMPLETE]


def test_what_a_hello_says():
    ok, data, found = read(body(USUAL))
    assert ok and found[COMPLETE] == 1 and found[VERSION_OFFERED] == 0x0304
    assert data[found[NAME_START] : found[NAME_END]].tobytes() == b"example.org"
    assert data[found[ALPN_START] : found[ALPN_END]].tobytes() == b"h2"
    assert found[ECH_OFFERED] == 0


def test_the_highest_version_is_neither_grease_nor_the_first():
    _, _, found = read(body([versions(0x7A7A, 0x0303, 0x0304, 0x0302)]))
    assert found[VERSION_OFFERED] == 0x0304
    _, _, found = read(body([], version=0x0302))
    assert found[VERSION_OFFERED] == 0x0302
    _, _, found = read(body([versions(0xFEFD, 0xFEFC)], version=0xFEFD, cookie=b""), datagram=True)
    assert found[VERSION_OFFERED] == 0xFEFC


def test_encrypted_hello_and_its_forerunner_are_seen():
    for kind in (0xFE0D, 0xFFCE):
        assert read(body([(kind, b"\x00")]))[2][ECH_OFFERED] == 1


def test_a_name_of_another_type_or_beyond_its_extension_is_no_name():
    assert host(body([name(b"example.org", kind=1)])) is None
    assert host(body([(0, b"\x00\x10\x00\x00\x20short")])) is None
    assert read(body([(0, b"")]))[2][NAMED] == 1


def test_a_hello_cut_by_the_snap_length_gives_what_was_captured():
    content = body([name(b"example.org"), (21, bytes(50)), alpn(b"h2")])
    cut = content[: content.index(b"example.org") + 11]
    assert host(cut) == b"example.org"
    assert host(cut[:-1]) is None
    assert read(cut)[2][COMPLETE] == 0
    assert ja4(cut) == ""


def test_a_datagram_hello_has_a_cookie():
    content = body(USUAL, version=0xFEFD, cookie=b"c" * 20)
    assert host(content, datagram=True) == b"example.org"
    assert not read(content)[0]


def datagram_record(content, kind=1, offset=0, epoch=0):
    header = bytes([kind]) + len(content).to_bytes(3, "big") + b"\0\0" + offset.to_bytes(3, "big")
    message = header + len(content).to_bytes(3, "big") + content
    return b"\x16\xfe\xfd" + epoch.to_bytes(2, "big") + bytes(6) + prefixed(message)


def test_only_a_whole_clear_hello_in_a_datagram_is_one():
    content = body(USUAL, version=0xFEFD, cookie=b"")
    place = hello.datagram_hello(array(datagram_record(content)), 0, 25 + len(content))
    assert place == 25
    for record in (
        datagram_record(content, kind=11), datagram_record(content, offset=1),
        datagram_record(content, epoch=1), b"\x17" + datagram_record(content)[1:],
    ):  # fmt: skip
        assert hello.datagram_hello(array(record), 0, len(record)) == 0


def server(extensions, version=0x0303):
    content = struct.pack("!H", version) + bytes(32) + b"\x00\x13\x01\x00"
    if extensions is None:
        return content
    return content + prefixed(
        b"".join(struct.pack("!H", kind) + prefixed(c) for kind, c in extensions)
    )


@pytest.mark.parametrize(
    ("content", "datagram", "version"),
    [(server(None), False, 0x0303), (server([(23, b"")], 0x0302), False, 0x0302),
     (server([(51, bytes(36)), (43, b"\x03\x04")]), False, 0x0304),
     (server([(43, b"\xfe\xfc")], 0xFEFD), True, 0xFEFC), (server(None, 0xFEFF), True, 0xFEFF),
     (server([(51, bytes(36)), (43, b"\x03\x04")])[:-4], False, 0), (b"", False, 0),
     (server(None), True, 0), (b"\x47" * 60, False, 0)],
)  # fmt: skip
def test_the_version_a_server_chose(content, datagram, version):
    data = array(content + b"\x03\x04" * 4)
    assert hello.server_hello(data, 0, len(content), datagram)[0] == version


def test_the_suite_a_server_chose_is_known_also_where_its_hello_is_cut():
    content = server([(51, bytes(36)), (43, b"\x03\x04")])
    place = 35 + content[34]
    suite = int.from_bytes(content[place : place + 2], "big")
    data = array(content)
    for end in range(len(content) + 1):
        known = hello.server_hello(data, 0, end, False)[1]
        assert known == (suite if end >= place + 2 else -1)


def test_the_example_of_the_ja4_specification():
    kinds = (0x1B, 0x33, 0x4469, 0x17, 0x2D, 5, 0x23, 0x12, 0xFF01, 11, 10, 21)
    extensions = [*((kind, b"") for kind in kinds), versions(0x0304), name(b"a.example"),
                  alpn(b"h2"), signatures(*SIGNATURES), (0x3A3A, b"")]  # fmt: skip
    assert ja4(body(extensions, [0x0A0A, *CHROME])) == "t13d1516h2_8daaf6152771_e5627efa2ab1"


def hashed(text):
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def test_ja4_without_signature_algorithms_ends_without_an_underscore():
    content = body([(51, b""), (0x000A, b"")], [0x1301])
    assert ja4(content, "q") == f"q12i010200_{hashed('1301')}_{hashed('000a,0033')}"


def test_ja4_of_nothing_is_zeros():
    content = body([name(b"a.example"), alpn(b"h2")], [0x1A1A])
    assert ja4(content) == "t12d0002h2_000000000000_000000000000"


def test_ja4_counts_no_further_than_99():
    content = body([(100 + i, b"") for i in range(120)], range(1, 151))
    assert ja4(content).startswith("t12i999900_")


@pytest.mark.parametrize(
    ("protocol", "letters"),
    [(b"http/1.1", "h1"), (b"\xab", "ab"), (b"\xab\xcd", "ad"), (b"\x30\xab", "3b"),
     (b"\x30\x31\xab\xcd", "3d"), (b"\x30\xab\xcd\x31", "01"), (b"x", "xx"), (b"", "00")],
)  # fmt: skip
def test_the_letters_of_the_first_protocol(protocol, letters):
    assert ja4(body([alpn(protocol)]))[8:10] == letters


@pytest.mark.parametrize(
    ("version", "letters"),
    [(0x0304, "13"), (0x0302, "11"), (0x0301, "10"), (0x0300, "s3"), (0x0002, "s2"),
     (0xFEFF, "d1"), (0xFEFD, "d2"), (0xFEFC, "d3"), (0x7F1C, "00")],
)  # fmt: skip
def test_the_letters_of_the_version(version, letters):
    datagram = version > 0xFE00
    content = body([versions(version)], version=0xFEFD if datagram else 0x0303,
                   cookie=b"" if datagram else None)  # fmt: skip
    assert ja4(content, "d" if datagram else "t", datagram)[1:3] == letters


@settings(deadline=None)  # the first call compiles
@given(
    ciphers=st.lists(st.integers(0, 65535), max_size=200),
    kinds=st.lists(st.sampled_from([0, 5, 10, 16, 35, 51, 0x2A2A, 0xFF01]), max_size=40),
    algorithms=st.lists(st.integers(0, 65535), max_size=40),
)
def test_ja4_agrees_with_the_specification_in_python(ciphers, kinds, algorithms):
    def kept(values):
        return [v for v in values if not (v & 0x0F0F == 0x0A0A and v >> 8 == v & 255)]

    def joined(values):
        return ",".join(f"{value:04x}" for value in values)

    extensions = [*((kind, b"") for kind in kinds), signatures(*algorithms)]
    listed = sorted(kind for kind in kept([*kinds, 13]) if kind not in (0, 16))
    text = joined(listed) + ("_" + joined(kept(algorithms)) if kept(algorithms) else "")
    first = hashed(joined(sorted(kept(ciphers)))) if kept(ciphers) else "0" * 12
    wanted = (
        f"t12{'d' if 0 in kinds else 'i'}{min(len(kept(ciphers)), 99):02d}"
        f"{len(kept([*kinds, 13])):02d}00_{first}_{hashed(text)}"
    )
    assert ja4(body(extensions, ciphers)) == wanted


def answers(content, padding):
    """Everything the module says about bytes that stand inside a larger array."""
    data = np.full(len(content) + 400, padding, np.uint8)
    data[100 : 100 + len(content)] = np.frombuffer(content, np.uint8)
    end = 100 + len(content)
    out, text = np.zeros(512, np.uint8), np.zeros(LENGTH_JA4, np.uint8)
    work, scratch = np.zeros(WORK_JA4, np.int64), np.zeros(SCRATCH_JA4, np.uint8)
    said = [hello.walked(data, 100, end, out), out.tobytes()]
    for datagram in (False, True):
        found = np.zeros(WIDTH_FOUND, np.int64)
        said += [hello.client_hello(data, 100, end, found, datagram), found.tolist()]
        places = [place for i, place in enumerate(found) if i not in (4, 5, 6, 13) and place]
        assert all(place == -1 or 100 <= place <= end for place in places[:11])
        said += [hello.ja4(data, found, 116, text, work, scratch), text.tobytes()]
        said += [hello.server_hello(data, 100, end, datagram)]
    return [*said, hello.datagram_hello(data, 100, end)]


@settings(deadline=None)  # the first call compiles
@given(
    base=st.sampled_from([
        records(message(body([*USUAL, signatures(1, 2)])), 90), body([*USUAL, signatures(1, 2)]),
        body(USUAL, version=0xFEFD, cookie=b"cookie"), server([(43, b"\x03\x04")]),
        datagram_record(body(USUAL, version=0xFEFD, cookie=b"")), b"",
    ]),
    changes=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=6),
    cut=st.integers(0, 400),
    noise=st.binary(max_size=60),
)  # fmt: skip
def test_nothing_outside_the_bytes_is_read(base, changes, cut, noise):
    content = bytearray((base[:cut] if cut < len(base) else base) + noise)
    for place, byte in changes:
        if place < len(content):
            content[place] = byte
    assert answers(bytes(content), 0) == answers(bytes(content), 255)
