"""May it leave? Rules, regimes and the register, asked of the flows, give findings."""

from auditor.policy.deadlines import dated
from auditor.policy.destinations import recipients_of
from auditor.policy.differences import Difference, differences
from auditor.policy.explaining import explained
from auditor.policy.findings import candidates, findings
from auditor.policy.law import Law, load_law
from auditor.policy.lint import Tested, lint, lint_regimes, sources, tested
from auditor.policy.regimes import load_regimes
from auditor.policy.rules import Rule, RuleFile, load_rules

__all__ = [
    "Difference",
    "Law",
    "Rule",
    "RuleFile",
    "Tested",
    "candidates",
    "dated",
    "differences",
    "explained",
    "findings",
    "lint",
    "lint_regimes",
    "load_law",
    "load_regimes",
    "load_rules",
    "recipients_of",
    "sources",
    "tested",
]
