"""HL7 version 2 over MLLP or bare: segments of patients, with the names of their fields.

Sources: HL7 2.5.1 chapters 2, 3 and 6; MLLP release 1 (0x0B before a message, 0x1C 0x0D behind it).
FHIR is JSON or XML over HTTP, and is read as such.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from auditor.inspect.contracts import MOST_HELD
from auditor.inspect.protocols.sides import Sides

if TYPE_CHECKING:
    from auditor.inspect.contracts import Content, Conversation, FlowHead, Part

_PORTS: Final = (2575,)
_BEGIN: Final = re.compile(rb"\x0b?(?:MSH|FHS|BHS)([^\w\s])[^\w\s]{3,5}\1")
_ENDS: Final = re.compile(rb"[\r\n\x1c]+\x0b?")
_NAMES: Final = {
    b"PID": {
        2: "mã bệnh nhân (patient ID)", 3: "mã định danh người bệnh (patient identifier)",
        4: "mã khác (alternate patient ID)", 5: "họ và tên người bệnh (patient name)",
        6: "họ tên mẹ (mother's maiden name)", 7: "ngày sinh (birth date)",
        8: "giới tính (sex)", 9: "tên khác (patient alias)", 10: "chủng tộc (race)",
        11: "địa chỉ (address)", 13: "số điện thoại (phone)", 14: "số điện thoại (phone)",
        17: "tôn giáo (religion)", 18: "số tài khoản (account number)",
        19: "số định danh cá nhân (SSN, personal ID)", 20: "giấy phép lái xe (driver's license)",
        22: "dân tộc (ethnic group)", 26: "quốc tịch (citizenship)",
    },
    b"NK1": {
        2: "họ và tên thân nhân (next of kin)", 4: "địa chỉ (address)",
        5: "số điện thoại (phone)", 33: "số định danh (next of kin identifier)",
    },
    b"GT1": {
        3: "họ và tên người bảo lãnh (guarantor)", 5: "địa chỉ (address)",
        6: "số điện thoại (phone)", 8: "ngày sinh (birth date)",
        12: "số định danh cá nhân (SSN, personal ID)",
    },
    b"IN1": {
        2: "gói bảo hiểm (insurance plan)", 16: "họ và tên người được bảo hiểm (insured)",
        18: "ngày sinh (birth date)", 19: "địa chỉ (address)",
        36: "số thẻ bảo hiểm y tế (health insurance policy number)",
        49: "mã người được bảo hiểm (insured's ID)",
    },
    b"IN2": {
        1: "mã nhân viên (employee ID)", 2: "số định danh cá nhân (SSN, personal ID)",
        61: "mã người bệnh (patient member number)",
    },
    b"DG1": {3: "chẩn đoán ICD-10 (diagnosis)", 4: "chẩn đoán (diagnosis)"},
    b"AL1": {3: "dị ứng (allergy)"},
    b"PR1": {3: "phẫu thuật, thủ thuật (procedure)", 4: "phẫu thuật, thủ thuật (procedure)"},
    b"OBX": {3: "xét nghiệm (observation)", 5: "kết quả (value)"},
    b"RXA": {5: "thuốc, vắc xin (administered code)"},
    b"RXE": {2: "thuốc (give code)"},
}  # fmt: skip
"""Field names of the segments that tell who a patient is and what ails them; Vietnamese for those
who look for Vietnamese words near a value. Other segments are searched as they stand."""

_MOST_FIELDS: Final = 300
"""Fields and repetitions that get lines of their own; a segment with more stays as it stands."""

_KINDS: Final = {
    b"NI": "số định danh cá nhân, CCCD (national identifier)",
    b"NNVNM": "số định danh cá nhân, CCCD (national identifier)",
    b"PPN": "hộ chiếu (passport number)",
    b"SS": "số an sinh xã hội (social security number)",
    b"HC": "thẻ bảo hiểm y tế (health card)",
    b"DL": "giấy phép lái xe (driver's license)",
    b"MR": "số bệnh án (medical record number)",
    b"TAX": "mã số thuế (tax ID)",
}
"""Identifier types (table 0203) that say more than the field."""


@lru_cache(maxsize=4096)
def _label(kind: bytes, number: int, said: str) -> bytes:
    """What stands before a value: ``PID-7 ngày sinh (birth date): ``."""
    return f"{kind.decode('ascii', 'replace')}-{number} {said}".rstrip().encode() + b": "


class Hl7:
    """Messages between hospitals, laboratories and insurers."""

    name = "hl7"

    def sniff(self, flow: FlowHead, heads: tuple[bytes, bytes]) -> float:
        """By the header segment, which names its own delimiters."""
        if any(_BEGIN.match(head) for head in heads):
            return 0.97
        framed = heads[0].startswith(b"\x0b") or heads[1].startswith(b"\x0b")
        return 0.5 if flow.dst_port in _PORTS and framed else 0.0

    def conversation(self, flow: FlowHead, content: Content) -> Conversation:
        """A text per segment; documents within (OBX of type ED) become parts."""
        return Sides(_Side(content, 0), _Side(content, 1))


class _Side:
    """Segments of one side, and the delimiters of its last header (a ``Part``).

    Both sides send messages: answers are messages too.
    """

    def __init__(self, content: Content, side: int) -> None:
        self._content = content
        self._side = side
        self._held = bytearray()
        self._field = b"|"
        self._component = b"^"
        self._repeat = b"~"
        self._document: Part | None = None  # of a segment that is longer than what is held

    def feed(self, data: bytes) -> None:
        begin = 0
        for match in _ENDS.finditer(data):
            self._ended(data[begin : match.start()])
            begin = match.end()
        self._more(data[begin:])

    def gap(self, size: int) -> None:
        if self._document:
            self._document.gap(size)
        else:
            self._ended(b"")

    def close(self) -> None:
        self._ended(b"")

    def _ended(self, data: bytes) -> None:
        self._more(data)
        if self._document:
            self._document.close()
            self._document = None
        elif self._held:
            segment = bytes(self._held)
            self._held.clear()
            self._segment(segment)

    def _more(self, data: bytes) -> None:
        if self._document:
            if data:
                self._document.feed(data)
            return
        self._held += data
        if len(self._held) > MOST_HELD:
            self._long()

    def _long(self) -> None:
        """A segment too long to hold is a document in base64, or searched as it stands."""
        head = bytes(self._held[:MOST_HELD])
        packed = self._packed(head)
        if packed is None:
            self._document = self._content.part(self._side, "HL7 segment")
            begin = 0
        else:
            begin = packed[0]
            self._content.text(self._side, "HL7 segment", head[:begin])
            self._document = self._begun(packed[1])
        self._document.feed(bytes(self._held[begin:]))
        self._held.clear()

    def _begun(self, media_type: str) -> Part:
        return self._content.part(
            self._side, "HL7 document", media_type=media_type, encodings=("base64",)
        )

    def _packed(self, segment: bytes) -> tuple[int, str] | None:
        """Where the base64 of an OBX segment begins, and its type; null = there is none."""
        fields = segment.split(self._field, 6)
        if fields[0] != b"OBX" or len(fields) < 6 or fields[2] != b"ED":
            return None
        pieces = fields[5].split(self._component, 4)
        if len(pieces) < 5 or pieces[3].lower() != b"base64":
            return None
        begin = sum(map(len, fields[:5])) + 5 + sum(map(len, pieces[:4])) + 4
        kind = self._component.join(pieces[1:3]).replace(self._component, b"/")
        return begin, kind.decode("ascii", "replace").lower()

    def _segment(self, segment: bytes) -> None:
        segment = segment.lstrip(b"\x0b")
        if segment[:3] in (b"MSH", b"FHS", b"BHS") and len(segment) >= 8:
            self._field, self._component, self._repeat = (segment[at : at + 1] for at in (3, 4, 5))
        packed = self._packed(segment)
        if packed:
            part = self._begun(packed[1])
            data = segment[packed[0] :].partition(self._field)[0]
            part.feed(data)
            part.close()
            segment = segment[: packed[0]]
        names = _NAMES.get(segment[:3])
        if segment.count(self._field) + segment.count(self._repeat) > _MOST_FIELDS:
            names = None
        text = self._labelled(segment, names) if names else segment
        if text:
            place = f"HL7 {segment[:3].decode('ascii', 'replace')}" if names else "HL7 segment"
            self._content.text(self._side, place, text)

    def _labelled(self, segment: bytes, names: dict[int, str]) -> bytes:
        """A line per field that is not empty: ``PID-7 ngày sinh (birth date): 19900101``."""
        kind, *fields = segment.split(self._field)
        lines: list[bytes] = []
        for number, value in enumerate(fields, 1):
            if not value or value == b'""':
                continue
            name = names.get(number, "")
            for piece in value.split(self._repeat):
                parts = piece.split(self._component)
                said = _KINDS.get(parts[4], name) if len(parts) > 4 and number == 3 else name
                plain = b" ".join(part for part in parts if part)
                lines.append(_label(kind, number, said) + plain)
        return b"\n".join(lines)
