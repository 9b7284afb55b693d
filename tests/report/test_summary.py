from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from auditor.model.problem import Problem
from auditor.report import terminal_summary

if TYPE_CHECKING:
    from auditor.model.run import Run


def test_it_says_the_result_the_top_the_problems_and_where_the_report_is(run: Run) -> None:
    lines = terminal_summary(run, "reports/a/report.html")
    text = "\n".join(lines)
    assert lines[0] == (
        "12 dấu hiệu trong 12 nhóm: 9 cần xem xét, 2 chưa xác định, 1 có hồ sơ khớp."
    )
    assert lines[1].startswith("12 indicators in 12 groups")
    assert "●●●●  Rất cao / Critical: 2 cần xem xét" in text
    assert (
        "Cơ sở dữ liệu đất đai quốc gia → Amazon Technologies Inc. (Singapore) [I.26a], 48,2 GB"
        in text
    )
    assert "6 more groups in the report" in text
    assert "Problems: 10" in text
    assert "captures/damaged.pcap" in text
    assert lines[-1] == "Báo cáo / Report: reports/a/report.html"


def test_it_says_how_firm_the_places_are_where_some_are_undecided(run: Run) -> None:
    (line,) = (each for each in terminal_summary(run, "r.html") if "Places by bytes out" in each)
    assert line == (
        "Nơi đến theo số byte ra: một quốc gia 96,7%, anycast 1,3%, nhiều nơi 0,3%, mâu thuẫn với "
        "phép đo 1,6%, không rõ dưới 0,1% / Places by bytes out: one country 96.7%, anycast 1.3%, "
        "several places 0.3%, contradicted 1.6%, unknown under 0.1%"
    )
    sure = replace(run, totals=replace(run.totals, state_bytes={"country": 5}))
    assert "Places by bytes out" not in "".join(terminal_summary(sure, "r.html"))


def test_covered_findings_do_not_take_a_place_at_the_top(run: Run, make_finding: Any) -> None:
    covered = replace(run, findings=(make_finding(5),))
    text = "\n".join(terminal_summary(covered, "r.html"))
    assert "1 có hồ sơ khớp" in text
    assert "Liên hợp quốc" not in text


def test_a_clean_run_is_short(empty_run: Run) -> None:
    assert len(terminal_summary(empty_run, "r.html")) == 4


def test_hostile_names_cannot_reach_the_terminal(run: Run, make_finding: Any) -> None:
    evil = "\x1b]0;owned\x07\x1b[2J\u202e\r\n" + "x" * 10_000
    hostile = replace(
        run,
        findings=(make_finding(0, recipient=evil, system_name=evil, countries=(evil,)),),
        problems=(Problem(evil, evil, evil, evil),),
    )
    for line in terminal_summary(hostile, "r\x1b[31m.html"):
        assert line.isprintable()
        assert len(line) < 600
