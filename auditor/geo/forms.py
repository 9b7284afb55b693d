"""How firm the map is, and which forms of Article 23(2) of the Law on Data the traffic took."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, Literal

import pyarrow as pa
import pyarrow.compute as pc

from auditor.model.run import FormTotal

if TYPE_CHECKING:
    import pandas as pd

_FORMS: Final[tuple[tuple[Literal["a", "b", "c"], str], ...]] = (
    ("a", "crosses_border"),
    ("b", "foreign_recipient"),
    ("c", "foreign_platform"),
)
_NEEDED: Final = (
    *("geo_state", "geo_certainty", "outbound_bytes", "home_side", "operator_basis"),
    *(column for _, column in _FORMS),
)
_PLACED: Final = "not-applicable"
_WIDE: Final = pa.decimal128(38)
"""Sums of it do not overflow: a log may claim any number."""


class Firmness:
    """Outbound bytes by state, certainty and form, added up part by part."""

    def __init__(self) -> None:
        self._states: Counter[str] = Counter()
        self._certainties: Counter[str] = Counter()
        self._forms: Counter[tuple[str, str]] = Counter()

    def add(self, flows: pd.DataFrame) -> None:
        """One more part; ``flows`` is (a part of) a flow table of the stage ``geo`` or later."""
        table = pa.Table.from_pandas(flows[list(_NEEDED)], preserve_index=False)
        place = table.schema.get_field_index("outbound_bytes")
        table = table.set_column(place, "outbound_bytes", table["outbound_bytes"].cast(_WIDE))
        elsewhere = table.filter(pc.not_equal(table["geo_state"], _PLACED))
        self._states.update(_sums(elsewhere, "geo_state"))
        decided = elsewhere.filter(pc.is_valid(elsewhere["geo_certainty"]))
        self._certainties.update(_sums(decided, "geo_certainty"))
        crosses = pc.fill_null(table["crosses_border"], True)
        for form, column in _FORMS:
            taken = table.filter(table[column])
            at_home = table.filter(pc.and_(pc.fill_null(table[column], False), pc.invert(crosses)))
            far_side = pc.fill_null(pc.is_in(table["home_side"], pa.array(["src", "dst"])), False)
            alone = pc.or_(far_side, pc.is_null(table["home_side"]))
            open_ = table.filter(pc.and_(pc.is_null(table[column]), alone))
            landlord = taken.filter(pc.equal(taken["operator_basis"], "network"))
            kinds = {"": taken, "at_home_": at_home, "undecided_": open_}
            if form == "b":
                kinds["network_"] = landlord
            for name, part in kinds.items():
                self._forms[form, f"{name}flows"] += len(part)
                total = pc.sum(part["outbound_bytes"]).as_py()
                self._forms[form, f"{name}bytes"] += int(total or 0)

    def state_bytes(self) -> dict[str, int]:
        """Outbound bytes by ``geo_state``."""
        return dict(sorted(self._states.items()))

    def certainty_bytes(self) -> dict[str, int]:
        """Outbound bytes of what has a country, by ``geo_certainty``."""
        return dict(sorted(self._certainties.items()))

    def forms(self) -> tuple[FormTotal, ...]:
        """The three forms."""
        counts = self._forms
        return tuple(
            FormTotal(
                form=form,
                flows=counts[form, "flows"],
                outbound_bytes=counts[form, "bytes"],
                at_home_flows=counts[form, "at_home_flows"],
                at_home_bytes=counts[form, "at_home_bytes"],
                undecided_flows=counts[form, "undecided_flows"],
                undecided_bytes=counts[form, "undecided_bytes"],
                network_flows=counts[form, "network_flows"],
                network_bytes=counts[form, "network_bytes"],
            )
            for form, _ in _FORMS
        )


def _sums(table: pa.Table, name: str) -> dict[str, int]:
    sums = table.group_by(name).aggregate([("outbound_bytes", "sum")])
    return {row[name]: int(row["outbound_bytes_sum"] or 0) for row in sums.to_pylist()}
