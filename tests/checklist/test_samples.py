"""Every probe is shown by samples: one that passes, one that fails, one that stays unknown."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import yaml

from auditor import pipeline, readiness
from auditor.checklist import baseline
from auditor.checklist import folder as folders
from auditor.checklist.catalogue import load
from auditor.checklist.probe import asked
from auditor.checklist.probes import PROBES

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples" / "checklist"
FILES = sorted(SAMPLES.glob("*.yaml"))
CASES = [
    pytest.param(path, case, id=f"{path.stem}: {case['name']}")
    for path in FILES
    for case in yaml.safe_load(path.read_text(encoding="utf-8"))["cases"]
]


class Quiet:
    def stage(self, name, total=None):
        pass

    def advance(self, size):
        pass


@pytest.fixture(scope="session")
def catalogue():
    return load(ROOT / "policies")


def merged(under, over):
    if not isinstance(under, dict) or not isinstance(over, dict):
        return over
    return under | {key: merged(under.get(key), value) for key, value in over.items()}


def assessment_of(case, today):
    default = {
        "format": 1,
        "checklist": "pre-sync",
        "checklist_version": "2026.11",
        "system": {
            "id": "land-registry", "level": 3, "name": "Cơ sở dữ liệu đất đai",
            "agency": "Sở Nông nghiệp và Môi trường tỉnh Mẫu",
            "owner": "Sở Nông nghiệp và Môi trường tỉnh Mẫu",
            "operator": "Văn phòng đăng ký đất đai tỉnh Mẫu",
        },
    }  # fmt: skip
    return merged(default, case.get("assessment", {}))


def written(folder, case, today):
    """The case as an assessment folder; gives the paths of its traffic."""
    dump = lambda name, value: (folder / name).write_text(  # noqa: E731
        yaml.safe_dump(value, allow_unicode=True), encoding="utf-8"
    )
    dump("assessment.yaml", assessment_of(case, today))
    for name in ("network", "inventory", "endpoints"):
        if name in case:
            dump(f"{name}.yaml", case[name])
    entries = []
    (folder / "evidence").mkdir()
    for number, given in enumerate(case.get("evidence", ()), start=1):
        entry = {"id": f"ev-{number:04}", "registered": today} | {
            key: value
            for key, value in given.items()
            if key not in ("name", "text", "sample", "state")
        }
        if "text" in given or "sample" in given:
            content = bytes_of(given)
            entry |= {
                "file": f"evidence/{given['name']}",
                "sha256": hashlib.sha256(content).hexdigest(),
                "size": len(content),
            }
            if given.get("state") != "missing":
                changed = b" " if given.get("state") == "changed" else b""
                (folder / "evidence" / given["name"]).write_bytes(content + changed)
        entries.append(entry)
    dump("evidence.yaml", {"format": 1, "evidence": entries})
    paths = []
    for given in case.get("traffic", ()):
        if "sample" in given:
            paths.append(ROOT / "samples" / given["sample"])
        else:
            (folder / "traffic").mkdir(exist_ok=True)
            paths.append(folder / "traffic" / given["name"])
            paths[-1].write_text(given["text"], encoding="utf-8")
    return tuple(paths)


def bytes_of(given):
    if "sample" in given:
        return (ROOT / "samples" / given["sample"]).read_bytes()
    return given["text"].encode()


def outcome_of(case, probe, arguments, today, catalogue, tmp_path):
    paths = written(tmp_path, case, today)
    order = pipeline.Order(
        paths=paths,
        policies=pipeline.data_folder("policies"),
        geoip=pipeline.data_folder("geoip"),
    )
    now = datetime.fromisoformat(f"{today}T10:00:00").replace(tzinfo=timezone(timedelta(hours=7)))
    facts, _ = readiness.gathered(
        folders.opened(tmp_path), catalogue, order if paths else None, now, lambda _: None, Quiet()
    )
    if "baseline" in case:
        text = json.dumps({"format": 1, "edges": case["baseline"]})
        facts = dataclasses.replace(facts, baseline=baseline.from_json(text, "baseline.json"))
    return asked(PROBES[probe], facts, arguments)


@pytest.mark.parametrize(("path", "case"), CASES)
def test_a_probe_says_of_its_sample_what_the_sample_says(path, case, catalogue, tmp_path):
    sample = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert sample["probe"] == path.stem, "a sample is named after its probe"
    arguments = case.get("arguments", sample.get("arguments", {}))
    outcome = outcome_of(case, path.stem, arguments, sample["today"], catalogue, tmp_path)
    assert outcome.answer == case["gives"], outcome.says.en
    assert outcome.says.vi != outcome.says.en
    if "says" in case:
        assert case["says"] in outcome.says.en
    if outcome.answer in ("fail", "partial", "unknown", "pending"):
        assert outcome.way_out, "whoever has to mend it must be told how"


@pytest.mark.parametrize("probe", sorted(PROBES))
def test_every_probe_has_a_sample_that_holds_one_that_fails_and_one_that_stays_unknown(probe):
    path = SAMPLES / f"{probe}.yaml"
    assert path.exists(), f"samples/checklist/{probe}.yaml is missing"
    gives = {case["gives"] for case in yaml.safe_load(path.read_text(encoding="utf-8"))["cases"]}
    holds = {"clear"} if PROBES[probe].proves == "failure" else {"pass", "pending"}
    assert gives & holds, "no case that holds"
    assert "fail" in gives, "no case that fails"
    assert "unknown" in gives, "no case that stays unknown"
