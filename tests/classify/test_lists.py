"""The shipped lists say what the law says, and say so where nobody knows."""

import hashlib
import re
from pathlib import Path

import pytest

from auditor.classify import catalogue, sources
from auditor.classify.lists import LISTS
from auditor.model.catalogue import CategoryFile
from auditor.model.documents import read
from auditor.model.errors import PolicyError

POLICIES = Path(__file__).parents[2] / "policies"
DECISION = read(POLICIES / "decision-20-2025.yaml", CategoryFile)
DECREE = read(POLICIES / "decree-356-2025.yaml", CategoryFile)
BY_CODE = {category.code: category for category in DECISION.categories}


def decision(pattern):
    return [category for category in DECISION.categories if re.fullmatch(pattern, category.code)]


def test_section_one_holds_its_26_core_items_in_order():
    assert [item.code for item in decision(r"I\.\d+")] == [f"I.{n}" for n in range(1, 27)]


def test_section_two_holds_its_18_important_items_in_order():
    assert [item.code for item in decision(r"II\.\d+")] == [f"II.{n}" for n in range(1, 19)]


def test_every_row_of_a_section_has_the_level_of_its_section():
    levels = {c.code.split(".")[0]: set() for c in DECISION.categories}
    for category in DECISION.categories:
        levels[category.code.split(".")[0]].add(category.level)
    assert levels == {"I": {"core"}, "II": {"important"}}


def test_every_numbered_row_carries_its_own_number():
    # The number of the last row of Section II follows from a count: it is inferred.
    numbered = [item for item in decision(r"II?\.\d+") if item.code != "II.18"]
    assert all(item.item == item.code for item in numbered)


def test_no_theme_and_no_point_of_an_inferred_letter_invents_a_number():
    unnumbered = [c.code for c in DECISION.categories if c.item is None]
    assert unnumbered == [
        *("I.t-missions", "I.t-apparatus", "I.t-personnel", "I.t-armed-forces"),
        *("I.t-ethnicity-religion", "I.t-minority-areas", "I.t-resources", "I.t-geospatial"),
        *("I.t-finance", "I.26a", "I.26c-citizens", "I.26c-organisations"),
        *("II.t-inspection", "II.t-internal-affairs", "II.t-transport", "II.t-science"),
        *("II.18", "II.18a", "II.18b", "II.18c-citizens", "II.18c-organisations"),
    ]


def test_no_row_of_the_annex_is_called_verified_while_nobody_has_read_it():
    assert not [c.code for c in DECISION.categories if c.verified or c.mark == "C"]


def test_every_unverified_row_says_in_both_languages_what_is_known():
    for category in DECISION.categories:
        vietnamese, slash, english = category.known.partition(" / ")
        assert slash, category.code
        assert re.search("[ăâđêôơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]", vietnamese)
        assert english.isascii() or "…" in english, category.code


@pytest.mark.parametrize("code", [f"I.{n}" for n in range(13, 25)])
def test_a_core_row_of_unknown_content_says_so_and_claims_nothing_more(code):
    row = BY_CODE[code]
    assert "chưa xác nhận được nội dung" in row.title.vi
    assert "content not confirmed" in row.title.en
    assert (row.mark, row.binds, row.threshold) == ("M", "unknown", None)
    assert "Chưa biết" in row.known


@pytest.mark.parametrize("code", [f"II.{n}" for n in range(2, 18) if n != 10])
def test_an_important_row_of_unknown_content_says_so_and_claims_nothing_more(code):
    row = BY_CODE[code]
    assert "chưa xác nhận được nội dung" in row.title.vi
    assert (row.mark, row.binds, row.threshold) == ("M", "unknown", None)


def test_only_rows_of_unknown_content_and_one_uncertain_theme_rest_on_inference():
    inferred = {c.code for c in DECISION.categories if c.mark == "M"}
    unknown = {f"I.{n}" for n in range(13, 25)} | {f"II.{n}" for n in range(2, 18) if n != 10}
    assert inferred == unknown | {"II.t-internal-affairs"}


@pytest.mark.parametrize(
    ("code", "counts", "at_least", "below", "mark"),
    [
        ("I.26a", "citizens", 1_000_000, None, "S"),
        ("I.26b", "citizens", 100_000, None, "S"),
        ("I.26c-citizens", "citizens", None, None, "M"),
        ("I.26c-organisations", "organisations", None, None, "M"),
        ("II.18a", "citizens", 100_000, 1_000_000, "S"),
        ("II.18b", "citizens", 10_000, 100_000, "S"),
        ("II.18c-citizens", "citizens", None, None, "M"),
        ("II.18c-organisations", "organisations", None, None, "M"),
    ],
)
def test_the_thresholds_are_the_confirmed_ones_and_null_where_none_is(
    code, counts, at_least, below, mark
):
    threshold = BY_CODE[code].threshold
    assert threshold.model_dump() == {
        "counts": counts,
        "at_least": at_least,
        "below": below,
        "mark": mark,
    }


def test_only_data_on_citizens_follows_the_personal_data_regime():
    personal = {c.code for c in DECISION.categories if c.personal}
    assert personal == {"I.26a", "I.26b", "I.26c-citizens", "II.18a", "II.18b", "II.18c-citizens"}
    # Of rows that hold both, or whose content nobody could confirm, it is not known.
    unknown = {c.code for c in DECISION.categories if c.personal is None}
    unread = {c.code for c in DECISION.categories if re.fullmatch(r"I+\.\d+", c.code)}
    unread = {code for code in unread if BY_CODE[code].mark == "M"}
    assert unknown == unread | {"I.t-personnel", "I.26", "II.1", "II.18"}
    assert len(unread) == 12 + 15


def test_rows_that_name_state_agencies_bind_them_and_row_26_binds_everybody():
    bound = {c.code for c in DECISION.categories if c.binds == "state-agencies"}
    assert bound == {"I.1", "I.6", "I.11", "I.25", "II.10", "II.t-inspection"}
    assert all(c.binds == "everybody" for c in decision(r"I\.26.*"))


def test_the_decree_lists_eleven_basic_and_twelve_sensitive_kinds_read_in_the_gazette():
    codes = [category.code for category in DECREE.categories]
    assert codes == [f"B{n}" for n in range(1, 12)] + [f"S-{letter}" for letter in "abcdđeghiklm"]
    for category in DECREE.categories:
        assert (category.level, category.personal) == ("personal", True)
        assert (category.verified, category.mark) == (True, "C")


def test_each_kind_of_personal_data_names_its_clause_or_point():
    for category in DECREE.categories:
        kind, mark = re.fullmatch(r"(B|S-)(.+)", category.code).groups()
        where = f"Điều 3 khoản {mark}" if kind == "B" else f"Điều 4 khoản 1 điểm {mark}"
        assert category.item == where


def test_the_catalogue_holds_every_row_of_both_lists():
    loaded = catalogue(POLICIES)
    assert set(loaded.by_code) == {c.code for c in DECISION.categories + DECREE.categories}
    assert loaded["I.26b"].title.vi.startswith("Dữ liệu công dân nhạy cảm của 100.000")


def test_the_sources_name_file_version_and_hash():
    for source, name in zip(sources(POLICIES), LISTS, strict=True):
        assert (source.kind, source.name, source.version) == ("category-list", name, "2026-11-21")
        assert source.sha256 == hashlib.sha256((POLICIES / name).read_bytes()).hexdigest()


def test_a_missing_list_is_named(tmp_path):
    (tmp_path / LISTS[0]).write_bytes((POLICIES / LISTS[0]).read_bytes())
    with pytest.raises(PolicyError, match="no such file") as refused:
        catalogue(tmp_path)
    assert refused.value.place.endswith(LISTS[1])


def test_a_code_in_two_lists_is_refused_with_its_line_and_the_first_list(tmp_path):
    (tmp_path / LISTS[0]).write_bytes((POLICIES / LISTS[0]).read_bytes())
    text = (POLICIES / LISTS[1]).read_text(encoding="utf-8").replace("code: B7\n", "code: I.5\n")
    (tmp_path / LISTS[1]).write_text(text, encoding="utf-8")
    line = text.splitlines().index("  - code: I.5") + 1
    with pytest.raises(PolicyError, match=rf":{line}: .*'I\.5' stands in {LISTS[0]} already"):
        catalogue(tmp_path)


def test_a_code_twice_in_one_list_is_refused(tmp_path):
    text = (POLICIES / LISTS[0]).read_text(encoding="utf-8")
    (tmp_path / LISTS[0]).write_text(text.replace("code: I.6\n", "code: I.5\n"), encoding="utf-8")
    with pytest.raises(PolicyError, match=r"'I\.5' stands in decision-20-2025\.yaml already"):
        catalogue(tmp_path)
