"""2,000 labelled documents, made from a seed: what every detector should find in them, and how much.

A document is text, or a table as its parser hands it on. ``expected`` counts different values of
each detector. Phrases are those of letters, contracts, forms, logs and code, not of the detectors'
files; a value stands in what follows its name as people write it. Near misses stand everywhere.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field

from tests.inspect import corpus_values as made

COUNT = 2_000
SEED, HELD_OUT = 20_261_122, 7


@dataclass
class Document:
    """One item of the corpus."""

    kind: str
    text: str = ""
    names: tuple[str, ...] = ()
    rows: list[list[str]] = field(default_factory=list)
    expected: Counter[str] = field(default_factory=Counter)

    def __str__(self):
        table = "\n".join(" | ".join(row) for row in [list(self.names), *self.rows[:6]])
        return f"[{self.kind}] expected {dict(self.expected)}\n{self.text or table}"


PHRASES = {
    "personal-number": [
        "Số CCCD: {}", "CCCD số {} do Cục CS QLHC về TTXH cấp", "căn cước công dân số {}", "so cccd {}",
        "Số định danh cá nhân: {}", "Giấy tờ tùy thân (CCCD): {}", '"soCccd": "{}",', "<SoCCCD>{}</SoCCCD>",
        "citizen_id={}", "National ID: {}", "Thẻ căn cước {} cấp ngày 01/02/2022", "CMND/CCCD/Hộ chiếu: {}",
        "PID|1||{}^^^CCCD^NI", "INSERT INTO kh(cccd) VALUES ('{}');", "ID card no. {} (Vietnam)", "身份证 CCCD {}",
    ],
    "identity-card-line": ["{}", "qr_raw={}", "Quét thẻ: {}", '"qr":"{}"', "scan> {} <end"],
    "old-identity-number": [
        "CMND số: {}", "Số CMND {} cấp tại CA tỉnh", "chứng minh nhân dân số {}", "cmnd={}", '"cmnd":"{}"',
        "Giấy CMND cũ: {}", "chung minh nhan dan: {}", "CMND cũ {}",
    ],
    "passport-number": [
        "Hộ chiếu số {}", "Số hộ chiếu: {}", "Passport No: {}", "passport number {}", '"passport": "{}"',
        "ho chieu {}", "Passport: {} exp 2031", "numéro de passeport (passport) {}", "Reisepass / Passport {}",
    ],
    "travel-document-zone": ["{}", "MRZ:\n{}\n", "mrz\n{}", "OCR kết quả:\n{}\n--"],
    "phone": [
        "ĐT: {}", "Điện thoại: {}", "SĐT liên hệ {}", "Mobile: {}", "Liên hệ {} (Zalo)", "Gọi ngay {}", "phone={}",
        '"phone": "{}"', "<DienThoai>{}</DienThoai>", "Tel: {}", "so dien thoai {}", "Số điện thoại của tôi là {}",
        "sdt {} nha shop", "hotline {}", "PID|||||||||||||{}^PRN^CP phone", "Whatsapp {}",
    ],
    "phone-international": ["{}", "Tel: {}", "to={}", "Gọi {} giúp em", '"msisdn":"{}"', "call me at {}"],
    "tax-code": [
        "MST: {}", "Mã số thuế: {}", "Mã số doanh nghiệp {}", "mã số thuế người mua: {}", "Tax code: {}",
        "<MST>{}</MST>", '"taxCode":"{}"', "ma so thue {}", "Tax ID {}", "MST/CCCD chủ hộ: {}",
        "Giấy chứng nhận đăng ký doanh nghiệp, MSDN: {}", "VAT No.: {}",
    ],
    "card-number": [
        "Số thẻ: {}", "Card number: {}", "thẻ tín dụng {} hết hạn 11/29", "PAN={}", '"cardNumber": "{}"',
        "Visa/Mastercard {}", "credit card {} CVV 123", "so the {}", "Thẻ ATM số {}", "Kreditkarte / card no. {}",
        "debit card: {}", "thẻ ghi nợ nội địa {}",
    ],
    "vietqr": ["{}", "qr: {}", '{{"qrCode":"{}"}}', "Quét mã {} để trả", "payload={}&x=1"],
    "bank-account": [
        "STK: {}", "Số tài khoản: {} tại Vietcombank", "STK {} MB Bank", "số tk {}", "Account number: {}",
        "Tài khoản số {} mở tại BIDV", "account no. {}", '"soTaiKhoan":"{}"', "Bank account {} (VND)",
        "chuyển vào tài khoản ngân hàng {}", "Beneficiary account: {}", "TK số {} Techcombank",
    ],
    "social-insurance-number": [
        "Mã số BHXH: {}", "Số sổ BHXH {}", "bảo hiểm xã hội số {}", "ma so bhxh: {}", '"maSoBHXH":"{}"',
        "Social insurance no.: {}", "<SoBHXH>{}</SoBHXH>", "sổ bảo hiểm xã hội {}",
    ],
    "health-insurance-card": [
        "Thẻ BHYT: {}", "Số thẻ BHYT {}", "<MA_THE_BHYT>{}</MA_THE_BHYT>", "bảo hiểm y tế {}", "Mã thẻ: {} (BHYT)",
        "IN1|1|BHYT|{}", "bhyt={}", "Health insurance card {}", "Bệnh nhân, thẻ {}",
    ],
    "vehicle-plate": [
        "Biển số: {}", "BKS {}", "biển kiểm soát {}", "xe ô tô {} vi phạm tốc độ", "xe máy mang biển số {}",
        "license plate {}", '"bienSo":"{}"', "bien so xe {}", "phương tiện {} qua trạm", "plate no. {}",
    ],
    "land-parcel": [
        "Mã thửa đất: {}", "Mã định danh thửa đất {}", '"maThuaDat":"{}"', "thửa đất {} thuộc dự án", "parcel id {}",
        "ma thua dat {}",
    ],
    "diagnosis-code": [
        "Chẩn đoán: {}", "Mã ICD-10: {}", "chẩn đoán xác định {}", "DG1|1|ICD10|{}", "<MA_BENH>{}</MA_BENH>",
        "Diagnosis code {}", '"icd10":"{}"', "Bệnh chính {}", "chan doan {}",
    ],
    "email-address": [
        "Email: {}", "E-mail {}", "thư điện tử: {}", '"email":"{}"', "mailto:{}", "Gửi về email {}", "email={}",
    ],
    "birth-date": [
        "Ngày sinh: {}", "Sinh ngày {}", "ngày, tháng, năm sinh: {}", '"ngaySinh":"{}"', "Date of birth: {}",
        "DOB: {}", "<NgaySinh>{}</NgaySinh>", "ngay sinh {}", "Ngày tháng năm sinh: {}",
    ],
    "driving-licence": [
        "GPLX số {}", "Giấy phép lái xe: {}", "số GPLX: {}", "bằng lái {}", "driving licence {}", '"gplx":"{}"',
    ],
}  # fmt: skip

COLUMNS = {
    "personal-number": [
        "so_cccd",
        "CCCD",
        "Số định danh",
        "cccd_number",
        "Số CCCD/CMND",
        "soCccd",
        "national_id",
    ],
    "old-identity-number": ["so_cmnd", "CMND", "Số CMT"],
    "passport-number": ["passport_no", "Số hộ chiếu", "ho_chieu"],
    "phone": [
        "sdt",
        "Điện thoại",
        "phone",
        "so_dien_thoai",
        "Mobile",
        "phoneNumber",
        "SĐT liên hệ",
    ],
    "tax-code": ["mst", "Mã số thuế", "tax_code", "ma_so_thue", "MST người mua"],
    "card-number": ["card_number", "Số thẻ", "pan", "so_the"],
    "bank-account-column": ["stk", "Số tài khoản", "account_number", "so_tai_khoan", "bankAccount"],
    "social-insurance-number": ["so_bhxh", "Mã số BHXH", "ma_so_bhxh"],
    "health-insurance-card": ["ma_the_bhyt", "Số thẻ BHYT", "MA_THE"],
    "vehicle-plate": ["bien_so", "Biển số xe", "license_plate", "BKS"],
    "land-parcel": ["ma_thua_dat", "parcel_id"],
    "diagnosis-code": ["ma_benh", "icd10", "Mã ICD"],
    "email-address": ["email", "Email", "dia_chi_email"],
    "birth-date": ["ngay_sinh", "Ngày sinh", "dob", "dateOfBirth"],
    "driving-licence": ["so_gplx", "GPLX"],
    "full-name": ["ho_ten", "Họ và tên", "fullName", "ten_khach_hang", "Họ tên"],
    "address": ["dia_chi", "Địa chỉ thường trú", "home_address", "que_quan"],
}
PLAIN_COLUMNS = {
    "ma_don_hang": lambda r: made.number(r, 12), "order_id": lambda r: made.number(r, r.choice([9, 10, 16])),
    "gia": lambda r: str(r.randrange(1, 9000) * 1000), "ngay_tao": lambda r: f"{r.randrange(1, 29):02d}/11/2025",
    "ten_san_pham": lambda r: f"Sản phẩm {r.randrange(999)}", "barcode": lambda r: "893" + made.number(r, 10),
    "created_at": lambda r: str(r.randrange(16 * 10**11, 18 * 10**11)), "so_luong": lambda r: str(r.randrange(1, 99)),
    "ma_van_don": lambda r: "VN" + made.number(r, 9), "hash": lambda r: r.randbytes(16).hex(),
    "ghi_chu": lambda r: r.choice(["", "giao giờ hành chính", "đã thu tiền"]), "iban": lambda r: "DE" + made.number(r, 20),
    "serial": lambda r: made.number(r, 15), "lat": lambda r: f"{r.uniform(45, 52):.5f}", "status": lambda r: r.choice("AB"),
}  # fmt: skip

FILLER = [
    "Căn cứ Bộ luật Dân sự năm 2015 và nhu cầu của hai bên.",
    "Hai bên thống nhất ký kết hợp đồng với các điều khoản sau đây.",
    "Kính gửi Quý khách hàng, cảm ơn Quý khách đã tin dùng dịch vụ của chúng tôi.",
    "Bên B có trách nhiệm giao hàng đúng hạn và bảo hành mười hai tháng.",
    "Trân trọng cảm ơn và kính chúc sức khỏe.",
    "Em gửi anh file báo cáo tháng, anh xem giúp em nhé.",
    "Dear Sir or Madam, please find attached the documents for your review.",
    "The server was restarted at midnight and all checks passed.",
    "Nous vous remercions de votre commande et restons à votre disposition.",
    "Bitte überweisen Sie den Betrag innerhalb von vierzehn Tagen.",
    "感谢您的来信，我们将尽快回复。",
    'def handler(event): return {"status": 200, "body": event["id"]}',
    "SELECT id, total FROM orders WHERE status = 'paid' ORDER BY id;",
    '<div class="row"><span>Chi tiết đơn hàng</span></div>',
    "Biên bản được lập thành hai bản, mỗi bên giữ một bản có giá trị như nhau.",
    "Cong ty TNHH Thuong mai va Dich vu, giao hang toan quoc.",
    "Lượng mưa trung bình tháng này cao hơn cùng kỳ năm trước.",
    "Đội bóng đã thắng ba trận liên tiếp trên sân nhà.",
    'git commit -m "fix rounding of totals"; make test',
    "Cuộc họp dời sang chiều thứ năm, phòng họp tầng ba.",
]

HEADS = {
    "letter": "CÔNG TY CỔ PHẦN {p}\nKính gửi: {p}\n", "contract": "HỢP ĐỒNG MUA BÁN\nGiữa {p} và {p}\n",
    "form": "TỜ KHAI\nNgười khai: {p}\n", "log": "2025-11-22T10:11:12.345Z INFO service started\n",
    "code": "#!/usr/bin/env python\nimport sys\n", "html": "<html><body><h1>Thông tin</h1>\n", "chat": "[10:21] Lan: hi\n",
    "invoice": "HÓA ĐƠN GIÁ TRỊ GIA TĂNG\nNgày 22 tháng 11 năm 2025\n", "hl7": "MSH|^~\\&|HIS|BV|LIS|XN|20251122||ADT^A01|1|P|2.5\n",
    "json": '{{"data": [\n', "foreign": "Invoice / Rechnung / Facture\n", "mail": "Subject: Hồ sơ\nDate: Sat, 22 Nov 2025 10:00:00 +0700\n",
}  # fmt: skip


def _value(r, kind):
    if kind == "phone" and r.random() < 0.4:
        return made.spaced_phone(r)
    if kind == "card-number" and r.random() < 0.4:
        return made.spaced_card(r)
    return made.MAKERS[kind](r)


def _text(r, number):
    kind = r.choice(list(HEADS))
    out = Document(kind)
    lines = [HEADS[kind].format(p=made.person(r))]
    wanted = r.sample(list(PHRASES), r.choice([1, 1, 2, 3, 4])) if number % 2 else []
    for one in wanted:
        for _ in range(r.choice([1, 1, 1, 2, 5])):
            lines.append(r.choice(PHRASES[one]).format(_value(r, one)))
            out.expected[one] += 1
            lines += [r.choice(FILLER) for _ in range(r.randrange(3))]
    while len(lines) < 6 or r.random() < 0.8:
        # what stands by itself is no near miss beside the name of something else
        lines += [
            r.choice(FILLER),
            r.choice(FILLER),
            r.choice(FILLER),
            made.near_miss(r),
            r.choice(FILLER),
        ]
        lines += [r.choice(FILLER), r.choice(FILLER)]
    out.text = "\n".join(lines)
    return out


def _table(r, number):
    out = Document("table")
    wanted = r.sample(list(COLUMNS), r.randrange(1, 5)) if number % 2 else []
    plain = r.sample(list(PLAIN_COLUMNS), r.randrange(2, 5))
    size = r.choice([3, 8, 40, 120])
    columns = {}
    for one in wanted:
        makers = {
            "bank-account-column": made.account,
            "full-name": made.person,
            "address": made.address,
        }
        maker = makers.get(one) or made.MAKERS[one]
        if one == "birth-date":
            values = [made.birth_date(r) for _ in range(size)]
        else:
            values = [maker(r) for _ in range(size)]
        columns[r.choice(COLUMNS[one])] = values
        out.expected[one] += len(set(values))
    for name in plain:
        columns[name] = [PLAIN_COLUMNS[name](r) for _ in range(size)]
    order = r.sample(list(columns), len(columns))
    out.names = tuple(order)
    out.rows = [[columns[name][row] for name in order] for row in range(size)]
    return out


MARKS = ["TUYỆT MẬT", "TỐI MẬT", "MẬT"]


def _official(r, number):
    out = Document("official")
    mark = (
        r.choice(MARKS)
        if number % 2
        else r.choice(["KHẨN", "HỎA TỐC", "", "GIẢI MẬT", "THƯỢNG KHẨN"])
    )
    place = " " * r.randrange(6)
    top = [f"BỘ {r.choice(['XÂY DỰNG', 'TÀI CHÍNH', 'CÔNG AN'])}", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
           "Độc lập - Tự do - Hạnh phúc", f"Số: {r.randrange(1, 999)}/BC-BXD"]  # fmt: skip
    if mark:
        top.insert(r.randrange(len(top) + 1), place + mark)
    if number % 2:
        out.expected["secrecy-mark" if mark == "MẬT" else "secrecy-mark-high"] = 1
    body = [r.choice(FILLER[:5]) for _ in range(8)]
    body.insert(
        3,
        r.choice(
            [
                "Các đơn vị bảo mật thông tin, đổi mật khẩu định kỳ.",
                "Dấu “TỐI MẬT” dùng theo Nghị định.",
            ]
        ),
    )
    out.text = "\n".join(top + body)
    return out


def documents(seed, count=COUNT):
    """The corpus of a seed."""
    r = random.Random(seed)
    makers = [_text, _text, _text, _table, _table, _text, _text, _table, _text, _official]
    return [makers[number // 2 % len(makers)](r, number) for number in range(count)]
