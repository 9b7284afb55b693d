from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.inspect.protocols.hl7 import Hl7
from tests.inspect.conversations import alike_for_all_cuts, survives_damage
from tests.inspect.recorder import RecordedContent, conversed, head

HL7 = Hl7()
PORT = head(2575)
SEGMENTS = [
    "MSH|^~\\&|HIS|BV A|LAB|B|20260901||ADT^A01|1|P|2.5.1",
    "PID|1||001090012345^^^BCA^NI~BN-77^^^BV^MR||NGUYỄN^VĂN^A||19900101||||1 Lê Lợi^^Huế||0912345678||||||001090012345",  # noqa: E501
    "NK1|1|TRẦN^THỊ^B|MTH",
    "DG1|1||B20^HIV^I10|Bệnh HIV",
    "IN1|1|BHYT||||||||||||||||||||||||||||||||||GD4790012345678",
    "ZZZ|local|segment",
]
MESSAGE = b"\x0b" + "\r".join(SEGMENTS).encode() + b"\r\x1c\r"
ACK = b"\x0bMSH|^~\\&|LAB|B|HIS|A|20260901||ACK|1|P|2.5.1\rMSA|AA|1\r\x1c\r"


def texts(content, side=0):
    return [data.decode() for at, _, data in content.texts if at == side]


def test_fields_of_a_patient_are_named():
    content = alike_for_all_cuts(HL7, PORT, [(0, MESSAGE), (1, ACK), (0, MESSAGE)])
    said = "\n".join(texts(content))
    for line in (
        "PID-3 số định danh cá nhân, CCCD (national identifier): 001090012345 BCA NI",
        "PID-3 số bệnh án (medical record number): BN-77 BV MR",
        "PID-5 họ và tên người bệnh (patient name): NGUYỄN VĂN A",
        "PID-7 ngày sinh (birth date): 19900101",
        "PID-11 địa chỉ (address): 1 Lê Lợi Huế",
        "PID-13 số điện thoại (phone): 0912345678",
        "PID-19 số định danh cá nhân (SSN, personal ID): 001090012345",
        "NK1-2 họ và tên thân nhân (next of kin): TRẦN THỊ B",
        "DG1-3 chẩn đoán ICD-10 (diagnosis): B20 HIV I10",
        "IN1-36 số thẻ bảo hiểm y tế (health insurance policy number): GD4790012345678",
        "ZZZ|local|segment",
    ):
        assert said.count(line) == 2, line
    assert texts(content, 1)[1] == "MSA|AA|1"
    assert ("HL7 PID") in {place for _, place, _ in content.texts}


@settings(max_examples=12, deadline=None)
@given(st.integers(1, 60))
def test_a_cut_elsewhere_changes_nothing(size):
    chunks = [(0, MESSAGE), (1, ACK)]
    assert conversed(HL7, PORT, chunks, size).summary == conversed(HL7, PORT, chunks).summary


def test_other_delimiters_and_bare_messages_are_read():
    message = b"MSH#*+!%#HIS\rPID#1##7##LE*THI*C##19810203\n"
    said = "\n".join(texts(alike_for_all_cuts(HL7, PORT, [(0, message)])))
    assert "PID-5 họ và tên người bệnh (patient name): LE THI C" in said
    assert HL7.sniff(head(4000), (message, b"")) > 0.9


@pytest.mark.parametrize("size", [40, 90_000])
def test_a_document_in_an_observation_becomes_a_part(size):
    document = b"%PDF-1.7 " * size
    packed = base64.b64encode(document)
    obx = b"OBX|1|ED|11^Report||HIS^application^pdf^Base64^" + packed
    content = alike_for_all_cuts(HL7, PORT, [(0, b"MSH|^~\\&|H\r" + obx + b"\rPID|1\r")], (1000,))
    part = content.parts[0]
    assert (part.place, part.media_type, part.encodings) == (
        "HL7 document",
        "application/pdf",
        ("base64",),
    )
    assert base64.b64decode(part.data) == document
    assert texts(content)[-1] == "PID-1: 1"


def test_a_segment_without_end_is_searched_as_it_stands():
    content = conversed(HL7, PORT, [(0, b"MSH|^~\\&|H\rNTE|" + b"a" * 300_000)], 9000)
    assert content.parts[0].place == "HL7 segment"
    assert len(content.parts[0].data) == 300_004


def test_missing_bytes_end_a_segment():
    content = RecordedContent()
    conversation = HL7.conversation(PORT, content)
    conversation.feed(0, MESSAGE[:100], 0)
    conversation.feed(0, b"lost\rNK1|1|TRAN^B\r", 10)
    conversation.close()
    assert "NK1-2 họ và tên thân nhân (next of kin): TRAN B" in texts(content)[-1]


@pytest.mark.parametrize(
    ("port", "first", "least", "most"),
    [(2575, MESSAGE, 0.9, 1), (80, b"MSHTML is no message", 0, 0), (2575, b"\x0bxx", 0.4, 0.6)],
)
def test_it_is_recognised_by_its_header(port, first, least, most):
    assert least <= HL7.sniff(head(port), (first, b"")) <= most


def test_damage_neither_fails_nor_hangs():
    survives_damage(HL7, PORT, [(0, MESSAGE), (1, ACK), (0, MESSAGE)])
