from auditor.model.agreement import Agreement, Difference
from auditor.readers.second.comparison import ATTRIBUTES
from auditor.report import agreement_lines, difference_lines
from auditor.report.agreement import WORDS

ONE = Difference("a.pcap", "TCP 192.0.2.1:1 ↔ 192.0.2.2:2", "host", "a.vn", None)
FOUND = Agreement(
    "capture", "tshark", 2, 1200, 1, 0, 1100, dict.fromkeys(ATTRIBUTES, 1199), (ONE,) * 3
)  # fmt: skip


def test_every_attribute_has_words_in_both_languages():
    assert set(WORDS) == {*ATTRIBUTES, "conversation"}


def test_the_lines_say_what_was_compared_vietnamese_first():
    lines = agreement_lines(FOUND, 20)
    assert lines[:3] == [
        "So sánh capture với tshark: 2 tệp, 1.200 phiên trao đổi",
        "capture against tshark: 2 files, 1,200 conversations",
        "3 khác biệt / 3 differences",
    ]
    assert any("Tên máy chủ / host name" in line and "1.199 / 1.199" in line for line in lines)
    assert any("equal packets and bytes" in line and "1.100 / 1.200" in line for line in lines)


def test_differences_beyond_the_limit_are_counted():
    lines = difference_lines(FOUND, 1)
    assert lines[0] == (
        "  a.pcap: TCP 192.0.2.1:1 ↔ 192.0.2.2:2: Tên máy chủ / host name: capture a.vn, tshark –"
    )
    assert "2 khác biệt nữa / 2 more differences" in lines[1]
    assert len(lines) == 2


def test_no_difference_is_said():
    same = Agreement("capture", "scapy", 1, 1, 0, 0, 1, dict.fromkeys(ATTRIBUTES, 1))
    assert "Không có khác biệt / No difference" in agreement_lines(same, 5)


def test_a_name_from_a_capture_cannot_steer_the_terminal():
    bad = Difference("a.pcap", "TCP", "host", "a\x1b[31m\u202e", "b")
    (line,) = difference_lines(Agreement("a", "b", differences=(bad,)), 5)
    assert line.isprintable()
