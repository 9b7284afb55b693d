import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.geo.records import MOST_TEXT, NOTHING, Answer, answer_in, too_heavy

ANY_RECORD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(
        st.sampled_from(["country", "country_code", "iso_code", "asn", "traits", "is_anycast",
                         "registered_country", "as_name", "isp", "name"]) | st.text(), inner),
)  # fmt: skip


@pytest.mark.parametrize(
    ("record", "answer"),
    [
        pytest.param({"country_code": "VN"}, Answer("VN"), id="ip-location-db"),
        pytest.param(
            {"country": "Vietnam", "country_code": "VN", "asn": "AS7552",
             "as_name": "Viettel Group", "as_domain": "viettel.com.vn"},
            Answer("VN", None, 7552, "Viettel Group"), id="IPinfo Lite"),
        pytest.param(
            {"country": "vn", "country_name": "Vietnam", "continent": "AS"},
            Answer("VN"), id="IPinfo country"),
        pytest.param(
            {"asn": {"asn": "AS3320", "name": "Deutsche Telekom AG"}},
            Answer(None, None, 3320, "Deutsche Telekom AG"), id="IPinfo nested"),
        pytest.param(
            {"is_anycast": "true", "country": "US"}, Answer("US", anycast=True), id="IPinfo core"),
        pytest.param(
            {"country": {"iso_code": "GB", "names": {"en": "United Kingdom"}},
             "registered_country": {"iso_code": "FR"}, "city": {"names": {"en": "London"}}},
            Answer("GB", "FR", city="London"), id="GeoLite2 City"),
        pytest.param(
            {"country": "SG", "city": "Singapore"}, Answer("SG", city="Singapore"), id="flat city"),
        pytest.param(
            {"city": {"names": {"vi": "Hà Nội"}}}, Answer(), id="a city without an English name"),
        pytest.param(
            {"is_anonymous": True, "is_tor_exit_node": True, "is_anonymous_vpn": True},
            Answer(relay="tor-exit"), id="GeoIP2 Anonymous IP"),
        pytest.param(
            {"vpn": False, "proxy": True, "relay": True}, Answer(relay="proxy"),
            id="IPinfo Privacy"),
        pytest.param(
            {"traits": {"is_residential_proxy": True}}, Answer(relay="proxy"), id="IP Risk"),
        pytest.param(
            {"registered_country": {"iso_code": "FR"}}, Answer(None, "FR"), id="registered only"),
        pytest.param(
            {"country": {"iso_code": "US"}, "traits": {"is_anycast": True,
             "autonomous_system_number": 13335, "autonomous_system_organization": "CLOUDFLARENET",
             "isp": "Cloudflare", "organization": "Cloudflare DNS"}},
            Answer("US", None, 13335, "CLOUDFLARENET", anycast=True), id="GeoIP2 Enterprise"),
        pytest.param(
            {"autonomous_system_number": 15169, "autonomous_system_organization": "GOOGLE"},
            Answer(None, None, 15169, "GOOGLE"), id="GeoLite2 ASN, DB-IP ASN"),
        pytest.param(
            {"isp": "Telstra Internet", "organization": "Telstra"},
            Answer(None, None, None, "Telstra Internet"), id="GeoIP2 ISP without a number"),
        pytest.param({"asn": 64500}, Answer(None, None, 64500), id="number as a number"),
        pytest.param({"country_code": None, "country": "US"}, Answer("US"), id="null, code"),
    ],
)  # fmt: skip
def test_each_publishers_shape_is_understood(record, answer):
    assert answer_in(record) == answer


@pytest.mark.parametrize(
    "code", ["", "V", "VNM", "V1", "vïn", "ＶＮ", "EU", "ZZ", "XX", 84, ["VN"]]
)
def test_what_is_no_country_code_is_no_country(code):
    assert answer_in({"country_code": code}) == NOTHING
    assert answer_in({"country": {"iso_code": code}}) == NOTHING


@pytest.mark.parametrize(
    "number", ["AS", "AS-1", "ASx", "AS99999999999", 0, -1, 1 << 32, True, 1.5, "AS１２"]
)
def test_what_is_no_as_number_is_none(number):
    assert answer_in({"asn": number}) == NOTHING


def test_the_country_of_registration_never_stands_in_for_the_country():
    found = answer_in({"registered_country": {"iso_code": "US"}, "country": {}})
    assert found.country is None
    assert found.registered == "US"


def test_a_name_loses_control_and_direction_marks_and_what_is_too_long():
    assert answer_in({"as_name": "a\x1b[31m\u202eb\n\tc"}).org == "a [31m b c"
    assert answer_in({"as_name": "x" * 100_000}).org == "x" * MOST_TEXT
    assert answer_in({"as_name": " \u200e "}).org is None
    assert answer_in({"as_name": "Tập đoàn Viettel"}).org == "Tập đoàn Viettel"


@given(ANY_RECORD)
def test_any_record_gives_an_answer_of_the_right_types(record):
    found = answer_in(record)
    assert found.country is None or (len(found.country) == 2 and found.country.isupper())
    assert found.asn is None or 0 < found.asn < 1 << 32
    assert found.org is None or found.org.isprintable()
    assert isinstance(too_heavy(record), bool)


def test_a_record_of_too_many_values_or_too_much_text_is_too_heavy():
    shared = [0] * 100
    assert too_heavy({"a": [[shared] * 100] * 100})
    assert too_heavy({"a": "x" * 1_000_000})
    names = {f"l{n}": "Thành phố Hồ Chí Minh" for n in range(8)}
    assert not too_heavy({key: {"names": names} for key in ("city", "country", "continent")})
