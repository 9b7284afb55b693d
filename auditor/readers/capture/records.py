"""The records of a capture file, window by window (compiled).

pcap: draft-ietf-opsawg-pcap; pcapng: draft-ietf-opsawg-pcapng. The walk goes on until the window
is used up or something needs its caller. A record that makes no sense begins a gap: from there on
every byte is tried as the begin of a record, and the walk goes on at the first that is one and
has another one behind it. Each byte is tried once, whatever the bytes are.
"""

from __future__ import annotations

from auditor.readers.capture.form import (
    COMMENTS, FCS, FINISHED, GAP_BYTES, GAP_FROM, GAPS, HEADER, KNOWN, LAST, LINKTYPE, LOST_FROM,
    MOST, OFFSET, PCAPNG, SCALE, SNAP_LENGTH, SWAPPED,
)  # fmt: skip
from auditor.readers.capture.layout import (
    BLOCK, DAMAGED, DONE_FULL, FLOWS_DONE, FLOWS_FULL, FLOWS_LIVE, HOLES_FREE, HOLES_FULL,
    HOLES_USED, LAST_TIME, LINK, MORE, NAME_BYTES, NAMES, NAMES_FULL, NO_TIME, SNAP, TIME_BY,
    TIME_KIND, TIME_OFFSET, TUNNELS_FULL, TUNNELS_USED, Bytes, Ints, State,
)  # fmt: skip
from auditor.readers.capture.numbers import be32, compiled, entry, hot, le32, word16, word32
from auditor.readers.capture.packet import taken

MOST_CAPTURED = 1 << 18
"""Bytes of one packet; a record that claims more is damaged (as libpcap and Wireshark hold it)."""

MOST_BLOCK = 1 << 24
"""Bytes of one pcapng block (as Wireshark holds it)."""

MOST_FOUND = 1 << 20
"""Bytes of a block that the search behind damage believes in; so much is carried on at most."""

DAY = 86_400_000_000_000
YEAR = 366 * DAY
LARGE = 1 << 12
"""Bytes of a packet beyond which its record must have a sound one behind it to be believed."""

SECTION = 0x0A0D0D0A
ORDER = 0x1A2B3C4D
LATEST = 9_200_000_000_000_000_000

PACKET = 100
SKIP = 101
BAD_BLOCK = 102
"""Answers inside this file: a packet; nothing to see; a sound block with a senseless packet."""

NO, YES, UNSEEN = 0, 1, 2
"""Answers of the search; ``UNSEEN``: what tells is behind the window."""


@hot
def lacking(s: State) -> int:
    """What has no room for one more packet; ``MORE`` (= 0) if all have."""
    c = s.counters
    if c[FLOWS_LIVE] + 2 > s.flows.shape[0]:
        return FLOWS_FULL
    if c[FLOWS_DONE] + 4 > s.done.shape[0]:
        return DONE_FULL
    if c[NAMES] + 32 > s.name_ends.size - 1 or c[NAME_BYTES] + 8192 > s.name_bytes.size:
        return NAMES_FULL
    if c[HOLES_FREE] == 0 and c[HOLES_USED] + 2 > s.holes.shape[0]:
        return HOLES_FULL
    if c[TUNNELS_USED] * 2 > s.tunnels.shape[0]:
        return TUNNELS_FULL
    return MORE


@hot
def block_time(interfaces: Ints, number: int, high: int, low: int) -> int:
    """A pcapng time in ns since the epoch; -1 where it lies outside what 64 bits hold."""
    ticks = high << 32 | low
    kind = interfaces[number, TIME_KIND]
    by = interfaces[number, TIME_BY]
    if ticks < 0:
        return -1
    if kind == 0:
        if ticks > LATEST // by:
            return -1
        time = ticks * by
    elif kind == 1:
        time = ticks // by
    else:
        seconds = ticks >> by
        if seconds > 9_200_000_000:
            return -1
        rest = ticks & ((1 << by) - 1)
        if by > 33:
            rest >>= by - 33
            by = 33
        time = seconds * 1_000_000_000 + ((rest * 1_000_000_000) >> by)
    offset = interfaces[number, TIME_OFFSET]
    if offset > 0 and time > LATEST - offset:
        return -1
    return time + offset


@entry
def time_of_block(interfaces: Ints, number: int, high: int, low: int) -> int:
    """``block_time`` for those who are not compiled."""
    return block_time(interfaces, number, high, low)


@hot
def near(time: int, other: int) -> bool:
    """Whether two times lie within a day of each other."""
    return time - other <= DAY and other - time <= DAY


@hot
def record_at(data: Bytes, p: int, form: Ints, time: int) -> int:
    """Captured bytes of what looks like a pcap record of about that time; -1 if it does not."""
    swapped = form[SWAPPED] == 1
    captured, wire = word32(data, p + 8, swapped), word32(data, p + 12, swapped)
    if captured < 1 or captured > wire or wire > form[MOST]:
        return -1
    fraction = word32(data, p + 4, swapped) * form[SCALE]
    if fraction >= 1_000_000_000:
        return -1
    own = word32(data, p, swapped) * 1_000_000_000 + fraction
    if own < 1_000_000_000 or (time >= 0 and (own < time - DAY or own > time + YEAR)):
        return -1
    return captured


@compiled
def followed(data: Bytes, p: int, end: int, form: Ints, time: int) -> int:
    """Whether a strange pcap record, which ends at ``p``, has another one of its time behind it."""
    if p == end:
        return YES if form[FINISHED] else UNSEEN
    if p + 16 > end:
        return YES if form[FINISHED] else UNSEEN
    swapped = form[SWAPPED] == 1
    captured, wire = word32(data, p + 8, swapped), word32(data, p + 12, swapped)
    if captured > form[MOST] or captured + wire == 0:
        return NO
    other = word32(data, p, swapped) * 1_000_000_000 + word32(data, p + 4, swapped) * form[SCALE]
    if near(other, time) or (form[LAST] >= 0 and near(other, form[LAST])):
        return YES
    return YES if record_at(data, p, form, -1) >= 0 else NO


@hot
def block_at(data: Bytes, p: int, form: Ints) -> int:
    """Length of what looks like the begin of a pcapng block; -1 if it does not."""
    swapped = form[SWAPPED] == 1
    if be32(data, p) == SECTION:
        if be32(data, p + 8) == ORDER:
            swapped = False
        elif le32(data, p + 8) == ORDER:
            swapped = True
        else:
            return -1
    else:
        kind = word32(data, p, swapped)
        if not (1 <= kind <= 6 or 9 <= kind <= 10 or kind == 0x0BAD or kind == 0x40000BAD):
            return -1
    size = word32(data, p + 4, swapped)
    if size < 12 or size % 4 or size > MOST_FOUND:
        return -1
    return size


@hot
def begins_at(data: Bytes, p: int, end: int, form: Ints) -> int:
    """Whether a record begins at ``p`` that has another one, or the end, behind it."""
    if form[PCAPNG] == 1:
        size = block_at(data, p, form)
        if size < 0:
            return NO
        if p + size > end:
            return NO if form[FINISHED] else UNSEEN
        # the same four bytes, whatever their order
        if be32(data, p + size - 4) != be32(data, p + 4):
            return NO
        if p + size == end and form[FINISHED]:
            return YES
        if p + size + 12 > end:
            return NO if form[FINISHED] else UNSEEN
        return YES if block_at(data, p + size, form) >= 0 else NO
    captured = record_at(data, p, form, form[LAST])
    if captured < 0:
        return NO
    after = p + form[HEADER] + captured
    if after > end:
        return NO if form[FINISHED] else UNSEEN
    if after == end and form[FINISHED]:
        return YES
    if after + 16 > end:
        return NO if form[FINISHED] else UNSEEN
    swapped = form[SWAPPED] == 1
    time = word32(data, p, swapped) * 1_000_000_000
    return YES if record_at(data, after, form, time) >= 0 else NO


@entry
def sought(data: Bytes, p: int, end: int, form: Ints) -> tuple[int, int]:
    """The first place from ``p`` on where a record begins; ``UNSEEN``: where to go on seeking."""
    least = 16 if form[PCAPNG] == 0 else 12
    while p + least <= end:
        answer = begins_at(data, p, end, form)
        if answer != NO:
            return p, answer
        p += 1
    return p, UNSEEN


@entry
def gap_ended(form: Ints, gaps: Ints, until: int) -> None:
    """Notes the gap from ``form[GAP_FROM]`` to ``until``, both places in the stream."""
    number = form[GAPS]
    size = until - form[GAP_FROM]
    if number < gaps.shape[0]:
        gaps[number, 0] = form[GAP_FROM]
        gaps[number, 1] = size
    elif number == gaps.shape[0]:
        form[LOST_FROM] = form[GAP_FROM]
    if number >= gaps.shape[0]:
        form[GAP_BYTES] += size
    form[GAPS] = number + 1
    form[GAP_FROM] = -1


@hot
def record_read(
    data: Bytes,
    p: int,
    end: int,
    form: Ints,
    swapped: bool,
    header: int,
    scale: int,
    most: int,
    snap: int,
    last: int,
) -> tuple[int, int, int, int, int, int]:
    """One pcap record: what it is; begin and end of its packet; wire length; time; what follows.

    What does not change from record to record comes in by itself: it stays in registers.
    """
    begin = p + header
    if begin > end:
        return MORE, 0, 0, 0, 0, p
    captured, wire = word32(data, p + 8, swapped), word32(data, p + 12, swapped)
    fraction = word32(data, p + 4, swapped) * scale
    time = word32(data, p, swapped) * 1_000_000_000 + fraction
    if captured > most:
        return DAMAGED, 0, 0, 0, 0, p
    after = begin + captured
    torn = captured > wire or (snap > 0 and captured > snap)
    strange = torn or fraction >= 1_000_000_000 or captured == 0 or not near(time, last)
    if after > end:
        if form[FINISHED] and last >= 0 and strange:
            return DAMAGED, 0, 0, 0, 0, p
        # cut off, unless its length is not to be believed and more stands behind it
        if form[FINISHED] and (last < 0 or captured > LARGE):
            if sought(data, p + 1, end, form)[1] == YES:
                return DAMAGED, 0, 0, 0, 0, p
        return MORE, 0, 0, 0, 0, p
    if strange or captured > LARGE:
        if captured + wire == 0 and time < 1_000_000_000:
            return DAMAGED, 0, 0, 0, 0, p  # a stretch of zeros
        answer = followed(data, after, end, form, time)
        if answer != YES:
            return MORE if answer == UNSEEN else DAMAGED, 0, 0, 0, 0, p
    stop = begin + min(captured, snap) if snap > 0 else after
    return PACKET, begin, stop, max(wire, stop - begin), time, after


@hot
def block_read(
    s: State, data: Bytes, p: int, end: int, form: Ints, interfaces: Ints
) -> tuple[int, int, int, int, int, int, int]:
    """One pcapng block, as ``record_read``, and its link type before the time."""
    if p + 12 > end:
        return MORE, 0, 0, 0, 0, 0, p
    swapped = form[SWAPPED] == 1
    kind = word32(data, p, swapped)
    if kind == SECTION or kind == 1 or kind == 4 or kind == 10:
        return BLOCK, 0, 0, 0, 0, 0, p
    size = word32(data, p + 4, swapped)
    if size < 12 or size % 4 or size > MOST_BLOCK:
        return DAMAGED, 0, 0, 0, 0, 0, p
    enhanced = kind == 6 or kind == 2
    if p + size > end:
        # cut off, unless its length is not that of its packet and more stands behind it
        if form[FINISHED] and not (
            enhanced and p + 28 <= end and size == 32 + (word32(data, p + 20, swapped) + 3) // 4 * 4
        ):
            if sought(data, p + 1, end, form)[1] == YES:
                return DAMAGED, 0, 0, 0, 0, 0, p
        return MORE, 0, 0, 0, 0, 0, p
    if word32(data, p + size - 4, swapped) != size:
        return DAMAGED, 0, 0, 0, 0, 0, p
    if not enhanced and kind != 3:
        return SKIP, 0, 0, 0, 0, 0, p + size
    if size < (16 if kind == 3 else 32):
        return BAD_BLOCK, 0, 0, 0, 0, 0, p + size
    number = 0
    begin = p + 28
    time = 0
    if kind == 3:
        begin = p + 12
        wire = word32(data, p + 8, swapped)
        captured = min(wire, size - 16)
        if form[KNOWN] > 0 and interfaces[0, SNAP] > 0:
            captured = min(captured, interfaces[0, SNAP])
        time = max(s.counters[LAST_TIME], 0)
        s.counters[NO_TIME] += form[KNOWN] > 0
    else:
        number = word32(data, p + 8, swapped) if kind == 6 else word16(data, p + 8, swapped)
        captured = word32(data, p + 20, swapped)
        wire = word32(data, p + 24, swapped)
    if number >= form[KNOWN] or captured > size - (begin - p) - 4:
        return BAD_BLOCK, 0, 0, 0, 0, 0, p + size
    if enhanced:
        high, low = word32(data, p + 12, swapped), word32(data, p + 16, swapped)
        time = block_time(interfaces, number, high, low)
    snap = interfaces[number, SNAP]
    stop = begin + (min(captured, snap) if snap else captured)
    after = p + size
    return PACKET, begin, stop, max(wire, stop - begin), interfaces[number, LINK], time, after


@compiled
def commented(data: Bytes, p: int, stop: int, form: Ints, comments: Ints) -> None:
    """Notes where the comments among a packet's options stand (opt_comment, section 3.5)."""
    swapped = form[SWAPPED] == 1
    for _ in range(64):
        if p + 4 > stop:
            return
        code, length = word16(data, p, swapped), word16(data, p + 2, swapped)
        if code == 0 or p + 4 + length > stop:
            return
        if code == 1:
            if form[COMMENTS] < comments.shape[0]:
                comments[form[COMMENTS], 0] = p + 4
                comments[form[COMMENTS], 1] = p + 4 + length
            form[COMMENTS] += 1
        p += 4 + (length + 3) // 4 * 4


@hot
def settled(data: Bytes, after: int, end: int, form: Ints, time: int) -> bool:
    """Whether a record's time may be held against those behind it: its neighbours agree."""
    if form[LAST] < 0 or near(time, form[LAST]) or after + 16 > end:
        return True
    return near(word32(data, after, form[SWAPPED] == 1) * 1_000_000_000, time)


@entry
def walked(
    s: State,
    data: Bytes,
    p: int,
    end: int,
    form: Ints,
    interfaces: Ints,
    gaps: Ints,
    comments: Ints,
) -> tuple[int, int]:
    """Walks records from ``p``; where it stopped and why.

    Stops with ``BLOCK`` at section headers, interfaces, names and secrets of pcapng, and with
    ``SKIP`` when the places for comments are full.
    """
    pcapng = form[PCAPNG] == 1
    swapped, header, scale = form[SWAPPED] == 1, form[HEADER], form[SCALE]
    most, snap, fcs = form[MOST], form[SNAP_LENGTH], form[FCS]
    link = form[LINKTYPE]
    seeking = form[GAP_FROM] >= 0
    while True:
        if seeking:
            p, answer = sought(data, p, end, form)
            if answer == UNSEEN:
                return p, MORE
            gap_ended(form, gaps, form[OFFSET] + p)
            seeking = False
        why = lacking(s)
        if why != MORE:
            return p, why
        if pcapng:
            what, begin, stop, wire, link, time, after = block_read(
                s, data, p, end, form, interfaces
            )
        else:
            what, begin, stop, wire, time, after = record_read(
                data, p, end, form, swapped, header, scale, most, snap, form[LAST]
            )
            if fcs > 0:  # the frame check sequence is no part of the packet
                wire = max(wire - fcs, 0)
                stop = max(min(stop, begin + wire), begin)
        if what == PACKET:
            taken(s, data, begin, stop, wire, link, time)
            if time >= 0 and (pcapng or settled(data, after, end, form, time)):
                form[LAST] = time
            if pcapng and after - 8 > begin + (stop - begin + 3) // 4 * 4:
                kind = word32(data, p, swapped)
                if kind != 3:
                    size = word32(data, p + 20, swapped)
                    commented(data, begin + (size + 3) // 4 * 4, after - 4, form, comments)
                    if form[COMMENTS] >= comments.shape[0]:
                        return after, SKIP
            p = after
        elif what == SKIP:
            p = after
        elif what == BAD_BLOCK:
            form[GAP_FROM] = form[OFFSET] + p
            gap_ended(form, gaps, form[OFFSET] + after)
            p = after
        elif what == DAMAGED:
            form[GAP_FROM] = form[OFFSET] + p
            seeking = True
            p += 1
        else:
            return p, what


@entry
def last_time(data: Bytes, end: int, form: Ints, interfaces: Ints) -> int:
    """The latest time among the records in the tail of a file; -1 if none is found there."""
    latest = -1
    p = 0
    swapped = form[SWAPPED] == 1
    steps = 0
    while steps < 1 << 17:
        p, answer = sought(data, p, end, form)
        if answer != YES:
            return latest
        while steps < 1 << 17:
            steps += 1
            if form[PCAPNG] == 1:
                size = block_at(data, p, form) if p + 12 <= end else -1
                if size < 0 or p + size > end:
                    break
                kind = word32(data, p, swapped)
                if (kind == 6 or kind == 2) and size >= 32:
                    number = word32(data, p + 8, swapped) & (0xFFFF if kind == 2 else 0xFFFFFFFF)
                    if number < form[KNOWN]:
                        high, low = word32(data, p + 12, swapped), word32(data, p + 16, swapped)
                        latest = max(latest, block_time(interfaces, number, high, low))
                p += size
            else:
                captured = record_at(data, p, form, -1) if p + 16 <= end else -1
                if captured < 0 or p + form[HEADER] + captured > end:
                    break
                fraction = word32(data, p + 4, swapped) * form[SCALE]
                latest = max(latest, word32(data, p, swapped) * 1_000_000_000 + fraction)
                p += form[HEADER] + captured
        p += 1
    return latest
