"""The HTML report: one file that needs nothing else and asks nobody for anything."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from auditor.model.place import STATES as PLACE_STATES
from auditor.report import formats, law_words, place_words, words
from auditor.report.content import content_parts
from auditor.report.countries import countries_named, country
from auditor.report.digest import counts, grouped, headline, shown_states, traffic_period
from auditor.report.dues import REPORT_EXEMPT, days_to, dues, seen_again
from auditor.report.flow_map import flow_map
from auditor.report.fold import Group, Shared, common_doubts, folded
from auditor.report.markup import both, content_security_policy, environment, script, style
from auditor.report.places import OPEN_IN_PRINT, TONES, firmness, parts, records

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

    from jinja2 import Environment

    from auditor.model.finding import LegalBasis, Sanction
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
MOST_WITNESSES: Final = 40
MOST_DUES: Final = 5
MOST_STEPS: Final = 20
HATCHED: Final = ("anycast", "ambiguous", "contradicted", "unknown")
"""States drawn with a pattern (``hatches.html.j2``): they differ on a grey print as well."""


def html(run: Run) -> str:
    """The run as one self-contained HTML page; the same run gives the same text.

    Vietnamese is shown first, English by the switch; it loads nothing, and its content security
    policy lets it run only the one style and the one script it carries.
    """
    ranked = folded(run.findings)
    doubts = [each.not_known for each in ranked[:MOST_DETAILS]]
    common = common_doubts(doubts)
    placed = records(run.destinations, ranked[:MOST_DETAILS])
    look = style("look.css", "report.css", "law.css", "places.css", foot=run.run_id)
    switch = script("page.js")
    page: str = (
        _environment()
        .get_template("report.html.j2")
        .render(
            run=run,
            style=look,
            script=switch,
            policy=content_security_policy(look, switch),
            headline=headline(run, len(ranked)),
            period=traffic_period(run),
            counted=counts(run.findings),
            counted_groups=counts(each.head for each in ranked),
            detailed=list(zip(ranked, doubts, strict=False)),
            common={each: number for number, each in enumerate(common, start=1)},
            listed=ranked[MOST_DETAILS : MOST_DETAILS + MOST_LISTED],
            left_out=sum(len(each.members) for each in ranked[MOST_DETAILS + MOST_LISTED :]),
            states=shown_states(run.findings),
            claimed=sum(each.state == "exempt" for each in run.findings),
            dues=dues(ranked, run.finished),
            days_to=lambda deadline: days_to(deadline, run.finished),
            first_cited=(cited := _first_cited(ranked[:MOST_DETAILS])),
            not_yet=_once(cited),
            first_with=_first_places(),
            instruments=_instruments(ranked[:MOST_DETAILS]),
            groups=grouped(run.problems),
            map=flow_map(run),
            content_parts=[
                (tone, both(title), size, both(formats.size(size)))
                for tone, title, size in content_parts(run.totals)
            ],
            place_parts=parts(run.totals),
            firmness=firmness(run.totals),
            records=placed,
            by_address={each.destination.address: each for each in reversed(placed)},
        )
    )
    return page


def _first_cited(groups: list[Group]) -> dict[LegalBasis, int]:
    """In which group each provision stands with what it says; later ones point there."""
    first: dict[LegalBasis, int] = {}
    for group in groups:
        for each in group.legal:
            first.setdefault(each.value, group.place)
    return first


def _once(told: Iterable[Hashable]) -> Callable[[Hashable], bool]:
    """Says of each thing once that it was not told yet; what is in ``told`` was."""
    known = set(told)

    def not_yet(thing: Hashable) -> bool:
        fresh = thing not in known
        known.add(thing)
        return fresh

    return not_yet


def _first_places() -> Callable[[list[Shared[Sanction]], int], int]:
    """Gives for sanctions the place of the first group that asks with the same ones."""
    places: dict[Hashable, int] = {}
    return lambda found, place: places.setdefault(tuple(each.value for each in found), place)


def _instruments(groups: list[Group]) -> dict[tuple[str, str], list[str]]:
    """The articles cited, by instrument and address."""
    bases = {
        basis: None
        for group in groups
        for each in group.members
        for basis in (
            *each.legal,
            *(deadline.basis for deadline in each.deadlines),
            *((each.claim.basis,) if each.claim else ()),
            *(sanction.basis for sanction in each.sanctions),
        )
    }
    cited: dict[tuple[str, str], list[str]] = {}
    for basis in bases:
        articles = cited.setdefault((basis.instrument, basis.url), [])
        if basis.article not in articles:
            articles.append(basis.article)
    return dict(sorted(cited.items()))


@cache
def _environment() -> Environment:
    made = environment()
    made.filters.update(
        flows=lambda value: both(formats.flow_count(value)),
        exact=lambda value: both(formats.exact_bytes(value)),
        fine=lambda value: both(formats.moment(value, fine=True)),
        country=lambda code: both(country(code)),
        number_in=lambda key, numbers: numbers[key],
        sent=lambda evidence: both(formats.sent(evidence)),
        date=lambda day: both(formats.day_of(day)),
        milliseconds=lambda value: both(formats.milliseconds(value)),
        brief=lambda value: both(formats.size(value)),
    )
    made.globals.update(
        duration=lambda first, last: both(formats.duration(first, last)),
        endpoint=formats.endpoint,
        ranges=formats.ranges,
        lines_shown=lambda place: next(most for last, most in LINES_SHOWN if place <= last),
        size_text=formats.size,
        at_least=lambda *known: both(formats.at_least(*known)),
        about=lambda estimated: formats.ABOUT if estimated else "",
        records_of=lambda seen: formats.records(
            seen.subjects, estimated=seen.subjects_basis != "counted"
        ),
        rounded=formats.rounded,
        flow_count=formats.flow_count,
        words=words,
        law_words=law_words,
        seen_again=seen_again,
        local_day=lambda value: formats.day_of(formats.local_day(value)),
        days=lambda first, last: both(formats.days(first, last)),
        most_dues=MOST_DUES,
        report_exempt=REPORT_EXEMPT,
        most_steps=MOST_STEPS,
        place_words=place_words,
        place_states=PLACE_STATES,
        place_tones=TONES,
        hatched=HATCHED,
        open_in_print=OPEN_IN_PRINT,
        most_witnesses=MOST_WITNESSES,
        countries_named=countries_named,
        most_details=MOST_DETAILS,
        most_inputs=MOST_INPUTS,
        inputs_on_first_page=INPUTS_ON_FIRST_PAGE,
        most_problem_kinds=MOST_PROBLEM_KINDS,
        problems_per_kind=PROBLEMS_PER_KIND,
        most_countries=MOST_COUNTRIES,
    )
    return made
