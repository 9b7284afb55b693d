"""Which rules a transfer falls under (``regimes.yaml``), and what these rules ask for."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product
from typing import TYPE_CHECKING, get_args

from auditor.model.catalogue import Level
from auditor.model.documents import read
from auditor.model.regimes import NO_REGIME, Known, RegimeFile

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.model.catalogue import Catalogue
    from auditor.model.regimes import Regime
    from auditor.model.register import Dossier


def load_regimes(path: Path, catalogue: Catalogue) -> RegimeFile:
    """The regimes in ``path``, whose codes are compared to ``catalogue``.

    Raises:
        PolicyError: the file is missing or has mistakes; all are listed, with their lines.
    """
    categories = catalogue.by_code
    numbered = frozenset(code for code, row in categories.items() if row.threshold is not None)
    return read(path, RegimeFile, context=Known(frozenset(categories), numbered))


def unreachable(regimes: RegimeFile) -> list[str]:
    """Ids of regimes that no transfer can fall under, for others stand before them.

    Those without a level are not among them: rules point there.
    """
    days = period_starts(regimes)
    cases = product(get_args(Level), (True, False), (True, False), days)
    reached = {chosen(regimes, *case) for case in cases}
    return [each.id for each in regimes.regimes if each.levels and each.id not in reached]


def chosen(
    regimes: RegimeFile,
    level: Level | None,
    personal: bool | None,  # noqa: FBT001 - a fact of the category
    state_agency: bool | None,  # noqa: FBT001 - a fact of the owner
    day: date,
) -> str | None:
    """Id of the regime of a category on a day; ``none`` = it stands on no list; null = not known.

    Args:
        regimes: asked in their order.
        level: of the category; null = not known.
        personal: whether it is personal data; null = not known.
        state_agency: whether a state agency owns the data; null = not known.
        day: of the transfer, in Vietnam.
    """
    if level == "unclassified":
        return NO_REGIME
    if level is None:
        return None
    for regime in regimes.regimes:
        fits = applies(regime, level, personal, state_agency, day)
        if fits is None:
            return None
        if fits:
            return regime.id
    return None


def period_starts(regimes: RegimeFile) -> list[date]:
    """First days of the times in which the same regimes apply, ascending; the first is no day."""
    days = {regime.since for regime in regimes.regimes}
    days |= {regime.until + timedelta(days=1) for regime in regimes.regimes if regime.until}
    return [date.min, *sorted(days)]


def covers_from(dossier: Dossier, regime: Regime) -> date:
    """First day on which a transfer is covered, as far as dates go.

    Where a passed result is needed: not before its day. Where the dossier is filed before: so many
    days after filing. Where it is filed after the first transfer: from that transfer on if it was
    in time, else from the day of filing. This is how the tool counts; the law does not say what a
    late dossier covers.
    """
    if regime.needs == "passed-before":
        return max(dossier.valid_from, dossier.result_on or dossier.filed)
    if regime.needs == "filed-before":
        return max(dossier.valid_from, dossier.filed + timedelta(days=regime.days))
    in_time = dossier.filed <= dossier.valid_from + timedelta(days=regime.days)
    return dossier.valid_from if in_time else dossier.filed


def result_suffices(dossier: Dossier, regime: Regime) -> bool:
    """Whether the authority's answer lets the transfer go on.

    Some regimes wait for ``passed``; the others need no approval, but ``failed`` is a no.
    """
    if regime.needs == "passed-before":
        return dossier.result == "passed"
    return dossier.result != "failed"


def applies(
    regime: Regime,
    level: Level | None,
    personal: bool | None,  # noqa: FBT001 - as above
    state_agency: bool | None,  # noqa: FBT001 - as above
    day: date,
) -> bool | None:
    """Whether a regime applies to a category on a day; null = not known. See ``chosen``."""
    if level not in regime.levels or day < regime.since:
        return False
    if regime.until is not None and day > regime.until:
        return False
    unknown = False
    for asked, known in (
        (regime.personal, personal),
        (None if regime.owner == "any" else regime.owner == "state-agency", state_agency),
    ):
        if asked is not None and known is not None and known != asked:
            return False
        unknown |= asked is not None and known is None
    return None if unknown else True
