from __future__ import annotations

import time
import unicodedata

import pytest

from auditor.checklist.sources import letterhead


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("Số: 123/QĐ-UBND", "123/QĐ-UBND"),
        ("SỐ: 07/BB-STTTT", "07/BB-STTTT"),
        ("Số 45/2026/NĐ-CP", "45/2026/NĐ-CP"),
        ("Số: 384-QĐ/TW", "384-QĐ/TW"),
        ("Số: 12 / TTr-SNNMT", "12/TTr-SNNMT"),
        ("SỞ Y TẾ\tSố: 9/BC-SYT", "9/BC-SYT"),
        ("UBND TỈNH MẪU Số: 9/BC-SYT Mẫu, ngày 05 tháng 3 năm 2026", "9/BC-SYT"),
        ("Số:      /QĐ-UBND", ""),
        ("Số: ....../QĐ-UBND", ""),
        ("Căn cứ Nghị định số 331/2026/NĐ-CP ngày 19 tháng 8 năm 2026", ""),
        ("Số điện thoại: 024", ""),
    ],
)
def test_a_number_is_taken_from_its_own_line_only(line, number):
    assert letterhead.number(f"UBND TỈNH MẪU\n{line}\nQUYẾT ĐỊNH") == number


@pytest.mark.parametrize(
    ("line", "dated"),
    [
        ("Hà Nội, ngày 05 tháng 3 năm 2026", "2026-03-05"),
        ("Hà Nội, ngày 5 tháng 03 năm 2026", "2026-03-05"),
        ("TP. Hồ Chí Minh, Ngày 05/03/2026", "2026-03-05"),
        ("Số: 1/QĐ\tHà Nội, ngày 05 tháng 3 năm 2026", "2026-03-05"),
        ("Hôm nay, ngày 05 tháng 3 năm 2026, tại trụ sở", "2026-03-05"),
        ("Hà Nội, ngày 31 tháng 02 năm 2026", ""),
        ("Hà Nội, ngày     tháng     năm 2026", ""),
        ("Căn cứ Luật Dữ liệu, ngày 05 tháng 3 năm 2026", ""),
        ("Nghị định số 331/2026/NĐ-CP ngày 19 tháng 8 năm 2026", ""),
        ("(Kèm theo Quyết định số 1/QĐ, ngày 05 tháng 3 năm 2026)", ""),
    ],
)
def test_the_date_is_the_one_of_the_line_with_place_and_date(line, dated):
    assert letterhead.dated(f"UBND TỈNH MẪU\n{line}\n") == dated


def test_decomposed_letters_and_hard_spaces_are_read_like_the_others():
    text = unicodedata.normalize("NFD", "Số: 5/QĐ-UBND\nHà Nội, ngày\xa005 tháng 3 năm\xa02026")
    text = letterhead.normal(text)
    assert (letterhead.number(text), letterhead.dated(text)) == ("5/QĐ-UBND", "2026-03-05")


@pytest.mark.parametrize(
    ("end", "signer"),
    [
        ("KT. GIÁM ĐỐC\nPHÓ GIÁM ĐỐC\n(Đã ký)\nNguyễn Văn Mẫu", "Nguyễn Văn Mẫu"),
        ("TM. ỦY BAN NHÂN DÂN\nCHỦ TỊCH\nTrần Thị Bích Mẫu", "Trần Thị Bích Mẫu"),
        ("GIÁM ĐỐC\nTS. Lê Văn Mẫu", "Lê Văn Mẫu"),
        ("Nơi nhận:\tKT. GIÁM ĐỐC\n- Như trên;\tPHÓ GIÁM ĐỐC\n- Lưu: VT.\tĐỗ Mẫu", "Đỗ Mẫu"),
        ("GIÁM ĐỐC\nNguyễn Văn Một\nCHỦ TỊCH\nTrần Văn Hai", ""),
        ("GIÁM ĐỐC\nSở Tài chính Tỉnh", ""),
        ("GIÁM ĐỐC\nNGUYỄN VĂN MẪU", ""),
        ("Ông Nguyễn Văn Mẫu là giám đốc", ""),
        ("GIÁM ĐỐC", ""),
    ],
)
def test_a_signer_is_named_only_when_there_is_no_doubt(end, signer):
    assert letterhead.signer(f"QUYẾT ĐỊNH\n{end}") == signer


def test_the_issuer_is_the_last_line_in_capitals_above_the_number():
    text = "UBND TỈNH MẪU\nSỞ Y TẾ  CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM\nSố: 1/QĐ-SYT\nQUYẾT ĐỊNH"
    assert letterhead.issuer(text) == "SỞ Y TẾ"
    assert letterhead.issuer("QUYẾT ĐỊNH\nkhông có số") == ""


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("UBND TỈNH MẪU\nMẬT\nSố: 1/QĐ", "MẬT"),
        ("UBND TỈNH MẪU\n[ TỐI  MẬT ]\n", "TỐI MẬT"),
        ("TUYỆT MẬT\nMẬT", "TUYỆT MẬT"),
        ("Số: 1/QĐ    MẬT", "MẬT"),
        ("T Ố I   M Ậ T", "TỐI MẬT"),
        ("Độ mật: Tối mật", "TỐI MẬT"),
        ("Quy định bảo mật", ""),
        ("BẢO MẬT", ""),
        ("1\tHọ tên\tMật", ""),
        ("Danh mục bí mật nhà nước độ Mật", ""),
        ("CAM KẾT BẢO MẬT THÔNG TIN", ""),
    ],
)
def test_a_secrecy_mark_stands_alone_in_capitals(text, mark):
    assert letterhead.secrecy(text) == mark


@pytest.mark.parametrize(
    ("name", "mark"),
    [
        ("12-QD (TỐI MẬT).pdf", "TỐI MẬT"),
        ("12_QD_toi_mat.pdf", "TỐI MẬT"),
        ("TUYET-MAT phuong an.docx", "TUYỆT MẬT"),
        ("QD 12 [MAT].pdf", "MẬT"),
        ("QD_12_MẬT.pdf", "MẬT"),
        ("Phuong an bao mat.pdf", ""),
        ("CAM KẾT BẢO MẬT.pdf", ""),
        ("chinh-sach-mat-khau.pdf", ""),
        ("BE MAT.pdf", ""),
        ("Quy trình MẬT MÃ.pdf", ""),
    ],
)
def test_a_secrecy_mark_in_a_file_name_is_told_from_other_words(name, mark):
    assert letterhead.secrecy_in_name(name) == mark


@pytest.mark.parametrize(
    "text",
    [
        "Số: " * 500_000,
        "ngày " * 400_000,
        "Số:" + " " * 2_000_000,
        "A" * 2_000_000,
        ", ngày 1 tháng 1 năm " * 100_000,
        "KT. GIÁM ĐỐC\n" * 100_000,
        "MẬT " * 500_000,
        "Nguyễn " * 200_000,
        "\t" * 2_000_000,
    ],
    ids=lambda text: text[:8],
)
def test_hostile_text_takes_no_time(text):
    began = time.monotonic()
    for read in (
        letterhead.number,
        letterhead.dated,
        letterhead.signer,
        letterhead.issuer,
        letterhead.secrecy,
        letterhead.has_vietnamese_letters,
    ):
        read(text)
    letterhead.secrecy_in_name(text[:255])
    assert time.monotonic() - began < 10, "two megabytes must not take longer than seconds"


def test_folded_names_agree_whatever_the_school_of_tone_marks():
    assert letterhead.folded("Uỷ  ban Hoà Bình, Đất") == letterhead.folded("Ủy ban Hòa Bình, đất")
