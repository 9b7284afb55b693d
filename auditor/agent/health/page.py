"""The standing as one page for people, Vietnamese first; it runs nothing and loads nothing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from auditor.agent.health.metrics import last_success
from auditor.agent.health.standing import MOST_LISTED, runs
from auditor.model.finding import SEVERITIES
from auditor.model.text import Text
from auditor.report.markup import content_security_policy, environment, style
from auditor.report.words import SEVERITY

if TYPE_CHECKING:
    from datetime import datetime, timedelta
    from zoneinfo import ZoneInfo

    from jinja2 import Template

    from auditor.agent.health.standing import Standing

REFRESH: Final = 30
"""Seconds after which a browser asks again."""

VERDICTS: Final = {
    "ok": Text("Đang hoạt động bình thường", "Working as it should"),
    "trouble": Text("Đang hoạt động, cần người kiểm tra", "Working, and somebody should look"),
    "down": Text("Không hoạt động", "Not working"),
}
OUTCOMES: Final = {
    "done": Text("xong", "done"),
    "nothing-new": Text("không có tệp mới", "nothing new"),
    "failed": Text("thất bại", "failed"),
    "ended": Text("bị dừng vì quá giờ", "ended at its limit"),
    "interrupted": Text("bị ngắt", "interrupted"),
}


@dataclass(frozen=True, slots=True)
class Page:
    """The text of the page, and the policy by which a browser may show it."""

    text: str
    policy: str


def html(standing: Standing, zone: ZoneInfo, *, english: bool) -> Page:
    """The page; times are in ``zone``."""
    look = style("look.css", foot="")
    policy = content_security_policy(look, "").partition("script-src")[0]  # it has no script
    policy += "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    text = _template().render(
        s=standing,
        english=english,
        refresh=REFRESH,
        style=look,
        verdict=VERDICTS[standing.verdict],
        outcomes=OUTCOMES,
        severities=SEVERITIES,
        severity=SEVERITY,
        jobs=standing.overview.jobs[:MOST_LISTED] if standing.overview else (),
        boxes=standing.overview.outboxes[:MOST_LISTED] if standing.overview else (),
        at_work=lambda capture: runs(capture, standing.at),
        last_success=last_success,
        ago=lambda moment: ago(standing.at - moment),
        clock=lambda moment: clock(moment, zone),
    )
    return Page(text, policy)


def ago(length: timedelta) -> Text:
    """How long ago, in the unit that suits it."""
    seconds = int(length.total_seconds())
    if seconds < 0:  # the clock was set back, or another machine's goes ahead
        return Text("theo đồng hồ là tương lai", "in the future, by the clock")
    for size, vi, en in (
        (86_400, "ngày", "days"), (3_600, "giờ", "hours"), (60, "phút", "minutes"),
    ):  # fmt: skip
        if seconds >= 2 * size:
            return Text(f"{seconds // size} {vi} trước", f"{seconds // size} {en} ago")
    return Text(f"{seconds} giây trước", f"{seconds} seconds ago")


def clock(moment: datetime, zone: ZoneInfo) -> Text:
    """The moment on the agency's clock."""
    local = moment.astimezone(zone)
    return Text(f"{local:%H:%M:%S %d/%m/%Y}", f"{local:%Y-%m-%d %H:%M:%S}")


@cache
def _template() -> Template:
    from jinja2 import PackageLoader  # late: only who looks at the page needs it

    made = environment()
    made.loader = PackageLoader("auditor.agent", "health")
    return made.get_template("page.html.j2")
