"""Messages cut out of a stream, whatever the pieces it comes in."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.inspect.protocols.framing import (
    Aside,
    Beginning,
    Body,
    Framed,
    Missing,
    OutOfStep,
    Run,
    Steps,
)
from tests.inspect.recorder import RecordedContent

ANEW = Beginning(re.compile(rb"W[\x00-\x09]!", re.DOTALL), 3)


class Taken:
    """A protocol of messages: W or B, length, ``!``, body; W is taken whole, B streams."""

    def __init__(self):
        self.content = RecordedContent()
        self.whole, self.streamed, self.missed = [], b"", 0
        self.framed = Framed(self.steps, Aside(self.content, 0, "Test"), ANEW)

    def steps(self) -> Steps:
        while True:
            yield Run(self.run)
            head = yield 3
            if head[:1] not in b"WB" or head[2:] != b"!":
                raise OutOfStep
            if head[:1] == b"B":
                yield Body(head[1], self.take, self.miss)
                continue
            try:
                self.whole.append((yield head[1]))
            except Missing:
                self.whole.append(None)

    def run(self, data, place):
        while data[place : place + 3] == b"W\1!" and len(data) > place + 3:
            self.whole.append(data[place + 3 : place + 4])
            place += 4
        return place

    def take(self, data):
        self.streamed += data

    def miss(self, size):
        self.missed += size

    def fed(self, data, size=None):
        step = size or max(len(data), 1)
        for begin in range(0, len(data), step):
            self.framed.feed(data[begin : begin + step])
        return self


def test_whole_streamed_and_run_messages_come_in_order():
    taken = Taken().fed(b"W\2!ab" + b"W\1!c" * 3 + b"B\3!xyz" + b"W\0!")
    assert taken.whole == [b"ab", b"c", b"c", b"c", b""]
    assert taken.streamed == b"xyz"


def test_a_loss_within_a_streamed_body_is_told_and_the_next_message_read():
    taken = Taken().fed(b"B\x09!123")
    taken.framed.gap(4)
    taken.fed(b"89W\1!a")
    assert (taken.streamed, taken.missed, taken.whole) == (b"12389", 4, [b"a"])


def test_a_loss_within_a_whole_body_skips_its_rest():
    taken = Taken().fed(b"W\x09!123")
    taken.framed.gap(4)
    taken.fed(b"89W\1!a")
    assert taken.whole == [None, b"a"]
    assert taken.content.unread_bytes == [(0, 3, "missing"), (0, 2, "missing")]


def test_a_loss_that_ends_with_the_body_is_told_at_once():
    taken = Taken().fed(b"W\x05!123")
    taken.framed.gap(2)
    assert taken.fed(b"W\1!a").whole == [None, b"a"]


def test_a_loss_beyond_the_message_is_searched_over():
    taken = Taken().fed(b"W\x09!123")
    taken.framed.gap(40)
    taken.fed(b"no beginning W\x05!12345")
    taken.framed.close()
    assert taken.whole == [b"12345"]
    [part] = taken.content.parts
    assert part.data == b"123no beginning " and part.closed
    assert taken.content.problems[0][0] == "messages-out-of-step"


def test_a_message_that_never_ends_is_counted_as_missing():
    taken = Taken().fed(b"W\x09!123")
    taken.framed.close()
    assert taken.content.unread_bytes == [(0, 3, "missing")]


def test_thousands_of_new_beginnings_in_one_piece_are_no_recursion():
    taken = Taken().fed(b"W\2!abxxx" * 50_000)
    assert len(taken.whole) == 50_000


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from([b"W\2!ab", b"W\1!c", b"B\3!xyz", b"B\0!", b"??", b"W\7!"])),
       st.integers(1, 9))  # fmt: skip
def test_cuts_change_nothing(pieces, size):
    data = b"".join(pieces)
    one, other = Taken().fed(data), Taken().fed(data, size)
    one.framed.close()
    other.framed.close()
    assert (one.whole, one.streamed, one.content.summary) == (
        other.whole, other.streamed, other.content.summary,
    )  # fmt: skip
