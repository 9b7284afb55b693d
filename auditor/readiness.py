"""The order of the steps of a checklist's check: read flows, gather facts, ask probes, decide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor import pipeline
from auditor.checklist import folder as folders
from auditor.checklist.facts import Facts, Traffic, numbers_for
from auditor.model.inventory import Inventory

if TYPE_CHECKING:
    from datetime import datetime

    from auditor.checklist.catalogue import Catalogue
    from auditor.checklist.folder import Folder
    from auditor.model.problem import Note


def facts_of(
    folder: Folder,
    catalogue: Catalogue,
    order: pipeline.Order | None,
    now: datetime,
    note: Note,
    progress: pipeline.Progress,
) -> Facts:
    """Everything the probes may look at.

    Args:
        folder: the assessment.
        catalogue: the checklist and its numbers.
        order: captures and flow logs to look at, and by what; null = none.
        now: the clock.
        note: takes what could not be read.
        progress: told what is being done.
    """
    from auditor.model.documents import read

    inventory_file = folder.path / "inventory.yaml"
    inventory = read(inventory_file, Inventory) if inventory_file.exists() else None
    traffic: Traffic | None = None
    if order is not None:
        from auditor.checklist.sources.traffic import traffic as added_up

        table, inputs, problems = pipeline.located_flows(order, progress)
        for problem in problems:
            note(problem)
        traffic = added_up(table, inputs, problems, folder.network, inventory)
    return Facts(
        now=now,
        assessment=folder.assessment,
        numbers=numbers_for(
            catalogue.limits, folder.assessment.system.level, folder.assessment.numbers
        ),
        evidence=folders.held(folder, catalogue.checklist),
        network=folder.network,
        endpoints=folder.endpoints,
        inventory=inventory,
        traffic=traffic,
        holidays=catalogue.holidays,
    )
