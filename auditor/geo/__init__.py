"""Where did it go? A decision on the place of every destination, and on who runs it."""

from auditor.geo.ages import old_databases
from auditor.geo.countries import abroad, by_country, other_opinions
from auditor.geo.forms import Firmness
from auditor.geo.geodata import GeoData
from auditor.geo.location import located
from auditor.geo.lookup import Question, destinations
from auditor.geo.nearest import Nearest, nearest
from auditor.geo.opening import open_geodata
from auditor.geo.physics import COLUMNS as HANDSHAKE_COLUMNS
from auditor.geo.recorded import recorded

__all__ = [
    "HANDSHAKE_COLUMNS",
    "Firmness",
    "GeoData",
    "Nearest",
    "Question",
    "abroad",
    "by_country",
    "destinations",
    "located",
    "nearest",
    "old_databases",
    "open_geodata",
    "other_opinions",
    "recorded",
]
