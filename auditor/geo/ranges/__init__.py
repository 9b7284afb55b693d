"""Ranges that publishers give themselves: clouds, geofeeds, anycast, relays."""

from auditor.geo.ranges.importing import KINDS, PUBLISHERS, Imported, imported
from auditor.geo.ranges.stored import Origin, RangeFile, open_ranges
from auditor.geo.ranges.table import RangeTable, flattened

__all__ = [
    "KINDS",
    "PUBLISHERS",
    "Imported",
    "Origin",
    "RangeFile",
    "RangeTable",
    "flattened",
    "imported",
    "open_ranges",
]
