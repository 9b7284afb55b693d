from __future__ import annotations

import re

from auditor.model.text import Text
from auditor.report.countries import NAMES, countries_named, country


def test_every_code_of_iso_3166_has_both_names() -> None:
    assert len(NAMES) == 249 + 3  # ISO 3166-1, and XK, EU, AP of the geo databases
    for code, name in NAMES.items():
        assert re.fullmatch("[A-Z]{2}", code)
        assert name.vi.strip() == name.vi != ""
        assert name.en.strip() == name.en != ""


def test_no_two_codes_share_a_name() -> None:
    assert len({name.vi for name in NAMES.values()}) == len(NAMES)
    assert len({name.en for name in NAMES.values()}) == len(NAMES)


def test_territories_follow_the_usage_of_vietnam() -> None:
    assert country("TW") == Text("Đài Loan (Trung Quốc)", "Taiwan (China)")
    assert country("HK") == Text("Hồng Kông (Trung Quốc)", "Hong Kong (China)")
    assert country("MO") == Text("Ma Cao (Trung Quốc)", "Macao (China)")


def test_an_unknown_code_stands_for_itself_and_none_is_not_known() -> None:
    assert country("QQ") == Text("QQ", "QQ")
    assert country("sg").vi == "Singapore"
    assert country(None).vi == country("").vi == "chưa xác định"


def test_many_countries_are_cut_to_five_and_counted() -> None:
    named = countries_named(("US", "GB", "IE", "NL", "FR", "DE", "JP"))
    assert named.vi == "Hoa Kỳ, Vương quốc Anh, Ireland, Hà Lan, Pháp +2"
    assert countries_named(()).en == "Country of the recipient not known"
