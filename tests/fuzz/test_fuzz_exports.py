"""Damaged and hostile export datagrams: nothing crashes, and what is kept stays bounded."""

import struct
from random import Random

import pytest

from auditor.readers.exports import netflow
from auditor.readers.exports.collected import KINDS
from auditor.readers.exports.netflow import NetFlow
from auditor.readers.exports.sflow import SFlow
from auditor.readers.records.checked import checked
from auditor.readers.records.tally import Tally
from tests.readers.capture.packets import ether, ip4, ip6, tcp
from tests.readers.exports.datagrams import (
    BASIC,
    NOW,
    SECOND,
    VARIABLE,
    a_set,
    flow_sample,
    ipfix,
    netflow5,
    netflow9,
    options,
    raw_header,
    record,
    record5,
    sflow,
    sflow_record,
    template,
)  # fmt: skip

VARYING = [(8, 4), (82, VARIABLE), (12, 4), (1, 5), (82, VARIABLE), (152, 8)]
SEEDS = (
    netflow5(record5(), record5()),
    netflow9(template(256, BASIC), a_set(256, record() * 3)),
    netflow9(
        options(257, [(1, 4)], [(48, 1), (50, 4)]), a_set(257, bytes(12)), template(256, BASIC)
    ),
    ipfix(
        template(256, [*BASIC, (1, 8, 29305), (2, 4, 9)], 10),
        a_set(256, (record() + bytes(12)) * 2),
    ),
    ipfix(template(300, VARYING, 10), a_set(300, b"abcd\2xxefgh12345\1y" + bytes(8))),
    ipfix(options(258, [(302, 8)], [(305, 4), (306, 4), (160, 8)], 10), a_set(258, bytes(24))),
    ipfix(a_set(2, struct.pack(">HH", 2, 0)), a_set(3, struct.pack(">HH", 3, 0))),
)
PACKETS = (
    ether(ip4("203.162.10.5", "52.219.40.10", 6, tcp(1, 2, 3, 2)), tags=((0x8100, 5),)),
    ether(
        ip6("2001:db8::1", "2001:db8::2", 0, b"\x06\0" + bytes(6) + tcp(1, 2, 3, 2)), kind=0x86DD
    ),
)
SAMPLES = (
    sflow(*(flow_sample(raw_header(packet), wide=wide) for packet in PACKETS for wide in (0, 1))),
    sflow(
        flow_sample(
            sflow_record(3, bytes(32)), sflow_record(4, bytes(56)), sflow_record(1001, bytes(16))
        )
    ),
)
ODD = (0, 1, 2, 3, 4, 5, 7, 8, 16, 255, 256, 0x7FFF, 0x8000, 0xFFFE, 0xFFFF)


def mutated(draw: Random, datagram: bytes) -> bytes:
    content = bytearray(datagram)
    for _ in range(draw.randrange(1, 6)):
        kind = draw.randrange(5)
        place = draw.randrange(2, max(len(content), 3))
        if kind == 0 and place < len(content):
            content[place] = draw.randrange(256)
        elif kind == 1 and place + 2 <= len(content):
            struct.pack_into(">H", content, place // 2 * 2, draw.choice(ODD))
        elif kind == 2:
            del content[place : place + draw.randrange(1, 9)]
        elif kind == 3:
            content[place:place] = draw.randbytes(draw.randrange(1, 9))
        elif kind == 4 and place // 4 * 4 + 4 <= len(content):
            struct.pack_into(">I", content, place // 4 * 4, draw.choice((0, 5, 2**31, 2**32 - 1)))
    return bytes(content)


def flushed(exports, tally) -> int:
    rows = 0
    for _, _, batch in exports.batches():
        rows += len(checked(batch, tally))
    return rows


@pytest.mark.parametrize("seed", range(4))
def test_mutated_netflow_and_ipfix_never_stop_the_reading(seed):
    draw, tally = Random(seed), Tally(KINDS)
    exports = NetFlow(tally)
    for _ in range(2500):
        exports.take(draw.randrange(3), mutated(draw, draw.choice(SEEDS)), NOW * SECOND)
        if draw.randrange(200) == 0:
            flushed(exports, tally)
    exports.ended()
    flushed(exports, tally)
    good = NetFlow(tally)
    good.take(0, SEEDS[1], NOW * SECOND)
    assert flushed(good, tally) == 3


@pytest.mark.parametrize("seed", range(4))
def test_mutated_sflow_never_stops_the_reading(seed):
    draw, tally = Random(seed), Tally(KINDS)
    exports = SFlow(tally)
    for _ in range(2500):
        exports.take(draw.randrange(3), mutated(draw, draw.choice(SAMPLES)), NOW * SECOND)
        if exports.full() or draw.randrange(500) == 0:
            flushed(exports, tally)
    exports.ended()
    flushed(exports, tally)


def test_a_flood_of_templates_domains_and_waiting_records_is_bounded():
    tally = Tally(KINDS)
    exports = NetFlow(tally)
    draw = Random(1)
    for number in range(3000):
        fields = [(8, 4), (12, 4), *((draw.randrange(1, 400), 4) for _ in range(300))]
        exports.take(number, netflow9(template(256 + number, fields), source=number), NOW * SECOND)
    assert len(exports._layouts) <= netflow.MOST_LAYOUTS
    assert exports._fields <= netflow.MOST_FIELDS
    big = netflow9(a_set(9999, bytes(60000)))
    for number in range(400):
        exports.take(1, big[:12] + struct.pack(">I", number) + big[16:], NOW * SECOND)
    assert exports._waiting <= netflow.MOST_WAITING
    for number in range(netflow.MOST_DOMAINS + 50):
        exports.take(7, netflow9(source=number), NOW * SECOND)
    assert len(exports.domains) <= netflow.MOST_DOMAINS
    problems = []
    exports.ended()
    tally.tell("x", problems.append, offsets=False)
    assert {"export-limit", "no-template"} <= {problem.code for problem in problems}


@pytest.mark.parametrize("length", [0, 1, 4, 0xFFFE, VARIABLE])
def test_templates_of_a_whole_datagram_of_fields(length):
    tally = Tally(KINDS)
    exports = NetFlow(tally)
    fields = [(8, 4), (12, 4), *[(1, length)] * 15000]
    exports.take(0, ipfix(template(256, fields, 10)), NOW * SECOND)
    for number in range(20):
        exports.take(0, ipfix(a_set(256, bytes(65000)), number=number), NOW * SECOND)
    flushed(exports, tally)
    zero = ipfix(template(257, [(8, 0), (12, 0)], 10), a_set(257, bytes(4000)))
    exports.take(0, zero, NOW * SECOND)
    assert flushed(exports, tally) == 0


def test_records_of_many_rates_are_all_told():
    tally = Tally(KINDS)
    exports = NetFlow(tally)
    exports.take(0, netflow9(template(256, [*BASIC, (34, 4)])), NOW * SECOND)
    for number in range(300):
        records = b"".join(record() + struct.pack(">I", 2 + number * 40 + at) for at in range(40))
        exports.take(0, netflow9(a_set(256, records), number=2 + number), NOW * SECOND)
    assert flushed(exports, tally) == 12000
    problems = []
    tally.tell("x", problems.append, offsets=False)
    assert {problem.code: problem.count for problem in problems}["sampled"] == 12000
