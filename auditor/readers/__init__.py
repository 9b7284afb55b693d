"""What flowed? Captures and logs become the flow table.

A format is one entry of ``READERS``; ``reader_of`` asks each how sure it is of a file's head.
"""

from auditor.readers.flow_parts import FlowParts
from auditor.readers.formats import HEAD, READERS, reader_of
from auditor.readers.inputs import Wanted, Watch, read_inputs
from auditor.readers.parts import Parts
from auditor.readers.reading import Progress, Reader, Reading, Settings
from auditor.readers.streams import Source
from auditor.readers.tables.first_mapping import guess_of
from auditor.readers.tables.mapping import load_mapping, mapping_source

__all__ = [
    "HEAD",
    "READERS",
    "FlowParts",
    "Parts",
    "Progress",
    "Reader",
    "Reading",
    "Settings",
    "Source",
    "Wanted",
    "Watch",
    "guess_of",
    "load_mapping",
    "mapping_source",
    "read_inputs",
    "reader_of",
]
