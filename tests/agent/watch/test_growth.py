"""What is new in a file that grew."""

import struct

import pytest

from auditor.agent.watch.growth import CannotGoOnError, rest_of

LINE = "17{0:08}.000 100 192.0.2.1 TCP_MISS/200 5 GET http://h{0}.example/ - DIRECT/203.0.113.1 a/b"


def text(first, last, end="\n"):
    return "".join(LINE.format(number) + end for number in range(first, last)).encode()


@pytest.fixture
def rest(tmp_path):
    """The new part of a file of which the first bytes were taken."""
    problems = []

    def of(content, taken, name="x.log"):
        path = tmp_path / name
        path.write_bytes(content)
        found = rest_of(path, taken, len(content), tmp_path / "scratch", (), problems.append)
        assert found.path.name == name and found.path.stat().st_mode & 0o777 == 0o600
        return found.path.read_bytes(), found.begin, [each.code for each in problems]

    return of


def test_the_rest_begins_with_the_next_line(rest):
    whole = text(0, 9)
    assert rest(whole, len(text(0, 4))) == (text(4, 9), len(text(0, 4)), [])


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_line_that_lacked_only_its_end_does_not_count_again(rest, end):
    taken = len(text(0, 4, end)) - len(end)
    assert rest(text(0, 6, end), taken) == (text(4, 6, end), taken + len(end), [])


def test_a_piece_of_a_line_that_was_no_record_counts_now(rest):
    taken = len(text(0, 4)) + 9
    assert rest(text(0, 6), taken) == (text(4, 6), len(text(0, 4)), [])


def test_a_line_that_counted_in_a_shorter_form_is_told_and_does_not_count_again(rest):
    taken = len(text(0, 5)) - 3
    assert rest(text(0, 6), taken) == (text(5, 6), len(text(0, 5)), ["shortened-line"])


def test_title_lines_stand_above_the_rest(rest):
    title = b"version account-id interface-id srcaddr dstaddr srcport dstport protocol packets "
    title += b"bytes start end action log-status\n"
    one = b"2 1 e-1 192.0.2.1 203.0.113.1 9 443 6 5 9 1700000000 1700000001 ACCEPT OK\n"
    assert rest(title + one * 3, len(title + one)) == (title + one * 2, len(title + one), [])


def pcap(packets, order="<"):
    head = struct.pack(f"{order}IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 1)
    return head, [
        struct.pack(f"{order}IIII", number, 0, 60, 60) + bytes([number]) * 60
        for number in range(packets)
    ]


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("into", [0, 7, 75])
def test_a_capture_goes_on_with_the_packet_that_was_cut(rest, order, into):
    head, packets = pcap(5, order)
    whole = head + b"".join(packets)
    taken = 24 + 76 * 2 + into
    assert rest(whole, taken, "x.pcap") == (head + b"".join(packets[2:]), 24 + 76 * 2, [])


def block(kind, body, order="<"):
    size = 12 + len(body)
    return struct.pack(f"{order}II", kind, size) + body + struct.pack(f"{order}I", size)


def test_a_pcapng_goes_on_with_its_section_and_interfaces(rest):
    section = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    interface = block(1, struct.pack("<HHI", 1, 0, 0))
    packets = [
        block(6, struct.pack("<IIIII", 0, 0, number, 60, 60) + bytes(60)) for number in range(4)
    ]
    old = section + interface + packets[0]
    whole = section + interface + b"".join(packets) + section + interface * 2 + packets[3]
    first = section + interface + packets[0]
    assert rest(whole, len(old) + 5, "x.pcapng")[0] == section + interface + whole[len(first) :]


def test_what_cannot_be_continued_says_why(rest):
    for content in (b"\xff\xd8\xff\xe0" * 99, b"[1, 2]"):
        with pytest.raises(CannotGoOnError):
            rest(content, 5)
