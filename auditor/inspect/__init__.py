"""What was inside: payload of flows that leave -> hits of detectors, and what could not be read."""

from auditor.inspect.announcements import CONTROL_PORT
from auditor.inspect.detectors import (
    KEY_BYTES,
    Detector,
    Search,
    Trial,
    all_sought,
    compiled,
    detectors_in,
    sources,
    tried,
)
from auditor.inspect.inspector import COVERAGE, Gathered, Inspection, Inspector
from auditor.inspect.scanning import OUTSIDE, Scanned, scanned
from auditor.inspect.selection import COLUMNS, opened
from auditor.inspect.summary import by_flow

__all__ = [
    "COLUMNS",
    "CONTROL_PORT",
    "COVERAGE",
    "KEY_BYTES",
    "OUTSIDE",
    "Detector",
    "Gathered",
    "Inspection",
    "Inspector",
    "Scanned",
    "Search",
    "Trial",
    "all_sought",
    "by_flow",
    "compiled",
    "detectors_in",
    "opened",
    "scanned",
    "sources",
    "tried",
]
