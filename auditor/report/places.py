"""Where destinations are, as the report shows it: how firm that is, and the record of each.

Only order, grouping and spelling of what the run already says; no fact is computed here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from auditor.model.place import STATES, Destination, State
from auditor.model.text import Text
from auditor.report import place_words as words
from auditor.report.countries import countries_named, country
from auditor.report.formats import kilometres, milliseconds, share

if TYPE_CHECKING:
    from auditor.model.place import Certainty, Reach
    from auditor.model.run import Totals
    from auditor.report.fold import Group

CERTAINTIES: Final[tuple[Certainty, ...]] = ("firm", "likely", "weak")

ANYWHERE: Final = 20_000
"""Kilometres: half of the way around the earth. Nothing is farther from anywhere."""

OPEN_IN_PRINT: Final = 5
"""Records that are printed whole; of the others the line."""


TONES: Final = {
    "country-firm": "tone-a", "country-likely": "tone-c", "country-weak": "tone-d",
    "country": "tone-b",
}  # fmt: skip
"""From dark to light, as certainty goes; the style has the colours."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the bytes that left.

    Attributes:
        kind: state, or ``country-firm`` and so on; the name of its tone.
    """

    kind: str
    state: State
    title: Text
    outbound_bytes: int

    @property
    def decided(self) -> bool:
        """Whether it has one country."""
        return self.state == "country"


@dataclass(frozen=True, slots=True)
class Record:
    """The decision record of one destination, with where the report speaks of it.

    Attributes:
        place: its number in the annex, from 1.
        groups: the numbers of the groups of findings that name its address.
        verdict: where it is, in one line.
        measured: what physics says; null = nothing.
    """

    place: int
    destination: Destination
    groups: tuple[int, ...]
    verdict: Text
    measured: Text | None


def parts(totals: Totals) -> list[Part]:
    """The bytes that left by how firm their place is, the firmest first; empty ones left out."""
    found: list[Part] = []
    rest = totals.state_bytes.get("country", 0)
    title = words.STATE["country"]
    for each in CERTAINTIES:
        word = words.CERTAINTY[each]
        amount = min(totals.certainty_bytes.get(each, 0), rest)
        rest -= amount
        both = Text(f"{title.vi} ({word.vi})", f"{title.en} ({word.en})")
        found.append(Part(f"country-{each}", "country", both, amount))
    found.append(Part("country", "country", title, rest))
    found += [
        Part(state, state, words.STATE[state], totals.state_bytes.get(state, 0))
        for state in STATES
        if state not in ("country", "not-applicable")
    ]
    return [part for part in found if part.outbound_bytes > 0]


def firmness(totals: Totals) -> Text | None:
    """How firm the map is, in one sentence; null where nothing left."""
    found = parts(totals)
    whole = sum(part.outbound_bytes for part in found)
    if not whole:
        return None
    decided = share(sum(part.outbound_bytes for part in found if part.decided), whole)
    doubt = sum(part.outbound_bytes for part in found if not part.decided)
    firm = share(sum(p.outbound_bytes for p in found if p.kind == "country-firm"), whole)
    if not doubt:
        return Text(
            f"Toàn bộ số byte đã ra được xác định đến một quốc gia ({firm.vi} ở mức chắc chắn).",
            f"All bytes that left are placed in one country ({firm.en} of them firmly).",
        )
    return Text(
        f"Xác định được đến một quốc gia: {decided.vi} số byte đã ra ({firm.vi} ở mức chắc chắn). "
        f"Chưa xác định được nơi đến: {share(doubt, whole).vi}.",
        f"Placed in one country: {decided.en} of the bytes that left ({firm.en} firmly). Place "
        f"undecided: {share(doubt, whole).en}.",
    )


def records(destinations: tuple[Destination, ...], groups: list[Group]) -> list[Record]:
    """A record of each destination, in the order of the run.

    Args:
        destinations: the decision records of the run.
        groups: the groups of findings that the report shows whole.
    """
    named: dict[str, list[int]] = {}
    for group in groups:
        for address in _addresses(group):
            named.setdefault(address, []).append(group.place)
    return [
        Record(
            place,
            each,
            tuple(named.get(each.address, ())),
            verdict(each),
            None if each.reach is None else measured(each.reach),
        )
        for place, each in enumerate(destinations, start=1)
    ]


def _addresses(group: Group) -> set[str]:
    return {peer.name for member in group.members for peer in member.evidence.peers} | {
        address
        for member in group.members
        for line in member.evidence.lines
        for address in (line.src_ip, line.dst_ip)
    }


def verdict(destination: Destination) -> Text:
    """Where it is, or why that is not known, in one line."""
    if destination.state == "country":
        return country(destination.country)
    state = words.STATE[destination.state]
    if not destination.candidates:
        return state
    names = countries_named(destination.candidates)
    if destination.state == "contradicted":
        return Text(f"{state.vi} (nguồn nêu {names.vi})", f"{state.en} (they name {names.en})")
    return Text(f"{state.vi}: {names.vi}", f"{state.en}: {names.en}")


def measured(reach: Reach) -> Text:
    """What the fastest handshake says, with its figures."""
    time, far = milliseconds(reach.rtt_us), kilometres(reach.km)
    if reach.km >= ANYWHERE:
        return Text(
            f"Bắt tay nhanh nhất {time.vi}: không loại trừ được nước nào.",
            f"Fastest handshake {time.en}: it rules out no country.",
        )
    bound = Text(
        f"Bắt tay nhanh nhất {time.vi} → máy chủ cách nơi đo xa nhất {far.vi}",
        f"Fastest handshake {time.en} → the server is at most {far.en} away",
    )
    if reach.claimed is None or reach.claimed_km is None:
        return Text(bound.vi + ".", bound.en + ".")
    name, apart = country(reach.claimed), kilometres(reach.claimed_km)
    if reach.claimed_km > reach.km:
        return Text(
            f"{bound.vi}; điểm gần nhất của {name.vi} cách Việt Nam {apart.vi}: không thể ở đó.",
            f"{bound.en}; the nearest point of {name.en} is {apart.en} from Viet Nam: it cannot be "
            "there.",
        )
    return Text(
        f"{bound.vi}; điểm gần nhất của {name.vi} cách Việt Nam {apart.vi}: không mâu thuẫn.",
        f"{bound.en}; the nearest point of {name.en} is {apart.en} from Viet Nam: no "
        "contradiction.",
    )
