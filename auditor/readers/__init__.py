"""What flowed? Captures and logs become the flow table.

A format is one entry of ``formats.ONE_FORMAT``; each says how sure it is of a file's first bytes.
"""

from auditor.readers.decrypting import decrypted, with_secrets
from auditor.readers.flow_parts import FlowParts
from auditor.readers.formats import reader_of, readers_for
from auditor.readers.inputs import Wanted, Watch, read_inputs
from auditor.readers.parts import Parts
from auditor.readers.payloads import Extent, Missed, extents, payloads, prepare_payloads
from auditor.readers.reading import Progress, Reader, Reading, Settings
from auditor.readers.storage import Url, place_of
from auditor.readers.streams import Source

__all__ = [
    "Extent",
    "FlowParts",
    "Missed",
    "Parts",
    "Progress",
    "Reader",
    "Reading",
    "Settings",
    "Source",
    "Url",
    "Wanted",
    "Watch",
    "decrypted",
    "extents",
    "payloads",
    "place_of",
    "prepare_payloads",
    "read_inputs",
    "reader_of",
    "readers_for",
    "with_secrets",
]
