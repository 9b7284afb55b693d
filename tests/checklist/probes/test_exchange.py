"""Errors, reconciliation, limits, capacity, manifests and the history of changes."""

from __future__ import annotations

import pytest

from auditor.checklist.probe import asked
from auditor.checklist.probes import PROBES
from tests.checklist.probes.register_facts import facts, held, outcome, table


@pytest.mark.parametrize(
    ("row", "answer"),
    [
        ("nhẹ|2026-11-13|2026-11-20", "pass"),  # five working days
        ("nhẹ|2026-11-12|2026-11-20", "fail"),
        ("nhẹ|2026-02-13|2026-02-27", "pass"),  # Tết lies between
        ("vừa|2026-11-06|", "pass"),  # ten until today, a Saturday
        ("vừa|2026-11-05|", "fail"),
        ("nặng|2026-11-20|2026-11-19", "fail"),
        ("nhẹ|2026-11-20|2026-12-19", "unknown"),
        ("nhẹ||2026-11-19", "unknown"),
        ("|2026-11-18|2026-11-19", "unknown"),
    ],
)
def test_errors(row, answer):
    tables = {"quality-errors": table("error group opened closed", f"L1|{row}")}
    assert outcome("errors-closed", tables).answer == answer


@pytest.mark.parametrize(
    ("row", "answer"),
    [
        ("1.000|1000|ab|AB|", "pass"),
        ("1000|1000|ab|ac|", "fail"),
        ("1000|998|ab|ab|không", "fail"),
        ("1000|998|ab|ac|BB 12", "pass"),
        ("1000|1000|ab||", "partial"),
        ("1000||ab|ab|", "unknown"),
    ],
)
def test_reconciliation(row, answer):
    columns = "batch table source-rows target-rows source-checksum target-checksum explained"
    assert outcome("reconciled", {"reconciliation": table(columns, f"L|t|{row}")}).answer == answer


LIMITS = ("rate limit|100/phút", "retry|3", "idempotency|on", "timeout|30 s")


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        (LIMITS[0], "pass"),
        ("rate limit|0", "fail"),
        ("rate limit|không giới hạn", "fail"),
        ("rate limit|", "fail"),
        ("rate limit|-1", "fail"),
        ("khác|100", "fail"),
        ("throttle|50 rps", "pass"),
    ],
)
def test_gateway(change, answer):
    tables = {"gateway-settings": table("setting value", change, *LIMITS[1:])}
    assert outcome("gateway-limits", tables).answer == answer


def measurements(values):
    rows = [f"2026-11-{1 + n // 24:02} {n % 24:02}:00|{value}" for n, value in enumerate(values)]
    return {"capacity": table("time used-percent", *rows)}


@pytest.mark.parametrize(
    ("values", "answer"),
    [
        ([70] * 48, "pass"),
        ([70.1] * 48, "fail"),
        ([10] * 95 + [100] * 5, "pass"),  # the 95th of 100 is 10
        ([10] * 94 + [100] * 6, "fail"),
        ([10] * 19, "unknown"),
        ([10] * 20, "unknown"),  # within a day
        (["65 %"] * 48, "pass"),
        (["101"] + [10] * 48, "unknown"),
        ([0] * 48, "pass"),
        (["nhiều"] + [10] * 48, "unknown"),
    ],
)
def test_capacity(values, answer):
    assert outcome("capacity-within", measurements(values)).answer == answer


SHA = "ab" * 32


def manifested(rows, *packages):
    known = facts({"manifest": table("file sha256", *rows)})
    evidence = dict(known.evidence)
    for number, package in enumerate(packages, start=10):
        kind = package.pop("kind", "signed-package")
        state = package.pop("state", "present")
        piece = held(number, kind, None, **package)
        piece.state = state
        evidence[kind] = (*evidence.get(kind, ()), piece)
    object.__setattr__(known, "evidence", evidence)
    return asked(PROBES["hash-manifest"], known, {})


SAMPLE = {"kind": "data-sample", "file": "evidence/y.csv", "sha256": "0" * 64}
PACKAGE = {"file": "evidence/goi.json", "sha256": SHA}


@pytest.mark.parametrize(
    ("rows", "packages", "answer"),
    [
        ((f"goi.json|{SHA}",), (PACKAGE,), "pass"),
        ((f"C:\\goi\\GOI.json|{SHA.upper()}",), (PACKAGE,), "pass"),
        ((f"goi.json|{'0' * 64}",), (PACKAGE,), "fail"),
        ((f"khac.json|{'0' * 64}",), (PACKAGE,), "fail"),
        ((f"goi.json|{SHA}",), (PACKAGE | {"state": "changed"},), "fail"),
        (("goi.json|abc",), (PACKAGE,), "fail"),
        ((f"goi.json|{SHA}", f"goi.json|{'0' * 64}"), (PACKAGE,), "fail"),
        ((f"goi.json|{SHA}",), (), "unknown"),
        ((f"x.csv|{SHA}",), (SAMPLE,), "unknown"),
    ],
)  # fmt: skip
def test_manifests(rows, packages, answer):
    assert manifested(rows, *(dict(package) for package in packages)).answer == answer


@pytest.mark.parametrize(
    ("rows", "answer"),
    [
        (("r|1|2026-10-01 08:00|an", "r|2|2026-10-01 08:00|an"), "pass"),
        (("r|3|2026-10-01 08:00|an", "r|4|2026-10-02 08:00|an"), "pass"),
        (("r|1|2026-10-01 08:00|an", "r|1|2026-10-02 08:00|an"), "fail"),
        (("r|1|2026-10-02 08:00|an", "r|2|2026-10-01 08:00|an"), "fail"),
        (("r|1|2026-10-02 08:00|an", "r|3|2026-10-03 08:00|an"), "fail"),
        (("r|1|2026-12-02 08:00|an",), "fail"),
        (("r|1|2026-10-02 08:00|",), "fail"),
        (("r|một|2026-10-02 08:00|an",), "unknown"),
    ],
)
def test_history(rows, answer):
    tables = {"change-history": table("row version changed actor", *rows)}
    found = outcome("change-history-kept", tables)
    assert found.answer == answer
    assert all("an" not in reference.shows.split() for reference in found.references)
