"""A dossier beside what was seen, field by field.

The loops here run over findings and the names in dossiers, never over flows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

import numpy as np

from auditor.model.finding import Comparison
from auditor.model.text import Text
from auditor.policy.coverage import carried_over, stopped_days, who_is_meant
from auditor.policy.dossier_words import RESULTS, day, period
from auditor.policy.matching import number_of
from auditor.policy.regimes import covers_from, result_suffices
from auditor.policy.rules import text
from auditor.policy.sentences import flows_said, grouped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from auditor.model.regimes import Regime
    from auditor.model.register import Dossier
    from auditor.policy.ceilings import Volume
    from auditor.policy.masks import Bools, Integers, Masks
    from auditor.policy.matching import Matching

MOST_NAMES: Final = 10
MOST_LETTERS: Final = 120
_NOT_SHOWN: Final = Text("lưu lượng không cho thấy", "traffic does not show it")
_NOT_KNOWN: Final = Text("chưa xác định", "not known")
_NOTHING_SAID: Final = Text("hồ sơ không nêu", "the dossier does not say")


@dataclass(frozen=True, slots=True)
class Seen:
    """What a finding shows, to be laid beside a dossier.

    Attributes:
        regime: id of what it falls under; null = not one, or not known.
        hosts, countries: heaviest first.
        first, last: days, in Vietnam.
    """

    system: str | None
    category: str | None
    regime: str | None
    recipient: str
    hosts: tuple[str, ...]
    countries: tuple[str, ...]
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Compared:
    """What was found in the columns of a finding's flows.

    Attributes:
        who, where: whether all are to a named recipient, in a named country; null = not known, or
            the dossier names none.
        in_time: all within the dossier's time.
        counted: all on or after the first day that the dossier covers.
        stopped: some while an order to stop held.
        kept: all before the dossier's storage ends.
    """

    who: bool | None
    where: bool | None
    in_time: bool
    counted: bool
    stopped: bool
    kept: bool


def found_in(
    matching: Matching,
    dossier: Dossier,
    regimes: Mapping[str, Regime],
    flows: Integers,
    starts: Integers,
) -> list[Compared]:
    """Several sets of flows beside one dossier.

    Args:
        matching: of the table.
        dossier: to compare with.
        regimes: by id.
        flows: of all sets, one set after the other.
        starts: where each set begins; none is empty.
    """
    recipient = matching.recipient(dossier.recipients, flows)
    early, ended = matching.in_time(dossier, flows)
    days = matching.days[flows]
    since = number_of(covers_from(dossier, regimes[dossier.regime]))
    until = number_of(dossier.storage.until if dossier.storage else None)
    stop = stopped_days(dossier, days) & ~who_is_meant(recipient).miss

    def no(where: Bools) -> list[bool]:
        none: list[bool] = (~np.logical_or.reduceat(where, starts)).tolist()
        return none

    columns = zip(
        _all(recipient.who, starts),
        _all(recipient.where, starts),
        no(early | ended),
        no(days < since),
        no(stop),
        no(days > until),
        strict=True,
    )
    return [
        Compared(who, where, in_time, counted, not free, kept)
        for who, where, in_time, counted, free, kept in columns
    ]


class Beside:
    """A dossier that is laid beside what findings show; its own half is written once for all.

    Args:
        dossier: the closest of the findings.
        regimes: by id.
        volume: of the dossier's transfers; null = it has no ceiling, or no transfer.
    """

    def __init__(
        self, dossier: Dossier, regimes: Mapping[str, Regime], volume: Volume | None
    ) -> None:
        self._dossier = dossier
        self._regimes = regimes
        self._systems = _names(dossier.systems)
        self._categories = _names(dossier.categories)
        named = dossier.recipients
        networks = tuple(str(network) for network in named.networks)
        who = _names((*named.organisations, *named.hosts, *networks))
        self._who = who if who.vi else _NOTHING_SAID
        self._countries = _names(named.countries) if named.countries else _NOTHING_SAID
        self._period = period(dossier)
        self._filed = _filed(dossier, regimes)
        self._result_and_volume = (_result(dossier, regimes), *_volume(dossier, volume))
        self._orders = _orders(dossier)
        self._kept = _kept(dossier)
        self._unseen = tuple(_unseen(dossier))
        self._of_regime: dict[str | None, Comparison] = {}

    def comparisons(self, found: Compared, seen: Seen) -> tuple[Comparison, ...]:
        """The dossier beside what was seen; of what it does not speak of, nothing is said.

        Args:
            found: of the dossier and the finding's flows.
            seen: the finding.
        """
        dossier, days = self._dossier, _days(seen)
        known = None if seen.category is None else seen.category in dossier.categories
        shown, hosts = _cut(seen.recipient), _names(seen.hosts)
        far = Text(f"{shown} ({hosts.vi})", f"{shown} ({hosts.en})") if seen.hosts else _same(shown)
        countries = _names(seen.countries) if seen.countries else _NOT_KNOWN
        return (
            Comparison("system", self._systems, _name(seen.system), seen.system in dossier.systems),
            Comparison("category", self._categories, _name(seen.category), known),
            self._regime(seen.regime),
            Comparison("recipient", self._who, far, found.who),
            Comparison("country", self._countries, countries, found.where),
            Comparison("time", self._period, days, found.in_time),
            Comparison("filed", self._filed, days, found.counted),
            *self._result_and_volume,
            *self._stops(found, days),
            *self._storage(found, days),
            *self._unseen,
        )

    def _regime(self, applied: str | None) -> Comparison:
        if applied not in self._of_regime:
            self._of_regime[applied] = _regime(self._dossier, applied, self._regimes)
        return self._of_regime[applied]

    def _stops(self, found: Compared, days: Text) -> Iterator[Comparison]:
        if self._orders is not None:
            # Under an order that names this recipient: no. Under one that may mean another: not
            # known.
            held = None if found.who is None else False
            yield Comparison("stop-order", self._orders, days, held if found.stopped else True)

    def _storage(self, found: Compared, days: Text) -> Iterator[Comparison]:
        if self._kept is not None:
            shown = Text(
                f"chuyển {days.vi}; lưu trữ ở đâu: {_NOT_SHOWN.vi}",
                f"transferred {days.en}; where it is kept: {_NOT_SHOWN.en}",
            )
            yield Comparison("storage", self._kept, shown, None if found.kept else False)


def _regime(dossier: Dossier, regime: str | None, regimes: Mapping[str, Regime]) -> Comparison:
    said = text(regimes[dossier.regime].title)
    if regime is None or regime not in regimes:
        return Comparison("regime", said, _NOT_KNOWN, None)
    applied = regimes[regime]
    fits = dossier.regime == applied.id or carried_over(dossier, applied, regimes)
    return Comparison("regime", said, text(applied.title), fits)


def _filed(dossier: Dossier, regimes: Mapping[str, Regime]) -> Text:
    since = covers_from(dossier, regimes[dossier.regime])
    return Text(
        f"nộp ngày {day(dossier.filed)}, tính từ ngày {day(since)}",
        f"filed on {dossier.filed}, counts from {since}",
    )


def _result(dossier: Dossier, regimes: Mapping[str, Regime]) -> Comparison:
    regime = regimes[dossier.regime]
    said = RESULTS[dossier.result]
    if dossier.result_on is not None:
        on = day(dossier.result_on)
        said = Text(f"{said.vi} (ngày {on})", f"{said.en} (on {dossier.result_on})")
    if regime.needs == "passed-before":
        asked = Text(
            "việc chuyển cần kết quả đạt trước đó", "the transfer needs a passed result before"
        )
    else:
        asked = Text("việc chuyển không phải chờ kết quả", "the transfer need not await a result")
    return Comparison("result", said, asked, result_suffices(dossier, regime))


def _volume(dossier: Dossier, volume: Volume | None) -> Iterator[Comparison]:
    ceiling = dossier.ceiling
    if ceiling is None:
        return
    said: list[Text] = []
    if ceiling.subjects is not None:
        said.append(_at_most(ceiling.subjects, Text("chủ thể", "subjects")))
    if ceiling.bytes is not None:
        said.append(_at_most(ceiling.bytes, Text("byte", "bytes")))
    if volume is None:
        yield Comparison("ceiling", _joined(said), _NOT_KNOWN, None)
        return
    counted, estimated = volume.bytes, volume.bytes_estimated
    seen = [
        Text(
            f"{grouped(counted)} byte đếm được, {grouped(estimated)} byte kể cả ước tính",
            f"{counted:,} bytes counted, {estimated:,} with estimates",
        )
    ]
    if volume.unknown_flows:
        flows = flows_said(volume.unknown_flows)
        seen.append(Text(f"{flows.vi} không rõ số byte", f"{flows.en} of unknown size"))
    if ceiling.subjects is not None:
        seen.append(_subjects(volume))
    yield Comparison("ceiling", _joined(said), _joined(seen), volume.within)


def _at_most(number: int, what: Text) -> Text:
    return Text(f"tối đa {grouped(number)} {what.vi}", f"at most {number:,} {what.en}")


def _subjects(volume: Volume) -> Text:
    estimated = volume.subjects_estimated
    if estimated is None:
        return Text("chưa rõ số chủ thể", "how many subjects is not known")
    counted = volume.subjects or 0
    return Text(
        f"{grouped(counted)} chủ thể đếm được, ước tính {grouped(estimated)}",
        f"{counted:,} subjects counted, an estimate of {estimated:,}",
    )


def _orders(dossier: Dossier) -> Text | None:
    """The orders to stop; null = there is none."""
    orders: list[Text] = []
    for stop in dossier.stops[:MOST_NAMES]:
        who = _cut(f"{stop.by} {stop.number}".strip())
        until = Text("chưa bãi bỏ", "not lifted")
        if stop.lifted is not None:
            until = Text(f"được tiếp tục từ {day(stop.lifted)}", f"lifted on {stop.lifted}")
        orders.append(
            Text(
                f"yêu cầu ngừng chuyển từ {day(stop.on)} ({who}), {until.vi}",
                f"ordered to stop from {stop.on} ({who}), {until.en}",
            )
        )
    return _joined(orders) if orders else None


def _kept(dossier: Dossier) -> Text | None:
    """Where data is kept, and until when; null = the dossier does not say."""
    storage = dossier.storage
    if storage is None:
        return None
    said = _names(storage.countries)
    if storage.until is None:
        return said
    return Text(f"{said.vi}; đến ngày {day(storage.until)}", f"{said.en}; until {storage.until}")


def _unseen(dossier: Dossier) -> Iterator[Comparison]:
    if dossier.purpose:
        yield Comparison("purpose", _same(_cut(dossier.purpose)), _NOT_SHOWN, None)
    contract = dossier.contract
    if contract is not None:
        number = _cut(contract.number)
        said = Text(f"{number} ngày {day(contract.on)}", f"{number} of {contract.on}")
        yield Comparison("contract", said, _NOT_SHOWN, None)


def _all(masks: Masks | None, starts: Integers) -> list[bool | None]:
    """Of each set together: false where one flow does not fit, unknown where one is not known."""
    if masks is None:
        return [None] * len(starts)
    every = np.logical_and.reduceat(masks.hit, starts).tolist()
    some_miss = np.logical_or.reduceat(masks.miss, starts).tolist()
    return [
        False if miss else (True if hit else None)
        for hit, miss in zip(every, some_miss, strict=True)
    ]


def _days(seen: Seen) -> Text:
    if seen.first == seen.last:
        return Text(f"ngày {day(seen.first)}", f"on {seen.first}")
    return Text(f"từ {day(seen.first)} đến {day(seen.last)}", f"from {seen.first} to {seen.last}")


def _name(name: str | None) -> Text:
    return _NOT_KNOWN if name is None else _same(_cut(name))


def _names(names: tuple[str, ...]) -> Text:
    shown = ", ".join(map(_cut, names[:MOST_NAMES]))
    more = len(names) - MOST_NAMES
    if more <= 0:
        return _same(shown)
    return Text(f"{shown} và {more} mục khác", f"{shown} and {more} more")


def _cut(name: str) -> str:
    return name if len(name) <= MOST_LETTERS else name[: MOST_LETTERS - 1] + "…"


def _joined(parts: list[Text]) -> Text:
    return Text("; ".join(part.vi for part in parts), "; ".join(part.en for part in parts))


def _same(words: str) -> Text:
    return Text(words, words)
