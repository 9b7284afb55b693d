"""Geofeeds, relays, Tor exits and anycast lists."""

from __future__ import annotations

import gzip
import io
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from auditor.model.errors import GeoDataError


def test_a_geofeed_gives_country_and_city(take, ask):
    came = take(
        "starlink-feed.csv",
        "# a comment\n203.0.113.0/24,VN,VN-HN,Hà Nội,\n"
        '2001:db8::/48,PH,PH-00,"Manila, Metro",1000\n\n198.51.100.7,SG\n',
        built=date(2026, 6, 1),
    )
    assert came.path.name == "starlink-2026-06-01.ranges"
    (said,) = ask("203.0.113.9")
    assert (said.kind, said.countries, said.detail) == ("geofeed", ("VN",), "Hà Nội, VN-HN")
    assert (said.operator, said.operator_country) == ("Starlink", "US")
    assert ask("2001:db8::9")[0].countries == ("PH",)
    assert ask("198.51.100.7")[0].countries == ("SG",)
    assert ask("198.51.100.8") == []


def test_a_feed_of_one_line_behind_comments_is_a_feed(take, ask):
    take("feed.csv", "# của ta\n203.0.113.0/24,VN,VN-HN,Hà Nội,\n")
    assert ask("203.0.113.1")[0].countries == ("VN",)


def test_a_feed_longer_than_what_is_looked_at_first_is_a_feed(take):
    lines = [f"203.{index >> 8}.{index & 255}.0/24,VN,VN-HN,Hà Nội," for index in range(2000)]
    assert take("feed.csv", "\n".join(lines)).networks == 2000


def test_an_empty_country_is_no_statement_of_place(take, ask):
    take("feed.csv", "203.0.113.0/24,,,,\n198.51.100.0/24,ZZ,,,\n192.0.2.0/24,VN\n")
    assert ask("203.0.113.1")[0].countries == ask("198.51.100.1")[0].countries == ()


def test_wrong_lines_of_a_geofeed_are_left_out_with_their_line(take, ask, noted):
    lines = [f"203.0.{index}.0/24,VN,,," for index in range(60)]
    wrong = [
        "10.0.0.1/8,VN,,,",
        "203.1.1.0/24,Vietnam,,,",
        '203.1.2.0/24,VN,,"x,',
        "203.1.3.0/24,EU,,,",
    ]
    came = take("feed.csv", "\n".join([*lines, *wrong]))
    assert came.wrong == 4
    (problem,) = [each for each in noted if each.code == "geo-ranges-mistakes"]
    for place in (
        "line 61: 10.0.0.1/8",
        "line 62: 'VIETNAM'",
        "line 63: its quotes",
        "line 64: 'EU'",
    ):
        assert place in problem.message
    assert ask("203.1.2.1") == []


def test_private_relays_are_relays_and_place_nothing(take, ask):
    took = [
        take("egress-ip-ranges.csv", "203.0.113.0/31,VN,VN-HN,Ha Noi,\n"),
        take("copied.csv", "172.224.226.0/27,GB,GB-EN,London,\n"),  # known by its networks
    ]
    assert {came.origin.publisher for came in took} == {"private-relay"}
    (said,) = ask("203.0.113.1")
    assert (said.kind, said.relay, said.countries) == ("relay", "private-relay", ())
    assert said.detail == "for users in VN"
    assert ask("172.224.226.1")[0].detail == "for users in GB"


def test_the_exit_list_of_tor_gives_addresses_and_its_day(take, ask):
    came = take(
        "exit-addresses",
        "@type tordnsel 1.0\nDownloaded 2026-06-17 12:02:03\n"
        f"ExitNode {'0A' * 20}\nPublished 2026-06-16 10:26:52\nLastStatus 2026-06-16 11:03:10\n"
        "ExitAddress 203.0.113.236 2026-06-16 11:07:30\n",
    )
    assert came.path.name == "tor-exits-2026-06-17.ranges"
    assert ask("203.0.113.236")[0].relay == "tor-exit"


@pytest.mark.parametrize(
    ("name", "kind", "relay"),
    [("torbulkexitlist", "", "tor-exit"), ("x.txt", "vpn", "vpn"), ("x.txt", "relay", "proxy")],
)
def test_a_plain_list_is_what_its_name_or_the_user_says(take, ask, name, kind, relay):
    take(name, "203.0.113.5\n198.51.100.0/24 # a comment\n", kind=kind)
    assert ask("203.0.113.5")[0].relay == relay
    assert ask("198.51.100.77")[0].relay == relay


def test_a_plain_list_of_which_nothing_is_said_is_refused_with_the_way_out(take):
    with pytest.raises(GeoDataError, match="nothing says what they are") as caught:
        take("list.txt", "203.0.113.5\n")
    assert "--kind" in caught.value.hint


def test_text_lists_of_cloudflare_are_its_networks(take, ask):
    take("ips-v4", "203.0.113.0/24\n198.51.100.0/24\n")
    (said,) = ask("203.0.113.1")
    assert (said.kind, said.anycast, said.operator) == ("cloud", True, "Cloudflare, Inc.")


def test_anycast_prefixes_of_a_plain_list(take, ask):
    take("anycatch-v4-prefixes.txt", "203.0.113.0/24\n")
    (said,) = ask("203.0.113.1")
    assert (said.kind, said.anycast) == ("anycast", True)


def test_the_census_as_a_short_table(take, ask):
    came = take(
        "IPv4-2026-03-22.csv.gz",
        gzip.compress(
            b"prefix,number_of_sites,backing_prefix\n203.0.113.0/24,67,203.0.112.0/23\n", mtime=0
        ),
    )
    assert came.path.name == "anycast-census-2026-03-22.ranges"
    (said,) = ask("203.0.113.1")
    assert (said.anycast, said.detail) == (True, "seen at 67 sites")


CENSUS = [
    {
        "prefix": "203.0.113.0/24",
        "AB_ICMPv4": 29,
        "GCD_ICMPv4": 67,
        "GCD_TCPv4": 0,
        "partial": False,
    },
    {
        "prefix": "198.51.100.0/24",
        "AB_ICMPv4": 2,
        "GCD_ICMPv4": 0,
        "GCD_TCPv4": 0,
        "partial": False,
    },
    {"prefix": "192.0.2.0/24", "AB_ICMPv4": 5, "GCD_ICMPv4": 1, "GCD_TCPv4": 0, "partial": True},
]


@pytest.mark.parametrize("form", ["json", "parquet"])
def test_of_the_whole_census_what_is_surely_anycast_counts(take, ask, form):
    content = CENSUS
    if form == "parquet":
        buffer = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(CENSUS), buffer)
        content = buffer.getvalue()
    came = take(f"IPv4-2026-03-22.{form}", content)
    assert came.networks == 2
    assert ask("203.0.113.1")[0].detail == "seen at 67 sites"
    assert ask("198.51.100.1") == []  # two sites by anycast probing alone are often mistaken
    assert ask("192.0.2.1")[0].detail == "seen at 5 sites, in part only"


@pytest.mark.parametrize("content", [b"PAR1", b"PAR1" + b"\xff" * 100 + b"PAR1"])
def test_a_broken_parquet_file_is_refused(take, content):
    with pytest.raises(GeoDataError, match="Parquet"):
        take("IPv4.parquet", content)


def test_nul_bytes_and_endless_lines_are_wrong_lines(take):
    with pytest.raises(GeoDataError, match="line 2: is no line of text"):
        take("feed.csv", "203.0.113.0/24,VN\n203.0.114.0/24,V\0N\n203.0.115.0/24," + "x" * 5000)
