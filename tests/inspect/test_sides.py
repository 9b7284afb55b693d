from __future__ import annotations

from auditor.inspect.protocols.sides import Late, Sides
from tests.inspect.recorder import RecordedContent


def test_each_side_goes_to_its_own_part_which_begins_when_its_bytes_do():
    content = RecordedContent()
    client, server = (Late(lambda side=side: content.part(side, "file")) for side in (0, 1))
    conversation = Sides(client, server)
    conversation.feed(0, b"", 0)
    assert content.parts == []
    conversation.feed(0, b"abc", 0)
    conversation.feed(0, b"", 7)
    conversation.feed(0, b"def", 0)
    conversation.close()
    [part] = content.parts
    assert (part.side, part.data, part.gaps, part.closed) == (0, b"abcdef", [7], True)


def test_a_part_may_begin_with_what_is_missing():
    content = RecordedContent()
    conversation = Sides(*(Late(lambda: content.part(1, "file")) for _ in range(2)))
    conversation.feed(1, b"end", 5)
    conversation.close()
    assert [(part.gaps, part.data) for part in content.parts] == [([5], b"end")]
