"""Channels in DNS show over many flows, not in one."""

import random

import pytest

from auditor.inspect import covert
from tests.inspect import test_dns
from tests.inspect.inspecting import CCCD, chunks, inspected, one, search
from tests.inspect.recorder import head

CHANCE = random.Random(8)
LABELS = [test_dns.packed("base32", CHANCE, 50) for _ in range(40)]


def asked(labels, domain="kenh.example.com", home="src"):
    events = [
        chunk
        for number, label in enumerate(labels)
        for chunk in chunks(number, test_dns.UDP, [(0, test_dns.query(f"{label}.{domain}"))])
    ]
    return inspected([test_dns.UDP] * len(labels), events, home=home)[0]


def test_many_different_labels_under_one_domain_are_a_channel_in_each_flow():
    hits = asked(LABELS).hits
    assert len({hit.flow_id for hit in hits}) == len(hits) >= 30  # some look like words
    assert {hit.labels for hit in hits} == {("covert-channel",)}
    assert {(hit.outbound, hit.distinct, hit.samples) for hit in hits} == {(True, 1, ())}
    assert (
        "example.com" in hits[0].places[0] and f"{len(hits)} different labels" in hits[0].places[0]
    )


def test_the_same_label_again_and_again_is_none():
    assert asked(LABELS[:1] * 40).hits == ()


def test_few_are_none_and_those_of_two_directions_are_not_added():
    assert asked(LABELS[:5]).hits == ()


def test_ordinary_names_are_none():
    assert asked([f"www{number}" for number in range(40)]).hits == ()


def test_detectors_see_other_flows_all_the_same():
    assert len(one(head(4711), [(0, CCCD)])[0].hits) == 1


@pytest.mark.parametrize("most", [3, 100_000])
@pytest.mark.parametrize("shares", [1, 2, 5])
def test_pieces_counted_in_shares_are_the_same_channels(monkeypatch, most, shares):
    monkeypatch.setattr(covert, "MOST_PLACES", most)
    chance = random.Random(shares)
    pieces = [
        (flow, chance.randrange(2), chance.choice([True, False, None]), f"place {flow % 7}", piece)
        for flow in range(2_000)
        for piece in [chance.randbytes(chance.choice([40, 50, 60]))] * 2
    ]
    chance.shuffle(pieces)

    def counted(some):
        channels = covert.Channels(search())
        for flow, group, outbound, place, piece in some:
            channels.add(flow, group, outbound, place, len(piece), piece)
        return channels

    whole = list(counted(pieces).hidden())
    joined = counted(pieces[::shares])
    for share in reversed(range(1, shares)):
        joined.join(counted(pieces[share::shares]).found)
    assert list(joined.hidden()) == whole and whole
    assert len({each.place for each in whole}) <= most
    ways = {(group, outbound, place) for _, group, outbound, place, _ in pieces}
    assert len(joined.found) == min(most, len(ways))
