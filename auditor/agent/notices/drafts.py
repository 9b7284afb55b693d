"""What is told to whom: drafts for the outbox, one per channel that wants to hear of it.

The content is one JSON document, the same for every way of sending; ``version`` 1:

* ``version``, ``kind`` (news, assessment, trouble, silence, recovery, digest, test), ``job``,
  ``severity``, ``title`` and ``text`` (each ``vi`` and ``en``);
* news: ``agency``; ``run`` (``id``, ``started``, ``finished``, ``inputs``, ``flows``,
  ``crossing_flows``, ``outbound_bytes``, ``findings``); ``counts`` of what is told (``new``,
  ``back``, ``changed``, ``gone``); ``changes``, at most 50, the heaviest first (``news``, ``id``,
  ``rule``, ``title``, ``severity``, ``state``, ``certainty``, ``system``, ``recipient``,
  ``category``, ``countries``, ``flows``, ``outbound_bytes``, ``first_seen``, ``changes`` = field:
  before and now); ``more`` = how many are not listed; ``doubts`` (``problems``,
  ``undecided_flows``, ``undecided_outbound_bytes``);
* assessment: ``system``; ``verdict`` (before and now; null = the same); ``changes`` (``item``,
  ``title``, ``before``, ``now``), ``more``; ``expiring`` (``item``, ``title``, ``until``);
* trouble, silence, recovery: ``what`` = a code, ``detail`` = what was said about it;
* digest: ``notices`` = documents as above, at most 50 with at most 50 changes in all;
  ``more_notices`` = how many are not listed.

Delivered, it also has ``id``, ``channel`` and ``created``. Text from traffic is made harmless to
read; content of flows, personal data and secrets are never in it.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from auditor.agent.notices.sending import stamp
from auditor.agent.notices.times import not_before
from auditor.agent.notices.wording import INDICATOR, TITLES, TROUBLES
from auditor.model.finding import SEVERITIES
from auditor.model.text import Text, legible
from auditor.report.formats import visible
from auditor.report.problem_words import SETTLED
from auditor.store.outbox import Draft

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from auditor.agent.channels import Channel
    from auditor.agent.settings import Agent
    from auditor.model.run import Run
    from auditor.store.assessments import Changes
    from auditor.store.findings import Change, News
    from auditor.store.outbox import Notice

VERSION: Final = 1
MOST: Final = 50
"""Changes (and, in a digest, notices) that are listed; the rest is counted."""
WORSE: Final = ("fail", "attested_fail", "error", "stale", "unknown")
"""States of checklist items that want somebody to look."""
_NEWS: Final = ("new", "back", "changed", "gone")


def news_drafts(news: News, run: Run, job: str, settings: Agent, now: datetime) -> list[Draft]:
    """What a run has that is new, back, changed or gone; nothing of it, no notice.

    Args:
        news: from ``findings.recorded``.
        run: the run.
        job: its name.
        settings: the agent's.
        now: when it ended.
    """
    drafts = []
    for channel in _listening(settings, "news", job):
        told = [
            (name, change)
            for name in _NEWS
            for change in getattr(news, name)
            if _heaviest(change) <= SEVERITIES.index(channel.at_least)
        ]
        if not told:
            continue
        told.sort(key=_attention)
        alive = [SEVERITIES.index(change.severity) for name, change in told if name != "gone"]
        severity = SEVERITIES[min(alive)] if alive else "info"
        content = {
            **_head("news", job, severity, TITLES["news"], INDICATOR),
            "agency": None if run.agency is None else _plain(run.agency),
            "run": _run(run),
            "counts": {name: sum(name == each for each, _ in told) for name in _NEWS},
            "changes": [_listed(name, change) for name, change in told[:MOST]],
            "more": max(0, len(told) - MOST),
            "doubts": {
                "problems": sum(each.code not in SETTLED for each in run.problems),
                "undecided_flows": run.totals.undecided_flows,
                "undecided_outbound_bytes": run.totals.undecided_outbound_bytes,
            },
        }
        drafts.append(_draft(channel, "news", content, run.run_id, run.run_id, settings, now))
    return drafts


def assessment_drafts(
    changes: Changes, system: str, job: str, occasion: str, settings: Agent, now: datetime
) -> list[Draft]:
    """What a checklist's check says otherwise than the one before, and what soon runs out.

    Args:
        changes: from ``assessments.added``; nothing in it, no notice.
        system: what is assessed.
        job: its name.
        occasion: names this check; the same one is told once.
        settings: the agent's.
        now: when it ended.
    """
    if changes.verdict is None and not changes.items and not changes.expiring:
        return []
    worse = any(each.after in WORSE for each in changes.items)
    severity = "medium" if worse or changes.verdict is not None else "info"
    content = {
        **_head("assessment", job, severity, TITLES["assessment"], INDICATOR),
        "system": _plain(system),
        "verdict": None if changes.verdict is None else list(changes.verdict),
        "changes": [
            {"item": _plain(each.item), **_titled(each.title), "before": each.before}
            | {"now": each.after}
            for each in changes.items[:MOST]
        ],
        "more": max(0, len(changes.items) - MOST),
        "expiring": [
            {"item": _plain(each.item), **_titled(each.title), "until": each.until.isoformat()}
            for each in changes.expiring[:MOST]
        ],
    }
    return [
        _draft(channel, "news", content, None, occasion, settings, now)
        for channel in _listening(settings, "news", job)
    ]


def trouble_drafts(
    job: str | None,
    what: str,
    settings: Agent,
    now: datetime,
    *,
    detail: str = "",
    severity: str = "high",
    occasion: str = "",
    but: str = "",
) -> list[Draft]:
    """That the agent has trouble.

    Args:
        job: whose trouble it is; null = the whole agent's: every channel for trouble hears it.
        what: a code of ``wording.TROUBLES``.
        settings: the agent's.
        now: when it is told.
        detail: what happened, in a sentence; no secrets.
        severity: ``high``, or ``medium`` where the agent goes on; it waits for the end of quiet
            hours unless their ``but`` lets it through.
        occasion: names this trouble, such as the attempt's number: the same one is told once;
            empty = the moment names it.
        but: a channel that is not told, because it is the trouble.
    """
    content = {
        **_head("trouble", job, severity, TITLES["trouble"], _said(what)),
        "what": what,
        "detail": _plain(detail, 1000),
    }
    return [
        _draft(channel, "trouble", content, None, f"{what} {occasion or now}", settings, now)
        for channel in _listening(settings, "trouble", job)
        if channel.name != but
    ]


def silence_drafts(job: str, heard: datetime | None, settings: Agent, now: datetime) -> list[Draft]:
    """That no new input came for longer than the job's ``silent_after``.

    Args:
        job: its name.
        heard: when the last one came; null = none ever did.
        settings: the agent's.
        now: when it is told.
    """
    content = {
        **_head("silence", job, "medium", TITLES["silence"], TROUBLES["silence"]),
        "what": "silence",
        "detail": "" if heard is None else stamp(heard),
    }
    return [
        _draft(channel, "silence", content, None, f"silence {heard or now}", settings, now)
        for channel in _listening(settings, "silence", job)
    ]


def recovery_drafts(
    job: str | None, what: str, settings: Agent, now: datetime, *, occasion: str = ""
) -> list[Draft]:
    """That a trouble that was told (``silence`` among them) is over."""
    kind = "silence" if what == "silence" else "trouble"
    content = {
        **_head("recovery", job, "info", TITLES["recovery"], _said(what)),
        "what": what,
        "detail": "",
    }
    return [
        _draft(channel, kind, content, None, f"over {what} {occasion or now}", settings, now)
        for channel in _listening(settings, kind, job)
    ]


def digest(channel: str, gathered: Sequence[Notice], now: datetime) -> Draft:
    """One notice out of what gathered; the same ones give the same id."""
    left, documents = MOST, []
    for notice in gathered[:MOST]:
        content = dict(notice.content)
        if "changes" in content:
            listed = content["changes"][:left]
            content["more"] += len(content["changes"]) - len(listed)
            content["changes"] = listed
            left -= len(listed)
        documents.append({**content, "created": stamp(notice.created)})
    severity = min(
        (notice.severity or "info" for notice in gathered),
        key=SEVERITIES.index,
    )
    content = {
        **_head("digest", None, severity, TITLES["digest"], INDICATOR),
        "notices": documents,
        "more_notices": max(0, len(gathered) - MOST),
    }
    ids = "\0".join(notice.id for notice in gathered)
    return Draft(
        _id(channel, "digest", None, ids), channel, "digest", None, None, severity, content, now
    )


def trial(channel: str, now: datetime) -> dict[str, Any]:
    """The content of a message that only shows that messages arrive."""
    del channel, now
    return _head("test", None, "info", TITLES["test"], TROUBLES["test"])


def _listening(settings: Agent, about: str, job: str | None) -> Iterable[Channel]:
    for channel in settings.channels:
        if about in channel.about and (job is None or not channel.jobs or job in channel.jobs):
            yield channel


def _draft(
    channel: Channel,
    kind: str,
    content: dict[str, Any],
    run_id: str | None,
    occasion: str,
    settings: Agent,
    now: datetime,
) -> Draft:
    job, severity = content["job"], content["severity"]
    return Draft(
        id=_id(channel.name, kind, job, f"{content['kind']} {occasion}"),
        channel=channel.name,
        kind=kind,
        job=job,
        run_id=run_id,
        severity=severity,
        content=content,
        not_before=not_before(channel, severity, now, settings.clock),
    )


def _id(channel: str, kind: str, job: str | None, occasion: str) -> str:
    text = "\0".join((channel, kind, job or "", occasion))
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _head(kind: str, job: str | None, severity: str, title: Text, text: Text) -> dict[str, Any]:
    return {
        "version": VERSION,
        "kind": kind,
        "job": job,
        "severity": severity,
        "title": {"vi": title.vi, "en": title.en},
        "text": {"vi": text.vi, "en": text.en},
    }


def _said(what: str) -> Text:
    """What a code says; one that nobody gave words to must not keep a trouble from being told."""
    return TROUBLES.get(what, TROUBLES["agent"])


def _run(run: Run) -> dict[str, Any]:
    return {
        "id": run.run_id,
        "started": stamp(run.started),
        "finished": stamp(run.finished),
        "inputs": len(run.inputs),
        "flows": run.totals.flows,
        "crossing_flows": run.totals.crossing_flows,
        "outbound_bytes": run.totals.outbound_bytes,
        "findings": len(run.findings),
    }


def _heaviest(change: Change) -> int:
    """The place of its severity, or of the one before: one that became lighter is news as well."""
    before = change.changes.get("severity", [change.severity])[0]
    return min(SEVERITIES.index(change.severity), SEVERITIES.index(before))


def _attention(told: tuple[str, Change]) -> tuple[bool, int, int, int, str]:
    name, change = told
    place = SEVERITIES.index(change.severity)
    return name == "gone", place, _NEWS.index(name), -change.outbound_bytes, change.finding_id


def _listed(name: str, change: Change) -> dict[str, Any]:
    return {
        "news": name,
        "id": change.finding_id,
        "rule": _plain(change.rule),
        **_titled(change.title),
        "severity": change.severity,
        "state": change.state,
        "certainty": change.certainty,
        "system": None if change.system is None else _plain(change.system),
        "recipient": _plain(change.recipient),
        "category": None if change.category is None else _plain(change.category),
        "countries": [_plain(each) for each in change.countries[:MOST]],
        "flows": change.flows,
        "outbound_bytes": change.outbound_bytes,
        "first_seen": stamp(change.first_seen),
        "changes": {field: [_value(v) for v in pair] for field, pair in change.changes.items()},
    }


def _titled(title: Text) -> dict[str, dict[str, str]]:
    return {"title": {"vi": _plain(title.vi), "en": _plain(title.en)}}


def _value(value: Any) -> Any:  # noqa: ANN401 - text, a number, a list of countries, or null
    if isinstance(value, str):
        return _plain(value)
    if isinstance(value, (list, tuple)):
        return [_plain(str(each)) for each in value[:MOST]]
    return value


def _plain(text: str, most: int = 300) -> str:
    return visible(legible(text), most)
