"""What is heard about a destination, in few words, for the tests of decisions."""

from datetime import date

from auditor.geo.decision import Heard, Origin, Said, Voice
from auditor.geo.records import Answer
from auditor.geo.statements import Statement

DAY = date(2026, 6, 17)


def override(*countries, anycast=False, operator=None):
    told = Statement("override", countries, anycast, operator=operator, detail="An, 2026: seen")
    return Said(Origin("overrides.yaml"), told)


def listed(kind, *countries, name="", anycast=False, old=False, relay=None):
    return Said(Origin(name or f"{kind}.list", DAY, old=old),
                Statement(kind, countries, anycast, relay=relay))  # fmt: skip


def cloud(*countries, **more):
    return listed("cloud", *countries, **more)


def geofeed(*countries, **more):
    return listed("geofeed", *countries, **more)


def database(name, country=None, *, registered=None, anycast=False, shipped=False, old=False,
             maker=None):  # fmt: skip
    """Each of its own maker, if no other is given; those that are shipped of none that is known."""
    by = maker if maker is not None else "" if shipped else f"maker of {name}"
    origin = Origin(name, old=old, maker=by)
    return Voice(origin, shipped, Answer(country, registered, anycast=anycast))


def shipped(country=None, **more):
    return database("country.mmdb", country, shipped=True, **more)


def heard(*witnesses, host=None, log=None, too_near=(), carrier=""):
    return Heard(
        carrier,
        tuple(each for each in witnesses if isinstance(each, Said)),
        tuple(each for each in witnesses if isinstance(each, Voice)),
        None if host is None else Said(Origin("host"), Statement("host", (host,))),
        log,
        frozenset(too_near),
    )
