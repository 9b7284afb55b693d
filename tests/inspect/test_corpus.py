"""How right the detectors are on 2,000 labelled documents, and on as many they were not tuned on."""

from collections import Counter
from pathlib import Path

import pytest
import yaml

from auditor.inspect.detectors.lint import load_detectors
from auditor.inspect.detectors.search import Search
from tests.inspect import corpus

POLICIES = Path(__file__).parents[2] / "policies"
CHECKSUMMED = {"tax-code", "card-number", "vietqr", "travel-document-zone", "identity-card-line"}
LABELLED = {*corpus.PHRASES, *corpus.COLUMNS, "secrecy-mark", "secrecy-mark-high"}
ALIKE = {"domestic-card-number": "card-number"}
"""Detectors that share what they find: whichever takes it is right."""


@pytest.fixture(scope="module")
def search():
    codes = {
        category["code"]
        for name in ("decision-20-2025", "decree-356-2025")
        for category in yaml.safe_load((POLICIES / f"{name}.yaml").read_text("utf-8"))["categories"]
    }
    return Search(load_detectors(POLICIES / "detectors", codes, examples=False), bytes(32))


def found(search, document):
    """How many different values each detector found."""
    item = search.item(0, "corpus")
    if document.names:
        item.table(document.names, [list(column) for column in zip(*document.rows, strict=True)])
    else:
        item.text(document.text.encode())
    item.close()
    out = Counter()
    for one in item.found:
        if one.detector.kind != "topic":
            out[ALIKE.get(one.detector.id, one.detector.id)] += one.subjects.count
    return out


def judged(search, documents):
    """For each detector: right, false and missed, by documents and by values; and the mistakes."""
    counts = {}
    wrong = []
    for document in documents:
        seen = found(search, document)
        for name in {*seen, *document.expected}:
            want, have = document.expected[name], seen[name]
            by_document = counts.setdefault((name, "documents"), Counter())
            by_document["right"] += bool(want and have)
            by_document["false"] += bool(have and not want)
            by_document["missed"] += bool(want and not have)
            by_value = counts.setdefault((name, "values"), Counter())
            by_value["right"] += min(want, have)
            by_value["false"] += max(have - want, 0)
            by_value["missed"] += max(want - have, 0)
            if want != have:
                wrong.append((name, want, have, document))
    return counts, wrong


def share(part, rest):
    return part / (part + rest) if part + rest else 1.0


@pytest.mark.parametrize("seed", [corpus.SEED, corpus.HELD_OUT], ids=["tuned", "held-out"])
def test_what_is_found_is_there_and_what_is_there_is_found(search, seed):
    counts, wrong = judged(search, corpus.documents(seed))
    assert {name for name, _ in counts} >= LABELLED
    lines = []
    for (name, by), count in sorted(counts.items()):
        precision, recall = (
            share(count["right"], count["false"]),
            share(count["right"], count["missed"]),
        )
        fewest = (0.99, 0.97) if name in CHECKSUMMED else (0.97, 0.95)
        if precision < fewest[0] or recall < fewest[1]:
            lines.append(f"{name} by {by}: precision {precision:.3f}, recall {recall:.3f} {count}")
            lines += [
                f"  expected {want}, found {have} in {str(document)[:1500]}"
                for what, want, have, document in wrong
                if what == name
            ][:3]
    assert not lines, "\n".join(lines)
