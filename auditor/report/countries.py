"""How the report names countries."""

from __future__ import annotations

from auditor.model.countries import NAMES
from auditor.model.text import Text
from auditor.report.formats import visible

__all__ = ["NAMES", "countries_named", "country"]


def country(code: str | None) -> Text:
    """The name of ``code``; the code itself where it is no known code, and *not known* for none."""
    if not code:
        return Text("chưa xác định", "not known")
    shown = visible(code, 12)  # a database may hold anything
    return NAMES.get(code.upper(), Text(shown, shown))


def countries_named(codes: tuple[str, ...]) -> Text:
    """The names of the countries, at most five of them."""
    if not codes:
        return Text("Chưa xác định được quốc gia nơi nhận", "Country of the recipient not known")
    names = [country(code) for code in codes[:5]]
    more = f" +{len(codes) - 5}" if len(codes) > 5 else ""
    return Text(
        ", ".join(name.vi for name in names) + more, ", ".join(name.en for name in names) + more
    )
