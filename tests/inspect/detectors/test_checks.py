"""Structure checks against published examples."""

import pytest

from auditor.inspect.detectors.checks import CHECKS, crc16, luhn
from auditor.inspect.detectors.places import decoded_geohash, in_vietnam

MRZ = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"
CARD = (
    "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<"
)
QR = (
    "00020101021238570010A00000072701270006970415011300110019324180208QRIBFTTA530370454061200005802VN"
    "62170813ung ho lu lut6304C15C"
)
LINE = "079085012345|024567890|Trần Văn Mẫu|12031985|Nam|12 Lê Lợi, TP.HCM|01052021"

RIGHT = [
    ("personal-number", ["079085012345", "079-085-012-345"][0]),
    ("personal-number", "001 203 004 567"),
    ("personal-number-abroad", "286200004512"),
    ("identity-line", LINE),
    ("old-identity-number", "024567890"),
    ("passport-number", "B1234567"),
    ("passport-number", "P01234567"),
    ("travel-document", MRZ),
    ("travel-document", MRZ.replace("\n", "\\n")),
    ("travel-document", CARD),
    *(
        ("tax-code", code)
        for code in ["0100233488", "0314409058", "0100109106", "0101248141", "0300588569"]
    ),
    ("tax-code", "0100047516"),
    ("tax-code", "0314409058-002"),
    ("card-number", "4111 1111 1111 1111"),
    ("card-number", "378282246310005"),
    ("vietqr", QR),
    ("bank-account", "0011001932418"),
    ("bank-account-cell", "0912345678"),
    ("social-insurance-number", "0120878811"),
    ("health-card", "HS 4 01 0120878811"),
    ("mobile", "+84 912 345 678"),
    ("mobile", "0912.345.678"),
    ("plate", "30A-123.45"),
    ("plate", "29-X1 123.45"),
    ("parcel", "w7er8u0evss2"),
    ("parcel", "w3gvk1c5zpv8"),
    ("vn2000-pair", "587123.4, 2325678.9"),
    ("vn2000-pair", "1193456.78 602345.12"),
    ("vn2000-value", "587123"),
    ("position", "lat=21.02851&lng=105.85420"),
    ("icd10", "E11.9"),
    ("icd10", "Z99"),
    ("birth-date", "29/02/2000"),
    ("birth-date", "1985-03-12"),
    ("birth-date", "12031985"),
    ("person-email", "an.nguyen@congty.vn"),
]

WRONG = [
    ("personal-number", "097085012345"),  # no such province
    ("personal-number", "079485012345"),  # the 22nd century
    ("personal-number", "079005012345"),  # born in 1905
    ("personal-number", "079341012345"),  # born in 2041
    ("personal-number-abroad", "300200004512"),
    ("identity-line", LINE.replace("Nam", "Nữ")),
    ("identity-line", LINE.replace("12031985", "12031986")),
    ("identity-line", LINE.replace("01052021", "31022021")),
    ("old-identity-number", "390000012"),
    ("passport-number", "B0000000"),
    ("travel-document", MRZ[:-1] + "1"),
    ("travel-document", MRZ.replace("740812", "741812")),
    ("travel-document", CARD.replace("D2314", "D2315")),
    ("travel-document", "P<VNM"),
    ("tax-code", "0100233480"),
    ("tax-code", "0314409058-000"),
    ("tax-code", "0000000000"),
    ("card-number", "4111111111111112"),
    ("card-number", "0000000000000000"),
    ("card-number", "490154203237518"),  # an IMEI: Luhn holds, length does not
    ("vietqr", QR[:-1] + "D"),
    ("vietqr", QR.replace("0019324180", "0019324190")),
    ("bank-account", "12500000"),
    ("bank-account", "22112025"),
    ("bank-account", "0912345678"),
    ("bank-account-cell", "1111111"),
    ("social-insurance-number", "0912345678"),
    ("health-card", "ZZ4010120878811"),
    ("health-card", "HS6010120878811"),
    ("mobile", "0612345678"),
    ("plate", "13A-123.45"),
    ("plate", "30A-000.00"),
    ("parcel", "ezs42e44yx96"),
    ("parcel", "w7er8u0evsa2"),
    ("vn2000-pair", "691000, 5335000"),
    ("vn2000-value", "87123"),
    ("position", "lat=52.52001&lng=13.40501"),
    ("icd10", "E99"),
    ("icd10", "D49"),
    ("birth-date", "31/02/1985"),
    ("birth-date", "12/03/1885"),
    ("person-email", "noreply@shop.vn"),
]


@pytest.mark.parametrize(("check", "value"), RIGHT)
def test_what_has_the_structure_passes(check, value):
    assert CHECKS[check](value.encode())


@pytest.mark.parametrize(("check", "value"), WRONG)
def test_what_lacks_the_structure_does_not(check, value):
    assert not CHECKS[check](value.encode())


def test_every_check_says_yes_and_no_to_something():
    assert {name for name, _ in RIGHT} == {name for name, _ in WRONG} == set(CHECKS)


@pytest.mark.parametrize("check", sorted(CHECKS))
@pytest.mark.parametrize(
    "value", [b"", b"\xff\xfe", b"0", b"-", b"9" * 1024, b"|" * 40, b"6304" * 30]
)
def test_hostile_bytes_are_a_no_not_an_error(check, value):
    assert CHECKS[check](value) is False


def test_checksums_give_their_published_values():
    assert crc16(b"123456789") == 0x29B1
    assert luhn("79927398713")
    assert not luhn("79927398710")


def test_a_geohash_is_decoded_and_a_letter_it_lacks_is_refused():
    assert decoded_geohash(b"ezs42") == pytest.approx((-5.60302734375, 42.60498046875))
    assert decoded_geohash(b"ezs4a") is None


@pytest.mark.parametrize(
    ("place", "within"),
    [
        ((105.85, 21.03), True),
        ((106.70, 10.78), True),
        ((103.96, 10.22), True),  # Phú Quốc
        ((111.92, 8.64), True),  # Trường Sa
        ((107.97, 21.53), True),  # Móng Cái
        ((102.63, 17.97), False),  # Vientiane
        ((104.92, 11.55), False),  # Phnom Penh
        ((108.37, 22.82), False),  # Nanning
        ((110.35, 20.02), False),  # Haikou
    ],
)
def test_places_lie_in_vietnam_or_not(place, within):
    assert in_vietnam(*place) is within
