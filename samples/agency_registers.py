"""Registers of the example agencies, and the list of all their evidence but documents.

Both agencies hold the same ones. Some have Vietnamese headings, some the columns' own ids.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date, timedelta
from typing import Final

import papers as makers
from agency_exports import (
    ASSETS,
    CODES,
    DOORS,
    GRANTS,
    MACHINES,
    PASSWORDS,
    ROLES,
    SENDING,
    TODAY,
    Rows,
    firewall,
    looked_at,
    scanned,
    table,
    tools,
)
from agency_papers import SLIP
from agency_traffic import CUT, DAYS, FIRST, UNTIL

OWNER: Final = "Sở Công Thương tỉnh Mẫu"
BUSINESSES: Final = "Cơ sở công nghiệp"
WORKERS: Final = "Lao động tại cơ sở công nghiệp"

ACCOUNTS: Final[Rows] = (
    ("minh.tv", "Trần Văn Minh", "quản trị", "có", "có", "có", "2026-11-20", "AD"),
    ("hung.ld", "Lê Đức Hùng", "quản trị", "có", "có", "có", "2026-11-19", "CSDL"),
    ("lan.dt", "Đỗ Thị Lan", "quản trị", "có", "có", "có", "2026-11-20", "SIEM"),
    ("binh.tt", "Trần Thị Bình", "người dùng", "không", "có", "có", "2026-11-20", "AD"),
    ("thu.nt", "Nguyễn Thị Thu", "người dùng", "không", "có", "có", "2026-11-19", "AD"),
    ("anh.pq", "Phạm Quốc Anh", "người dùng", "không", "có", "có", "2026-11-20", "AD"),
    ("yen.vh", "Vũ Hải Yến", "người dùng", "không", "có", "có", "2026-11-18", "AD"),
    ("sync_ndc", "", "dịch vụ", "không", "có", "có", "2026-11-20", "CSDL"),
    ("cty-baotri", "Đinh Văn Tú", "nhà thầu", "không", "không", "có", "2026-11-19 08:45", "VPN"),
    ("cu.pv", "Phạm Văn Cũ", "người dùng", "không", "không", "không", "2026-06-30", "AD"),
    ("Administrator", "", "quản trị", "có", "không", "không", "2026-08-20", "AD"),
)
PEOPLE: Final = tuple(row[1] for row in ACCOUNTS[:7])

FIELDS: Final[Rows] = (
    # table, field, class, personal, entry of the dictionary, type, length
    ("co_so", "ma_co_so", "Khác", "không", "maCoSo", "varchar", "12"),
    ("co_so", "ten_co_so", "Khác", "không", "tenCoSo", "varchar", "200"),
    ("co_so", "ma_so_thue", "Khác", "không", "maSoThue", "varchar", "13"),
    ("co_so", "ma_xa", "Khác", "không", "maDonViHanhChinh", "varchar", "5"),
    ("lao_dong", "so_dinh_danh", "Quan trọng", "cơ bản", "soDinhDanhCaNhan", "varchar", "12"),
    ("lao_dong", "ho_ten", "Quan trọng", "cơ bản", "hoVaTen", "varchar", "100"),
    ("lao_dong", "ngay_sinh", "Quan trọng", "cơ bản", "ngaySinh", "date", ""),
    ("lao_dong", "ma_co_so", "Khác", "không", "maCoSo", "varchar", "12"),
)

PACKAGE: Final = json.dumps(
    {"package": "goi-01", "tables": {"co_so": 400, "lao_dong": 2400}, "rows": "not shown"},
    indent=1,
)  # fmt: skip


def _days(first: date) -> list[date]:
    return [first + timedelta(days=at) for at in range((TODAY - first).days)]


def _sessions() -> Rows:
    """A row of the sharing log for every sync that the sensor saw."""
    found = []
    for day in range(DAYS):
        for hour in (2, 8, 14, 20):
            at = FIRST + timedelta(days=day, hours=hour, minutes=3)
            if at <= UNTIL and not (at.date() == CUT.date() and hour == 14):
                found.append((at.isoformat(), "TTDLQG", "API", WORKERS, "200", "36 bản ghi"))
    return tuple(found)


PEOPLE_AND_ACCOUNTS: Final = (
    ("contacts", "dau-moi.csv", table("Vai trò,Họ tên,Điện thoại,Ngày cập nhật", (
        ("Chủ quản", "Nguyễn Văn Mẫu", "0900 000 001", "02/11/2026"),
        ("Đơn vị vận hành", "Lê Thị Hoa", "0900 000 002", "02/11/2026"),
        ("SOC", "Đỗ Thị Lan", "0900 000 003", "02/11/2026"),
        ("Trung tâm dữ liệu quốc gia", "Trực ban", "0900 000 004", "02/11/2026"),
        ("PA05", "Trực ban", "0900 000 005", "02/11/2026"),
        ("Nhà cung cấp đường truyền", "Trực ban", "0900 000 006", "02/11/2026"),
        ("Nhà thầu", "Đinh Văn Tú", "0900 000 007", "02/11/2026"),
    ))),
    ("accounts", "tai-khoan.csv",
     table("account,person,kind,privileged,enabled,mfa,last-logon,system", ACCOUNTS)),
    ("leavers", "nghi-viec.csv", table("Họ tên,Ngày nghỉ", (("Phạm Văn Cũ", "01/07/2026"),))),
    ("duties", "phan-cong.csv", table("Họ tên,Nhiệm vụ", (
        ("Trần Văn Minh", "Quản trị hệ thống, vận hành"),
        ("Lê Đức Hùng", "Quản trị cơ sở dữ liệu"),
        ("Đỗ Thị Lan", "Giám sát an ninh, quản lý nhật ký"),
        ("Trần Thị Bình", "Đầu mối dữ liệu"),
    ))),
    ("training", "dao-tao.csv", table("person,course,date,expires", (
        *((name, "Quản trị an ninh mạng", "2026-09-15", "2029-09-15") for name in PEOPLE[:3]),
        *((name, "Nâng cao nhận thức an ninh mạng", "2026-09-18", "") for name in PEOPLE),
    ))),
    ("remote-tickets", "phieu-bao-tri.csv", table("Số phiếu,Tài khoản,Mở lúc,Đóng lúc", (
        ("BT-21", "cty-baotri", "13/11/2026 08:00", "13/11/2026 17:00"),
        ("BT-22", "cty-baotri", "19/11/2026 08:00", "19/11/2026 17:00"),
    ))),
    ("suppliers", "nha-cung-cap.csv", table("supplier,service,address,reviewed,clauses", (
        ("Công ty Bảo trì Mẫu", "bảo trì phần mềm", "113.161.7.20", "2026-09-03", "HĐ 22, Điều 6"),
        ("Công ty Đường truyền Mẫu", "đường truyền", "", "2026-09-01", "HĐ 20, Điều 5"),
    ))),
)  # fmt: skip

MACHINE_ROOM: Final = (
    ("assets", "tai-san.csv", table("Mã tài sản,Địa chỉ IP,Vai trò,Vùng mạng,Chủ quản,Hệ thống",
     tuple((*row, OWNER, "industry-registry") for row in ASSETS))),
    ("hosts", "may.csv", table("asset,os,version,patched,support-ends", tuple(
        (row[0], *(("Windows 11", "24H2") if row[0].startswith("pc-") else ("Ubuntu", "24.04")),
         "2026-11-05", "2028-10-10") for row in MACHINES
    ))),
    ("protection-agents", "phong-ma-doc.csv",
     table("asset,product,updated,real-time,edr,last-seen", tuple(
         (row[0], "Mẫu EDR", "2026-11-20", "có", "có", "2026-11-20 09:00") for row in MACHINES
     ))),
    ("environments", "moi-truong.csv", table("Tài sản,Môi trường", tuple(
        (row[0], "thử nghiệm" if row[0] == "test-01" else "vận hành") for row in ASSETS
    ))),
    ("log-sources", "nguon-nhat-ky.csv", table("asset,source,last-event", tuple(
        (row[0], "syslog", "2026-11-20T09:15:00+07:00") for row in SENDING
    ))),
    ("log-index", "chi-muc-nhat-ky.csv", table("Nguồn,Ngày,Số bản ghi", tuple(
        (source, day.isoformat(), str(1000 + day.day * 7))
        for source in ("syslog", "postgresql")
        for day in _days(date(2026, 8, 15))
    ))),
    ("time-records", "do-lech-gio.csv", table("asset,source,offset-ms,measured", tuple(
        (row[0], "10.30.2.123", f"{at % 7 - 3}.{at}", "2026-11-19")
        for at, row in enumerate(SENDING)
    ))),
    ("vulnerabilities", "lo-hong.csv",
     table("Tài sản,Mức độ,Ngày phát hiện,Hạn khắc phục,Ngày khắc phục xong", (
         ("app-01", "cao", "10/11/2026", "25/11/2026", "14/11/2026"),
         ("waf-01", "thấp", "10/11/2026", "10/02/2027", ""),
     ))),
    ("products", "san-pham.csv", table("asset,vendor,product,version,origin", tuple(
        (row[0], "Hãng Mẫu", "Tường lửa M1" if row[0] == "fw-01" else "Máy chủ S2", "7.4.2",
         "Việt Nam") for row in ASSETS
    ))),
    ("warned-products", "canh-bao.csv", table("vendor,product,versions,source", (
        ("Hãng Thử", "Camera T9", "<2.0", "TB 1/2026"),
    ))),
    ("components", "sbom.csv", table("component,version,supplier,vulnerability,severity", (
        ("openssl", "3.0.15", "OpenSSL", "", ""),
        ("postgresql", "16.4", "PostgreSQL", "", ""),
        ("nginx", "1.26.2", "nginx", "", ""),
    ))),
    ("key-register", "so-khoa.csv",
     table("Mã khoá,Ngày tạo,Ngày thay khoá,Ngày hết hạn,Người giữ", (
        ("luu-tru-01", "2026-09-10", "", "2027-09-10", "Đỗ Thị Lan"),
        ("kenh-01", "2026-10-15", "", "2027-10-15", "Trần Thị Bình"),
    ))),
    ("web-protection", "tuong-lua-ung-dung.csv", table("Tên miền,Chế độ,Loại", (
        ("dichvu.sct.mau.example.vn", "Chặn", "WAF"),
        ("cong_nghiep", "Chặn", "tường lửa cơ sở dữ liệu"),
    ))),
    ("incidents", "so-su-co.csv", table("incident,severity,detected,notified,reported,closed", (
        ("SC-01", "trung bình", "2026-10-25 08:00", "2026-10-25 09:00", "2026-10-26 10:00",
         "2026-10-28"),
    ))),
    ("backups", "sao-luu.csv", table("Bộ dữ liệu,Bắt đầu,Kết thúc,Kết quả,Bản sao", tuple(
        (name, f"{day} 22:00", f"{day} 22:40", "Thành công",
         "disk@dc1; disk@dc2; tape@kho (ngoại tuyến)")
        for day in _days(date(2026, 11, 14)) for name in (BUSINESSES, WORKERS)
    ))),
    ("snapshots", "ban-chup.csv", table("dataset,taken,sha256", tuple(
        (name, "2026-11-02 22:00", hashlib.sha256(name.encode()).hexdigest())
        for name in (BUSINESSES, WORKERS)
    ))),
)  # fmt: skip

DATASETS: Final[Rows] = (
    ("Bộ dữ liệu", "Chủ dữ liệu", "Đầu mối dữ liệu", "Phân loại", "Phương thức", "Tần suất",
     "Ngày bắt đầu", "Số chủ thể"),
    (BUSINESSES, OWNER, "Trần Thị Bình", "Khác", "API", "4 lần mỗi ngày", "03/11/2026", "0"),
    (WORKERS, OWNER, "Trần Thị Bình", "Quan trọng", "API", "4 lần mỗi ngày", "03/11/2026",
     "2.400"),
)  # fmt: skip

DATA: Final = (
    ("classification", "phan-loai.csv", table("Bảng,Trường,Phân loại,Dữ liệu cá nhân",
     tuple(row[:4] for row in FIELDS))),
    ("personal-fields", "du-lieu-ca-nhan.csv", table("table,field,purpose,basis", tuple(
        (*row[:2], "quản lý lao động kỹ thuật", "Luật Bảo vệ dữ liệu cá nhân 2025")
        for row in FIELDS if row[3] != "không"
    ))),
    ("field-map", "anh-xa.csv", table("table,field,dictionary,type,length",
     tuple((*row[:2], *row[4:]) for row in FIELDS))),
    ("dictionary", "tu-dien.csv", table("name,type,length,code-list", tuple(dict.fromkeys(
        (row[4], "date" if row[5] == "date" else "string", row[6], "") for row in FIELDS
    )))),
    ("access-matrix", "ma-tran-quyen.csv", table("Tài khoản,Đối tượng,Quyền", (
        ("sync_ndc", "public.co_so", "SELECT"), ("sync_ndc", "public.lao_dong", "SELECT"),
    ))),
    ("connection-steps", "cac-buoc.csv", table("Bước,Số văn bản,Ngày", (
        ("Bước 1", "33/TT-SCT", "2026-09-30"), ("Bước 2", "09/BC-DGM", "2026-10-12"),
        ("Bước 3", "62/BB-SCT", "2026-10-22"), ("Bước 4", "72/BB-SCT", "2026-10-30"),
        ("Bước 5", "122/QĐ-SCT", "2026-11-02"),
    ))),
    ("quality-errors", "loi-du-lieu.csv", table("error,group,opened,closed", (
        ("L1", "nhẹ", "2026-11-05", "2026-11-09"), ("L2", "vừa", "2026-11-11", ""),
    ))),
    ("reconciliation", "doi-soat.csv",
     table("batch,table,source-rows,target-rows,source-checksum,target-checksum,explained", (
         ("L01", "co_so", "400", "400", "5f1c", "5f1c", ""),
         ("L01", "lao_dong", "2400", "2400", "a07e", "a07e", ""),
         ("L02", "lao_dong", "36", "34", "c411", "90be", "2 bản ghi bị từ chối (BB 77)"),
     ))),
    ("change-history", "lich-su.csv",
     table("Bản ghi,Phiên bản,Thời điểm thay đổi,Người thực hiện", (
        ("r1", "1", "2026-11-03 08:00", "binh.tt"), ("r1", "2", "2026-11-05 09:00", "thu.nt"),
        ("r2", "1", "2026-11-05 09:30", "binh.tt"),
    ))),
    ("capacity", "duong-truyen.csv", table("time,used-percent,latency-ms,loss-percent", tuple(
        (f"{day} {hour:02}:00", str(25 + hour % 12 * 3), "12", "0")
        for day in _days(date(2026, 11, 18)) for hour in range(0, 24, 2)
    ))),
    ("gateway-settings", "cong-trao-doi.csv", table("Tham số,Giá trị", (
        ("Giới hạn tần suất", "100/phút"), ("Số lần thử lại", "3"),
        ("Chống trùng (mã bản tin)", "bật"), ("Thời gian chờ", "30 s"),
    ))),
    ("sharing-log", "nhat-ky-chia-se.csv",
     table("Thời gian,Bên yêu cầu,Hình thức,Nội dung,Trạng thái,Phản hồi", _sessions())),
    ("password-policy", "secpol.inf", PASSWORDS),
    ("database-access", "pg_hba.conf", DOORS),
    ("database-grants", "quyen.csv", GRANTS),
    ("database-grants", "vai-tro.csv", ROLES),
)  # fmt: skip


def registers() -> list[tuple[str, str, bytes | str, dict[str, str]]]:
    """Kind, file name, content and registered facts of everything but documents."""
    slip = SLIP.content
    manifest = table("Tên tệp,SHA-256", (
        ("goi-01.json", hashlib.sha256(PACKAGE.encode()).hexdigest()),
        ("signed-package.pdf", hashlib.sha256(slip).hexdigest()),
    ))  # fmt: skip
    every: list[tuple[str, str, bytes | str]] = [
        *PEOPLE_AND_ACCOUNTS,
        *MACHINE_ROOM,
        ("datasets", "bo-du-lieu.xlsx", makers.workbook(DATASETS)),
        *DATA,
        ("manifest", "ma-bam.csv", manifest),
        ("codes", "danh-muc.csv", CODES),
        ("data-sample", "ho-so-mau.json", looked_at()),
        ("tls-scan", "quet-tls.json", scanned()),
        ("firewall", "tuong-lua.conf", firewall()),
        *tools(),
    ]
    found: list[tuple[str, str, bytes | str, dict[str, str]]] = [
        (kind, name, content, {"collected": TODAY.isoformat()}) for kind, name, content in every
    ]
    package = {"number": "goi-01", "dated": "2026-11-02"}
    return [*found, ("signed-package", "goi-01.json", PACKAGE, package)]
