"""The register of dossiers: what may stand in it, and what its mistakes say."""

from __future__ import annotations

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
