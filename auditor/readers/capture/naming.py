"""Names of servers: a store of distinct ones, and the names that DNS gave to addresses (compiled).

A flow holds a name by its number. Where a name was seen decides which of two is kept.
"""

from __future__ import annotations

from auditor.readers.capture.layout import (
    ADDRESS, ANSWERS, DNS_ANSWER, ECH_OUTER, MARKS, NAME, NAME_BYTES, NAMED_0, NAMED_1,
    NAME_LENGTH, NAMES, ROLE_CLIENT_0, ROLE_CLIENT_1, Bytes, State,
)  # fmt: skip
from auditor.readers.capture.numbers import be64, compiled, entry, mixed, octet

WINDOW = 3600 * 1_000_000_000
"""ns that a DNS answer gives its address a name."""


@compiled
def name_hash(data: Bytes, start: int, end: int, seed: int) -> int:
    """The hash of a name."""
    code = mixed(seed, end - start)
    while start + 8 <= end:
        code = mixed(code, be64(data, start))
        start += 8
    tail = 0
    while start < end:
        tail = tail << 8 | octet(data, start)
        start += 1
    return mixed(code, tail)


@entry
def names_indexed(s: State) -> None:
    """Builds the hash index over the names anew."""
    index = s.name_index
    index[:] = 0
    mask = index.size - 1
    for number in range(s.counters[NAMES]):
        start, end = s.name_ends[number], s.name_ends[number + 1]
        code = name_hash(s.name_bytes, start, end, s.settings[3])
        slot = code & mask
        while index[slot]:
            slot = (slot + 1) & mask
        index[slot] = ((code >> 32) & 0x7FFFFFFF) << 32 | (number + 1)


@compiled
def interned(s: State, name: Bytes, length: int) -> int:
    """The number of a text, written into the store if it is new."""
    code = name_hash(name, 0, length, s.settings[3])
    mask = s.name_index.size - 1
    slot = code & mask
    tag = (code >> 32) & 0x7FFFFFFF
    while True:
        entry = s.name_index[slot]
        if entry == 0:
            break
        if entry >> 32 == tag:
            number = (entry & 0xFFFFFFFF) - 1
            start = s.name_ends[number]
            if s.name_ends[number + 1] - start == length:
                same = True
                for i in range(length):
                    if s.name_bytes[start + i] != name[i]:
                        same = False
                        break
                if same:
                    return number
        slot = (slot + 1) & mask
    number = s.counters[NAMES]
    start = s.counters[NAME_BYTES]
    for i in range(length):
        s.name_bytes[start + i] = name[i]
    s.name_ends[number] = start
    s.name_ends[number + 1] = start + length
    s.counters[NAMES] = number + 1
    s.counters[NAME_BYTES] = start + length
    s.name_index[slot] = tag << 32 | (number + 1)
    return number


@compiled
def named(s: State, name: Bytes, length: int) -> int:
    """The number of a name, written into the store if it is new; -1 if it is no host name."""
    if length == 0 or length > NAME_LENGTH:
        return -1
    for i in range(length):
        letter = name[i]
        if 65 <= letter <= 90:
            letter += 32
            name[i] = letter
        if not (
            97 <= letter <= 122 or 45 <= letter <= 46 or 48 <= letter <= 58
            or letter == 95 or letter == 91 or letter == 93
        ):  # fmt: skip
            return -1
    return interned(s, name, length)


@compiled
def told(s: State, row: int, app: int, number: int, basis: int) -> None:
    """Writes application and name into a flow; a better-founded name replaces a lesser one."""
    packed = s.flows[row, NAME]
    known = packed >> 40
    if known == 0 and app:
        known = app
    if number >= 0 and basis > (packed >> 32) & 0xFF:
        packed = basis << 32 | (number + 1)
    s.flows[row, NAME] = known << 40 | (packed & 0xFFFFFFFFFF)


@compiled
def covered(s: State, row: int, app: int, number: int, basis: int) -> None:
    """Writes the name that a hello shows beside an encrypted one: it may be a cover.

    It is the server's own if this client had asked DNS for it and was given this address; what
    DNS said otherwise is better founded than the cover.
    """
    packed = s.flows[row, NAME]
    confirmed = (packed >> 32) & 0xFF == DNS_ANSWER and packed & 0xFFFFFFFF == number + 1
    told(s, row, app, number, basis if confirmed else ECH_OUTER)


@compiled
def client_is(s: State, row: int, end: int) -> None:
    """Marks which end asked."""
    s.flows[row, MARKS] |= ROLE_CLIENT_1 if end else ROLE_CLIENT_0


@compiled
def plain_name(s: State, data: Bytes, start: int, end: int) -> int:
    """The number of the name that stands as text between two places, without port or last dot."""
    if end - start > NAME_LENGTH:
        return -1
    if end > start and data[start] != 91:  # an IPv6 literal keeps its colons
        for i in range(start, end):
            if data[i] == 58:
                end = i
                break
    if end > start and data[end - 1] == 46:
        end -= 1
    if end <= start:
        return -1
    for i in range(start, end):
        s.scratch[i - start] = data[i]
    return named(s, s.scratch, end - start)


@compiled
def token(s: State, data: Bytes, start: int, end: int) -> int:
    """The number of a short text of visible ASCII letters; -1 if it is none."""
    if end <= start or end - start > 64:
        return -1
    for i in range(start, end):
        if not 33 <= data[i] <= 126:
            return -1
        s.scratch[i - start] = data[i]
    return interned(s, s.scratch, end - start)


@compiled
def answer_kept(
    s: State, client_high: int, client_low: int, high: int, low: int, number: int, time: int
) -> None:
    """Remembers that an address was given as the answer for a name."""
    place = mixed(mixed(client_low, low), client_high ^ (high << 1)) & (ANSWERS - 1)
    answers = s.answers
    answers[place, 0] = client_high
    answers[place, 1] = client_low
    answers[place, 2] = high
    answers[place, 3] = low
    answers[place, 4] = number + 1
    answers[place, 5] = time


@compiled
def answer_for(s: State, client_high: int, client_low: int, high: int, low: int, time: int) -> int:
    """The number of the name an address was lately given for; -1 if none."""
    place = mixed(mixed(client_low, low), client_high ^ (high << 1)) & (ANSWERS - 1)
    answers = s.answers
    if (
        answers[place, 4]
        and answers[place, 3] == low and answers[place, 2] == high
        and answers[place, 1] == client_low and answers[place, 0] == client_high
        and -WINDOW < time - answers[place, 5] < WINDOW
    ):  # fmt: skip
        return answers[place, 4] - 1
    return -1


@compiled
def name_guessed(s: State, row: int, time: int) -> None:
    """Gives a new flow the name that an earlier DNS answer gave its server's address."""
    flows = s.flows
    for anybody in range(2):  # what this client was told comes before what others were told
        for client in range(2):
            asker, server = ADDRESS + 2 * client, ADDRESS + 2 * (1 - client)
            high = 0 if anybody else flows[row, asker]
            low = 0 if anybody else flows[row, asker + 1]
            number = answer_for(s, high, low, flows[row, server], flows[row, server + 1], time)
            if number >= 0:
                told(s, row, 0, number, DNS_ANSWER)
                flows[row, MARKS] |= NAMED_0 if client else NAMED_1
                return
