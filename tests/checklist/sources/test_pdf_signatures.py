from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from auditor.checklist.sources.pdf_signatures import signatures

SAMPLES = Path(__file__).parents[3] / "samples"
PAPERS = SAMPLES / "checklist" / "papers"


@pytest.fixture(scope="module")
def maker():
    spec = importlib.util.spec_from_file_location("samples_papers", SAMPLES / "papers.py")
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = loaded
    spec.loader.exec_module(loaded)
    return loaded


def test_an_intact_signature_is_told_with_signer_and_time():
    (found,) = signatures(PAPERS / "signed.pdf")
    assert found.signer == "Sở Nông nghiệp và Môi trường tỉnh Mẫu"
    assert found.time == "2026-03-05T02:00:00+00:00"
    assert (found.intact, found.covers_all, found.changed) == (True, True, "no")
    assert (found.certificate_valid, found.trusted, found.stamped) == (True, None, False)
    assert found.problem == ""


def test_any_changed_byte_breaks_the_signature(tmp_path):
    whole = (PAPERS / "signed.pdf").read_bytes()
    assert signatures(PAPERS / "signed-changed.pdf")[0].intact is False
    drawn = whole.index(b"stream\nBT") + 30
    path = tmp_path / "a.pdf"
    path.write_bytes(whole[:drawn] + bytes([whole[drawn] ^ 1]) + whole[drawn + 1 :])
    assert signatures(path)[0].intact is False


def test_a_changed_signature_value_does_not_fit(tmp_path):
    whole = (PAPERS / "signed.pdf").read_bytes()
    at = len(whole[: whole.index(b"0" * 400 + b">")].rstrip(b"0")) - 100
    path = tmp_path / "a.pdf"
    path.write_bytes(whole[:at] + (b"1" if whole[at : at + 1] != b"1" else b"2") + whole[at + 1 :])
    assert signatures(path)[0].intact is not True


def test_a_certificate_that_had_run_out_is_told():
    (found,) = signatures(PAPERS / "signed-late.pdf")
    assert (found.intact, found.certificate_valid) == (True, False)


def test_what_is_added_after_signing_is_told(tmp_path):
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    path = tmp_path / "a.pdf"
    with (PAPERS / "signed.pdf").open("rb") as source:
        writer = IncrementalPdfFileWriter(source)
        page = writer.root["/Pages"]["/Kids"][0]
        stream = generic.StreamObject(stream_data=b"BT /F1 12 Tf 1 0 0 1 9 9 Tm <0041> Tj ET")
        page["/Contents"] = writer.add_object(stream)
        writer.update_container(page)
        with path.open("wb") as out:
            writer.write(out)
    (found,) = signatures(path)
    assert found.covers_all is False
    assert found.changed == "yes"


def test_bytes_after_the_signed_part_are_told(tmp_path):
    path = tmp_path / "a.pdf"
    path.write_bytes((PAPERS / "signed.pdf").read_bytes() + b"\n% appended\n")
    (found,) = signatures(path)
    assert not (found.covers_all and found.changed == "no")


def test_a_given_root_makes_a_certificate_trusted_and_another_one_does_not(maker):
    root = maker._certificate().public_bytes(Encoding.DER)
    (found,) = signatures(PAPERS / "signed.pdf", (root,))
    assert found.trusted is True


def test_a_pdf_without_signature_has_none():
    assert signatures(PAPERS / "risk-report.pdf") == ()


def test_a_byte_range_in_plain_text_is_no_signature(tmp_path):
    path = tmp_path / "a.pdf"
    whole = (PAPERS / "risk-report.pdf").read_bytes()
    path.write_bytes(whole.replace(b"%\xe2\xe3\xcf\xd3", b"%/ByteRange"[:5]) + b"% /ByteRange [0]")
    assert signatures(path) == ()


def test_a_signed_pdf_whose_structure_is_broken_cannot_be_checked(tmp_path):
    path = tmp_path / "a.pdf"
    path.write_bytes((PAPERS / "signed.pdf").read_bytes() + b"startxref\n9\n%%EOF\n")
    (found,) = signatures(path)
    assert found.intact is None
    assert "cannot be taken apart" in found.problem


def test_no_cut_or_flipped_byte_makes_anything_but_a_told_signature(tmp_path):
    whole = (PAPERS / "signed.pdf").read_bytes()
    opens = whole.index(b"/Contents <") + len(b"/Contents ")
    path = tmp_path / "a.pdf"
    for at in range(20, len(whole), 997):
        for content in (whole[:at], whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]):
            path.write_bytes(content)
            for found in signatures(path):
                assert found.intact is not None or found.problem
                # the signature's own bytes: a certificate that leads to no root proves nothing
                assert not found.intact or opens < at < opens + 2 * 4096 + 2


@pytest.mark.skipif(shutil.which("pdfsig") is None, reason="poppler's pdfsig is not installed")
def test_poppler_agrees():
    for name, word in (("signed.pdf", "is Valid"), ("signed-changed.pdf", "Digest Mismatch")):
        told = subprocess.run(
            ["pdfsig", "-nocert", str(PAPERS / name)], capture_output=True, text=True, check=False
        ).stdout
        assert word in told, told


def test_the_maker_writes_the_same_bytes_again(maker):
    assert maker.signed_pdf() == (PAPERS / "signed.pdf").read_bytes()
