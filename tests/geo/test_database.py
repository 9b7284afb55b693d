import os
from datetime import UTC, date, datetime
from ipaddress import ip_address
from pathlib import Path

import maxminddb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from auditor.geo import database as database_module
from auditor.geo.addresses import numbered
from auditor.geo.database import MOST_BROKEN, Database, UnusableError
from auditor.geo.records import NOTHING, Answer, answer_in

CORPUS = os.environ.get("AUDITOR_CORPUS")
NO_CORPUS = "AUDITOR_CORPUS is unset: it names the folder with MaxMind's test databases (mmdb/)"


def corpus(*folders):
    if not CORPUS:
        return [pytest.param(None, marks=pytest.mark.skip(reason=NO_CORPUS))]
    root = Path(CORPUS) / "mmdb"
    paths = sorted(path for folder in folders for path in (root / folder).rglob("*.mmdb"))
    return [pytest.param(path, id=path.name) for path in paths]


def opened(path):
    """The database, or None where it is refused; anything else it raises is a mistake."""
    try:
        return Database(path)
    except UnusableError:
        return None


def answers_of(database, texts):
    return database.answers_at(database.places(numbered(texts)).tolist())


@pytest.mark.parametrize(
    ("record_bits", "node", "left", "right"),
    [
        (24, "abcdef 123456", 0xABCDEF, 0x123456),
        (28, "abcdef 12 345678", 0x1ABCDEF, 0x2345678),
        (28, "abcdef f0 345678", 0xFABCDEF, 0x0345678),
        (32, "abcdef01 23456789", 0xABCDEF01, 0x23456789),
    ],
)
def test_a_node_is_read_as_the_format_lays_it_out(record_bits, node, left, right):
    content = bytes.fromhex(node) * 2 + bytes(16)
    found = database_module._tree(content, 2, record_bits)
    assert found.tolist() == [left, right, left, right]


@pytest.mark.parametrize("ip_version", [4, 6])
def test_each_address_gets_the_record_of_its_narrowest_network(write_mmdb, ip_version):
    records = {
        "1.0.0.0/8": {"country_code": "US"},
        "1.2.0.0/16": {"country_code": "SG"},
        "1.2.3.4/32": {"country_code": "VN"},
        "223.255.255.255/32": {"country_code": "JP"},
    }
    database = Database(write_mmdb("a.mmdb", records, ip_version=ip_version))
    texts = ["1.9.9.9", "1.2.9.9", "1.2.3.4", "1.2.3.5", "223.255.255.255", "2.0.0.0", "0.0.0.1"]
    found = [answer.country for answer in answers_of(database, texts)]
    assert found == ["US", "SG", "VN", "SG", "JP", None, None]


def test_ipv6_addresses_are_found_and_an_ipv4_database_has_none_of_them(write_mmdb):
    record = {"country_code": "US"}
    six = Database(write_mmdb("6.mmdb", {"2600::/16": record, "2001:dc8::1/128": record}))
    four = Database(write_mmdb("4.mmdb", {"1.0.0.0/8": record}, ip_version=4))
    texts = ["2600:ffff::1", "2001:dc8::1", "2001:dc8::2", "2601::"]
    assert [answer.country for answer in answers_of(six, texts)] == ["US", "US", None, None]
    assert answers_of(four, texts) == [NOTHING] * 4


def test_no_addresses_get_no_places(write_mmdb):
    database = Database(write_mmdb("a.mmdb", {"1.0.0.0/8": {"country_code": "US"}}))
    assert database.places(numbered([])).tolist() == []


def test_the_metadata_are_told(write_mmdb):
    path = write_mmdb(
        "a.mmdb", {"1.0.0.0/8": {"country_code": "US"}}, "My\x1b[2J Type", built=date(2026, 6, 17)
    )
    database = Database(path)
    assert database.kind == "My [2J Type"
    assert database.built is not None
    assert database.built.tzinfo is UTC
    assert (database.name, len(database.sha256)) == ("a.mmdb", 64)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        pytest.param(lambda content: b"", "not an MMDB file", id="empty"),
        pytest.param(lambda content: content[: len(content) // 2], "its end is missing", id="half"),
        pytest.param(lambda content: content[:-20], "metadata", id="metadata cut"),
        pytest.param(lambda content: content[300:], "damaged", id="beginning lost"),
        pytest.param(
            lambda content: b"\x1f\x8b" + content[2:], "outside its data", id="first node"
        ),
        pytest.param(lambda content: b"plain text\n" * 100, "not an MMDB file", id="text"),
    ],
)
def test_a_damaged_file_is_refused_with_its_reason(write_mmdb, damage, message):
    records = {f"{n}.0.0.0/8": {"country_code": "US", "name": f"net {n}"} for n in range(1, 99)}
    path = write_mmdb("a.mmdb", records)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(UnusableError, match=message) as caught:
        Database(path)
    assert caught.value.hint


def test_a_folder_named_like_a_database_is_refused(folder):
    (folder / "a.mmdb").mkdir()
    with pytest.raises(UnusableError, match="cannot be read"):
        Database(folder / "a.mmdb")


def test_a_database_without_anything_known_is_refused(write_mmdb):
    with pytest.raises(UnusableError, match="neither countries nor network owners"):
        Database(write_mmdb("a.mmdb", {"1.0.0.0/8": {"domain": "example.vn"}}))


def test_an_impossible_build_time_is_no_time(folder):
    class Writer(MMDBWriter):
        def _build_meta(self):
            return {**super()._build_meta(), "build_epoch": (1 << 64) - 1}

    writer = Writer(ip_version=4)
    writer.insert_network(IPSet(["1.0.0.0/8"]), {"country_code": "US"})
    writer.to_db_file(str(folder / "a.mmdb"))
    assert Database(folder / "a.mmdb").built is None


def test_a_possible_build_time_is_utc(write_mmdb):
    records = {"1.0.0.0/8": {"country_code": "US"}}
    built = Database(write_mmdb("a.mmdb", records, built=date(2026, 6, 17))).built
    assert built == datetime(2026, 6, 17, tzinfo=UTC)


@pytest.fixture
def partly_broken(write_mmdb):
    """Many good records, and 100 whose text is not UTF-8; the addresses of the broken ones."""
    good = {f"9.{n >> 8}.{n & 255}.0/24": {"country_code": "US", "n": n} for n in range(3000)}
    bad = {f"7.0.{n}.0/24": {"country_code": "SG", "text": f"break me {n:03}"} for n in range(100)}
    path = write_mmdb("a.mmdb", good | bad)
    path.write_bytes(path.read_bytes().replace(b"break me", b"break\xff\xfee"))
    return path, [f"7.0.{n}.1" for n in range(100)]


def test_broken_records_say_nothing_are_counted_and_leave_the_others_alone(partly_broken):
    path, broken = partly_broken
    database = Database(path)
    assert answers_of(database, [broken[0], "9.0.5.1", broken[1]]) == [
        NOTHING,
        Answer("US"),
        NOTHING,
    ]
    assert database.broken == 2
    assert answers_of(database, broken[:2]) == [NOTHING, NOTHING]
    assert database.broken == 2  # known to be broken: not counted again


def test_a_lookup_stops_reading_a_database_that_keeps_breaking(partly_broken):
    path, broken = partly_broken
    database = Database(path)
    assert answers_of(database, [*broken, "9.0.5.1"]) == [NOTHING] * 101
    assert database.broken == MOST_BROKEN


def test_a_record_that_unfolds_to_millions_of_values_is_broken(folder):
    # Each level is an array of 20 pointers to the level below: 20 ** 5 values from few bytes.
    bomb: object = "x"
    for _ in range(5):
        bomb = [bomb] * 20
    writer = MMDBWriter(ip_version=4)
    for n in range(1, 10):
        writer.insert_network(IPSet([f"{n}.0.0.0/8"]), {"country_code": "US", "n": n})
    writer.insert_network(IPSet(["100.0.0.0/8"]), {"country_code": "US", "bomb": bomb})
    path = folder / "a.mmdb"
    writer.to_db_file(str(path))
    assert path.stat().st_size < 10_000
    database = Database(path)
    assert answers_of(database, ["100.1.1.1", "5.1.1.1"]) == [NOTHING, Answer("US")]
    assert database.broken == 1


def test_a_record_far_larger_than_any_honest_one_is_broken(write_mmdb):
    good = {f"{n}.0.0.0/8": {"country_code": "US", "n": n} for n in range(1, 10)}
    heavy = {"country_code": "US", "list": list(range(10_000))}
    database = Database(write_mmdb("a.mmdb", good | {"100.0.0.0/8": heavy}))
    assert answers_of(database, ["100.1.1.1", "5.1.1.1"]) == [NOTHING, Answer("US")]
    assert database.broken == 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    flips=st.lists(st.tuples(st.integers(0, 1 << 30), st.integers(0, 255)), min_size=1, max_size=8)
)
def test_a_database_with_any_bytes_changed_answers_or_is_refused(write_mmdb, folder, flips):
    original = folder / "original.mmdb"
    if not original.exists():
        nested = {
            "country": {"iso_code": "US", "names": {"en": "United States"}},
            "traits": {"isp": "I"},
        }
        records = {f"{n}.0.0.0/8": {**nested, "asn": n} for n in range(1, 60)}
        write_mmdb(original.name, {**records, "2600::/16": nested})
    content = bytearray(original.read_bytes())
    for where, value in flips:
        content[where % len(content)] = value
    path = folder / "changed.mmdb"
    path.write_bytes(content)
    database = opened(path)
    if database is None:
        return
    found = answers_of(database, ["1.1.1.1", "59.0.0.1", "2600::1", "8.8.8.8", "255.1.1.1"])
    assert all(isinstance(answer, Answer) for answer in found)


@pytest.mark.parametrize("path", corpus("bad-data", "test-data"))
def test_no_database_of_the_corpus_crashes_or_hangs(path):
    database = opened(path)
    if database is None:
        return
    texts = [f"{n}.{n}.{n}.{n}" for n in range(256)] + [
        f"{n:x}::{n:x}" for n in range(0, 65536, 97)
    ]
    assert len(answers_of(database, texts)) == len(texts)


@pytest.mark.parametrize("path", corpus("bad-data"))
def test_every_bad_database_of_the_corpus_is_refused(path):
    with pytest.raises(UnusableError):
        Database(path)


@pytest.mark.parametrize("path", corpus("test-data"))
def test_known_shapes_of_the_corpus_answer_as_maxminds_reader_does(path):
    known = ("City-Shield", "City-Test", "Country", "Enterprise", "ISP", "ASN")
    if any(word in path.name for word in ("Anonymous", "IP-Risk")):
        return  # the test below: their networks cannot be listed with maxminddb
    if (
        not any(word in path.name for word in known)
        or "Broken" in path.name
        or "Invalid" in path.name
    ):
        with pytest.raises(UnusableError):
            Database(path)
        return
    database = Database(path)
    with maxminddb.open_database(path, maxminddb.MODE_MEMORY) as reader:
        texts = []
        for network, _ in reader:
            last = network.network_address + (network.num_addresses - 1)
            texts += [str(network.network_address), str(last)]
        expected = [answer_in(reader.get(ip_address(text))) for text in texts]
    assert answers_of(database, texts) == expected
    assert any(answer != NOTHING for answer in expected)


@pytest.mark.parametrize("path", corpus("test-data"))
def test_databases_of_anonymous_addresses_answer_as_maxminds_reader_does(path):
    if not any(word in path.name for word in ("Anonymous", "IP-Risk")):
        return
    texts = [f"{a}.{b}.{c}.1" for a in (1, 6, 11, 65, 71, 81, 186) for b in range(256)
             for c in (0, 69, 223, 236)]  # fmt: skip
    texts += ["abcd:1000::1", "abcd:1001::", "::1.124.213.1"]
    with maxminddb.open_database(path, maxminddb.MODE_MEMORY) as reader:
        expected = [answer_in(reader.get(ip_address(text))) for text in texts]
    assert answers_of(Database(path), texts) == expected
    if "Anonymous" in path.name:
        assert {answer.relay for answer in expected} >= {"vpn", None}


def test_a_file_larger_than_the_limit_is_refused_before_it_is_read(write_mmdb, monkeypatch):
    path = write_mmdb("a.mmdb", {"1.0.0.0/8": {"country_code": "US"}})
    monkeypatch.setattr(database_module, "MOST_BYTES", 10)
    with pytest.raises(UnusableError, match="larger than"):
        Database(path)
