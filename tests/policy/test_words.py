"""The sentences of a finding."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from auditor import policy
from auditor.classify import catalogue as shipped_catalogue
from auditor.model.catalogue import Threshold
from auditor.model.register import Dossier
from auditor.policy import candidates
from auditor.policy.coverage import Reason
from auditor.policy.dossier_words import dossier_said
from auditor.policy.regimes import load_regimes
from auditor.policy.sentences import flows_said

ROOT = Path(__file__).parents[2]
REGIMES = {
    each.id: each
    for each in load_regimes(
        ROOT / "policies" / "regimes.yaml", shipped_catalogue(ROOT / "policies")
    ).regimes
}

ONE = Dossier.model_validate(
    {
        "id": "HS-9",
        "regime": "pdpl",
        "systems": ["registry"],
        "categories": ["B1"],
        "recipients": {"countries": ["SG"]},
        "filed": date(2026, 2, 3),
        "result": "pending",
        "valid_from": date(2026, 1, 2),
        "storage": {"countries": ["SG"], "until": date(2026, 6, 30)},
        "stops": [{"on": date(2026, 5, 1), "by": "Bộ Công an", "number": "12/QĐ"}],
    }
)


def findings(flows, *rest):
    """The findings of one whole flow table."""
    return policy.findings(candidates([flows]), *rest)


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason is not Reason.NONE])
def test_every_reason_names_the_dossier_in_both_languages(reason):
    said = dossier_said(reason, ONE, REGIMES, ["HS-10"], register_given=True)
    assert "HS-9" in said.vi and "HS-10" in said.vi
    assert "HS-9" in said.en and "HS-10" in said.en


def test_every_reason_says_something_else():
    said = {dossier_said(reason, ONE, REGIMES, [], register_given=True) for reason in Reason}
    assert len(said) == len(Reason)


def test_dates_are_written_as_each_language_has_it():
    said = dossier_said(Reason.COVERED, ONE, REGIMES, [], register_given=True)
    assert "nộp ngày 03/02/2026" in said.vi
    assert "filed 2026-02-03" in said.en


def test_no_register_is_not_the_same_as_no_dossier():
    without = dossier_said(Reason.NONE, None, REGIMES, [], register_given=False)
    empty = dossier_said(Reason.NONE, None, REGIMES, [], register_given=True)
    assert without != empty


def test_numbers_are_grouped_as_each_language_has_it():
    assert (flows_said(12_345).vi, flows_said(12_345).en) == ("12.345 luồng", "12,345 flows")
    assert flows_said(1).en == "1 flow"


def test_a_finding_says_what_it_rests_on_and_what_is_open(flow_table, law, inventory):
    (one,) = findings(flow_table({}, {"host_basis": "ech-outer"}), law, inventory, None)
    known = "\n".join(said.vi for said in one.known_by)
    open_ = "\n".join(said.vi for said in one.not_known)
    assert "bản kê khai hệ thống ghi rằng hệ thống registry" in known
    assert "theo đa số cơ sở dữ liệu địa chỉ IP đã tra; căn cứ: country.mmdb 2026-02-17." in known
    assert "nhiều khả năng (một nguồn" in known
    assert "SNI" in known
    assert "Nội dung của các luồng này không đọc được hoặc chưa được đọc" in open_
    assert "chưa được đối chiếu với văn bản gốc (mức tin cậy S)" in open_
    assert "1 luồng ẩn tên máy chủ" in open_
    assert "Điều 12 Nghị định 165/2025/NĐ-CP" in open_


def test_braces_in_a_foreign_name_are_text(flow_table, law, inventory):
    flows = flow_table({"geo_basis": "{flows}{0}.mmdb"})
    (one,) = findings(flows, law, inventory, None)
    assert any("{flows}{0}.mmdb" in said.vi for said in one.known_by)


def test_a_threshold_is_told_with_what_the_recording_cannot_say(flow_table, law, inventory):
    catalogue = law.catalogue
    personal = catalogue["I.26a"]
    threshold = Threshold(counts="citizens", at_least=1_000_000, mark="S")
    catalogue.by_code["I.26a"] = personal.model_copy(update={"threshold": threshold})
    flows = flow_table({"categories": ["I.26a"]})
    (one,) = findings(flows, law, inventory, None)
    assert any(
        "từ 1.000.000 công dân Việt Nam trở lên (nguồn thứ cấp)" in said.vi
        for said in one.not_known
    )
    unsure = threshold.model_copy(update={"at_least": None})
    catalogue.by_code["I.26a"] = personal.model_copy(update={"threshold": unsure})
    (one,) = findings(flows, law, inventory, None)
    assert any("chưa được xác nhận" in said.vi for said in one.not_known)
