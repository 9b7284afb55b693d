"""The sentences of a finding: how each part is known, what is not, what the dossiers say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.model.text import Text
from auditor.policy.coverage import Reason

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from auditor.model.catalogue import Category
    from auditor.model.finding import Evidence
    from auditor.policy.dossiers import Dossier
    from auditor.policy.evidence import Seen

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
        "suy từ câu trả lời DNS cho địa chỉ này trong cùng bản ghi",
        "from a DNS answer for this address in the same recording",
    ),
    "log": Text("do nhật ký ghi", "as the log has it"),
}

_RESULTS: Final[dict[str, Text]] = {
    "passed": Text("đạt", "passed"),
    "failed": Text("không đạt", "failed"),
    "pending": Text("chưa có", "pending"),
    "none-needed": Text("không phải chờ kết quả", "none needed"),
}


COVERED_STEP: Final = Text(
    "Đối chiếu hồ sơ với thực tế chuyển (loại dữ liệu, bên nhận, số lượng, thời gian); cập nhật "
    "hồ sơ nếu có thay đổi.",
    "Compare the dossier with what is really transferred (kind of data, recipient, quantity, "
    "time); update it where that has changed.",
)
"""What to do about a transfer that a dossier covers."""


def flows_said(number: int) -> Text:
    """``number`` flows, in words."""
    return Text(f"{_vi(number)} luồng", f"{number:,} flow" + ("" if number == 1 else "s"))


def known_by(
    seen: Seen, evidence: Evidence, system: str | None, category: str | None, *, about_data: bool
) -> tuple[Text, ...]:
    """How each part of a finding is known."""
    out: list[Text] = []
    if about_data:
        out += _data_known_by(seen, system, category)
    if evidence.countries:
        basis = ", ".join(counted.name for counted in seen.geo_basis[:3]) or "?"
        placed = flows_said(seen.geo_state.get("country", 0))
        out.append(
            Text(
                f"Quốc gia của bên nhận được tra theo địa chỉ IP; căn cứ: {basis}; "
                f"xác định được ở {placed.vi}.",
                f"The recipient's country was looked up by IP address; basis: {basis}; "
                f"established for {placed.en}.",
            )
        )
    for basis, said in _HOST_BASIS.items():
        count = seen.host_basis.get(basis, 0)
        if count:
            number = flows_said(count)
            out.append(
                Text(
                    f"Tên máy chủ của {number.vi}: {said.vi}.",
                    f"Server name of {number.en}: {said.en}.",
                )
            )
    if seen.clear:
        number = flows_said(seen.clear)
        out.append(
            Text(
                f"{number.vi} dùng giao thức không mã hóa, nhận ra từ phần đầu nội dung hoặc do "
                "nhật ký ghi.",
                f"{number.en}: a clear-text protocol was recognised from the first payload bytes "
                "or named by the log.",
            )
        )
    if seen.amount_unknown < seen.flows:
        out.append(
            Text(
                "Số byte chuyển ra được cộng từ các luồng đã ghi, tính theo chiều từ trong nước "
                "ra, bất kể bên nào mở kết nối.",
                "Outbound bytes are the sum over the recorded flows of what left home, whoever "
                "opened the connection.",
            )
        )
    return tuple(out)


def _data_known_by(seen: Seen, system: str | None, category: str | None) -> list[Text]:
    out: list[Text] = []
    what = Text(f"Nhóm dữ liệu {category}", f"Category {category}")
    if category is None:
        what = Text("Nhóm dữ liệu", "The categories of data")
    content = seen.class_basis.get("content", 0)
    if content:
        number = flows_said(content)
        out.append(
            Text(
                f"{what.vi} được nhận ra từ nội dung của {number.vi}.",
                f"{what.en}: recognised in the content of {number.en}.",
            )
        )
    declared = seen.class_basis.get("declared", 0)
    if declared:
        number = flows_said(declared)
        out.append(
            Text(
                f"{what.vi} được gán cho {number.vi} vì danh mục hệ thống khai rằng hệ thống "
                f"{system} lưu giữ dữ liệu này.",
                f"{what.en}: attributed to {number.en} because the inventory declares that system "
                f"{system} holds such data.",
            )
        )
    destination = seen.class_basis.get("destination", 0)
    if destination:
        number = flows_said(destination)
        out.append(
            Text(
                f"{what.vi} được suy từ nơi nhận của {number.vi}.",
                f"{what.en}: inferred from the destination of {number.en}.",
            )
        )
    return out


def not_known(
    seen: Seen,
    evidence: Evidence,
    category: Category | None,
    *,
    about_data: bool,
    system: str | None,
    inventory_given: bool,
) -> tuple[Text, ...]:
    """What the recordings leave open about a finding."""
    out: list[Text] = []
    if about_data:
        out += _data_not_known(seen, evidence, category)
    if system is None and not inventory_given:
        out.append(
            Text(
                "Không có danh mục hệ thống, nên không biết đầu trong nước thuộc hệ thống nào và "
                "lưu giữ dữ liệu gì.",
                "No inventory was given, so nobody can say which system the home end is and what "
                "data it holds.",
            )
        )
    out += _place_not_known(seen)
    if seen.amount_unknown:
        number = flows_said(seen.amount_unknown)
        out.append(
            Text(
                f"Không biết số byte chuyển ra của {number.vi}.",
                f"How many bytes left in {number.en} is not known.",
            )
        )
    if seen.not_whole:
        number = flows_said(seen.not_whole)
        out.append(
            Text(
                f"{number.vi} được ghi theo mẫu hoặc không rõ tỷ lệ lấy mẫu, nên lượng thực tế có "
                "thể lớn hơn.",
                f"{number.en}: sampled, or the sampling rate is unknown; the true amounts may be "
                "larger.",
            )
        )
    out.append(
        Text(
            "Chỉ biết những gì điểm ghi nhìn thấy trong khoảng thời gian đã ghi; mục đích chuyển "
            "không thể hiện trong lưu lượng.",
            "Only what the sensor saw in the recorded time is known; traffic does not show the "
            "purpose of a transfer.",
        )
    )
    return tuple(out)


def _data_not_known(seen: Seen, evidence: Evidence, category: Category | None) -> list[Text]:
    out: list[Text] = []
    unread = seen.flows - seen.class_basis.get("content", 0)
    if unread and seen.encrypted:
        number = flows_said(seen.encrypted)
        out.append(
            Text(
                f"{number.vi} được mã hóa nên không đọc được nội dung; dữ liệu thực sự chuyển đi "
                "chưa được xác nhận.",
                f"{number.en}: encrypted, so the content could not be read; which data really "
                "left is not confirmed.",
            )
        )
    if unread > seen.encrypted:
        number = flows_said(unread - seen.encrypted)
        out.append(
            Text(
                f"Nội dung của {number.vi} không nhận ra là mã hóa chưa được đọc hoặc không cho "
                "thấy dữ liệu này.",
                f"The content of {number.en} not recognised as encrypted was not read or did not "
                "show this data.",
            )
        )
    if category is not None and not category.verified:
        out.append(
            Text(
                f"Câu chữ của nhóm {category.code} chưa được đối chiếu với văn bản gốc (mức tin "
                f"cậy {category.mark}).",
                f"The wording of category {category.code} has not been compared with the "
                f"instrument itself (mark {category.mark}).",
            )
        )
    if category is not None and category.threshold is not None:
        out.append(_threshold_said(category))
    if evidence.subjects is not None and evidence.subjects_basis == "estimated":
        out.append(
            Text(
                f"Số chủ thể dữ liệu ({_vi(evidence.subjects)}) là ước tính: số byte chuyển ra "
                "chia cho cỡ bản ghi trung bình đã khai, không vượt số chủ thể của hệ thống.",
                f"The number of data subjects ({evidence.subjects:,}) is an estimate: outbound "
                "bytes over the declared average record, at most the subjects of the system.",
            )
        )
    return out


def _threshold_said(category: Category) -> Text:
    threshold = category.threshold
    if threshold is None or threshold.at_least is None:
        return Text(
            f"Ngưỡng số lượng của nhóm {category.code} chưa được xác nhận.",
            f"The quantity threshold of category {category.code} is not confirmed.",
        )
    return Text(
        f"Nhóm {category.code} áp dụng từ {_vi(threshold.at_least)}; số lượng tính lũy kế từ "
        "01/07/2025 (Nghị định 165/2025/NĐ-CP, khoản 10 Điều 12), các bản ghi này không cho biết "
        "tổng lũy kế.",
        f"Category {category.code} applies from {threshold.at_least:,}; the count is cumulative "
        "from 1 July 2025 (Decree 165/2025, Article 12(10)), and these recordings do not show the "
        "cumulative total.",
    )


def _place_not_known(seen: Seen) -> list[Text]:
    out: list[Text] = []
    states = {
        "anycast": Text(
            "dùng chung ở nhiều nước (anycast)", "announced from several countries (anycast)"
        ),
        "ambiguous": Text("có thể ở nhiều nước", "possible in several countries"),
        "contradicted": Text("có nguồn tra cứu mâu thuẫn nhau", "contradicted between sources"),
        "unknown": Text("không tra được", "not found"),
    }
    for state, said in states.items():
        count = seen.geo_state.get(state, 0)
        if count:
            number = flows_said(count)
            out.append(
                Text(
                    f"Nơi đặt của bên nhận trong {number.vi}: {said.vi}.",
                    f"The recipient's place in {number.en}: {said.en}.",
                )
            )
    if seen.crossing_unknown:
        number = flows_said(seen.crossing_unknown)
        out.append(
            Text(
                f"Chưa xác định được {number.vi} có ra nước ngoài hay không.",
                f"Whether {number.en} left the country is undecided.",
            )
        )
    unnamed = seen.host_basis.get("", 0) + seen.host_basis.get("dns-query", 0)
    if unnamed:
        number = flows_said(unnamed)
        out.append(
            Text(
                f"Không thấy tên máy chủ của bên nhận trong {number.vi}.",
                f"The recipient's server name was not seen in {number.en}.",
            )
        )
    if seen.covered_name:
        number = flows_said(seen.covered_name)
        out.append(
            Text(
                f"{number.vi} che tên máy chủ (Encrypted Client Hello); tên nhìn thấy có thể chỉ "
                "là tên che.",
                f"{number.en}: Encrypted Client Hello was offered; the visible name may be a cover "
                "name.",
            )
        )
    return out


def dossier_said(
    reason: Reason, dossier: Dossier | None, others: Sequence[str], *, register_given: bool
) -> Text:
    """Why ``dossier`` covers a transfer, or why it, the closest of all, does not."""
    if dossier is None or reason is Reason.NONE:
        if not register_given:
            return Text(
                "Không có sổ đăng ký hồ sơ để đối chiếu.", "No register of dossiers was given."
            )
        return Text(
            "Sổ đăng ký không có hồ sơ nào của hệ thống này.",
            "The register has no dossier of this system.",
        )
    said = _reason_said(reason, dossier)
    more = Text("", "")
    if others:
        names = ", ".join(others)
        more = Text(f" Hồ sơ khác cùng mức: {names}.", f" Other dossiers alike: {names}.")
    note = f" [{dossier.note}]" if dossier.note else ""
    return Text(said.vi + more.vi + note, said.en + more.en + note)


def _reason_said(reason: Reason, dossier: Dossier) -> Text:
    name = dossier.id
    filed, result = dossier.filed, _RESULTS[dossier.result]
    ends = dossier.valid_to
    period = Text(
        f"từ {_day(dossier.valid_from)} " + (f"đến {_day(ends)}" if ends else "không thời hạn"),
        f"from {dossier.valid_from} " + (f"to {ends}" if ends else "without end"),
    )
    texts = {
        Reason.COVERED: Text(
            f"Hồ sơ {name} (nộp ngày {_day(filed)}, kết quả: {result.vi}, hiệu lực {period.vi}) "
            "bao trùm việc chuyển này.",
            f"Dossier {name} (filed {filed}, result: {result.en}, valid {period.en}) covers this "
            "transfer.",
        ),
        Reason.NOT_PASSED: Text(
            f"Hồ sơ {name} có nêu việc chuyển này nhưng kết quả đánh giá là: {result.vi}.",
            f"Dossier {name} speaks of this transfer, but its assessment result is: {result.en}.",
        ),
        Reason.FILED_LATE: Text(
            f"Hồ sơ {name} có nêu việc chuyển này nhưng nộp ngày {_day(filed)}, chỉ tính từ ngày "
            f"{_day(dossier.covers_from)}; việc chuyển diễn ra trước ngày đó.",
            f"Dossier {name} speaks of this transfer but was filed on {filed} and counts only from "
            f"{dossier.covers_from}; the transfer took place before.",
        ),
        Reason.OUT_OF_DATE: Text(
            f"Hồ sơ {name} có hiệu lực {period.vi}; việc chuyển diễn ra ngoài thời gian đó.",
            f"Dossier {name} is valid {period.en}; the transfer took place outside that time.",
        ),
        Reason.RECIPIENT_UNKNOWN: Text(
            f"Hồ sơ {name} nêu bên nhận, nhưng tên máy chủ, tổ chức hoặc nơi đặt của bên nhận "
            "trong các luồng này chưa đủ rõ để đối chiếu.",
            f"Dossier {name} names its recipients, but server name, organisation or place of the "
            "far side are not known well enough in these flows to compare.",
        ),
        Reason.OTHER_RECIPIENT: Text(
            f"Hồ sơ {name} không nêu bên nhận này.", f"Dossier {name} does not name this recipient."
        ),
        Reason.OTHER_CATEGORY: Text(
            f"Hồ sơ {name} không bao gồm nhóm dữ liệu này.",
            f"Dossier {name} does not extend to this category.",
        ),
        Reason.OTHER_REGIME: Text(
            f"Hồ sơ {name} được lập theo chế độ khác với chế độ áp dụng cho dữ liệu này vào thời "
            "điểm chuyển.",
            f"Dossier {name} was filed under another regime than the one that applied to this data "
            "at the time of the transfer.",
        ),
    }
    return texts[reason]


def _day(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def _vi(number: int) -> str:
    """A number the Vietnamese way: 1.234.567."""
    return f"{number:,}".replace(",", ".")
