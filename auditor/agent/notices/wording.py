"""What notices say to people: Vietnamese first, English second."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from auditor.model.text import Text
from auditor.report.formats import flow_count, moment, number, period, size
from auditor.report.readiness.words import STATE as ITEM_STATE
from auditor.report.readiness.words import VERDICT
from auditor.report.words import CERTAINTY, SEVERITY, STATE

if TYPE_CHECKING:
    from auditor.store.outbox import Notice

INDICATOR: Final = Text(
    "Mỗi mục là một dấu hiệu cần được xem xét, không phải là kết luận.",
    "Each item is an indicator that wants to be looked into, not a conclusion.",
)
TITLES: Final = {
    "news": Text("Có thay đổi so với những lần kiểm tra trước", "Changes since earlier runs"),
    "assessment": Text("Danh mục kiểm tra có thay đổi", "The checklist says otherwise"),
    "trouble": Text("Hệ thống kiểm tra tự động gặp sự cố", "The agent has trouble"),
    "silence": Text("Không nhận được dữ liệu mới", "No new input"),
    "recovery": Text("Sự cố đã được khắc phục", "Trouble is over"),
    "digest": Text("Bản tin tổng hợp", "Digest"),
    "test": Text("Thông báo thử", "Test message"),
}
TROUBLES: Final = {
    "job-failed": Text(
        "Công việc thất bại, kể cả khi được chạy lại.", "The job failed, also when tried again."
    ),
    "job-ended": Text(
        "Công việc bị dừng vì chạy quá thời gian cho phép.",
        "The job was ended: it ran longer than its limit.",
    ),
    "job-renamed": Text(
        "Có công việc mới và có công việc không còn trong tệp cấu hình. Nếu đó là đổi tên, các "
        "tệp đã kiểm tra sẽ bị tính lại; hãy dừng hệ thống và chạy: "
        "auditor agent rename TÊN-CŨ TÊN-MỚI",
        "A job is new and another is no longer in the settings. If it was renamed, files that were "
        "audited count again: end the agent, and run: auditor agent rename OLD NEW",
    ),
    "source": Text("Không đọc được nguồn dữ liệu.", "A source cannot be read."),
    "quarantine": Text(
        "Có tệp không đọc được và đã bị cách ly.", "Files could not be read and are quarantined."
    ),
    "results": Text(
        "Không ghi được kết quả vào thư mục đã chọn; kết quả vẫn có trong kho lưu trữ.",
        "Results could not be written to the chosen folder; the store has them.",
    ),
    "capture": Text(
        "Việc thu gói tin bị gián đoạn hoặc mất gói.", "Live capture stopped or dropped packets."
    ),
    "store": Text("Kho lưu trữ không dùng được.", "The store cannot be used."),
    "disk": Text("Ổ đĩa đầy hoặc sắp đầy.", "The disk is full, or nearly."),
    "settings": Text("Tệp cấu hình có lỗi.", "The settings have mistakes."),
    "agent": Text("Hệ thống kiểm tra tự động gặp lỗi.", "The agent met an error."),
    "channel-refused": Text(
        "Một kênh thông báo từ chối thông báo; sẽ được thử lại.",
        "A channel refuses a notice; it will be tried again.",
    ),
    "channel-recipient": Text(
        "Máy chủ thư từ chối một số người nhận; những người khác đã nhận được thông báo.",
        "The mail server refuses some recipients; the others have the notice.",
    ),
    "channel-given-up": Text(
        "Một kênh thông báo không nhận được thông báo trong bảy ngày; đã ngừng gửi lại.",
        "A channel took a notice in no try of seven days; it is not tried again.",
    ),
    "silence": Text(
        "Không có dữ liệu đầu vào mới trong thời gian dài hơn mức cho phép.",
        "No new input came for longer than it should.",
    ),
    "test": Text(
        "Đây là thông báo thử; không cần làm gì.", "This is a test; there is nothing to do."
    ),
}
"""Codes of trouble, and what they say."""
NEWS: Final = {
    "new": Text("mới", "new"),
    "back": Text("xuất hiện lại", "back"),
    "changed": Text("thay đổi", "changed"),
    "gone": Text("không thấy hơn 8 ngày", "not seen for over 8 days"),
}
FIELDS: Final = {
    "severity": Text("mức độ", "severity"),
    "state": Text("trạng thái", "state"),
    "certainty": Text("độ chắc chắn", "certainty"),
    "dossier": Text("hồ sơ", "dossier"),
    "countries": Text("nước", "countries"),
    "outbound_bytes": Text("lượng dữ liệu ra", "outbound bytes"),
}
"""What of a finding may change."""
MOST_SUBJECT: Final = 200


def subject(notice: Notice) -> str:
    """One line: how severe, what, of which job."""
    content = notice.content
    head = SEVERITY[content["severity"]]
    title, job = content["title"], content["job"]
    about = f" – {job}" if job else ""
    line = f"[auditor] {head.vi}: {title['vi']}{about} / {head.en}: {title['en']}"
    return " ".join(line.split())[:MOST_SUBJECT]


def lines(notice: Notice) -> list[str]:
    """The notice as lines of text: all of it in Vietnamese, then all of it in English."""
    vietnamese = _told(notice.content, "vi")
    english = _told(notice.content, "en")
    return [*vietnamese, "", "-" * 60, "", *english, "", f"ID: {notice.id}"]


def _told(content: dict[str, Any], language: str) -> list[str]:
    out = [content["title"][language], ""]
    if content["job"]:
        out.append(_in(language, "Công việc: ", "Job: ") + content["job"])
    out.append(content["text"][language])
    if content["kind"] == "silence" and content["detail"]:
        last = _in(language, "Dữ liệu mới gần nhất: ", "The last came at ")
        out.append(last + _moment(content["detail"], language))
    elif content.get("detail"):
        out.append(content["detail"])
    if content["kind"] == "news":
        out += _news(content, language)
    elif content["kind"] == "assessment":
        out += _assessment(content, language)
    elif content["kind"] == "digest":
        for each in content["notices"]:
            at = _moment(each["created"], language)
            out += ["", "=" * 60, at, *_told(each, language)]
        if content["more_notices"]:
            more = content["more_notices"]
            out += ["", _in(language, f"và {more} thông báo khác.", f"and {more} more notices.")]
    return out


def _news(content: dict[str, Any], language: str) -> list[str]:
    run, doubts, counts = content["run"], content["doubts"], content["counts"]
    out = []
    if content["agency"]:
        out.append(_in(language, "Cơ quan: ", "Agency: ") + content["agency"])
    out.append(
        _in(language, "Lần chạy: ", "Run: ")
        + f"{run['id']}, {_period(run['started'], run['finished'], language)}"
    )
    told = [f"{counts[name]} {_of(NEWS[name], language)}" for name in NEWS if counts[name]]
    out += [", ".join(told) + ".", ""]
    for change in content["changes"]:
        out += [*_change(change, language), ""]
    if content["more"]:
        more = number(content["more"])
        vi, en = f"và {more.vi} mục khác, xem báo cáo.", f"and {more.en} more: see the report."
        out += [_in(language, vi, en), ""]
    if doubts["problems"] or doubts["undecided_flows"]:
        problems, flows = number(doubts["problems"]), flow_count(doubts["undecided_flows"])
        word = "problem" if doubts["problems"] == 1 else "problems"
        out.append(
            _in(
                language,
                f"Điều chưa biết: {problems.vi} vấn đề khi đọc dữ liệu; {flows.vi} chưa xác định "
                "được có ra nước ngoài hay không.",
                f"Not known: {problems.en} {word} in reading; {flows.en} of which nobody can say "
                "whether they leave the country.",
            )
        )
    return out


def _change(change: dict[str, Any], language: str) -> list[str]:
    severity = _of(SEVERITY[change["severity"]], language)
    state = _of(STATE[change["state"]], language)
    word = _of(NEWS[change["news"]], language)
    out = [f"* [{word}] {severity} · {state} · {change['title'][language]}"]
    to = _in(language, "bên nhận", "recipient")
    countries = ", ".join(change["countries"]) or "?"
    out.append(f"  {to}: {change['recipient']} ({countries})")
    if change["system"]:
        out.append(f"  {_in(language, 'hệ thống', 'system')}: {change['system']}")
    if change["news"] != "gone":
        flows, sent = flow_count(change["flows"]), size(change["outbound_bytes"])
        out.append(f"  {_of(flows, language)}, {_of(sent, language)}")
    out.append(f"  {_of(CERTAINTY[change['certainty']], language)}")
    for field, (before, now) in sorted(change["changes"].items()):
        before, now = (_worded(field, each, language) for each in (before, now))
        name = _of(FIELDS.get(field, Text(field, field)), language)
        out.append(f"  {name}: {before} → {now}")
    return out


def _assessment(content: dict[str, Any], language: str) -> list[str]:
    out = [_in(language, "Hệ thống: ", "System: ") + content["system"], ""]
    if content["verdict"]:
        before, now = content["verdict"]
        before, now = _of(VERDICT[before], language), _of(VERDICT[now], language)
        out.append(_in(language, "Kết quả chung: ", "Verdict: ") + f"{before} → {now}")
    out += [
        f"* {each['item']} {each['title'][language]}: "
        f"{_standing(each['before'], language)} → {_standing(each['now'], language)}"
        for each in content["changes"]
    ]
    if content["more"]:
        out.append(_in(language, f"và {content['more']} mục khác.", f"and {content['more']} more."))
    out += [
        f"* {each['item']} {each['title'][language]}: "
        + _in(language, f"sắp hết hạn vào {each['until']}", f"runs out on {each['until']}")
        for each in content["expiring"]
    ]
    return out


def _standing(state: Any, language: str) -> str:  # noqa: ANN401 - a state, or null
    return "–" if state is None else _of(ITEM_STATE[state], language)


def _worded(field: str, value: Any, language: str) -> str:  # noqa: ANN401 - as ``_value``
    words: dict[str, dict[Any, Text]] = {
        "severity": SEVERITY,
        "state": STATE,
        "certainty": CERTAINTY,
    }
    if field == "outbound_bytes":
        return _of(size(value), language)
    if field not in words:
        return _value(value)
    text = _of(words[field][value], language)
    return text.partition(": ")[2] or text  # "Certainty: high" says the field once more


def _value(value: Any) -> str:  # noqa: ANN401 - text, a number, a list of countries, or null
    if value is None:
        return "–"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _period(first: str, last: str, language: str) -> str:
    found = period(datetime.fromisoformat(first), datetime.fromisoformat(last))
    return _of(found, language) + " (+07:00)"


def _moment(text: str, language: str) -> str:
    return _of(moment(datetime.fromisoformat(text)), language) + " (+07:00)"


def _of(text: Text, language: str) -> str:
    return text.vi if language == "vi" else text.en


def _in(language: str, vi: str, en: str) -> str:
    return vi if language == "vi" else en
