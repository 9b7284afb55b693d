"""Everything that findings follow from beside the flows: rules, categories, regimes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from auditor.model.catalogue import Catalogue
from auditor.model.regimes import RegimeFile
from auditor.policy.regimes import load_regimes
from auditor.policy.rules import RuleFile, load_rules

if TYPE_CHECKING:
    from pathlib import Path

RULES, REGIMES = "rules.yaml", "regimes.yaml"


@dataclass(frozen=True, slots=True)
class Law:
    """The questions, the categories of data, and the rules that transfers fall under."""

    rules: RuleFile
    catalogue: Catalogue
    regimes: RegimeFile


def load_law(folder: Path, catalogue: Catalogue) -> Law:
    """The law in a folder of policies.

    Raises:
        PolicyError: a file is missing or has mistakes, or names what exists nowhere; all of its
            mistakes are listed, with their lines.
    """
    regimes = load_regimes(folder / REGIMES, catalogue)
    return Law(load_rules(folder / RULES, catalogue, regimes), catalogue, regimes)
