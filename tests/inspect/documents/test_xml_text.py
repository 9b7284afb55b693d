import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.inspect.contracts import About
from auditor.inspect.documents.xml_text import BLOCK, XmlDocument
from tests.inspect.documents.cutting import damaged, pages_of, rows_of, written

PAYMENT = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"><CstmrCdtTrfInitn>'
    "<GrpHdr><MsgId>M-1</MsgId><InitgPty><Nm>Công ty A</Nm></InitgPty></GrpHdr><PmtInf>"
    + "".join(
        f'<CdtTrfTxInf><Amt><InstdAmt Ccy="VND">{at}00</InstdAmt></Amt><Cdtr><Nm>Nguyễn {at}</Nm>'
        f"</Cdtr><CdtrAcct><Id><Othr><Id>00110{at:08d}</Id></Othr></Id></CdtrAcct></CdtTrfTxInf>"
        for at in range(1000)
    )
    + "</PmtInf></CstmrCdtTrfInitn></Document>"
).encode()


def test_records_of_a_payment_message_become_a_table():
    pages = pages_of(XmlDocument(), PAYMENT)
    names = pages.tables[0][0]
    assert names == ("Amt.InstdAmt", "Amt.InstdAmt.Ccy", "Cdtr.Nm", "CdtrAcct.Id.Othr.Id")
    assert rows_of(pages)[999] == ("99900", "VND", "Nguyễn 999", "0011000000999")
    assert "Document.CstmrCdtTrfInitn.GrpHdr.MsgId: M-1\n" in pages.data.decode()


def test_fhir_values_come_out_with_their_paths():
    data = (
        b"<Patient xmlns='http://hl7.org/fhir'><identifier><value value='001090012345'/>"
        b"</identifier><birthDate value='1990-01-01'/></Patient>"
    )
    text = pages_of(XmlDocument(), data).data
    assert b"Patient.identifier.value: 001090012345\n" in text
    assert b"Patient.birthDate.value: 1990-01-01\n" in text


def test_rows_of_attributes_become_a_table():
    data = b"<rows><row id='1' ten='A'/><row id='2' ten='B'/></rows>"
    assert rows_of(pages_of(XmlDocument(), data)) == [("1", "A"), ("2", "B")]


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (
            b"<kml xmlns='http://www.opengis.net/kml/2.2'><coordinates>105.8,21.03,0",
            "KML, in Vietnam",
        ),
        (
            b'<gpx xmlns=\'http://www.topografix.com/GPX/1/1\'><wpt lat="48.8" lon="2.3"/>',
            "GPX, elsewhere",
        ),
        (b"<x:F xmlns:gml='http://www.opengis.net/gml/3.2'>", "GML"),
    ],
)
def test_maps_are_geodata(data, kind):
    assert pages_of(XmlDocument(), data).facts == [("geodata", kind)]


def test_entities_are_refused_and_the_rest_is_text():
    laughs = "".join(f'<!ENTITY l{at} "{f"&l{at - 1};" * 10}">' for at in range(1, 20))
    begin = f'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY l0 "ha">{laughs}]>'
    data = f"{begin}<l>&l19;CCCD 001090012345</l>"
    pages = pages_of(XmlDocument(), data.encode())
    assert b"001090012345" in pages.data
    assert len(pages.data) < 2 * len(data)


def test_external_files_are_never_opened():
    data = b'<!DOCTYPE a SYSTEM "file:///etc/passwd" [<!ENTITY x SYSTEM "/etc/passwd">]><a>&x;</a>'
    assert b"root:" not in pages_of(XmlDocument(), data).data


def test_a_declared_charset_is_taken():
    text = '<?xml version="1.0" encoding="windows-1258"?><a><ten>Nguyễn</ten></a>'
    assert "Nguyễn" in pages_of(XmlDocument(), text.encode("utf-16")).data.decode()
    data = b'<?xml version="1.0" encoding="koi8-r"?><a>' + "Привет".encode("koi8-r") + b"</a>"
    assert "Привет" in pages_of(XmlDocument(), data).data.decode()


def test_deep_and_wide_documents_stay_cheap():
    pages = pages_of(XmlDocument(), b"<a>" * 100_000 + b"001090012345")
    assert b"001090012345" in pages.data
    data = b"<r>" + b"".join(b"<t%d><v>1</v></t%d>" % (at, at) for at in range(3000)) + b"</r>"
    assert pages_of(XmlDocument(), data).data.count(b": 1\n") == 3000
    pages = pages_of(XmlDocument(), b"<r>" + b"<v>1</v>" * 20_000 + b"</r>")
    assert pages.data.count(b": 1\n") == 20_000


def test_what_breaks_off_is_read_as_far_as_it_goes():
    pages = pages_of(XmlDocument(), PAYMENT[: len(PAYMENT) // 2])
    assert len(rows_of(pages)) > 400
    assert b"tail 001090012345" in pages_of(XmlDocument(), b"<a><b>1</c> tail 001090012345").data


def test_xml_is_recognised_and_pages_are_left_to_html():
    assert XmlDocument().sniff(PAYMENT[:4096], About()) == 0.9
    assert XmlDocument().sniff(b"<a><b/></a>", About()) > 0.5
    assert XmlDocument().sniff(b"<!doctype html><html><p>x</p>", About()) <= 0.3
    assert XmlDocument().sniff(b"a < b", About()) == 0


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 3000), st.integers(0, 3 * BLOCK))
def test_cuts_change_nothing(size, end):
    data = PAYMENT[:end] + b"<&"
    assert written(pages_of(XmlDocument(), data, size)) == written(pages_of(XmlDocument(), data))


def test_damaged_bytes_do_no_harm():
    for data in damaged(PAYMENT[:3000], 60):
        XmlDocument().sniff(data[:4096], About())
        pages_of(XmlDocument(), data, 100)
