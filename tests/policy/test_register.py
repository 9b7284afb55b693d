"""The register of dossiers: what may stand in it, and what its mistakes say."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from auditor.classify.lists import catalogue as shipped_catalogue
from auditor.model.errors import PolicyError
from auditor.model.register import load_register
from auditor.policy import load_regimes

ROOT = Path(__file__).parents[2]
REGIMES = load_regimes(ROOT / "policies" / "regimes.yaml", shipped_catalogue(ROOT / "policies"))

GOOD = """  - id: {id}
    regime: {regime}
    systems: [registry]
    categories: [{category}]
    recipients: {recipients}
    filed: {filed}
    result: passed
    valid_from: {valid_from}{more}
"""


def register(*changes):
    plain = {
        "id": "A",
        "regime": "pdpl",
        "more": "",
        "category": "B1",
        "recipients": "{countries: [SG]}",
        "filed": "2026-02-01",
        "valid_from": "2026-02-01",
    }
    return 'version: "1"\ndossiers:\n' + "".join(GOOD.format(**plain | new) for new in changes)


@pytest.fixture
def loaded(written, catalogue, inventory):
    def load(text, systems=inventory):
        return load_register(written(text), catalogue, systems, REGIMES).dossiers

    return load


def mistakes(load, text):
    with pytest.raises(PolicyError) as caught:
        load(text)
    return caught.value.message.splitlines()[1:]


def test_all_mistakes_of_a_register_are_told_at_once_with_their_lines(loaded):
    text = register({}, {"category": "B1, B99"}, {"id": "C", "filed": "soon"})
    text = text.replace("systems: [registry]", "systems: [registry, moon]", 1)
    text = text + "    valid_to: 2026-01-31\n"
    found = mistakes(loaded, text)
    assert [line.split(":")[1] for line in found] == ["5", "11", "14", "24", "27"]
    assert "the inventory has no system 'moon'; it has portal, registry" in found[0]
    assert "another entry has the id 'A'" in found[1]
    assert "no category list has the code 'B99'" in found[2]
    assert "filed" in found[3]
    assert "ends (2026-01-31) before it begins (2026-02-01)" in found[4]


def test_without_an_inventory_any_system_may_be_named(loaded):
    text = register({}).replace("registry", "moon")
    assert loaded(text, None)[0].systems == ("moon",)


@pytest.mark.parametrize(
    ("recipients", "said"),
    [
        ("{}", "name at least one"),
        ("{countries: [NO]}", "write 'NO' in quotes"),
        ("{countries: [Singapore]}", "two letters"),
        ("{countries: [UK]}", "no country has the code UK"),
        ("{organisations: ['a*']}", "at least three letters"),
        ("{hosts: ['*']}", "write a host name"),
        ("{hosts: ['*.*.com']}", "write a host name"),
        ("{networks: [203.0.113.5/24]}", "has host bits set"),
        ("{networks: [7]}", "as text"),
        ("{country: [SG]}", "did you mean 'countries'?"),
    ],
)
def test_a_recipient_that_cannot_be_compared_is_a_mistake(loaded, recipients, said):
    assert said in "\n".join(mistakes(loaded, register({"recipients": recipients})))


def test_host_names_are_kept_in_lower_case_and_countries_in_upper(loaded):
    (one,) = loaded(register({"recipients": "{countries: [sg], hosts: ['*.Example.COM.']}"}))
    assert (one.recipients.countries, one.recipients.hosts) == (("SG",), ("*.example.com",))


def test_a_passed_core_dossier_names_the_day_of_its_result(loaded):
    assert "result_on" in mistakes(loaded, register({"regime": "decree-165-core"}))[0]


def test_no_result_comes_before_filing(loaded):
    text = register({"more": "\n    result_on: 2026-01-31"})
    assert "before the dossier was filed" in mistakes(loaded, text)[0]


def test_a_day_beyond_all_calendars_is_a_mistake_and_not_a_crash(loaded):
    assert "filed" in mistakes(loaded, register({"filed": "9999-12-31"}))[0]


def test_the_example_register_fits_the_example_inventory(example_inventory):
    path = ROOT / "policies" / "examples" / "dossiers.yaml"
    catalogue = shipped_catalogue(ROOT / "policies")
    assert len(load_register(path, catalogue, example_inventory, REGIMES).dossiers) == 4


EXEMPT = """exemptions:
  - id: {id}
    ground: {ground}
    systems: [{system}]
    categories: [{category}]
    recipients: {{hosts: [api.example.com]}}
    valid_from: 2026-02-01
    reason: {reason}
    recorded_by: Nguyễn Văn An
    recorded: 2026-02-02
    reviewed_by: {reviewed_by}
    reviewed: {reviewed}
"""


def exempt(**changes):
    plain = {
        "id": "MG-1",
        "ground": "law-91-20-6-d",
        "system": "registry",
        "category": "B1",
        "reason": "Thuộc trường hợp miễn",
        "reviewed_by": "Trần Thị Bình",
        "reviewed": "2026-02-03",
    }
    return register({}) + EXEMPT.format(**plain | changes)


def test_a_claim_is_read_with_who_recorded_and_who_reviewed_it(written, catalogue, inventory):
    read = load_register(written(exempt()), catalogue, inventory, REGIMES)
    (one,) = read.exemptions
    assert (one.ground, one.recorded_by, one.reported) == ("law-91-20-6-d", "Nguyễn Văn An", None)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"id": "A"}, "12: exemptions[1].id: another entry has the id 'A'"),
        ({"ground": "law-0"}, "regimes.yaml has no ground 'law-0'; it has "),
        ({"system": "moon"}, "the inventory has no system 'moon'"),
        ({"category": "B99"}, "no category list has the code 'B99'"),
        ({"reviewed_by": "nguyễn văn an"}, "who reviews a claim is another than who records it"),
        ({"reviewed_by": "Nguyễn  Văn An"}, "who reviews a claim is another"),
        ({"reviewed_by": unicodedata.normalize("NFD", "Nguyễn Văn An")}, "is another than who"),
        ({"reviewed_by": '"Nguyễn Văn An\\u200b"'}, "characters that nobody sees (U+200B)"),
        ({"id": "a"}, "another entry has the id 'a'"),
        ({"id": '"A\\u200b"'}, "exemptions[1].id: holds characters that nobody sees (U+200B)"),
        ({"id": '"A\\e[2J"'}, "characters that nobody sees (U+001B)"),
        ({"reviewed": "2026-02-01"}, "reviewed (2026-02-01) before it was recorded (2026-02-02)"),
        ({"reason": "ngắn"}, "reason"),
    ],
)
def test_a_claim_that_cannot_stand_is_a_mistake(loaded, changes, said):
    (found,) = mistakes(loaded, exempt(**changes))
    assert said in found


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("ceiling: {}", "write `subjects` or `bytes`, or leave `ceiling` out"),
        ("ceiling: {subjects: 0}", "greater than or equal to 1"),
        ("ceiling: {people: 5}", "unknown key"),
        ("storage: {countries: []}", "storage.countries"),
        ("storage: {countries: [NO]}", "write 'NO' in quotes"),
        (
            "storage: {countries: [SG], until: 2026-01-31}",
            "storage ends (2026-01-31) before the transfers begin (2026-02-01)",
        ),
        ("contract: {number: 12/HĐ}", "contract.on: is missing"),
        (
            "updates: [{on: 2026-01-31, what: Thêm bên nhận}]",
            "updated (2026-01-31) before it was filed (2026-02-01)",
        ),
        (
            "stops: [{on: 2026-05-02, by: Bộ Công an, lifted: 2026-05-01}]",
            "lifted (2026-05-01) before it was ordered (2026-05-02)",
        ),
        ("stops: [{on: 2026-05-02}]", "stops[1].by: is missing"),
        ("regime: pdpl", "this key stands twice"),
    ],
)
def test_what_a_dossier_fixes_is_checked_with_its_line(loaded, more, said):
    (found,) = mistakes(loaded, register({"more": f"\n    {more}"}))
    assert found.split(":")[1] == "11" and said in found


def test_an_unknown_regime_is_named_with_those_there_are(loaded):
    (found,) = mistakes(loaded, register({"regime": "decree-13x"}))
    assert "regimes.yaml has no regime 'decree-13x'; it has decree-13, decree-165-core" in found


def test_mistakes_of_dossiers_and_claims_are_told_together(loaded):
    text = exempt(id="A", reviewed_by="Nguyễn Văn An")
    text = text.replace("result: passed", "result: perhaps")
    assert [line.split(":")[1] for line in mistakes(loaded, text)] == ["9", "12", "21"]
