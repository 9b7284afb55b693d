"""The channel over time: against its baseline, the sharing log, and after it was cut."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from auditor.checklist.baseline import EDGE, by_day
from auditor.checklist.facts import VIETNAM, utc
from auditor.checklist.probe import Found, Probe
from auditor.checklist.probes.channel import RECORD
from auditor.checklist.sight import ROUNDING, Sight, column, counted, seeing, service
from auditor.checklist.sources.register import moment
from auditor.model.readiness import Reference
from auditor.model.text import Text

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping
    from datetime import datetime

    from auditor.checklist.probe import Arguments

TOLERANCE: Final = timedelta(minutes=10)
"""Engineering default (M): how far a row of the sharing log may lie from its session."""
NO_CHANNEL: Final = Text(
    "Không thấy phiên nào trên kênh đồng bộ", "No session on the sync channel was seen"
)
NO_BASELINE: Final = Text("Chưa có mốc nền được ký", "No baseline is signed")
SIGN: Final = Text(
    "Lập và ký mốc nền của kênh từ lưu lượng đã được chấp nhận.",
    "Make and sign a baseline of the channel from traffic that was accepted.",
)


def _answered(sight: Sight, *, upkeep: bool = True) -> pd.DataFrame:
    """Answered flows of the channel between single hosts, as the baseline holds them.

    Without ``upkeep``, names, time, logs and pings of its machines are left out.
    """
    moments = sight.traffic.moments[sight.traffic.moments["answered"]]
    single = [sight.matrix.ordinary(list(moments[end])) for end in ("src_ip", "dst_ip")]
    found = moments[single[0] & single[1]]
    return found if upkeep else found[~sight.matrix.upkeep(found)]


def _lines(sight: Sight, rows: pd.DataFrame, shown: str = "") -> list[Reference]:
    """A reference to each row; ``shown`` names columns to tell of."""
    each: Any = rows.itertuples(index=False)
    return [
        Reference(
            sight.traffic.inputs.get(row.input_id, ""),
            f"flow {row.flow_id}",
            f"{row.src_ip} → {row.dst_ip}{service(row.protocol, row.dst_port)}"
            + "".join(f" {_told(getattr(row, name))}" for name in shown.split()),
        )
        for row in each
    ]


def _told(value: object) -> str:
    return f"{value:%Y-%m-%d %H:%M:%S}Z" if isinstance(value, pd.Timestamp) else str(value)


def drift_from_baseline(sight: Sight, arguments: Arguments) -> Found:
    """The channel's peers, ports and TLS versions are those of the baseline."""
    del arguments
    baseline, moments = sight.facts.baseline, _answered(sight)
    if baseline is None:
        return sight.unknown(NO_BASELINE, SIGN)
    if moments.empty:
        return sight.unknown(NO_CHANNEL, RECORD)
    now = moments.sort_values("flow_id").drop_duplicates([*EDGE, "tls_version"])
    known = pd.MultiIndex.from_frame(baseline[EDGE])
    mine = pd.MultiIndex.from_frame(now[EDGE])
    new = now[~mine.isin(known)].drop_duplicates(EDGE)
    told = baseline[baseline["tls_version"] != ""]
    versions = pd.MultiIndex.from_frame(told[[*EDGE, "tls_version"]])
    other = now[
        (now["tls_version"] != "").to_numpy(np.bool_)
        & mine.isin(pd.MultiIndex.from_frame(told[EDGE]))
        & ~pd.MultiIndex.from_frame(now[[*EDGE, "tls_version"]]).isin(versions)
    ]
    gone = int((~known.drop_duplicates().isin(mine)).sum())
    if len(new) or len(other):
        return sight.failed(
            Text(
                f"So với mốc nền: {len(new)} đường kết nối mới, {len(other)} đường đổi phiên bản "
                f"TLS, {gone} đường không còn thấy",
                f"Against the baseline: {counted(len(new), 'new way')}, {len(other)} with another "
                f"TLS version, {gone} no longer seen",
            ),
            Text(
                "Xác định nguyên nhân; nếu là thay đổi đã duyệt, đánh giá lại và ký mốc nền mới.",
                "Find the cause; if the change is approved, assess again and sign a new baseline.",
            ),
            [*_lines(sight, new), *_lines(sight, other, "tls_version")],
            seen=len(now),
            declared=len(baseline),
        )  # fmt: skip
    return sight.passed(
        Text(
            f"{len(mine.drop_duplicates())} đường kết nối của kênh khớp mốc nền; {gone} đường "
            "trong mốc nền không thấy",
            f"{counted(len(mine.drop_duplicates()), 'way')} of the channel as in the baseline; "
            f"{gone} of the baseline not seen",
        ),
        seen=len(now),
        declared=len(baseline),
    )


def volume_against_baseline(sight: Sight, arguments: Arguments) -> Found:
    """Sessions and bytes a day stay within a factor of the baseline, at its hours of the day."""
    del arguments
    baseline, moments = sight.facts.baseline, _answered(sight)
    factor = sight.facts.number("volume-factor")
    if baseline is None:
        return sight.unknown(NO_BASELINE, SIGN)
    if factor.value is None:
        return sight.unknown(
            Text("Chưa đặt bội số so với mốc nền", "No factor over the baseline is set"),
            Text("Đặt volume-factor trong assessment.yaml.", "Set volume-factor."),
        )
    marks = baseline.groupby(EDGE, as_index=False).agg(
        flows_mark=("flows_per_day", "sum"),
        bytes_mark=("bytes_per_day", "sum"),
        hours_mark=("hours", lambda texts: frozenset(h for t in texts for h in t.split(",") if h)),
    )
    days = by_day(moments, EDGE).merge(marks, on=EDGE)
    if days.empty:
        return sight.unknown(
            Text(
                "Không thấy đường kết nối nào của mốc nền trong lưu lượng",
                "No way of the baseline was seen in the traffic",
            ),
            RECORD,
        )
    large = days[
        (days["flows"] > factor.value * days["flows_mark"])
        | (days["bytes"] > factor.value * days["bytes_mark"])
    ]
    strange = [
        len({str(hour) for hour in seen} - known) > 0
        for seen, known in zip(days["hours"], days["hours_mark"], strict=True)
    ]
    odd = days[strange]
    if len(large) or len(odd):
        return sight.failed(
            Text(
                f"{len(large)} lượt ngày vượt {factor.value:g} lần mốc nền về số phiên hoặc số "
                f"byte; {len(odd)} lượt ngày có phiên ngoài khung giờ của mốc nền",
                f"{counted(len(large), 'day')} over {factor.value:g} times the baseline in "
                f"sessions or bytes; {counted(len(odd), 'day')} with sessions at new hours",
            ),
            Text(
                "Giải trình nguyên nhân với nhật ký chia sẻ; nếu bất thường, xử lý như sự cố.",
                "Explain it from the sharing log; if it is abnormal, treat it as an incident.",
            ),
            _lines(sight, pd.concat([large, odd]).drop_duplicates("flow_id"), "day flows bytes"),
            rests_on=factor.source,
            seen=len(days),
        )
    return sight.passed(
        Text(
            f"{len(days)} lượt ngày đều trong {factor.value:g} lần mốc nền và đúng khung giờ",
            f"{counted(len(days), 'day')} of the channel's ways, all within {factor.value:g} times "
            "the baseline and at its hours",
        ),
        seen=len(days),
    )


def sessions_in_sharing_log(sight: Sight, arguments: Arguments) -> Found:
    """Every session of the channel has a row in the sharing log, and every row a session."""
    del arguments
    register, sessions = sight.register("sharing-log"), _answered(sight, upkeep=False)
    if register is None:
        return sight.unknown(
            Text("Chưa có nhật ký chia sẻ dữ liệu", "No sharing log was attached"),
            Text(
                "Đính kèm bằng chứng loại sharing-log của đúng khoảng thời gian ghi lưu lượng.",
                "Attach evidence of the kind sharing-log for the time of the traffic.",
            ),
        )
    if sessions.empty or sight.coverage.window is None:
        return sight.unknown(NO_CHANNEL, RECORD)
    read = [(line, moment(text)) for line, text in column(register, "time").items()]
    times = {line: utc(when) for line, when in read if when is not None}
    first, last = sight.coverage.window
    rows = {
        line: when for line, when in times.items() if first - TOLERANCE <= when <= last + TOLERANCE
    }
    if not rows:
        return sight.unknown(
            Text(
                f"Không dòng nào trong {len(read)} dòng nhật ký nằm trong khoảng thời gian ghi "
                "lưu lượng",
                f"0 of {counted(len(read), 'row')} of the sharing log lies in the window of the "
                "traffic",
            ),
            Text(
                "Xuất nhật ký của đúng khoảng thời gian ghi lưu lượng (cột time).",
                "Export the log of the time of the traffic (column time).",
            ),
        )
    marks = np.sort(np.array([when.timestamp() for when in rows.values()]))
    slack = TOLERANCE.total_seconds()
    begin, until = _seconds(sessions["first"]), _seconds(sessions["last"])
    at = np.searchsorted(marks, begin - slack)
    logged = (at < len(marks)) & (marks[np.minimum(at, len(marks) - 1)] <= until + slack)
    day = sessions["minute"].dt.tz_convert(VIETNAM).dt.date
    days = sorted(when.astimezone(VIETNAM).date() for when in rows.values())
    held = ((day >= days[0]) & (day <= days[-1])).to_numpy(np.bool_)
    silent = sessions[~logged & held]
    orphans = _without_session(rows, begin, until, slack)
    beyond = _flows(sessions[~held & ~logged])
    if len(silent) or orphans:
        evidence = sight.facts.held("sharing-log")[0].entry.id
        return sight.failed(
            Text(
                f"{_flows(silent)} phiên trên kênh không có trong nhật ký chia sẻ; {len(orphans)} "
                "dòng nhật ký không có phiên tương ứng (sai số 10 phút)",
                f"{counted(_flows(silent), 'session')} of the channel without a row in the sharing "
                f"log; {counted(len(orphans), 'row')} without a session (within 10 minutes)",
            ),
            Text(
                "Kiểm tra ghi nhật ký tại Agent Node, cổng trao đổi; đối chiếu đồng hồ.",
                "Check logging at the Agent Node and gateway, and their clocks.",
            ),
            _lines(sight, silent, "first") + [
                Reference(evidence, f"line {line}", f"{rows[line]:%Y-%m-%d %H:%M}Z")
                for line in orphans
            ],
            rests_on="DEFAULT [M]",
            seen=_flows(sessions),
            declared=len(rows),
        )  # fmt: skip
    if beyond or len(times) < len(read):
        return sight.unknown(
            Text(
                f"{beyond} phiên nằm ngoài các ngày của nhật ký; {len(read) - len(times)} dòng "
                "không đọc được thời gian",
                f"{counted(beyond, 'session')} outside of the days of the log; "
                f"{counted(len(read) - len(times), 'row')} whose time cannot be read",
            ),
            Text(
                "Xuất đủ nhật ký của cả khoảng thời gian, thời gian theo ISO 8601.",
                "Export the log of the whole time, with times in ISO 8601.",
            ),
        )
    return sight.passed(
        Text(
            f"{_flows(sessions)} phiên trên kênh và {len(rows)} dòng nhật ký chia sẻ khớp nhau",
            f"{counted(_flows(sessions), 'session')} of the channel and "
            f"{counted(len(rows), 'row')} of the sharing log agree",
        ),
        seen=_flows(sessions),
        declared=len(rows),
    )


def _flows(rows: pd.DataFrame) -> int:
    return int(rows["flows"].sum())


def _seconds(moments: pd.Series) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    since = moments - pd.Timestamp(0, tz="UTC")
    return np.asarray(since.dt.total_seconds(), dtype=np.float64)


def _without_session(
    rows: Mapping[Hashable, datetime],
    begin: np.ndarray[tuple[int], np.dtype[np.float64]],
    until: np.ndarray[tuple[int], np.dtype[np.float64]],
    slack: float,
) -> list[Hashable]:
    """Lines of the log that no session covers; the latest end of all sessions begun decides."""
    order = np.argsort(begin)
    starts, ends = begin[order], np.maximum.accumulate(until[order])
    orphans = []
    for line, when in rows.items():
        begun = int(np.searchsorted(starts, when.timestamp() + slack, side="right"))
        if not begun or ends[begun - 1] < when.timestamp() - slack:
            orphans.append(line)
    return orphans


def silent_after_cut(sight: Sight, arguments: Arguments) -> Found:
    """After the recorded moment nothing on the channel is answered any more."""
    dates, number = sight.facts.assessment.dates, sight.facts.number("cut-minutes")
    terminated = arguments.get("moment", "cut") == "terminated"
    given = dates.terminated if terminated else dates.cut
    if given is None:
        return sight.unknown(
            Text(
                "Chưa ghi thời điểm " + ("chấm dứt" if terminated else "ngắt kết nối"),
                "No moment of " + ("termination" if terminated else "the cut") + " is recorded",
            ),
            Text(
                "Ghi dates.cut hoặc dates.terminated trong assessment.yaml.",
                "Write dates.cut or dates.terminated in assessment.yaml.",
            ),
        )
    sessions, window = _answered(sight, upkeep=False), sight.coverage.window
    moment_of = utc(given)
    grace = timedelta(minutes=0 if terminated else (number.value or 0))
    deadline = moment_of + grace
    back = None if terminated or dates.reconnected is None else utc(dates.reconnected)
    after = sessions[sessions["last"] > deadline]
    after = after[after["first"] < back] if back else after
    if len(after):
        late = (after["last"].min() - moment_of).total_seconds() / 60
        return sight.failed(
            Text(
                f"{_flows(after)} luồng trên kênh vẫn được trả lời sau thời điểm "
                f"{'chấm dứt' if terminated else 'phải ngắt xong'} (sớm nhất sau {late:.0f} phút)",
                f"{counted(_flows(after), 'flow')} of the channel still answered after "
                f"{'termination' if terminated else 'the time to cut'} (the first "
                f"{late:.0f} minutes after it)",
            ),
            Text(
                "Thu hồi tuyến, tài khoản, chứng thư; thử lại và ghi lưu lượng.",
                "Withdraw routes, accounts and certificates; try again and record it.",
            ),
            _lines(sight, after, "first last"),
            rests_on="" if terminated else number.source,
        )
    before = sessions[sessions["first"] < moment_of]
    least = sight.facts.number("capture-days").value or 0
    needed = back or deadline + timedelta(days=max(0.0, least - ROUNDING))
    if before.empty or window is None or window[1] < needed or sight.edges["sampled"].any():
        return sight.unknown(
            Text(
                "Chưa thấy luồng nào sau thời điểm ngắt, nhưng lưu lượng không bao trùm cả trước "
                "và sau thời điểm đó",
                "No flow after the cut was seen, but the traffic does not cover both sides of it",
            ),
            Text(
                "Ghi lưu lượng tại vùng biên từ trước khi ngắt đến khi nối lại (hoặc ít nhất "
                f"{least:g} ngày sau đó), không lấy mẫu.",
                "Record every packet at the edge from before the cut until the line is back (or "
                f"for {least:g} days).",
            ),
        )
    over = sessions[sessions["first"] <= deadline]
    took = max(0.0, (over["last"].max() - moment_of).total_seconds() / 60)
    return Found(
        "pass",
        f"Kênh im lặng sau {took:.0f} phút kể từ thời điểm {'chấm dứt' if terminated else 'ngắt'} "
        f"({sight.where.vi}).",
        f"The channel fell silent {took:.0f} minutes after "
        f"{'termination' if terminated else 'the cut'} ({sight.where.en}).",
        _lines(sight, over.sort_values("last").tail(1), "first last"),
        "" if terminated else number.source,
        coverage=sight.coverage,
    )


PROBES: tuple[Probe, ...] = (
    Probe(
        "drift-from-baseline",
        Text(
            "Kênh có còn đúng mốc nền đã ký không (đích, cổng, phiên bản TLS)?",
            "Is the channel still as in the signed baseline (peers, ports, TLS versions)?",
        ),
        ("traffic", "network", "baseline"),
        "both",
        seeing(drift_from_baseline),
    ),
    Probe(
        "volume-against-baseline",
        Text(
            "Khối lượng, số phiên, khung giờ có trong mức của mốc nền không?",
            "Are volume, sessions and hours within the baseline?",
        ),
        ("traffic", "network", "baseline"),
        "both",
        seeing(volume_against_baseline),
    ),
    Probe(
        "sessions-in-sharing-log",
        Text(
            "Phiên trên kênh và nhật ký chia sẻ có khớp nhau không?",
            "Do sessions of the channel and the sharing log agree?",
        ),
        ("traffic", "network", "sharing-log"),
        "both",
        seeing(sessions_in_sharing_log),
    ),
    Probe(
        "silent-after-cut",
        Text(
            "Sau khi ngắt hoặc chấm dứt, kênh có im lặng không?",
            "Is the channel silent after the cut or termination?",
        ),
        ("traffic", "network"),
        "both",
        seeing(silent_after_cut),
        ("moment",),
    ),
)
