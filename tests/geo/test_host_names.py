"""What a server's name says."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.geo.host_names import NOTHING, HostNames, Named
from auditor.geo.regions import load_regions
from auditor.geo.services import load_services

ROOT = Path(__file__).parents[2]
SERVICES = load_services(ROOT / "policies" / "services.yaml")
NAMES = HostNames(SERVICES, load_regions(ROOT / "geoip" / "regions.yaml"))


def told(host: str) -> Named:
    return NAMES.told([host])[0]


def service_of(host: str) -> str | None:
    service = told(host).service
    return service.id if service else None


def place_of(host: str) -> tuple[str, ...]:
    region = told(host).region
    return region.countries if region else ()


def test_the_answers_stand_in_the_order_of_the_names():
    answers = NAMES.told(["chatgpt.com", "nobody.example", "chatgpt.com"])
    assert [a.service.id if a.service else None for a in answers] == ["chatgpt", None, "chatgpt"]
    assert NAMES.told([]) == ()


@pytest.mark.parametrize(
    ("host", "service"),
    [
        ("mail.google.com", "gmail"),
        ("drive.google.com", "google-drive"),
        ("x.drive.google.com", "google-drive"),
        ("www.google.com", "google-search"),
        ("google.com", "google-search"),
        ("sub.mail.google.com", "google-search"),
        ("chat.zalo.me", "zalo"),
        ("dichvucong.gov.vn", "vn-government"),
        ("hcm04.vstorage.vngcloud.vn", "vng-vstorage"),
        ("api.deepseek.com", "deepseek"),
        ("acct.blob.core.windows.net", "azure-storage"),
        ("tenant-my.sharepoint.com", "sharepoint-online"),
        ("au.download.windowsupdate.com", "windows-update"),
    ],
)
def test_the_longest_pattern_wins(host, service):
    assert service_of(host) == service


@pytest.mark.parametrize(
    "host",
    ["r1---sn-8qj-nbo6.googlevideo.com", "rr5---sn-i3belnl7.googlevideo.com", "googlevideo.com"],
)
def test_a_video_cache_of_google_is_googles_wherever_it_stands(host):
    service = told(host).service
    assert service is not None
    assert (service.id, service.operator_country) == ("google-video-cache", "US")
    assert service.platform is False
    assert told(host).region is None


def test_the_cache_hosts_of_google_are_known_too():
    assert service_of("cache.google.com") == "google-global-cache"


@pytest.mark.parametrize(
    "host", ["evilgoogle.com", "google.com.evil.example", "mail-google.com", "notchatgpt.com"]
)
def test_a_name_that_only_resembles_another_is_not_it(host):
    assert service_of(host) is None


@pytest.mark.parametrize(
    ("host", "country"),
    [
        ("s3.ap-southeast-1.amazonaws.com", "SG"),
        ("s3-ap-southeast-1.amazonaws.com", "SG"),
        ("bucket.s3.dualstack.eu-west-1.amazonaws.com", "IE"),
        ("a.b.c.s3.us-east-1.amazonaws.com", "US"),
        ("bucket.s3-website-eu-central-1.amazonaws.com", "DE"),
        ("bucket.s3-website.ap-south-1.amazonaws.com", "IN"),
        ("ec2.us-east-1.amazonaws.com", "US"),
        ("lb-1.ap-southeast-1.elb.amazonaws.com", "SG"),
        ("ec2-1-2-3-4.ap-northeast-1.compute.amazonaws.com", "JP"),
        ("s3.cn-north-1.amazonaws.com.cn", "CN"),
        ("vm.southeastasia.cloudapp.azure.com", "SG"),
        ("app.eastus.azurecontainer.io", "US"),
        ("app-ds27.westus-01.azurewebsites.net", "US"),
        ("asia-southeast1-project.cloudfunctions.net", "SG"),
        ("asia-northeast3-docker.pkg.dev", "KR"),
        ("storage.asia-southeast1.rep.googleapis.com", "SG"),
        ("objectstorage.ap-singapore-1.oraclecloud.com", "SG"),
        ("bucket.oss-ap-southeast-1.aliyuncs.com", "SG"),
        ("ecs.cn-hongkong.aliyuncs.com", "HK"),
        ("bucket-1250.cos.ap-singapore.myqcloud.com", "SG"),
        ("bucket.obs.ap-southeast-3.myhuaweicloud.com", "SG"),
    ],
)
def test_a_region_inside_a_name_has_a_country(host, country):
    assert place_of(host) == (country,)
    region, service = told(host).region, told(host).service
    assert region is not None and region.kind == "host"
    assert service is not None and region.detail.endswith(service.name)


def test_the_same_region_stands_elsewhere_with_another_provider():
    assert place_of("ecs.ap-southeast-3.aliyuncs.com") == ("MY",)
    assert place_of("ecs.ap-southeast-3.myhuaweicloud.com") == ("SG",)
    assert place_of("ec2.ap-southeast-3.amazonaws.com") == ("ID",)


@pytest.mark.parametrize(
    "host",
    [
        "s3.ap-southeast-1.evil.com",
        "s3.ap-southeast-1.amazonaws.com.evil.com",
        "ap-southeast-1.s3.amazonaws.com",
        "s3.ap-southeast-1.bucket.s3.amazonaws.com",
        "s3.nowhere-9.amazonaws.com",
        "eastus-shop.azurewebsites.net",
        "asia-southeast1.cloudfunctions.net",
        "asia-docker.pkg.dev",
        "southeastasia.example",
    ],
)
def test_a_region_that_anybody_could_write_says_nothing(host):
    assert told(host).region is None


def test_a_region_that_nobody_placed_still_names_the_service():
    assert service_of("s3.nowhere-9.amazonaws.com") == "aws"


@pytest.mark.parametrize(
    ("host", "country"),
    [
        ("www.chinhphu.vn", "VN"),
        ("bbc.co.uk", "GB"),
        ("a.de", "DE"),
        ("a.cn", "CN"),
        ("a.us", "US"),
    ],
)
def test_an_ending_of_two_letters_names_a_country(host, country):
    ending = told(host).top_level
    assert ending is not None and ending.countries == (country,)


@pytest.mark.parametrize(
    "host",
    ["a.com", "a.eu", "a.ai", "a.io", "a.co", "a.tv", "a.me", "a.ly", "a.su", "a.zz", "a.tk"],
)
def test_an_ending_sold_all_over_the_world_says_nothing(host):
    assert told(host).top_level is None


@pytest.mark.parametrize(
    "host", ["CHATGPT.com", "chatgpt.com.", "chatgpt.com:443", "ChatGPT.COM.:8443", "chatgpt。com"]
)
def test_writing_does_not_matter(host):
    assert service_of(host) == "chatgpt"


def test_names_in_other_scripts_are_read_as_the_network_writes_them():
    assert told("bücher.de").top_level == told("xn--bcher-kva.de").top_level
    assert told("bücher.de").top_level is not None


@pytest.mark.parametrize(
    "host",
    [
        "",
        ".",
        "..",
        "localhost",
        "8.8.8.8",
        "8.8.8.8:53",
        "::1",
        "[2001:db8::1]:443",
        "chatgpt.com\0.google.com",
        "\0.google.com",
        "a..google.com",
        ".google.com",
        "a b.google.com",
        "a\n.google.com",
        "google.com\n",
        "*.google.com",
        "https://google.com",
        "a." * 100_000 + "google.com",
        "ü" * 100_000 + ".google.com",
        "ü" * 64 + ".google.com",
        "\ud800.google.com",
        "\u202egoogle.com",
        "chatgpt.com:" + "9" * 50,
    ],
)
def test_what_is_no_name_says_nothing(host):
    assert told(host) == NOTHING


@given(st.lists(st.text(max_size=300)))
def test_any_text_is_survived(hosts):
    assert len(NAMES.told(hosts)) == len(hosts)


def test_every_pattern_finds_its_own_service():
    pairs = [
        (host.removeprefix("*."), service.id)
        for service in SERVICES.services
        for host in service.hosts
        if "{region}" not in host
    ]
    answers = NAMES.told([host for host, _ in pairs])
    assert [answer.service and answer.service.id for answer in answers] == [id_ for _, id_ in pairs]


@pytest.mark.parametrize(
    "host",
    [
        "vn.pool.ntp.org",
        "0.amazon.pool.ntp.org",
        "vn.archive.ubuntu.com",
        "ftp.vn.debian.org",
        "speedtest.example.vn.prod.hosts.ooklaserver.net",
    ],
)
def test_servers_that_others_run_under_somebodys_name_belong_to_no_service(host):
    """A mirror in Vietnam is not run by the foreign project that lends it a name."""
    (told,) = NAMES.told([host])
    assert told.service is None
