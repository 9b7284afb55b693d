"""May it leave? Rules and the register of dossiers, asked of the flows, give findings."""

from auditor.policy.destinations import recipients_of
from auditor.policy.dossiers import Dossier, DossierFile, load_dossiers
from auditor.policy.findings import candidates, findings
from auditor.policy.lint import Tested, lint, sources, tested
from auditor.policy.rules import Rule, RuleFile, load_rules

__all__ = [
    "Dossier",
    "DossierFile",
    "Rule",
    "RuleFile",
    "Tested",
    "candidates",
    "findings",
    "lint",
    "load_dossiers",
    "load_rules",
    "recipients_of",
    "sources",
    "tested",
]
