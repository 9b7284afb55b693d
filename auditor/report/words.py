"""The words of the report: every term of the model in Vietnamese and in English."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.model.text import Text
from auditor.report.formats import visible

if TYPE_CHECKING:
    from auditor.model.catalogue import Mark
    from auditor.model.finding import Certainty, Severity, State

SEVERITY: Final[dict[Severity, Text]] = {
    "critical": Text("Rất cao", "Critical"),
    "high": Text("Cao", "High"),
    "medium": Text("Trung bình", "Medium"),
    "low": Text("Thấp", "Low"),
    "info": Text("Để biết", "Info"),
}

DOTS: Final[dict[Severity, str]] = {
    "critical": "●●●●",
    "high": "●●●○",
    "medium": "●●○○",
    "low": "●○○○",
    "info": "○○○○",
}
"""The severity once more without colour: it must survive a black-and-white printer."""

STATE: Final[dict[State, Text]] = {
    "open": Text("Cần xem xét", "To be reviewed"),
    "undecided": Text("Chưa quyết định được", "Undecided"),
    "covered": Text("Đã có hồ sơ", "Covered by a dossier"),
}

STATE_MARK: Final[dict[State, str]] = {"open": "◆", "undecided": "?", "covered": "✓"}

STATE_MEANING: Final[dict[State, Text]] = {
    "open": Text(
        "Điều kiện của quy tắc được thỏa mãn và không có hồ sơ nào trong sổ đăng ký bao trùm "
        "việc chuyển này.",
        "The rule's condition holds, and no dossier of the register covers the transfer.",
    ),
    "undecided": Text(
        "Có ít nhất một dữ kiện chưa biết; nếu biết, dấu hiệu này có thể được xác nhận hoặc bỏ đi.",
        "At least one fact is not known; knowing it may confirm the indicator or remove it.",
    ),
    "covered": Text(
        "Điều kiện của quy tắc được thỏa mãn nhưng một hồ sơ trong sổ đăng ký bao trùm việc "
        "chuyển này. Nội dung và hiệu lực của hồ sơ vẫn cần người kiểm tra.",
        "The rule's condition holds, but a dossier of the register covers the transfer. "
        "A person still has to check the dossier itself.",
    ),
}

CERTAINTY: Final[dict[Certainty, Text]] = {
    "firm": Text("Cơ sở vững", "Firm"),
    "likely": Text("Cơ sở khá", "Likely"),
    "weak": Text("Cơ sở yếu", "Weak"),
}

CERTAINTY_MEANING: Final[dict[Certainty, Text]] = {
    "firm": Text(
        "Ít nhất một luồng có mọi dữ kiện mà quy tắc cần, thấy trực tiếp trong lưu lượng và với "
        "nơi đến thuộc một quốc gia.",
        "At least one flow shows everything the rule needs, in the traffic itself and with its "
        "destination in one country.",
    ),
    "likely": Text(
        "Luồng rõ nhất vẫn có dữ kiện dựa vào kê khai của cơ quan, nơi đăng ký của địa chỉ, "
        "địa chỉ không có một nơi cố định hoặc lưu lượng lấy mẫu.",
        "Even the clearest flow rests in part on what the agency declared, on where an address "
        "is registered, on an address without one place, or on sampled traffic.",
    ),
    "weak": Text(
        "Một dữ kiện quan trọng chưa biết hoặc chỉ dựa vào dấu vết gián tiếp; cần xác minh trước "
        "khi sử dụng.",
        "An important fact is not known or rests on indirect traces: verify it before relying "
        "on it.",
    ),
}

MARK: Final[dict[Mark, Text]] = {
    "C": Text("đã đọc nguyên văn", "read in the text itself"),
    "S": Text("nguồn thứ cấp", "secondary source"),
    "M": Text("chưa kiểm chứng", "not verified"),
}

MARK_MEANING: Final[dict[Mark, Text]] = {
    "C": Text(
        "Câu chữ của chính văn bản đã được đọc (bản toàn văn hoặc Công báo).",
        "The wording of the instrument itself was read (full text or Official Gazette).",
    ),
    "S": Text(
        "Chỉ thấy qua nguồn thứ cấp (báo chí, bản tin pháp luật, bản nhận dạng chữ); "
        "cần đối chiếu với văn bản gốc.",
        "Seen only in a secondary source (press, law-firm note, scanned quotation); "
        "compare with the original.",
    ),
    "M": Text(
        "Chưa kiểm chứng được; không được viện dẫn như quy định của pháp luật.",
        "Could not be verified; not to be cited as law.",
    ),
}

INITIATOR: Final[dict[str, Text]] = {
    "syn": Text("thấy gói SYN", "SYN seen"),
    "syn-ack": Text("thấy gói SYN-ACK", "SYN-ACK seen"),
    "role": Text("thấy yêu cầu hoặc trả lời", "request or reply seen"),
    "port": Text("suy từ cổng dịch vụ", "inferred from the server port"),
    "home": Text("suy từ phía trong nước", "inferred from the home side"),
    "first-packet": Text("gói đầu tiên thấy được", "first packet seen"),
    "recorded": Text("nhật ký ghi", "recorded by the log"),
}
"""How it is known who opened the connection (``initiator_basis`` of the flow table)."""

HOST_BASIS: Final[dict[str, Text]] = {
    "tls-sni": Text("tên trong TLS", "name in TLS"),
    "quic-sni": Text("tên trong QUIC", "name in QUIC"),
    "http-host": Text("tên trong HTTP", "name in HTTP"),
    "dns-answer": Text("theo trả lời DNS", "from a DNS answer"),
    "dns-query": Text("tên được hỏi qua DNS", "name asked of DNS"),
    "log": Text("nhật ký ghi", "recorded by the log"),
}

GEO_STATE: Final[dict[str, Text]] = {
    "country": Text("xác định được một quốc gia", "placed in one country"),
    "anycast": Text("địa chỉ anycast, không có một nơi cố định", "anycast: no single place"),
    "ambiguous": Text("các nguồn cho nhiều nơi", "sources give several places"),
    "contradicted": Text("nguồn mâu thuẫn với quan sát", "source contradicted by what was seen"),
    "unknown": Text("không nguồn nào biết", "no source knows it"),
    "not-applicable": Text("không có bên ở nước ngoài", "no foreign end"),
}

SUBJECTS: Final[dict[str, Text]] = {
    "counted": Text("đếm được", "counted"),
    "estimated": Text("ước lượng từ số byte", "estimated from bytes"),
}

SOURCE_KIND: Final[dict[str, Text]] = {
    "geo": Text("Cơ sở dữ liệu địa lý", "Geo database"),
    "policy": Text("Bộ quy tắc", "Rules"),
    "category-list": Text("Danh mục dữ liệu", "List of data categories"),
    "inventory": Text("Bản kê khai hệ thống", "System inventory"),
    "dossiers": Text("Sổ đăng ký hồ sơ", "Dossier register"),
}

PROTOCOL: Final[dict[int, str]] = {
    1: "ICMP",
    2: "IGMP",
    4: "IPv4",
    6: "TCP",
    17: "UDP",
    41: "IPv6",
    47: "GRE",
    50: "ESP",
    51: "AH",
    58: "ICMPv6",
    89: "OSPF",
    132: "SCTP",
}

SETTING: Final[dict[str, Text]] = {
    "home": Text("Quốc gia được coi là trong nước", "Home country"),
    "since": Text("Chỉ xét từ", "Only from"),
    "until": Text("Chỉ xét đến", "Only until"),
    "udp_timeout": Text("Thời gian im lặng kết thúc luồng UDP (giây)", "UDP idle timeout (s)"),
    "tcp_timeout": Text("Thời gian im lặng kết thúc luồng TCP (giây)", "TCP idle timeout (s)"),
    "active_timeout": Text("Độ dài tối đa của một luồng (giây)", "Active timeout (s)"),
}


def protocol(value: int) -> str:
    """The name of an IP protocol number, or the number (IANA registry)."""
    return PROTOCOL.get(value, f"IP {value}")


def problem(code: str) -> Text:
    """What kind of problem ``code`` is; the code itself where it has no words here."""
    shown = visible(code, 60)
    return PROBLEM.get(code, Text(shown, shown))


PROBLEM: Final[dict[str, Text]] = {
    "absurd-payload": Text("Số byte trong nhật ký không thể có", "Impossible byte counts in a log"),
    "bad-address": Text("Địa chỉ không hợp lệ", "Address not valid"),
    "bad-encoding": Text("Văn bản không phải UTF-8", "Text that is not UTF-8"),
    "bad-header": Text("Dòng đầu nhật ký không hợp lệ", "Log header not valid"),
    "bad-number": Text("Số không đọc được", "Number not readable"),
    "bad-time": Text("Thời gian không thể có", "Impossible times"),
    "cut-header": Text("Phần đầu gói tin bị cắt hoặc sai", "Packet headers cut off or not valid"),
    "cut-last-line": Text("Dòng cuối bị cắt", "Last line cut off"),
    "cut-ports": Text("Gói tin bị cắt trước số cổng", "Packets cut off before their ports"),
    "damaged-record": Text("Bản ghi hỏng", "Damaged record"),
    "empty-file": Text("Tệp rỗng", "Empty file"),
    "geo-database-caution": Text("Lưu ý về cơ sở dữ liệu địa lý", "Caution about a geo database"),
    "geo-database-changed": Text(
        "Cơ sở dữ liệu địa lý khác với bản kê", "Geo database differs from its manifest"
    ),
    "geo-database-missing": Text("Thiếu cơ sở dữ liệu địa lý", "Geo database missing"),
    "geo-database-unusable": Text(
        "Cơ sở dữ liệu địa lý không dùng được", "Geo database cannot be used"
    ),
    "geo-databases-too-many": Text("Quá nhiều cơ sở dữ liệu địa lý", "Too many geo databases"),
    "geo-manifest-unusable": Text(
        "Bản kê cơ sở dữ liệu địa lý không dùng được", "Geo manifest cannot be used"
    ),
    "geo-record-broken": Text("Mục hỏng trong cơ sở dữ liệu địa lý", "Broken geo record"),
    "gzip-damaged": Text("Dữ liệu nén hỏng", "Damaged compressed data"),
    "line-too-long": Text("Dòng quá dài", "Line too long"),
    "lost-fragment": Text("Mảnh IP thiếu mảnh đầu", "IP fragments without their first"),
    "missed-bytes": Text("Byte mà cảm biến bỏ lỡ", "Bytes the sensor missed"),
    "missing-field": Text("Nhật ký thiếu trường bắt buộc", "Log lacks a needed field"),
    "no-duration": Text("Bản ghi không có thời lượng", "Records without a duration"),
    "no-header": Text("Nhật ký không có phần đầu", "Log without its header"),
    "no-time": Text("Gói tin không có thời gian", "Packets without a time"),
    "not-closed": Text("Nhật ký chưa đóng", "Log not closed"),
    "not-conn": Text("Dòng của nhật ký khác", "Lines of another log"),
    "not-json": Text("Dòng không phải JSON", "Lines that are not JSON"),
    "truncated-header": Text("Tệp kết thúc trong phần đầu tệp", "File ends inside its own header"),
    "truncated-record": Text("Tệp kết thúc giữa một bản ghi", "File ends inside a record"),
    "tunnelled": Text("Luồng nằm trong đường hầm", "Flows inside tunnels"),
    "unknown-format": Text("Định dạng không nhận ra", "Format not recognised"),
    "unknown-link-type": Text("Loại liên kết chưa hỗ trợ", "Link type not supported"),
    "unknown-protocol": Text("Giao thức không rõ", "Protocol not known"),
    "unreadable-file": Text("Tệp không đọc được", "File cannot be read"),
    "wrong-columns": Text("Dòng sai số cột", "Lines with other columns than their header"),
}
"""Codes of problems that have words; any other code is shown as it is."""
