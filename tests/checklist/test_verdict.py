from __future__ import annotations

from itertools import product

import pytest

from auditor.checklist.verdict import MET, Situation, state_of

ANSWERS = ("pass", "fail", "partial", "clear", "pending", "unknown", "error")


def state(mode="A", *answers, gate="none", applies=True, evidence="fresh", said="nothing",
          attested="nobody", waived=False):  # fmt: skip
    return state_of(Situation(mode, gate, applies, answers, evidence, said, attested, waived))


EVERY = [
    Situation(mode, gate, applies, answers, evidence, said, attested, waived)
    for mode, gate, applies, answers, evidence, said, attested, waived in product(
        "AFPH", ("hard", "soft", "none"), (True, False),
        [(one, two) for one in ANSWERS for two in ANSWERS],
        ("none", "fresh", "stale"), ("nothing", "yes", "partly", "no", "not-applicable"),
        ("nobody", "yes", "no"), (True, False),
    )
]  # fmt: skip


def test_what_a_probe_disproves_is_never_met_whatever_anybody_says():
    for case in EVERY:
        if case.applies and "fail" in case.answers:
            assert state_of(case) in ("fail", "waived"), case


def test_a_pass_needs_probes_that_all_say_so_and_evidence():
    for case in EVERY:
        if state_of(case) == "pass":
            assert case.mode == "A", case
            assert "pass" in case.answers and set(case.answers) <= {"pass", "clear"}, case
            assert case.evidence == "fresh", case


def test_an_attested_pass_needs_a_persons_word_and_something_that_was_looked_at():
    for case in EVERY:
        if state_of(case) == "attested_pass":
            assert case.attested == "yes", case
            assert case.said not in ("no", "partly"), case
            assert case.evidence == "fresh" or not set(case.answers) & {"unknown"}, case
            assert not set(case.answers) & {"fail", "partial", "error"}, case


def test_a_waiver_covers_a_lack_but_never_a_confirmed_gate_and_never_makes_anything_met():
    for case in EVERY:
        found = state_of(case)
        bare = state_of(Situation(*(getattr(case, name) for name in case.__slots__[:-1]), False))
        if found == "waived":
            assert case.waived and case.gate != "hard" and bare not in MET, case
        else:
            assert found == bare, case


def test_a_gate_is_not_set_aside_by_saying_so():
    for case in EVERY:
        if case.applies and case.gate != "none" and state_of(case) == "not_applicable":
            assert case.said == "not-applicable" and case.attested == "yes", case


def test_silence_proves_nothing():
    for mode in "AFPH":
        assert state(mode, "unknown", evidence="none") == "not_checked"
        assert state(mode, "unknown", evidence="none", said="yes") == "unknown"
    assert state("F", "clear", "clear") == "no_contrary_evidence"
    assert state("F", "unknown", attested="yes") == "unknown"
    assert state("F", "clear", "unknown", attested="yes") == "no_contrary_evidence"
    assert state("A", "pass", "unknown", attested="yes") == "unknown"


@pytest.mark.parametrize(
    ("given", "gives"),
    [
        (("A", "pass", "pass"), "pass"),
        (("A", "pass", "pending"), "manual_pending"),
        (("A", "pass", "error"), "error"),
        (("A", "fail", "error"), "fail"),
        (("P", "pass"), "manual_pending"),
        (("H", "pass"), "manual_pending"),
        (("P", "partial"), "partial"),
    ],
)
def test_each_mode_goes_as_far_as_it_may(given, gives):
    assert state(*given) == gives


def test_old_evidence_decides_nothing_but_does_not_hide_a_failure():
    assert state("A", "pass", evidence="stale") == "stale"
    assert state("P", "pass", evidence="stale", attested="yes") == "stale"
    assert state("A", "fail", evidence="stale") == "fail"


def test_a_persons_no_counts_against_a_clean_check():
    assert state("A", "pass", attested="no") == "attested_fail"
    assert state("P", "pass", said="no", attested="yes") == "fail"
