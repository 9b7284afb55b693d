from __future__ import annotations

import json
import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from auditor.geo.distances import FARTHEST, Distances
from auditor.model.countries import NAMES
from auditor.model.errors import GeoDataError

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "geoip" / "distances.csv"
NO_LAND = {"EU", "AP"}

# Hà Nội to capitals and cities by any atlas, in km: a country is never farther away than that.
FROM_HANOI = {
    "SG": 2210, "JP": 3680, "KR": 2740, "HK": 880, "TW": 1680, "TH": 990, "PH": 1750, "ID": 3050,
    "AU": 4900, "IN": 2300, "DE": 8360, "FR": 9240, "GB": 9260, "NL": 8880, "US": 11500,
}  # fmt: skip


@pytest.fixture(scope="module")
def shipped() -> Distances:
    return Distances.load(SHIPPED)


def test_neighbours_and_home_are_not_away(shipped):
    assert [shipped.km(code) for code in ("VN", "LA", "KH", "CN")] == [0, 0, 0, 0]


def test_distances_are_those_of_an_atlas(shipped):
    assert 40 < shipped.km("TH") < 110
    assert 600 < shipped.km("SG") < 850  # Cà Mau to Singapore
    assert 500 < shipped.km("HK") < 650
    assert 1200 < shipped.km("JP") < 1500  # the southernmost islands of Okinawa
    assert 7500 < shipped.km("DE") < 8200
    for code, most in FROM_HANOI.items():
        assert shipped.km(code) < most, code


def test_a_country_is_as_near_as_the_nearest_of_its_territories(shipped):
    assert shipped.km("US") == shipped.km("GU") > 2000
    assert shipped.km("AU") <= shipped.km("CX")
    assert shipped.km("GB") <= shipped.km("IO")
    assert shipped.km("FR") <= min(shipped.km("RE"), shipped.km("NC"))
    assert shipped.km("GU") < shipped.km("PR")


def test_every_country_with_land_has_a_distance(shipped):
    assert set(shipped.kilometres) == set(NAMES) - NO_LAND
    assert all(0 <= each <= FARTHEST for each in shipped.kilometres.values())


def test_what_is_no_country_has_no_distance(shipped):
    assert shipped.km(None) is None and shipped.km("EU") is None and shipped.km("us") is None
    found = shipped.of(["LA", None, "EU", "US"])
    assert found[0] == 0 and found[3] == shipped.km("US")
    assert np.isnan(found[1:3]).all()


def test_the_shipped_file_tells_its_source(shipped):
    assert shipped.source.startswith("Natural Earth 4.1.0")
    assert len(shipped.sha256) == 64


@pytest.mark.parametrize(
    ("content", "place", "said"),
    [
        (b"", "", "holds no distances"),
        (b"country,km\n", "", "holds no distances"),
        (b"SG,780\n", ":1", "first line"),
        (b"# words\nkm,country\nSG,780\n", ":2", "first line"),
        (b"country,km\nSG,780\nSG,781\n", ":3", "stands twice"),
        (b"country,km\nsg,780\n", ":2", "no country and distance"),
        (b"country,km\nSG,-1\n", ":2", "no country and distance"),
        (b"country,km\nSG,007\n", ":2", "no country and distance"),
        (b"country,km\nSG,99999\n", ":2", "no country and distance"),
        (b"country,km\nSG,7e2\n", ":2", "no country and distance"),
        ("country,km\nSG,\u0667\n".encode(), ":2", "no country and distance"),
        (b"country,km\n\xff\xfe\n", "", "cannot be read"),
        (b"country,km\n" + b"#" * 70_000, "", "larger than"),
    ],
)
def test_another_form_is_refused_with_its_place(tmp_path, content, place, said):
    path = tmp_path / "distances.csv"
    path.write_bytes(content)
    with pytest.raises(GeoDataError) as raised:
        Distances.load(path)
    assert said in raised.value.message
    assert raised.value.place == f"{path}{place}"
    assert "outlines.py" in raised.value.hint


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(GeoDataError, match="cannot be read"):
        Distances.load(tmp_path / "distances.csv")


# The map comes from the same outlines.


@pytest.fixture(scope="module")
def world() -> dict:
    return json.loads((ROOT / "auditor" / "report" / "world.json").read_text(encoding="utf-8"))


def test_the_map_has_a_point_inside_its_box_for_every_country(world):
    assert set(world["points"]) == set(NAMES) - NO_LAND - {"AQ"}
    for x, y in world["points"].values():
        assert 0 <= x <= world["width"] and 0 <= y <= world["height"]
    assert (ROOT / "auditor" / "report" / "world.json").stat().st_size < 80_000


def test_the_map_draws_both_archipelagos_as_vietnams(world):
    hoang_sa, truong_sa = world["islands"]
    assert "Hoàng Sa" in hoang_sa["vi"] and "Trường Sa" in truong_sa["vi"]
    x, y = world["points"]["VN"]
    for one in (hoang_sa, truong_sa):
        assert one["country"] == "VN" and "Việt Nam" in one["vi"] and len(one["marks"]) >= 5
        for mark in one["marks"]:
            assert mark[0] > x and mark[1] > y  # south-east of the mainland's middle
            assert math.dist(mark, (x, y)) < 120


def test_no_other_country_is_drawn_where_the_archipelagos_are(world):
    marks = [mark for one in world["islands"] for mark in one["marks"]]
    for code, path in world["countries"].items():
        if code == "VN":
            continue
        for part in path.split("M")[1:]:
            corners = _corners(part)
            middle = [sum(axis) / len(axis) for axis in zip(*corners, strict=True)]
            wide = max(math.dist(one, middle) for one in corners)
            assert wide > 8 or all(math.dist(middle, mark) > 6 for mark in marks), code


def test_the_lines_of_the_map_stay_in_its_box_and_do_not_cross_it(world):
    for code, path in world["countries"].items():
        for part in path.split("M")[1:]:
            corners = _corners(part)
            assert all(-1 <= x <= world["width"] + 1 for x, _ in corners), code
            assert all(math.dist(*two) < world["width"] / 4 for two in pairwise(corners)), code


def _corners(part: str) -> list[tuple[int, int]]:
    begin, steps = part.rstrip("z").split("l")
    x, y = map(int, begin.split())
    corners = [(x, y)]
    numbers = [int(each) for each in steps.replace("-", " -").split()]
    for right, down in zip(numbers[::2], numbers[1::2], strict=True):
        x, y = x + right, y + down
        corners.append((x, y))
    return corners
