from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from auditor.model.place import Reach, Witness
from auditor.report import html
from auditor.report.fold import folded
from auditor.report.places import firmness, measured, parts, records, verdict
from tests.report.destinations import destination, destinations
from tests.report.parsed import Page

if TYPE_CHECKING:
    from auditor.model.run import Run


def totals(run: Run, states: dict[str, int], certainties: dict[str, int] | None = None) -> Any:
    return replace(run.totals, state_bytes=states, certainty_bytes=certainties or {})


def test_parts_go_from_the_firmest_to_the_unknown_and_add_up(run: Run) -> None:
    found = parts(run.totals)
    assert [part.kind for part in found] == [
        "country-firm", "country-likely", "country-weak", "anycast", "ambiguous", "contradicted",
        "unknown",
    ]  # fmt: skip
    assert sum(part.outbound_bytes for part in found) == sum(run.totals.state_bytes.values())


def test_bytes_in_a_country_of_unsaid_certainty_are_not_lost(run: Run) -> None:
    found = parts(totals(run, {"country": 10}, {"firm": 4}))
    assert [(part.kind, part.outbound_bytes) for part in found] == [
        ("country-firm", 4),
        ("country", 6),
    ]
    more = parts(totals(run, {"country": 10}, {"firm": 8, "weak": 8}))
    assert sum(part.outbound_bytes for part in more) == 10


def test_the_sentence_says_what_is_placed_what_of_it_firmly_and_what_is_not(run: Run) -> None:
    said = firmness(totals(run, {"country": 900, "anycast": 60, "unknown": 40}, {"firm": 500}))
    assert said is not None
    assert said.vi == (
        "Xác định được đến một quốc gia: 90% số byte đã ra (50% ở mức chắc chắn). Chưa xác định "
        "được nơi đến: 10%."
    )
    whole = firmness(totals(run, {"country": 900}, {"firm": 450}))
    assert whole is not None
    assert whole.en == "All bytes that left are placed in one country (50% of them firmly)."
    assert firmness(totals(run, {"not-applicable": 3})) is None


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "Singapore"),
        (2, "Nguồn mâu thuẫn với thời gian đo được (nguồn nêu Hoa Kỳ)"),
        (3, "Anycast: một địa chỉ phục vụ từ nhiều nơi"),
        (4, "Các nguồn nêu nhiều quốc gia: Trung Quốc, Hồng Kông (Trung Quốc), Singapore"),
        (5, "Việt Nam"),
        (7, "Không nguồn nào biết"),
    ],
)
def test_each_state_is_said_in_one_line(number: int, said: str) -> None:
    assert verdict(destinations()[number]).vi == said


def test_physics_is_told_with_its_figures() -> None:
    assert measured(Reach(2_100, 310, "US", 2_000)).vi == (
        "Bắt tay nhanh nhất 2,1 ms → máy chủ cách nơi đo xa nhất 310 km; điểm gần nhất của Hoa Kỳ "
        "cách Việt Nam 2.000 km: không thể ở đó."
    )
    assert measured(Reach(31_400, 3_140, "SG", 817)).en.endswith(
        "817 km from Viet Nam: no contradiction."
    )
    assert (
        measured(Reach(900, 90)).en
        == "Fastest handshake 0.90 ms → the server is at most 90 km away."
    )
    assert measured(Reach(900, 90, "SG", 90)).en.endswith("no contradiction.")


def test_a_handshake_too_slow_to_rule_out_anything_says_so() -> None:
    assert measured(Reach(208_000, 20_038, "DE", 7_808)).vi == (
        "Bắt tay nhanh nhất 208,0 ms: không loại trừ được nước nào."
    )


def test_records_know_the_groups_that_name_their_address(run: Run, make_finding: Any) -> None:
    groups = folded((make_finding(0), make_finding(1)))
    found = records(run.destinations, groups)
    assert found[0].groups == (1, 2)
    assert found[3].groups == ()
    assert [each.place for each in found] == list(range(1, 9))


def test_findings_and_records_lead_to_each_other(run: Run) -> None:
    page = Page(html(run))
    links = [attributes.get("href") for _, attributes in page.tags if "href" in attributes]
    assert links.count("#d1") == len(run.findings)
    assert {"#f1", "#f12"} <= set(links)
    folds = [attributes for tag, attributes in page.tags if tag == "details"]
    assert [fold["id"] for fold in folds] == [f"d{place}" for place in range(1, 9)]
    assert not any("open" in fold for fold in folds)
    assert [("printed" in str(fold["class"])) for fold in folds] == [True] * 5 + [False] * 3


def test_a_record_shows_its_rule_witnesses_physics_operator_and_forms(run: Run) -> None:
    text = Page(html(run)).shown("vi")
    annex = text[text.index("Phụ lục D. Hồ sơ xác định nơi đến") :]
    record = annex[annex.index(" 203.0.113.10 ") : annex.index(" 2001:db8:4001:")]
    assert "Vùng (region) của nhà cung cấp đám mây ip-ranges.json: ap-southeast-1" in record
    assert "Amazon Web Services , Hoa Kỳ theo dải địa chỉ do nhà cung cấp công bố" in record
    assert "Dải của nhà cung cấp ip-ranges.json Singapore ap-southeast-1, S3 10/07/2026" in record
    assert (
        "Mạng (AS) asn.mmdb suy ra Hoa Kỳ AS16509 Amazon.com, Inc. 17/06/2026 CC-BY-4.0" in record
    )
    assert "Amazon S3 ( kho lưu trữ đối tượng )" in record
    assert "a) CÓ ; b) CÓ ; c) CÓ" in record
    assert "máy chủ cách nơi đo xa nhất 3.140 km" in record
    assert "resolver-of-tomorrow" in annex
    assert "a) chưa xác định được ; b) CÓ ; c) chưa xác định được" in annex
    assert "Còn 17 nơi đến khác không có hồ sơ ở đây" in annex


def test_a_record_of_an_operator_that_the_user_states_is_shown(run: Run) -> None:
    stated = destination("203.0.113.77", operator_basis="override", operator=None)
    text = Page(html(replace(run, destinations=(stated,)))).shown("vi")
    assert "? , Hoa Kỳ theo xác nhận của người dùng" in text


def test_a_record_says_that_a_vietnamese_landlord_proves_nothing(run: Run) -> None:
    rented = destination(
        "203.162.4.191", foreign_recipient=False, operator_country="VN", operator_basis="network"
    )
    page = Page(html(replace(run, destinations=(rented,))))
    assert "b) chưa thấy; chỉ biết chủ mạng" in page.shown("vi")
    assert "b) not seen; only the owner of the network" in page.shown("en")


def test_forms_are_told_with_what_they_cannot_prove(run: Run) -> None:
    text = Page(html(run)).shown("vi")
    assert "khoản 2 Điều 23 Luật Dữ liệu số 60/2024/QH15" in text.replace("Khoản", "khoản")
    assert "b) Cho tổ chức nước ngoài" in text
    assert "53,1 GB 29.010 luồng 88,0 MB 410 luồng 1,0 GB 5.002 luồng" in text
    assert "Chủ của mạng không phải là người thuê" in text


def test_a_run_without_records_and_forms_has_no_empty_tables(empty_run: Run) -> None:
    text = html(empty_run)
    for part in ("annex-places", 'id="forms"', 'id="firm"', "<figure", "<details"):
        assert part not in text


EVIL = "\"'><script>alert(1)</script></svg>{{7*7}}\u202e\u2066\x00" + "h" * 5_000


def test_hostile_text_in_records_stays_text(run: Run) -> None:
    witness = Witness("cloud", EVIL, (EVIL, "SG"), EVIL, date(1, 1, 1), EVIL)
    evil = destination(
        EVIL, host=EVIL, country=EVIL, basis=EVIL, witnesses=(witness,) * 90, org=EVIL,
        org_country=EVIL, service=EVIL, service_kind=EVIL, operator=EVIL, operator_country=EVIL,
        reach=Reach(1, 1, EVIL, 2), asn=-1,
    )  # fmt: skip
    text = html(
        replace(run, destinations=(evil, replace(evil, state="ambiguous", candidates=(EVIL,) * 9)))
    )
    page = Page(text)
    assert page.unclosed == []
    assert sum(tag == "script" for tag, _ in page.tags) == 1
    assert "<script>alert(1)</script>" in page.shown("vi")
    assert "\u202e" not in text
    assert "\u2066" not in text
    assert "h" * 500 not in text
    assert "50 more sources are in run.json." in page.shown("en")


def test_two_hundred_records_do_not_make_the_page_heavy(run: Run) -> None:
    many = tuple(replace(destinations()[0], address=f"198.51.100.{each}") for each in range(200))
    assert len(html(replace(run, destinations=many)).encode()) < 1_800_000
