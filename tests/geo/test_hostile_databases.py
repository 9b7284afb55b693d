"""Broken and hostile databases on their way through the whole stage: an error or a stated doubt."""

import os
import re
import shutil
from pathlib import Path

import pytest

from auditor.geo.database import Database, UnusableError
from auditor.model.errors import GeoDataError
from auditor.model.place import STATES

CORPUS = os.environ.get("AUDITOR_CORPUS")
NO_CORPUS = "AUDITOR_CORPUS is unset: it names the folder with MaxMind's test databases (mmdb/)"
HOME, GOOD = "10.0.0.1", "9.9.9.9"
ADDRESSES = (
    *(f"{n}.{n}.{n}.{n}" for n in range(1, 256)),
    *("1.128.0.1", "2.125.160.217", "67.43.156.1", "81.2.69.143", "89.160.20.113", "175.16.199.1"),
    *(
        "202.196.224.1",
        "214.78.120.1",
        "216.160.83.57",
        "2001:218::1",
        "2001:252::1",
        "2a02:d500::",
    ),
    *("::1.128.0.1", "2002:102:304::1", "64:ff9b::102:304", "2c0f:ff80::1", "abcd:1000::1"),
)


def corpus():
    if not CORPUS:
        return [pytest.param(None, marks=pytest.mark.skip(reason=NO_CORPUS))]
    root = Path(CORPUS) / "mmdb"
    paths = sorted(
        path for name in ("bad-data", "test-data") for path in (root / name).rglob("*.mmdb")
    )
    return [pytest.param(path, id=path.name) for path in paths]


def opened_alone(path):
    """The database, or None where it cannot serve."""
    try:
        return Database(path)
    except UnusableError:
        return None


@pytest.mark.parametrize("path", corpus())
def test_a_database_places_nothing_that_it_does_not_name(folder, opened, ask, rows_of, path):
    shutil.copyfile(path, folder / path.name)
    if opened_alone(path) is None:
        with pytest.raises(GeoDataError, match=re.escape(path.name)) as caught:
            opened()
        assert caught.value.hint
        return
    geodata = opened()
    records = ask(geodata, *ADDRESSES)
    rows = rows_of(geodata, *({"src_ip": HOME, "dst_ip": text} for text in ADDRESSES))
    for found, row in zip(records, rows, strict=True):
        told = {country for each in found.witnesses for country in each.countries}
        assert {found.country, *found.candidates} - {None} <= told
        assert found.state in STATES
        assert (found.country is None) or path.name in found.basis
        if found.country != "VN":  # at home there is no peer to describe
            assert (row["peer_country"], row["geo_basis"]) == (found.country, found.basis) or (
                found.state == "not-applicable"
            )


@pytest.mark.parametrize("path", corpus())
def test_a_database_beside_a_good_one_is_left_out_or_leaves_the_good_one_its_say(
    folder, write_mmdb, opened, ask, problems, path
):
    write_mmdb("good.mmdb", {"9.0.0.0/8": {"country_code": "SG"}})
    shutil.copyfile(path, folder / f"x-{path.name}")
    (found,) = ask(opened(), GOOD)
    assert (found.country, found.basis) == ("SG", "good.mmdb")
    left_out = [each for each in problems if each.code == "geo-database-unusable"]
    if "bad-data" in path.parts:
        assert [each.source for each in left_out] == [str(folder / f"x-{path.name}")]
    assert all(each.hint for each in problems)


def test_a_broken_record_is_a_noted_doubt_and_its_address_has_no_country(
    write_mmdb, opened, rows_of, problems
):
    good = {f"9.0.{n}.0/24": {"country_code": "US", "n": n} for n in range(250)}
    path = write_mmdb("a.mmdb", good | {"8.0.0.0/8": {"country_code": "SG", "text": "break me"}})
    path.write_bytes(path.read_bytes().replace(b"break me", b"break\xff\xfee"))
    (row,) = rows_of(opened(), {"src_ip": HOME, "dst_ip": "8.8.8.8"})
    assert (row["geo_state"], row["peer_country"], row["crosses_border"]) == ("unknown", None, None)
    assert [each.code for each in problems] == ["geo-record-broken"]


@pytest.mark.parametrize("code", ["", "V", "VNM", "EU", "ZZ", "ＶＮ", 84, ["VN"], {"iso_code": 1}])
def test_a_country_that_is_none_places_nothing(write_mmdb, opened, rows_of, code):
    write_mmdb("a.mmdb", {"8.0.0.0/8": {"country_code": code, "asn": 64500}})
    (row,) = rows_of(opened(), {"src_ip": HOME, "dst_ip": "8.8.8.8"})
    assert (row["geo_state"], row["peer_country"], row["crosses_border"]) == ("unknown", None, None)
    assert row["peer_asn"] == 64500
