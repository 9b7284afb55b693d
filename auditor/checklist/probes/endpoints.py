"""What is noticed of endpoints in a TLS scan, and how it adds up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, get_args

from auditor.checklist.probe import Found
from auditor.checklist.sources.scan.result import EndpointScan, Scan
from auditor.model.readiness import Coverage, Reference
from auditor.model.text import Text

if TYPE_CHECKING:
    from auditor.checklist.facts import Facts

KIND: Final = "tls-scan"
Grave = Literal["fail", "partial", "unknown"]
"""The gravest first."""

MAKE: Final = (
    "Khai báo điểm cuối trong endpoints.yaml, ký xác nhận rồi chạy quét TLS.",
    "List the endpoints in endpoints.yaml, sign the list and run the TLS scan.",
)
"""The way out where there is no scan."""
SCAN_AGAIN: Final = Text(
    "Kiểm tra điểm cuối có hoạt động và máy quét tới được không, rồi quét lại.",
    "See whether the endpoint is up and within reach of the scanner, then scan again.",
)


@dataclass(frozen=True, slots=True)
class Told:
    """What was noticed of one endpoint or way: how grave it is, and where it stands.

    Attributes:
        answer: how grave it is; the worst decides.
    """

    answer: Grave
    reference: Reference


def scan_of(facts: Facts) -> tuple[Scan, str] | None:
    """The youngest scan, and the id of its evidence; null = none is registered."""
    held = facts.held(KIND)
    if not held:
        return None
    return held[0].content(Scan), held[0].entry.id


def summed(
    told: list[Told], good: Text, bad: Text, way: Text, coverage: Coverage, rests_on: str
) -> Found:
    """The gravest of what was noticed, with all references of it and of what is less grave."""
    told = sorted(told, key=lambda each: get_args(Grave).index(each.answer))
    references = tuple(each.reference for each in told)
    places: dict[str, set[tuple[str, str]]] = {answer: set() for answer in get_args(Grave)}
    for each in told:
        places[each.answer].add((each.reference.source, each.reference.place))
    known = "fail" if places["fail"] else "partial"
    found, open_ = len(places[known]), len(places["unknown"])
    if found:
        vi, en = f"{bad.vi}: {found} nơi", f"{bad.en}: in {count_of(found, 'place')}"
        if open_:
            vi, en = f"{vi}; {open_} nơi chưa kết luận được", f"{en}; {open_} cannot be told"
        return Found(
            "fail" if known == "fail" else "partial",
            f"{vi}.", f"{en}.", references, rests_on, way, coverage,
        )  # fmt: skip
    if open_:
        return Found(
            "unknown",
            f"{bad.vi}: chưa kết luận được ở {open_} nơi.",
            f"{bad.en}: cannot be told in {count_of(open_, 'place')}.",
            references, rests_on, SCAN_AGAIN, coverage,
        )  # fmt: skip
    return Found("pass", good.vi, good.en, rests_on=rests_on, coverage=coverage)


def told_of(answer: Grave, endpoint: EndpointScan, source: str, shows: str) -> Told:
    """What was noticed of an endpoint; ``source`` is the id of the scan's evidence."""
    return Told(answer, Reference(source, endpoint.place, shows))


def scanned_vi(scan: Scan) -> str:
    """When was scanned, and how many endpoints, in Vietnamese."""
    return f"Quét ngày {scan.at:%d/%m/%Y}: {len(scan.endpoints)} điểm cuối"


def scanned_en(scan: Scan) -> str:
    """The same in English."""
    return f"Scan of {scan.at:%Y-%m-%d}: {count_of(len(scan.endpoints), 'endpoint')}"


def count_of(number: int, what: str) -> str:
    """A number with its noun."""
    return f"{number} {what}" + ("" if number == 1 else "s")


def reached(scan: Scan, other: Coverage | None = None) -> Coverage:
    """What a scan reached, beside what else was looked at."""
    other = other or Coverage()
    return replace(
        other,
        seen=sum(endpoint.state == "scanned" for endpoint in scan.endpoints),
        declared=len(scan.endpoints),
        not_covered=(*other.not_covered, *scan.not_covered),
    )
