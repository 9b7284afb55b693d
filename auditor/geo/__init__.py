"""Where did it go? A decision on the place of every destination, and on who runs it."""

from auditor.geo.countries import abroad, by_country, other_opinions
from auditor.geo.forms import Firmness
from auditor.geo.geodata import GeoData, open_geodata
from auditor.geo.location import located
from auditor.geo.lookup import Question, destinations

__all__ = [
    "Firmness",
    "GeoData",
    "Question",
    "abroad",
    "by_country",
    "destinations",
    "located",
    "open_geodata",
    "other_opinions",
]
