"""What every dissector must stand: other cuts, losses, damage."""

from __future__ import annotations

import random

from auditor.inspect.contracts import Dissector, FlowHead
from tests.inspect.recorder import RecordedContent, conversed

Said = list[tuple[int, bytes]]


def same_however_cut(dissector: Dissector, flow: FlowHead, said: Said) -> RecordedContent:
    """The content of a conversation, after proof that cuts do not change it."""
    whole = conversed(dissector, flow, said)
    for size in (1, 2, 3, 7, 64, 1000):
        assert conversed(dissector, flow, said, size).summary == whole.summary
    assert all(part.closed for part in whole.parts)
    return whole


def survives(dissector: Dissector, flow: FlowHead, said: Said, times: int = 100) -> None:
    """Damaged and lossy copies of a conversation raise nothing, close all parts, count soberly.

    Cuts change nothing of them either, but the order in which parts begin.
    """
    chance = random.Random(8)
    for _ in range(times):
        damaged = [(side, *_damaged(data, chance)) for side, data in said]
        whole = _content(dissector, flow, damaged, 1 << 20)
        cut = _content(dissector, flow, damaged, chance.choice((2, 5, 17, 100)))
        assert [sorted(map(repr, each)) for each in whole.summary[:2]] == [
            sorted(map(repr, each)) for each in cut.summary[:2]
        ]
        assert whole.summary[2] == cut.summary[2]
        assert all(part.closed for part in whole.parts)
        for side in (0, 1):
            lost = sum(size for sender, size, _ in whole.unread_bytes if sender == side)
            assert lost <= sum(len(data) for sender, data, _ in damaged if sender == side)
    for seed in range(20):
        noise = random.Random(seed).randbytes(3000)
        dissector.sniff(flow, (noise, noise[1:]))
        conversed(dissector, flow, [(0, noise), (1, noise)])


def _damaged(data: bytes, chance: random.Random) -> tuple[bytes, int]:
    """A copy with other bytes here and there, perhaps without its begin, and the gap before it."""
    changed = bytearray(data)
    for _ in range(chance.choice((0, 0, 1, 3)) if data else 0):
        changed[chance.randrange(len(changed))] = chance.choice((0, 1, 0x7F, 0x80, 0xFE, 0xFF))
    gap = chance.choice((0, 0, 0, 0, 1, 20, 100_000))
    return bytes(changed[min(gap, len(changed)) :]), gap


def _content(
    dissector: Dissector, flow: FlowHead, damaged: list[tuple[int, bytes, int]], size: int
) -> RecordedContent:
    content = RecordedContent()
    conversation = dissector.conversation(flow, content)
    for side, data, gap in damaged:
        if gap:
            conversation.feed(side, b"", gap)
        for begin in range(0, len(data), size):
            conversation.feed(side, data[begin : begin + size], 0)
    conversation.close()
    return content
