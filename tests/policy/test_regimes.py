"""Which regime a transfer falls under, and from when on a dossier covers it."""

from __future__ import annotations

from datetime import date

import pytest

from auditor.model.errors import PolicyError
from auditor.model.regimes import RegimeFile
from auditor.model.register import Dossier
from auditor.policy.regimes import chosen, covers_from, load_regimes, unreachable

MAY = date(2026, 5, 1)


@pytest.mark.parametrize(
    ("level", "personal", "day", "regime"),
    [
        ("core", False, MAY, "decree-165-core"),
        ("important", True, MAY, "pdpl"),
        ("core", None, MAY, None),
        ("core", None, date(2025, 12, 31), "decree-165-core"),
        ("personal", True, date(2023, 6, 30), None),
        ("unclassified", None, MAY, "none"),
        (None, None, MAY, None),
    ],
)
def test_the_first_regime_that_applies_is_the_one_and_doubt_stays_doubt(
    regimes, level, personal, day, regime
):
    assert chosen(regimes, level, personal, None, day) == regime


@pytest.mark.parametrize(
    ("regime", "filed", "valid_from", "first"),
    [
        # Important data: 15 days after filing.
        ("decree-165-important", date(2026, 2, 1), date(2026, 2, 10), date(2026, 2, 16)),
        ("decree-165-important", date(2026, 2, 1), date(2026, 3, 1), date(2026, 3, 1)),
        # Core data: never before the result.
        ("decree-165-core", date(2026, 2, 1), date(2026, 1, 1), date(2026, 2, 9)),
        ("decree-165-core", date(2026, 2, 1), date(2026, 3, 1), date(2026, 3, 1)),
        # Personal data: 60 days after the first transfer are in time, 61 are not.
        ("pdpl", date(2026, 3, 2), date(2026, 1, 1), date(2026, 1, 1)),
        ("pdpl", date(2026, 3, 3), date(2026, 1, 1), date(2026, 3, 3)),
    ],
)
def test_each_regime_counts_its_days(regimes, regime, filed, valid_from, first):
    one = Dossier.model_validate(
        {
            "id": "A",
            "regime": regime,
            "systems": ["registry"],
            "categories": ["B1"],
            "recipients": {"countries": ["SG"]},
            "filed": filed,
            "result": "passed",
            "result_on": date(2026, 2, 9) if regime == "decree-165-core" else None,
            "valid_from": valid_from,
        }
    )
    by_id = {each.id: each for each in regimes.regimes}
    assert covers_from(one, by_id[regime]) == first


LEGAL = "[{instrument: Luật, article: Điều 1, says: {vi: a, en: b}, mark: M}]"
REGIME = """  - id: {id}
    title: {{vi: Chế độ, en: Regime}}
    levels: [core]
    since: {since}
    needs: none
    legal: LEGAL
{more}"""
HEAD = 'version: "1"\nregimes:\n'


def regime(id="one", since="2025-01-01", **more):
    lines = "".join(f"    {name}: {value}\n" for name, value in more.items())
    return REGIME.format(id=id, since=since, more=lines).replace("LEGAL", LEGAL)


@pytest.fixture
def mistakes(written, catalogue):
    def read(text):
        with pytest.raises(PolicyError) as caught:
            load_regimes(written(text), catalogue)
        return [line.split("file.yaml:")[1] for line in caught.value.message.splitlines()[1:]]

    return read


def test_an_id_stands_once_in_the_whole_file(mistakes):
    ground = f"""grounds:
  - id: one
    title: {{vi: Miễn, en: Exempt}}
    regimes: [one]
    basis: {LEGAL[1:-1]}
"""
    (only,) = mistakes(HEAD + regime() + ground)
    assert only.startswith("10: grounds[1].id: another entry")
    assert "'one'" in only


def test_what_names_a_regime_must_name_one_of_the_file(mistakes):
    ground = f"""grounds:
  - id: free
    title: {{vi: Miễn, en: Exempt}}
    regimes: [one, moon]
    basis: {LEGAL[1:-1]}
"""
    found = mistakes(HEAD + regime(dossiers_of="[sun, two]") + regime("two") + ground)
    assert [line.split(":")[0] for line in found] == ["9", "19"]
    assert "no regime 'sun'; it has one, two" in found[0]
    assert "no regime 'moon'" in found[1]


def test_thresholds_name_categories_that_have_a_number_and_labels_that_exist(mistakes):
    one = """  - id: many
    title: {{vi: Nhiều, en: Many}}
    {what}
    labels: [{labels}]
    since: 2025-07-01
    severity: high
    next_step: {{vi: a, en: b}}
    legal: LEGAL
"""
    text = HEAD + regime() + "thresholds:\n"
    text += one.format(what="category: I.5", labels="B1")
    text += one.format(what="category: I.99", labels="B1").replace("many", "more")
    text += one.format(what="above: 10", labels="B1, B99").replace("many", "most")
    found = mistakes(text.replace("LEGAL", LEGAL))
    assert [line.split(":")[0] for line in found] == ["12", "20", "29"]
    assert "'I.5' has no `threshold`" in found[0]
    assert "no category list has the code 'I.99'" in found[1]
    assert "'B99'" in found[2]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            "until: 9999-12-31",
            "9: regimes[1].until: input should be less than 3000-01-01 (found 9999-12-31)",
        ),
        ("days: 10000000", "9: regimes[1].days: input should be less than or equal to 36500"),
        (
            "duties: [{id: f, what: WHAT, event: year, direction: after, months: 9999, BASIS}]",
            "9: regimes[1].duties[1].months: input should be less than or equal to 1200",
        ),
    ],
)
def test_a_day_beyond_all_calendars_is_told(mistakes, more, said):
    text = (
        HEAD
        + regime()
        + "    "
        + more.replace("WHAT", "{vi: a, en: b}").replace("BASIS", f"basis: {LEGAL[1:-1]}")
        + "\n"
    )
    assert any(said in line for line in mistakes(text)), mistakes(text)


def test_a_duty_stands_once_in_its_regime(mistakes):
    duty = (
        "{id: file, what: {vi: a, en: b}, event: transfer, direction: before, days: 1, "
        f"basis: {LEGAL[1:-1]}}}"
    )
    (only,) = mistakes(HEAD + regime(duties=f"[{duty}, {duty}]"))
    assert "duties stand twice: file" in only


def test_a_regime_behind_one_that_takes_all_its_transfers_is_named(written, catalogue):
    text = HEAD + regime() + regime("two", since="2025-07-01") + regime("three", since="2024-01-01")
    assert unreachable(load_regimes(written(text), catalogue)) == ["two"]


def test_every_shipped_regime_can_be_reached(regimes):
    assert unreachable(regimes) == []


def test_the_owner_decides_where_a_regime_asks_for_it(regimes):
    first, second = (
        regimes.regimes[1].model_copy(update={"id": name, "owner": owner})
        for name, owner in (("agencies", "state-agency"), ("others", "other"))
    )
    both = RegimeFile(version="1", regimes=(first, second))
    assert chosen(both, "core", False, True, MAY) == "agencies"
    assert chosen(both, "core", False, False, MAY) == "others"
    assert chosen(both, "core", False, None, MAY) is None


def test_the_shipped_duties_have_the_measures_of_the_law(regimes):
    by_id = {each.id: {duty.id: duty for duty in each.duties} for each in regimes.regimes}
    measures = {
        (regime, name): (duty.direction, duty.days, duty.months)
        for regime, duties in by_id.items()
        for name, duty in duties.items()
    }
    assert measures["pdpl", "file"] == ("after", 60, None)
    assert measures["pdpl", "supplement"] == ("after", 30, None)
    assert measures["pdpl", "update-soon"] == ("after", 10, None)
    assert measures["pdpl", "update-halfyear"] == ("after", None, 6)
    # 72 hours, which no day stands for
    assert measures["pdpl", "breach-notice"] == ("after", None, None)
    assert by_id["pdpl"]["breach-notice"].hours == 72
    assert measures["decree-165-core", "file"] == ("before", 0, None)
    assert measures["decree-165-important", "file"] == ("before", 15, None)
    assert measures["decree-165-important", "keep-log"] == ("after", None, 6)
    grounds = {ground.id: ground for ground in regimes.grounds}
    (report,) = grounds["decree-165-12-11-a"].duties
    assert (report.id, report.direction, report.days) == ("report-exempt", "after", 15)
    assert "chưa rõ" in report.what.vi
    assert len(grounds) == 3 + 4 + 5


def test_every_sanction_says_for_whom_its_range_is(regimes):
    several = [each for regime in regimes.regimes for each in regime.sanctions]
    for each in [*several, *regimes.sanctions]:
        known = "chưa ghi nhận)" not in each.range.vi and "chưa đọc được" not in each.range.vi
        assert ("tổ chức" in each.range.vi) == known, each.id


def test_where_fines_are_told_it_is_said_that_agencies_may_be_outside(regimes):
    for each in regimes.regimes:
        if each.sanctions:
            assert "Chưa rõ cơ quan nhà nước" in each.note.vi


def test_a_regime_and_its_duty_to_file_say_the_same_number(regimes):
    for each in regimes.regimes:
        for duty in each.duties:
            if duty.id == "file":
                assert duty.days == each.days, each.id
