from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from auditor.model.finding import STATES
from auditor.model.problem import Problem
from auditor.model.text import Text
from auditor.report.digest import counts, grouped, headline, shown_states, traffic_period, weighed

if TYPE_CHECKING:
    from auditor.model.run import Run


def test_the_heaviest_come_first_and_the_covered_last(run: Run) -> None:
    order = weighed(run.findings)
    assert [each.state for each in order[-1:]] == ["covered"]
    assert all(each.state != "covered" for each in order[:-1])
    assert [each.severity for each in order[:5]] == ["critical"] * 2 + ["high"] * 3
    assert [each.state for each in order[2:5]] == ["open", "open", "undecided"]
    assert order[2].evidence.outbound_bytes > order[3].evidence.outbound_bytes


def test_what_is_claimed_to_be_exempt_stands_between_the_open_and_the_covered(
    run: Run, make_finding: Any
) -> None:
    exempt = make_finding(2, id="x", state="exempt", severity="critical")
    order = weighed((*run.findings, exempt))
    assert [each.state for each in order[-2:]] == ["exempt", "covered"]
    assert all(each.state in ("open", "undecided") for each in order[:-2])


def test_the_headline_tells_of_claims_only_where_there_are_some(
    run: Run, make_finding: Any
) -> None:
    claimed = replace(run, findings=(make_finding(0), make_finding(2, state="exempt")))
    assert headline(claimed, 2) == Text(
        "2 dấu hiệu trong 2 nhóm: 1 cần xem xét, 0 chưa xác định, 1 được khai là miễn, 0 có hồ sơ "
        "khớp.",
        "2 indicators in 2 groups: 1 to be reviewed, 0 undecided, 1 claimed to be exempt, 0 with a "
        "matching dossier.",
    )
    assert shown_states(claimed.findings) == STATES
    assert shown_states(run.findings) == ("open", "undecided", "covered")


def test_the_order_does_not_depend_on_the_order_of_the_run(run: Run) -> None:
    assert weighed(reversed(run.findings)) == weighed(run.findings)


def test_the_headline_counts_each_state(run: Run, make_finding: Any) -> None:
    assert headline(run, 7).vi == (
        "12 dấu hiệu trong 7 nhóm: 9 cần xem xét, 2 chưa xác định, 1 có hồ sơ khớp."
    )
    one = replace(run, findings=(make_finding(0),))
    assert headline(one, 1).en.startswith("1 indicator in 1 group: 1 to be reviewed,")


def test_nothing_found_is_not_said_of_a_run_that_read_nothing(run: Run, empty_run: Run) -> None:
    clean = headline(replace(run, findings=()), 0)
    assert clean.vi.startswith("Không thấy dấu hiệu nào trong phần lưu lượng đã đọc được")
    assert "không cho phép kết luận" in headline(empty_run, 0).vi


def test_counts_split_severity_by_state(run: Run) -> None:
    counted = counts(run.findings)
    assert counted["high"] == {"open": 2, "undecided": 1, "exempt": 0, "covered": 1}
    assert sum(sum(row.values()) for row in counted.values()) == len(run.findings)


def test_problems_are_grouped_with_repeats_and_losses() -> None:
    groups = grouped(
        (
            Problem("bad-line", "b.log", "second", "Ask again.", count=7),
            Problem("cut", "a.pcap", "small", lost_bytes=10),
            Problem("bad-line", "a.log", "first", "Ask again."),
            Problem("cut", "b.pcap", "large", "Copy it again.", lost_bytes=500),
        )
    )
    assert [(each.code, each.count, each.lost_bytes) for each in groups] == [
        ("cut", 2, 510),
        ("bad-line", 8, 0),
    ]
    assert groups[0].problems[0].message == "large"
    assert not groups[0].lost_unknown
    assert groups[1].lost_unknown
    assert groups[1].hints == ("Ask again.",)


def test_the_period_spans_all_inputs_and_skips_those_without_time(run: Run) -> None:
    first, last = traffic_period(run)
    assert first == run.inputs[0].first
    assert last == run.inputs[3].last
    assert traffic_period(replace(run, inputs=run.inputs[4:])) == (None, None)
