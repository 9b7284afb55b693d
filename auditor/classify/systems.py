"""The agency's inventory, read and held against the category lists."""

from __future__ import annotations

import difflib
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, cast

from pydantic import AfterValidator, ValidationInfo, field_validator

from auditor.model.catalogue import Catalogue
from auditor.model.documents import read
from auditor.model.inventory import Inventory, System
from auditor.model.run import DataSource

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class _Against:
    """What an inventory is held against: the lists, and who has each network and name so far."""

    catalogue: Catalogue
    owners: dict[object, str]


def _listed(code: str, info: ValidationInfo) -> str:
    catalogue = cast("_Against", info.context).catalogue
    if code not in catalogue:
        raise ValueError(f"no category list has the code {code!r}; {_advice(code, catalogue)}")
    return code


def _advice(code: str, catalogue: Catalogue) -> str:
    """What to write instead: the same code in other letters, points of it, or one close to it."""
    folded = {known.casefold(): known for known in catalogue.by_code}
    close = difflib.get_close_matches(code.casefold(), folded, n=1, cutoff=0.6)
    points = [known for known in catalogue.by_code if known.startswith(f"{code}-")]
    if points:
        return f"write one of its points: {', '.join(points)}"
    if close:
        return f"did you mean {folded[close[0]]!r}?"
    return "`auditor policy show` lists the codes"


def _of_one_system(values: Iterable[Any], info: ValidationInfo) -> None:
    """Passes unless a system above has exactly the same network or name: nobody could decide."""
    owners = cast("_Against", info.context).owners
    twice = [f"{value} (system {owners[value]!r})" for value in values if value in owners]
    if twice:
        raise ValueError(
            f"stands above already: {', '.join(twice)}; "
            "leave it with one system, or give one of them a smaller part of it"
        )
    owners.update(dict.fromkeys(values, info.data.get("id", "?")))


def _host_pattern(host: str) -> str:
    pattern = host.lower().rstrip(".")
    name = pattern.removeprefix("*.")
    if not name or any(mark in name for mark in "*/:@ "):
        raise ValueError(f"{host!r} is no host name; write datdai.example.vn or *.example.vn")
    return pattern


class _ListedSystem(System):
    """A system whose codes, networks and names were held against everything else."""

    hosts: tuple[Annotated[str, AfterValidator(_host_pattern)], ...] = ()
    categories: tuple[Annotated[str, AfterValidator(_listed)], ...] = ()

    @field_validator("networks", "hosts")
    @classmethod
    def _once(cls, values: tuple[Any, ...], info: ValidationInfo) -> tuple[Any, ...]:
        _of_one_system(values, info)
        return values


class _ListedInventory(Inventory):
    """An inventory held against the category lists."""

    systems: tuple[_ListedSystem, ...] = ()


def inventory(path: Path, catalogue: Catalogue) -> Inventory:
    """The inventory in ``path``; every category code in it is one of ``catalogue``.

    Raises:
        PolicyError: the file is missing or has mistakes, all of them listed: also codes that no
            list has, and networks or host names that stand in two systems.
    """
    return read(path, _ListedInventory, _Against(catalogue, {}))


def inventory_source(path: Path, inventory: Inventory) -> DataSource:
    """The inventory as an audit names what it relied on: file, number of systems, SHA-256."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return DataSource("inventory", path.name, f"{len(inventory.systems)} systems", digest)
