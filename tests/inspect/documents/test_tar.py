from __future__ import annotations

import io
import tarfile

import pytest

from auditor.inspect.contracts import About
from auditor.inspect.documents.tar import Tar
from tests.inspect.documents.reading import damaged_copies, held, read_as_it_comes, why
from tests.inspect.recorder import RecordedPages

MEMBERS = {
    "a.csv": b"cccd\n" * 300,
    "thư mục/" + "tên rất dài " * 20: b"x",
    "b" * 512: b"y" * 512,
}


def tarred(form, members=None):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=form) as archive:
        folder = tarfile.TarInfo("folder")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for name, content in (members or MEMBERS).items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "../../etc/passwd"
        archive.addfile(link)
    return file.getvalue()


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("size", [1, 511, 1 << 16])
def test_files_come_out_with_their_names_however_it_is_cut(form, size):
    pages = read_as_it_comes(Tar(), tarred(form), size)
    assert held(pages) == MEMBERS
    assert not pages.unread_why


def test_a_hole_in_a_file_is_a_hole_in_its_member_and_the_next_one_is_found():
    data = tarred(tarfile.GNU_FORMAT, {"a": b"a" * 2000, "b": b"b" * 10})
    pages = RecordedPages()
    reading = Tar().reading(About(), pages)
    reading.feed(data[:1100])
    reading.gap(700)
    reading.feed(data[1800:])
    reading.close()
    assert [(part.filename, part.gaps) for part in pages.members] == [("a", [700]), ("b", [])]
    assert held(pages)["b"] == b"b" * 10
    assert not pages.unread_why


def test_a_hole_over_a_header_ends_the_archive():
    pages = RecordedPages()
    reading = Tar().reading(About(), pages)
    reading.feed(tarred(tarfile.GNU_FORMAT)[:1100])
    reading.gap(50_000)
    reading.close()
    assert why(pages) == {"damaged"}


def test_an_archive_that_is_cut_off_is_damaged():
    assert why(read_as_it_comes(Tar(), tarred(tarfile.GNU_FORMAT)[:1300])) == {"damaged"}


def test_archives_are_known_by_their_checksum():
    data = tarred(tarfile.GNU_FORMAT)
    assert Tar().sniff(data, About()) > 0.9
    old = bytearray(data[:512])
    old[257:265] = bytes(8)
    total = sum(old) - sum(old[148:156]) + 8 * 32
    old[148:156] = b"%06o\0 " % total
    assert Tar().sniff(bytes(old), About()) > 0.8
    old[0] += 1
    assert not Tar().sniff(bytes(old), About())


def test_damaged_archives_are_survived():
    for form in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        for copy in damaged_copies(tarred(form), 150):
            held(read_as_it_comes(Tar(), copy))
