"""The words of the report: every term of the model in Vietnamese and in English."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.model.text import Text
from auditor.report.formats import visible
from auditor.report.problem_words import PROBLEM as PROBLEM
from auditor.report.problem_words import WAY_OUT

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
    "undecided": Text("Chưa xác định", "Undecided"),
    "exempt": Text("Được khai là miễn", "Exempt: claimed"),
    "covered": Text("Có hồ sơ khớp", "Matching dossier"),
}

STATE_MARK: Final[dict[State, str]] = {
    "open": "◆",
    "undecided": "?",
    "exempt": "◇",
    "covered": "✓",
}

STATE_MEANING: Final[dict[State, Text]] = {
    "open": Text(
        "Điều kiện của quy tắc được thỏa mãn; chưa tìm thấy hồ sơ phù hợp, hoặc không có sổ đăng "
        "ký để đối chiếu.",
        "The rule's condition holds; no matching dossier was found, or there was no register to "
        "compare with.",
    ),
    "undecided": Text(
        "Có ít nhất một dữ kiện chưa biết, câu chữ của quy định chưa xác nhận được, hoặc chưa rõ "
        "quy định có áp dụng hay không; nếu rõ, dấu hiệu này có thể được xác nhận hoặc bỏ đi.",
        "A fact is not known, the text of the provision is not confirmed, or whether it applies is "
        "unclear; knowing may confirm the indicator or remove it.",
    ),
    "exempt": Text(
        "Điều kiện của quy tắc được thỏa mãn; một người đã ghi vào sổ đăng ký rằng việc chuyển "
        "thuộc trường hợp được miễn và người khác đã rà soát. Báo cáo không tự tìm và không xét "
        "căn cứ miễn; nghĩa vụ đi kèm vẫn còn.",
        "The rule's condition holds; a person recorded in the register that the transfer is "
        "exempt, and another reviewed it. The report neither finds nor judges exemptions; the "
        "duties that come with them remain.",
    ),
    "covered": Text(
        "Điều kiện của quy tắc được thỏa mãn và không mục nào đã đối chiếu với hồ sơ bị lệch; mục "
        "đích, phương thức chuyển và nội dung hợp đồng không thấy được từ lưu lượng.",
        "The rule's condition holds, and nothing that was compared with the dossier departs from "
        "it; purpose, method and the wording of the contract cannot be seen in traffic.",
    ),
}

CERTAINTY: Final[dict[Certainty, Text]] = {
    "firm": Text("Độ chắc chắn: cao", "Certainty: high"),
    "likely": Text("Độ chắc chắn: trung bình", "Certainty: medium"),
    "weak": Text("Độ chắc chắn: thấp", "Certainty: low"),
}

DIRECTION: Final[dict[bool | None, Text]] = {
    True: Text("đi ra", "went out"),
    False: Text("đi vào", "came in"),
    None: Text("chưa rõ chiều", "direction not known"),
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
    "T": Text("văn bản do người khác trích lại", "quoted by others"),
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
    "T": Text(
        "Văn bản chỉ biết qua bên khác trích lại; chưa ai ở đây thấy bản gốc.",
        "Known only from quotations by others; nobody here has seen the original.",
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
    "ech-outer": Text("tên ngoài của ECH, có thể chỉ để che", "outer name of ECH, perhaps a cover"),
    "log": Text("nhật ký ghi", "recorded by the log"),
}


def source(seen_by: str) -> Text:
    """What a flow was read from (``seen_by`` of the flow table)."""
    if seen_by == "packets":
        return Text("gói tin", "packets")
    return Text(f"nhật ký {seen_by}", f"{seen_by} log")


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
    "estimated": Text("ước tính", "estimate"),
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


def way_out(code: str) -> Text | None:
    """What kind ``code`` means and what can be done; null for a code without words here."""
    return WAY_OUT.get(code)
