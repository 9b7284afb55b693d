"""One audit: what went in, what was found, what could not be seen (``run.json``).

The document is public: ``docs/run.schema.json`` describes it, and ``auditor report run.json``
renders it again. ``from_json`` checks a document before anything uses it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from auditor.model.errors import InputError
from auditor.model.finding import Finding
from auditor.model.problem import Problem

VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class InputFile:
    """One examined file.

    Attributes:
        id: ``input_id`` of its flows.
        sha256: hex digest of the whole file as it was read; null = it could not be read.
        reader: which reader took it; null = nobody did.
        packets: packets (captures) or records (logs) read.
        bytes_on_wire: original length of all packets, link layer included; null for logs.
        not_ip: packets that carried no IP and are in no flow (ARP and others).
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
    first: datetime | None
    last: datetime | None


@dataclass(frozen=True, slots=True)
class CountryTotal:
    """What went to and came from one country, in crossing flows."""

    country: str
    flows: int
    outbound_bytes: int
    inbound_bytes: int
    recipients: int


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
        by_country: crossing flows, by outbound bytes, heaviest first.
        geo_states: how many flows' peers have each ``geo_state``.
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


@dataclass(frozen=True, slots=True)
class DataSource:
    """A database or policy file the audit relied on.

    Attributes:
        kind: ``geo``, ``policy``, ``category-list``, ``inventory`` or ``dossiers``.
        version: version or build date as the file itself gives it.
    """

    kind: str
    name: str
    version: str
    sha256: str
    licence: str = ""
    attribution: str = ""
    built: datetime | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One audit, whole.

    Attributes:
        audit_id: hash of everything that went in; equal for runs over the same material.
        run_id: unique.
        settings: the choices that shaped the result (home country, timeouts, time window).
        agency: whose inventory it was; null = audited without an inventory.
        unverified: codes of categories in findings whose legal wording is unverified.
    """

    version: int
    audit_id: str
    run_id: str
    auditor_version: str
    started: datetime
    finished: datetime
    agency: str | None
    home: str
    settings: dict[str, str]
    inputs: tuple[InputFile, ...]
    totals: Totals
    findings: tuple[Finding, ...]
    problems: tuple[Problem, ...]
    sources: tuple[DataSource, ...]
    unverified: tuple[str, ...] = ()


def _adapter() -> Any:  # noqa: ANN401 - pydantic's adapter of Run; imported late, it is slow to build
    from pydantic import TypeAdapter

    return TypeAdapter(Run)


def to_json(run: Run) -> str:
    """``run`` as the text of ``run.json``: fields in the order of this file, two spaces deep."""
    text: bytes = _adapter().dump_json(run, indent=2)
    return text.decode() + "\n"


def from_json(text: str, place: str) -> Run:
    """The run in ``text``.

    Raises:
        InputError: not a run document, or one of a newer version.
    """
    from pydantic import ValidationError

    try:
        content = json.loads(text)
        found = content.get("version") if isinstance(content, dict) else None
        if isinstance(found, int) and found > VERSION:
            raise InputError(
                f"is a run of version {found}; this program knows versions up to {VERSION}",
                place=place,
                hint="Use a newer auditor.",
            )
        run: Run = _adapter().validate_python(content, strict=False)
    except (json.JSONDecodeError, RecursionError) as error:
        raise InputError(
            f"is not JSON: {error}", place=place, hint="Give the run.json of an audit."
        ) from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError(
            f"is not a run document: {where}: {first['msg']} ({error.error_count()} mistakes)",
            place=place,
            hint="Give the run.json of an audit, unchanged.",
        ) from None
    return run


def json_schema() -> str:
    """The published JSON Schema of ``run.json`` (``docs/run.schema.json``)."""
    schema = _adapter().json_schema(mode="serialization")
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = f"auditor run, version {VERSION}"
    return json.dumps(schema, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    import sys

    sys.stdout.write(json_schema())
