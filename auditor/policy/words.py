"""The sentences of a finding: how each part is known, and what is not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from auditor.model.catalogue import Category
from auditor.model.inventory import Inventory
from auditor.model.text import Text
from auditor.policy.destination_words import destination_known_by, destination_not_known
from auditor.policy.rules import Rule
from auditor.policy.sentences import grouped, said

if TYPE_CHECKING:
    from auditor.model.catalogue import Threshold
    from auditor.model.finding import Evidence
    from auditor.policy.destinations import FarSide
    from auditor.policy.evidence import Seen

SMALL: Final = 10_000
"""Bytes that setting up connections alone may take."""


@dataclass(frozen=True, slots=True)
class Matter:
    """What a finding is about.

    Attributes:
        category: null = the finding is not about one category.
        inventory: null = none was given.
        first: first day on which one of its flows began.
    """

    rule: Rule
    system: str | None
    category: Category | None
    inventory: Inventory | None
    first: date

    @property
    def handed_over(self) -> bool:
        """Whether it is about data that is handed over, and not about how that is done."""
        about_party = self.category is not None or self.rule.about_operator
        return self.rule.about_data and about_party


_HOST_BASIS: Final[dict[str, Text]] = {
    "tls-sni": Text(
        "do bên mở kết nối nêu khi bắt tay TLS (SNI)",
        "as the initiator named it in the TLS handshake (SNI)",
    ),
    "quic-sni": Text(
        "do bên mở kết nối nêu khi bắt tay QUIC (SNI)",
        "as the initiator named it in the QUIC handshake (SNI)",
    ),
    "http-host": Text(
        "trong tiêu đề Host của yêu cầu HTTP", "from the Host header of the HTTP request"
    ),
    "dns-answer": Text(
        "suy từ câu trả lời DNS cho địa chỉ này trong cùng tệp đầu vào",
        "from a DNS answer for this address in the same input file",
    ),
    "log": Text("do nhật ký ghi", "as the log has it"),
}

_SUMMED: Final = Text(
    "Số byte chuyển ra được cộng từ các luồng đã thu, tính theo chiều từ trong nước "
    "ra, bất kể bên nào mở kết nối.",
    "Outbound bytes are the sum over the recorded flows of what left home, whoever "
    "opened the connection.",
)

_NO_INVENTORY: Final = Text(
    "Không có bản kê khai hệ thống, nên không biết đầu trong nước thuộc hệ thống nào và "
    "lưu giữ dữ liệu gì.",
    "No inventory was given, so nobody can say which system the home end is and what "
    "data it holds.",
)

_NOTHING_READ: Final = Text(
    "Nội dung của các luồng này không đọc được hoặc chưa được đọc; nhóm dữ liệu dựa vào kê khai.",
    "The content of these flows could not be or was not read; categories rest on the inventory.",
)

_NOTHING_RECOGNISED: Final = Text(
    "Phần nội dung đọc được không cho thấy dữ liệu này; bộ nhận dạng không nhận ra được mọi dữ "
    "liệu, nên nhóm dữ liệu vẫn dựa vào kê khai.",
    "What could be read of the content did not show this data; detectors do not recognise all "
    "data, so the category still rests on the inventory.",
)

_WITHHELD: Final = Text(
    "Nội dung có dấu hiệu mang dấu độ mật: không trích mẫu nào, không nêu tên tệp.",
    "The content seems to carry a secrecy mark: no sample and no name of a file is shown.",
)

_SMALL_AMOUNT: Final = Text(
    "Lượng nhỏ có thể chỉ là thông điệp thiết lập kết nối.",
    "So little may be connection set-up only.",
)

_STATE_AGENCIES: Final = Text(
    "Dòng này chỉ áp dụng cho dữ liệu do cơ quan nhà nước thu thập, quản lý.",
    "This row covers only data collected and managed by state agencies.",
)

_NO_PUBLIC_DATA: Final = Text("Không áp dụng cho dữ liệu đã công khai.", "Public data is excluded.")

_COUNTED: Final[dict[str, Text]] = {
    "citizens": Text("công dân Việt Nam", "Vietnamese citizens"),
    "organisations": Text("tổ chức", "organisations"),
    "subjects": Text("chủ thể dữ liệu", "data subjects"),
}

_NUMBER_FROM: Final[dict[str, Text]] = {
    "C": Text("", ""),
    "S": Text(" (nguồn thứ cấp)", " (secondary source)"),
    "T": Text(" (trích lại)", " (quoted by others)"),
    "M": Text(" (suy đoán)", " (inferred)"),
}

_SENSOR_ONLY: Final = Text(
    "Chỉ biết những gì điểm thu thập nhìn thấy trong khoảng thời gian đã thu; mục đích chuyển "
    "không thể hiện trong lưu lượng.",
    "Only what the sensor saw in the recorded time is known; traffic does not show the "
    "purpose of a transfer.",
)


_ESTIMATED: Final = Text(
    "Số chủ thể dữ liệu ước tính từ số byte: một người có thể được tính nhiều lần, luồng có thể "
    "không chứa bản ghi nào; không dùng để so ngưỡng.",
    "The number of data subjects is estimated from bytes: a person may count several times, a flow "
    "may hold no record; not for comparing with thresholds.",
)


def known_by(
    seen: Seen, far: FarSide, evidence: Evidence, matter: Matter, code: str | None
) -> tuple[Text, ...]:
    """How each part of a finding is known; ``code`` is its category, known to a list or not."""
    rule = matter.rule
    out: list[Text] = []
    if rule.about_data:
        out += _data_known_by(seen, matter.system, code)
    out += destination_known_by(far, matter.category, matter.first, forms=matter.handed_over)
    for basis, text in _HOST_BASIS.items():
        count = seen.host_basis.get(basis, 0)
        if count:
            out.append(
                said(
                    f"Tên máy chủ của {{flows}}: {text.vi}.",
                    f"Server name of {{flows}}: {text.en}.",
                    count,
                )
            )
    if seen.clear:
        out.append(
            said(
                "{flows} dùng giao thức không mã hóa, nhận ra từ phần đầu nội dung hoặc do "
                "nhật ký ghi.",
                "{flows}: a clear-text protocol was recognised from the first payload bytes "
                "or named by the log.",
                seen.clear,
            )
        )
    if seen.amount_unknown < seen.flows:
        out.append(_SUMMED)
    logs = [each.name for each in evidence.sources if each.name != "packets"]
    if logs:
        out.append(said(
            "Theo nhật ký {logs}, không phải từ chính các gói tin: {flows}.",
            "By the word of logs ({logs}), not from the packets themselves: {flows}.",
            sum(each.flows for each in evidence.sources if each.name != "packets"),
            logs=", ".join(logs),
        ))  # fmt: skip
    if evidence.witnesses:
        out.append(said(
            "Nguồn khác cũng thấy cùng lưu lượng này và không được cộng thêm: tệp {inputs}.",
            "Others saw the same traffic too and were not added: inputs {inputs}.",
            inputs=", ".join(f"#{each}" for each in evidence.witnesses),
        ))  # fmt: skip
    return tuple(out)


def _data_known_by(seen: Seen, system: str | None, category: str | None) -> list[Text]:
    out: list[Text] = []
    vi, en = "Nhóm dữ liệu {category}", "Category {category}"
    if category is None:
        vi, en = "Nhóm dữ liệu", "The categories of data"
    names = {"category": str(category), "system": str(system)}
    content = _showing(seen, category)
    if content:
        out.append(
            said(
                vi + " được nhận ra từ nội dung của {flows}.",
                en + ": recognised in the content of {flows}.",
                content,
                **names,
            )
        )
    declared = seen.class_basis.get("declared", 0) + seen.class_basis.get("content", 0)
    declared -= min(content, declared)
    if declared:
        out.append(
            said(
                vi + " được gán cho {flows} vì bản kê khai hệ thống ghi rằng hệ thống "
                "{system} lưu giữ dữ liệu này.",
                en + ": attributed to {flows} because the inventory declares that system "
                "{system} holds such data.",
                declared,
                **names,
            )
        )
    destination = seen.class_basis.get("destination", 0)
    if destination:
        out.append(
            said(
                vi + " được suy từ nơi nhận của {flows}.",
                en + ": inferred from the destination of {flows}.",
                destination,
                **names,
            )
        )
    return out


def _showing(seen: Seen, category: str | None) -> int:
    """Flows whose content shows the category; any, where the finding is about no single one."""
    if category is not None:
        return seen.labels.get(category, 0)
    return max(seen.class_basis.get("content", 0), *seen.labels.values(), 0)


def not_known(seen: Seen, far: FarSide, evidence: Evidence, matter: Matter) -> tuple[Text, ...]:
    """What the flows leave open about a finding."""
    rule = matter.rule
    out: list[Text] = []
    if rule.in_force_from is not None and matter.first < rule.in_force_from:
        out.append(_before_said(rule.legal[0].instrument, rule.in_force_from))
    if rule.about_data:
        out += _data_not_known(seen, evidence, matter.category.code if matter.category else None)
        if matter.category is not None:
            out += _category_not_known(matter.category)
    if matter.system is None and matter.inventory is None:
        out.append(_NO_INVENTORY)
    out += destination_not_known(seen, far, forms=matter.handed_over)
    out += _name_not_known(seen)
    if (
        0 < evidence.outbound_bytes < SMALL
        and not seen.amount_unknown
        and seen.control < seen.flows
    ):
        out.append(_SMALL_AMOUNT)
    if seen.amount_unknown:
        out.append(
            said(
                "Không biết số byte chuyển ra của {flows}.",
                "How many bytes left in {flows} is not known.",
                seen.amount_unknown,
            )
        )
    if seen.not_whole:
        out.append(
            said(
                "{flows}: không rõ có lấy mẫu hay không, nên lượng thực tế có thể lớn hơn.",
                "{flows}: whether the traffic was sampled is not known; the true amounts may be "
                "larger.",
                seen.not_whole,
            )
        )
    if seen.estimated:
        names = [each.name for each in evidence.samplings[:3]]
        factors = ", ".join("1/?" if name == "0" else f"1/{name}" for name in names)
        out.append(said(
            "{flows} được thu theo mẫu ({factors}): số byte và gói tin đã nhân với hệ số đó (1/?: "
            "nhà cung cấp tự ước tính, không nêu hệ số), là ước tính, không phải số đo.",
            "{flows}: sampled ({factors}); bytes and packets were multiplied by that factor (1/?: "
            "by the provider itself, who does not tell it): estimates, not measurements.",
            seen.estimated,
            factors=factors,
        ))  # fmt: skip
    out.append(_SENSOR_ONLY)
    return tuple(out)


def _before_said(instrument: str, day: date) -> Text:
    return said(
        "Có luồng trước {vi_day}, ngày {instrument} có hiệu lực: với các luồng đó, chế độ áp dụng "
        "chưa xác định; cần kiểm tra cả đồng hồ của thiết bị thu.",
        "Some flows are from before {en_day}, when {instrument} came into force: the regime of "
        "those is undecided; check the recording device's clock too.",
        vi_day=f"{day:%d/%m/%Y}",
        en_day=f"{day}",
        instrument=instrument,
    )


def _data_not_known(seen: Seen, evidence: Evidence, category: str | None) -> list[Text]:
    out: list[Text] = []
    unread = seen.flows - _showing(seen, category)
    if unread == seen.flows:
        opened = evidence.read_bytes + evidence.raw_bytes > 0
        out.append(_NOTHING_RECOGNISED if opened else _NOTHING_READ)
    elif unread:
        out.append(
            said(
                "Nội dung của {flows} chưa được đọc hoặc không cho thấy dữ liệu này.",
                "The content of {flows} was not read or did not show this data.",
                unread,
            )
        )
    if evidence.subjects is not None and evidence.subjects_basis == "estimated":
        out.append(_ESTIMATED)
    if any(each.withheld for each in evidence.recognised):
        out.append(_WITHHELD)
    return out


def _category_not_known(category: Category) -> list[Text]:
    out: list[Text] = []
    if not category.verified:
        out.append(
            said(
                "Câu chữ của nhóm {code} chưa được đối chiếu với văn bản gốc (mức tin cậy {mark}).",
                "The wording of category {code} has not been compared with the instrument itself "
                "(mark {mark}).",
                code=category.code,
                mark=category.mark,
            )
        )
    if category.binds == "state-agencies":
        out.append(_STATE_AGENCIES)
    if category.public_data_excluded:
        out.append(_NO_PUBLIC_DATA)
    if category.known:
        vi, _, en = category.known.partition(" / ")
        out.append(Text(vi, en or vi))
    if category.threshold is not None:
        out.append(_threshold_said(category.code, category.threshold))
    return out


def _threshold_said(code: str, threshold: Threshold) -> Text:
    counted, source = _COUNTED[threshold.counts], _NUMBER_FROM[threshold.mark]
    at_least, below = threshold.at_least, threshold.below
    if at_least is None:
        return said(
            "Ngưỡng số lượng của nhóm {code} chưa được xác nhận.",
            "The quantity threshold of category {code} is not confirmed.",
            code=code,
        )
    vi = f"từ {grouped(at_least)} {counted.vi} trở lên"
    en = f"{at_least:,} {counted.en} or more"
    if below is not None:
        vi = f"từ {grouped(at_least)} đến {grouped(below - 1)} {counted.vi}"
        en = f"{at_least:,} to {below - 1:,} {counted.en}"
    return said(
        "Nhóm {code}: {vi}, tính theo lượng đã chuyển tích lũy từ 01/07/2025; số chủ thể hệ thống "
        "lưu giữ không thay cho số này.",
        "Category {code}: {en}, counted by what was transferred, cumulatively from 1 July 2025; "
        "how many subjects the system holds does not stand for that number.",
        code=code,
        vi=vi + source.vi,
        en=en + source.en,
    )


def _name_not_known(seen: Seen) -> list[Text]:
    out: list[Text] = []
    unnamed = seen.host_basis.get("", 0) + seen.host_basis.get("dns-query", 0)
    if unnamed:
        out.append(
            said(
                "Không thấy tên máy chủ của bên nhận trong {flows}.",
                "The recipient's server name was not seen in {flows}.",
                unnamed,
            )
        )
    if seen.covered_name:
        out.append(
            said(
                "{flows} ẩn tên máy chủ (Encrypted Client Hello); tên nhìn thấy có thể chỉ "
                "là tên ngụy trang và không được coi là tên máy chủ thật.",
                "{flows}: Encrypted Client Hello was offered; the visible name may be a cover "
                "name and is not taken for the real one.",
                seen.covered_name,
            )
        )
    return out
