"""What every detector that comes with the program must keep to."""

from pathlib import Path

import pytest

from auditor import classify
from auditor.inspect.detectors.lint import load_detectors
from auditor.model.content import COVERT_CHANNEL, STATE_SECRET
from auditor.policy import load_rules

POLICIES = Path(__file__).parents[2] / "policies"
CATALOGUE = classify.catalogue(POLICIES)
DETECTORS = load_detectors(POLICIES / "detectors", CATALOGUE.by_code, examples=False).all
HINTS = "content-hints-at-listed-data"


def ways(detector):
    """Every certainty that a hit of it can have."""
    said, minimum = detector.certainty, detector.minimum
    if detector.context is not None:
        yield said.with_context
    if minimum.alone is not None or detector.facts:
        yield said.alone
    if detector.columns:
        yield said.column
    if minimum.unnamed_column is not None:
        yield said.unnamed_column


def listed(detector):
    """Its labels that are core or important data without a number of subjects."""
    return [
        label
        for label in detector.labels
        if label in CATALOGUE
        and CATALOGUE[label].level in ("core", "important")
        and CATALOGUE[label].threshold is None
    ]


@pytest.mark.parametrize(
    "detector", [each for each in DETECTORS if listed(each)], ids=lambda d: d.id
)
def test_content_alone_only_hints_at_core_or_important_data(detector):
    assert set(ways(detector)) == {"weak"}


def test_every_hint_has_a_rule_that_asks_for_it():
    (rule,) = [each for each in load_rules(POLICIES / "rules.yaml").rules if each.id == HINTS]
    ((_, test),) = [
        pair for each in rule.when.all_ for pair in each.tests if pair[0] == "content_hints"
    ]
    asked = set(dict(test.operators())["has_any"])
    hinted = {label for each in DETECTORS if "weak" in ways(each) for label in listed(each)}
    assert hinted <= asked
    # an uncertain secrecy mark is a hint as well
    assert all(label in CATALOGUE for label in asked - {STATE_SECRET})


def test_marks_have_the_label_of_state_secrets_and_nothing_else_does():
    assert {each.kind for each in DETECTORS if STATE_SECRET in each.labels} == {"mark"}
    assert {each.labels for each in DETECTORS if each.kind == "mark"} == {(STATE_SECRET,)}


def test_one_detector_asks_for_covert_channels():
    (one,) = [each for each in DETECTORS if COVERT_CHANNEL in each.labels]
    assert one.facts == ("covert",)
