"""One audit: what went in, what was found, what could not be seen (``run.json``).

The document is public: ``docs/run.schema.json`` describes it, and ``auditor report run.json``
renders it again. ``from_json`` checks a document before anything uses it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import IO, TYPE_CHECKING, Any, Final, Literal

from pydantic import AwareDatetime

from auditor.model.errors import InputError
from auditor.model.finding import Finding
from auditor.model.place import Destination
from auditor.model.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSION: Final = 1

MOST_DESTINATIONS: Final = 200


@dataclass(frozen=True, slots=True)
class InputFile:
    """One examined file.

    Attributes:
        id: ``input_id`` of its flows.
        sha256: hex digest of the whole file as it lies on disk; of its content for a member of an
            archive; null = it could not be read to its end.
        content: hex digest of the content, out of its packing; null as above.
        reader: which reader took it; null = nobody did.
        packets: packets (captures) or records (logs) read.
        bytes_on_wire: original length of all packets, link layer included; null for logs.
        not_ip: packets that carried no IP and are in no flow (ARP and others).
        comments: what people wrote into the capture: the first 20, each 200 characters at most.
        comment_count: how many comments there are.
        names: names that the capture gives to addresses (name resolution blocks).
        secrets: keys that decrypt its content and lie in it (decryption secrets blocks).
    """

    id: int
    name: str
    size: int
    sha256: str | None
    reader: str | None
    packets: int
    not_ip: int
    bytes_on_wire: int | None
    flows: int
    first: AwareDatetime | None
    last: AwareDatetime | None
    comments: tuple[str, ...] = ()
    comment_count: int = 0
    names: int = 0
    secrets: int = 0
    content: str | None = None


@dataclass(frozen=True, slots=True)
class CountryTotal:
    """What went to and came from one country, in crossing flows.

    Attributes:
        estimated_bytes: what of ``outbound_bytes`` is an estimate from sampled traffic.
        unknown_flows: flows of which nobody says how much left: nothing of them is in
            ``outbound_bytes``.
    """

    country: str
    flows: int
    outbound_bytes: int
    inbound_bytes: int
    recipients: int
    estimated_bytes: int = 0
    unknown_flows: int = 0


@dataclass(frozen=True, slots=True)
class FormTotal:
    """What took one form of Article 23(2) of the Law on Data (60/2024).

    Attributes:
        form: ``a`` = to a place abroad, ``b`` = to who is foreign, ``c`` = to a platform abroad.
        flows, outbound_bytes: of which the form is known to be taken.
        at_home_flows, at_home_bytes: what of them stays in the country (form b alone).
        undecided_flows, undecided_bytes: of which nobody can say.
        network_flows, network_bytes: what of ``flows`` is known by the network's owner alone, whose
            tenant may be another (form b alone).
    """

    form: Literal["a", "b", "c"]
    flows: int
    outbound_bytes: int
    at_home_flows: int
    at_home_bytes: int
    undecided_flows: int
    undecided_bytes: int
    network_flows: int = 0
    network_bytes: int = 0


@dataclass(frozen=True, slots=True)
class ContentTotal:
    """What became of the payload of crossing flows in one direction.

    Attributes:
        bytes: payload, as far as packets or logs tell it.
        read: its protocol or kind of document was understood and its content searched.
        raw: searched as it stood, its protocol not understood.
        unread: not searched, by why (``auditor.model.content.Unread``).
        logged: told by logs only, which never hold content.
    """

    outbound: bool
    bytes: int
    read: int
    raw: int
    unread: dict[str, int]
    logged: int = 0


@dataclass(frozen=True, slots=True)
class Totals:
    """The audit in numbers.

    Attributes:
        crossing_flows: flows that connect home with a foreign country.
        undecided_flows: flows of which nobody can say whether they cross.
        domestic_flows: flows that stay at home.
        foreign_flows: flows that never touch home.
        outbound_bytes, inbound_bytes: of crossing flows.
        undecided_outbound_bytes: what left in undecided flows.
        encrypted_outbound_bytes, clear_outbound_bytes: of crossing flows; the rest is unrecognised.
        unlisted_flows: crossing flows from home addresses of no listed system.
        blocked_flows: flows that a log says were refused; they are in none of the four above, and
            nothing of them counts as moved.
        confirming_flows: rows that only confirm what another input told; in no other number here.
        estimated_flows: crossing flows of sampled traffic.
        estimated_outbound_bytes: what of ``outbound_bytes`` is an estimate from samples.
        unknown_flows: crossing flows of which nobody says how much left: nothing of them is in
            ``outbound_bytes``.
        by_country: crossing flows, by outbound bytes, heaviest first.
        geo_states: how many flows' peers have each ``geo_state``.
        state_bytes: outbound bytes of flows with a peer, or with an end that nobody can place, by
            ``geo_state``: how firm the map is.
        certainty_bytes: outbound bytes of those in the state ``country`` by ``geo_certainty``.
        forms: outbound bytes by the forms of Article 23(2) of the Law on Data; a flow may be of
            several.
        content: what became of the payload of crossing flows, what left first; empty = content was
            not looked at.
    """

    flows: int
    packets: int
    crossing_flows: int
    undecided_flows: int
    domestic_flows: int
    foreign_flows: int
    outbound_bytes: int
    inbound_bytes: int
    undecided_outbound_bytes: int
    encrypted_outbound_bytes: int
    clear_outbound_bytes: int
    unlisted_flows: int
    by_country: tuple[CountryTotal, ...]
    geo_states: dict[str, int]
    blocked_flows: int = 0
    confirming_flows: int = 0
    estimated_flows: int = 0
    estimated_outbound_bytes: int = 0
    unknown_flows: int = 0
    state_bytes: dict[str, int] = field(default_factory=dict)
    certainty_bytes: dict[str, int] = field(default_factory=dict)
    forms: tuple[FormTotal, ...] = ()
    content: tuple[ContentTotal, ...] = ()


@dataclass(frozen=True, slots=True)
class DataSource:
    """A database or policy file the audit relied on.

    Attributes:
        kind: ``geo``, ``policy``, ``category-list``, ``detectors``, ``inventory``, ``dossiers`` or
            ``mapping``.
        version: version or build date as the file itself gives it.
    """

    kind: str
    name: str
    version: str
    sha256: str
    licence: str = ""
    attribution: str = ""
    built: AwareDatetime | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One audit, whole.

    Attributes:
        audit_id: hash of everything that went in; equal for runs over the same material.
        run_id: unique.
        settings: the choices that shaped the result (home country, timeouts, time window).
        agency: whose inventory it was; null = audited without an inventory.
        unverified: codes of categories in findings whose legal wording is unverified.
        destinations: the decision record of each destination of a finding, by outbound bytes,
            heaviest first, at most ``MOST_DESTINATIONS``.
        destinations_cut: how many more there are.
    """

    version: int
    audit_id: str
    run_id: str
    auditor_version: str
    started: AwareDatetime
    finished: AwareDatetime
    agency: str | None
    home: str
    settings: dict[str, str]
    inputs: tuple[InputFile, ...]
    totals: Totals
    findings: tuple[Finding, ...]
    problems: tuple[Problem, ...]
    sources: tuple[DataSource, ...]
    unverified: tuple[str, ...] = ()
    destinations: tuple[Destination, ...] = ()
    destinations_cut: int = 0


def _adapter() -> Any:  # noqa: ANN401 - pydantic's adapter of Run; imported late, it is slow to build
    from pydantic import TypeAdapter

    return TypeAdapter(Run)


def to_json(run: Run) -> str:
    """``run`` as the text of ``run.json``: fields in the order of this file, two spaces deep."""
    return b"".join(_pieces(run)).decode()


def write_json(run: Run, file: IO[bytes]) -> None:
    """Writes the text of ``run.json`` piece by piece: it may be larger than memory has room for."""
    for piece in _pieces(run):
        file.write(piece)


_FINDINGS_AT_ONCE: Final = 256
# Strings hold no line breaks in JSON: these stand where the list of findings does, nowhere else.
_NO_FINDINGS: Final = b'\n  "findings": []'
_FINDINGS: Final = b'\n  "findings": ['
_END_OF_FINDINGS: Final = b"\n  ]"


def _pieces(run: Run) -> Iterator[bytes]:
    adapter = _adapter()
    whole: bytes = adapter.dump_json(replace(run, findings=()), indent=2)
    if not run.findings:
        yield whole + b"\n"
        return
    before, after = whole.split(_NO_FINDINGS)
    yield before + _FINDINGS
    bare = replace(
        run, settings={}, inputs=(), problems=(), sources=(), unverified=(), destinations=()
    )
    for start in range(0, len(run.findings), _FINDINGS_AT_ONCE):
        some = replace(bare, findings=run.findings[start : start + _FINDINGS_AT_ONCE])
        piece: bytes = adapter.dump_json(some, indent=2)
        begin, end = piece.index(_FINDINGS) + len(_FINDINGS), piece.rindex(_END_OF_FINDINGS)
        yield (b"," if start else b"") + piece[begin:end]
    yield _END_OF_FINDINGS + after + b"\n"


def from_json(text: str, place: str) -> Run:
    """The run in ``text``.

    Raises:
        InputError: not a run document, or one of a newer version.
    """
    from pydantic import ValidationError

    try:
        content = json.loads(text, parse_int=_whole, parse_constant=_no_number)
        found = content.get("version") if isinstance(content, dict) else None
        if type(found) is int and found > VERSION:
            raise InputError(
                f"is a run of version {found}; this program knows versions up to {VERSION}",
                place=place,
                hint="Use a newer auditor.",
            )
        if type(found) is not int or found < 1:
            raise InputError(
                "is not a run document: it has no version",
                place=place,
                hint="Give the run.json of an audit, unchanged.",
            )
        run: Run = _adapter().validate_python(content, strict=False)
    except RecursionError:
        raise InputError(
            "is nested too deeply", place=place, hint="Give the run.json of an audit."
        ) from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError(
            f"is not a run document: {where}: {first['msg']} ({error.error_count()} mistakes)",
            place=place,
            hint="Give the run.json of an audit, unchanged.",
        ) from None
    except ValueError as error:
        raise InputError(
            f"is not JSON: {error}", place=place, hint="Give the run.json of an audit."
        ) from None
    return run


def _whole(digits: str) -> int:
    if len(digits) > 20:
        raise ValueError("a number beyond all measure")
    number = int(digits)
    if not -(2**63) <= number < 2**63:
        raise ValueError("a number beyond all measure")
    return number


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number")


def json_schema() -> str:
    """The published JSON Schema of ``run.json`` (``docs/run.schema.json``)."""
    schema = _adapter().json_schema(mode="serialization")
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = f"auditor run, version {VERSION}"
    return json.dumps(schema, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    import sys

    sys.stdout.write(json_schema())
