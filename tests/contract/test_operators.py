"""One operator has one name, or its findings fall apart."""

import re
from pathlib import Path

import yaml

from auditor.geo.ranges.clouds import CLOUDFLARE, FASTLY
from auditor.geo.regions import load_regions
from auditor.geo.services import load_services

ROOT = Path(__file__).parents[2]


def letters(name):
    return re.sub(r"[^a-z]", "", name.lower())


def test_lists_and_regions_call_operators_as_the_services_do():
    services = load_services(ROOT / "policies" / "services.yaml").services
    known = {each.operator for each in services}
    providers = load_regions(ROOT / "geoip" / "regions.yaml").providers.values()
    lists = yaml.safe_load((ROOT / "geoip" / "lists" / "anycast.yaml").read_text(encoding="utf-8"))
    others = {group["operator"] for group in lists["groups"]}
    others |= {each.name for each in providers} | {CLOUDFLARE.operator, FASTLY.operator}
    other_ways = {
        (name, service)
        for name in others - known
        for service in known
        if letters(service).startswith(letters(name)) or letters(name).startswith(letters(service))
    }
    assert len(others & known) > 10
    assert other_ways == set()
