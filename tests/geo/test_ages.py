from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from auditor.geo.ages import old_databases
from auditor.geo.databases import open_databases
from auditor.geo.geodata import GeoData
from auditor.geo.statements import Statement

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Listed:
    """A list of ranges that says nothing."""

    licence = ""
    sha256 = "0" * 64
    statements = (Statement("geofeed", ("VN",)),)

    def __init__(self, name, built):
        self.name = name
        self.publisher = name.split("-")[0].removesuffix(".ranges")
        self.built = built

    def codes(self, addresses):
        return np.full(len(addresses), -1, dtype=np.int64)


@pytest.fixture
def of(world, problems):
    """Geo data with lists of these days."""
    databases = tuple(  # without those of today's
        each for each in open_databases(world, problems.append) if each.source.name == "none"
    )

    def made(**days):
        ranges = tuple(Listed(f"{name}.ranges", day) for name, day in days.items())
        return GeoData(databases, ranges)

    return made


def test_data_of_the_time_of_the_traffic_is_no_problem(of):
    assert old_databases(of(fresh=date(2026, 6, 17)), NOON, NOON + timedelta(days=3)) == []


def test_data_of_five_years_before_is_told_with_its_age(of):
    (problem,) = old_databases(of(stale=date(2021, 11, 22)), NOON, NOON)
    assert (problem.code, problem.source) == ("geo-database-old", "stale.ranges")
    assert "1,826 days (5.0 years) older" in problem.message
    assert "replay" in problem.hint


def test_data_of_years_after_is_told_too(of):
    (problem,) = old_databases(of(late=date(2026, 11, 22)), *(2 * [NOON.replace(year=2023)]))
    assert "1,096 days (3.0 years) newer" in problem.message


def test_the_limit_is_400_days(of):
    for days, count in ((399, 0), (401, 1)):
        built = (NOON - timedelta(days=days)).date()
        assert len(old_databases(of(one=built), NOON, NOON)) == count


def test_of_several_builds_only_those_that_decided_count(of):
    builds = {"a-2019-01-01": date(2019, 1, 1), "a-2026-10-01": date(2026, 10, 1)}
    assert old_databases(of(**builds), NOON, NOON) == []


def test_a_gap_between_two_builds_in_the_midst_of_the_traffic_is_found(of):
    builds = {"a-2019-01-01": date(2019, 1, 1), "a-2025-01-01": date(2025, 1, 1)}
    first, last = datetime(2019, 1, 2, tzinfo=UTC), datetime(2025, 1, 2, tzinfo=UTC)
    found = old_databases(of(**builds), first, last)
    assert [each.source for each in found] == ["a-2019-01-01.ranges", "a-2025-01-01.ranges"]
    assert "older" in found[0].message
    assert "newer" in found[1].message


def test_data_without_a_day_is_of_no_age(of):
    assert old_databases(of(timeless=None), NOON, NOON) == []


def test_traffic_that_claims_to_last_for_centuries_is_looked_at_quickly(of):
    first, last = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
    (problem,) = old_databases(of(one=date(2026, 1, 1)), first, last)
    assert problem.source == "one.ranges"
