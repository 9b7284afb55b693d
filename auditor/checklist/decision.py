"""Answers, attestations, evidence and outcomes together: the state of every item."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from auditor.checklist import standing, verdict
from auditor.checklist.conclusions import (
    changed_since,
    contradiction,
    group_result,
    has_failed,
    not_asked,
    out_of_date,
    says_yes,
    way_out_of,
    word_of,
)
from auditor.checklist.facts import VIETNAM, numbers_for
from auditor.checklist.probes import PROBES
from auditor.checklist.state_words import REASONS, TO_CONFIRM
from auditor.model.readiness import (
    VERSION,
    Attestation,
    Basis,
    EvidenceRow,
    ItemResult,
    Measure,
    Outcome,
    Readiness,
    Subject,
    Waiver,
)  # fmt: skip
from auditor.model.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from auditor.checklist.assessment import (
        AnswerEntry,
        Assessment,
        AttestationEntry,
        WaiverEntry,
    )  # fmt: skip
    from auditor.checklist.catalogue import Catalogue
    from auditor.checklist.checks import Checks
    from auditor.checklist.folder import Folder
    from auditor.checklist.held import Held
    from auditor.checklist.verdict import Kept
    from auditor.model.checklist import Item, ProbeCall
    from auditor.model.problem import Problem
    from auditor.model.readiness import SignatureRow

TECHNICAL: Final = ("NET", "BND", "ACC", "CRY", "LOG", "MAL", "VUL", "BCK", "DAT")
"""Groups whose failures contradict a plan that is said to be fully deployed."""

DEPLOYED: Final = "DOS-05"


class Deciding:
    """One assessment on one day."""

    def __init__(
        self,
        folder: Folder,
        catalogue: Catalogue,
        held: Mapping[str, tuple[Held, ...]],
        checks: Checks | None,
        changed: Sequence[str],
        now: datetime,
    ) -> None:
        self.folder = folder
        self.catalogue = catalogue
        self.checks = checks
        self.changed = set(changed)
        self.now = now
        self.today = now.astimezone(VIETNAM).date()
        self.kinds = {kind.id: kind for kind in catalogue.checklist.kinds}
        self.held = {each.entry.id: each for every in held.values() for each in every}
        system = folder.assessment.system
        numbers = numbers_for(catalogue.limits, system.level, folder.assessment.numbers)
        most = numbers["check-days"].value if "check-days" in numbers else None
        self.void = standing.check_void(checks, self.held, self.today, most) if checks else None
        answers = folder.answers
        self.answers = {entry.item: entry for entry in answers.answers}
        self.waivers = {entry.item: entry for entry in answers.waivers}
        self.attestations: dict[str, list[AttestationEntry]] = {}
        for entry in answers.attestations:
            self.attestations.setdefault(entry.item, []).append(entry)

    def readiness(
        self,
        version: str,
        signatures: tuple[SignatureRow, ...],
        problems: tuple[Problem, ...],
        fingerprint: str,
    ) -> Readiness:
        """The whole assessment, decided."""
        checklist, system = self.catalogue.checklist, self.folder.assessment.system
        items = self._deployed(tuple(self.item(item) for item in checklist.items))
        decided, why, gates, conditions = verdict.overall(
            items, self.today, gates_off(self.folder.assessment)
        )
        checks = self.checks
        counts: dict[str, int] = {}
        for item in items:
            counts[item.state] = counts.get(item.state, 0) + 1
        dates = self.folder.assessment.dates
        return Readiness(
            version=VERSION,
            auditor_version=version,
            at=self.now,
            checklist=checklist.id,
            checklist_version=checklist.version,
            checklist_sha256=self.catalogue.sha256,
            checklist_title=Text(checklist.title.vi, checklist.title.en),
            checklist_note=Text(checklist.note.vi, checklist.note.en),
            levels_version=self.catalogue.levels.version,
            instruments=dict(checklist.instruments),
            subject=Subject(
                system=system.id,
                name=system.name,
                agency=system.agency,
                owner=system.owner,
                operator=system.operator,
                level=system.level,
                conditions=tuple(dict.fromkeys((*system.conditions, *sorted(system.holding)))),
                first_connection=dates.first_connection or "",
                last_change=dates.last_change or "",
                description=system.description,
            ),
            verdict=decided,
            verdict_why=why,
            gates=gates,
            conditions=conditions,
            state_counts=counts,
            groups=tuple(
                group_result(group.id, Text(group.title.vi, group.title.en), items)
                for group in checklist.groups
            ),
            items=items,
            evidence=tuple(self.row(each) for each in self.held.values()),
            signatures=signatures,
            problems=problems + (checks.problems if checks else ()),
            fingerprint=fingerprint,
            checked=checks.at if checks else None,
            inputs=checks.inputs if checks else (),
            coverage=checks.traffic if checks else None,
            unverified=tuple(
                name
                for name in checklist.instruments
                if name != "DEFAULT"
                and not any(
                    row.mark == "C"
                    for item in checklist.items
                    for row in item.basis
                    if row.instrument == name
                )
            ),
        )

    def item(self, item: Item) -> ItemResult:
        """One item, decided."""
        evidence = self._evidence(item)
        outcomes = self._outcomes(item)
        answer, voided = self._answer(item, outcomes)
        attestations = tuple(
            self._attestation(item, entry, evidence, answer)
            for entry in self.attestations.get(item.id, ())
        )
        attested = word_of(attestations)
        waiver = self._waiver(item)
        kept = self._kept(item, evidence)
        said = answer.said if answer else "nothing"
        state = verdict.state_of(
            verdict.Situation(
                mode=item.mode,
                gate=item.gate,
                applies=self._applies(item),
                answers=tuple(outcome.answer for outcome in outcomes),
                evidence=kept,
                said=said,
                attested=attested,
                waived=waiver is not None and waiver.void is None,
            )
        )
        apart = said == "not-applicable" and state == "manual_pending"
        missing = self._missing(item, evidence) if state != "not_applicable" else ()
        measure = answer.measure if answer else None
        return ItemResult(
            id=item.id,
            group=item.group,
            title=Text(item.title.vi, item.title.en),
            question=Text(item.question.vi, item.question.en),
            mode=item.mode,
            gate=item.gate,
            part=item.part,
            basis=tuple(
                Basis(row.instrument, row.article, row.mark, row.binds, row.note)
                for row in item.basis
            ),
            state=state,
            why=TO_CONFIRM if apart else REASONS[state],
            said=said,
            explanation=answer.explanation if answer else "",
            answered_by=answer.by if answer else "",
            answered_at=answer.at if answer else None,
            outcomes=outcomes,
            evidence=tuple(each.entry.id for each in evidence),
            missing=missing,
            attestations=attestations,
            waiver=waiver,
            measure=Measure(**measure.model_dump()) if measure else None,
            contradicted=contradiction(outcomes, said, attested),
            voided=voided,
            way_out=TO_CONFIRM if apart else way_out_of(item, state, outcomes, missing),
            hint=Text(item.hint.vi, item.hint.en),
            attests=Text(item.attests.vi, item.attests.en) if item.attests else None,
            text_sha256=item.text_hash(),
        )

    def row(self, held: Held) -> EvidenceRow:
        """One piece of evidence as the papers show it."""
        entry, kind = held.entry, self.kinds[held.entry.kind]
        stale = held.state == "present" and standing.too_old(held, kind, self.today)
        return EvidenceRow(
            id=entry.id,
            kind=entry.kind,
            kind_title=Text(kind.title.vi, kind.title.en),
            form=kind.form,
            file=entry.file,
            sha256=entry.sha256,
            size=entry.size,
            items=tuple(
                item.id
                for item in self.catalogue.checklist.items
                if entry.kind in item.evidence and (not entry.items or item.id in entry.items)
            ),
            number=entry.number,
            dated=entry.dated,
            signer=entry.signer,
            effective=entry.effective,
            collected=entry.collected,
            registered=entry.registered,
            by=entry.by,
            state="stale" if stale else held.state,
        )

    def _applies(self, item: Item) -> bool:
        system = self.folder.assessment.system
        return system.level in item.levels and system.holding.issuperset(item.when)

    def _answer(
        self, item: Item, outcomes: tuple[Outcome, ...]
    ) -> tuple[AnswerEntry | None, Text | None]:
        answer = self.answers.get(item.id)
        if answer is None:
            return None, None
        voided = standing.answer_void(answer, item, self.today)
        if voided is None and answer.said == "not-applicable":
            voided = self._seen_before(item, outcomes)
        return (answer, None) if voided is None else (None, voided)

    def _seen_before(self, item: Item, outcomes: tuple[Outcome, ...]) -> Text | None:
        """What an earlier check found in an item that is now said not to apply.

        Evidence that changes after a failure makes it out of date, but not undone.
        """
        earlier = self.checks.items.get(item.id, ("", ()))[1] if self.checks else ()
        found = any(each.answer in ("fail", "partial") for each in earlier)
        if not found or any(each.answer in ("fail", "partial") for each in outcomes):
            return None
        return Text(
            "Lần kiểm tra trước cho thấy mục này có liên quan: chạy lại kiểm tra rồi mới xét "
            "“không áp dụng”.",
            'The check before found something here: check again before it counts as "not '
            'applicable".',
        )

    def _evidence(self, item: Item) -> tuple[Held, ...]:
        return tuple(
            each
            for each in self.held.values()
            if each.entry.kind in item.evidence
            and (not each.entry.items or item.id in each.entry.items)
        )

    def _kept(self, item: Item, evidence: tuple[Held, ...]) -> Kept:
        usable = [each for each in evidence if standing.usable(each, self.today)]
        seen = self._saw_traffic(item)
        if not usable and not seen:
            return "none"
        for kind in {each.entry.kind for each in usable}:
            young = [each for each in usable if each.entry.kind == kind]
            if all(standing.too_old(each, self.kinds[kind], self.today) for each in young):
                return "stale"
        if seen and not usable and self._old_traffic():
            return "stale"
        return "fresh"

    def _saw_traffic(self, item: Item) -> bool:
        return (
            self.checks is not None
            and self.checks.traffic is not None
            and any(self.kinds[kind].form == "traffic" for kind in item.evidence)
        )

    def _old_traffic(self) -> bool:
        window = self.checks.traffic.window if self.checks and self.checks.traffic else None
        fresh = next((k.fresh_days for k in self.kinds.values() if k.form == "traffic"), None)
        if window is None or fresh is None:
            return False
        return self.today - window[1].astimezone(VIETNAM).date() > timedelta(days=fresh)

    def _outcomes(self, item: Item) -> tuple[Outcome, ...]:
        if self.checks is None or item.id not in self.checks.items:
            return tuple(not_asked(call.probe) for call in item.probes)
        text, outcomes = self.checks.items[item.id]
        if text != item.text_hash() or len(outcomes) != len(item.probes):
            return tuple(out_of_date(outcome, changed_since(self.catalogue.checklist.id))
                         for outcome in outcomes)  # fmt: skip
        if self.void is not None:
            return tuple(out_of_date(outcome, self.void) for outcome in outcomes)
        decided = []
        for call, outcome in zip(item.probes, outcomes, strict=True):
            changed = self._changed_for(item, call)
            decided.append(out_of_date(outcome, changed_since(*changed)) if changed else outcome)
        return tuple(decided)

    def _changed_for(self, item: Item, call: ProbeCall) -> tuple[str, ...]:
        """What changed since the check and may change this outcome.

        The folder's own files touch every outcome; evidence only those that look at its kind.
        """
        probe = PROBES.get(call.probe)
        kinds = {*item.evidence, *call.arguments.values(), *(probe.needs if probe else ())}
        return tuple(
            name
            for name in sorted(self.changed)
            if name not in self.held or self.held[name].entry.kind in kinds
        )

    def _attestation(
        self,
        item: Item,
        entry: AttestationEntry,
        evidence: tuple[Held, ...],
        answer: AnswerEntry | None,
    ) -> Attestation:
        asked = sorted(
            (each for each in evidence if standing.usable(each, self.today)),
            key=lambda each: each.age_key,
            reverse=True,
        )
        voided = standing.word_void(entry, item, self.held, asked, self.kinds, self.today, answer)
        return Attestation(
            holds=entry.holds,
            person=entry.person,
            role=entry.role,
            unit=entry.unit,
            statement=entry.statement,
            at=entry.at,
            valid_until=entry.valid_until,
            signature=entry.signature,
            key=entry.key,
            voided=voided,
            applies=entry.applies,
        )

    def _waiver(self, item: Item) -> Waiver | None:
        entry: WaiverEntry | None = self.waivers.get(item.id)
        if entry is None:
            return None
        void = standing.waiver_void(entry, item, self.today)
        return Waiver(entry.approver, entry.role, entry.reason, entry.at, entry.until, void)

    def _missing(self, item: Item, evidence: tuple[Held, ...]) -> tuple[Text, ...]:
        there = {each.entry.kind for each in evidence if each.state != "missing"}
        return tuple(
            Text(self.kinds[kind].title.vi, self.kinds[kind].title.en)
            for kind in item.evidence
            if kind not in there and not (self.kinds[kind].form == "traffic" and self._traffic())
        )

    def _traffic(self) -> bool:
        return self.checks is not None and self.checks.traffic is not None

    def _deployed(self, items: tuple[ItemResult, ...]) -> tuple[ItemResult, ...]:
        """A plan said to be fully deployed has failed where technical items have."""
        failing = [
            item.id
            for item in items
            if item.group in TECHNICAL and item.outcomes and has_failed(item)
        ]
        return tuple(
            replace(
                item,
                state="fail" if item.state in verdict.MET else item.state,
                why=REASONS["fail"] if item.state in verdict.MET else item.why,
                contradicted=Text(
                    f"Phương án được khai là đã triển khai, nhưng các mục sau không đạt: "
                    f"{', '.join(failing)}.",
                    f"The plan is said to be deployed, but these items fail: {', '.join(failing)}.",
                ),
            )
            if item.id == DEPLOYED and failing and (item.said == "yes" or says_yes(item))
            else item
            for item in items
        )


def gates_off(assessment: Assessment) -> tuple[str, ...]:
    """Soft gates that the agency does not keep, with a reason."""
    return tuple(name for name, reason in assessment.soft_gates_off.items() if reason.strip())
