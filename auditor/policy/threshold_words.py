"""What a finding about running totals says, in both languages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.model.text import Text
from auditor.policy.sentences import grouped, said

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from auditor.model.finding import Running


def known_by(running: Running, names: Mapping[str, str]) -> tuple[Text, ...]:
    """The day, the totals, and who is behind them."""
    told = [_since(running), _crossed(running), _counted(running)]
    if running.estimated is not None:
        told.append(_estimated(running.estimated))
    if running.systems:
        told.append(
            said(
                "Hệ thống: {systems}.",
                "Systems: {systems}.",
                systems=", ".join(names.get(each.name, each.name) for each in running.systems),
            )
        )
    if running.recipients:
        told.append(
            said(
                "Bên nhận, nhiều nhất trước: {recipients}.",
                "Recipients, the heaviest first: {recipients}.",
                recipients=", ".join(each.name for each in running.recipients),
            )
        )
    return tuple(told)


def not_known(running: Running, subject: str, *, together: bool) -> tuple[Text, ...]:
    """What would change the finding; ``together``: only several owners' transfers cross it."""
    told = [_incomplete(running)]
    if together:
        told.append(
            Text(
                "Các chủ quản ghi trong bản kê khai có phải là một chủ quản dữ liệu trước pháp "
                "luật hay không: chỉ khi cộng chung mới tới ngưỡng.",
                "Whether the owners that the inventory names are one data custodian before the "
                "law: only together do they reach the threshold.",
            )
        )
    if running.threshold is None:
        told.append(
            Text(
                "Con số của ngưỡng này chưa xác nhận được: cần đối chiếu văn bản gốc.",
                "The number of this threshold could not be confirmed: compare the original text.",
            )
        )
    elif running.mark not in ("C", "S"):
        told.append(
            Text(
                f"Con số của ngưỡng chưa được xác nhận (mức {running.mark}): cần đối chiếu văn bản "
                "gốc.",
                f"The number of the threshold is not confirmed (mark {running.mark}): compare the "
                "original text.",
            )
        )
    if subject == "person":
        told.append(
            Text(
                "Những người được đếm có phải là công dân Việt Nam và dữ liệu có phải chưa công "
                "khai hay không; luật chưa nêu cách đếm một người xuất hiện nhiều lần, ở đây mỗi "
                "người tính một lần.",
                "Whether those counted are Vietnamese citizens and the data is undisclosed; the "
                "law does not say how a person who appears several times counts: here, once.",
            )
        )
    return tuple(told)


def _since(running: Running) -> Text:
    day = _day(running.since)
    owner = running.owner or "—"
    if running.alone:
        return said(
            "Chủ quản dữ liệu: {owner}. Chỉ tính các luồng của lần kiểm tra này, từ ngày {vi}; số "
            "tích lũy qua các lần kiểm tra nằm trong kho của `auditor agent`.",
            "Owner of the data: {owner}. Only transfers of this run are counted, from {en} on; "
            "totals over all runs are in the store of `auditor agent`.",
            owner=owner,
            vi=day.vi,
            en=day.en,
        )
    return said(
        "Chủ quản dữ liệu: {owner}. Cộng dồn mọi lần chuyển từ ngày {vi} qua các lần kiểm tra.",
        "Owner of the data: {owner}. All transfers from {en} on are added up, over all runs.",
        owner=owner,
        vi=day.vi,
        en=day.en,
    )


def _crossed(running: Running) -> Text:
    day = _day(running.crossed)
    if running.threshold is None:
        return said(
            "Ghi nhận lần đầu ngày {vi}; ngưỡng chưa rõ con số.",
            "First counted on {en}; the number of the threshold is not known.",
            vi=day.vi,
            en=day.en,
        )
    vi, en = (
        "Đạt ngưỡng {least_vi} vào ngày {vi}.",
        "The threshold of {least_en} was reached on {en}.",
    )
    if running.counted < running.threshold:
        vi, en = (
            "Theo ước tính, ngưỡng {least_vi} có thể đã đạt vào ngày {vi}; số đếm được chưa tới.",
            "By estimate alone, the threshold of {least_en} may have been reached on {en}.",
        )
    return said(
        vi,
        en,
        least_vi=grouped(running.threshold),
        least_en=f"{running.threshold:,}",
        vi=day.vi,
        en=day.en,
    )


def _counted(running: Running) -> Text:
    about = "" if running.exact else "≈ "
    return said(
        "Đếm được trong nội dung: ít nhất {vi} chủ thể khác nhau.",
        "Counted in content: at least {en} different subjects.",
        vi=f"{about}{grouped(running.counted)}",
        en=f"{about}{running.counted:,}",
    )


def _estimated(number: int) -> Text:
    return said(
        "Ước tính riêng theo kích thước bản ghi đã kê khai: {vi} bản ghi; một người có thể được "
        "tính nhiều lần.",
        "Estimated apart, by the declared size of a record: {en} records; one person may be in it "
        "several times.",
        vi=grouped(number),
        en=f"{number:,}",
    )


def _incomplete(running: Running) -> Text:
    if running.complete_from is None or running.complete_from <= running.since:
        return Text(
            "Lượng đã chuyển ngoài tầm quan sát của các cảm biến.",
            "What was transferred past the sensors.",
        )
    day = _day(running.complete_from)
    return said(
        "Lượng đã chuyển trước ngày {vi}, khi bắt đầu có dữ liệu lưu lượng liên tục, hoặc ngoài "
        "tầm quan sát của các cảm biến.",
        "What was transferred before {en}, when traffic began to be watched without a gap, or past "
        "the sensors.",
        vi=day.vi,
        en=day.en,
    )


def _day(day: date) -> Text:
    return Text(f"{day:%d/%m/%Y}", f"{day.day} {day:%B %Y}")
