from __future__ import annotations

import pytest

from auditor.inspect.protocols.syslog import Syslog
from tests.inspect.conversations import alike_for_all_cuts, survives_damage
from tests.inspect.recorder import RecordedContent, head

SYSLOG = Syslog()
UDP = head(514, protocol=17)
TCP = head(601)
FIRST = "<34>1 2026-10-11T22:14:15Z mx su - ID47 - 'su anna' thất bại".encode()
SECOND = b"<13>Oct 11 22:14:15 mx app: cccd=001090012345\nwith a line break"


def test_each_datagram_is_a_text():
    content = RecordedContent()
    conversation = SYSLOG.conversation(UDP, content)
    conversation.feed(0, FIRST, 0)
    conversation.feed(0, SECOND, 0)
    conversation.close()
    assert [data for _, _, data in content.texts] == [FIRST, SECOND]


def test_counted_messages_lose_their_counts():
    sent = b"".join(b"%d %s" % (len(message), message) for message in (FIRST, SECOND) * 3)
    content = alike_for_all_cuts(SYSLOG, TCP, [(0, sent)])
    part = content.parts[0]
    assert part.data == (FIRST + b"\n" + SECOND + b"\n") * 3
    assert (part.place, part.media_type) == ("syslog messages", "text/plain")


def test_messages_by_lines_stay_as_they_are():
    sent = FIRST + b"\n" + SECOND + b"\n"
    assert alike_for_all_cuts(SYSLOG, TCP, [(0, sent)]).parts[0].data == sent


def test_a_count_that_fits_nothing_goes_on_by_lines():
    sent = b"%d %s" % (len(FIRST), FIRST) + b"0 <34>x\n" + b"7 <34>y\n"
    content = alike_for_all_cuts(SYSLOG, TCP, [(0, sent)])
    assert content.parts[0].data == FIRST + b"\n0 <34>x\n7 <34>y\n"


def test_missing_bytes_are_told_to_the_part():
    content = RecordedContent()
    conversation = SYSLOG.conversation(TCP, content)
    conversation.feed(0, b"100 <34>abc", 0)
    conversation.feed(0, b"def", 20)
    conversation.feed(0, b"ghi\n", 2000)
    conversation.close()
    assert content.parts[0].data == b"<34>abcdefghi\n"
    assert content.parts[0].gaps == [20, 2000]


@pytest.mark.parametrize(
    ("port", "first", "least", "most"),
    [
        (514, FIRST, 0.9, 1),
        (6514, b"99 " + FIRST, 0.5, 0.8),
        (514, b"<999>x", 0, 0),
        (80, b"<html><body>", 0, 0),
    ],
)
def test_it_is_recognised_by_its_priority(port, first, least, most):
    assert least <= SYSLOG.sniff(head(port), (first, b"")) <= most


def test_damage_neither_fails_nor_hangs():
    sent = b"".join(b"%d %s" % (len(message), message) for message in (FIRST, SECOND))
    survives_damage(SYSLOG, TCP, [(0, sent), (0, sent), (1, FIRST)])
    survives_damage(SYSLOG, UDP, [(0, FIRST), (0, SECOND)])
