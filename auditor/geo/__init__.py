"""Where did it go? Countries, network owners and the home side of flows."""

from auditor.geo.countries import abroad, by_country, other_opinions
from auditor.geo.databases import GeoDatabases, open_databases
from auditor.geo.location import located
from auditor.geo.lookup import DatabaseAnswer, LookedUp, looked_up

__all__ = [
    "DatabaseAnswer",
    "GeoDatabases",
    "LookedUp",
    "abroad",
    "by_country",
    "located",
    "looked_up",
    "open_databases",
    "other_opinions",
]
