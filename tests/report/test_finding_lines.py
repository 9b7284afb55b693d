from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from auditor.report import finding_lines, head_line, life_lines
from tests.report.lawful import REPAIRED, SEEN, lawful

if TYPE_CHECKING:
    from auditor.model.run import Run


def test_a_finding_is_told_in_both_languages(run: Run, make_finding: Any) -> None:
    lines = finding_lines(lawful(make_finding)[2], run.finished)
    assert lines[0].endswith("  ●●●○ Cao / High  ◇ Được khai là miễn / Exempt: claimed")
    assert "  Nhóm dữ liệu: II.10 Dữ liệu về tổ chức, công dân chưa công khai" in lines
    assert "  Certainty: medium" in lines
    (due,) = (each for each in lines if "Send the assessment" in each)
    assert due.strip().startswith("2026-07-01 (15 days past; counted from 2026-06-16): ")


def test_what_nobody_said_takes_no_line(run: Run, make_finding: Any) -> None:
    text = "\n".join(finding_lines(make_finding(0), run.finished))
    for part in ("Deadlines", "Dossier", "Exemption", "Range", "Rules that apply"):
        assert part not in text


def test_a_number_added_up_over_runs_has_no_traffic(run: Run, make_finding: Any) -> None:
    total = lawful(make_finding)[3]
    text = "\n".join(finding_lines(total, run.finished))
    assert "Traffic" not in text
    assert "Chủ quản dữ liệu / Owner of the data: Sở Tài nguyên" in text
    assert "Day it was noted for: 2026-07-15" in text
    assert "Bên nhận / Recipient" not in text


def test_a_life_ends_with_the_newest_plan() -> None:
    older = replace(SEEN, plan=replace(SEEN.plan, people="ai đó")) if SEEN.plan else SEEN
    lines = life_lines((REPAIRED, SEEN, older))
    assert lines[0] == ("2026-07-10 03:00Z  Đã khắc phục / Remediated: Nguyễn An (security-unit)")
    assert sum("Remediation plan" in each for each in lines) == 1
    assert "  Rõ người / Who: Tổ CNTT, Sở TN&MT" in lines
    assert life_lines(()) == []


def test_hostile_text_stays_on_its_line_and_short(run: Run, make_finding: Any) -> None:
    evil = "\x1b[2J\u202e\n" + "x" * 9000
    one = make_finding(0, id=evil, system=evil, system_name=evil, recipient=evil, dossier=evil)
    step = replace(SEEN, who=evil, role=evil, why=evil)
    for line in (*finding_lines(one, run.finished), *life_lines((step,))):
        assert line.isprintable()
        assert len(line) < 1500
    assert head_line("F-1", evil, "likely").endswith("likely")
