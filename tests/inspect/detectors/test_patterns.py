"""Words and patterns as bytes."""

from __future__ import annotations

import unicodedata

import pytest

from auditor.inspect.detectors.patterns import of_pattern, of_words
from auditor.inspect.detectors.search import Search
from tests.inspect.detectors.made import KEY, detector, searched


def found(text, **changes):
    """How often a topic of one word, or a pattern, is found."""
    changes.setdefault("minimum", {"alone": 1})
    search = Search((detector(kind="topic", **changes),), KEY, {})
    data = text if isinstance(text, bytes) else text.encode()
    return sum(one.matches for one in searched(search, data).found)


@pytest.mark.parametrize(
    "text",
    [
        "số tài khoản", "SỐ TÀI KHOẢN", "Số  Tài  Khoản", "so_tai_khoan", "soTaiKhoan",
        "sô\u0301 ta\u0300i khoa\u0309n",
        unicodedata.normalize("NFD", "số tài khoản"), "số\u00a0tài\u00a0khoản", "số tài\nkhoản",
        "“số tài khoản”", "số-tài-khoản…",
        "\ufeffsố tài khoản", "_so tai khoan_",
    ],
)  # fmt: skip
def test_a_word_is_found_in_every_way_of_writing(text):
    assert found(text, words=["số tài khoản"], case=False) == 1


@pytest.mark.parametrize(
    "text",
    ["sỗ tài khoản", "số tài khoản1", "xsố tài khoản", "số tài khoảnế", "ếsố tài khoản",
     "so tai khoa",
     "so tai khoan\u0301", "số tài      khoản", b"\xffso tai khoan"],
)  # fmt: skip
def test_what_is_another_word_is_none(text):
    assert found(text, words=["số tài khoản"], case=False) == 0


def test_case_counts_where_it_is_said():
    assert found("ICD Icd icd", words=["ICD"]) == 1
    assert found("ICD Icd icd", words=["ICD"], case=False) == 3
    assert found("Đơn ĐƠN đơn", patterns=["Đ[oơ]n".replace("[oơ]", "(?:o|ơ)")]) == 1
    assert found("Đơn ĐƠN đơn", patterns=["Đ(?:o|ơ)n"], case=False) == 3


@pytest.mark.parametrize(("bound", "count"), [("none", 5), ("digits", 3), ("word", 1)])
def test_what_stands_beside_a_match_decides_by_its_bound(bound, count):
    assert found("1234 a123 123ế 0123 123.", patterns=["123"], bound=bound) == count


def test_lines_are_lines_also_at_the_ends_of_a_text():
    assert found("MẬT\nx MẬT\nMẬT x\nMẬT", patterns=["^MẬT$"]) == 2


def test_a_letter_of_several_bytes_may_stand_in_a_class_as_one_of_it():
    assert found("29-AB 29-ĐX 29-đx", patterns=["29-[A-ZĐ]{2}"]) == 2
    assert found("29-đx", patterns=["29-[A-ZĐ]{2}"], case=False) == 1
    assert found("1]2 1Đ2 1-2", patterns=["1[]Đ]2"]) == 2
    assert found("xĐx xax", patterns=["x[Đđ]x"]) == 1


@pytest.mark.parametrize("pattern", ["[^Đ]", "[A-Đ]", "[Đ-đ]", "\\Đ"])
def test_a_letter_of_several_bytes_elsewhere_is_refused(pattern):
    with pytest.raises(ValueError, match="several bytes"):
        of_pattern(pattern, "none", case=True)


def test_an_abbreviation_in_capitals_counts_in_capitals_only():
    number = detector(patterns=["[0-9]{3}"], context={"words": ["TIN", "mst"], "within": 9})
    search = Search((number,), KEY, {})
    for text, hits in (("TIN 123", 1), ("tin 123", 0), ("MST 123", 1), ("Mst 123", 1)):
        assert len(searched(search, text.encode()).found) == hits


def test_a_word_that_ends_in_a_sign_ends_there():
    [expression] = of_words(("tel:",), exact=False, case=False)
    assert (expression.before, expression.after, expression.spaced) == ("word", "none", False)
    assert found("tel:0912", words=["tel:"], case=False) == 1
    assert found("xtel:0912", words=["tel:"], case=False) == 0
