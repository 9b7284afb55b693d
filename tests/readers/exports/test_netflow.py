import struct
from datetime import datetime

import pytest

from tests.readers.exports.collecting import reported
from tests.readers.exports.datagrams import (
    ABROAD,
    BASIC,
    HOME,
    NOW,
    REVERSE_PEN,
    UPTIME,
    VARIABLE,
    a_set,
    ipfix,
    netflow5,
    netflow9,
    options,
    record,
    record5,
    template,
)  # fmt: skip

ADDRESSES = bytes([203, 162, 10, 5, 52, 219, 40, 10])
ENDS = [(8, 4), (12, 4)]
MILLISECONDS = [*ENDS, (152, 8), (153, 8), (1, 8)]


def seconds(moment: datetime) -> float:
    return moment.timestamp()


def data(*records, number=256):
    return a_set(number, b"".join(records))


def one(tmp_path, *datagrams, **more):
    rows, _ = reported(tmp_path, datagrams, **more)
    [row] = rows
    return row


def test_netflow_5_says_all_there_is(tmp_path):
    row = one(tmp_path, netflow5(record5(), sampling=0x4000 | 50))
    assert (row["seen_by"], row["time_basis"], row["clock"]) == ("netflow", "recorded", "stated")
    assert (row["src_ip"], row["src_port"]) == (HOME, 40000)
    assert (row["dst_ip"], row["dst_port"]) == (ABROAD, 443)
    assert (row["src_packets"], row["src_bytes"], row["sampling"]) == (500, 50_000, 50)
    assert (row["dst_packets"], row["dst_bytes"], row["src_payload"]) == (None, None, None)
    assert (row["protocol"], row["src_tcp_flags"]) == (6, 0x1B)
    assert seconds(row["start"]) == NOW + 0.5 - 5
    assert seconds(row["end"]) == NOW + 0.5 - 1


def test_netflow_5_without_an_interval_is_not_sampled(tmp_path):
    assert one(tmp_path, netflow5(record5()))["sampling"] == 1


def test_netflow_9_reads_records_by_their_template(tmp_path):
    row = one(tmp_path, netflow9(template(256, BASIC), data(record())))
    assert (row["src_ip"], row["src_port"], row["dst_ip"], row["dst_port"]) == (
        HOME, 40000, ABROAD, 443
    )  # fmt: skip
    assert (row["src_packets"], row["src_bytes"], row["sampling"]) == (10, 1000, None)
    assert (seconds(row["start"]), seconds(row["end"])) == (NOW - 5, NOW - 1)


def test_ipfix_is_told_apart(tmp_path):
    sets = (template(256, MILLISECONDS, 10), data(ADDRESSES + struct.pack(">QQQ", 5, 9, 7)))
    row = one(tmp_path, ipfix(*sets), port=4739)
    assert (row["seen_by"], row["src_bytes"], row["src_packets"]) == ("ipfix", 7, None)
    assert (seconds(row["start"]), seconds(row["end"])) == (0.005, 0.009)


def test_both_ways_become_one_flow_and_pieces_are_added_up(tmp_path):
    back = record(src=ABROAD, dst=HOME, sport=443, dport=40000, size=300, packets=3)
    later = record(size=50, packets=1, first=UPTIME - 900, last=UPTIME - 100, flags=0x10)
    row = one(tmp_path, netflow9(template(256, BASIC), data(record(flags=0x12), back, later)))
    assert (row["src_bytes"], row["dst_bytes"]) == (1050, 300)
    assert (row["src_packets"], row["dst_packets"]) == (11, 3)


def test_records_wait_for_their_template(tmp_path):
    rows, problems = reported(
        tmp_path,
        [netflow9(data(record())), netflow9(template(256, BASIC), number=2)],
    )
    assert len(rows) == 1
    assert "no-template" not in problems
    assert seconds(rows[0]["start"]) == NOW - 5


def test_records_whose_template_never_comes_are_counted(tmp_path):
    sets = (
        template(256, BASIC),
        data(record()),
        data(record(), number=300),
        data(b"x" * 8, number=301),
    )
    rows, problems = reported(tmp_path, [netflow9(*sets)])
    assert len(rows) == 1
    assert problems["no-template"].count == 2


def test_templates_belong_to_their_exporter_and_domain(tmp_path):
    sets = netflow9(template(256, BASIC), source=1), netflow9(data(record()), source=2, number=1)
    rows, problems = reported(tmp_path, sets)
    assert not rows
    assert problems["no-template"].count == 1


def test_a_template_may_be_defined_anew(tmp_path):
    swapped = [(12, 4), (8, 4), *BASIC[2:]]
    rows, _ = reported(
        tmp_path,
        [
            netflow9(template(256, BASIC), data(record(sport=1))),
            netflow9(template(256, swapped), data(record(sport=2)), number=2),
            netflow9(template(256, BASIC), data(record(sport=3)), number=3),
        ],
    )
    assert {row["src_port"]: row["src_ip"] for row in rows} == {1: HOME, 2: ABROAD, 3: HOME}


@pytest.mark.parametrize("number", [256, 2])
def test_a_template_of_ipfix_may_be_withdrawn(tmp_path, number):
    body = data(ADDRESSES + struct.pack(">QQQ", 5, 9, 7))
    withdrawal = a_set(2, struct.pack(">HH", number, 0))
    rows, problems = reported(
        tmp_path,
        [ipfix(template(256, MILLISECONDS, 10), body), ipfix(withdrawal, body, number=1)],
    )
    assert len(rows) == 1
    assert problems["no-template"].count == 1


def test_fields_of_varying_length_and_of_vendors_are_passed_over(tmp_path):
    fields = [
        (8, 4),
        (82, VARIABLE),
        (12, 4),
        (1, 4, 9),
        (82, VARIABLE),
        (1, 5),
        (150, 4),
        (151, 4),
    ]
    first = ADDRESSES[:4] + b"\x03abc" + ADDRESSES[4:] + bytes(4) + b"\xff\x01\x00" + b"x" * 256
    second = ADDRESSES[:4] + b"\0" + ADDRESSES[4:] + bytes(4) + b"\0"
    ends = struct.pack(">II", NOW, NOW + 1)
    body = data(first + b"\0\1\0\0\0" + ends, second + b"\0\0\0\0\7" + ends)
    rows, problems = reported(tmp_path, [ipfix(template(256, fields, 10), body)])
    assert sum(row["src_bytes"] for row in rows) == (1 << 24) + 7
    assert problems["vendor-fields"].count == 1
    assert "enterprise 9" in problems["vendor-fields"].message


def test_reverse_fields_are_the_way_back(tmp_path):
    fields = [*MILLISECONDS, (4, 1), (7, 2), (11, 2), (1, 8, REVERSE_PEN), (2, 4, REVERSE_PEN)]
    body = ADDRESSES + struct.pack(">QQQBHHQI", 5, 9, 700, 6, 443, 40000, 90, 3)
    row = one(tmp_path, ipfix(template(256, fields, 10), data(body)))
    assert (row["src_ip"], row["src_bytes"]) == (ABROAD, 90)  # 443 is the server's
    assert (row["dst_ip"], row["dst_bytes"], row["initiator_basis"]) == (HOME, 700, "port")


@pytest.mark.parametrize(
    ("direction", "source", "basis"),
    [(1, HOME, "recorded"), (2, ABROAD, "recorded"), (0, HOME, "first-packet")],
)
def test_the_direction_of_a_biflow_says_who_began(tmp_path, direction, source, basis):
    fields = [*MILLISECONDS, (1, 8, REVERSE_PEN), (239, 1)]
    body = ADDRESSES + struct.pack(">QQQQB", 5, 9, 700, 90, direction)
    row = one(tmp_path, ipfix(template(256, fields, 10), data(body)))
    assert (row["src_ip"], row["initiator_basis"]) == (source, basis)
    assert {row["src_ip"]: row["src_bytes"], row["dst_ip"]: row["dst_bytes"]} == {
        HOME: 700, ABROAD: 90
    }  # fmt: skip


def test_ipv6_and_records_with_room_for_both(tmp_path):
    fields = [*ENDS, (27, 16), (28, 16), (152, 8), (153, 8), (1, 8)]
    six = bytes.fromhex("240548000010000200000000000000202a0104f8000000000000000000000001")
    rows, _ = reported(
        tmp_path,
        [
            ipfix(
                template(256, fields, 10),
                data(
                    bytes(8) + six + struct.pack(">QQQ", 5, 9, 1),
                    ADDRESSES + bytes(32) + struct.pack(">QQQ", 5, 9, 2),
                ),
            )
        ],
    )
    found = {row["src_bytes"]: (row["src_ip"], row["dst_ip"]) for row in rows}
    assert found == {1: ("2405:4800:10:2::20", "2a01:4f8::1"), 2: (HOME, ABROAD)}


NTP = 2_208_988_800


@pytest.mark.parametrize(
    ("fields", "values", "start", "end", "basis"),
    [
        ([(150, 4), (151, 4)], struct.pack(">II", NOW, NOW + 3), NOW, NOW + 3, "recorded"),
        (
            [(154, 8), (155, 8)],
            struct.pack(">IIII", NOW + NTP, 1 << 31, NOW + NTP + 1, 0),
            NOW + 0.5, NOW + 1, "recorded",
        ),
        (
            [(156, 8), (157, 8)],
            struct.pack(">IIII", NOW + NTP, 1 << 30, NOW + NTP + 1, 0),
            NOW + 0.25, NOW + 1, "recorded",
        ),
        (
            [(158, 4), (159, 4)],
            struct.pack(">II", 2_000_000, 500_000),
            NOW - 2, NOW - 0.5, "recorded",
        ),
        ([(152, 8), (161, 4)], struct.pack(">QI", NOW * 1000, 1500), NOW, NOW + 1.5, "recorded"),
        ([(152, 8)], struct.pack(">Q", NOW * 1000), NOW, NOW, "start-only"),
        ([(153, 8)], struct.pack(">Q", NOW * 1000), NOW, NOW, "end-only"),
        ([(323, 8)], struct.pack(">Q", NOW * 1000), NOW, NOW, "start-only"),
        ([(5, 1)], b"\0", NOW, NOW, "log-time"),
        (
            [(22, 4), (21, 4), (160, 8)],
            struct.pack(">IIQ", 1000, 3000, (NOW - 10) * 1000),
            NOW - 9, NOW - 7, "recorded",
        ),
        ([(22, 4), (21, 4)], struct.pack(">II", 1000, 3000), NOW, NOW, "log-time"),
    ],
    ids=lambda value: str(value)[:24],
)  # fmt: skip
def test_times_of_ipfix(tmp_path, fields, values, start, end, basis):
    row = one(tmp_path, ipfix(template(256, [*ENDS, *fields], 10), data(ADDRESSES + values)))
    assert (seconds(row["start"]), seconds(row["end"])) == pytest.approx((start, end))
    assert row["time_basis"] == basis


def test_the_start_of_an_ipfix_exporter_may_come_as_an_option(tmp_path):
    sets = (
        options(257, [(149, 4)], [(160, 8)], 10),
        data(struct.pack(">IQ", 0, (NOW - 10) * 1000), number=257),
        template(256, [*ENDS, (22, 4), (21, 4)], 10),
        data(ADDRESSES + struct.pack(">II", 1000, 3000)),
    )
    row = one(tmp_path, ipfix(*sets))
    assert (seconds(row["start"]), seconds(row["end"])) == (NOW - 9, NOW - 7)


def test_times_go_on_across_the_wrap_of_the_uptime(tmp_path):
    first = record(first=2**32 - 2000, last=500)
    row = one(tmp_path, netflow9(template(256, BASIC), data(first), uptime=1000))
    assert (seconds(row["start"]), seconds(row["end"])) == (NOW - 3, NOW - 0.5)


@pytest.mark.parametrize(
    ("fields", "values", "rate"),
    [
        ([(34, 4)], struct.pack(">I", 25), 25),
        ([(305, 4), (306, 4)], struct.pack(">II", 1, 99), 100),
        ([(309, 4), (310, 4)], struct.pack(">II", 2, 100), 50),
        ([(50, 4)], struct.pack(">I", 10), 10),
    ],
)
def test_sampling_in_records(tmp_path, fields, values, rate):
    sets = (
        template(256, [*MILLISECONDS, *fields], 10),
        data(ADDRESSES + struct.pack(">QQQ", 5, 9, 7) + values),
    )
    row = one(tmp_path, ipfix(*sets))
    assert (row["sampling"], row["src_bytes"]) == (rate, 7 * rate)


def test_sampling_in_options_even_after_the_records(tmp_path):
    sampler = options(257, [(1, 4)], [(48, 1), (49, 1), (50, 2)])
    told = data(struct.pack(">IBBH", 0, 3, 2, 20), number=257)
    rows, problems = reported(
        tmp_path,
        [
            netflow9(template(256, [*BASIC, (48, 1)]), data(record() + b"\3")),
            netflow9(sampler, told, number=2),
            netflow9(data(record(sport=2) + b"\0", record(sport=5) + b"\4"), number=3),
        ],
    )
    assert {row["src_port"]: row["sampling"] for row in rows} == {40000: 20, 2: 1, 5: None}
    assert problems["sampling-unknown"].count == 1


def test_sampling_of_the_whole_exporter_counts_for_its_domains(tmp_path):
    told = (
        options(257, [(1, 4)], [(34, 4), (35, 1)]),
        data(struct.pack(">IIB", 0, 30, 1), number=257),
    )
    rows, _ = reported(
        tmp_path,
        [
            netflow9(*told, source=0),
            netflow9(template(256, BASIC), data(record()), source=9),
        ],
    )
    assert rows[0]["sampling"] == 30


def test_what_went_in_and_out_counts_once(tmp_path):
    fields = [*BASIC, (61, 1), (10, 2), (14, 2)]
    seen = [
        record(size=1000) + struct.pack(">BHH", 0, 1, 2),
        record(size=990) + struct.pack(">BHH", 1, 1, 2),
    ]
    rows, problems = reported(tmp_path, [netflow9(template(256, fields), data(*seen))])
    assert [row["src_bytes"] for row in rows] == [1000]
    assert problems["several-observers"].count == 1


def test_refused_traffic_is_marked(tmp_path):
    fields = [*BASIC, (89, 1)]
    seen = data(record(sport=1) + b"\x82", record(sport=2) + b"\x40")
    rows, problems = reported(tmp_path, [netflow9(template(256, fields), seen)])
    assert {row["src_port"]: row["blocked"] for row in rows} == {1: True, 2: False}
    assert problems["refused"].count == 1


def test_events_of_a_firewall(tmp_path):
    fields = [
        (148, 4), *ENDS, (7, 2), (11, 2), (4, 1), (225, 4), (226, 4), (227, 2), (228, 2), (233, 1),
        (323, 8), (152, 8), (231, 4), (232, 4),
    ]  # fmt: skip

    def event(number, kind, sent, got):
        outside = bytes([198, 51, 100, 1])
        return struct.pack(
            ">I8sHHB4s4sHHBQQII", number, ADDRESSES, 1000 + number, 443, 6, outside, ADDRESSES[4:],
            2000, 443, kind, NOW * 1000, (NOW - 60) * 1000, sent, got,
        )  # fmt: skip

    events = data(event(1, 1, 0, 0), event(1, 2, 500, 70), event(2, 1, 0, 0), event(3, 3, 0, 0))
    rows, problems = reported(tmp_path, [netflow9(template(256, fields), events)])
    found = {row["src_port"]: row for row in rows}
    assert sorted(found) == [1001, 1002, 1003]
    ended = found[1001]
    assert (ended["src_payload"], ended["dst_payload"], ended["blocked"]) == (500, 70, False)
    assert (ended["src_bytes"], ended["src_packets"]) == (None, None)
    assert (ended["nat_src_ip"], ended["nat_src_port"]) == ("198.51.100.1", 2000)
    assert (ended["nat_dst_ip"], ended["initiator_basis"]) == (None, "recorded")
    assert (seconds(ended["start"]), seconds(ended["end"])) == (NOW - 60, NOW)
    assert found[1003]["blocked"] is True
    assert ended["sampling"] == 1
    assert problems["interim-records"].count == 1


def test_older_events_count_both_ways_in_one_and_are_left_without_bytes(tmp_path):
    fields = [(148, 4), *ENDS, (40005, 1), (323, 8), (85, 4), (40001, 4), (40003, 2), (7, 2)]
    event = struct.pack(
        ">I8sBQI4sHH", 1, ADDRESSES, 2, NOW * 1000, 999, bytes([198, 51, 100, 1]), 2000, 1000
    )
    row = one(tmp_path, netflow9(template(256, fields), data(event)))
    assert (row["src_bytes"], row["initiator_basis"]) == (None, "recorded")
    assert (row["nat_src_ip"], row["nat_src_port"]) == ("198.51.100.1", 2000)


def test_events_with_counters_of_one_way_are_paired(tmp_path):
    fields = [*BASIC, (148, 4), (233, 1)]
    back = record(src=ABROAD, dst=HOME, sport=443, dport=40000, size=70)
    seen = data(record() + struct.pack(">IB", 1, 2), back + struct.pack(">IB", 1, 2))
    row = one(tmp_path, netflow9(template(256, fields), seen))
    assert (row["src_bytes"], row["dst_bytes"], row["blocked"]) == (1000, 70, False)


def test_ports_of_icmp_and_of_fragments_are_none(tmp_path):
    seen = data(
        record(protocol=1, sport=0, dport=0x0800), record(protocol=17, sport=0, dport=0, size=5)
    )
    rows, _ = reported(tmp_path, [netflow9(template(256, BASIC), seen)])
    assert [(row["src_port"], row["dst_port"]) for row in rows] == [(None, None)] * 2


def test_flags_of_two_bytes_and_vlans(tmp_path):
    fields = [*MILLISECONDS, (4, 1), (6, 2), (58, 2)]
    body = ADDRESSES + struct.pack(">QQQBHH", 5, 9, 7, 6, 0x0118, 30)
    row = one(tmp_path, ipfix(template(256, fields, 10), data(body)))
    assert (row["src_tcp_flags"], row["vlan"]) == (0x18, "30")


def test_records_without_addresses_are_counted(tmp_path):
    fields = [(56, 6), (80, 6), (1, 4)]
    sets = template(256, fields), data(bytes(32)), template(257, BASIC), data(record(), number=257)
    rows, problems = reported(tmp_path, [netflow9(*sets)])
    assert len(rows) == 1
    assert problems["not-ip"].count == 2


def test_lost_datagrams_are_counted_and_late_ones_taken_off(tmp_path):
    numbers = [1, 2, 4, 3, 8, 9]
    sets = template(256, BASIC)
    _, problems = reported(tmp_path, [netflow9(sets, number=number) for number in numbers])
    assert problems["export-lost"].count == 3


def test_lost_records_of_netflow_5_and_ipfix_are_counted(tmp_path):
    five = [netflow5(record5(), record5(), number=0), netflow5(record5(), number=7)]
    assert reported(tmp_path, five)[1]["export-lost"].count == 5
    body = data(ADDRESSES + struct.pack(">QQQ", 5, 9, 7))
    ten = [
        ipfix(template(256, MILLISECONDS, 10), body, number=0),
        ipfix(body, number=1),
        ipfix(body, number=12),
    ]
    assert reported(tmp_path, ten)[1]["export-lost"].count == 10


def test_exporters_that_count_otherwise_lose_nothing(tmp_path):
    five = [netflow5(record5(), record5(), number=at) for at in (10, 11, 12)]
    assert "export-lost" not in reported(tmp_path, five)[1]
    sets = template(256, BASIC), data(record(), record())
    nine = [netflow9(*sets, number=at) for at in (10, 12, 14)]
    assert "export-lost" not in reported(tmp_path, nine)[1]


def test_an_exporter_that_begins_anew_loses_nothing(tmp_path):
    numbers = [4_000_000_000, 4_000_000_001, 0, 1]
    sets = template(256, BASIC)
    _, problems = reported(tmp_path, [netflow9(sets, number=number) for number in numbers])
    assert "export-lost" not in problems


def test_a_datagram_that_is_there_twice_counts_once(tmp_path):
    sets = netflow9(template(256, BASIC), data(record()))
    rows, problems = reported(tmp_path, [sets, sets])
    assert [row["src_bytes"] for row in rows] == [1000]
    assert problems["export-repeated"].count == 1


def test_a_sequence_that_stands_still_is_no_copy(tmp_path):
    first = netflow5(record5(sport=1), number=0)
    second = netflow5(record5(sport=2), number=0)
    assert len(reported(tmp_path, [first, second])[0]) == 2


def test_two_collectors_of_one_exporter_count_once(tmp_path):
    from tests.readers.capture.packets import ether, ip4, udp
    from tests.readers.exports.collecting import of_packets

    datagram = netflow5(record5())
    packets = [
        (NOW * 1_000_000_000, ether(ip4("10.20.0.1", collector, 17, udp(50000, 2055, datagram))))
        for collector in ("10.20.0.9", "10.20.0.8")
    ]
    rows, problems = of_packets(tmp_path, packets)
    assert [row["src_bytes"] for row in rows] == [1000]
    assert problems["several-observers"].count == 1


def test_a_clock_that_is_off_is_told(tmp_path):
    datagram = netflow5(record5(), seconds=NOW - 3600)
    assert reported(tmp_path, [datagram])[1]["exporter-clock"].count == 1
    assert "exporter-clock" not in reported(tmp_path, [netflow5(record5())])[1]


@pytest.mark.parametrize(
    "damaged",
    [
        netflow9(a_set(0, b"\1\0\0\x09" + b"\0\1\0\4"), number=2),
        netflow9(a_set(5, bytes(8)), number=2),
        netflow9(b"\1\0\xff\xff", number=2),
        netflow9(b"\1\0\0\0" * 9, number=2),
        b"\0\x05\0\x1e" + bytes(20),
        b"\0\x09",
        ipfix()[:-2] + b"\0\0",
        b"\0\x07" + bytes(60),
    ],
    ids=lambda damaged: damaged.hex()[:20],
)
def test_damaged_datagrams_are_counted_and_the_others_read(tmp_path, damaged):
    good = netflow9(template(256, BASIC), data(record()))
    rows, problems = reported(tmp_path, [good, damaged, netflow9(data(record(sport=5)), number=3)])
    assert len(rows) == 2
    assert problems.keys() & {"export-damaged", "no-template"} or damaged[:2] == b"\0\x0a"


def test_numbers_that_cannot_be_are_left_out(tmp_path):
    fields = [*MILLISECONDS, (2, 8)]
    seen = data(
        ADDRESSES + struct.pack(">QQQQ", 5, 9, 2**64 - 1, 2**63),
        ADDRESSES + struct.pack(">QQQQ", 2**64 - 1, 9, 1, 1),
        ADDRESSES + struct.pack(">QQQQ", 2**62, 9, 1, 1),
    )
    rows, problems = reported(tmp_path, [ipfix(template(256, fields, 10), seen)])
    assert [(row["src_bytes"], row["src_packets"]) for row in rows] == [(None, None)]
    assert problems["bad-time"].count == 2
    assert problems["bad-number"].count == 2
