from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.geo import GeoData
from auditor.geo.geodata import OLD
from auditor.geo.overrides import load_overrides
from auditor.geo.statements import Statement
from auditor.model.errors import GeoDataError
from tests.geo.sources import Ranges

HOME, PEER = "10.0.0.1", "8.8.8.8"


def ns(moment):
    return int(moment.timestamp()) * 10**9


def at(year, month=1, day=1, hour=0):
    return ns(datetime(year, month, day, hour, tzinfo=UTC))


@pytest.fixture
def builds(write_mmdb, opened):
    """A geo data folder with builds of one database, each giving its own country."""

    def of(*days, name="country-{}.mmdb"):
        for day, country in days:
            text = day.isoformat() if day else country.lower()
            write_mmdb(name.format(text), {"8.8.8.0/24": {"country_code": country}}, built=day)
        return opened()

    return of


def countries(geodata, rows_of, *starts):
    flows = [{"src_ip": HOME, "dst_ip": PEER, "start": start, "end": start} for start in starts]
    rows = rows_of(geodata, *flows)
    assert [row["flow_id"] for row in rows] == list(range(1, len(starts) + 1))
    assert [int(row["start"].value) for row in rows] == list(starts)
    return [row["peer_country"] for row in rows]


def test_the_build_nearest_to_each_flow_decides_and_flows_keep_their_order(builds, rows_of):
    geodata = builds((date(2024, 1, 1), "US"), (date(2025, 1, 1), "SG"), (date(2026, 1, 1), "JP"))
    found = countries(
        geodata, rows_of,
        at(2026, 6), at(2024, 2), at(2025, 1), at(2025, 12), at(2024, 12), at(2023, 6), at(2024, 2),
    )  # fmt: skip
    assert found == ["JP", "US", "SG", "JP", "SG", "US", "US"]


def test_between_two_builds_that_are_equally_near_the_older_decides(builds, rows_of):
    geodata = builds((date(2026, 1, 1), "US"), (date(2026, 1, 3), "SG"))
    found = countries(geodata, rows_of, at(2026, 1, 2) - 1, at(2026, 1, 2), at(2026, 1, 2) + 1)
    assert found == ["US", "US", "SG"]


def test_one_build_is_one_edition_however_long_the_traffic(builds):
    geodata = builds((date(2026, 1, 1), "US"))
    editions, codes = geodata.editions(np.array([at(2026, 1), at(2025, 6), at(2026, 12)]))
    assert len(editions) == 1
    assert codes.tolist() == [0, 0, 0]
    ((_, origin),) = editions[0].databases
    assert (origin.name, origin.built, origin.old) == (
        "country-2026-01-01.mmdb",
        date(2026, 1, 1),
        False,
    )


def test_the_basis_names_the_build_that_decided(builds, rows_of):
    geodata = builds((date(2024, 1, 1), "US"), (date(2026, 1, 1), "JP"))
    starts = [at(2024), at(2026)]
    flows = [{"src_ip": HOME, "dst_ip": PEER, "start": start, "end": start} for start in starts]
    assert [row["geo_basis"] for row in rows_of(geodata, *flows)] == [
        "country-2024-01-01.mmdb 2024-01-01",
        "country-2026-01-01.mmdb 2026-01-01",
    ]


@pytest.mark.parametrize(
    ("away", "certainty"),
    [
        (OLD - timedelta(seconds=1), "likely"),
        (OLD, "weak"),
        (-OLD + timedelta(seconds=1), "likely"),
        (-OLD, "weak"),
        (timedelta(days=5 * 365), "weak"),
        (timedelta(0), "likely"),
    ],
)
def test_data_far_from_the_time_of_the_traffic_is_weak(builds, rows_of, away, certainty):
    geodata = builds((date(2020, 1, 1), "US"))
    start = ns(datetime(2020, 1, 1, tzinfo=UTC) + away)
    (row,) = rows_of(geodata, {"src_ip": HOME, "dst_ip": PEER, "start": start, "end": start})
    assert (row["peer_country"], row["geo_certainty"]) == ("US", certainty)


def test_a_build_without_a_day_decides_where_no_other_is_dated(builds, rows_of, write_mmdb, opened):
    geodata = builds((None, "US"))
    assert countries(geodata, rows_of, at(2001), at(2026)) == ["US", "US"]
    write_mmdb(
        "country-2026.01.mmdb", {"8.8.8.0/24": {"country_code": "SG"}}, built=date(2026, 1, 1)
    )
    write_mmdb("country.mmdb", {"8.8.8.0/24": {"country_code": "JP"}})
    both = opened()
    ((_, origin), *_) = both.at(datetime(2001, 1, 1, tzinfo=UTC)).databases
    assert origin.name == "country-2026.01.mmdb"  # better far than of an unknown day


def test_databases_of_different_kinds_are_no_builds_of_one_another(write_mmdb, opened):
    record = {"8.8.8.0/24": {"country_code": "US"}}
    write_mmdb("a_20250101.mmdb", record, kind="City", built=date(2025, 1, 1))
    write_mmdb("a_20260101.mmdb", record, kind="Country", built=date(2026, 1, 1))
    assert len(opened().newest().databases) == 2


@pytest.mark.parametrize(
    ("names", "together"),
    [
        (("GeoLite2-City_20250107.mmdb", "GeoLite2-City_20260106.mmdb"), True),
        (("dbip-country-lite-2025-01.mmdb", "dbip-country-lite-2026-01.mmdb"), True),
        (("country.mmdb", "country-2025.mmdb"), False),  # a year is no day
        (("country.mmdb", "country-2025-06.mmdb"), True),
        (("2025-01-01 country.mmdb", "2026-01-01 country.mmdb"), True),
        (("AS20940.mmdb", "AS20473.mmdb"), False),
        (("as201941.mmdb", "as202040.mmdb"), False),  # no month has these numbers
        (("as200712.mmdb", "as201003.mmdb"), False),  # a number that goes on from letters
        (("x-120250101.mmdb", "x-120260101.mmdb"), False),  # inside a longer number
        (("x-20250101.mmdb", "y-20260101.mmdb"), False),
    ],
)
def test_builds_of_one_database_are_told_by_the_day_in_their_names(
    write_mmdb, opened, names, together
):
    for number, name in enumerate(names):
        write_mmdb(name, {"8.8.8.0/24": {"country_code": "US"}}, built=date(2025 + number, 1, 1))
    newest = opened().newest().databases
    assert len(newest) == (1 if together else 2)
    assert newest[-1][0].database.name in names
    if together:
        assert newest[0][1].built == date(2026, 1, 1)


def test_lists_of_ranges_have_builds_as_well(rows_of):
    days = [date(1, 1, 1), date(2025, 1, 1), date(2026, 1, 1), date(9999, 12, 31)]
    ranges = tuple(
        Ranges(f"ip-ranges-{day.year:04}-01-01.json",
               {"8.8.8.0/24": Statement("cloud", (country,))}, built=day, publisher="aws")
        for day, country in zip(days, ["US", "SG", "JP", "DE"], strict=True)
    )  # fmt: skip
    named = (*ranges[1:3],)
    geodata = GeoData((), ranges=named)
    assert countries(geodata, rows_of, at(2026), at(2025), at(2024)) == ["JP", "SG", "SG"]


def test_builds_of_the_first_and_the_last_year_break_nothing(rows_of):
    told = {"8.8.8.0/24": Statement("geofeed", ("US",))}
    for day in (date(1, 1, 1), date(9999, 12, 31)):
        geodata = GeoData((), ranges=(Ranges("a.csv", told, built=day),))
        flows = [{"src_ip": HOME, "dst_ip": PEER, "start": start, "end": start}
                 for start in (at(2026), -(1 << 62), (1 << 62))]  # fmt: skip
        rows = rows_of(geodata, *flows)
        assert [row["peer_country"] for row in rows] == ["US"] * 3
        assert rows[0]["geo_certainty"] == "weak"


DAYS = st.lists(st.dates(), min_size=1, max_size=5, unique=True)
MOMENTS = st.lists(st.integers(-(1 << 63) + 1, (1 << 63) - 1), max_size=20)


@given(DAYS, MOMENTS)
@settings(deadline=None)
def test_the_editions_of_many_flows_are_those_of_each_flow_alone(days, moments):
    ranges = tuple(
        Ranges(f"a{number}.csv", {}, built=day, publisher="a")
        for number, day in enumerate(days, start=1)
    )
    geodata = GeoData((), ranges=ranges)
    starts = np.array(moments, dtype=np.int64)
    editions, codes = geodata.editions(starts)
    limit = 1 << 62
    for moment, code in zip(moments, codes.tolist(), strict=True):
        ((source, origin),) = editions[code].ranges
        nanoseconds = {
            day: max(-limit, min(limit, (day - date(1970, 1, 1)).days * 86_400 * 10**9))
            for day in sorted(days)
        }
        nearest = min(nanoseconds, key=lambda day: abs(nanoseconds[day] - moment))
        assert source.built == nearest
        far = abs(nanoseconds[nearest] - moment) >= OLD.days * 86_400 * 10**9
        assert origin.old == far


def test_an_empty_folder_is_an_error_and_never_a_default_country(opened):
    with pytest.raises(GeoDataError, match="no usable geo database"):
        opened()


def test_nothing_known_at_all_leaves_every_place_unknown(rows_of):
    (row,) = rows_of(GeoData(()), {"src_ip": HOME, "dst_ip": PEER})
    assert (row["geo_state"], row["geo_rule"], row["peer_country"], row["crosses_border"]) == (
        "unknown",
        "none",
        None,
        None,
    )


@pytest.mark.parametrize(
    ("kinds", "certainty"),
    [
        (("GeoLite2-Country", "DBIP-Country-Lite"), "firm"),
        (("GeoIP2-City", "ipinfo standard_location.mmdb"), "firm"),
        (("GeoLite2-Country", "GeoLite2-City"), "likely"),
        (("GeoLite2-Country", "GeoIP2-City"), "likely"),
        (("GeoLite2-Country", "country ipvAll"), "likely"),
        (("Mine", "Yours"), "likely"),
    ],
)
def test_only_databases_of_two_known_makers_are_firm(write_mmdb, opened, rows_of, kinds, certainty):
    for number, kind in enumerate(kinds):
        write_mmdb(f"{number}.mmdb", {"8.8.8.0/24": {"country_code": "US"}}, kind=kind)
    (row,) = rows_of(opened(), {"src_ip": HOME, "dst_ip": PEER})
    assert (row["peer_country"], row["geo_certainty"]) == ("US", certainty)


def test_an_override_decides_about_the_flows_until_its_last_day_in_vietnam(
    builds, rows_of, folder, problems
):
    text = """
overrides:
  - {network: 8.8.8.0/24, country: FR, author: An, date: 2025-01-01, reason: r, until: 2025-06-30}
"""
    (folder / "overrides.yaml").write_text(text, encoding="utf-8")
    stated = load_overrides(folder / "overrides.yaml", date(2026, 1, 1), problems.append)
    geodata = replace(builds((date(2025, 6, 1), "US")), overrides=stated)
    last = at(2025, 6, 30, 17)  # midnight in Vietnam
    found = countries(geodata, rows_of, at(2025, 2), last - 1, last, at(2025, 9), at(2024, 12, 1))
    assert found == ["FR", "FR", "US", "US", "FR"]
    assert geodata.newest().overrides.statements == ()
