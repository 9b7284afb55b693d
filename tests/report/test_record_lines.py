from dataclasses import replace
from datetime import date

import pytest

from auditor.model.place import Destination, Reach, Witness
from auditor.report.record_lines import record_lines

JUNE = date(2026, 6, 17)
PLACED = Destination(
    address="52.219.40.10",
    host="s3.ap-southeast-1.amazonaws.com",
    state="country",
    country="SG",
    candidates=(),
    rule="cloud-region",
    certainty="firm",
    basis="cloud-region: aws-2026-07-10.ranges 2026-07-10",
    witnesses=(
        Witness("geofeed", "feed.ranges", (), "no country", JUNE),
        Witness("cloud", "aws.ranges", ("SG",), "ap-southeast-1, S3", JUNE, "Amazon"),
        Witness("database", "country.mmdb", ("US",), "", JUNE, "CC0-1.0"),
        Witness("network", "as-countries.csv", ("US",), "Amazon.com, Inc.", derived=True),
    ),
    asn=16509,
    org="Amazon.com, Inc.",
    org_country="US",
    operator="Amazon Web Services",
    operator_country="US",
    operator_basis="range",
    abroad=True,
    foreign_recipient=True,
    foreign_platform=None,
)


def text(**changes):
    return "\n".join(record_lines(replace(PLACED, **changes)))


def line(whole, part):
    (found,) = [each for each in whole.splitlines() if part in each]
    return found


def test_vietnamese_stands_before_english():
    whole = text()
    assert whole.startswith("52.219.40.10  s3.ap-southeast-1.amazonaws.com\n")
    assert whole.index("Trạng thái") < whole.index("State")
    assert whole.index("chắc chắn.") < whole.index("firm.")


def test_each_step_before_the_one_that_decided_says_why_it_did_not():
    whole = text()
    assert "says nothing of this address" in line(whole, "1.  ")
    assert "DECIDED" in line(whole, "5.  ")
    assert "bears on certainty only" in line(whole, "7.  ")
    assert "not needed any more" in line(whole, "8.  ")
    assert whole.count("DECIDED") == 1


def test_a_witness_that_names_no_country_is_told_from_none_at_all():
    assert "names no country" in line(text(rule="databases"), "6.  ")


def test_where_nothing_decided_no_step_claims_to():
    whole = text(state="unknown", country=None, rule="none", certainty=None, witnesses=())
    assert "DECIDED" not in whole
    assert "Certainty" not in whole


def test_witnesses_keep_their_order_and_show_day_licence_and_derivation():
    whole = text()
    assert whole.index("feed.ranges") < whole.index("aws.ranges") < whole.index("country.mmdb")
    assert "2026-06-17" in line(whole, "country.mmdb")
    assert "CC0-1.0" in line(whole, "country.mmdb")
    assert "derived" in line(whole, "as-countries.csv")


def test_columns_of_witnesses_align():
    rows = [each for each in record_lines(PLACED) if "2026-06-17" in each]
    assert len({row.index("2026-06-17") for row in rows}) == 1


@pytest.mark.parametrize(("answer", "word"), [(True, "YES"), (False, "no"), (None, "undecided")])
def test_the_three_forms_have_three_answers(answer, word):
    assert line(text(foreign_platform=answer), "(c)").endswith(f"/ {word}")


@pytest.mark.parametrize("basis", ["range", "network"])
def test_a_vietnamese_landlord_is_no_proof_that_the_recipient_is_vietnamese(basis):
    told = line(text(foreign_recipient=False, operator_country="VN", operator_basis=basis), "(b)")
    assert "bên thuê có thể là tổ chức nước ngoài" in told
    assert "its tenant may be foreign" in told


@pytest.mark.parametrize("basis", ["override", "service"])
def test_a_vietnamese_operator_that_somebody_named_is_answered_plainly(basis):
    told = line(text(foreign_recipient=False, operator_country="VN", operator_basis=basis), "(b)")
    assert told.endswith("không / no")


def test_an_operator_that_the_user_states_is_told_as_stated():
    assert "as the user states" in text(operator_basis="override")


def test_physics_is_told_with_its_figures():
    whole = text(
        state="contradicted", country=None, candidates=("US",), reach=Reach(2000, 309, "US", 8000)
    )
    assert "8,000 km" in whole
    assert "309 km" in whole
    assert "Countries named" in whole


def test_hostile_names_stay_on_their_line():
    shown = record_lines(
        replace(
            PLACED,
            host="a\nb\u202e",
            org="x\x1b[31m",
            witnesses=(Witness("log", "l\nm", ("V\n",)),),
        )
    )
    assert not any(mark in each for each in shown for mark in ("\n", "\x1b", "\u202e"))
