from __future__ import annotations

import numpy as np
import pytest

from auditor import papers
from auditor.model.errors import StoreError
from auditor.model.ledger import Carried, DayCount, DayTotal, Ledger, Route
from auditor.model.subjects import Subjects
from auditor.papers.ledgers import ledger_blocks
from tests.papers.conftest import day, material

ROUTE = Route("Sở Mẫu", "portal", "Example Cloud", "SG", (Carried("B7", "pdpl"),))


def total(text, size, records):
    return DayTotal(day(text), ROUTE, 1, size, records)


def count(*values, outbound=True):
    state = Subjects(np.array(values, np.uint64)).to_bytes()
    return DayCount(
        day("2026-09-14"), "Sở Mẫu", "portal", "Example Cloud", "vn-phone", outbound, state
    )


LEDGER = Ledger(
    totals=(total("2025-08-01", 1_000_000, 900), total("2026-09-15", 2_000_000, None)),
    counts=(count(1, 2, 3), count(3, 4), count(9, outbound=False)),
    complete_from=day("2025-08-01"),
)


def table(**changes):
    return ledger_blocks(material(ledger=LEDGER, **changes))[1]


def test_the_period_and_the_running_total_stand_apart():
    (row,) = table().rows
    assert row[:2] == ("Cổng dịch vụ công → Example Cloud", "Singapore")
    assert row[3:6] == ("2,0 MB", "3,0 MB", "≈ 900")


def test_nobody_counts_twice_and_what_came_in_does_not_count():
    (row,) = table().rows
    assert row[6] == "4 (vn-phone)"


def test_other_systems_and_recipients_are_left_out():
    assert table(system="land").rows == ()
    assert table(recipient="telecom").rows == ()
    assert len(table(recipient="CLOUD").rows) == 1


def test_the_day_from_which_the_ledger_counts_is_told():
    (said, _) = ledger_blocks(material(ledger=LEDGER))
    assert "từ ngày 01/08/2025" in said.text
    assert "không có trong sổ" in said.text
    assert "Sổ chưa có lưu lượng nào" in ledger_blocks(material(ledger=Ledger()))[0].text


def test_without_a_ledger_the_paper_says_that_sums_are_no_running_total():
    (said,) = ledger_blocks(material())
    assert said.text.startswith("Không có sổ cộng dồn.")
    assert "không có sổ cộng dồn" in papers.html(papers.review(material()))
    assert "mỗi luồng một lần" in papers.html(papers.review(material(ledger=LEDGER)))


def test_a_damaged_count_is_named():
    odd = Ledger(totals=LEDGER.totals, counts=(
        DayCount(day("2026-09-14"), "Sở Mẫu", "portal", "Example Cloud", "x", True, b"xx"),
    ))  # fmt: skip
    with pytest.raises(StoreError, match="cannot be read"):
        ledger_blocks(material(ledger=odd))
