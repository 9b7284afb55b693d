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


def survives(dissector: Dissector, flow: FlowHead, said: Said, times: int = 150) -> None:
    """Damaged, cut and lossy copies of a conversation raise nothing, close all, count soberly."""
    chance = random.Random(8)
    for _ in range(times):
        content = RecordedContent()
        conversation = dissector.conversation(flow, content)
        for side, data in said:
            changed = bytearray(data)
            for _ in range(chance.choice((0, 0, 1, 3))):
                if changed:
                    place = chance.randrange(len(changed))
                    changed[place] = chance.choice(
                        (0, 1, 0x7F, 0x80, 0xFE, 0xFF, changed[place] ^ 1)
                    )
            begin = chance.choice((0, 0, 0, chance.randrange(len(changed) + 1)))
            end = chance.choice((len(changed), len(changed), chance.randrange(len(changed) + 1)))
            gap = chance.choice((0, 0, 0, 1, begin, 100_000))
            conversation.feed(side, bytes(changed[begin:end]), gap)
        conversation.close()
        assert all(part.closed for part in content.parts)
        assert all(size >= 0 for _, size, _ in content.unread_bytes)
    for seed in range(20):
        noise = random.Random(seed).randbytes(3000)
        dissector.sniff(flow, (noise, noise[1:]))
        conversed(dissector, flow, [(0, noise), (1, noise)])
