"""What holds of every decision on place, whoever says what."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.geo.decision import Origin, Place, Said, Voice, decision_for
from auditor.geo.records import Answer
from auditor.geo.statements import Statement
from tests.geo.witnesses import heard, override

COUNTRIES = st.sampled_from(["VN", "US", "SG", "LA"])
ANSWERS = st.builds(
    Answer,
    country=st.none() | COUNTRIES,
    registered=st.none() | COUNTRIES,
    anycast=st.sampled_from([False] * 9 + [True]),
)
LISTS = st.builds(
    Statement,
    kind=st.sampled_from(["cloud", "geofeed", "relay", "anycast"]),
    countries=st.lists(COUNTRIES, max_size=2, unique=True).map(tuple),
    anycast=st.sampled_from([False] * 9 + [True]),
)


@st.composite
def anything_heard(draw, override_too=True):
    voices = draw(st.lists(st.tuples(ANSWERS, st.booleans(), st.booleans()), max_size=5))
    lists = draw(st.lists(st.tuples(LISTS, st.booleans()), max_size=3))
    said = [Said(Origin(f"l{n}", old=old), told) for n, (told, old) in enumerate(lists)]
    if override_too and draw(st.integers(0, 7)) == 0:
        said.insert(0, override(draw(COUNTRIES)))
    return heard(
        *said,
        *(Voice(Origin(f"d{n}", old=old), last, answer)
          for n, (answer, last, old) in enumerate(voices)),
        host=draw(st.none() | COUNTRIES),
        log=draw(st.none() | COUNTRIES),
        too_near=draw(st.sets(st.sampled_from(["US", "SG", "LA"]))),
        carrier=draw(st.sampled_from(["", "6to4"])),
    )  # fmt: skip


@given(anything_heard(), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_the_order_of_the_witnesses_changes_no_decision(known, random):
    said, voices = list(known.said), list(known.voices)
    random.shuffle(said)
    random.shuffle(voices)
    other = decision_for(replace(known, said=tuple(said), voices=tuple(voices)), "VN")
    # The sentence names them in the order they are heard in, and nothing else depends on it.
    assert replace(other, basis="") == replace(decision_for(known, "VN"), basis="")


@given(anything_heard())
@settings(deadline=None)
def test_a_witness_without_an_opinion_changes_nothing(known):
    silent = Voice(Origin("silent", old=True), last_resort=False, answer=Answer(asn=1, org="X"))
    blank = Said(Origin("blank", old=True), Statement("cloud", operator="X", detail="no region"))
    fuller = replace(known, said=(*known.said, blank), voices=(silent, *known.voices))
    assert decision_for(fuller, "VN") == decision_for(known, "VN")


@given(anything_heard())
@settings(deadline=None)
def test_every_decision_agrees_with_itself(known):
    found = decision_for(known, "VN")
    assert (found.country is not None) == (found.state == "country")
    assert (found.certainty is not None) == (found.state == "country")
    assert bool(found.candidates) == (found.state in ("ambiguous", "contradicted"))
    assert list(found.candidates) == sorted(set(found.candidates))
    assert (found.rule == "none") == (found.state == "unknown")
    if found.state == "ambiguous":
        assert len(found.candidates) > 1
        assert not known.impossible & set(found.candidates)
        assert found.place == (Place.UNKNOWN if "VN" in found.candidates else Place.FOREIGN)
    elif found.state == "contradicted":
        assert known.impossible.issuperset(found.candidates)
        assert found.place == Place.UNKNOWN
    elif found.state == "country":
        assert found.place == (Place.HOME if found.country == "VN" else Place.FOREIGN)
        assert found.rule == "override" or found.country not in known.impossible
    else:
        assert found.place == Place.UNKNOWN


@given(anything_heard(override_too=False), COUNTRIES)
@settings(deadline=None)
def test_an_override_has_the_last_word_over_anything(known, country):
    found = decision_for(replace(known, said=(*known.said, override(country))), "VN")
    assert (found.state, found.country, found.rule) == ("country", country, "override")


@given(anything_heard(), COUNTRIES)
@settings(deadline=None)
def test_what_a_log_claims_never_moves_a_destination(known, country):
    one, two = (decision_for(replace(known, log_country=log), "VN") for log in (None, country))
    assert replace(one, certainty=None) == replace(two, certainty=None)


@given(anything_heard())
@settings(deadline=None)
def test_only_countries_that_somebody_named_are_ever_named(known):
    told = {country for each in known.said for country in each.statement.countries}
    told |= {voice.answer.country for voice in known.voices}
    told |= {voice.answer.registered for voice in known.voices}
    told |= set(known.host.statement.countries) if known.host else set()
    found = decision_for(known, "VN")
    assert {found.country, *found.candidates} - {None} <= told
