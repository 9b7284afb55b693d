"""The audit in numbers."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from auditor.model.run import Totals

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd
    import pyarrow as pa

    from auditor.model.problem import Problem


def whole_sum(numbers: npt.NDArray[np.int64]) -> int:
    """The sum of whole numbers, however large: a log may claim any number."""
    return (int((numbers >> 32).sum()) << 32) + int((numbers & 0xFFFFFFFF).sum())


def _sum(column: pd.Series) -> int:
    return whole_sum(column.dropna().to_numpy(dtype="int64"))


class Counts:
    """The audit in numbers, added up part by part."""

    def __init__(self) -> None:
        self._sums: Counter[str] = Counter()
        self._states: Counter[str] = Counter()
        self._abroad: list[pa.Table] = []
        self._other_countries: Counter[str] = Counter()
        from auditor import geo

        self._firmness = geo.Firmness()

    def added(self, flows: pd.DataFrame) -> pd.DataFrame:
        """Counts a part after stage ``classify``; its flows that count, and do not only confirm."""
        from auditor import geo

        confirming = flows["witness_of"].notna()
        if confirming.any():
            flows = flows[~confirming]
        crossing = flows["crosses_border"].fillna(value=False).astype("bool")
        undecided = flows["crosses_border"].isna()
        side = flows["home_side"]
        outbound = flows["outbound_bytes"]
        encrypted = flows["encrypted"].fillna(value=False).astype("bool")
        clear = flows["encrypted"].notna() & ~encrypted
        estimated = crossing & (flows["sampling"] != 1).fillna(value=False).astype("bool")
        blocked = flows["blocked"].fillna(value=False).astype("bool")

        def count(mask: pd.Series) -> int:
            return int(mask.sum())

        def total(column: pd.Series, mask: pd.Series) -> int:
            return _sum(column[mask])

        self._sums.update(
            flows=len(flows),
            packets=_sum(flows["src_packets"]) + _sum(flows["dst_packets"]),
            crossing_flows=count(crossing),
            undecided_flows=count(undecided),
            domestic_flows=count(
                ~crossing & ~undecided & (side != "none").fillna(value=True) & ~blocked
            ),
            foreign_flows=count((side == "none").fillna(value=False).astype("bool") & ~blocked),
            outbound_bytes=total(outbound, crossing),
            inbound_bytes=total(flows["inbound_bytes"], crossing),
            undecided_outbound_bytes=total(outbound, undecided),
            encrypted_outbound_bytes=total(outbound, crossing & encrypted),
            clear_outbound_bytes=total(outbound, crossing & clear),
            unlisted_flows=count(crossing & flows["system_id"].isna()),
            blocked_flows=count(blocked),
            confirming_flows=count(confirming),
            estimated_flows=count(estimated),
            estimated_outbound_bytes=total(outbound, estimated),
            unknown_flows=count(crossing & outbound.isna()),
        )
        states = flows["geo_state"].value_counts()
        self._states.update({str(name): int(number) for name, number in states.items()})
        self._abroad.append(geo.abroad(flows))
        self._other_countries.update(geo.other_opinions(flows))
        self._firmness.add(flows)
        return flows

    def problems(self) -> list[Problem]:
        """What the parts together tell that a reader must know."""
        from auditor.model.problem import Problem

        return [
            Problem(
                "other-opinion",
                source,
                f"The log names another country for the peers of {count:,} flows than the geo "
                "databases do; the databases decided.",
                "Look at src_log_country and dst_log_country of these flows.",
                count=count,
            )
            for source, count in sorted(self._other_countries.items())
        ]

    def totals(self) -> Totals:
        """All parts together."""
        from auditor import geo

        states = {name: self._states[name] for name in sorted(self._states)}
        sums: dict[str, Any] = dict(self._sums)
        return Totals(
            **sums,
            by_country=geo.by_country(self._abroad),
            geo_states=states,
            state_bytes=self._firmness.state_bytes(),
            certainty_bytes=self._firmness.certainty_bytes(),
            forms=self._firmness.forms(),
        )
