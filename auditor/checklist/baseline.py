"""What the channel looked like when it was accepted: the mark that later traffic is held against.

A baseline is a document of its own (``to_json``, ``from_json``), so that it can be signed.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, Final

import pandas as pd
from pydantic import Field, ValidationError, model_validator

from auditor.checklist.assessment import Address, Network
from auditor.checklist.facts import VIETNAM
from auditor.checklist.matrix import Matrix
from auditor.checklist.sources.traffic import volume
from auditor.model.documents import Document
from auditor.model.errors import InputError

if TYPE_CHECKING:
    from auditor.checklist.facts import Traffic

FORMAT: Final = 1
MOST_BYTES: Final = 16 * 1024 * 1024
MOST_EDGES: Final = 50_000
EDGE: Final = ["src_ip", "dst_ip", "dst_port", "protocol"]
KEYS: Final = [*EDGE, "tls_version"]
COLUMNS: Final = (*KEYS, "flows_per_day", "bytes_per_day", "hours")

Amount = Annotated[float, Field(ge=0, le=2**63, allow_inf_nan=False, strict=False)]


class BaselineEdge(Document):
    """One way of the channel.

    Attributes:
        tls_version: as the flow table writes it; empty = not known.
        flows_per_day, bytes_per_day: on a day on which it was used, on average.
        hours: hours of the day in Vietnam at which flows began, such as ``8,9,17``.
    """

    src_ip: Address
    dst_ip: Address
    dst_port: Annotated[int, Field(ge=0, lt=65536, strict=True)]
    protocol: Annotated[int, Field(ge=0, lt=256, strict=True)]
    tls_version: Annotated[str, Field(max_length=20, pattern=r"^[A-Za-z0-9. ]*$")] = ""
    flows_per_day: Amount
    bytes_per_day: Amount
    hours: Annotated[
        str, Field(pattern=r"^((1?[0-9]|2[0-3])(,(1?[0-9]|2[0-3])){0,23})?$", max_length=100)
    ]


class Baseline(Document):
    """All ways of the channel, each once."""

    format: Annotated[int, Field(ge=1, strict=True)]
    edges: Annotated[tuple[BaselineEdge, ...], Field(max_length=MOST_EDGES)]

    @model_validator(mode="after")
    def _each_once(self) -> Baseline:
        ways = {tuple(getattr(edge, key) for key in KEYS) for edge in self.edges}
        if len(ways) < len(self.edges):
            raise ValueError("an edge stands twice")
        return self


def baseline_of(traffic: Traffic, network: Network | None) -> pd.DataFrame:
    """The channel as this traffic shows it: columns as in ``BaselineEdge``."""
    moments = traffic.moments[traffic.moments["answered"]]
    matrix = Matrix(network or Network())
    hosts = matrix.ordinary(list(moments["src_ip"])) & matrix.ordinary(list(moments["dst_ip"]))
    days = by_day(moments[hosts], KEYS)
    found = days.groupby(KEYS, as_index=False).agg(
        flows_per_day=("flows", "mean"),
        bytes_per_day=("bytes", "mean"),
        hours=("hours", lambda sets: ",".join(map(str, sorted(frozenset().union(*sets))))),
    )
    return found.reindex(columns=list(COLUMNS))


def by_day(moments: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Flows, bytes and hours of the day of each way on each day in Vietnam on which it was used."""
    local = moments["minute"].dt.tz_convert(VIETNAM)
    rows = moments.assign(
        day=local.dt.date,
        hours=local.dt.hour,
        bytes=volume(moments),
    )
    return rows.groupby([*keys, "day"], as_index=False).agg(
        flows=("flows", "sum"),
        bytes=("bytes", "sum"),
        hours=("hours", frozenset),
        flow_id=("flow_id", "min"),
        input_id=("input_id", "first"),
    )


def to_json(baseline: pd.DataFrame) -> str:
    """The baseline as a document; equal baselines give equal text."""
    rows = baseline.sort_values(KEYS).to_dict("records")
    text = json.dumps({"format": FORMAT, "edges": rows}, ensure_ascii=False, indent=2)
    return text + "\n"


def from_json(text: str, place: str) -> pd.DataFrame:
    """The baseline in ``text``.

    Raises:
        InputError: it is none, is too large, of a later format, or has mistakes.
    """
    hint = "Give the baseline as it was written, unchanged."
    if len(text) > MOST_BYTES:
        raise InputError(f"is larger than {MOST_BYTES // 1024 // 1024} MiB", place=place, hint=hint)
    try:
        content = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
        known = content.get("format") if isinstance(content, dict) else None
        if type(known) is int and known > FORMAT:
            raise InputError(
                f"is a baseline of format {known}; this program knows formats up to {FORMAT}",
                place=place,
                hint="Use a newer auditor.",
            )
        document = Baseline.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError(
            f"is no baseline: {where}: {first['msg']} ({error.error_count()} mistakes)",
            place=place,
            hint=hint,
        ) from None
    except RecursionError:
        raise InputError("is nested too deeply", place=place, hint=hint) from None
    except ValueError as error:
        raise InputError(f"is not JSON: {error}", place=place, hint=hint) from None
    return pd.DataFrame([edge.model_dump() for edge in document.edges], columns=list(COLUMNS))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def _no_number(name: str) -> float:
    raise ValueError(f"{name[:20]} is no number")
