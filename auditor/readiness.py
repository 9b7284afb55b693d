"""The order of the steps of a checklist's check: read flows, gather facts, ask probes, decide."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from auditor import __version__, pipeline
from auditor.checklist import checks as probing
from auditor.checklist import folder as folders
from auditor.checklist import signing
from auditor.checklist.assessment import Network
from auditor.checklist.catalogue import Catalogue, load
from auditor.checklist.checks import Checks
from auditor.checklist.decision import Deciding
from auditor.checklist.facts import VIETNAM, Facts, Traffic, numbers_for
from auditor.checklist.folder import Folder
from auditor.checklist.held import Held
from auditor.checklist.oddities import told
from auditor.checklist.writing import broken_history, edited, replaced, saved
from auditor.model.errors import InputError
from auditor.model.files import written
from auditor.model.inventory import Inventory
from auditor.model.problem import Problem
from auditor.model.readiness import Readiness, Reference
from auditor.model.text import legible

if TYPE_CHECKING:
    from datetime import datetime

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from auditor.checklist.signing import Manifest, Signer
    from auditor.model.problem import Note

CHECKS = "checks.json"
BASELINE = "baseline.json"
LOOKED_AT = ("assessment.yaml", "network.yaml", "inventory.yaml", "endpoints.yaml")


@dataclass(frozen=True, slots=True)
class Assessed:
    """An assessment folder with its catalogue, and what its evidence is today."""

    folder: Folder
    catalogue: Catalogue
    held: Mapping[str, tuple[Held, ...]]

    @property
    def manifest(self) -> Manifest:
        """Hashes of everything it says."""
        return signing.manifest(self.folder, self.catalogue, self.held)


def opened(path: Path, policies: Path) -> Assessed:
    """The assessment in ``path``, held against the checklist of a policies folder.

    Raises:
        InputError, PolicyError: the folder or a file in it cannot be used.
    """
    folder = folders.opened(path)
    return _again(folder, load(policies, folder.assessment.checklist))


def gathered(
    folder: Folder,
    catalogue: Catalogue,
    order: pipeline.Order | None,
    now: datetime,
    note: Note,
    progress: pipeline.Progress,
) -> tuple[Facts, tuple[Reference, ...]]:
    """Everything the probes may look at, and the captures and logs that were read.

    Args:
        folder: the assessment.
        catalogue: the checklist and its numbers.
        order: captures and flow logs to look at, and by what; null = none.
        now: the clock.
        note: takes what could not be read.
        progress: told what is being done.
    """
    from auditor.model.documents import read

    inventory_file = folder.path / "inventory.yaml"
    inventory = read(inventory_file, Inventory) if inventory_file.exists() else None
    held = folders.held(folder, catalogue.checklist)
    traffic: Traffic | None = None
    seen: tuple[Reference, ...] = ()
    if order is not None:
        from auditor.checklist.sources.traffic import traffic as added_up

        table, inputs, problems = pipeline.located_flows(order, progress, now.date())
        for problem in problems:
            note(problem)
        traffic = added_up(table, inputs, problems, folder.network, inventory)
        seen = tuple(
            Reference(legible(file.name), f"sha256 {file.sha256 or '-'}", file.reader or "")
            for file in inputs
        )
    baseline = None
    signed = signing.signatures(folder, signing.manifest(folder, catalogue, held), note)[1]
    kept = folder.path / BASELINE
    if kept.exists():
        digest = folders.sha256(kept)
        if any(manifest.get("files", {}).get(BASELINE) == digest for manifest in signed):
            from auditor.checklist.baseline import from_json

            baseline = from_json(kept.read_text(encoding="utf-8"), str(kept))
        else:
            note(
                Problem(
                    "baseline-unsigned",
                    BASELINE,
                    "The baseline is not the one that was signed; nothing is compared with it",
                    "Sign the assessment again, or put the signed baseline back.",
                )
            )
    level = folder.assessment.system.level
    facts = Facts(
        now=now,
        assessment=folder.assessment,
        numbers=numbers_for(catalogue.limits, level, folder.assessment.numbers),
        evidence=held,
        network=folder.network,
        endpoints=folder.endpoints,
        inventory=inventory,
        traffic=traffic,
        baseline=baseline,
        holidays=catalogue.holidays,
    )
    return facts, seen


def checked(
    assessed: Assessed,
    order: pipeline.Order | None,
    now: datetime,
    progress: pipeline.Progress,
) -> Assessed:
    """The assessment after all probes ran over its evidence and the named traffic.

    Raises:
        AuditorError: the traffic, or a file of the folder, cannot be used; nothing was changed.
    """
    from auditor.checklist.baseline import baseline_of, to_json

    folder, catalogue = assessed.folder, assessed.catalogue
    problems: list[Problem] = []
    facts, seen = gathered(folder, catalogue, order, now, problems.append, progress)
    progress.stage("judge")
    baseline = None
    if facts.traffic is not None:
        channel = baseline_of(facts.traffic, facts.network or Network())
        baseline = to_json(channel) if len(channel) else None
    found = Checks(
        format=probing.FORMAT,
        at=now,
        made_from=_made_from(folder, catalogue, facts.evidence),
        items=probing.asked_all(catalogue.checklist.items, facts),
        inputs=seen,
        traffic=facts.traffic.coverage if facts.traffic is not None else None,
        problems=tuple(problems),
        baseline=baseline,
    )
    changed = replaced(folder, CHECKS, probing.to_json(found), at=now, what=_told(found))
    return _again(changed, catalogue)


def readiness(assessed: Assessed, now: datetime) -> Readiness:
    """The assessment, decided.

    Raises:
        InputError: the results of the last check are damaged.
    """
    folder, catalogue, held = assessed.folder, assessed.catalogue, assessed.held
    problems: list[Problem] = []
    checks = last_checks(folder)
    manifest = assessed.manifest
    rows, _ = signing.signatures(folder, manifest, problems.append)
    problems += _problems(assessed)
    problems += told(folder, catalogue, held, now.astimezone(VIETNAM).date())
    by_hand = edited(folder)
    problems += [
        Problem(
            "edited-by-hand",
            name,
            f"{name} is not as the last command left it: edited, or put there from elsewhere",
            "Compare it with a copy; for checks.json run the checks again.",
        )
        for name in by_hand
    ]
    changed = probing.outdated(checks, _made_from(folder, catalogue, held)) if checks else ()
    if CHECKS in by_hand:
        changed += (CHECKS,)
    deciding = Deciding(folder, catalogue, held, checks, changed, now)
    return deciding.readiness(__version__, rows, tuple(problems), signing.fingerprint(manifest))


def attached_traffic(assessed: Assessed) -> tuple[Path, ...]:
    """Captures and logs that are registered as evidence and lie there unchanged."""
    return tuple(
        assessed.folder.path / each.entry.file
        for kind in assessed.catalogue.checklist.kinds
        if kind.form == "traffic"
        for each in assessed.held.get(kind.id, ())
        if each.state == "present"
    )


def scanned(assessed: Assessed, roots: Path | None, now: datetime) -> Assessed:
    """The assessment with a new TLS scan of the agency's own endpoints among its evidence.

    Raises:
        InputError: the list of endpoints is not signed, or names somebody else's; nothing is sent.
    """
    from auditor.checklist import entries
    from auditor.checklist.sources import scan

    folder = assessed.folder
    signing.endpoints_allowed(folder)
    network = folder.network or Network()
    forbidden = tuple(network.channel.center) + tuple(
        ip_network(address) for address in network.channel.agent_nodes
    )
    own = tuple(net for zone in network.zones for net in zone.networks) + tuple(network.public)
    if folder.endpoints is None:
        raise AssertionError("endpoints_allowed lets only listed endpoints pass")
    found = scan.scanned(folder.endpoints, forbidden=forbidden, own=own, roots=roots, now=now)
    name = f"tls-scan-{now:%Y%m%dT%H%M%SZ}.json"
    with TemporaryDirectory() as place:
        file = Path(place) / name
        file.write_text(scan.to_json(found), encoding="utf-8")
        register, entry = entries.attached(
            folder,
            entries.kind_of(assessed.catalogue.checklist, "tls-scan"),
            file,
            items=(),
            at=now,
            by=f"auditor {__version__}",
            facts={"collected": now.astimezone(VIETNAM).date().isoformat()},
            secret=False,
        )
    changed = saved(folder, "evidence.yaml", register, at=now, what=f"scan {entry.id}")
    return _again(changed, assessed.catalogue)


def signed(
    assessed: Assessed,
    signer: Signer,
    key: Ed25519PrivateKey,
    now: datetime,
    *,
    endpoints: bool,
) -> tuple[str, bool]:
    """Signs the assessment, or its list of endpoints.

    Gives the key's fingerprint, and whether ``assessment.yaml`` names it for this role.

    The channel as the last check saw it becomes the baseline that later checks compare with.

    Raises:
        StoreError: the signature cannot be written.
    """
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    folder = assessed.folder
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
    if endpoints:
        written(folder.path, {signing.ENDPOINTS: signing.endpoints_text(folder, signer, key, now)})
    else:
        checks = last_checks(folder)
        if checks is not None and checks.baseline is not None:
            folder = replaced(folder, BASELINE, checks.baseline, at=now, what="baseline")
            assessed = _again(folder, assessed.catalogue)
        name = f"{now:%Y%m%dT%H%M%S}-{signer.role}-{public[:8]}.json"
        text = signing.signed(assessed.manifest, signer, key, now)
        written(folder.path / signing.FOLDER, {name: text})
    return signing.key_fingerprint(public), signing.is_known(
        folder, public, signer.role, name=signer.person
    )


def _again(folder: Folder, catalogue: Catalogue) -> Assessed:
    return Assessed(folder, catalogue, folders.held(folder, catalogue.checklist))


def _told(checks: Checks) -> str:
    """A check in a line of the history: what it looked at, and what it disproved."""
    seen = ", ".join(each.source for each in checks.inputs[:20]) or "no traffic"
    failed = [
        name
        for name, (_, outcomes) in checks.items.items()
        if any(outcome.answer == "fail" for outcome in outcomes)
    ]
    return f"check of {seen}; fails: {', '.join(failed) or 'nothing'}"


def last_checks(folder: Folder) -> Checks | None:
    """What the probes found when they last ran; null = never.

    Raises:
        InputError: the file is damaged.
    """
    path = folder.path / CHECKS
    if not path.exists():
        return None
    if path.stat().st_size > probing.MOST_BYTES:
        raise InputError(
            "is too large", place=str(path), hint="Run the checks again: auditor checklist check."
        )
    return probing.from_json(path.read_text(encoding="utf-8", errors="replace"), str(path))


def _made_from(
    folder: Folder, catalogue: Catalogue, held: Mapping[str, tuple[Held, ...]]
) -> dict[str, str]:
    made = {name: folder.hashes[name] for name in LOOKED_AT if name in folder.hashes}
    made["levels.yaml"] = catalogue.numbers_sha256
    for every in held.values():
        for each in every:
            entry = each.entry
            facts = entry.model_dump(mode="json", exclude={"registered", "by", "note"})
            made[entry.id] = f"{each.state} {json.dumps(facts, ensure_ascii=False)}"
    return made


def _problems(assessed: Assessed) -> list[Problem]:
    """What is wrong with the folder itself."""
    folder, checklist = assessed.folder, assessed.catalogue.checklist
    found: list[Problem] = []
    if folder.assessment.checklist_version != checklist.version:
        found.append(
            Problem(
                "other-checklist-version",
                "assessment.yaml",
                f"The assessment was begun with checklist {folder.assessment.checklist_version}; "
                f"this is {checklist.version}. Answers to items whose wording changed do not count",
                "Answer the items that say so again, then write the new version.",
            )
        )
    kinds = {kind.id for kind in checklist.kinds}
    found += [
        Problem(
            "unknown-evidence-kind",
            "evidence.yaml",
            f"{entry.id} is of the kind {entry.kind}, which the checklist does not have",
            "Attach it anew under a kind of this checklist.",
        )
        for entry in folder.evidence.evidence
        if entry.kind not in kinds
    ]
    known = {item.id for item in checklist.items}
    answers = folder.answers
    named = {entry.item for entry in answers.answers}
    named |= {entry.item for entry in answers.attestations}
    named |= {entry.item for entry in answers.waivers}
    found += [
        Problem(
            "unknown-item",
            "answers.yaml",
            f"{name} is answered, but the checklist has no such item; the answer is kept",
            "Look whether the item has another id in this version.",
        )
        for name in sorted(named - known)
    ]
    for held in assessed.held.values():
        for each in held:
            place = each.entry.file or each.entry.id
            if each.state == "missing":
                found.append(
                    Problem(
                        "evidence-missing",
                        place,
                        "The evidence is gone since it was registered",
                        "Put the file back as it was, or attach it anew.",
                    )
                )
            elif each.state == "changed":
                found.append(
                    Problem(
                        "evidence-changed",
                        place,
                        "The evidence is not the file that was registered",
                        "Put the file back as it was, or attach it anew.",
                    )
                )
    broken = broken_history(folder.path)
    if broken is not None:
        found.append(
            Problem(
                "history-broken",
                "history.jsonl",
                f"Line {broken} does not follow from the line before it: the history was edited",
                "Ask who keeps the folder; compare with a copy.",
            )
        )
    return found
