from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import count

import pytest

from auditor.checklist.assessment import Assessment, EvidenceEntry
from auditor.checklist.facts import Facts, Number
from auditor.checklist.held import Held
from auditor.checklist.probe import asked
from auditor.checklist.probes.documents import PROBES
from auditor.checklist.probes.paper_days import after, paper_day
from auditor.checklist.probes.paper_parts import PARTS
from auditor.checklist.probes.paper_texts import _headings
from auditor.checklist.sources.document import Paper
from auditor.checklist.sources.letterhead import folded
from auditor.checklist.sources.pdf_signatures import DigitalSignature
from auditor.model.errors import InputError

BY_ID = {probe.id: probe for probe in PROBES}
NUMBERS = {
    "risk-months": Number(12, "months", "TCVN x.1 [S]"),
    "level3-basic-subjects": Number(100_000, "count", "ND331 Đ11-15 [C]"),
    "level3-sensitive-subjects": Number(10_000, "count", "ND331 Đ11-15 [C]"),
}
INTACT = DigitalSignature(
    "Sở", "CA", "2026-03-05T02:00:00+00:00", False, True, True, "no", True, None
)
_ids = count(1)


def held(kind, paper=None, **entry):
    entry = EvidenceEntry.model_validate(
        {"id": f"ev-{next(_ids):04}", "kind": kind, "registered": "2026-11-01"} | entry
    )
    if isinstance(paper, Exception):

        def reads():
            raise paper

        return Held(entry, "present", reads)
    return Held(entry, "metadata-only" if paper is None else "present", lambda: paper)


def paper(text="Báo cáo đánh giá rủi ro hệ thống thông tin đất đai", **more):
    return Paper("pdf", text, **more)


def answer(probe, *evidence, system=None, numbers=NUMBERS, arguments=None, **assessment):
    default = {"id": "land", "level": 3, "owner": "Sở A", "operator": "Văn phòng B"}
    said = Assessment.model_validate(
        {
            "format": 1,
            "checklist": "pre-sync",
            "checklist_version": "2026.11",
            "system": default | (system or {}),
        }
        | assessment
    )
    kinds = {one.entry.kind for one in evidence}
    facts = Facts(
        now=datetime(2026, 11, 21, 3, tzinfo=UTC),
        assessment=said,
        numbers=numbers,
        evidence={k: tuple(one for one in evidence if one.entry.kind == k) for k in kinds},
    )
    return asked(BY_ID[probe], facts, arguments or {"kind": "risk-report", "number": "risk-months"})


@pytest.mark.parametrize(
    ("start", "months", "ends"),
    [
        (date(2026, 5, 21), 6, date(2026, 11, 21)),
        (date(2025, 8, 31), 6, date(2026, 2, 28)),
        (date(2023, 8, 31), 6, date(2024, 2, 29)),
        (date(2026, 7, 31), 6, date(2027, 1, 31)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2026, 1, 15), 24, date(2028, 1, 15)),
    ],
)
def test_months_are_calendar_months(start, months, ends):
    assert after(start, Number(months, "months", "")) == ends


def test_days_are_days():
    assert after(date(2026, 2, 20), Number(14, "days", "")) == date(2026, 3, 6)


def test_the_papers_own_date_is_taken_before_the_registered_one():
    own = paper_day(held("risk-report", paper(dated="2026-03-05"), dated="2026-04-01"))
    assert (own.day, own.own) == (date(2026, 3, 5), True)
    registered = paper_day(held("risk-report", paper(), dated="2026-04-01"))
    assert (registered.day, registered.own) == (date(2026, 4, 1), False)
    assert paper_day(held("risk-report", paper())).day is None


def test_a_registered_date_that_no_calendar_has_is_refused():
    with pytest.raises(ValueError, match="a day of the calendar"):
        held("risk-report", None, dated="2026-02-30")


@pytest.mark.parametrize(
    "probe", ["document-held", "document-fresh", "document-signed", "document-names"]
)
def test_damaged_evidence_is_unknown_and_never_a_failure(probe):
    broken = InputError("is damaged", place="evidence/a.pdf", hint="Attach it anew.")
    arguments = {"kind": "risk-report", "number": "risk-months", "words": "x"}
    found = answer(probe, held("risk-report", broken), arguments=arguments)
    assert found.answer == "unknown"
    assert "is damaged" in found.says.en


def test_the_youngest_of_several_documents_counts_even_when_another_has_no_date():
    found = answer(
        "document-fresh",
        held("risk-report", paper()),
        held("risk-report", paper(dated="2020-01-01")),
        held("risk-report", paper(dated="2026-11-01")),
    )
    assert found.answer == "pass"


def test_what_fails_is_unknown_while_another_document_of_the_kind_has_no_date():
    old = held("risk-report", paper(dated="2020-01-01"))
    assert answer("document-fresh", old).answer == "fail"
    assert answer("document-fresh", old, held("risk-report", paper())).answer == "unknown"
    arguments = {"kind": "risk-report", "than": "last-change"}
    dates = {"last_change": "2026-01-01"}
    for others, gives in (((), "fail"), ((held("risk-report", paper()),), "unknown")):
        found = answer("document-after", old, *others, arguments=arguments, dates=dates)
        assert found.answer == gives


@pytest.mark.parametrize("probe", ["document-before", "document-after"])
def test_a_document_of_the_future_came_in_no_order(probe):
    arguments = {"kind": "risk-report", "than": "go-live" if "before" in probe else "last-change"}
    dates = {"last_change": "2026-01-01", "go_live": "2027-05-01"}
    one = held("risk-report", paper(dated="2027-01-01"))
    found = answer(probe, one, arguments=arguments, dates=dates)
    assert found.answer == "fail"
    assert "in the future" in found.says.en


def test_macros_are_told():
    one = held("risk-report", paper(number="1/BC", dated="2026-03-05", signer="A", macros=True))
    assert "macros" in answer("document-held", one).says.en


def test_numbers_that_differ_only_in_spacing_and_case_agree():
    found = answer(
        "document-held",
        held(
            "risk-report",
            paper(number="12/TTr-SNNMT", dated="2026-03-05", signer="Nguyễn Văn Hoà"),
            number="Số: 12 / TTR-SNNMT",
            signer="nguyễn văn hòa",
        ),
    )
    assert found.answer == "pass"


def signed(*signatures):
    one = held("risk-report", paper(signatures=signatures))
    return answer("document-signed", one)


def changed(**what):
    return replace(INTACT, **what)


@pytest.mark.parametrize(
    ("signature", "gives"),
    [
        (INTACT, "pending"),
        (changed(trusted=True), "pass"),
        (changed(trusted=False), "pending"),
        (changed(intact=False), "fail"),
        (changed(changed="yes", covers_all=False), "fail"),
        (changed(certificate_valid=False), "fail"),
        (changed(intact=None, problem="x"), "unknown"),
        (changed(covers_all=False, changed="unknown"), "unknown"),
        (changed(covers_all=False, changed="allowed"), "pending"),
        (changed(certificate_valid=None, time=""), "unknown"),
    ],
)
def test_what_a_signature_proves(signature, gives):
    assert signed(signature).answer == gives


def test_one_broken_signature_among_good_ones_fails():
    earlier = changed(covers_all=False, changed="allowed")
    found = signed(earlier, changed(intact=False))
    assert found.answer == "fail"
    assert "1 of 2" in found.says.en


def test_a_word_is_found_as_a_whole_word_only():
    arguments = {"kind": "risk-report", "words": "NDOP"}
    for text, gives in (("qua NDOP, theo", "pass"), ("qua NDOPX, theo đường", "fail")):
        found = answer("document-names", held("risk-report", paper(text)), arguments=arguments)
        assert found.answer == gives


def test_words_of_an_argument_are_no_pattern():
    arguments = {"kind": "risk-report", "words": ".*(a+)+$"}
    found = answer("document-names", held("risk-report", paper("đường" * 50)), arguments=arguments)
    assert found.answer == "fail"


@pytest.mark.parametrize("more", [{"bare": 1, "pages": 3}, {"cut": True}])
def test_what_is_not_found_in_a_text_that_was_read_in_part_is_unknown(more):
    arguments = {"kind": "risk-report", "words": "NDOP"}
    one = held("risk-report", paper("Đường truyền được kiểm tra", **more))
    assert answer("document-names", one, arguments=arguments).answer == "unknown"


def test_headings_go_on_in_the_next_line_and_sentences_are_none():
    text = (
        "6. Dự phòng, ứng phó sự cố an ninh mạng,\nkhôi phục sau thảm hoạ\n"
        "Cơ quan thực hiện giám sát, kiểm tra, đánh giá, quản lý rủi ro và các biện pháp khác "
        "theo quy định của pháp luật hiện hành.\n"
    )
    found = _headings(text)
    assert any("du phong" in line and "khoi phuc" in line for line in found)
    assert not any("giam sat" in line for line in found)


def test_wrapped_lines_of_a_paragraph_are_no_headings_and_short_lines_of_their_own_are():
    text = (
        "Quản lý rủi ro an ninh mạng\n"
        "Cơ quan thực hiện việc giám sát an ninh mạng\n"
        "và kiểm tra, đánh giá hệ thống\n"
        "Trong quá trình vận hành hệ thống theo quy định của pháp luật.\n"
    )
    assert _headings(text) == ["quan ly rui ro an ninh mang"]


@pytest.mark.parametrize("name", sorted(PARTS))
def test_the_words_of_the_lists_are_folded_so_that_they_can_be_found(name):
    for part in PARTS[name].parts:
        for together in part.words:
            assert all(word == folded(word) for word in together), part.en
    assert PARTS[name].article


@pytest.mark.parametrize("name", sorted(PARTS))
def test_a_text_made_of_its_own_words_has_all_parts_and_an_empty_one_none(name):
    parts = PARTS[name].parts
    lines = [f"{at}. {' '.join(part.words[0])}." for at, part in enumerate(parts, start=1)]
    arguments = {"kind": "risk-report", "parts": name}
    # the letters keep it from being taken for a text in old fonts
    whole = paper("\n".join(lines) + "\nĐây là văn bản được lập để thử.")
    empty = paper("Đây là văn bản được lập để thử.")
    for text, gives in ((whole, "pass"), (empty, "fail")):
        found = answer("document-parts", held("risk-report", text), arguments=arguments)
        assert found.answer == gives


def test_short_forms_of_agencies_are_written_out_before_comparing():
    system = {"owner": "Ủy ban nhân dân thành phố Mẫu", "operator": "Sở Xây dựng"}
    text = "UBND TP. Mẫu giao Sở Xây dựng vận hành hệ thống"
    found = answer("parties-agree", held("owner-decision", paper(text)), system=system)
    assert found.answer == "pass"


def test_an_owner_who_operates_is_named_once():
    system = {"owner": "Sở Xây dựng", "operator": "Sở Xây dựng"}
    one = held("owner-decision", paper("Quyết định giao Sở Xây dựng"))
    assert answer("parties-agree", one, system=system).answer == "pass"


def test_statuses_are_taken_from_rows_and_not_from_their_neighbours():
    row = "1\tMạng\tChưa triển khai\tDự kiến đã triển khai đầy đủ quý 4"
    text = f"Kết luận: Đã triển khai đầy đủ\n{row}"
    found = answer("deployment-not-contradicted", held("deployment-record", paper(text)))
    assert found.answer == "fail"
    assert [row.place for row in found.references] == ["line 2"]


@pytest.mark.parametrize(
    ("system", "gives"),
    [
        ({"level": 3, "functions": ["national-database", "round-the-clock"]}, "fail"),
        ({"level": 4, "functions": ["national-database", "round-the-clock"]}, "pass"),
        ({"level": 3, "functions": ["nationwide"]}, "pass"),
        ({"level": 2, "conditions": ["state-secrets"]}, "fail"),
        ({"level": 1, "conditions": ["personal-data"], "basic_subjects": 5}, "fail"),
        ({"level": 1, "basic_subjects": 0}, "partial"),
        ({"level": 3, "sensitive_subjects": 9_999}, "pass"),
    ],
)
def test_the_level_is_computed_from_what_is_declared(system, gives):
    assert answer("level-recomputed", system=system).answer == gives


@pytest.mark.parametrize(
    ("today", "gives"),
    [("2027-06-30", "partial"), ("2027-07-01", "fail")],
)
def test_the_transition_ends_with_its_last_day(today, gives):
    one = held("level-decision", paper("Căn cứ Nghị định số 85/2016/NĐ-CP của Chính phủ"))
    said = Assessment.model_validate(
        {
            "format": 1, "checklist": "pre-sync", "checklist_version": "1",
            "system": {"id": "a", "level": 3},
        }
    )  # fmt: skip
    now = datetime.fromisoformat(f"{today}T23:30:00+07:00")
    facts = Facts(now=now, assessment=said, numbers={}, evidence={"level-decision": (one,)})
    assert asked(BY_ID["transition-dates"], facts, {}).answer == gives


def test_a_secret_papers_content_is_not_looked_into():
    secret = Paper("docx", "", readable=False, secrecy="MẬT")
    arguments = {"kind": "risk-report", "words": "x"}
    found = answer("document-names", held("risk-report", secret), arguments=arguments)
    assert found.answer == "unknown"
    assert "not read" in found.says.en
