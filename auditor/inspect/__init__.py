"""What was inside: payload of flows that leave -> hits of detectors, and what could not be read."""

from auditor.inspect.detectors import KEY_BYTES, Search, search, sought, sources
from auditor.inspect.inspector import COVERAGE, Inspection, Inspector
from auditor.inspect.selection import COLUMNS, opened
from auditor.inspect.summary import by_flow

__all__ = [
    "COLUMNS",
    "COVERAGE",
    "KEY_BYTES",
    "Inspection",
    "Inspector",
    "Search",
    "by_flow",
    "opened",
    "search",
    "sought",
    "sources",
]
