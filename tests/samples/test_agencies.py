from __future__ import annotations

import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from auditor import readiness
from auditor.model.readiness import Readiness

ROOT = Path(__file__).parents[2]
AGENCIES = ROOT / "samples" / "agency"
AT = datetime.fromisoformat("2026-11-20T10:30:00+07:00")
NAMES = ("paper-only", "ready")


def shown(name: str, at: datetime = AT) -> Readiness:
    return readiness.readiness(readiness.opened(AGENCIES / name, ROOT / "policies"), at)


@pytest.fixture(scope="module")
def paper_only() -> Readiness:
    return shown("paper-only")


@pytest.fixture(scope="module")
def ready() -> Readiness:
    return shown("ready")


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_maker_writes_what_is_committed(tmp_path):
    maker = ROOT / "samples" / "agencies.py"
    subprocess.run(
        [sys.executable, str(maker), str(tmp_path / "made")],
        check=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin", "TZ": "America/Lima"},
    )
    for name in NAMES:
        made, kept = files(tmp_path / "made" / name), files(AGENCIES / name)
        assert sorted(made) == sorted(kept)
        stale = [file for file, content in made.items() if content != kept[file]]
        assert not stale, f"{name}: {stale} are stale: run samples/agencies.py"
        assert not [file for file, content in made.items() if str(tmp_path).encode() in content]


def test_the_ready_one_has_every_item_met_and_none_waived(ready):
    assert ready.verdict == "ready"
    assert set(ready.state_counts) == {"pass", "attested_pass", "not_applicable"}
    assert not ready.gates
    aside = {item.id for item in ready.items if item.state == "not_applicable"}
    assert aside == {"ACC-05", "CRY-07", "PST-05"}  # of level 4; state secrets; never terminated


def test_every_probe_that_the_ready_one_was_asked_looked_at_something(ready):
    open_ones = {
        (item.id, outcome.probe)
        for item in ready.items
        if item.state != "not_applicable"
        for outcome in item.outcomes
        if outcome.answer not in ("pass", "clear", "pending")
    }
    assert open_ones == set()


def test_the_paper_only_one_is_contradicted_by_its_traffic(paper_only):
    assert paper_only.verdict == "not-ready"
    assert set(paper_only.gates) == {"DOS-05", "CRY-04", "BND-04", "CRY-01", "LOG-05"}
    assert paper_only.gates[:2] == ("DOS-05", "CRY-04")  # confirmed ones come first
    contradicted = {item.id for item in paper_only.items if item.contradicted}
    assert len(contradicted) >= 5
    assert {"NET-01", "NET-04", "NET-06", "NET-07", "BND-06", "DAT-05"} <= contradicted
    assert contradicted == {item.id for item in paper_only.items if item.state == "fail"}


def test_both_say_the_same_of_themselves(paper_only, ready):
    def said(one: Readiness) -> list[tuple[str, str, list[bool]]]:
        return [(i.id, i.said, [word.holds for word in i.attestations]) for i in one.items]

    assert said(paper_only) == said(ready)
    assert not {word for _, word, _ in said(ready)} - {"yes", "not-applicable", "nothing"}
    evidence = [[(row.kind, row.sha256) for row in one.evidence] for one in (paper_only, ready)]
    assert evidence[0] == evidence[1]


@pytest.mark.parametrize("name", NAMES)
def test_both_are_signed_with_a_key_that_the_assessment_names(name, request):
    (signature,) = request.getfixturevalue(name.replace("-", "_")).signatures
    assert (signature.role, signature.state, signature.known) == ("owner", "valid", True)


def test_the_ready_one_ages():
    assert shown("ready", AT + timedelta(days=7)).verdict == "ready"
    later = shown("ready", AT + timedelta(days=8))
    assert later.verdict == "not-ready"
    stale = {item.id for item in later.items if item.state == "stale"}
    assert {"MAL-01", "LOG-01", "CRY-01"} <= stale
