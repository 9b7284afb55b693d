from __future__ import annotations

from dataclasses import replace

from auditor.checklist.catalogue import load
from auditor.model.readiness import Attestation, Waiver
from auditor.model.text import Text
from auditor.report import item_lines
from tests.checklist.beginnings import NOW, ROOT

WORD = Attestation(
    holds=True, person="Bình", role="owner", unit="", statement="đã xem", at=NOW,
    valid_until="2027-01-01",
)  # fmt: skip


def test_an_item_is_shown_with_what_persons_said_of_it(readiness):
    void = replace(WORD, person="Chi", voided=Text("Hết hạn.", "It ran out."))
    item = replace(
        readiness.items[0],
        said="not-applicable",
        explanation="chưa kết nối",
        attestations=(WORD, replace(WORD, person="Dung", applies=False), void),
        waiver=Waiver("Em", "leader", "chờ mua sắm", NOW, "2027-02-01"),
    )
    text = "\n".join(item_lines(item, None, load(ROOT / "policies").checklist))
    for part in (
        "chưa kết nối", "Bình", "xác nhận đạt", "Dung", "xác nhận không áp dụng", "It ran out.",
        "Em (leader), đến / until 2027-02-01: chờ mua sắm",
    ):  # fmt: skip
        assert part in text, part
