"""What holds of every probe that reads registers, and how cells are understood."""

from __future__ import annotations

import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.checklist.probes import (
    PROBES,
    datasets,
    exchange,
    expiry,
    logs,
    machines,
    products,
    recovery,
    registers,
    tables,
)
from auditor.model.text import Text
from tests.checklist.probes.register_facts import KINDS, facts, outcome, table

MODULES = (registers, datasets, logs, machines, products, recovery, exchange, expiry)
PROBE_IDS = sorted(probe.id for module in MODULES for probe in module.PROBES)
GOOD_ONES = ("pass", "clear")


def kinds_of(probe):
    return [kind for kind in PROBES[probe].needs if kind in KINDS]


@pytest.mark.parametrize("probe", PROBE_IDS)
def test_without_evidence_nothing_is_known_and_it_is_told_what_to_attach(probe):
    found = outcome(probe, {})
    assert found.answer == "unknown"
    assert found.way_out.vi != found.way_out.en


@pytest.mark.parametrize("probe", PROBE_IDS)
def test_registers_without_rows_never_hold(probe):
    empty = {kind: ",".join(KINDS[kind]) + "\n" for kind in kinds_of(probe)}
    may_be = probe in ("errors-closed", "incidents-closed", "reporting-clocks")
    assert outcome(probe, empty).answer == ("pending" if may_be else "unknown")


@pytest.mark.parametrize("probe", PROBE_IDS)
@pytest.mark.parametrize("cell", ["", "?", "không rõ", "=1+1", "9" * 40, "31/02/2026", "\u202e0"])
def test_rows_that_say_nothing_never_hold_and_never_break_a_probe(probe, cell):
    cell = cell.replace('"', "")
    senseless = {
        kind: table(" ".join(KINDS[kind]), "|".join([cell or " "] * len(KINDS[kind])), "x" * 3)
        for kind in kinds_of(probe)
    }
    found = outcome(
        probe,
        senseless,
        dates={"first_sync": "2026-11-20T08:00:00+07:00"},
        endpoints={"format": 1, "endpoints": [{"address": "203.162.10.20", "role": "public"}]},
    )
    assert found.answer not in (*GOOD_ONES, "error"), found.says.en


@pytest.mark.parametrize("probe", PROBE_IDS)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_register_breaks_a_probe(probe, data):
    cells = st.one_of(
        st.text(st.characters(exclude_characters='"', exclude_categories=["Cs"]), max_size=12),
        st.sampled_from(
            ["2026-11-20", "01/01/1900", "9999-12-31 23:59Z", "0001-01-01", "có", "không", "1.5",
             "-1", "1e309", "critical", "nhẹ", "server", "database", "10.20.5.1", "disk@a; @; x@",
             "thành công", "100.000", "8h30 ngày 21/11/2026", "a" * 64]
        ),
    )  # fmt: skip
    made = {}
    for kind in kinds_of(probe):
        width = len(KINDS[kind])
        rows = data.draw(st.lists(st.lists(cells, min_size=width, max_size=width), max_size=4))
        made[kind] = table(
            " ".join(KINDS[kind]), *("|".join(c.replace("|", "") for c in row) for row in rows)
        )
    found = outcome(
        probe,
        made,
        dates={"first_sync": "2026-11-20T08:00:00+07:00"},
        endpoints={"format": 1, "endpoints": [{"address": "203.162.10.20", "role": "public"}]},
        level=data.draw(st.integers(1, 5)),
    )
    assert found.answer != "error", found.says.en
    assert (found.way_out is None) == (found.answer in GOOD_ONES)


@pytest.mark.parametrize("probe", PROBE_IDS)
def test_every_title_of_a_register_is_known(probe):
    assert set(kinds_of(probe)) <= tables.TITLES.keys() | {"signed-package", "data-sample"}


def test_a_column_that_is_missing_is_named():
    found = outcome("stewards-named", {"datasets": "dataset,owner\na,b\n"})
    assert found.answer == "unknown"
    assert "steward" in found.says.en
    assert "steward" in found.says.vi


def test_a_guessed_encoding_is_told_as_not_covered():
    held = facts({"assets": "asset\na\n"}).held("assets")[0]
    guess = tables.Table(held, None, (Text("x", "y"),))
    found = tables.judged(Text("a", "a"), Text("b", "b"), Text("c", "c"), tables=[guess])
    assert found.coverage.not_covered == (Text("x", "y"),)


def test_tables_that_name_nothing_to_look_at_are_unknown():
    nothing = tables.judged(Text("a", "a"), Text("b", "b"), Text("c", "c"), covered=(0, 0))
    assert nothing.answer == "unknown"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Nghiêm trọng", "critical"), ("không nghiêm trọng", "low"), ("CAO", "high"),
     ("9.8", "critical"), ("7,5", "high"), ("5.0", "medium"), ("0", "low"), ("11", None),
     ("", None), ("quan trọng", None), ("trung bình", "medium"), ("Low", "low")],
)  # fmt: skip
def test_severities(text, expected):
    assert tables.severity(text) == expected


@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        ("Tường lửa biên", ("tường lửa",), True),
        ("tuong-lua", ("tường lửa",), True),
        ("pc-17", ("pc",), True),
        ("npcs", ("pc",), False),
        ("", ("pc",), False),
        (string.printable, ("pc",), False),
    ],
)
def test_words_are_found_in_any_spelling_but_short_ones_only_alone(text, words, expected):
    assert tables.names(text, words) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("không cốt lõi", True), ("Non-core", True), ("cốt lõi", False), ("Nội bộ", False),
     ("", False)],
)  # fmt: skip
def test_denials(text, expected):
    assert tables.denied(text) is expected
