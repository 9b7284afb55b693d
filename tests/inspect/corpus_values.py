"""Made-up identifiers for the corpus, and things that look like them but are none.

Check digits are computed here anew, in other words than the program's.
"""

from __future__ import annotations

import binascii
import uuid

FAMILY = [
    "Nguyễn",
    "Trần",
    "Lê",
    "Phạm",
    "Hoàng",
    "Huỳnh",
    "Phan",
    "Vũ",
    "Võ",
    "Đặng",
    "Bùi",
    "Đỗ",
    "Hồ",
    "Ngô",
    "Dương",
    "Lý",
]
MIDDLE = ["Văn", "Thị", "Hữu", "Minh", "Ngọc", "Thanh", "Quốc", "Đức", "Kim", "Thu", "Gia", "Hoài"]
GIVEN = [
    "An",
    "Bình",
    "Chi",
    "Dũng",
    "Giang",
    "Hà",
    "Hùng",
    "Khánh",
    "Lan",
    "Long",
    "Mai",
    "Nam",
    "Oanh",
    "Phúc",
    "Quân",
    "Sơn",
    "Tâm",
    "Uyên",
    "Vy",
    "Yến",
]
STREETS = ["Lê Lợi", "Trần Phú", "Hai Bà Trưng", "Nguyễn Huệ", "Điện Biên Phủ", "Phan Chu Trinh"]
PLACES = [
    "Quận 1, TP.HCM",
    "Cầu Giấy, Hà Nội",
    "Hải Châu, Đà Nẵng",
    "Vinh, Nghệ An",
    "Ninh Kiều, Cần Thơ",
]
PROVINCES = (1, 2, 4, 8, 10, 19, 24, 25, 27, 30, 31, 33, 34, 36, 38, 40, 42, 46, 48, 49, 52, 56, 66, 68, 74, 75, 77, 79, 80, 87, 89, 92, 94, 96)  # fmt: skip
BANKS = ("970436", "970415", "970418", "970422", "970407", "970432")
NETWORKS = [
    "32",
    "33",
    "36",
    "38",
    "39",
    "52",
    "56",
    "58",
    "70",
    "76",
    "77",
    "79",
    "81",
    "83",
    "85",
    "86",
    "88",
    "90",
    "91",
    "93",
    "94",
    "96",
    "97",
    "98",
]


def number(r, size):
    """Random digits with at least four different ones, the first not 0."""
    while True:
        text = str(r.randrange(10 ** (size - 1), 10**size))
        if len(set(text)) >= min(4, size):
            return text


def person(r):
    return f"{r.choice(FAMILY)} {r.choice(MIDDLE)} {r.choice(GIVEN)}"


def address(r):
    return f"{r.randrange(1, 400)} {r.choice(STREETS)}, {r.choice(PLACES)}"


def personal_number(r, year=None, female=None):
    year = year or r.choice(
        [r.randrange(1945, 2000), r.randrange(1960, 2000), r.randrange(2000, 2012)]
    )
    female = r.random() < 0.5 if female is None else female
    century = (0 if year < 2000 else 2) + female
    return f"{r.choice(PROVINCES):03d}{century}{year % 100:02d}{number(r, 6)}"


def identity_line(r):
    year, female = r.randrange(1950, 2010), r.random() < 0.5
    born = f"{r.randrange(1, 29):02d}{r.randrange(1, 13):02d}{year}"
    old = f"{r.randrange(1, 38):02d}{number(r, 7)}" if r.random() < 0.5 else ""
    issued = f"{r.randrange(1, 29):02d}{r.randrange(1, 13):02d}{r.randrange(2021, 2026)}"
    sex = "Nữ" if female else "Nam"
    return "|".join(
        (personal_number(r, year, female), old, person(r), born, sex, address(r), issued)
    )


def old_identity(r):
    return f"{r.randrange(1, 38):02d}{number(r, 7)}"


def passport(r):
    return r.choice("BCNPKQ") + number(r, r.choice([7, 8]))


def mrz_digit(text):
    value = {c: i for i, c in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")}
    return str(sum(value.get(c, 0) * [7, 3, 1][i % 3] for i, c in enumerate(text)) % 10)


def travel_document(r):
    day = f"{r.randrange(50, 99)}{r.randrange(1, 13):02d}{r.randrange(1, 29):02d}"
    end = f"{r.randrange(26, 36)}{r.randrange(1, 13):02d}{r.randrange(1, 29):02d}"
    plain = str.maketrans("ễầêạàỳõặùỗồôươýă", "eaeaayoauooouoya")
    family = r.choice(["NGUYEN", "TRAN", "LE", "PHAM", "VO"]).translate(plain)
    given = r.choice(["VAN<AN", "THI<MAI", "QUOC<HUNG", "NGOC<LAN"])
    if r.random() < 0.5:
        above = f"P<VNM{family}<<{given}".ljust(44, "<")
        serial = (r.choice("BCNP") + number(r, 7)).ljust(9, "<")
        extra = "<" * 14
        rest = serial + mrz_digit(serial) + "VNM" + day + mrz_digit(day) + r.choice("MF")
        rest += end + mrz_digit(end) + extra + mrz_digit(extra)
        return f"{above}\n{rest}{mrz_digit(rest[:10] + rest[13:20] + rest[21:43])}"
    serial = number(r, 9)
    above = ("IDVNM" + serial + mrz_digit(serial) + personal_number(r)).ljust(30, "<")
    below = day + mrz_digit(day) + r.choice("MF") + end + mrz_digit(end) + "VNM" + "<" * 11
    below += mrz_digit(above[5:] + below[:7] + below[8:15] + below[18:29])
    return f"{above}\n{below}\n" + f"{family}<<{given}".ljust(30, "<")


def phone(r):
    return "0" + r.choice(NETWORKS) + number(r, 7)


def spaced_phone(r):
    text = phone(r)
    cut = r.choice([(4, 7), (3, 6), (4, 7)])
    sign = r.choice(" .-")
    return sign.join((text[: cut[0]], text[cut[0] : cut[1]], text[cut[1] :]))


def phone_abroad_form(r):
    text = phone(r)[1:]
    return r.choice(
        [
            f"+84{text}",
            f"+84 {text[:2]} {text[2:5]} {text[5:]}",
            f"+84-{text[:3]}-{text[3:6]}-{text[6:]}",
        ]
    )


def tax_code(r):
    while True:
        text = f"{r.randrange(1, 64):02d}{r.randrange(1, 10**7):07d}"
        rest = (
            sum(int(c) * w for c, w in zip(text, (31, 29, 23, 19, 17, 13, 7, 5, 3), strict=True))
            % 11
        )
        if rest and len(set(text)) > 3:
            unit = f"-{r.randrange(1, 99):03d}" if r.random() < 0.2 else ""
            return f"{text}{10 - rest}{unit}"


def luhn(text):
    total = sum(sum(divmod(int(c) * (2 - i % 2), 10)) for i, c in enumerate(reversed(text)))
    return text + str(-total % 10)


def card(r):
    kind = r.randrange(5)
    if kind == 0:
        return luhn(r.choice(BANKS) + number(r, 9))
    if kind == 1:
        return luhn("4" + number(r, 14))
    if kind == 2:
        return luhn(str(r.randrange(51, 56)) + number(r, 13))
    if kind == 3:
        return luhn(r.choice(["34", "37"]) + number(r, 12))
    return luhn(str(r.randrange(3528, 3590)) + number(r, 11))


def spaced_card(r):
    text = card(r)
    if len(text) != 16:
        return text
    return r.choice(" -").join(text[i : i + 4] for i in range(0, 16, 4))


def bad_card(r):
    text = card(r)
    return text[:-1] + str((int(text[-1]) + r.randrange(1, 10)) % 10)


def field(name, value):
    return f"{name}{len(value):02d}{value}"


def vietqr(r):
    bank = field("00", r.choice(BANKS)) + field("01", number(r, r.choice([10, 12, 13, 14])))
    root = field("00", "01") + field("01", r.choice(["11", "12"]))
    root += field("38", field("00", "A000000727") + field("01", bank) + field("02", "QRIBFTTA"))
    root += field("53", "704")
    if r.random() < 0.5:
        root += field("54", str(r.randrange(10, 9999) * 1000))
    root += field("58", "VN")
    if r.random() < 0.5:
        root += field("62", field("08", r.choice(["thanh toan", "ung ho", "hoc phi thang 9"])))
    root += "6304"
    return root + f"{binascii.crc_hqx(root.encode(), 0xFFFF):04X}"


def account(r):
    while True:
        text = r.choice(["0", "1", "2", "19", "00"]) + number(r, r.choice([9, 10, 11, 12]))
        if not text.endswith("000"):
            return text


def insurance(r):
    return f"{r.choice(PROVINCES):02d}{r.randrange(10, 23)}{number(r, 6)}"


def health_card(r):
    group = r.choice(["DN", "HC", "HS", "TE", "HN", "GD", "HT", "CN", "SV"])
    return f"{group}{r.randrange(1, 6)}{r.choice(PROVINCES):02d}{insurance(r)}"


def plate(r):
    place = r.choice(
        [11, 14, 15, 18, 20, 29, 30, 34, 37, 43, 51, 59, 60, 61, 65, 72, 75, 79, 89, 99]
    )
    tail = f"{r.randrange(1, 1000):03d}.{r.randrange(1, 100):02d}"
    plain = tail.replace(".", "")
    series = r.choice("ABCDEFGHKLMNPSTUVXYZ")
    other = series + str(r.randrange(1, 10))
    return r.choice([f"{place}{series}-{tail}", f"{place}{series}-{plain}", f"{place}-{other} {tail}", f"{place}{other}-{tail}", f"{place}{series}{plain}"])  # fmt: skip


def parcel(r):
    lon, lat = r.choice(
        [(105.85, 21.0), (106.7, 10.8), (108.2, 16.05), (105.7, 18.7), (107.6, 12.9)]
    )
    bits, (w, e), (s, n) = "", (-180.0, 180.0), (-90.0, 90.0)
    lon, lat = lon + r.uniform(-0.05, 0.05), lat + r.uniform(-0.05, 0.05)
    for turn in range(60):
        if turn % 2 == 0:
            half = (w + e) / 2
            bits += "1" if lon >= half else "0"
            w, e = (half, e) if lon >= half else (w, half)
        else:
            half = (s + n) / 2
            bits += "1" if lat >= half else "0"
            s, n = (half, n) if lat >= half else (s, half)
    alphabet = "0123456789bcdefghjkmnpqrstuvwxyz"
    return "".join(alphabet[int(bits[i : i + 5], 2)] for i in range(0, 60, 5))


def diagnosis(r):
    return r.choice(
        [
            "E11.9",
            "I10",
            "J18.9",
            "K29.7",
            "N18",
            "M54.5",
            "A09",
            "C34.1",
            "F32.0",
            "O80",
            "B18.1",
            "G40.9",
        ]
    )


def email(r):
    name = f"{r.choice(['an', 'binh', 'chi', 'dung', 'mai', 'lan', 'quan'])}.{r.choice(['nguyen', 'tran', 'le', 'vo'])}{r.randrange(1, 999)}"
    return (
        f"{name}@{r.choice(['gmail.com', 'yahoo.com.vn', 'congty.vn', 'fpt.net', 'outlook.com'])}"
    )


def birth_date(r):
    day, month, year = r.randrange(1, 29), r.randrange(1, 13), r.randrange(1940, 2015)
    return r.choice(
        [
            f"{day:02d}/{month:02d}/{year}",
            f"{day:02d}-{month:02d}-{year}",
            f"{year}-{month:02d}-{day:02d}",
        ]
    )


MAKERS = {
    "personal-number": personal_number, "identity-card-line": identity_line,
    "old-identity-number": old_identity, "passport-number": passport,
    "travel-document-zone": travel_document, "phone": phone,
    "phone-international": phone_abroad_form, "tax-code": tax_code, "card-number": card,
    "vietqr": vietqr, "bank-account": account, "social-insurance-number": insurance,
    "health-insurance-card": health_card, "vehicle-plate": plate, "land-parcel": parcel,
    "diagnosis-code": diagnosis, "email-address": email, "birth-date": birth_date,
    "driving-licence": lambda r: number(r, 12),
}  # fmt: skip


def near_miss(r):
    """A line with something that is no identifier of anybody in Vietnam."""
    n = lambda size: number(r, size)  # noqa: E731 - used in every line below
    return r.choice([
        lambda: f"Mã đơn hàng: {n(12)}", lambda: f"order_id={n(r.randrange(9, 20))} status=shipped",
        lambda: f"ts={r.randrange(1_600_000_000_000, 1_800_000_000_000)} level=INFO took {r.randrange(1, 900)} ms",
        lambda: f"time_ns {r.randrange(16 * 10**17, 18 * 10**17)}", lambda: f"sha256 {r.randbytes(32).hex()}",
        lambda: f"md5={r.randbytes(16).hex()}", lambda: f"trace {uuid.UUID(int=r.getrandbits(128), version=4)}",
        lambda: f"IBAN DE{n(2)} {n(4)} {n(4)} {n(4)} {n(4)} {n(2)}", lambda: f"IBAN: FR76{n(23)}",
        lambda: f"IBAN GB{n(2)} NWBK {n(6)} {n(8)}", lambda: f"Steuernummer {n(11)}, USt-IdNr. DE{n(9)}",
        lambda: f"SIRET {n(14)} – TVA FR{n(11)}", lambda: f"EIN {n(2)}-{n(7)}", lambda: f"统一社会信用代码 91310000{n(10)}",
        lambda: f"Số thẻ thử nghiệm {bad_card(r)} bị từ chối", lambda: f"card {bad_card(r)} declined",
        lambda: f"random {n(r.randrange(9, 20))}", lambda: f"EAN 893{n(10)}", lambda: f"ISBN 978-604-{n(3)}-{n(3)}-{n(1)}",
        lambda: f"trkpt lat=\"{r.uniform(47, 53):.6f}\" lon=\"{r.uniform(2, 14):.6f}\"", lambda: f"Tel. +49 30 {n(8)}",
        lambda: f"Phone: +1 212 555 {n(4)}", lambda: f"téléphone +33 6 {n(2)} {n(2)} {n(2)} {n(2)}",
        lambda: f"Mã vận đơn: VN{n(9)}VN", lambda: f"tracking 1Z{n(16)}", lambda: f"SKU-{n(8)} giá {r.randrange(1, 999)}.000 đồng",
        lambda: f"version {r.randrange(20)}.{r.randrange(99)}.{n(3)}", lambda: f"Số hóa đơn {n(8)} ngày 22/11/2025",
        lambda: f"phiên bản {n(4)} bản dựng {n(7)}", lambda: f"Tổng cộng: {r.randrange(1, 999)}.{n(3)}.000 đ",
        lambda: f"10.0.{r.randrange(255)}.{r.randrange(255)}:{r.randrange(1024, 65000)}", lambda: f"IMEI {n(15)}",
        lambda: f"serial SN{n(12)}", lambda: f"Phòng B{n(2)}, ghế E{n(2)}", lambda: f"Hotline 1900 {n(4)}",
        lambda: "Đổi mật khẩu, bảo mật tài khoản; mật ong rừng; bí mật kinh doanh", lambda: "KHẨN", lambda: "HỎA TỐC",
        lambda: "MẬT ONG NGUYÊN CHẤT", lambda: f"base64 {binascii.b2a_base64(r.randbytes(60)).decode().strip()}",
        lambda: f"{r.getrandbits(32):08x}  {r.randbytes(8).hex(' ')}  {r.randbytes(8).hex(' ')}", lambda: f"Passport.js v0.{n(2)}.0",
        lambda: f"visa application fee {n(3)} USD", lambda: f"Họp lúc {r.randrange(24)}:{r.randrange(10, 60)} ngày {r.randrange(1, 29)}/11/2025",
    ])()  # fmt: skip
