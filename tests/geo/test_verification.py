import hashlib
import json
from datetime import date

import pytest

from auditor.geo.manifest import FILE_NAME
from auditor.geo.verification import verified
from auditor.model.errors import GeoDataError

TODAY = date(2026, 11, 22)


@pytest.fixture
def checked(world):
    """What is found in a sound folder after ``change`` has been at it, by name."""

    def found(change=lambda folder: None):
        change(world)
        return {each.name: each for each in verified(world, TODAY)}

    return found


def manifest(folder, **changes):
    databases = []
    for path in sorted(folder.glob("*.mmdb")):
        content = path.read_bytes()
        listed = {
            "name": path.name, "kind": "country", "package": "p", "version": "1",
            "licence": "CC0-1.0", "attribution": "a", "built": "2026-06-17",
            "sha256": hashlib.sha256(content).hexdigest(), "size": len(content),
        }  # fmt: skip
        databases.append(listed | changes)
    (folder / FILE_NAME).write_text(json.dumps({"databases": databases}))


def test_a_sound_folder_has_nothing_wrong_and_is_counted(checked):
    found = checked(manifest)
    assert {name: each.listed for name, each in found.items()} == {
        FILE_NAME: "not-listed",
        "asn.mmdb": "as-listed",
        "country.mmdb": "as-listed",
    }
    assert not any(each.wrong for each in found.values())
    country = found["country.mmdb"]
    assert (country.four, country.six, country.records, country.broken) == (3, 2, 3, 0)


def test_a_changed_file_is_wrong(checked):
    found = checked(lambda folder: manifest(folder, sha256="0" * 64))
    assert found["asn.mmdb"].listed == "changed"
    assert "is not the file that MANIFEST.yaml lists" in found["asn.mmdb"].wrong[0]
    found = checked(lambda folder: manifest(folder, size=1))
    assert found["asn.mmdb"].listed == "changed"


def test_a_listed_file_that_is_gone_is_wrong(checked):
    def change(folder):
        manifest(folder)
        (folder / "asn.mmdb").unlink()

    assert checked(change)["asn.mmdb"].listed == "missing"
    assert checked()["asn.mmdb"].wrong


def test_a_file_nobody_listed_is_told_and_is_not_wrong(checked):
    assert checked()["asn.mmdb"].listed == "not-listed"
    assert not checked()["asn.mmdb"].wrong


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("bad.mmdb", "no database", "is not an MMDB file"),
        (FILE_NAME, "databases: 7", "databases"),
        (FILE_NAME, "[", ""),
        ("as-countries.csv", "asn,country,percent\n1,US,99\n", "line 1: does not say"),
        ("distances.csv", "country,km\nSG,far\n", "line 2: "),
        ("regions.yaml", "providers: 7", "providers"),
        ("overrides.yaml", "overrides: [{network: here}]", "network"),
        ("ranges/x.ranges", "no ranges", "is no range file"),
    ],
)
def test_each_broken_file_is_told_with_a_way_out(checked, name, content, said):
    def change(folder):
        (folder / "ranges").mkdir(exist_ok=True)
        (folder / name).write_text(content)

    found = checked(change)
    assert [each for each, one in found.items() if one.wrong] == [name]
    assert said in found[name].wrong[0]


def test_a_folder_in_the_place_of_a_file_is_told(checked):
    found = checked(lambda folder: (folder / "deep.mmdb").mkdir())
    assert "cannot be read: it is no regular file" in found["deep.mmdb"].wrong[0]


def test_registrations_of_other_databases_than_lie_there_are_remarked(checked):
    def change(folder):
        sha256 = hashlib.sha256((folder / "asn.mmdb").read_bytes()).hexdigest()
        (folder / "as-countries.csv").write_text(
            f"# from: asn.mmdb - {sha256}\n# from: country.mmdb - {'0' * 64}\n"
            "asn,country,percent\n1,US,99\n"
        )

    found = checked(change)["as-countries.csv"]
    assert not found.wrong
    assert len(found.remarks) == 1
    assert "from country.mmdb" in found.remarks[0]


def test_an_empty_folder_is_wrong(folder):
    (found,) = verified(folder, TODAY)
    assert "holds no geo database" in found.wrong[0]


def test_no_folder_at_all_is_an_error(tmp_path):
    with pytest.raises(GeoDataError, match="cannot be read"):
        verified(tmp_path / "nowhere", TODAY)
