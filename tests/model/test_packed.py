from __future__ import annotations

import io
import zipfile

from auditor.model.packed import packed


def made(year: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr(zipfile.ZipInfo("a.xml", (year, 5, 6, 7, 8, 9)), "<a/>")
        file.writestr("b.xml", "<b/>")
    return out.getvalue()


def test_the_clock_leaves_no_trace():
    assert packed(made(2024), {}) == packed(made(2026), {})


def test_a_member_can_be_replaced():
    with zipfile.ZipFile(io.BytesIO(packed(made(2024), {"b.xml": b"<c/>"}))) as file:
        assert [file.read(name) for name in file.namelist()] == [b"<a/>", b"<c/>"]
