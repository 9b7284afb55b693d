from __future__ import annotations

import json
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from auditor.model.errors import InputError
from auditor.model.problem import Problem
from auditor.model.run import from_json, json_schema, to_json, write_json
from auditor.report import html

if TYPE_CHECKING:
    from auditor.model.run import Run

SCHEMA = Path(__file__).parents[2] / "docs" / "run.schema.json"


@pytest.fixture(scope="module")
def validator() -> Any:
    schema = json.loads(SCHEMA.read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def test_the_published_schema_is_the_one_the_program_writes() -> None:
    assert SCHEMA.read_text("utf-8") == json_schema(), (
        "run: python -m auditor.model.run > docs/run.schema.json"
    )


@pytest.mark.parametrize("many", [0, 1, 255, 256, 257, 600])
def test_a_run_written_in_pieces_is_one_document(run: Run, many: int) -> None:
    names = [f'"findings": [{number}]' for number in range(many)]
    findings = tuple(replace(run.findings[0], recipient=name) for name in names)
    whole = replace(run, findings=findings)
    file = BytesIO()
    write_json(whole, file)
    text = file.getvalue().decode()
    assert text == to_json(whole)
    assert text == json.dumps(json.loads(text), ensure_ascii=False, indent=2) + "\n"
    assert from_json(text, "run.json") == whole


def test_a_run_and_an_empty_run_keep_to_the_published_schema(
    run: Run, empty_run: Run, validator: Any
) -> None:
    for each in (run, empty_run):
        assert list(validator.iter_errors(json.loads(to_json(each)))) == []


def test_the_schema_refuses_what_is_no_run(run: Run, validator: Any) -> None:
    document = json.loads(to_json(run))
    del document["findings"][0]["evidence"]
    document["totals"]["flows"] = "many"
    document["findings"][1]["severity"] = "dreadful"
    assert len(list(validator.iter_errors(document))) == 3


def test_a_run_comes_back_from_its_json_as_it_was(run: Run, empty_run: Run) -> None:
    assert from_json(to_json(run), "run.json") == run
    assert from_json(to_json(empty_run), "run.json") == empty_run


def test_a_run_read_again_gives_the_same_page(run: Run) -> None:
    assert html(from_json(to_json(run), "run.json")) == html(run)


def test_foreign_text_survives_the_round_trip_to_the_letter(run: Run) -> None:
    foreign = replace(run, problems=(Problem("x", "a\u202eb\x00\u2028", 'quotes " \\ </script>'),))
    assert from_json(to_json(foreign), "run.json") == foreign


def test_a_run_of_a_newer_version_is_refused_with_the_place(run: Run) -> None:
    newer = to_json(replace(run, version=999))
    with pytest.raises(InputError) as caught:
        from_json(newer, "old/run.json")
    assert caught.value.place == "old/run.json"
    assert "999" in caught.value.message
