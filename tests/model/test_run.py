from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from auditor import pipeline, report
from auditor.model.errors import InputError
from auditor.model.run import VERSION, Run, from_json, to_json

ROOT = Path(__file__).parents[2]
PCAPS = ROOT / "samples" / "pcaps"


class Quiet:
    def stage(self, name, total=None):
        pass

    def advance(self, size):
        pass


def audited(*paths: Path) -> Run:
    examples = ROOT / "policies" / "examples"
    order = pipeline.Order(
        paths=paths,
        policies=ROOT / "policies",
        geoip=ROOT / "geoip",
        inventory=examples / "inventory.yaml",
        dossiers=examples / "dossiers.yaml",
    )
    return pipeline.audit(order, lambda: datetime(2026, 11, 21, tzinfo=UTC), Quiet()).run


@pytest.fixture(scope="module")
def run() -> Run:
    return audited(PCAPS / "citizens-csv-http.pcap", PCAPS / "truncated.pcap")


def changed(run: Run, change) -> str:
    content = json.loads(to_json(run))
    change(content)
    return json.dumps(content)


def test_a_run_comes_back_from_its_text_as_it_was(run):
    assert run.findings
    assert run.problems
    assert from_json(to_json(run), "run.json") == run


def test_the_same_run_gives_the_same_text(run):
    assert to_json(run) == to_json(from_json(to_json(run), "run.json"))


def test_vietnamese_stands_in_the_text_as_it_is_read(run):
    assert "Sở Nông nghiệp và Môi trường" in to_json(run)


def test_a_newer_version_is_refused_with_the_way_out(run):
    text = changed(run, lambda content: content.update(version=VERSION + 1))
    with pytest.raises(InputError, match=f"version {VERSION + 1}") as caught:
        from_json(text, "run.json")
    assert "newer auditor" in caught.value.hint


@pytest.mark.parametrize("version", [0, -1, True, "1", 1.5, None, [], 10**30])
def test_what_is_no_version_is_refused(run, version):
    with pytest.raises(InputError):
        from_json(changed(run, lambda content: content.update(version=version)), "run.json")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no json",
        "{",
        "[]",
        "null",
        "[" * 100_000,
        '{"version": ' + "9" * 5_000 + "}",
        '{"version": 1}',
    ],
    ids=["empty", "words", "cut", "list", "null", "deep", "endless number", "almost nothing"],
)
def test_what_is_no_run_is_refused_with_its_place(text):
    with pytest.raises(InputError) as caught:
        from_json(text, "run.json")
    assert caught.value.place == "run.json"
    assert caught.value.hint


def set_in(*path, value):
    def change(content):
        for key in path[:-1]:
            content = content[key]
        content[path[-1]] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        set_in("totals", "flows", value=float("nan")),
        set_in("totals", "outbound_bytes", value=float("inf")),
        set_in("totals", "outbound_bytes", value=10**400),
        set_in("totals", "outbound_bytes", value="many"),
        set_in("findings", 0, "severity", value="nuclear"),
        set_in("findings", 0, "evidence", "flows", value=10**30),
        set_in("findings", value={}),
        set_in("inputs", 0, "first", value="2026-01-01T00:00:00"),
        set_in("inputs", 0, "first", value="yesterday"),
        set_in("started", value="2026-01-01T00:00:00"),
    ],
)
def test_a_run_with_impossible_values_is_refused_or_can_be_shown(run, change):
    """What gets through must not break the report: nothing in between."""
    try:
        got = from_json(changed(run, change), "run.json")
    except InputError:
        return
    assert "<html" in report.html(got)


def test_a_file_whose_name_is_no_utf_8_is_audited_and_shown(tmp_path):
    strange = Path(str(tmp_path) + "/b\udcff\udcfe.pcap")
    shutil.copy(PCAPS / "truncated.pcap", strange)
    unknown = Path(str(tmp_path) + "/u\udcff.txt")
    unknown.write_text("hello")
    run = audited(tmp_path)
    assert run.totals.flows == 3
    text = to_json(run)
    text.encode("utf-8")
    assert from_json(text, "run.json") == run
    assert {Path(each.name).name for each in run.inputs} == {r"b\xff\xfe.pcap", r"u\xff.txt"}
    assert any(r"u\xff.txt" in problem.source for problem in run.problems)
    report.html(run).encode("utf-8")


def test_names_that_could_be_markup_stay_text(run):
    name = '"><script>alert(1)</script>'
    finding = replace(run.findings[0], recipient=name, id=name)
    hostile = replace(
        run,
        agency=name,
        inputs=tuple(replace(each, name=name) for each in run.inputs),
        findings=(finding,),
        problems=tuple(replace(each, source=name, code=name) for each in run.problems),
    )
    page = report.html(from_json(to_json(hostile), "run.json"))
    assert page.count("<script") == 1
    assert "alert(1)" in page
