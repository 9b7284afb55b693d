"""The list of well-known services: what a file may hold, and what the shipped one holds."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from auditor.geo.regions import load_regions
from auditor.geo.services import REGION, load_services, services_mistakes
from auditor.model.errors import PolicyError

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "policies" / "services.yaml"

HEAD = """\
version: "2026-11-22"
kinds:
  mail: {vi: thư điện tử, en: mail}
services:
"""


def entry(**changes):
    fields = {
        "id": "post",
        "name": "Post",
        "operator": "Post Ltd",
        "operator_country": "DE",
        "kind": "mail",
        "platform": "true",
        "hosts": '["*.post.example"]',
        "source": "https://post.example/names",
        "checked": "2026-11-22",
        "verified": "true",
    } | changes
    lines = [f"    {key}: {value}" for key, value in fields.items()]
    return "  - " + "\n".join(lines)[4:] + "\n"


@pytest.fixture
def written(tmp_path):
    def write(*entries: str) -> Path:
        path = tmp_path / "services.yaml"
        path.write_text(HEAD + "".join(entries), encoding="utf-8")
        return path

    return write


@pytest.fixture
def refused(written):
    """What is said of a file of these entries."""

    def read(*entries: str) -> str:
        with pytest.raises(PolicyError) as caught:
            load_services(written(*entries))
        return caught.value.message

    return read


def test_a_service_is_read_as_it_is_written(written):
    service = load_services(written(entry(hosts='["*.post.example", "MAIL.example.org"]'))).services
    assert service[0].hosts == ("*.post.example", "mail.example.org")
    assert service[0].operator_country == "DE"
    assert service[0].platform is True
    assert service[0].checked == date(2026, 11, 22)


def test_all_mistakes_are_told_at_once_each_with_its_line(refused, tmp_path):
    said = refused(
        entry(),
        entry(operator_country="XX", kind="post-office", hosts='["*.com"]', source="http://a.b/"),
    )
    for line, what in {
        15: "'post' stands twice",
        18: "no country has the code 'XX'",
        19: "no kind 'post-office'; the kinds are mail",
        21: "takes in a whole top-level domain",
        22: "starting with https://",
    }.items():
        assert any(
            f"{tmp_path / 'services.yaml'}:{line}:" in told and what in told
            for told in said.splitlines()
        ), (line, said)


def test_a_pattern_stands_in_one_service_alone(refused):
    said = refused(entry(), entry(id="other"))
    assert ":21: services[2].hosts[1]: '*.post.example' stands twice (first in 'post')" in said


def test_a_name_and_all_below_it_are_different_patterns(written):
    load_services(written(entry(), entry(id="other", hosts='["post.example"]')))


@pytest.mark.parametrize("pattern", ["*.com", "com", "*.vn", "vn", "*.com.vn", "com.vn", "*.co.uk"])
def test_what_many_own_belongs_to_no_service(refused, pattern):
    assert "takes in" in refused(entry(hosts=f'["{pattern}"]'))


def test_names_of_a_government_may_be_one_service(written):
    load_services(written(entry(hosts='["*.gov.vn"]')))


@pytest.mark.parametrize(
    "pattern",
    [
        "https://a.example",
        "a.example:443",
        "a..example",
        ".example.com",
        "a.*.example.com",
        "a*.example.com",
        "bücher.example",
        "-a.example.com",
        "a.example/path",
        "a b.example.com",
        "{region}.{region}.example.com",
        "{regions}.a.example.com",
        "x" * 64 + ".example.com",
        "a." * 130 + "example.com",
        "",
    ],
)
def test_what_is_no_pattern_is_refused(refused, pattern):
    assert "is no pattern of names" in refused(entry(hosts=f'["{pattern}"]'))


@pytest.mark.parametrize("pattern", ["8.8.8.8", "*.1.2"])
def test_an_address_is_no_pattern(refused, pattern):
    assert "is an address" in refused(entry(hosts=f'["{pattern}"]'))


def test_a_region_stands_below_a_domain_of_the_provider(refused):
    said = refused(entry(hosts='["*.{region}.com"]', regions="aws"))
    assert "must stand below the provider's own domain" in said


def test_regions_and_patterns_with_regions_need_one_another(refused):
    assert "need one another" in refused(entry(regions="aws"))
    assert "need one another" in refused(entry(hosts='["*.{region}.post.example"]'))


def test_an_unknown_key_is_a_mistake(refused):
    assert "unknown key; did you mean 'operator'" in refused(entry(operater="Post"))


def test_lint_tells_mistakes_and_else_what_is_unwise(written, tmp_path):
    assert "stands twice" in services_mistakes(written(entry(), entry(hosts='["b.example"]')))[0]
    assert services_mistakes(tmp_path / "none.yaml")[0].startswith(str(tmp_path / "none.yaml"))
    assert services_mistakes(written(entry())) == []
    unwise = services_mistakes(written(entry(verified="false")))
    assert len(unwise) == 1 and "post: is not verified" in unwise[0]
    path = written(entry())
    path.write_text(path.read_text().replace("  mail:", "  web: {vi: a, en: b}\n  mail:"))
    assert services_mistakes(path) == [f"{path}: no service is of the kind web"]


def test_the_shipped_list_is_long_and_without_mistakes():
    assert services_mistakes(SHIPPED) == []
    file = load_services(SHIPPED)
    assert len(file.services) >= 150
    assert all(service.source.startswith("https://") for service in file.services)
    patterns = [host for service in file.services for host in service.hosts]
    assert len(patterns) == len(set(patterns))


def test_most_of_the_shipped_list_was_read_in_its_source():
    services = load_services(SHIPPED).services
    assert sum(service.verified for service in services) >= 150
    assert all(service.checked <= date(2026, 11, 30) for service in services)


def test_the_shipped_list_says_why_what_is_no_platform_is_none():
    plain = {"dns", "time", "updates", "certificates", "reference"}
    for service in load_services(SHIPPED).services:
        assert not (service.kind in plain and service.platform), service.id
        if service.kind in {"object-store", "mail", "chat", "ai", "analytics", "office"}:
            assert service.platform, service.id
        if not service.platform and service.kind not in plain:
            assert service.note, service.id


def test_every_region_in_the_shipped_list_is_of_a_cloud_whose_regions_are_placed():
    regions = load_regions(ROOT / "geoip" / "regions.yaml")
    for service in load_services(SHIPPED).services:
        if any(REGION in host for host in service.hosts):
            assert regions.names(service.regions), service.id


def test_the_shipped_list_names_no_registry_of_packages():
    text = SHIPPED.read_text(encoding="utf-8")
    assert "npmjs" not in text and "pypi" not in text
