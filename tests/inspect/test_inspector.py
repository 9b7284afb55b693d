"""Many flows at once: none is mixed up with another, and nothing secret is copied."""

from auditor import inspect
from auditor.model.stream import Chunk, Ended
from tests.inspect.inspecting import (
    CCCD,
    TALKS,
    account,
    all_of,
    chunks,
    flows,
    found,
    inspected,
    one,
    search,
    together,
)
from tests.inspect.recorder import head

MARK = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM\nĐộc lập - Tự do\n\nTUYỆT MẬT\n\nSố: 12/BC\n".encode()


def posted(body: bytes, *fields: bytes) -> bytes:
    lines = b"".join(field + b"\r\n" for field in fields)
    return b"POST /up HTTP/1.1\r\n%sContent-Length: %d\r\n\r\n%s" % (lines, len(body), body)


def test_flows_one_after_the_other_or_all_at_once_give_the_same():
    heads = [flow for flow, _ in TALKS.values()]
    streams = [
        [*chunks(number, flow, said, 50), Ended(number)]
        for number, (flow, said) in enumerate(TALKS.values())
    ]
    apart = all_of(*inspected(heads, [event for stream in streams for event in stream]))
    assert all_of(*inspected(heads, together(*streams))) == apart
    assert all_of(*inspected(heads, together(*reversed(streams)))) == apart


def test_a_secrecy_mark_withholds_all_samples_of_its_flow_also_earlier_ones_and_of_no_other():
    heads = [head(), head()]
    first = [(0, posted(CCCD)), (0, posted(MARK)), (1, b"HTTP/1.1 200 OK\r\n\r\n" + CCCD)]
    events = together(
        [*chunks(0, heads[0], first), Ended(0)], [*chunks(1, heads[1], [(0, posted(CCCD))])]
    )
    inspection, _ = inspected(heads, events)
    marked = [hit for hit in inspection.hits if hit.flow_id == 0]
    assert {"state-secret"} <= {label for hit in marked for label in hit.labels}
    assert {hit.outbound for hit in marked} == {True, False}
    assert all(hit.withheld and not hit.samples for hit in marked)
    [other] = [hit for hit in inspection.hits if hit.flow_id == 1]
    assert other.samples == ("0010******45",) and not other.withheld


def test_a_mark_in_what_came_before_a_document_withholds_that_too():
    inspection, _ = one(head(), [(0, posted(MARK + b"x" * 5000)), (0, posted(CCCD * 200))])
    assert all(hit.withheld and not hit.samples for hit in inspection.hits)
    assert "personal-number" in {hit.detector for hit in inspection.hits}


def test_flows_that_are_not_wanted_or_have_ended_are_left_alone():
    events = [Chunk(9, 0, CCCD), Chunk(0, 0, CCCD), Ended(0), Chunk(0, 0, CCCD), Ended(0)]
    inspection, problems = inspected(head(4711), [*events, Ended(7)])
    assert account(inspection) == [{"raw": len(CCCD)}, {}] and problems == []
    assert len(inspection.coverage) == 2


def test_flows_that_never_end_are_judged_at_the_end():
    inspection, _ = inspected(head(4711), [Chunk(0, 1, CCCD)])
    assert found(inspection) == [("personal-number", False, 1, ("unrecognised protocol",))]


def test_directions_follow_the_end_at_home_and_are_open_where_none_is():
    for home, directions in (("src", [True]), ("dst", [False]), (None, [None])):
        inspection, _ = inspected(head(4711), [Chunk(0, 0, CCCD)], home=home)
        assert [hit.outbound for hit in inspection.hits] == directions


def test_subjects_are_counted_once_for_all_flows_of_a_group():
    heads = [head(4711)] * 3
    events = [
        Chunk(0, 0, CCCD),
        Chunk(1, 0, CCCD),
        Chunk(2, 0, CCCD.replace(b"12345", b"12346")),
    ]
    inspection, _ = inspected(heads, events, group=7)
    [(key, subjects)] = inspection.subjects.items()
    assert key == (7, "personal-number", True) and subjects.count == 2
    assert [hit.distinct for hit in inspection.hits] == [1, 1, 1]


def test_what_the_engine_could_not_order_is_told():
    ended = Ended(0, conflicts=(3, 0), unread=(0, 11))
    inspection, [problem] = one(head(4711), [(0, CCCD)], ended=ended)
    assert account(inspection) == [{"raw": len(CCCD)}, {"unordered": 11}]
    assert (problem.code, problem.count) == ("conflicting-segments", 1)


def test_of_a_problem_the_first_messages_are_told_and_all_are_counted():
    inspector, problems = inspect.Inspector(flows(head()), search()), []
    for number in range(50):
        inspector.problem("damaged-content", f"file {number:02}")
        inspector.problem("damaged-content", "file 03")
    inspector.finish(problems)
    assert len(problems) == 21 and sum(problem.count for problem in problems) == 100
    assert max(problem.count for problem in problems if problem.message == "file 03") == 51


def test_a_file_over_the_connection_that_ftp_announced_is_read_under_its_name():
    control, passive = head(21), head(50000)
    talk = [
        (1, b"220 ready\r\n"),
        (0, b"USER anna\r\nPASV\r\n"),
        (1, b"331 go\r\n227 Entering Passive Mode (10,0,0,1,195,80)\r\n"),
        (0, b"STOR /hoso/khach.txt\r\n"),
        (1, b"150 ok\r\n"),
    ]
    events = [*chunks(0, control, talk), Chunk(1, 0, CCCD), Ended(1), Ended(0)]
    inspection, problems = inspected([control, passive], events)
    assert account(inspection, 1) == [{"read": len(CCCD)}, {}] and problems == []
    assert found(inspection, flow_id=1) == [
        ("personal-number", True, 1, ("FTP data / /hoso/khach.txt",))
    ]
    elsewhere, _ = inspected([head(2121), passive], events)
    assert account(elsewhere, 1) == [{"raw": len(CCCD)}, {}]
    unannounced, _ = inspected([control, passive], events[-3:])
    assert account(unannounced, 1) == [{"raw": len(CCCD)}, {}]
