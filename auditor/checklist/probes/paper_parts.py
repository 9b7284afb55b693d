"""What kinds of documents must contain, as data: the parts, their words, and the provision.

The words are folded (small letters, no diacritics). A part is there when all words of one of its
alternatives stand in one heading, or anywhere in the text for lists that ask for no headings.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

Words = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One part; ``words`` are alternatives, each a group of words that stand together."""

    vi: str
    en: str
    words: Words


@dataclass(frozen=True, slots=True)
class Parts:
    """All parts of one kind of document.

    Attributes:
        article: where the list comes from, with its mark.
        headings: only headings count; a sentence that mentions the words does not.
    """

    article: str
    headings: bool
    parts: tuple[Part, ...]


PARTS: Final = {
    "plan-seven": Parts(
        "ND331 Đ29.2.a-g [C]",
        True,
        (
            Part("thiết kế, xây dựng", "design and construction", (("thiet ke", "xay dung"),)),
            Part(
                "vận hành",
                "operation",
                (("trong qua trinh van hanh",), ("bao dam", "van hanh"), ("quan ly van hanh",)),
            ),
            Part("kiểm tra, đánh giá", "inspection and assessment", (("kiem tra", "danh gia"),)),
            Part("quản lý rủi ro", "risk management", (("quan ly rui ro",),)),
            Part("giám sát", "monitoring", (("giam sat",),)),
            Part(
                "dự phòng, ứng phó sự cố, khôi phục",
                "backup, incidents, recovery",
                (("du phong", "su co"), ("ung pho su co", "khoi phuc")),
            ),
            Part(
                "kết thúc vận hành, thanh lý, hủy bỏ",
                "end of operation, disposal",
                (("ket thuc van hanh",), ("thanh ly", "huy bo")),
            ),
        ),
    ),
    "regulation-seven": Parts(
        "ND331 Đ30.3.a-g [C]",
        True,
        (
            Part("chính sách an ninh mạng", "security policy", (("chinh sach",),)),
            Part(
                "tổ chức bảo đảm an ninh mạng",
                "organisation of security",
                (("to chuc", "bao dam an ninh mang"), ("to chuc", "an toan thong tin")),
            ),
            Part("nguồn nhân lực", "human resources", (("nhan luc",), ("nhan su",))),
            Part(
                "thiết kế, xây dựng hệ thống",
                "design and construction",
                (("thiet ke", "xay dung"),),
            ),
            Part("quản lý vận hành", "operation", (("van hanh he thong",), ("quan ly van hanh",))),
            Part("quản lý rủi ro", "risk management", (("quan ly rui ro",),)),
            Part(
                "kết thúc vận hành, thanh lý, hủy bỏ",
                "end of operation, disposal",
                (("ket thuc van hanh",), ("thanh ly", "huy bo")),
            ),
        ),
    ),
    "risk-seven": Parts(
        "ND331 Đ10.3.a-g [C]",
        False,
        (
            Part("tài sản, chức năng trọng yếu", "assets and vital functions", (("tai san",),)),
            Part(
                "loại thông tin được xử lý",
                "kinds of information",
                (("loai thong tin",), ("phan loai du lieu",)),
            ),
            Part(
                "nhận diện mối đe dọa, điểm yếu",
                "threats and weaknesses",
                (("moi de doa",), ("diem yeu",), ("lo hong",)),
            ),
            Part(
                "khả năng xảy ra và mức độ tác động",
                "likelihood and impact",
                (("tac dong",), ("hau qua",)),
            ),
            Part(
                "năng lực phòng ngừa, phát hiện, ứng phó",
                "ability to prevent and respond",
                (("nang luc",),),
            ),
            Part("kế hoạch giảm thiểu rủi ro", "plan of mitigation", (("giam thieu",),)),
            Part(
                "truyền thông, báo cáo rủi ro",
                "communication and reporting",
                (("truyen thong rui ro",), ("bao cao", "co quan co tham quyen")),
            ),
        ),
    ),
    "condition-five": Parts(
        "ND331 Đ28.3.a [C]",
        True,
        (
            Part(
                "chính sách, quy chế, quy trình",
                "policies, rules, procedures",
                (("chinh sach",), ("quy che",), ("quy trinh",)),
            ),
            Part(
                "tổ chức bộ máy, nhân sự",
                "organisation and staff",
                (("to chuc bo may",), ("nhan su",)),
            ),
            Part(
                "biện pháp quản lý và kỹ thuật",
                "management and technical measures",
                (("bien phap", "ky thuat"),),
            ),
            Part(
                "giám sát, phát hiện, ứng phó, khắc phục sự cố",
                "monitoring and incident response",
                (("giam sat", "su co"), ("ung pho", "su co")),
            ),
            Part("tuân thủ quy định của pháp luật", "compliance with the law", (("tuan thu",),)),
        ),
    ),
    "contract-clauses": Parts(
        "ND331 Đ5.3.a-b [C]",
        False,
        (
            Part(
                "trách nhiệm, thẩm quyền của các bên",
                "duties and powers of the parties",
                (("trach nhiem",),),
            ),
            Part("quản trị dữ liệu", "data governance", (("quan tri du lieu",),)),
            Part(
                "kiểm soát truy cập",
                "access control",
                (("kiem soat truy cap",), ("kiem soat truy nhap",)),
            ),
            Part(
                "bảo đảm an ninh mạng",
                "cybersecurity",
                (("an ninh mang",), ("an toan thong tin mang",)),
            ),
            Part(
                "duy trì, chuyển giao khi hết hạn",
                "keeping up and handing over at the end",
                (("chuyen giao",), ("ban giao",)),
            ),
        ),
    ),
    "hosting-three": Parts(
        "ND331 Đ30.8.a-c [C]",
        False,
        (
            Part(
                "tách riêng với hệ thống khác",
                "separate from other systems",
                (("tach rieng",), ("doc lap voi cac he thong",)),
            ),
            Part("tách riêng giữa các vùng mạng", "network zones separate", (("vung mang",),)),
            Part("phân vùng lưu trữ tách riêng", "separate storage", (("phan vung luu tru",),)),
        ),
    ),
    "incident-template": Parts(
        "ND331 Đ31.2.d [C]",
        False,
        (
            Part("nguyên nhân", "cause", (("nguyen nhan",),)),
            Part("phạm vi ảnh hưởng", "scope", (("pham vi anh huong",), ("pham vi", "tac dong"))),
            Part("biện pháp khắc phục", "remedy", (("khac phuc",),)),
            Part(
                "thông báo ban đầu trong 24 giờ",
                "first notice within 24 hours",
                (("24 gio",), ("24h",)),
            ),
            Part("báo cáo trong 72 giờ", "report within 72 hours", (("72 gio",), ("72h",))),
        ),
    ),
    "test-scenarios": Parts(
        "CV4856 PL4 bước 4 [T]",
        False,
        (
            Part("kết nối", "connectivity", (("ket noi",),)),
            Part(
                "đồng bộ toàn bộ",
                "full load",
                (("dong bo toan bo",), ("toan bo du lieu",), ("full load",)),
            ),
            Part(
                "đồng bộ phần thay đổi",
                "changes only",
                (("du lieu thay doi",), ("phan thay doi",), ("gia tang",), ("delta",)),
            ),
            Part(
                "tình huống lỗi", "errors", (("xu ly loi",), ("tinh huong loi",), ("kich ban loi",))
            ),
            Part("khôi phục", "recovery", (("khoi phuc",), ("hoan tac",))),
            Part("hiệu năng", "performance", (("hieu nang",), ("tai cao",))),
        ),
    ),
    "exercise-scenarios": Parts(
        "DEFAULT [M]; ND331 Đ31.3 [C]",
        False,
        (
            Part(
                "cổng, điểm kết nối bị xâm nhập",
                "gateway compromised",
                (("xam nhap",), ("chiem quyen",)),
            ),
            Part(
                "dữ liệu sai bị đẩy đi",
                "bad data pushed",
                (("du lieu sai",), ("du lieu bi sua",), ("sai lech du lieu",)),
            ),
            Part(
                "mất đường truyền",
                "lost link",
                (("mat ket noi",), ("mat duong truyen",), ("dut duong truyen",)),
            ),
        ),
    ),
    "service-levels": Parts(
        "CV4856 PL4 bước 5 [T]",
        False,
        (
            Part("độ sẵn sàng", "availability", (("san sang",), ("availability",))),
            Part("thời gian khôi phục", "recovery time", (("thoi gian khoi phuc",), ("rto",))),
            Part(
                "thời gian xử lý lỗi",
                "time to mend errors",
                (("xu ly loi",), ("khac phuc loi",), ("thoi gian xu ly",)),
            ),
        ),
    ),
}
"""By id, as items name them in the argument ``parts``."""
