"""What a probe sees of the traffic, and how far that goes: window, vantage point, loss.

Traffic contradicts more easily than it proves: what it shows stands whatever the window, but that
nothing was seen counts only where somebody looked long enough, at every packet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, overload

import pandas as pd

from auditor.checklist.assessment import Network
from auditor.checklist.facts import VIETNAM, Facts, Traffic
from auditor.checklist.matrix import TCP, UDP, Matrix
from auditor.checklist.probe import Found
from auditor.checklist.sources.register import Register
from auditor.checklist.sources.traffic import sensor_of
from auditor.model.readiness import Answer, Coverage, Reference
from auditor.model.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from auditor.checklist.probe import Arguments

ROUNDING: Final = 0.05
"""Days by which a window may fall short: flows do not begin and end with the day."""
SHOWN: Final = 200
_DAY: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Sight:
    """The traffic, the declared network and what is told about how it was seen.

    Attributes:
        edges: of ``traffic``, between single hosts, at sensors that can answer the question.
        coverage: window, vantage points, loss.
    """

    facts: Facts
    traffic: Traffic
    network: Network
    matrix: Matrix
    edges: pd.DataFrame
    coverage: Coverage

    @property
    def days(self) -> float:
        """Length of the window."""
        if self.coverage.window is None:
            return 0.0
        first, last = self.coverage.window
        return (last - first).total_seconds() / _DAY

    @property
    def span(self) -> Text:
        """Length of the window in words: days, or hours below one day."""
        long = self.days + ROUNDING >= 1
        length = f"{self.days if long else self.days * 24:.1f}"
        return Text(
            f"{length.replace('.', ',')} {'ngày' if long else 'giờ'}",
            f"{length} {'days' if long else 'hours'}",
        )

    @property
    def short(self) -> Text | None:
        """Why silence proves nothing here; null = it was looked at long enough."""
        least = self.facts.number("capture-days").value or 0
        if bool(self.edges["sampled"].any()):
            return Text(
                "lưu lượng chỉ được lấy mẫu nên không chứng minh được điều không thấy",
                "the traffic is sampled, which cannot prove that nothing was missed",
            )
        if self.days + ROUNDING < least:
            return Text(
                f"cửa sổ chỉ dài {self.span.vi}, ngắn hơn {least:g} ngày",
                f"the window is only {self.span.en} long, shorter than {least:g} days",
            )
        if missing := self.empty_days:
            return Text(
                f"có {missing} ngày trong cửa sổ không ghi được luồng nào",
                f"{counted(missing, 'day')} of the window show no flow at all",
            )
        return None

    @property
    def empty_days(self) -> int:
        """Days of the window, in Vietnam, without any flow."""
        if self.coverage.window is None:
            return 0
        first, last = (each.astimezone(VIETNAM).date() for each in self.coverage.window)
        seen = self.traffic.active["hour"].dt.tz_convert(VIETNAM).dt.date.nunique()
        return max(0, (last - first).days + 1 - int(seen))

    @property
    def where(self) -> Text:
        """Window, vantage points and loss, in words."""
        names = ", ".join(self.coverage.vantage[:3])
        more = len(self.coverage.vantage) - 3
        lost = self.coverage.lost
        return Text(
            f"trong {self.span.vi}, tại {names}"
            + (f" và {more} tệp khác" if more > 0 else "")
            + (f", mất {lost} gói" if lost is not None else ", không rõ số gói bị mất"),
            f"in {self.span.en}, seen at {names}"
            + (f" and {counted(more, 'other file')}" if more > 0 else "")
            + (f", {lost} packets lost" if lost is not None else ", packets lost not known"),
        )

    def register(self, kind: str) -> Register | None:
        """The youngest register of a kind; null = none is registered.

        Raises:
            InputError: it is missing or cannot be read.
        """
        held = self.facts.held(kind)
        return held[0].content(Register) if held else None

    def references(self, rows: pd.DataFrame) -> Sequence[Reference]:
        """One for each pair of hosts and port in ``rows``, the busiest first."""
        totals = rows.groupby("way", as_index=False, sort=False).agg(
            src_ip=("src_ip", "first"), dst_ip=("dst_ip", "first"),
            dst_port=("dst_port", "first"), protocol=("protocol", "first"),
            flows=("flows", "sum"), flow_id=("flow_id", "min"), input_id=("input_id", "first"),
            app=("app", "first"), host=("host", "max"),
        )  # fmt: skip
        totals = totals.sort_values(["flows", "flow_id"], ascending=[False, True])
        return _Ways(totals, self.traffic.inputs)

    def failed(
        self,
        says: Text,
        way_out: Text,
        against: pd.DataFrame | Sequence[Reference],
        *,
        rests_on: str = "",
        seen: int | None = None,
        declared: int | None = None,
    ) -> Found:
        """It does not hold, whatever the window."""
        references = self.references(against) if isinstance(against, pd.DataFrame) else against
        return self._found("fail", says, references, rests_on, way_out, seen, declared)

    def passed(
        self,
        says: Text,
        *,
        seen: int | None = None,
        declared: int | None = None,
    ) -> Found:
        """It holds, where it was looked at long enough and at every packet; else ``unknown``."""
        number = self.facts.number("capture-days")
        if why := self.short:
            says = Text(f"{says.vi}, nhưng {why.vi}", f"{says.en}, but {why.en}")
            way = Text(
                f"Ghi lưu lượng liên tục ít nhất {number.value or 1:g} ngày, không lấy mẫu.",
                f"Record every packet for at least {number.value or 1:g} days without a gap.",
            )
            return self._found("unknown", says, (), number.source, way, seen, declared)
        return self._found("pass", says, (), number.source, None, seen, declared)

    def clear(self, says: Text, *, seen: int | None = None) -> Found:
        """Nothing against it was seen; a window that is short is named."""
        if why := self.short:
            says = Text(f"{says.vi}; {why.vi}", f"{says.en}; {why.en}")
        return self._found("clear", says, (), "", None, seen, None)

    def unknown(self, says: Text, way_out: Text) -> Found:
        """The traffic touches nothing that was asked about, or does not tell it."""
        return self._found("unknown", says, (), "", way_out, None, None)

    def _found(
        self,
        answer: Answer,
        says: Text,
        references: Sequence[Reference],
        rests_on: str,
        way_out: Text | None,
        seen: int | None,
        declared: int | None,
    ) -> Found:
        return Found(
            answer,
            f"{says.vi} ({self.where.vi}).",
            f"{says.en} ({self.where.en}).",
            references,
            rests_on,
            way_out,
            replace(self.coverage, seen=seen, declared=declared),
        )


class _Ways(Sequence[Reference]):
    """References to ways, each made when it is looked at: of a million, few are shown."""

    def __init__(self, rows: pd.DataFrame, inputs: Mapping[int, str]) -> None:
        self._rows = rows
        self._inputs = inputs

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Reference]:
        return iter(self._made(self._rows))

    @overload
    def __getitem__(self, at: int) -> Reference: ...
    @overload
    def __getitem__(self, at: slice) -> list[Reference]: ...
    def __getitem__(self, at: int | slice) -> Reference | list[Reference]:
        if isinstance(at, slice):
            return self._made(self._rows.iloc[at])
        return self._made(self._rows.iloc[[at]])[0]

    def _made(self, rows: pd.DataFrame) -> list[Reference]:
        each: Any = rows.itertuples(index=False)
        return [
            Reference(
                self._inputs.get(row.input_id, ""),
                f"flow {row.flow_id}",
                f"{row.src_ip} → {row.dst_ip}{service(row.protocol, row.dst_port)}"
                f"{f' {row.app}' if row.app else ''}{f' {row.host}' if row.host else ''}"
                f" ×{row.flows}"[:SHOWN],
            )
            for row in each
        ]


def seeing(
    answer: Callable[[Sight, Arguments], Found], *, inner: bool = False
) -> Callable[[Facts, Arguments], Found]:
    """The probe function that answers from what is seen, or says what is missing to see it.

    Args:
        answer: answers from a sight that holds traffic and a declared network.
        inner: the question is about the agency's own hosts: sensors outside of address
            translation cannot answer it.
    """
    return partial(_looked, answer, inner)


def _looked(
    answer: Callable[[Sight, Arguments], Found],
    inner: bool,  # noqa: FBT001 - bound by ``seeing``, never written at a call
    facts: Facts,
    arguments: Arguments,
) -> Found:
    if facts.network is None:
        return Found(
            "unknown",
            "Chưa có network.yaml: không biết vùng mạng, đường kết nối đã khai báo.",
            "There is no network.yaml: the declared zones and ways are not known.",
            way_out=Text(
                "Khai báo mạng trong network.yaml.", "Declare the network in network.yaml."
            ),
        )
    traffic = facts.traffic
    if traffic is None or not len(traffic.edges):
        return Found(
            "unknown",
            "Chưa có bản ghi lưu lượng nào để đối chiếu.",
            "No traffic was given to compare with.",
            way_out=Text(
                "Cung cấp bản ghi gói tin hoặc nhật ký luồng tại cảm biến.",
                "Give captures or flow logs of the sensor.",
            ),
            coverage=traffic.coverage if traffic else None,
        )
    edges = traffic.edges[traffic.edges["ordinary"]]
    if inner:
        outer = [
            number
            for number, name in traffic.inputs.items()
            if (sensor := sensor_of(name, facts.network)) and sensor.behind_nat is False
        ]
        edges = edges[~edges["input_id"].isin(outer)]
        if not len(edges):
            return Found(
                "unknown",
                "Cảm biến đứng ngoài NAT nên không thấy địa chỉ thật bên trong.",
                "The sensor stands outside of address translation and sees no inner address.",
                way_out=Text(
                    "Ghi lưu lượng tại cảm biến phía trong NAT.",
                    "Record at a sensor on the inner side of address translation.",
                ),
                coverage=traffic.coverage,
            )
    matrix = Matrix(facts.network, facts.inventory)
    return answer(Sight(facts, traffic, facts.network, matrix, edges, traffic.coverage), arguments)


def counted(count: int, one: str, many: str = "") -> str:
    """``1 flow``, ``2 flows``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def count_of(edges: pd.DataFrame) -> int:
    """How many distinct pairs of hosts and services."""
    return int(edges["way"].nunique())


def ways(edges: pd.DataFrame) -> str:
    """``1 way``, ``2 ways``."""
    return counted(count_of(edges), "way")


def column(register: Register, name: str) -> pd.Series[str]:
    """A column of a register; of empty texts where it has none of that name."""
    rows = register.rows
    return rows[name] if name in rows else pd.Series("", index=rows.index, dtype=str)


def service(protocol: int, port: int) -> str:
    """``:443/tcp``, or ``/icmp`` where there are no ports."""
    name = {TCP: "tcp", UDP: "udp", 132: "sctp", 1: "icmp", 58: "icmp"}.get(protocol)
    return f"{f':{port}' if port else ''}/{name or f'ip-{protocol}'}"
