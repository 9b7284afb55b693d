"""The HTML report: one file that needs nothing else and asks nobody for anything."""

from __future__ import annotations

import base64
import hashlib
from functools import cache, lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Final

from markupsafe import Markup, escape

from auditor.model.text import Text
from auditor.report import formats, words
from auditor.report.countries import countries_named, country
from auditor.report.digest import STATES, counts, grouped, headline, traffic_period
from auditor.report.fold import Group, common_doubts, folded

if TYPE_CHECKING:
    from jinja2 import Environment

    from auditor.model.finding import LegalBasis
    from auditor.model.run import Run

MOST_DETAILS: Final = 300
MOST_LISTED: Final = 1500
LINES_SHOWN: Final = ((3, 10), (20, 5), (MOST_DETAILS, 3))
"""Up to which place how many flows: a report of hundreds stays light for an old computer."""

MOST_INPUTS: Final = 1000
INPUTS_ON_FIRST_PAGE: Final = 8
MOST_PROBLEM_KINDS: Final = 40
PROBLEMS_PER_KIND: Final = 25
MOST_COUNTRIES: Final = 20


def html(run: Run) -> str:
    """The run as one self-contained HTML page; the same run gives the same text.

    Vietnamese is shown first, English by the switch; it loads nothing, and its content security
    policy lets it run only the one style and the one script it carries.
    """
    ranked = folded(run.findings)
    doubts = [each.not_known for each in ranked[:MOST_DETAILS]]
    common = common_doubts(doubts)
    style = _asset("report.css").replace("@run_id@", _css_text(run.run_id))
    script = _asset("report.js")
    page: str = (
        _environment()
        .get_template("report.html.j2")
        .render(
            run=run,
            style=Markup(style),  # noqa: S704 - our own file; the run id in it is escaped for CSS
            script=Markup(script),  # noqa: S704 - our own file
            policy=content_security_policy(style, script),
            headline=headline(run, len(ranked)),
            period=traffic_period(run),
            counted=counts(run.findings),
            counted_groups=counts(each.head for each in ranked),
            detailed=list(zip(ranked, doubts, strict=False)),
            common={each: number for number, each in enumerate(common, start=1)},
            listed=ranked[MOST_DETAILS : MOST_DETAILS + MOST_LISTED],
            left_out=sum(len(each.members) for each in ranked[MOST_DETAILS + MOST_LISTED :]),
            first_cited=_first_cited(ranked[:MOST_DETAILS]),
            instruments=_instruments(ranked[:MOST_DETAILS]),
            groups=grouped(run.problems),
        )
    )
    return page


def content_security_policy(style: str, script: str) -> str:
    """A policy that allows exactly ``style`` and ``script`` inline, and no request at all."""
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _first_cited(groups: list[Group]) -> dict[LegalBasis, int]:
    """In which group each provision stands with what it says; later ones point there."""
    first: dict[LegalBasis, int] = {}
    for group in groups:
        for each in group.legal:
            first.setdefault(each.value, group.place)
    return first


def _instruments(groups: list[Group]) -> dict[tuple[str, str], list[str]]:
    """The articles cited, by instrument and address."""
    bases = {basis: None for group in groups for each in group.members for basis in each.legal}
    cited: dict[tuple[str, str], list[str]] = {}
    for basis in bases:
        articles = cited.setdefault((basis.instrument, basis.url), [])
        if basis.article not in articles:
            articles.append(basis.article)
    return dict(sorted(cited.items()))


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # late: only a page needs them

    environment = Environment(
        loader=PackageLoader("auditor.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_harmless,
    )
    environment.filters.update(
        both=both,
        num=lambda value: both(formats.number(value)),
        size=size,
        flows=lambda value: both(formats.flow_count(value)),
        exact=lambda value: both(formats.exact_bytes(value)),
        moment=lambda value: both(formats.moment(value)),
        fine=lambda value: both(formats.moment(value, fine=True)),
        country=lambda code: both(country(code)),
        cut=formats.visible,
        number_in=lambda key, numbers: numbers[key],
        sent=lambda evidence: both(formats.sent(evidence)),
        brief=lambda value: both(formats.size(value)),
    )
    environment.globals.update(
        say=say,
        share=lambda part, whole: both(formats.share(part, whole)),
        period_of=lambda first, last: both(formats.period(first, last)),
        duration=lambda first, last: both(formats.duration(first, last)),
        endpoint=formats.endpoint,
        ranges=formats.ranges,
        lines_shown=lambda place: next(most for last, most in LINES_SHOWN if place <= last),
        size_text=formats.size,
        at_least=lambda *known: both(formats.at_least(*known)),
        about=lambda estimated: formats.ABOUT if estimated else "",
        records=lambda seen: formats.records(
            seen.subjects, estimated=seen.subjects_basis != "counted"
        ),
        rounded=formats.rounded,
        flow_count=formats.flow_count,
        words=words,
        states=STATES,
        countries_named=countries_named,
        most_details=MOST_DETAILS,
        most_inputs=MOST_INPUTS,
        inputs_on_first_page=INPUTS_ON_FIRST_PAGE,
        most_problem_kinds=MOST_PROBLEM_KINDS,
        problems_per_kind=PROBLEMS_PER_KIND,
        most_countries=MOST_COUNTRIES,
    )
    return environment


def _harmless(value: object) -> object:
    """Every value on its way into the page: foreign text becomes visible and short."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return formats.visible(value)
    if isinstance(value, Text):
        return both(value)
    return value


@lru_cache(maxsize=1 << 12)
def both(text: Text) -> Markup:
    """The text in both languages, of which the page shows one; once where they are the same."""
    return _pair(escape(formats.visible(text.vi)), escape(formats.visible(text.en)))


def say(vi: str, en: str, **parts: object) -> Markup:
    """A sentence of the page in both languages, with ``{parts}`` each in its own language."""
    if not parts:
        return both(Text(vi, en))
    inside = {name: _languages(part) for name, part in parts.items()}
    return _pair(
        str(escape(vi)).format(**{name: escape(part.vi) for name, part in inside.items()}),
        str(escape(en)).format(**{name: escape(part.en) for name, part in inside.items()}),
    )


def size(value: int | None) -> Markup:
    """The byte count in a fitting unit, with the exact count as its title."""
    human, exact = formats.size(value), formats.exact_bytes(value)
    if value is None or value < 1000:
        return both(human)
    return Markup(  # noqa: S704 - numbers and units of our own
        f'<span lang="vi" title="{exact.vi}">{human.vi}</span>'
        f'<span lang="en" title="{exact.en}">{human.en}</span>'
    )


def _languages(part: object) -> Text:
    if isinstance(part, Text):
        return Text(formats.visible(part.vi), formats.visible(part.en))
    if isinstance(part, int):
        return formats.number(part)
    shown = formats.visible(str(part))
    return Text(shown, shown)


def _pair(vi: str, en: str) -> Markup:
    """Two texts that were escaped; putting them together as strings is what keeps it quick."""
    if vi == en:
        return Markup(vi)  # noqa: S704
    return Markup(f'<span lang="vi">{vi}</span><span lang="en">{en}</span>')  # noqa: S704


@cache
def _asset(name: str) -> str:
    text = resources.files("auditor.report").joinpath("templates", name).read_text("utf-8")
    return text.replace("\r\n", "\n")  # a browser does so before it hashes


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _css_text(text: str) -> str:
    r"""``text`` inside a CSS string, everything but letters and digits as ``\hex``."""
    shown = formats.visible(text, 60)
    return "".join(
        each if each.isascii() and each.isalnum() else f"\\{ord(each):06x}" for each in shown
    )
