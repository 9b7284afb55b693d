"""TLS scans of the agency's own endpoints: made here, saved, and read again as evidence."""

from __future__ import annotations

from auditor.checklist.sources.scan.result import (
    Certificate,
    EndpointScan,
    Scan,
    SuitesAsked,
    VersionAsked,
    saved_scan,
    to_json,
)
from auditor.checklist.sources.scan.scanning import scanned

__all__ = [
    "Certificate", "EndpointScan", "Scan", "SuitesAsked", "VersionAsked", "saved_scan", "scanned",
    "to_json",
]  # fmt: skip
