"""Range files of clouds, in the shapes their publishers give them."""

from __future__ import annotations

from datetime import date

import pytest

from auditor.model.errors import GeoDataError


def aws_file(*prefixes, six=(), day="2026-06-17-01-02-03"):
    def entry(key, prefix, region, service, group=""):
        return {
            key: prefix,
            "region": region,
            "service": service,
            "network_border_group": group or region,
        }

    return {
        "syncToken": "1781658123",
        "createDate": day,
        "prefixes": [entry("ip_prefix", *each) for each in prefixes],
        "ipv6_prefixes": [entry("ipv6_prefix", *each) for each in six],
    }


def test_a_region_of_aws_gives_country_operator_and_services(take, ask):
    came = take(
        "ip-ranges.json",
        aws_file(
            ("203.0.113.0/24", "ap-southeast-1", "AMAZON"),
            ("203.0.113.0/24", "ap-southeast-1", "S3"),
            six=[("2001:db8::/40", "eu-west-1", "EC2")],
        ),
    )
    assert came.path.name == "aws-2026-06-17.ranges"
    assert (came.origin.publisher, came.origin.kind, came.origin.built) == (
        "aws",
        "cloud",
        date(2026, 6, 17),
    )
    (said,) = ask("203.0.113.7")
    assert (said.kind, said.countries, said.anycast) == ("cloud", ("SG",), False)
    assert (said.operator, said.operator_country) == ("Amazon Web Services, Inc.", "US")
    assert said.detail == "ap-southeast-1, AMAZON, S3"
    assert ask("2001:db8::7")[0].countries == ("IE",)


def test_a_local_zone_decides_before_its_region(take, ask):
    take(
        "ip-ranges.json",
        aws_file(("203.0.113.0/24", "ap-southeast-1", "EC2", "ap-southeast-1-han-1")),
    )
    (said,) = ask("203.0.113.7")
    assert said.countries == ("VN",)
    assert said.detail == "ap-southeast-1-han-1 (ap-southeast-1), EC2"


def test_a_border_group_nobody_knows_is_no_country_though_its_region_is_known(take, ask, noted):
    came = take(
        "ip-ranges.json",
        aws_file(("203.0.113.0/24", "ap-southeast-1", "EC2", "ap-southeast-1-zzz-1")),
    )
    assert ask("203.0.113.7")[0].countries == ()
    assert came.origin.regions_without_country == {"ap-southeast-1-zzz-1": 1}
    assert [problem.code for problem in noted] == ["geo-regions-unknown"]


@pytest.mark.parametrize("service", ["CLOUDFRONT", "GLOBALACCELERATOR", "ROUTE53"])
def test_global_services_of_aws_answer_from_many_places(take, ask, service):
    take(
        "ip-ranges.json",
        aws_file(("203.0.113.0/24", "GLOBAL", "AMAZON"), ("203.0.113.0/24", "GLOBAL", service)),
    )
    (said,) = ask("203.0.113.7")
    assert said.anycast
    assert said.countries == ()


def test_a_global_prefix_of_no_such_service_is_no_country_and_no_anycast(take, ask, noted):
    take("ip-ranges.json", aws_file(("203.0.113.0/24", "GLOBAL", "AMAZON")))
    (said,) = ask("203.0.113.7")
    assert (said.countries, said.anycast, noted) == ((), False, [])


def test_scopes_of_google_cloud_give_countries_and_global_gives_none(take, ask):
    came = take(
        "cloud.json",
        {
            "syncToken": "1",
            "creationTime": "2026-06-15T04:04:04.000",
            "prefixes": [
                {
                    "ipv4Prefix": "203.0.113.0/24",
                    "service": "Google LLC",
                    "scope": "asia-southeast1",
                },
                {"ipv6Prefix": "2001:db8::/44", "service": "Google LLC", "scope": "global"},
            ],
        },
    )
    assert came.path.name == "google-2026-06-15.ranges"
    assert ask("203.0.113.1")[0].countries == ("SG",)
    (said,) = ask("2001:db8::1")
    assert (said.countries, said.anycast, said.operator) == ((), False, "Google LLC")


def test_all_of_google_names_the_operator_and_no_place(take, ask, noted):
    came = take(
        "goog.json",
        {
            "syncToken": "1",
            "creationTime": "2026-06-15T04:04:04",
            "prefixes": [{"ipv4Prefix": "203.0.113.0/24"}],
        },
    )
    assert came.origin.publisher == "google-all"
    (said,) = ask("203.0.113.1")
    assert (said.operator, said.countries, noted) == ("Google LLC", (), [])


def azure_tag(name, region, *prefixes):
    return {
        "name": name,
        "id": name,
        "properties": {
            "changeNumber": 1,
            "region": region,
            "platform": "Azure",
            "systemService": name.partition(".")[0] if "Cloud" not in name else "",
            "addressPrefixes": list(prefixes),
        },
    }


def test_service_tags_of_azure_have_the_day_of_their_name_and_regions(take, ask):
    came = take(
        "ServiceTags_Public_20260615.json",
        {
            "changeNumber": 300,
            "cloud": "Public",
            "values": [
                azure_tag(
                    "AzureCloud.southeastasia", "southeastasia", "203.0.113.0/24", "2001:db8::/40"
                ),
                azure_tag("AzureCloud.norwaye", "norwaye", "198.51.100.0/24"),
                azure_tag("ActionGroup", "", "203.0.113.4/32"),
                azure_tag("AzureFrontDoor.Frontend", "", "192.0.2.0/24"),
            ],
        },
    )
    assert came.path.name == "azure-2026-06-15.ranges"
    assert ask("203.0.113.1")[0].countries == ("SG",)
    assert ask("2001:db8::1")[0].countries == ("SG",)
    assert ask("198.51.100.1")[0].countries == ("NO",)
    assert ask("192.0.2.1")[0].anycast
    within = ask("203.0.113.4")[0]  # a tag without a region inside a region's network
    assert (within.countries, within.detail) == (("SG",), "southeastasia, AzureCloud, ActionGroup")


def test_regions_of_oracle_give_countries(take, ask):
    came = take(
        "public_ip_ranges.json",
        {
            "last_updated_timestamp": "2026-06-01T10:11:12.123456",
            "regions": [
                {"region": "ap-batam-1", "cidrs": [{"cidr": "203.0.113.0/24", "tags": ["OCI"]}]}
            ],
        },
    )
    assert came.path.name == "oracle-2026-06-01.ranges"
    (said,) = ask("203.0.113.1")
    assert (said.countries, said.detail) == (("ID",), "ap-batam-1, OCI")


def test_cloudflare_and_fastly_answer_from_many_places(take, ask, noted):
    cloudflare = {
        "result": {"ipv4_cidrs": ["203.0.113.0/24"], "ipv6_cidrs": ["2001:db8::/32"], "etag": "x"},
        "success": True,
        "errors": [],
        "messages": [],
    }
    take("ips.json", cloudflare)
    take("public-ip-list", {"addresses": ["198.51.100.0/24"], "ipv6_addresses": ["3fff::/32"]})
    for address, operator in (
        ("2001:db8::1", "Cloudflare, Inc."),
        ("198.51.100.9", "Fastly, Inc."),
        ("3fff::9", "Fastly, Inc."),
    ):
        (said,) = ask(address)
        assert (said.anycast, said.operator, said.countries) == (True, operator, ())
    assert {problem.code for problem in noted} == {"geo-ranges-day"}


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ({"prefixes": {}}, "prefixes must be a list"),
        ({"prefixes": [1]}, r"prefixes\[0\]: is no object"),
        ({"prefixes": [{"ip_prefix": 5}]}, r"prefixes\[0\].ip_prefix: must be text"),
        ({"prefixes": [{"ip_prefix": "2001:db8::/32"}]}, "is IPv6, where IPv4 belongs"),
        (
            {"prefixes": [], "ipv6_prefixes": [{"ipv6_prefix": "10.0.0.0/8"}]},
            "is IPv4, where IPv6 belongs",
        ),
        ({"prefixes": [{"ip_prefix": "203.0.113.9/24"}]}, "bits are set behind its prefix"),
        ({"prefixes": [{"ip_prefix": "0.0.0.0/0"}]}, "wider than any network"),
        ({"prefixes": [{"ip_prefix": "2" * 5000}]}, "is no network"),
        ({"prefixes": [{"ip_prefix": "fe80::1%eth0"}]}, "is no network"),
        ({"prefixes": []}, "holds no networks"),
    ],
)
def test_a_file_of_the_wrong_shape_is_refused_with_the_place(take, broken, told):
    with pytest.raises(GeoDataError, match=told):
        take("ip-ranges.json", {"syncToken": "1", "createDate": "2026-06-17-00-00-00", **broken})


def test_few_wrong_entries_are_left_out_and_named(take, ask, noted):
    good = [(f"203.0.{index}.0/24", "ap-southeast-1", "EC2") for index in range(30)]
    came = take("ip-ranges.json", aws_file(*good, ("203.0.113.1/24", "ap-southeast-1", "EC2")))
    assert (came.networks, came.wrong) == (30, 1)
    (problem,) = noted
    assert problem.code == "geo-ranges-mistakes"
    assert "prefixes[30].ip_prefix: 203.0.113.1/24 is no network" in problem.message
    assert ask("203.0.113.1") == []


def test_of_many_mistakes_the_first_are_named_and_the_rest_counted(take):
    with pytest.raises(GeoDataError) as caught:
        take("ip-ranges.json", aws_file(*[("x", "ap-southeast-1", "EC2")] * 50))
    assert caught.value.message.count("is no network") == 20
    assert "and 30 more" in caught.value.message


def test_names_that_turn_the_direction_of_text_are_shown_without_that(take, ask, noted):
    take("ip-ranges.json", aws_file(("203.0.113.0/24", "evil\u202egnp\n\x1b[2J", "S\u20663")))
    text = ask("203.0.113.1")[0].detail + "".join(problem.message for problem in noted)
    assert not any(mark in text for mark in "\u202e\u2066\x1b")
