"""The inventory is held against the category lists, every mistake at once."""

from pathlib import Path

import pytest

from auditor.classify import catalogue, inventory
from auditor.model.errors import PolicyError

POLICIES = Path(__file__).parents[2] / "policies"
CATALOGUE = catalogue(POLICIES)


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "inventory.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def refused(path):
    with pytest.raises(PolicyError) as error:
        inventory(path, CATALOGUE)
    return error.value.message.splitlines()


def test_the_shipped_example_fits_the_shipped_lists():
    example = inventory(POLICIES / "examples" / "inventory.yaml", CATALOGUE)
    assert [system.id for system in example.systems] == [
        *("land-registry", "citizen-portal", "hr", "web")
    ]
    portal = example.systems[1]
    assert portal.categories == ("II.18a", "B1", "B2", "B7", "S-d")
    assert [str(network) for network in portal.networks] == [
        *("10.20.2.0/24", "203.162.10.16/28", "2405:4800:10:2::/64")
    ]
    assert (portal.subjects, portal.record_bytes) == (350_000, 900)


def test_the_web_site_of_the_example_declares_that_it_holds_nothing():
    web = inventory(POLICIES / "examples" / "inventory.yaml", CATALOGUE).systems[3]
    assert web.categories == ()
    assert "categories" in web.model_fields_set


def test_every_network_of_the_example_lies_in_its_home_networks():
    example = inventory(POLICIES / "examples" / "inventory.yaml", CATALOGUE)
    for network in example.networks:
        assert any(
            network.version == home.version and network.subnet_of(home)
            for home in example.home_networks
        )


def test_all_unknown_codes_are_reported_at_once_with_their_lines(written):
    path = written(
        "agency: Sở Mẫu\n"
        "systems:\n"
        "  - id: a\n"
        "    name: A\n"
        "    networks: [10.0.0.0/24]\n"
        "    categories: [B1, i.26B, I.26c]\n"
        "  - id: b\n"
        "    name: B\n"
        "    networks: [10.0.1.0/24]\n"
        "    categories:\n"
        "      - S-d\n"
        "      - qqqqqq\n"
        "    subject: 5\n"
    )
    first, *mistakes = refused(path)
    assert first == "4 mistakes:"
    assert mistakes[0].endswith(
        ":6: systems[1].categories[2]: no category list has the code 'i.26B'; did you mean 'I.26b'?"
    )
    assert mistakes[1].endswith(
        ":6: systems[1].categories[3]: no category list has the code 'I.26c'; "
        "write one of its points: I.26c-citizens, I.26c-organisations"
    )
    assert mistakes[2].endswith(
        ":12: systems[2].categories[2]: no category list has the code 'qqqqqq'; "
        "`auditor policy show` lists the codes"
    )
    assert mistakes[3].endswith(":13: systems[2].subject: unknown key; did you mean 'subjects'?")


def test_the_same_network_in_two_systems_is_a_mistake(written):
    path = written(
        "agency: Sở Mẫu\n"
        "systems:\n"
        "  - {id: a, name: A, networks: [10.0.0.0/24, 10.0.1.0/24]}\n"
        "  - id: b\n"
        "    name: B\n"
        "    networks: [10.0.1.0/24, 10.0.0.0/16]\n"
    )
    assert refused(path)[1].endswith(
        ":6: systems[2].networks: stands above already: 10.0.1.0/24 (system 'a'); "
        "leave it with one system, or give one of them a smaller part of it"
    )


def test_the_same_name_in_two_systems_is_a_mistake_whatever_its_letters(written):
    path = written(
        "agency: Sở Mẫu\n"
        "systems:\n"
        "  - {id: a, name: A, hosts: [dat.mau.vn]}\n"
        "  - {id: b, name: B, hosts: [DAT.mau.vn.]}\n"
    )
    assert "dat.mau.vn (system 'a')" in refused(path)[1]


def test_a_network_inside_another_systems_network_is_no_mistake(written):
    path = written(
        "agency: Sở Mẫu\n"
        "systems:\n"
        "  - {id: a, name: A, networks: [10.0.0.0/8]}\n"
        "  - {id: b, name: B, networks: [10.0.0.0/24]}\n"
    )
    assert len(inventory(path, CATALOGUE).systems) == 2


@pytest.mark.parametrize("host", ["https://dat.mau.vn", "dat.*.vn", "*", "*.", "dat.mau.vn:443"])
def test_what_is_no_host_name_is_refused(written, host):
    path = written(f'agency: X\nsystems:\n  - {{id: a, name: A, hosts: ["{host}"]}}\n')
    assert "is no host name" in refused(path)[1]


def test_names_are_kept_in_lower_case(written):
    path = written('agency: X\nsystems:\n  - {id: a, name: A, hosts: ["*.Mau.VN"]}\n')
    assert inventory(path, CATALOGUE).systems[0].hosts == ("*.mau.vn",)


def test_a_missing_inventory_names_the_file_meant(tmp_path):
    (tmp_path / "inventory.yaml").write_text("agency: X\n", encoding="utf-8")
    with pytest.raises(PolicyError) as error:
        inventory(tmp_path / "inventori.yaml", CATALOGUE)
    assert "Did you mean" in error.value.hint
