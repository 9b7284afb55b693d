"""Importing: forms told apart, days, builds beside one another, nothing doubled."""

from __future__ import annotations

from datetime import date

import pytest

from auditor.geo.ranges import PUBLISHERS
from auditor.geo.ranges.original import Original
from auditor.model.errors import GeoDataError


def feed(country="VN"):
    return f"203.0.113.0/24,{country},,,\n"


def aws(day, region="ap-southeast-1"):
    prefix = {
        "ip_prefix": "203.0.113.0/24",
        "region": region,
        "service": "S3",
        "network_border_group": region,
    }
    return {
        "syncToken": "1",
        "createDate": f"{day}-00-00-00",
        "prefixes": [prefix],
        "ipv6_prefixes": [],
    }


def names(tmp_path):
    return sorted(path.name for path in (tmp_path / "geoip" / "ranges").iterdir())


def test_the_same_file_again_changes_nothing_and_says_so(take, tmp_path):
    first = take("ip-ranges.json", aws("2026-06-17"))
    content = first.path.read_bytes()
    again = take("renamed.json", aws("2026-06-17"))
    assert (first.already, again.already, again.path) == (False, True, first.path)
    assert first.path.read_bytes() == content
    assert names(tmp_path) == ["aws-2026-06-17.ranges"]


def test_an_older_build_stays_beside_a_newer_one(take, tmp_path):
    take("new.json", aws("2026-06-17"))
    take("old.json", aws("2025-01-02"))
    assert names(tmp_path) == ["aws-2025-01-02.ranges", "aws-2026-06-17.ranges"]


def test_two_files_of_one_publisher_and_day_both_stay(take, tmp_path):
    take("ips-v4", "203.0.113.0/24\n", built=date(2026, 6, 1))
    take("ips-v6", "2001:db8::/32\n", built=date(2026, 6, 1))
    assert [name[:21] for name in names(tmp_path)] == ["cloudflare-2026-06-01"] * 2


def test_a_table_of_regions_that_knows_more_is_used_at_the_next_import(take, ask, regions):
    file = aws("2026-06-17", "xx-new-1")
    take("ip-ranges.json", file)
    assert ask("203.0.113.1")[0].countries == ()
    provider = regions.providers["aws"]
    more = provider.model_copy(update={"regions": {**provider.regions, "xx-new-1": "VN Hanoi"}})
    again = take("ip-ranges.json", file, regions=type(regions)({**regions.providers, "aws": more}))
    assert not again.already
    assert [said.countries for said in ask("203.0.113.1")] == [("VN",)]


def test_the_day_of_the_file_goes_before_that_of_the_user(take, noted):
    came = take("ip-ranges.json", aws("2026-06-17"), built=date(2026, 1, 1))
    assert came.origin.built == date(2026, 6, 17)
    assert [problem.code for problem in noted] == ["geo-ranges-day"]


def test_no_day_is_made_up(take, noted):
    came = take("feed.csv", feed())
    assert came.origin.built is None
    assert came.path.name.startswith("feed-undated-")
    assert [problem.code for problem in noted] == ["geo-ranges-day"]


def test_a_day_to_come_is_not_believed(take, noted):
    assert take("ip-ranges.json", aws("2031-01-01")).origin.built is None
    assert "a day to come" in noted[0].message
    with pytest.raises(GeoDataError, match="a day to come"):
        take("feed.csv", feed(), built=date(2031, 1, 1))


def test_the_user_can_name_the_publisher(take):
    came = take("x.csv", feed(), publisher="vnpt", built=date(2026, 6, 1))
    assert came.path.name == "vnpt-2026-06-01.ranges"


def test_a_publisher_that_is_known_is_the_operator(take, ask):
    take("x.csv", feed(), publisher="starlink", built=date(2026, 6, 1))
    assert ask("203.0.113.1")[0].operator == "Starlink"


@pytest.mark.parametrize("publisher", ["../x", "A B", "x" * 99, "a/b"])
def test_a_publisher_is_never_a_path(take, publisher):
    with pytest.raises(GeoDataError, match="no name of a publisher"):
        take("x.csv", feed(), publisher=publisher)


@pytest.mark.parametrize("content", ["hello world", '{"a": 1}', "<html>", "\x00\x01\x02", "[]"])
def test_a_file_in_no_known_form_is_refused_with_the_forms_that_are(take, content):
    with pytest.raises(GeoDataError, match="no form that is known") as caught:
        take("ip-ranges.json", content)
    assert "aws" in caught.value.hint


def test_a_form_the_user_names_is_tried_though_the_file_is_another(take):
    with pytest.raises(GeoDataError, match="range file of azure"):
        take("x.json", {"prefixes": []}, publisher="azure")


def test_shares_of_addresses_with_a_country_are_counted(take):
    came = take("feed.csv", "203.0.113.0/24,VN\n203.0.112.0/24,\n2001:db8::/32,SG\n")
    assert (came.four_ranges, came.six_ranges, came.four_addresses, came.placed) == (2, 1, 512, 256)


SAMPLES = {
    "aws": '{"syncToken": "1", "createDate": "2026-06-17-00-00-00", "prefixes": []}',
    "google": '{"syncToken": "1", "creationTime": "2026-06-15T04:04:04", "prefixes": []}',
    "azure": '{"changeNumber": 3, "cloud": "Public", "values": []}',
    "oracle": '{"last_updated_timestamp": "2026-06-01T10:11:12", "regions": []}',
    "cloudflare": '{"result": {"ipv4_cidrs": [], "ipv6_cidrs": []}, "success": true}',
    "fastly": '{"addresses": [], "ipv6_addresses": []}',
    "tor-exits": f"ExitNode {'0A' * 20}\nPublished 2026-06-16 10:26:52\n",
    "private-relay": "172.224.226.0/27,GB,GB-EN,London,\n",
    "anycast-census": "prefix,number_of_sites,backing_prefix\n203.0.113.0/24,67,203.0.112.0/23\n",
    "geofeed": "203.0.113.0/24,VN,VN-HN,Ha Noi,\n",
    "list": "203.0.113.0/24\n",
}


def test_every_form_knows_its_own_files_best(tmp_path):
    assert [form.name for form in PUBLISHERS] == list(SAMPLES)
    for name, content in SAMPLES.items():
        path = tmp_path / name.replace("tor", "t-r")
        path.write_text(content)
        original = Original(path)
        sure = {form.name: form.sniff(original) for form in PUBLISHERS}
        assert max(sure, key=sure.get) == name
        assert sorted(sure.values())[-2] < sure[name]
