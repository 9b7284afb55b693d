from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import pytest

from auditor import classify, inspect
from auditor.inspect import scanning
from auditor.inspect.parts import FlowPart

POLICIES = Path(__file__).parents[2] / "policies"
ROWS = "ho_ten,so_cccd\n" + "".join(f"Trần Văn {i},0790850{12345 + i:05d}\n" for i in range(60))
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF" + b"\0" * 5000


@pytest.fixture(scope="module")
def search():
    codes = classify.catalogue(POLICIES).by_code
    return inspect.compiled(POLICIES, codes, bytes(inspect.KEY_BYTES))


@pytest.fixture
def scan(search):
    def scanned(data: bytes, name: str) -> scanning.Scanned:
        return inspect.scanned(io.BytesIO(data), name, search, lambda _: None)

    return scanned


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("_", "."), data)
    return out.getvalue()


def test_a_table_in_an_archive_is_recognised_by_its_column(scan):
    found = scan(zipped(khach_csv=ROWS.encode()), "gui/k.zip")
    numbers = found.recognised[0]
    assert (numbers.detector, numbers.certainty, numbers.distinct) == (
        "personal-number",
        "firm",
        60,
    )
    assert numbers.labels == ("B7",)
    assert numbers.places == ("k.zip / khach.csv / column so_cccd",)
    assert len(numbers.samples) == 3
    assert "079085012345" not in repr(found)
    assert found.unread is None
    assert not found.left_out


def test_what_cannot_be_read_is_named_also_within_an_archive(scan):
    found = scan(zipped(anh_jpg=JPEG, khach_csv=ROWS.encode()), "k.zip")
    assert [(each.place, each.why) for each in found.left_out] == [("k.zip / anh.jpg", "media")]
    assert found.unread is None
    assert found.recognised
    alone = scan(JPEG, "anh.jpg")
    assert (alone.unread, alone.left_out_in_all) == ("media", 1)


def test_a_file_with_a_secrecy_mark_shows_no_sample(scan):
    text = "UBND TỈNH\nTUYỆT MẬT\n\nSố CCCD: 079085012345 do Cục Cảnh sát QLHC cấp\n"
    found = scan(text.encode(), "mat.txt")
    assert found.secret
    assert {"personal-number", "secrecy-mark-high"} <= {one.detector for one in found.recognised}
    assert all(one.withheld and not one.samples for one in found.recognised)


def test_a_secrecy_mark_in_a_column_hides_samples_as_one_in_a_text_does(scan):
    found = scan("so_cccd,Độ mật\n079085012345,MẬT\n001190012346,MẬT\n".encode(), "so.csv")
    assert found.secret
    assert {one.detector for one in found.recognised} == {"personal-number", "secrecy-level-field"}
    assert all(one.withheld and not one.samples for one in found.recognised)


def test_a_mark_in_one_member_withholds_the_samples_of_all(scan):
    found = scan(zipped(a_csv=ROWS.encode(), b_txt="UBND TỈNH\nTUYỆT MẬT\n".encode()), "k.zip")
    assert found.secret
    assert all(not one.samples for one in found.recognised)


def test_damage_is_told_with_its_problem(scan):
    found = scan(gzip.compress(ROWS.encode())[:60] + b"junk" * 20, "k.csv.gz")
    assert found.unread == "damaged"
    assert [code for code, _ in found.problems] == ["damaged-content"]


def test_many_documents_that_are_not_read_are_counted(scan):
    members = {f"a{number}_jpg": JPEG for number in range(scanning.MOST_TOLD + 5)}
    found = scan(zipped(**members), "k.zip")
    assert len(found.left_out) == scanning.MOST_TOLD
    assert found.left_out_in_all == scanning.MOST_TOLD + 5


def test_a_capture_is_told_from_a_document(scan):
    pcaps = POLICIES.parent / "samples" / "pcaps"
    assert scan((pcaps / "truncated.pcap").read_bytes(), "truncated.pcap").capture
    assert not scan(ROWS.encode(), "truncated.pcap").capture


def test_an_empty_file_has_nothing(scan):
    found = scan(b"", "empty")
    assert (found.size, found.recognised, found.unread) == (0, (), None)


def test_a_file_is_read_in_pieces_and_how_far_it_got_is_told(search, monkeypatch):
    monkeypatch.setattr(scanning, "PIECE", 1000)
    data, told = ROWS.encode(), []
    found = inspect.scanned(io.BytesIO(data), "k.csv", search, told.append)
    assert sum(told) == len(data) == found.size
    assert len(told) == -(-len(data) // 1000)
    assert found.recognised[0].distinct == 60


def test_a_parser_that_fails_is_told_and_ends_that_file_alone(scan, monkeypatch):
    def fails(part, data):
        raise IndexError

    with monkeypatch.context() as patched:
        patched.setattr(FlowPart, "feed", fails)
        found = scan(ROWS.encode(), "k.csv")
    assert found.unread == "damaged"
    [(code, message)] = found.problems
    assert code == "content-not-taken-apart"
    assert message.startswith("FlowPart: IndexError")
    assert scan(ROWS.encode(), "k.csv").recognised
