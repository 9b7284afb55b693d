from __future__ import annotations

import json
from pathlib import Path

import pytest

from auditor.checklist.sources.sample import MOST_BYTES, from_json, sample, to_json
from auditor.model.errors import InputError

GOOD = Path(__file__).parents[3] / "samples" / "checklist" / "profiles" / "good.json"
TEXT = GOOD.read_text(encoding="utf-8")
HIDDEN = "079200123456"


def test_a_profile_is_read_as_it_was_written():
    assert to_json(sample(GOOD)) == TEXT
    assert from_json(TEXT.replace("\n", "\r\n"), "x") == sample(GOOD)


def changed(**values):
    return json.dumps(json.loads(TEXT) | values, indent=1, ensure_ascii=False) + "\n"


def with_count(**values):
    content = json.loads(TEXT)
    content["counts"][0] |= values
    return json.dumps(content, indent=1) + "\n"


def with_table(**values):
    content = json.loads(TEXT)
    content["tables"][0] |= values
    return json.dumps(content, indent=1) + "\n"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(changed(values=[HIDDEN]), id="a field nobody knows"),
        pytest.param(with_count(value=HIDDEN), id="a field of a count"),
        pytest.param(with_table(note=HIDDEN), id="a field of a table"),
        pytest.param(with_table(name=f"t{HIDDEN}"), id="a number in a name"),
        pytest.param(with_table(name="Nguyễn Văn An"), id="words in a name"),
        pytest.param(with_table(name="a1b" * 30), id="a long name"),
        pytest.param(with_count(rule=HIDDEN), id="a rule nobody knows"),
        pytest.param(with_count(column="zz"), id="a column that no table has"),
        pytest.param(with_count(other="zz"), id="another table that is not there"),
        pytest.param(with_count(of=int(HIDDEN)), id="more rows than were seen"),
        pytest.param(with_count(wrong=61), id="more wrong rows than rows"),
        pytest.param(with_count(wrong=-1), id="a negative count"),
        pytest.param(with_count(wrong=0.5), id="a fraction"),
        pytest.param(with_count(wrong="1"), id="a count as text"),
        pytest.param(with_count(wrong=1, rows=[int(HIDDEN)]), id="a value as a row number"),
        pytest.param(with_count(wrong=2, rows=[2, 1]), id="rows out of order"),
        pytest.param(with_count(wrong=0, rows=[1]), id="rows of nothing wrong"),
        pytest.param(with_count(rule="missing-rows", table="", column=""), id="rows of no table"),
        pytest.param(changed(made="2026-13-41"), id="no day"),
        pytest.param(changed(rules=HIDDEN), id="no hash"),
        pytest.param(changed(format=2), id="a later format"),
        pytest.param(
            TEXT.replace(' "codes"', f' "codes": "{HIDDEN}", "codes"', 1), id="a key twice"
        ),
        pytest.param(TEXT.replace("{", f"{{{' ' * 100}", 1), id="spaces that say something"),
        pytest.param(TEXT + " ", id="a space at the end"),
        pytest.param("\ufeff" + TEXT, id="a byte order mark"),
        pytest.param(TEXT[:-30], id="cut off"),
        pytest.param("[" * 100_000, id="nested"),
        pytest.param("null", id="nothing"),
        pytest.param("", id="empty"),
    ],
)  # fmt: skip
def test_what_this_program_did_not_write_is_refused_and_not_repeated(text):
    with pytest.raises(InputError) as error:
        from_json(text, "profile.json")
    assert HIDDEN not in str(error.value)


def test_other_counts_that_fit_together_are_read():
    """So what is refused above is refused for what it says, not for how it is written."""
    assert from_json(with_count(wrong=1, rows=[60]), "x").counts[0].rows == (60,)
    assert from_json(with_table(name="persons", rows=61), "x").tables[0].rows == 61


def test_a_count_that_stands_twice_and_a_table_that_stands_twice_are_refused():
    content = json.loads(TEXT)
    for part in ("counts", "tables"):
        twice = content | {part: content[part] + content[part][:1]}
        with pytest.raises(InputError, match="twice"):
            from_json(json.dumps(twice, indent=1) + "\n", "profile.json")


def test_files_that_are_too_large_or_no_text_are_refused(tmp_path):
    path = tmp_path / "profile.json"
    path.write_bytes(b" " * (MOST_BYTES + 1))
    with pytest.raises(InputError, match="larger"):
        sample(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="no profile"):
        sample(path)
