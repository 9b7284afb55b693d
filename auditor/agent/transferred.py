"""What a child tells the ledger: three files in its folder, and what the ledger says to its run.

The child takes apart what strangers sent; so what it leaves is plain numbers and lines of JSON,
read without any parser of tables, and every value is looked at.
"""

from __future__ import annotations

import base64
import json
from dataclasses import asdict, replace
from datetime import date
from typing import IO, TYPE_CHECKING, Any, Final, TypeVar

import numpy as np
import pyarrow as pa

from auditor.model.content import Sought
from auditor.model.errors import StoreError
from auditor.model.files import written
from auditor.model.ledger import TRANSFERS, Carried, DayCount, Route, Transfers
from auditor.model.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from auditor.model.content import Contents
    from auditor.model.ledger import Ledger
    from auditor.model.problem import Problem
    from auditor.model.run import Run
    from auditor.pipeline import Order

Made = TypeVar("Made")

COUNTED: Final = "counted.jsonl"
"""Whom the content was about, by keyed hash: a line a day, system, recipient and detector."""
SOUGHT: Final = "sought.jsonl"
"""What detectors look for: a line each."""
ROUTES: Final = "routes.jsonl"
"""Who sent what to whom: a line each."""
TRANSFERRED: Final = "transfers.bin"
"""The flows that left: so many bytes each, in the order of ``TRANSFERS``; records -1 = null."""
ROW: Final = np.dtype(
    [(field.name, "<i4" if field.type == pa.int32() else "<i8") for field in TRANSFERS]
)
_MOST_LINE: Final = 1 << 26
_SUBJECTS: Final = ("person", "organisation", "object", None)


def write(folder: Path, transfers: Transfers, contents: Contents) -> None:
    """Writes what a run saw leave and whom it counted, for the agent to put into the store.

    Raises:
        StoreError: it cannot be written.
    """
    rows = np.zeros(transfers.flows.num_rows, ROW)
    for name in ROW.names or ():
        column = transfers.flows[name]
        rows[name] = column.fill_null(-1).to_numpy() if column.null_count else column.to_numpy()

    def lines(some: Iterable[dict[str, Any]]) -> Callable[[IO[bytes]], None]:
        def each(file: IO[bytes]) -> None:
            for one in some:
                file.write(json.dumps(one, default=_plain).encode() + b"\n")

        return each

    written(
        folder,
        {
            COUNTED: lines(map(asdict, contents.counted)),
            SOUGHT: lines(map(asdict, contents.sought)),
            ROUTES: lines(map(asdict, transfers.routes)),
            TRANSFERRED: rows.tobytes(),
        },
    )


def read_transfers(folder: Path) -> Transfers:
    """What a run saw leave.

    Raises:
        StoreError: the files are gone or damaged.
    """
    routes = tuple(_lines(folder / ROUTES, set(Route.__slots__), _route))
    try:
        content = (folder / TRANSFERRED).read_bytes()
        rows = np.frombuffer(content, ROW)
        columns = {name: rows[name] for name in ROW.names or ()}
        if len(rows) and not (
            (columns["route"] >= 0).all()
            and (columns["route"] < len(routes)).all()
            and (columns["key"] >= 0).all()
            and (columns["bytes"] > 0).all()
            and (columns["records"] >= -1).all()
            and (columns["start"] <= columns["end"]).all()
        ):
            raise ValueError("a flow")  # noqa: TRY301 - told as any damage
    except (OSError, ValueError) as error:
        raise _damaged(folder / TRANSFERRED, error) from None
    records = pa.array(columns["records"], mask=columns["records"] == -1)
    arrays = [
        records if name == "records" else pa.array(np.ascontiguousarray(column))
        for name, column in columns.items()
    ]
    return Transfers(routes, pa.Table.from_arrays(arrays, schema=TRANSFERS))


def read_counted(folder: Path) -> Iterator[DayCount]:
    """Whom a run counted.

    Raises:
        StoreError: the file is gone or damaged.
    """
    return _lines(folder / COUNTED, set(DayCount.__slots__), _counted)


def read_sought(folder: Path) -> tuple[Sought, ...]:
    """What detectors look for.

    Raises:
        StoreError: the file is gone or damaged.
    """
    return tuple(_lines(folder / SOUGHT, set(Sought.__slots__), _sought))


def judged(
    run: Run,
    ledger: Ledger,
    order: Order,
    sought: tuple[Sought, ...],
    problems: tuple[Problem, ...],
) -> Run:
    """The run with what follows from everything that was added up, in place of its own totals.

    Args:
        run: as its child left it.
        ledger: with the run in it.
        order: what shapes the job's runs.
        sought: what detectors look for.
        problems: what could not be added up.

    Raises:
        PolicyError: a file of the policies or the inventory was changed, and has mistakes.
        StoreError: what was counted is damaged.
    """
    from auditor import classify, policy  # late: they are large

    catalogue = classify.catalogue(order.policies)
    law = policy.load_law(order.policies, catalogue)
    inventory = classify.inventory(order.inventory, catalogue) if order.inventory else None
    crossed = policy.crossed(ledger, law, inventory, sought)
    others = [each for each in run.problems if each.code != "ledger-closed"]
    return replace(
        run,
        findings=policy.with_crossed(run.findings, crossed, law),
        problems=(*others, *problems),
    )


def _lines(path: Path, of: set[str], made: Callable[[dict[str, Any]], Made]) -> Iterator[Made]:
    try:
        with path.open("rb") as file:
            while line := file.readline(_MOST_LINE):
                row = json.loads(line)
                if not isinstance(row, dict) or set(row) != of:
                    raise ValueError("a line")  # noqa: TRY301 - told as any damage
                yield made(row)
    except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
        raise _damaged(path, error) from None


def _damaged(path: Path, error: Exception) -> StoreError:
    return StoreError(
        f"what the run counted cannot be read: {type(error).__name__}",
        place=str(path),
        hint="The run is tried again; look for an error of the disk.",
    )


def _counted(row: dict[str, Any]) -> DayCount:
    state = base64.b64decode(_text(row["state"]), validate=True)
    day = date.fromisoformat(_text(row["day"]))
    outbound = row["outbound"]
    if outbound is not None and not isinstance(outbound, bool):
        raise TypeError("outbound")
    names = (_text(row["owner"]), _maybe(row["system"]), _text(row["recipient"]))
    return DayCount(day, *names, _text(row["detector"], 64), outbound, state)


def _sought(row: dict[str, Any]) -> Sought:
    subject, mark = row["subject"], row["mark"]
    if subject not in _SUBJECTS or mark not in ("C", "S", "T", "M"):
        raise ValueError("sought")
    title = Text(_text(row["title"]["vi"]), _text(row["title"]["en"]))
    labels = tuple(_text(each) for each in row["labels"])
    not_known = tuple(Text(_text(each["vi"]), _text(each["en"])) for each in row["not_known"])
    return Sought(_text(row["detector"], 64), title, labels, subject, mark, not_known)


def _route(row: dict[str, Any]) -> Route:
    carried = tuple(
        Carried(_text(each["category"]), _maybe(each["regime"])) for each in row["carried"]
    )
    names = (_text(row["owner"]), _maybe(row["system"]), _text(row["recipient"]))
    return Route(*names, _maybe(row["country"]), carried)


def _text(value: object, most: int = 1 << 16) -> str:
    if not isinstance(value, str) or len(value) > most:
        raise TypeError(type(value).__name__)
    return value


def _maybe(value: object) -> str | None:
    return None if value is None else _text(value)


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value).__name__)
