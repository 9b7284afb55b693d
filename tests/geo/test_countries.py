import pytest

from auditor.geo import abroad, by_country, located
from auditor.model.flow_table import Stage, empty
from auditor.model.run import CountryTotal
from tests.geo.sources import databases_of

HOME = "203.162.4.191"


@pytest.fixture
def totals(world, problems, flows_of):
    """The totals of flows between pairs of addresses."""

    def of(*rows):
        flows = flows_of(
            *(
                {"src_ip": src, "dst_ip": dst, "src_payload": sent, "dst_payload": received}
                for src, dst, sent, received in rows
            )
        )
        geodata = databases_of(world, problems.append)
        return by_country([abroad(located(flows, geodata, "VN", []))])

    return of


def test_crossing_flows_are_summed_by_country_the_heaviest_first(totals):
    found = totals(
        (HOME, "8.8.8.8", 5, 1),
        ("8.8.8.9", HOME, 2, 10),
        (HOME, "118.189.1.1", 100, 7),
        (HOME, "2600::1", 1, 0),
        (HOME, "1.2.3.4", 1000, 1000),  # not known whether it crosses
        (HOME, "10.0.0.1", 1000, 1000),  # stays at home
        ("8.8.8.8", "118.189.1.1", 1000, 1000),  # never touches home
    )
    assert found == (
        CountryTotal("SG", flows=1, outbound_bytes=100, inbound_bytes=7, recipients=1),
        # 8.8.8.8 and 8.8.8.9 are one organisation; 2600::1 has none and counts by its address
        CountryTotal("US", flows=3, outbound_bytes=16, inbound_bytes=3, recipients=2),
    )


def test_countries_of_equal_weight_stand_by_code(totals):
    found = totals((HOME, "8.8.8.8", 5, 0), (HOME, "118.189.1.1", 5, 0))
    assert [total.country for total in found] == ["SG", "US"]


def test_unknown_bytes_count_as_nothing(totals):
    (found,) = totals((HOME, "8.8.8.8", None, None))
    assert (found.flows, found.outbound_bytes, found.inbound_bytes) == (1, 0, 0)
    assert found.unknown_flows == 1
    (found,) = totals((HOME, "8.8.8.8", None, None), (HOME, "8.8.8.9", 5, None))
    assert (found.flows, found.outbound_bytes, found.unknown_flows) == (2, 5, 1)


def test_sums_beyond_64_bits_do_not_turn_negative(totals):
    (found,) = totals(*((HOME, "8.8.8.8", 1 << 60, 1 << 60) for _ in range(9)))
    assert found.outbound_bytes == found.inbound_bytes == 9 << 60


def test_no_flows_give_no_countries():
    assert by_country([abroad(empty(Stage.GEO))]) == ()
