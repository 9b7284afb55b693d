"""The checklist's result as one HTML file that needs nothing else and asks nobody for anything."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from auditor.model.text import Text
from auditor.report import formats
from auditor.report import words as common_words
from auditor.report.digest import grouped
from auditor.report.markup import both, content_security_policy, environment, script, style
from auditor.report.readiness import words

if TYPE_CHECKING:
    from jinja2 import Environment

    from auditor.model.readiness import GroupResult, ItemResult, Readiness

    Section = tuple[Text, GroupResult | None, list[tuple[int, ItemResult]]]

MOST_PROBLEM_KINDS: Final = 40
CONDITIONS_ON_FIRST_PAGE: Final = 10


def readiness_html(readiness: Readiness) -> str:
    """The assessment as one self-contained HTML page; the same assessment gives the same text.

    Vietnamese is shown first, English by the switch; it loads nothing, and its content security
    policy lets it run only the one style and the one script it carries.
    """
    look = style("look.css", "readiness/readiness.css", foot=readiness.fingerprint[:16])
    behaviour = script("page.js", "readiness/filter.js")
    places = {item.id: place for place, item in enumerate(readiness.items, start=1)}
    page: str = (
        _environment()
        .get_template("readiness/page.html.j2")
        .render(
            it=readiness,
            style=look,
            script=behaviour,
            policy=content_security_policy(look, behaviour),
            sections=sections(readiness),
            places=places,
            by_id={item.id: item for item in readiness.items},
            evidence_places={
                row.id: place for place, row in enumerate(readiness.evidence, start=1)
            },
            evidence_by_id={row.id: row for row in readiness.evidence},
            contradicted=[item for item in readiness.items if item.contradicted],
            problem_groups=grouped(readiness.problems),
            states=[state for state in words.STATE if readiness.state_counts.get(state)],
        )
    )
    return page


def sections(readiness: Readiness) -> list[Section]:
    """By group, in the order of the document: its title, its numbers, its items.

    Each item has its place on the page. No item is left out: where the document has no numbers
    for a group, they are null and its id is its title.
    """
    known = {group.id: group for group in readiness.groups}
    names = dict.fromkeys([*known, *(item.group for item in readiness.items)])
    placed = list(enumerate(readiness.items, start=1))
    made: list[Section] = []
    for name in names:
        group = known.get(name)
        members = [(place, item) for place, item in placed if item.group == name]
        made.append((group.title if group else Text(name, name), group, members))
    return made


@cache
def _environment() -> Environment:
    made = environment()
    made.filters.update(day=lambda text: both(formats.day(text)))
    made.globals.update(
        words=words,
        common_words=common_words,
        most_problem_kinds=MOST_PROBLEM_KINDS,
        conditions_on_first_page=CONDITIONS_ON_FIRST_PAGE,
    )
    return made
