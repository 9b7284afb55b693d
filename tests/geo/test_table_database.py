from datetime import UTC, datetime

import pytest

from auditor.geo.addresses import numbered
from auditor.geo.database import Database
from auditor.geo.table_database import mmdb_of
from auditor.model.errors import InputError

BUILT = datetime(2026, 6, 17, tzinfo=UTC)


def written(folder, text):
    path = folder / "table.csv"
    path.write_text(text)
    return path


def answers(folder, content, *addresses):
    path = folder / "made.mmdb"
    path.write_bytes(content)
    database = Database(path)
    assert database.built == BUILT
    places = database.places(numbered(addresses)).tolist()
    return [database.answers_at([place])[0] if place >= 0 else None for place in places]


def test_a_table_of_countries_becomes_a_database(tmp_path):
    table = written(tmp_path, "198.51.100.0,198.51.100.130,sg\n2001:db8::,2001:db8::ffff,JP\n\n")
    made = mmdb_of(table, "country", BUILT)
    assert (made.networks, made.records) == (2, 2)
    addresses = ("198.51.100.130", "198.51.100.131", "2001:db8::ffff", "2001:db8::1:0")
    inside, outside, six, beyond = answers(tmp_path, made.content, *addresses)
    assert (inside.country, outside, six.country, beyond) == ("SG", None, "JP", None)


def test_a_table_of_network_owners_becomes_a_database(tmp_path):
    table = written(
        tmp_path, '198.51.100.0,198.51.100.255,AS64500,"Công ty, TNHH"\n192.0.2.0,192.0.2.0,1,\n'
    )
    made = mmdb_of(table, "asn", BUILT)
    one, other = answers(tmp_path, made.content, "198.51.100.9", "192.0.2.0")
    assert (one.asn, one.org) == (64500, "Công ty, TNHH")
    assert (other.asn, other.org) == (1, None)


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        ("country", "", "it is empty"),
        ("country", "198.51.100.0,198.51.100.255\n", "line 1: 2 fields, not 3"),
        ("country", "198.51.100.0,198.51.100.255,Atlantis\n", "'Atlantis' is no country"),
        ("country", "198.51.100.9,198.51.100.1,SG\n", "is no range"),
        ("country", "198.51.100.9,2001:db8::,SG\n", "is no range"),
        ("country", "start,end,country\n", "line 1: 'start'"),
        ("country", "1.0.0.0,1.0.0.9,SG\n1.0.0.9,1.0.0.9,JP\n", "line 2: overlaps the range of"),
        ("asn", "1.0.0.0,1.0.0.9,0,x\n", "'0' is no AS number"),
        ("asn", "1.0.0.0,1.0.0.9,4294967296,x\n", "is no AS number"),
        ("asn", f"1.0.0.0,1.0.0.9,{'9' * 5000},x\n", "is no AS number"),
        ("asn", "1.0.0.0,1.0.0.9,٣,x\n", "is no AS number"),
        ("country", '1.0.0.0,"1.0.0', "cannot be read"),
    ],
)  # fmt: skip
def test_mistakes_are_told_with_their_lines(tmp_path, kind, text, said):
    with pytest.raises(InputError, match=said):
        mmdb_of(written(tmp_path, text), kind, BUILT)


def test_many_mistakes_are_told_in_part(tmp_path):
    with pytest.raises(InputError) as caught:
        mmdb_of(written(tmp_path, "x\n" * 1000), "country", BUILT)
    assert caught.value.message.count("line ") == 20


def test_what_is_no_text_is_refused(tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="cannot be read"):
        mmdb_of(path, "country", BUILT)
    with pytest.raises(InputError, match="cannot be read"):
        mmdb_of(tmp_path / "none.csv", "country", BUILT)
