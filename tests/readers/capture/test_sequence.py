"""TCP payload is counted once."""

import random

import pytest

from tests.readers.capture.packets import (
    ACK,
    SECOND,
    T0,
    handshake,
    pcap,
    read,
    rows,
    segment,
)  # fmt: skip


def payload(tmp_path, segments, *, isn=1000, opened=True):
    packets = handshake(T0, isn=isn) if opened else []
    packets += [
        segment(T0 + SECOND + i * 1_000_000, isn + 1 + start, bytes(length))
        for i, (start, length) in enumerate(segments)
    ]
    reading, _ = read(tmp_path / "a.pcap", pcap(packets))
    [row] = rows(reading)
    return row["src_payload"]


@pytest.mark.parametrize(
    ("segments", "counted"),
    [
        ([(0, 100), (100, 100)], 200),
        ([(0, 100), (0, 100)], 100),
        ([(0, 100), (50, 100)], 150),
        ([(0, 100), (200, 100), (100, 100)], 300),
        ([(0, 100), (200, 100), (100, 100), (100, 100), (200, 100)], 300),
        ([(0, 100), (300, 100), (150, 50), (100, 250)], 400),
        ([(0, 10), (20, 10), (40, 10), (60, 10), (10, 10), (30, 10), (50, 10)], 70),
        ([(0, 100), (200, 100)], 200),
    ],
)
def test_retransmissions_are_left_out_and_late_segments_are_not(tmp_path, segments, counted):
    assert payload(tmp_path, segments) == counted


def test_sequence_numbers_wrap(tmp_path):
    pieces = [(i * 1000, 1000) for i in range(10)]
    pieces[3], pieces[4] = pieces[4], pieces[3]
    assert payload(tmp_path, [*pieces, *pieces], isn=2**32 - 4500) == 10_000


def test_a_keep_alive_is_not_payload(tmp_path):
    assert payload(tmp_path, [(0, 100), (99, 1), (99, 1)]) == 100


def test_without_a_handshake_segments_out_of_order_all_count(tmp_path):
    assert payload(tmp_path, [(500, 100), (300, 200), (600, 50)], opened=False) == 350


def test_the_fin_takes_a_number_but_is_no_payload(tmp_path):
    packets = [
        *handshake(T0),
        segment(T0 + SECOND, 1001, b"abc", flags=ACK | 1),
        segment(T0 + SECOND, 1001, b"abc", flags=ACK | 1),
        segment(T0 + 2 * SECOND, 1005, b"", flags=ACK),
    ]
    reading, _ = read(tmp_path / "a.pcap", pcap(packets))
    assert rows(reading)[0]["src_payload"] == 3


def test_segments_shuffled_within_a_window_count_every_byte_once(tmp_path):
    draw = random.Random(7)
    pieces = [(i * 100, 100) for i in range(200)]
    for first in range(0, 200, 3):
        part = pieces[first : first + 3]
        draw.shuffle(part)
        pieces[first : first + 3] = part
    doubled = [piece for piece in pieces for _ in range(1 + (draw.random() < 0.2))]
    assert payload(tmp_path, doubled) == 20_000
