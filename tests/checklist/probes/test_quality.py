"""What probes say of profiles beyond their samples; nothing that they say holds a value."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from auditor.checklist.assessment import EvidenceEntry
from auditor.checklist.facts import Facts, Number
from auditor.checklist.held import Held
from auditor.checklist.probe import asked
from auditor.checklist.probes.quality import PROBES
from auditor.checklist.sources.profile import profile
from auditor.checklist.sources.rules import Rules
from auditor.checklist.sources.sample import Count, from_json, sample, to_json

FILES = Path(__file__).parents[3] / "samples" / "checklist" / "profiles"
GOOD = sample(FILES / "good.json")
NOW = datetime(2026, 11, 21, 10, tzinfo=timezone(timedelta(hours=7)))
NUMBERS = {
    "quality-percent": Number(98, "percent", "DEFAULT [M]"),
    "key-quality-percent": Number(100, "percent", "CV4856 [T]"),
}
BY_ID = {probe.id: probe for probe in PROBES}


def said(probe, *samples, now=NOW, numbers=NUMBERS, codes=True):
    held = tuple(
        Held(entry(number, "data-sample"), "present", lambda each=each: each)
        for number, each in enumerate(samples, start=1)
    )
    lists = (Held(entry(99, "codes", samples[0].codes), "present", lambda: None),)
    evidence = {"data-sample": held} | ({"codes": lists} if codes else {})
    facts = Facts(now, None, numbers, evidence)
    outcome = asked(BY_ID[probe], facts, {})
    assert outcome.answer in ("pass", "clear") or outcome.way_out
    assert outcome.says.vi != outcome.says.en
    return outcome


def entry(number, kind, sha256=""):
    return EvidenceEntry(id=f"ev-{number:04}", kind=kind, registered="2026-11-20", sha256=sha256)


def counted(rule, column, wrong, table="parcels", of=60, base=GOOD):
    """The good profile with one count of it changed."""
    kept = tuple(c for c in base.counts if (c.rule, c.table, c.column) != (rule, table, column))
    other = next(
        (c.other for c in base.counts if (c.rule, c.table, c.column) == (rule, table, column)), ""
    )
    rows = tuple(range(1, min(wrong, 5) + 1))
    return replace(base, counts=(*kept, Count(rule, table, column, other, of, wrong, rows)))


def shaped(table="parcels", base=GOOD, **values):
    """The good profile with one table changed."""
    return replace(
        base,
        tables=tuple(replace(t, **values) if t.name == table else t for t in base.tables),
    )


@pytest.mark.parametrize(
    ("wrong", "of", "answer"), [(0, 60, "pass"), (1, 60, "partial"), (2, 100, "partial"),
                                (3, 100, "fail"), (60, 60, "fail")]
)  # fmt: skip
def test_a_rule_holds_in_part_down_to_the_least_share(wrong, of, answer):
    base = shaped(rows=100)
    outcome = said("values-valid", counted("malformed", "area", wrong, of=of, base=base))
    assert outcome.answer == answer
    assert outcome.rests_on == "DEFAULT [M]"


def test_where_no_number_is_set_wrong_rows_are_told_but_fail_nothing():
    none = NUMBERS | {"quality-percent": Number(None, "percent", "")}
    outcome = said("values-valid", counted("malformed", "area", 50), numbers=none)
    assert (outcome.answer, outcome.rests_on) == ("partial", "")


def test_one_wrong_identifier_in_a_million_fails_but_a_number_of_99_forgives_it():
    base = counted("malformed", "owner", 1, of=1_000_000, base=shaped(rows=1_000_000))
    assert said("identifier-keys", base).answer == "fail"
    mild = NUMBERS | {"key-quality-percent": Number(99, "percent", "")}
    assert said("identifier-keys", base, numbers=mild).answer == "partial"


def test_other_columns_are_no_identifier_keys():
    assert said("identifier-keys", counted("malformed", "area", 50)).answer == "pass"
    assert said("identifier-keys", counted("empty", "owner", 50)).answer == "pass", "it may be"
    assert said("identifier-keys", counted("empty", "person", 1, "persons")).answer == "fail"
    assert said("identifier-keys", counted("empty-key", "", 1)).answer == "fail"


def test_a_check_digit_that_no_instrument_prints_never_fails():
    for probe in ("values-valid", "identifier-keys"):
        assert said(probe, counted("check-digit", "tax", 60)).answer == "partial"


def test_doubled_keys_fail_whatever_their_share():
    base = counted("doubled-key", "", 1, of=1_000_000, base=shaped(rows=1_000_000))
    assert said("rows-distinct", base).answer == "fail"


def test_optional_fields_may_be_empty():
    assert said("fields-filled", counted("empty", "owner", 60)).answer == "pass"
    assert said("fields-filled", counted("empty", "ward", 60)).answer == "fail"


def test_missing_rows_of_a_whole_table_count_as_not_filled():
    base = shaped(expected=100)
    assert (
        said("fields-filled", counted("missing-rows", "", 40, of=100, base=base)).answer == "fail"
    )


def test_all_rows_changed_on_one_day_is_a_doubt():
    outcome = said("rows-fresh", counted("one-day", "changed", 60))
    assert outcome.answer == "partial"
    assert "changed on one day" in outcome.says.en


def test_a_late_table_fails_and_one_without_an_interval_leaves_a_doubt():
    assert said("rows-fresh", counted("late", "changed", 1, of=1)).answer == "fail"
    outcome = said("rows-fresh", shaped(max_age_days=None, interval_days=None))
    assert outcome.answer == "partial"
    assert outcome.says.en.endswith("the youngest change: parcels.")


def test_a_sample_does_not_show_the_youngest_change():
    outcome = said("rows-fresh", shaped(drawn="random", base=counted("late", "changed", 1, of=1)))
    assert outcome.answer == "partial"
    assert outcome.references == ()
    late = counted("late", "changed", 1, "persons", 1)
    assert said("rows-fresh", shaped("persons", drawn="random", base=late)).answer == "pass"


def test_orphans_in_a_sample_of_the_other_table_show_nothing():
    base = counted("orphan", "owner", 60, base=shaped("persons", drawn="random"))
    assert said("identifier-keys", base).answer == "pass"
    alone = replace(base, counts=tuple(c for c in base.counts if c.rule != "differs"))
    assert said("cross-table", alone).answer == "unknown"


def test_codes_by_a_list_that_is_not_registered_hold_in_part():
    assert said("codes-current", GOOD).answer == "pass"
    assert said("codes-current", GOOD, codes=False).answer == "partial"


@pytest.mark.parametrize("values", [{"rows": 29}, {"drawn": "picked"}, {"drawn": "unsaid"}])
@pytest.mark.parametrize("probe", ["values-valid", "fields-filled", "rows-distinct", "rows-fresh",
                                   "codes-current", "cross-table", "identifier-keys"])  # fmt: skip
def test_samples_that_are_too_small_or_not_drawn_show_nothing(probe, values):
    assert said(probe, shaped(base=counted("code-ended", "ward", 5), **values)).answer == "unknown"


def test_samples_say_what_lies_outside_of_them():
    outcome = said("rows-distinct", shaped(drawn="random"))
    assert outcome.answer == "pass"
    assert any("parcels" in text.en for text in outcome.coverage.not_covered)


@pytest.mark.parametrize(("days", "unknown"), [(29, False), (30, True), (-5, True)])
def test_a_profile_says_itself_how_old_it_is(days, unknown):
    outcome = said("values-valid", GOOD, now=NOW + timedelta(days=days))
    assert (outcome.answer == "unknown") == unknown


def test_the_youngest_profile_of_data_to_be_synced_counts():
    test_only = replace(GOOD, tables=tuple(t for t in GOOD.tables if t.purpose == "test"))
    bad = counted("malformed", "area", 60)
    assert said("values-valid", test_only, GOOD, bad).answer == "pass"
    assert said("values-valid", test_only, bad, GOOD).answer == "fail"


def test_one_mark_in_any_profile_fails_whatever_its_size():
    small = shaped("parcels", rows=3, base=counted("mark", "owner", 1, of=3))
    assert said("secrecy-marks", GOOD, small).answer == "fail"


def test_files_that_could_not_be_read_are_told():
    more = (Count("mark", "", "", "", 3, 0), Count("mark-unread", "", "", "", 5, 2))
    outcome = said("secrecy-marks", replace(GOOD, counts=(*GOOD.counts, *more)))
    assert outcome.answer == "clear"
    assert "2 files" in outcome.coverage.not_covered[0].en


def test_random_numbers_are_told_apart_from_real_identifiers():
    by_chance = counted("identifier", "person", 2, "try")
    assert said("real-identifiers", by_chance).answer == "partial"
    assert said("real-identifiers", counted("identifier", "person", 7, "try")).answer == "fail"
    assert said("real-identifiers", counted("identifier", "person", 1, "try", 1)).answer == "fail"
    few = shaped("try", rows=29)
    assert said("real-identifiers", few).answer == "unknown"


def test_no_cell_of_a_hostile_table_is_ever_said(tmp_path):
    rules = Rules.model_validate({
        "format": 1,
        "tables": [
            {"name": "a", "purpose": purpose, "drawn": "all", "primary_key": ["id"],
             "updated_at": "at", "interval_days": 1,
             "columns": [{"name": "id", "kind": "citizen-id", "mandatory": True},
                         {"name": "at", "kind": "date", "mandatory": True},
                         {"name": "w", "kind": "admin-code", "codes": "wards"}]} | {"name": name}
            for name, purpose in (("a", "sync"), ("b", "test"))
        ],
    })  # fmt: skip
    cells = ("079200123456", "<script>bí-ẩn</script>", "=HYPERLINK(bí-ẩn)", "bí-ẩn\n../../etc",
             "{bí-ẩn}", "%s%n-bí-ẩn", "\x1b[31mbí-ẩn", "TUYỆT MẬT", "ev-0001-bí-ẩn")  # fmt: skip
    rows = "".join(
        f'"{cells[n % 9]}","{cells[(n + 1) % 9]}","{cells[(n + 2) % 9]}","{cells[n % 7]}"\n'
        for n in range(90)
    )
    for name in "ab":
        (tmp_path / f"{name}.csv").write_text("id,at,w,Tiêu đề-bí-ẩn\n" + rows, encoding="utf-8")
    (tmp_path / "codes.csv").write_text("list,code,ends\nwards,26734,\n", encoding="utf-8")
    paths = {name: tmp_path / f"{name}.csv" for name in "ab"}
    made = profile(paths, rules, NOW.date(), codes=tmp_path / "codes.csv")
    text = to_json(made)
    assert "ẩn" not in text and "079200123456" not in text and "script" not in text
    read = from_json(text, "profile.json")
    answers = set()
    for probe in BY_ID:
        outcome = said(probe, read)
        answers.add(outcome.answer)
        assert all(part not in repr(outcome) for part in ("ẩn", "079200123456", "script", "etc"))
    assert "fail" in answers
