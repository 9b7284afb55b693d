"""Names of countries as makers write them."""

from __future__ import annotations

import pyarrow as pa
import pytest

from auditor.model.countries import NAMES
from auditor.readers.records import countries
from auditor.readers.records.countries import NO_COUNTRY, OTHERS, code_of, codes


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Viet Nam", "VN"), ("Vietnam", "VN"), ("VIETNAM", "VN"), ("vn", "VN"),
        ("United States", "US"), ("Korea, Republic of", "KR"), ("South Korea", "KR"),
        ("Korea, Democratic People's Republic of", "KP"), ("Russian Federation", "RU"),
        ("Russia", "RU"), ("Iran, Islamic Republic of", "IR"), ("Côte d'Ivoire", "CI"),
        ("Cote D’Ivoire", "CI"), ("Türkiye", "TR"), ("Turkey", "TR"), ("Hong Kong", "HK"),
        ("Taiwan, Province of China", "TW"), ("Macau", "MO"), ("  United   Kingdom ", None),
        ("United  Kingdom", "GB"), ("Lao People's Democratic Republic", "LA"),
    ],
)  # fmt: skip
def test_names_become_codes(name, code):
    assert code_of(name) == code


@pytest.mark.parametrize(
    "name", ["Reserved", "10.0.0.0-10.255.255.255", "", "?", "ZZZ", "Europe", "EU", "x" * 999]
)
def test_what_is_no_country_has_no_code(name):
    assert code_of(name) is None


def test_every_english_name_of_ours_and_every_code_is_known():
    for code, name in NAMES.items():
        if code not in NO_COUNTRY:
            assert code_of(name.en) == code
            assert code_of(code) == code


def test_the_other_names_lead_to_codes_that_exist():
    assert set(OTHERS.values()) <= set(NAMES)
    assert all(name == countries._plain(name) for name in OTHERS)


def test_a_column_is_read_by_its_different_names():
    found = codes(pa.array(["Japan", None, "Nowhere", "Japan"]))
    assert found.to_pylist() == ["JP", None, None, "JP"]


def test_a_column_of_far_too_many_names_is_no_column_of_countries():
    found = codes(pa.array([f"Japan{number}" for number in range(5000)] + ["Japan"]))
    assert set(found.to_pylist()) == {None}
