from auditor.geo.decision import Place, Voice, decision_for, special_decision
from auditor.geo.records import Answer
from auditor.geo.special import SPECIAL_RANGES


def voice(name, country=None, registered=None, *, anycast=False, last_resort=False):
    return Voice(name, last_resort, Answer(country, registered, anycast=anycast))


def decided(*voices, carrier=""):
    found = decision_for(voices, carrier, "VN")
    return found.place, found.state, found.country, found.basis


def test_one_country_decides():
    assert decided(voice("a", "US")) == (Place.FOREIGN, "country", "US", "a")
    assert decided(voice("a", "VN")) == (Place.HOME, "country", "VN", "a")


def test_databases_that_agree_are_all_named():
    assert decided(voice("a", "US"), voice("b"), voice("c", "US"))[3] == "a, c"


def test_databases_that_disagree_make_the_address_ambiguous_and_are_quoted():
    found = decided(voice("a.mmdb", "US"), voice("b.mmdb", "SG"))
    assert found == (Place.UNKNOWN, "ambiguous", None, "disagree: a.mmdb=US, b.mmdb=SG")


def test_a_disagreement_in_which_one_says_home_is_not_home():
    assert decided(voice("a", "VN"), voice("b", "US"))[0] == Place.UNKNOWN


def test_the_users_databases_win_over_those_that_came_with_the_program():
    shipped = voice("country.mmdb", "US", last_resort=True)
    assert decided(voice("mine", "SG"), shipped) == (Place.FOREIGN, "country", "SG", "mine")
    assert decided(voice("mine"), shipped)[3] == "country.mmdb"


def test_a_registration_counts_only_without_any_location_and_says_so():
    assert decided(voice("a", registered="US"), voice("b", "SG", "SG"))[2:] == ("SG", "b")
    shipped = voice("country.mmdb", "SG", last_resort=True)
    assert decided(voice("a", registered="US"), shipped)[2:] == ("SG", "country.mmdb")
    assert decided(voice("a", registered="US"))[1:] == ("country", "US", "registered: a")
    assert decided(voice("a", registered="US"), voice("b", registered="FR"))[3] == (
        "registered: disagree: a=US, b=FR"
    )


def test_anycast_in_any_database_wins_over_countries():
    found = decided(voice("a", "US"), voice("b", "US", anycast=True, last_resort=True))
    assert found == (Place.UNKNOWN, "anycast", None, "anycast: b")


def test_silence_of_all_databases_is_unknown():
    assert decided(voice("a"), voice("b")) == (Place.UNKNOWN, "unknown", None, "in no database")


def test_a_carried_address_says_how_it_was_carried():
    assert decided(voice("a", "US"), carrier="6to4")[3] == "6to4: a"
    assert decided(voice("a"), carrier="teredo")[3] == "teredo: in no database"


def test_special_ranges_have_a_place_only_when_they_never_leave():
    places = {one.kind: special_decision(one, "").place for one in SPECIAL_RANGES}
    assert places == {
        "local": Place.HOME,
        "anycast": Place.UNKNOWN,
        "unplaced": Place.UNKNOWN,
    }
