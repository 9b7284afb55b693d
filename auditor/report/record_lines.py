"""The decision record of one destination as lines for a terminal: Vietnamese, then English."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.model.text import Text
from auditor.report import place_words as words
from auditor.report.countries import country
from auditor.report.formats import visible
from auditor.report.places import measured, verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.model.place import Destination, Rule, Witness

_KINDS_OF_RULE: Final[dict[Rule, tuple[str, ...]]] = {
    "override": ("override",),
    "special": ("special",),
    "inventory": ("inventory",),
    "anycast": (),
    "cloud-region": ("cloud", "host"),
    "geofeed": ("geofeed",),
    "databases": ("database",),
    "registration": ("registered",),
}
"""Witnesses of each step, in the order of precedence; any witness may tell of anycast."""

_DECIDED: Final = Text("QUYẾT ĐỊNH", "DECIDED")
_SILENT: Final = Text("không nói gì về địa chỉ này", "says nothing of this address")
_PLACELESS: Final = Text("có nguồn, nhưng không nêu nước", "heard, but names no country")
_NOT_ASKED: Final = Text("không cần xét nữa", "not needed any more")
_AFTER: Final = Text("không quyết định; chỉ ảnh hưởng độ chắc chắn", "bears on certainty only")

Line = tuple[Text, Text]


def record_lines(destination: Destination) -> list[str]:
    """The record, as an inspector would want to read it."""
    shown = visible(destination.address, 60)
    named = f"  {visible(destination.host, 120)}" if destination.host else ""
    found = [f"{shown}{named}", *_aligned(list(_head(destination)))]
    found += [
        "  Các bước, theo thứ tự / Steps, in their order",
        *_columns(list(_steps(destination))),
    ]
    found += [
        "  Các nguồn / Witnesses",
        *_columns([_witness(each) for each in destination.witnesses]),
    ]
    found += ["  Khoản 2 Điều 23 Luật Dữ liệu / Article 23(2) of the Law on Data"]
    return [*found, *_columns(list(_forms(destination)))]


def _head(one: Destination) -> Iterator[Line]:
    place = verdict(one)
    state = words.STATE[one.state]
    yield Text("Trạng thái", "State"), state
    if one.country is not None:
        code = visible(one.country, 12)
        yield Text("Quốc gia", "Country"), Text(f"{code} {place.vi}", f"{code} {place.en}")
    if one.candidates:
        names = [country(code) for code in one.candidates]
        listed = Text(", ".join(n.vi for n in names), ", ".join(n.en for n in names))
        yield Text("Các nước được nêu", "Countries named"), listed
    if one.certainty is not None:
        word, meaning = words.CERTAINTY[one.certainty], words.CERTAINTY_MEANING[one.certainty]
        yield (
            Text("Độ chắc chắn", "Certainty"),
            Text(f"{word.vi}. {meaning.vi}", f"{word.en}. {meaning.en}"),
        )
    basis = visible(one.basis, 300)
    yield Text("Căn cứ", "Rests on"), Text(basis, basis)
    if one.reach is not None:
        yield Text("Vật lý", "Physics"), measured(one.reach)
    if one.asn or one.org:
        network = visible(f"AS{one.asn or '?'} {one.org or ''}".strip(), 120)
        yield Text("Mạng", "Network"), _registered(network, one.org_country)
    if one.service:
        kind = words.service_kind(one.service_kind or "")
        service = visible(one.service, 80)
        yield Text("Dịch vụ", "Service"), Text(f"{service} ({kind.vi})", f"{service} ({kind.en})")
    if one.operator or one.operator_country:
        party = _registered(visible(one.operator or "?", 120), one.operator_country)
        how = words.OPERATOR_BASIS.get(one.operator_basis or "")
        told = Text(f"{party.vi}, {how.vi}", f"{party.en}, {how.en}") if how else party
        yield Text("Bên vận hành", "Operator"), told
    else:
        yield Text("Bên vận hành", "Operator"), Text("chưa biết", "not known")


def _registered(name: str, code: str | None) -> Text:
    if code is None:
        return Text(f"{name} (chưa biết đăng ký ở đâu)", f"{name} (where registered: not known)")
    place = country(code)
    return Text(f"{name} (đăng ký: {place.vi})", f"{name} (registered: {place.en})")


def _steps(one: Destination) -> Iterator[tuple[str, ...]]:
    """Each step, and why those before the one that decided did not."""
    rules = list(_KINDS_OF_RULE)
    decided = rules.index(one.rule) if one.rule in rules else len(rules)
    for number, rule in enumerate(rules):
        kinds = _KINDS_OF_RULE[rule]
        heard = [each for each in one.witnesses if each.kind in kinds]
        if number == decided:
            said = _DECIDED
        elif number > decided:
            said = _AFTER if any(each.countries for each in heard) else _NOT_ASKED
        else:
            said = _PLACELESS if heard else _SILENT
        word = words.RULE[rule]
        yield f"{number + 1}.", f"{word.vi} / {word.en}", f"{said.vi} / {said.en}"


def _witness(one: Witness) -> tuple[str, ...]:
    word = words.WITNESS[one.kind]
    built = one.built.isoformat() if one.built else "-"
    derived = " (suy ra / derived)" if one.derived else ""
    return (
        f"{word.vi} / {word.en}",
        visible(one.source, 60),
        visible("/".join(one.countries), 40) or "-",
        built,
        visible(one.licence, 60) or "-",
        visible(one.detail, 160) + derived,
    )


def _forms(one: Destination) -> Iterator[tuple[str, ...]]:
    for letter, said in words.forms(one).items():
        form = words.FORM[letter]
        yield f"{form.vi} / {form.en}", f"{said.vi} / {said.en}"


def _aligned(lines: list[Line]) -> list[str]:
    """Labels in one column; Vietnamese on one line, English below it."""
    width = max(len(text) for label, _ in lines for text in (label.vi, label.en))
    found: list[str] = []
    for label, text in lines:
        if text.vi == text.en:
            found.append(f"  {label.vi:<{width}}  {text.vi}")
        else:
            found.append(f"  {label.vi:<{width}}  {text.vi}")
            found.append(f"  {label.en:<{width}}  {text.en}")
    return found


def _columns(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "    "
        + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
