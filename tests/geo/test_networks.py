import numpy as np
import pytest

from auditor.geo.database import Database, UnusableError
from auditor.geo.networks import blocks, contents

OWNERS = {
    "198.51.0.0/16": {"autonomous_system_number": 64500},
    "2001:db8::/32": {"autonomous_system_number": 64501},
}
PLACES = {
    "198.51.0.0/17": {"country_code": "VN"},
    "198.51.128.0/18": {"country_code": "SG"},
    "203.0.113.0/24": {"country_code": "US"},
    "2001:db8:1::/48": {"country_code": "JP"},
}


@pytest.fixture
def pair(write_mmdb):
    return Database(write_mmdb("owners.mmdb", OWNERS)), Database(write_mmdb("places.mmdb", PLACES))


def sizes(found, second):
    """Prefix lengths of blocks by what the second database says of them."""
    told = [
        answer.country if place >= 0 else None
        for place, answer in zip(
            found.second.tolist(),
            second.answers_at(np.maximum(found.second, 0).tolist()),
            strict=True,
        )
    ]
    return sorted(zip(told, found.bits.tolist(), strict=True), key=str)


def test_blocks_are_cut_where_the_second_database_changes(pair):
    found = blocks(*pair, 4)
    assert sizes(found, pair[1]) == [("SG", 18), ("VN", 17), (None, 18)]


def test_blocks_of_ipv6_are_without_the_ipv4_addresses_in_their_tree(pair):
    found = blocks(*pair, 6)
    told = sizes(found, pair[1])
    assert ("JP", 48) in told
    # a /32 without one /48: the sixteen other halves on the way
    assert sorted(bits for country, bits in told if country is None) == list(range(33, 49))


def test_a_database_of_ipv4_alone_has_no_blocks_of_ipv6(write_mmdb):
    four = Database(
        write_mmdb("four.mmdb", {"198.51.0.0/16": {"country_code": "VN"}}, ip_version=4)
    )
    assert len(blocks(four, four, 6).bits) == 0
    assert len(blocks(four, four, 4).bits) == 1


def test_everything_in_a_database_is_counted(pair):
    held = contents(pair[0])
    assert (held.four, held.six, held.records, held.broken) == (1, 1, 2, 0)


def test_a_search_tree_that_leads_back_into_itself_ends_in_an_error(pair):
    database = pair[0]
    entries = database.tree.entries
    loop = database.tree.four
    entries[2 * loop : 2 * loop + 2] = loop  # the tree is read-only nowhere: as a crafted file
    with pytest.raises(UnusableError, match="lead back"):
        blocks(database, database, 4)
