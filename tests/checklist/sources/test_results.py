from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.checklist.sources import results as module
from auditor.checklist.sources.results import Results, Rule, line, moment, results, within
from auditor.model.errors import InputError

SAMPLE = Path(__file__).parents[3] / "samples" / "checklist" / "tool-findings.yaml"
RULE = Rule("r", "", "pass", "", "", "", "baseline")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no tool"),
        (b"\0" * 100, "no tool"),
        (b"PK\x03\x04", "no tool"),
        (b"Hardening index : 81", "no tool"),
        (b"<html><body/></html>", "another kind \\(html\\)"),
        (b"<html", "damaged XML"),
        (b"{}", "JSON of another kind"),
        (b"[]", "no object"),
        (b"{", "damaged JSON"),
        (b"\xff\xfe<\0", "damaged XML"),
    ],
)
def test_what_is_no_result_file_is_refused_with_a_way_out(content, said, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(InputError, match=said) as error:
        results(path)
    assert error.value.hint


def test_the_content_decides_and_not_the_name(tmp_path):
    path = tmp_path / "scan.json"
    path.write_text("report_version_major=1\nlynis_version=3.1.4\n")
    assert results(path).format == "lynis"


def test_too_many_results_are_refused(monkeypatch):
    monkeypatch.setattr(module, "RULES", 3)
    assert len(within([RULE] * 3, "x")) == 3
    with pytest.raises(InputError, match="more than 3"):
        within([RULE] * 4, "x")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (" a\n b\t", "a b"),
        ("a\x00b\x1b[31m", "ab[31m"),
        (None, ""),
        (7, ""),
        ("Đạt", "Đạt"),
        ("x" * 1000, "x" * 300),
        ("\u202ea", "a"),
    ],
)
def test_texts_of_files_become_one_plain_line(text, shown):
    assert line(text) == shown


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("2026-11-19 09:30:00", datetime(2026, 11, 19, 2, 30, tzinfo=UTC)),
        ("2026-11-19T09:30:00Z", datetime(2026, 11, 19, 9, 30, tzinfo=UTC)),
        ("0001-01-01T00:00:00+14:00", None),
        ("soon", None),
        (None, None),
    ],
)
def test_moments_are_read_and_what_is_none_is_null(text, when):
    assert moment(text) == when


SAMPLES = [
    bytes(entry["text"], "utf-8")
    for case in yaml.safe_load(SAMPLE.read_text(encoding="utf-8"))["cases"]
    for entry in case.get("evidence", ())
    if entry["kind"] == "tool-results"
]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    sample=st.sampled_from(SAMPLES),
    cut=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    put=st.one_of(
        st.binary(max_size=20),
        st.sampled_from([b"{", b"]", b"null", b"[[[", b"<", b"&x;", b'""', b"-1", b"=", b"\r"]),
    ),
)
def test_a_damaged_file_of_any_tool_is_read_or_refused_but_never_breaks_down(
    tmp_path_factory, sample, cut, put
):
    start, end = sorted(int(part * len(sample)) for part in cut)
    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(sample[:start] + put + sample[end:])
    try:
        found = results(path)
    except InputError:
        return  # refused, as it should be
    assert isinstance(found, Results)
    for rule in found.rules:
        assert all(len(text) <= 1000 for text in (rule.id, rule.title, rule.place))
