"""What a child process is told to do, and what it has done: two JSON files in its folder.

No secret stands in them, and a child needs none: what it reads lies on a disk.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from auditor import pipeline, readers
from auditor.agent.watch.listing import matching
from auditor.model.errors import StoreError
from auditor.model.files import written
from auditor.model.problem import Problem
from auditor.store.directory import inside

if TYPE_CHECKING:
    from auditor.agent.settings import Agent, Job

ORDER: Final = "order.json"
RESULT: Final = "result.json"
RUN: Final = "run.json"
REPORT: Final = "report.html"
READINESS: Final = "readiness.json"
FLOWS: Final = "flows"
"""Folder of the flow files."""
OPEN_FLOWS: Final = "open.flows"
INPUTS: Final = "inputs"
"""Folder of copies that were made to be read."""
TEMPORARY: Final = "tmp"
KEPT: Final = (RUN, REPORT)
"""What goes into the folder of a run."""

_RUN_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,60}")
_PATHS: Final = (
    "policies", "geoip", "inventory", "dossiers", "open_before", "open_after", "key_log",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Work:
    """One piece of work for a child.

    Attributes:
        job: its name.
        started: the agent's clock when the child was begun; it goes on from there.
        checklist: folder of the assessment to check; null = an audit.
        audit: what to read, and by what.
        shown: what the run is to call files that are read as copies, by their paths.
        problems: what was odd before anything was read.
    """

    job: str
    started: datetime
    checklist: Path | None
    audit: pipeline.Order
    shown: tuple[tuple[str, str], ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """What a child has done.

    Attributes:
        run_id: of the audit; empty = a checklist was checked.
        flow_files: rows of the flow table's files in the folder ``FLOWS``, as the store has them.
        open_flows: how many flows had not ended when the last of their packets had been read.
        open_last: when the first of their time lines ends (ISO 8601).
    """

    kind: Literal["audit", "checklist"]
    run_id: str = ""
    flow_files: tuple[dict[str, Any], ...] = ()
    open_flows: int = 0
    open_last: str | None = None


def audit_order(
    job: Job, paths: tuple[Path, ...], threads: int, cluster: str | None
) -> pipeline.Order:
    """What the settings of ``job`` make of these inputs."""
    return pipeline.Order(
        paths=paths,
        policies=job.policies or pipeline.data_folder("policies"),
        geoip=job.geoip or pipeline.data_folder("geoip"),
        inventory=job.inventory,
        dossiers=job.dossiers,
        mappings=job.mappings,
        home=job.home,
        settings=readers.Settings(
            copies_within=job.copies_within,
            log_zone=job.log_zone,
            log_server=job.log_server,
            aws_fields=job.aws_fields,
        ),
        jobs=threads,
        cluster=cluster,
        content=job.content,
        key_log=job.key_log,
    )


def traffic(job: Job) -> tuple[Path, ...]:
    """The captures and logs that a checklist is checked against: all that there are now."""
    paths: list[Path] = []
    for source in job.sources:
        if source.folder is not None:
            paths.append(source.folder)
        elif source.files is not None:
            paths += [Path(each) for each in sorted(matching(str(source.files)))]
    return tuple(paths)


def hidden(settings: Agent) -> tuple[str, ...]:
    """Environment variables that are none of a child's business: of store, channels, buckets."""
    names = ["AUDITOR_DATABASE_URL"]
    for channel in settings.channels:
        for way in (channel.mail, channel.webhook):
            if way is not None:
                names += [str(value) for name, value in way if name.endswith("_env") and value]
    for job in settings.jobs:  # what buckets hold was fetched before
        for source in job.sources:
            names += [each for each in (source.access_id_env, source.access_key_env) if each]
    return tuple(names)


def write_work(folder: Path, work: Work) -> None:
    """Writes the order into the child's folder.

    Raises:
        StoreError: it cannot be written.
    """
    order = {
        each.name: getattr(work.audit, each.name)
        for each in fields(work.audit)
        if each.name != "hash_key"  # a secret: see ``Child``
    }
    order["settings"] = asdict(work.audit.settings)
    text = json.dumps(
        {
            "job": work.job,
            "started": work.started,
            "checklist": work.checklist,
            "audit": order,
            "shown": work.shown,
            "problems": [asdict(each) for each in work.problems],
        },
        default=_plain,
        indent=1,
    )
    written(folder, {ORDER: text})


def read_work(folder: Path) -> Work:
    """The order in a child's folder."""
    content = json.loads((folder / ORDER).read_text(encoding="utf-8"))
    order = content["audit"]
    for name in _PATHS:
        if order.get(name) is not None:
            order[name] = Path(order[name])
    for name in ("paths", "mappings"):
        order[name] = tuple(Path(each) for each in order[name])
    for name in ("since", "until", "open_until"):
        order[name] = datetime.fromisoformat(order[name]) if order[name] else None
    order["settings"] = readers.Settings(**{**order["settings"], "mappings": ()})
    return Work(
        content["job"],
        datetime.fromisoformat(content["started"]),
        Path(content["checklist"]) if content["checklist"] else None,
        pipeline.Order(**order),
        tuple((path, name) for path, name in content["shown"]),
        tuple(Problem(**each) for each in content["problems"]),
    )


def write_result(folder: Path, result: Result) -> None:
    """Says that the work is done: the last thing that a child writes.

    Raises:
        StoreError: it cannot be written.
    """
    written(folder, {RESULT: json.dumps(asdict(result), indent=1)})


def read_result(folder: Path) -> Result:
    """What the child has done.

    Raises:
        StoreError: it does not say.
    """
    try:
        content = json.loads((folder / RESULT).read_text(encoding="utf-8"))
        result = Result(**{**content, "flow_files": tuple(content["flow_files"])})
        _plausible(result)
    except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
        raise StoreError(
            f"the run ended without saying what it did: {type(error).__name__}",
            place=str(folder / RESULT),
            hint="It is tried again; look for an error of the disk.",
        ) from None
    return result


def _plausible(result: Result) -> None:
    """Refuses names that lead elsewhere: files are moved, and removed, by them.

    Raises:
        StoreError, ValueError, LookupError, TypeError: the child was not itself.
    """
    if result.run_id and not _RUN_ID.fullmatch(result.run_id):
        raise ValueError("run_id")
    own = re.compile(rf"flows/day=[^/]+/{re.escape(result.run_id)}(-[0-9]+)?\.parquet")
    for each in result.flow_files:
        inside(Path(), each["path"])
        if not own.fullmatch(each["path"]):  # a file of another run
            raise ValueError("flow_files")


def _plain(value: object) -> object:
    """What JSON has no form for; names that are no UTF-8 keep their bytes as half characters."""
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)
