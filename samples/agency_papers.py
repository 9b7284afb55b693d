"""The documents of the example agencies: what they say, who signed them, and when.

Both agencies hold the same paperwork. All names, numbers and units are invented.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Final

import papers as makers

AGENCY: Final = "Sở Công Thương tỉnh Mẫu"
OPERATOR: Final = "Trung tâm Công nghệ thông tin tỉnh Mẫu"
SYSTEM: Final = "Cơ sở dữ liệu cơ sở công nghiệp"
CENTER: Final = "Trung tâm dữ liệu quốc gia"
DIRECTOR: Final = ("GIÁM ĐỐC", "Nguyễn Văn Mẫu")
ENGINEER: Final = ("GIÁM ĐỐC", "Lê Thị Hoa")
OWN: Final = ("ỦY BAN NHÂN DÂN TỈNH MẪU", "SỞ CÔNG THƯƠNG")
OPERATORS: Final = ("ỦY BAN NHÂN DÂN TỈNH MẪU", "TRUNG TÂM CÔNG NGHỆ THÔNG TIN")
LAW: Final = "Căn cứ Nghị định số 331/2026/NĐ-CP ngày 19 tháng 8 năm 2026 của Chính phủ;"
PARTIES: Final = (f"Chủ quản: {AGENCY}.", f"Đơn vị vận hành: {OPERATOR}.")


@dataclass(frozen=True, slots=True)
class Document:
    """One document; ``sign`` = it is a PDF with a digital signature."""

    kind: str
    number: str
    dated: str
    title: str
    lines: tuple[str, ...]
    issuer: tuple[str, str] = OWN
    signer: tuple[str, str] = DIRECTOR
    rows: tuple[tuple[str, ...], ...] = field(default=())
    sign: bool = False

    @property
    def facts(self) -> dict[str, str]:
        """What the register of evidence says of it."""
        return {"number": self.number, "dated": self.dated, "signer": self.signer[1]}

    @property
    def content(self) -> bytes:
        """Its file."""
        day = date.fromisoformat(self.dated)
        head = (
            *self.issuer, f"Số: {self.number}",
            "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc",
            f"Mẫu, ngày {day.day:02} tháng {day.month:02} năm {day.year}",
        )  # fmt: skip
        lines = (self.title.upper(), *self.lines, "", *self.signer)
        if not self.sign:
            return makers.letter(head, lines, self.rows)
        wrapped = [part for line in lines for part in textwrap.wrap(line, 85) or ("",)]
        moment = datetime.combine(day, time(3), UTC)
        return makers.signed_letter((*head, *wrapped), self.kind, AGENCY, moment)


def _numbered(*titles: str) -> tuple[str, ...]:
    """Headings, each with the sentence that a real document would go on from."""
    detail = "Nội dung chi tiết, người thực hiện và thời hạn nêu trong phụ lục kèm theo."
    return tuple(
        line for at, title in enumerate(titles, start=1) for line in (f"{at}. {title}", detail)
    )


ORGANISATION: Final = (
    Document(
        "owner-decision", "112/QĐ-SCT", "2026-08-24",
        "Quyết định xác định chủ quản và đơn vị vận hành hệ thống thông tin",
        (f"Hệ thống: {SYSTEM}.", *PARTIES, "Quyết định có hiệu lực từ ngày ký."),
    ),
    Document(
        "operating-contract", "18/HĐ-SCT", "2026-08-24", "Hợp đồng vận hành hệ thống thông tin",
        (f"Bên A: {AGENCY}. Bên B: {OPERATOR}.", "Trách nhiệm, thẩm quyền của các bên: Điều 4.",
         "Quản trị dữ liệu: Điều 5. Kiểm soát truy cập: Điều 6. Bảo đảm an ninh mạng: Điều 7.",
         "Duy trì, bàn giao khi hết hạn: Điều 9. Hợp đồng có hiệu lực đến ngày 31/8/2028."),
    ),
    Document(
        "security-unit-decision", "113/QĐ-SCT", "2026-08-25",
        "Quyết định giao nhiệm vụ chuyên trách an ninh mạng",
        (("Giao Phòng An toàn thông tin làm đơn vị chuyên trách an ninh mạng, độc lập với bộ phận "
         "vận hành."),),
    ),
    Document(
        "data-roles-decision", "114/QĐ-SCT", "2026-08-25",
        "Quyết định phân công quản trị dữ liệu",
        ("Người phụ trách dữ liệu: ông Nguyễn Văn Mẫu.", "Đầu mối dữ liệu: bà Trần Thị Bình.",
         "Kiểm soát tuân thủ: bà Lê Thị Hoa."),
    ),
    Document(
        "undertaking", "27/CK-SCT", "2026-08-28", "Cam kết bảo mật của nhân sự",
        ("Toàn bộ 8 cán bộ, nhà thầu có tài khoản đã ký cam kết bảo mật; danh sách kèm theo.",),
    ),
    Document(
        "training-certificate", "41/DS-SCT", "2026-09-18", "Danh sách tập huấn an ninh mạng",
        ("3 quản trị viên được cấp chứng chỉ; 7 cán bộ học nâng cao nhận thức an ninh mạng.",),
    ),
)  # fmt: skip

DOSSIER: Final = (
    Document(
        "level-dossier", "45/HS-SCT", "2026-09-05", "Hồ sơ đề xuất cấp độ",
        (LAW, (f"Hệ thống {SYSTEM} được đề xuất cấp độ 3: phục vụ dịch vụ công, 2.400 chủ thể "
         "dữ liệu cá nhân cơ bản."), *PARTIES,
         "Kèm thuyết minh và phương án bảo đảm an ninh mạng."),
    ),
    Document(
        "level-decision", "121/QĐ-SCT", "2026-09-15",
        "Quyết định phê duyệt cấp độ an ninh mạng hệ thống thông tin",
        (LAW, f"Phê duyệt cấp độ 3 cho hệ thống {SYSTEM}.", *PARTIES), sign=True,
    ),
    Document(
        "regulation", "116/QĐ-SCT", "2026-08-28", "Quy chế bảo đảm an ninh mạng",
        (LAW, *_numbered(
            "Chính sách an ninh mạng", "Tổ chức bảo đảm an ninh mạng",
            "Bảo đảm nguồn nhân lực", "Thiết kế, xây dựng hệ thống",
            "Quản lý vận hành hệ thống", "Quản lý rủi ro an ninh mạng",
            "Kết thúc vận hành, thanh lý, hủy bỏ",
        )),
    ),
    Document(
        "protection-plan", "47/PA-SCT", "2026-09-10", "Phương án bảo đảm an ninh mạng",
        (LAW, *_numbered(
            "Bảo đảm an ninh mạng trong thiết kế, xây dựng",
            "Bảo đảm an ninh mạng trong quá trình vận hành", "Kiểm tra, đánh giá an ninh mạng",
            "Quản lý rủi ro an ninh mạng", "Giám sát an ninh mạng",
            "Dự phòng, ứng phó sự cố, khôi phục sau thảm họa",
            "Kết thúc vận hành, khai thác, thanh lý, hủy bỏ",
        )),
    ),
    Document(
        "deployment-record", "58/BC-SCT", "2026-10-10",
        "Bảng trạng thái triển khai phương án (Mẫu số 08)",
        ("Trạng thái chung: Đã triển khai đầy đủ",),
        rows=(
            ("STT", "Yêu cầu", "Trạng thái", "Minh chứng"),
            *(
                (str(at), requirement, "Đã triển khai đầy đủ", "Hồ sơ kèm theo")
                for at, requirement in enumerate(
                    ("Thiết lập chính sách an ninh mạng", "Bảo đảm an toàn mạng, phân vùng",
                     "Bảo đảm an toàn máy chủ", "Bảo đảm an toàn ứng dụng",
                     "Bảo đảm an toàn dữ liệu", "Giám sát an ninh mạng",
                     "Sao lưu, dự phòng, ứng phó sự cố"),
                    start=1,
                )
            ),
        ),
    ),
    Document(
        "risk-report", "52/BC-SCT", "2026-09-20",
        "Báo cáo đánh giá rủi ro của việc kết nối",
        (LAW, f"Phạm vi: kết nối hệ thống với {CENTER} qua Agent Node.",
         "Tài sản, chức năng trọng yếu: 2 bộ dữ liệu, cổng trao đổi, Agent Node.",
         "Loại thông tin được xử lý: dữ liệu cơ sở công nghiệp, dữ liệu cá nhân cơ bản.",
         "Mối đe dọa, điểm yếu; khả năng xảy ra và mức độ tác động: bảng 2.",
         "Năng lực phòng ngừa, phát hiện, ứng phó: bảng 3.",
         "Kế hoạch giảm thiểu rủi ro: bảng 4; rủi ro còn lại ở mức thấp.",
         "Truyền thông rủi ro và báo cáo cơ quan có thẩm quyền: mục 7."),
    ),
    Document(
        "condition-report", "09/BC-DGM", "2026-10-12",
        "Báo cáo đánh giá điều kiện an ninh mạng",
        (LAW, f"Đánh giá hệ thống {SYSTEM} trước khi đưa vào vận hành.", *_numbered(
            "Chính sách, quy chế, quy trình", "Tổ chức bộ máy, nhân sự",
            "Biện pháp quản lý và kỹ thuật", "Giám sát, phát hiện, ứng phó sự cố",
            "Tuân thủ quy định của pháp luật",
        ), "Kết luận: đáp ứng điều kiện."),
        ("CÔNG TY ĐÁNH GIÁ MẪU", "PHÒNG ĐÁNH GIÁ"), ("GIÁM ĐỐC", "Phạm Văn Đánh"),
    ),
    Document(
        "agreement", "33/TT-SCT", "2026-09-30", "Văn bản thống nhất kết nối, chia sẻ dữ liệu",
        ("Bên A: Bộ Công an (đơn vị quản lý " + CENTER + ").", f"Bên B: {AGENCY}.",
         f"Hai bên thống nhất đồng bộ 2 bộ dữ liệu của hệ thống {SYSTEM}."), sign=True,
    ),
    Document(
        "connection-plan", "55/PA-SCT", "2026-10-05",
        "Phương án bảo đảm an ninh mạng, an ninh dữ liệu trước khi kết nối, đồng bộ",
        ("Thực hiện Thông báo số 43/TB-VPCP.", (f"Đồng bộ 2 bộ dữ liệu về {CENTER} qua Agent Node, "
         "4 lần mỗi ngày, TLS 1.3 hai chiều."), *PARTIES),
    ),
    Document(
        "confirmation-minutes", "62/BB-SCT", "2026-10-22",
        "Biên bản xác nhận bảo đảm an ninh mạng",
        (f"Hệ thống: {SYSTEM}.", *PARTIES, "Kết quả: đáp ứng yêu cầu an ninh mạng để kết nối."),
        sign=True,
    ),
)  # fmt: skip

PROTECTION: Final = (
    Document(
        "network-diagram", "48/TM-TTCNTT", "2026-09-12", "Sơ đồ mạng vật lý, lô-gic",
        (("9 vùng mạng; tường lửa đứng giữa mọi vùng; Agent Node ở vùng DMZ; bảng địa chỉ như "
         "network.yaml."),), OPERATORS, ENGINEER,
    ),
    Document(
        "line-minutes", "63/BB-TTCNTT", "2026-10-26",
        "Biên bản kiểm tra đấu nối mạng truyền số liệu chuyên dùng",
        ("Hai đường cáp quang theo hai hướng khác nhau; máy đấu nối không nối Internet.",),
        OPERATORS, ENGINEER,
    ),
    Document(
        "line-failover", "64/BB-TTCNTT", "2026-10-27",
        "Nhật ký thử chuyển đổi hai đường truyền",
        ("Ngắt đường chính lúc 21:00, đường dự phòng nhận sau 4 giây; trả lại lúc 21:20.",),
        OPERATORS, ENGINEER,
    ),
    Document(
        "hosting-contract", "19/HĐ-SCT", "2026-08-26", "Hợp đồng đặt máy chủ",
        (("Hạ tầng tách riêng với hệ thống khác; tách riêng giữa các vùng mạng; phân vùng lưu trữ "
         "tách riêng."),),
    ),
    Document(
        "ddos-contract", "20/HĐ-SCT", "2026-09-01", "Hợp đồng chống tấn công từ chối dịch vụ",
        ("Lọc lưu lượng tại nhà mạng đến 10 Gbit/s; hiệu lực đến ngày 01/9/2027.",),
    ),
    Document(
        "wireless-review", "61/BB-TTCNTT", "2026-10-15",
        "Biên bản rà soát mạng không dây, thiết bị trái phép",
        ("Rà soát 4 tầng, không phát hiện điểm phát sóng hay thiết bị trái phép.",),
        OPERATORS, ENGINEER,
    ),
    Document(
        "access-review", "60/BB-SCT", "2026-10-14", "Biên bản rà soát tài khoản, quyền",
        ("Rà soát 11 tài khoản; vô hiệu hóa 2 tài khoản không còn dùng.",),
    ),
    Document(
        "secrets-declaration", "28/CK-SCT", "2026-09-29",
        "Cam kết về bí mật nhà nước trong phạm vi kết nối",
        ("Hai bộ dữ liệu đồng bộ không chứa bí mật nhà nước; đã rà soát từng bảng, từng trường.",),
    ),
    Document(
        "key-procedure", "117/QĐ-SCT", "2026-08-28", "Quy trình quản lý khóa mật mã",
        ("Tạo, cấp, thay, thu hồi, hủy khóa; hai người cùng giữ; thay khóa mỗi năm.",),
    ),
    Document(
        "storage-encryption", "49/TM-TTCNTT", "2026-09-12", "Cấu hình mã hóa lưu trữ, sao lưu",
        ("Phân vùng dữ liệu và bản sao lưu mã hóa AES-256; khóa giữ ngoài máy chủ dữ liệu.",),
        OPERATORS, ENGINEER,
    ),
    Document(
        "log-protection", "50/TM-TTCNTT", "2026-09-12", "Cấu hình chống sửa, xóa nhật ký",
        ("Nhật ký ghi một lần, lưu 6 tháng; quản trị hệ thống không có quyền xóa.",),
        OPERATORS, ENGINEER,
    ),
    Document(
        "log-review", "66/BB-SCT", "2026-11-02", "Biên bản rà soát nhật ký, luật cảnh báo",
        ("Rà soát 41 cảnh báo tháng 10; chỉnh ngưỡng 3 luật.",),
    ),
    Document(
        "monitoring-contract", "21/HĐ-SCT", "2026-09-01", "Hợp đồng giám sát an ninh mạng",
        ("Giám sát 24/7 bốn lớp; ba ca trực; cảm biến thấy kênh đồng bộ.",),
    ),
    Document(
        "monitoring-link", "65/BB-SCT", "2026-10-28", "Văn bản kết nối, chia sẻ giám sát",
        ("Chia sẻ cảnh báo với đầu mối giám sát của Bộ Công an qua TLS, cổng 6514.",),
    ),
    Document(
        "malware-report", "67/BC-TTCNTT", "2026-11-10", "Kết quả rà quét mã độc",
        ("Rà quét 20 máy, không phát hiện mã độc.",), OPERATORS, ENGINEER,
    ),
    Document(
        "penetration-report", "08/BC-DGM", "2026-09-28", "Báo cáo kiểm thử xâm nhập",
        ("Không còn lỗ hổng mức cao; 2 phát hiện mức thấp đã khắc phục.",),
        ("CÔNG TY ĐÁNH GIÁ MẪU", "PHÒNG ĐÁNH GIÁ"), ("GIÁM ĐỐC", "Phạm Văn Đánh"),
    ),
    Document(
        "source-review", "51/BC-TTCNTT", "2026-09-25", "Báo cáo rà soát mã nguồn",
        ("Rà soát 3 kho mã nguồn; không còn phát hiện mức cao.",), OPERATORS, ENGINEER,
    ),
    Document(
        "acceptance-minutes", "59/BB-SCT", "2026-10-15", "Biên bản nghiệm thu an ninh",
        ("Nghiệm thu các yêu cầu an ninh mạng trước khi đưa vào vận hành ngày 20/10/2026.",),
    ),
)  # fmt: skip

OPERATION: Final = (
    Document(
        "backup-policy", "118/QĐ-SCT", "2026-08-28", "Chính sách sao lưu",
        ("Sao lưu hằng ngày; 3 bản, 2 loại vật mang, 1 bản nơi khác và ngoại tuyến.",),
    ),
    Document(
        "restore-minutes", "57/BB-TTCNTT", "2026-10-08", "Biên bản diễn tập khôi phục",
        ("Khôi phục 2 bộ dữ liệu trong 1 giờ 50 phút; RTO 4 giờ, RPO 24 giờ.",),
        OPERATORS, ENGINEER,
    ),
    Document(
        "rollback-log", "68/BB-TTCNTT", "2026-10-29", "Kịch bản và nhật ký chạy thử hoàn tác",
        ("Chạy thử ngày 29/10/2026: hoàn tác lô thử trong 12 phút, số bản ghi khớp.",),
        OPERATORS, ENGINEER,
    ),
    Document(
        "incident-plan", "119/QĐ-SCT", "2026-08-31", "Phương án ứng phó sự cố",
        (f"Đầu mối báo tin: {CENTER}, Bộ Công an, Phòng An toàn thông tin.",
         "Các bước: cô lập, ngắt kết nối, điều tra, khôi phục, báo cáo."),
    ),
    Document(
        "incident-procedure", "120/QĐ-SCT", "2026-08-31", "Quy trình báo cáo sự cố",
        ("Thông báo ban đầu trong 24 giờ, báo cáo trong 72 giờ.",
         "Mẫu báo cáo: nguyên nhân, phạm vi ảnh hưởng, biện pháp khắc phục."),
    ),
    Document(
        "exercise-report", "69/BC-SCT", "2026-11-06", "Báo cáo diễn tập",
        ("Tình huống 1: cổng trao đổi bị xâm nhập. Tình huống 2: dữ liệu sai bị đẩy đi.",
         "Tình huống 3: mất đường truyền. Kết quả: đạt; 2 việc cần cải tiến đã giao."),
    ),
    Document(
        "disconnect-log", "70/BB-TTCNTT", "2026-11-16",
        "Quy trình và nhật ký thử ngắt kết nối khẩn cấp",
        ("Ngày 15/11/2026: ngắt lúc 09:00, kênh im sau 2 phút; nối lại lúc 15:00.",),
        OPERATORS, ENGINEER,
    ),
    Document(
        "data-risk-report", "53/BC-SCT", "2026-09-22", "Báo cáo đánh giá rủi ro dữ liệu",
        ("Rủi ro lộ, sai, mất dữ liệu của 2 bộ dữ liệu; ngưỡng cảnh báo sớm và người nhận.",),
    ),
    Document(
        "leak-prevention", "54/KH-SCT", "2026-09-23", "Kế hoạch chống thất thoát dữ liệu",
        ("Chặn vùng cơ sở dữ liệu ra Internet; kiểm soát thiết bị lưu trữ ngoài.",),
    ),
    Document(
        "personal-data-decision", "115/QĐ-SCT", "2026-08-25",
        "Quyết định chỉ định bộ phận bảo vệ dữ liệu cá nhân",
        ("Giao Phòng Pháp chế làm bộ phận bảo vệ dữ liệu cá nhân.",),
    ),
    Document(
        "impact-assessment", "56/HS-SCT", "2026-10-06",
        "Hồ sơ đánh giá tác động xử lý dữ liệu cá nhân",
        ("2.400 chủ thể, dữ liệu cá nhân cơ bản; không có dữ liệu cá nhân nhạy cảm.",),
    ),
    Document(
        "supplier-contract", "22/HĐ-SCT", "2026-09-03", "Hợp đồng bảo trì phần mềm",
        ("Trách nhiệm, thẩm quyền của các bên; quản trị dữ liệu; kiểm soát truy cập.",
         "Bảo đảm an ninh mạng; bàn giao khi hết hạn."),
    ),
    Document(
        "interface-description", "46/TM-TTCNTT", "2026-09-08", "Mô tả giao diện (OpenAPI)",
        ("3 hàm: lấy danh mục, lấy dữ liệu thay đổi, xác nhận đã nhận.",), OPERATORS, ENGINEER,
    ),
    Document(
        "interface-test", "71/BC-TTCNTT", "2026-10-19", "Kết quả tự kiểm thử giao diện",
        ("64/64 ca kiểm thử đạt: xác thực, phân quyền, dữ liệu vào sai, giới hạn tần suất.",),
        OPERATORS, ENGINEER,
    ),
    Document(
        "test-minutes", "72/BB-SCT", "2026-10-30", "Biên bản kiểm thử kết nối",
        ("Kịch bản: kết nối; đồng bộ toàn bộ dữ liệu; đồng bộ phần thay đổi; tình huống lỗi;",
         "khôi phục và hoàn tác; hiệu năng. Tất cả đạt."), sign=True,
    ),
    Document(
        "coordination-rules", "122/QĐ-SCT", "2026-10-16",
        "Quy chế phối hợp, cam kết chất lượng dịch vụ",
        ("Độ sẵn sàng 99,5 %; thời gian khôi phục 4 giờ; thời gian xử lý lỗi 5, 10, 15 ngày.",),
    ),
    Document(
        "metadata-record", "73/TM-SCT", "2026-10-09", "Siêu dữ liệu, đăng ký danh mục",
        ("2 bộ dữ liệu đã đăng ký danh mục dữ liệu dùng chung, đủ siêu dữ liệu.",),
    ),
    Document(
        "profiling-report", "74/BC-SCT", "2026-10-20", "Báo cáo hồ sơ hóa dữ liệu",
        ("Hồ sơ hóa 2 bộ dữ liệu, phê duyệt kết quả; khóa định danh đúng 100 %.",),
    ),
    Document(
        "self-check-report", "75/BC-SCT", "2026-11-12", "Báo cáo tự kiểm tra",
        ("Tự kiểm tra theo danh mục trước khi kết nối; không còn mục chưa đạt.",),
    ),
)  # fmt: skip

SLIP: Final = Document(
    "signed-package", "76/PK-SCT", "2026-11-03", "Phiếu ký số gói dữ liệu mẫu",
    ("Gói goi-01.json, 2 bảng; mã băm SHA-256 ghi trong bảng mã băm kèm theo.",), sign=True,
)  # fmt: skip
"""The signed slip of the sample package."""


def papers() -> list[tuple[str, str, bytes | str, dict[str, str]]]:
    """Kind, file name, content and registered facts of every document."""
    return [
        (
            document.kind,
            f"{document.kind}.{'pdf' if document.sign else 'docx'}",
            document.content,
            document.facts,
        )
        for document in (*ORGANISATION, *DOSSIER, *PROTECTION, *OPERATION, SLIP)
    ]
