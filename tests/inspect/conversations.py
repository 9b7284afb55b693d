"""What the tests of all dissectors ask: cuts change nothing, damage neither fails nor hangs."""

from __future__ import annotations

import random

from tests.inspect.recorder import RecordedContent, conversed


def alike_for_all_cuts(dissector, flow, chunks, sizes=(1, 2, 3, 5, 7, 64)):
    """The content of a conversation, the same however its bytes are cut."""
    whole = conversed(dissector, flow, chunks)
    for size in sizes:
        assert conversed(dissector, flow, chunks, size).summary == whole.summary, size
    assert all(part.closed for part in whole.parts)
    return whole


def survives_damage(dissector, flow, chunks, rounds=40):
    """Changed, cut, missing and random bytes: nothing raised, parts closed, no byte twice."""
    chance = random.Random(8)
    for _ in range(rounds):
        damaged = []
        for side, data in chunks:
            wild = bytearray(data)
            for _ in range(chance.randrange(4)):
                wild[chance.randrange(len(wild))] = chance.randrange(256)
            if chance.random() < 0.1:
                wild = bytearray(chance.randbytes(chance.randrange(200)))
            elif chance.random() < 0.2:
                wild = wild[: chance.randrange(len(wild))]
            damaged.append((side, bytes(wild)))
        fed = sum(len(data) for _, data in damaged)
        for content in (
            conversed(dissector, flow, damaged, chance.choice((None, 5))),
            _with_gaps(dissector, flow, damaged, chance),
        ):
            assert all(part.closed for part in content.parts)
            assert sum(size for _, size, _ in content.unread_bytes) <= fed


def _with_gaps(dissector, flow, chunks, chance):
    content = RecordedContent()
    conversation = dissector.conversation(flow, content)
    for side, data in chunks:
        gap = chance.choice((0, 0, 0, 1, 50, 100_000, 1 << 40))
        conversation.feed(side, data[chance.randrange(3) :], gap)
    conversation.close()
    return content
