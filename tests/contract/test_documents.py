"""What the repository says about itself is true, and says it in the right words."""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
from pathlib import Path

import pytest

from auditor.classify.lists import catalogue
from auditor.inspect.detectors.lint import load_detectors
from auditor.readers.records.tally import KINDS
from auditor.report import content_problem_words, problem_words
from auditor.report.problem_words import PROBLEM, SETTLED, UNSURE, WAY_OUT

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "auditor").rglob("*.py"))
WORDS = {Path(each.__file__) for each in (problem_words, content_problem_words)}
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
SHOWN = sorted(
    path
    for folder in ("auditor", "policies", "docs")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in {".py", ".yaml", ".md", ".j2", ".js", ".css", ".json"}
)


def make_cli():
    spec = importlib.util.spec_from_file_location("make_cli", ROOT / "docs" / "make_cli.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_page_on_the_command_line_is_fresh():
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert page == make_cli().page(), "run: python docs/make_cli.py > docs/cli.md"


def test_every_command_stands_in_the_readme():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    named = [name for name, _ in make_cli().commands()]
    assert len(named) >= 9
    for name in named:
        _, *words = name.split()
        row = next((line for line in readme.splitlines() if f"`auditor {words[0]}" in line), "")
        assert all(re.search(rf"\b{word}\b", row) for word in words), name


def test_every_command_and_option_says_what_it_is_for():
    for name, command in make_cli().commands():
        assert command.help, name
        for parameter in command.params:
            assert parameter.help, f"{name} {parameter.name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
        assert target.startswith("https://") or (page.parent / target).exists(), target


def test_the_detector_that_the_page_on_content_shows_has_no_mistakes(tmp_path):
    page = (ROOT / "docs" / "content.md").read_text(encoding="utf-8")
    shown = page.partition("```yaml\n")[2].partition("```")[0]
    text = f'version: "1"\ndetectors:\n{shown}'
    (tmp_path / "shown.yaml").write_text(text, encoding="utf-8")
    codes = catalogue(ROOT / "policies").by_code
    assert load_detectors(tmp_path, codes).by_id.keys() == {"ranger-badge"}


# Names of categories of data, in the words of the law; nobody's conduct is meant.
QUOTED = ("tội phạm, vi phạm pháp luật",)


@pytest.mark.parametrize("path", SHOWN, ids=lambda path: str(path.relative_to(ROOT)))
def test_findings_are_indicators_and_never_violations(path):
    text = path.read_text(encoding="utf-8").lower()
    for words in QUOTED:
        text = text.replace(words, "")
    assert not re.search(r"violat|vi phạm", text)


TELLING = {"add": 0, "counted": 1, "without": 1}
"""Methods that take a kind of trouble, and at which place."""
INSIDE = {"problem": 0, "_stop": 1}
"""Those of content."""


def codes_of_problems() -> set[str]:
    """Every code in the sources: the first argument of ``Problem``, and those told as tuples."""
    found = set(KINDS)
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            values: list[ast.expr] = []
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Problem":
                values = [*node.args[:1], *(k.value for k in node.keywords if k.arg == "code")]
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                place = TELLING.get(node.func.attr)
                if "inspect" in path.parts and node.func.attr in INSIDE:
                    values = node.args[INSIDE[node.func.attr] :][:1]
                elif place is not None and "tally" in ast.unparse(node) and "readers" in path.parts:
                    values = node.args[place : place + 1]
            elif path.parts[-2:] == ("capture", "reader.py") and isinstance(node, ast.Tuple):
                values = node.elts[:2]  # (code, offset, ...) or (counter, code, ...)
            found |= {
                value.value
                for value in values
                if isinstance(value, ast.Constant) and isinstance(value.value, str)
            }
    return {code for code in found if re.fullmatch("[a-z]+[0-9]*(-[a-z]+)*", code)}


def test_every_problem_has_words_in_both_languages():
    codes = codes_of_problems()
    assert {"unknown-format", "truncated-record", "snapped", "geo-database-missing"} <= codes
    assert {"content-bomb", "http2-headers-lost", "smb1-not-read"} <= codes
    assert codes - set(PROBLEM) == set()
    assert codes - set(WAY_OUT) == set()


def test_no_words_are_left_over():
    sources = "".join(path.read_text(encoding="utf-8") for path in SOURCES if path not in WORDS)
    for code in {*PROBLEM, *WAY_OUT, *UNSURE, *SETTLED}:
        assert f'"{code}"' in sources, code
    assert set(PROBLEM) >= UNSURE | SETTLED
    assert not UNSURE & SETTLED


def test_no_source_stands_by_itself_with_heavy_imports():
    """The command line answers at once: what is heavy is imported inside its commands."""
    trees = [
        ast.parse(path.read_text(encoding="utf-8"))
        for path in (ROOT / "auditor" / "cli").glob("*.py")
    ]
    named = {
        alias.name if isinstance(node, ast.Import) else node.module
        for tree in trees
        for node in tree.body
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }
    ours = {name for name in named if name.startswith("auditor")}
    others = {name for name in ours if not name.startswith("auditor.cli")}
    assert others == {"auditor", "auditor.model.errors"}
