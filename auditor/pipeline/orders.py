"""What to audit, and by what: everything that shapes the result."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from auditor import __version__, readers

if TYPE_CHECKING:
    from auditor.model.run import DataSource, InputFile

Engine = Literal["capture", "scapy", "tshark"]
"""What reads packets: the packet engine, or one of the two that give a second opinion."""


class Progress(Protocol):
    """Told what the audit is doing."""

    def stage(self, name: str, total: int | None = None) -> None:
        """A stage begins; ``total`` is its size in bytes, if it has one."""

    def advance(self, size: int) -> None:
        """So many more bytes of the stage are done."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to audit, and by what.

    Attributes:
        paths: files, folders, which are walked, and addresses on shared storage.
        policies: folder of the category lists and ``rules.yaml``.
        geoip: folder of the geo databases.
        mappings: what the columns of tables mean (``docs/formats/mapping.md``).
        home: ISO 3166-1 alpha-2 code of the country that counts as home.
        jobs: threads that read files side by side.
        cluster: address of a Dask scheduler (``tcp://…``, ``tls://…``) whose workers read the
            files instead; the result is the same.
        since, until: only flows that overlap this span (``until`` excluded).
        open_before: file with the flows of earlier runs that had not ended.
        open_after: another file, that such flows of this run go into; null = all count now.
        open_until: the present: flows wait an hour for the captures that go on with them.
        content: whether the content of what leaves is read.
        key_log: file of TLS secrets (NSS key log) that decrypts some of it; null = none.
        hash_key: 32 bytes by which subjects are told apart without their values being kept; null =
            a key of this run's own, which nobody keeps.
    """

    paths: tuple[Path | readers.Url, ...]
    policies: Path
    geoip: Path
    inventory: Path | None = None
    dossiers: Path | None = None
    mappings: tuple[Path, ...] = ()
    home: str = "VN"
    settings: readers.Settings = field(default_factory=readers.Settings)
    jobs: int = 1
    since: datetime | None = None
    until: datetime | None = None
    open_before: Path | None = None
    open_after: Path | None = None
    open_until: datetime | None = None
    cluster: str | None = None
    content: bool = True
    key_log: Path | None = None
    hash_key: bytes | None = field(default=None, repr=False)


def data_folder(name: str) -> Path:
    """The folder ``policies`` or ``geoip`` that came with this program."""
    package = Path(__file__).parents[1]
    installed = package / "_data" / name
    return installed if installed.is_dir() else package.parent / name


def wanted(order: Order) -> readers.Wanted:
    """What the readers are asked for."""
    settings = order.settings
    if order.mappings:
        from auditor.readers.tables.mapping import load_mapping  # late: few inputs are tables

        settings = replace(settings, mappings=tuple(map(load_mapping, order.mappings)))
    return readers.Wanted(
        order.paths,
        settings,
        order.jobs,
        order.since,
        order.until,
        order.open_before,
        order.open_after,
        order.open_until,
        order.cluster,
    )


def settings_of(order: Order) -> dict[str, str]:
    """The choices that shape the result, as a run names them."""
    settings = {
        each.name: str(getattr(order.settings, each.name))
        for each in fields(order.settings)
        if each.name != "mappings"  # they are among the sources
    }
    settings["home"] = order.home
    settings["content"] = "read" if order.content else "left alone"
    if order.key_log is not None:
        settings["key_log"] = _digest(order.key_log)
    for name, moment in (("since", order.since), ("until", order.until)):
        if moment is not None:
            settings[name] = moment.isoformat()
    if order.open_before is not None:
        settings["open_before"] = _digest(order.open_before)
    if order.open_after is not None:
        settings["open_after"] = "kept"
    return settings


def _digest(path: Path) -> str:
    """SHA-256 of a file; of one that cannot be read, that it cannot."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:  # whoever needs it tells of it
        return "unreadable"


def audit_id(
    inputs: tuple[InputFile, ...], sources: tuple[DataSource, ...], settings: dict[str, str]
) -> str:
    """Hash of everything that goes in; equal for runs over the same material."""
    material = {
        "version": __version__,
        "inputs": sorted((file.sha256 or "", Path(file.name).name) for file in inputs),
        "sources": sorted((source.kind, source.name, source.sha256) for source in sources),
        "settings": settings,
    }
    return hashlib.sha256(json.dumps(material, sort_keys=True).encode()).hexdigest()
