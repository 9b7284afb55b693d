import hashlib
import os
from datetime import date
from pathlib import Path

import pytest

from auditor.geo import Question, destinations
from auditor.geo.databases import MOST_DATABASES, open_databases
from auditor.model.errors import GeoDataError
from tests.geo.sources import databases_of

SHIPPED_FOLDER = Path(__file__).resolve().parents[2] / "geoip"
US = {"8.0.0.0/8": {"country_code": "US"}}
SG = {"8.0.0.0/8": {"country_code": "SG"}}


def looked_up(addresses, geodata):
    questions = [Question(address) for address in addresses]
    return destinations(questions, geodata, geodata.newest(), "VN", [])


def basis(folder, note, address="8.8.8.8"):
    (found,) = looked_up([address], databases_of(folder, note))
    return found.basis


def codes(problems):
    return [problem.code for problem in problems]


def manifest_line(path, **changes):
    fields = {
        "name": path.name,
        "kind": "country",
        "package": "p",
        "version": "1.2",
        "licence": "CC0-1.0",
        "attribution": "Somebody",
        "built": "2026-06-17",
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "size": path.stat().st_size,
    }
    lines = [f"{key}: {value!r}" for key, value in (fields | changes).items()]
    return "  - {" + ", ".join(lines) + "}\n"


def test_the_shipped_databases_place_well_known_addresses(problems):
    geodata = databases_of(SHIPPED_FOLDER, problems.append)
    home, google, viettel = looked_up(["203.162.4.191", "8.8.8.8", "2402:800::1"], geodata)
    assert (home.country, viettel.country) == ("VN", "VN")
    assert (google.country, google.asn, google.org) == ("US", 15169, "Google LLC")
    assert viettel.asn == 7552


def test_the_shipped_databases_state_their_sources_and_what_their_publisher_warns_of(problems):
    geodata = databases_of(SHIPPED_FOLDER, problems.append)
    by_name = {source.name: source for source in geodata.sources}
    assert set(by_name) == {"asn.mmdb", "country.mmdb"}
    assert by_name["country.mmdb"].licence == "CC0-1.0"
    assert "https://db-ip.com" in by_name["asn.mmdb"].attribution
    built = [source.built.date() for source in by_name.values() if source.built]
    assert built == [date(2026, 6, 17)] * 2
    assert {source.kind for source in by_name.values()} == {"geo"}
    assert codes(problems) == ["geo-database-caution"]
    assert "incorrect data" in problems[0].message


def test_two_databases_of_the_user_that_disagree_are_both_named(write_mmdb, folder, problems):
    write_mmdb("b.mmdb", SG)
    write_mmdb("a.mmdb", US)
    assert basis(folder, problems.append) == "disagree: a.mmdb=US, b.mmdb=SG"
    assert problems == []


def test_the_users_database_wins_over_the_shipped_one_without_a_word(write_mmdb, folder, problems):
    write_mmdb("country.mmdb", US | {"9.0.0.0/8": {"country_code": "US"}})
    write_mmdb("zz.mmdb", SG)
    assert basis(folder, problems.append) == "zz.mmdb"
    assert basis(folder, problems.append, "9.9.9.9") == "country.mmdb"


def test_the_users_owners_win_over_the_shipped_ones(write_mmdb, folder, problems):
    write_mmdb("asn.mmdb", {"8.0.0.0/8": {"asn": 1, "as_name": "Shipped"}})
    write_mmdb("zz.mmdb", {"8.0.0.0/8": {"asn": 2, "as_name": "Mine"}})
    geodata = databases_of(folder, problems.append)
    assert [source.name for source in geodata.sources] == ["zz.mmdb", "asn.mmdb"]
    (found,) = looked_up(["8.8.8.8"], geodata)
    assert (found.asn, found.org) == (2, "Mine")


def test_shipped_databases_alone_are_asked_as_any_other(write_mmdb, folder, problems):
    write_mmdb("country.mmdb", US)
    write_mmdb("asn.mmdb", {"8.0.0.0/8": {"asn": "AS15169", "as_name": "Google"}})
    assert basis(folder, problems.append) == "country.mmdb"


def test_owners_are_never_mixed_from_two_networks(write_mmdb, folder, problems):
    write_mmdb("a.mmdb", {"8.0.0.0/8": {"asn": 1}, "9.0.0.0/8": {"asn": 3}})
    write_mmdb(
        "b.mmdb",
        {"8.0.0.0/8": {"asn": 2, "as_name": "Two"}, "9.0.0.0/8": {"asn": 3, "as_name": "Three"}},
    )
    geodata = databases_of(folder, problems.append)
    one, three = looked_up(["8.8.8.8", "9.9.9.9"], geodata)
    assert (one.asn, one.org) == (1, None)
    assert (three.asn, three.org) == (3, "Three")


def test_a_broken_database_among_good_ones_is_noted_and_left_out(write_mmdb, folder, problems):
    write_mmdb("good.mmdb", US)
    write_mmdb("truncated.mmdb", US)
    content = (folder / "truncated.mmdb").read_bytes()
    (folder / "truncated.mmdb").write_bytes(content[: len(content) // 2])
    (folder / "text.MMDB").write_text("no database")
    assert basis(folder, problems.append) == "good.mmdb"
    assert codes(problems) == ["geo-database-unusable"] * 2
    for problem, name in zip(problems, ["text.MMDB", "truncated.mmdb"], strict=True):
        assert problem.source == str(folder / name)
        assert problem.hint


def test_a_database_that_may_not_be_read_is_noted(write_mmdb, folder, problems):
    write_mmdb("good.mmdb", US)
    (folder / "gone.mmdb").symlink_to(folder / "nowhere")
    assert basis(folder, problems.append) == "good.mmdb"
    assert "cannot be read" in problems[0].message


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_ends_the_run(folder, problems):
    folder.chmod(0)
    with pytest.raises(GeoDataError, match="cannot be read"):
        open_databases(folder, problems.append)
    folder.chmod(0o700)


def test_a_missing_folder_ends_the_run_with_a_hint(folder, problems):
    with pytest.raises(GeoDataError, match="cannot be read") as caught:
        open_databases(folder / "nowhere", problems.append)
    assert caught.value.place == str(folder / "nowhere")
    assert "mmdb" in caught.value.hint


def test_a_folder_without_a_usable_database_ends_the_run_and_says_why(folder, problems):
    with pytest.raises(GeoDataError, match="no usable geo database"):
        open_databases(folder, problems.append)
    (folder / "a.mmdb").write_bytes(b"no database")
    with pytest.raises(GeoDataError, match=r"a\.mmdb is not an MMDB file") as caught:
        open_databases(folder, problems.append)
    assert caught.value.hint


def test_records_that_break_are_noted_once_with_their_number(write_mmdb, folder, problems):
    good = {f"9.0.{n}.0/24": {"country_code": "US", "n": n} for n in range(250)}
    path = write_mmdb("a.mmdb", good | {"8.0.0.0/8": {"text": "break me"}})
    path.write_bytes(path.read_bytes().replace(b"break me", b"break\xff\xfee"))
    geodata = databases_of(folder, problems.append)
    for _ in range(2):
        found = looked_up(["8.8.8.8", "9.0.1.1"], geodata)
        assert [one.state for one in found] == ["unknown", "country"]
    assert codes(problems) == ["geo-record-broken"]
    assert (problems[0].source, problems[0].count) == ("a.mmdb", 1)


def test_the_manifest_gives_licence_and_origin_of_a_listed_file(write_mmdb, folder, problems):
    path = write_mmdb("a.mmdb", US, kind="Mine")
    (folder / "MANIFEST.yaml").write_text("databases:\n" + manifest_line(path))
    (source,) = databases_of(folder, problems.append).sources
    assert (source.licence, source.attribution) == ("CC0-1.0", "Somebody")
    assert source.version.startswith("1.2, ")
    assert source.version.endswith("(Mine)")
    assert problems == []


def test_a_file_that_differs_from_the_manifest_is_used_without_its_licence(
    write_mmdb, folder, problems
):
    path = write_mmdb("a.mmdb", US)
    line = manifest_line(path, sha256="0" * 64, caution="Beware")
    (folder / "MANIFEST.yaml").write_text("databases:\n" + line)
    (source,) = databases_of(folder, problems.append).sources
    assert source.licence == ""
    assert source.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert codes(problems) == ["geo-database-changed"]


def test_a_listed_file_that_is_missing_is_noted(write_mmdb, folder, problems):
    path = write_mmdb("a.mmdb", US)
    lines = manifest_line(path) + manifest_line(path, name="b.mmdb")
    (folder / "MANIFEST.yaml").write_text("databases:\n" + lines)
    open_databases(folder, problems.append)
    assert codes(problems) == ["geo-database-missing"]
    assert problems[0].source.endswith("b.mmdb")


def test_a_manifest_with_mistakes_is_noted_and_the_databases_are_used(write_mmdb, folder, problems):
    write_mmdb("a.mmdb", US)
    (folder / "MANIFEST.yaml").write_text("databses: []\n")
    assert basis(folder, problems.append) == "a.mmdb"
    assert codes(problems) == ["geo-manifest-unusable"]
    assert "MANIFEST.yaml:1" in problems[0].message


def test_more_databases_than_anyone_needs_are_cut_and_noted(write_mmdb, folder, problems):
    first = write_mmdb("m00.mmdb", US)
    for n in range(1, MOST_DATABASES + 3):
        (folder / f"m{n:02}.mmdb").write_bytes(first.read_bytes())
    assert len(databases_of(folder, problems.append).sources) == MOST_DATABASES
    assert codes(problems) == ["geo-databases-too-many"]
    assert problems[0].count == 3
