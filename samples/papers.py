"""Invented administrative documents as DOCX, XLSX, ODT and PDF, some of them digitally signed.

Every run makes the same bytes: the signing key grows out of a fixed seed and is good for nothing
else.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from asn1crypto import algos, cms
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LETTERHEAD = (
    "ỦY BAN NHÂN DÂN TỈNH MẪU",
    "SỞ NÔNG NGHIỆP VÀ MÔI TRƯỜNG",
    "Số: 123/QĐ-SNNMT",
    "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
    "Độc lập - Tự do - Hạnh phúc",
    "Mẫu, ngày 05 tháng 3 năm 2026",
)
REPORT = (
    *LETTERHEAD,
    "BÁO CÁO",
    "Đánh giá rủi ro của việc kết nối với Trung tâm dữ liệu quốc gia qua Agent Node",
    "Căn cứ Nghị định số 331/2026/NĐ-CP ngày 19 tháng 8 năm 2026 của Chính phủ;",
    "1. Phạm vi: cơ sở dữ liệu đất đai tỉnh Mẫu.",
    "KT. GIÁM ĐỐC",
    "PHÓ GIÁM ĐỐC",
    "Nguyễn Văn Mẫu",
)


OWNER = "Sở Nông nghiệp và Môi trường tỉnh Mẫu"
"""In whose name the certificate of the signed reports is."""


def report_docx() -> bytes:
    """A risk report with its letterhead in a table of two columns."""
    left, right = LETTERHEAD[:3], LETTERHEAD[3:]
    head = f"<w:tbl><w:tr>{_cell(left)}{_cell(right)}</w:tr></w:tbl>"
    return _word(head + "".join(map(_paragraph, REPORT[6:])))


def deployment_docx() -> bytes:
    """A deployment record (Form 08) in a table: every requirement has a status."""
    rows = (
        ("STT", "Yêu cầu", "Trạng thái", "Minh chứng"),
        ("1", "Thiết lập chính sách an ninh mạng", "Đã triển khai đầy đủ", "ev-0003"),
        ("2", "Bảo đảm an toàn mạng", "Đã triển khai đầy đủ", "ev-0004"),
        ("3", "Bảo đảm an toàn dữ liệu", "Đã triển khai đầy đủ", "ev-0005"),
    )
    table = "".join("<w:tr>" + "".join(_cell((cell,)) for cell in row) + "</w:tr>" for row in rows)
    return _word(_paragraph("Trạng thái chung: Đã triển khai đầy đủ") + f"<w:tbl>{table}</w:tbl>")


def letter(head: Sequence[str], lines: Sequence[str], rows: Sequence[Sequence[str]] = ()) -> bytes:
    """A DOCX: a letterhead of three lines on each side, paragraphs, and a table if there are rows.

    The table stands before the last three lines, where the signer is.
    """
    top = f"<w:tbl><w:tr>{_cell(head[:3])}{_cell(head[3:])}</w:tr></w:tbl>"
    cells = "".join("<w:tr>" + "".join(_cell((cell,)) for cell in row) + "</w:tr>" for row in rows)
    table = f"<w:tbl>{cells}</w:tbl>" if rows else ""
    body, end = lines[:-3], lines[-3:]
    return _word(top + "".join(map(_paragraph, body)) + table + "".join(map(_paragraph, end)))


def signed_letter(lines: Sequence[str], title: str, owner: str, moment: datetime) -> bytes:
    """A PDF of one page, digitally signed with a certificate in the name of ``owner``."""
    return _signed(moment, lines, title, owner)


def workbook(rows: Sequence[Sequence[str]]) -> bytes:
    """An XLSX of one sheet with nothing but text."""
    sheet = "".join(
        "<row>"
        + "".join(f'<c t="inlineStr"><is><t>{escape(cell)}</t></is></c>' for cell in row)
        + "</row>"
        for row in rows
    )
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    return stored_zip((
        ("[Content_Types].xml",
         (f'<Types xmlns="{package}/content-types">'
         '<Default Extension="rels"'
         ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
         f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
         f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{kind}.worksheet+xml"/>'
         "</Types>")),
        ("_rels/.rels",
         (f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1"'
         f' Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>')),
        ("xl/workbook.xml",
         (f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
         '<sheet name="Sheet1" sheetId="1" r:id="r1"/></sheets></workbook>')),
        ("xl/_rels/workbook.xml.rels",
         (f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1"'
         f' Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>')),
        ("xl/worksheets/sheet1.xml",
         f'<worksheet xmlns="{main}"><sheetData>{sheet}</sheetData></worksheet>'),
    ))  # fmt: skip


def secret_docx() -> bytes:
    """A document whose page header carries a secrecy mark."""
    return _word("".join(map(_paragraph, REPORT)), header=_paragraph("TỐI MẬT"))


def headed_docx(header: Sequence[str], lines: Sequence[str]) -> bytes:
    """A DOCX of paragraphs, with the lines of a page header."""
    return _word("".join(map(_paragraph, lines)), header="".join(map(_paragraph, header)))


def report_pdf() -> bytes:
    """The risk report as PDF with a text layer."""
    return _pdf((REPORT,))


def scan_pdf() -> bytes:
    """Two pages without any text, as a scanner makes them."""
    return _pdf(((), ()))


def signed_pdf() -> bytes:
    """The risk report, digitally signed on the day it was issued."""
    return _signed(datetime(2026, 3, 5, 2, 0, tzinfo=UTC))


def changed_pdf() -> bytes:
    """The signed report with one byte changed after signing."""
    return signed_pdf().replace(b"(Risk report)", b"(Risk repert)")


def signed_late_pdf() -> bytes:
    """The risk report, signed after the certificate had run out."""
    return _signed(datetime(2027, 6, 1, 2, 0, tzinfo=UTC))


def stored_zip(parts: Sequence[tuple[str, str | bytes]]) -> bytes:
    """A zip archive whose members are stored as they are."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts:
            about = zipfile.ZipInfo(name, (2026, 3, 5, 0, 0, 0))
            archive.writestr(about, content)  # stored: deflate differs between zlib versions
    return out.getvalue()


_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_TYPES = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/></Types>'
)


def _paragraph(text: str) -> str:
    return f'<w:p><w:r><w:t xml:space="preserve">{escape(text)}</w:t></w:r></w:p>'


def _cell(lines: Sequence[str]) -> str:
    return f"<w:tc>{''.join(map(_paragraph, lines))}</w:tc>"


def _word(body: str, header: str = "") -> bytes:
    parts = [
        ("[Content_Types].xml", _TYPES),
        (
            "word/document.xml",
            (
                f'<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="{_WORD}">'
                f"<w:body>{body}</w:body></w:document>"
            ),
        ),
    ]
    if header:
        parts.append(
            (
                "word/header1.xml",
                f'<?xml version="1.0" encoding="UTF-8"?><w:hdr xmlns:w="{_WORD}">{header}</w:hdr>',
            )
        )
    return stored_zip(parts)


_UNICODE = b"""/CIDInit /ProcSet findresource begin 12 dict begin begincmap
/CMapName /Plain def /CMapType 2 def
1 begincodespacerange <0000> <FFFF> endcodespacerange
1 beginbfrange <0000> <1FFF> <0000> endbfrange
endcmap CMapName currentdict /CMap defineresource pop end end"""


def _objects(pages: Sequence[Sequence[str]], title: str = "Risk report") -> list[bytes]:
    """Catalog 1, pages 2, font 3 to 5, information 6; then a page and its content each."""
    kids = b" ".join(b"%d 0 R" % (7 + 2 * at) for at in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R %s>>",
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, len(pages)),
        (
            b"<< /Type /Font /Subtype /Type0 /BaseFont /Plain /Encoding /Identity-H"
            b" /DescendantFonts [4 0 R] /ToUnicode 5 0 R >>"
        ),
        (
            b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Plain /DW 500"
            b" /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>"
        ),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(_UNICODE), _UNICODE),
        b"<< /Title (%s) >>" % title.encode("ascii"),
    ]
    for at, lines in enumerate(pages):
        drawn = b"".join(
            b"BT /F1 12 Tf 60 %d Td <%s> Tj ET\n"
            % (780 - 20 * row, line.encode("utf-16-be").hex().encode())
            for row, line in enumerate(lines)
        )
        objects += [
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R"
            b" /Resources << /Font << /F1 3 0 R >> >> >>" % (8 + 2 * at),
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawn), drawn),
        ]
    return objects


def _written(objects: Sequence[bytes]) -> bytes:
    out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, content in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R /Info 6 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        start,
    )
    return bytes(out)


def _pdf(pages: Sequence[Sequence[str]]) -> bytes:
    objects = _objects(pages)
    objects[0] %= b""
    return _written(objects)


_ROOM = 4096
"""Bytes kept free for a signature."""


def _signed(
    moment: datetime,
    lines: Sequence[str] = REPORT,
    title: str = "Risk report",
    owner: str = OWNER,
) -> bytes:
    objects = _objects((lines,), title)
    field, value = len(objects) + 1, len(objects) + 2
    objects[0] %= b"/AcroForm << /Fields [%d 0 R] /SigFlags 3 >> " % field
    objects.append(
        b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (Signature1) /Rect [0 0 0 0] /F 132"
        b" /P 7 0 R /V %d 0 R >>" % value
    )
    objects.append(
        b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /adbe.pkcs7.detached /M (D:%s)"
        b" /ByteRange [0000000000 0000000000 0000000000 0000000000] /Contents <%s> >>"
        % (moment.strftime("%Y%m%d%H%M%S+00'00'").encode(), b"0" * 2 * _ROOM)
    )
    content = _written(objects)
    opens = content.index(b"/Contents <" + b"0" * 64) + len(b"/Contents ")
    closes = opens + 2 * _ROOM + 2
    ranges = b"[%010d %010d %010d %010d]" % (0, opens, closes, len(content) - closes)
    content = content.replace(b"[0000000000 0000000000 0000000000 0000000000]", ranges)
    digest = hashlib.sha256(content[:opens] + content[closes:]).digest()
    signature = _signature(digest, moment, owner).hex().encode().ljust(2 * _ROOM, b"0")
    return content[: opens + 1] + signature + content[closes - 1 :]


def _signature(digest: bytes, moment: datetime, owner: str) -> bytes:
    """A CMS signature (RFC 5652) over a digest."""
    certificate = asn1_x509.Certificate.load(
        _certificate(owner).public_bytes(serialization.Encoding.DER)
    )
    sha256 = algos.DigestAlgorithm({"algorithm": "sha256"})
    attributes = cms.CMSAttributes(
        [
            cms.CMSAttribute({"type": "content_type", "values": ["data"]}),
            cms.CMSAttribute({"type": "signing_time", "values": [cms.Time({"utc_time": moment})]}),
            cms.CMSAttribute({"type": "message_digest", "values": [digest]}),
        ]
    )
    signed = _key().sign(attributes.dump(), padding.PKCS1v15(), hashes.SHA256())
    signer = cms.SignerInfo(
        {
            "version": "v1",
            "sid": cms.SignerIdentifier(
                {
                    "issuer_and_serial_number": cms.IssuerAndSerialNumber(
                        {"issuer": certificate.issuer, "serial_number": certificate.serial_number}
                    )
                }
            ),
            "digest_algorithm": sha256,
            "signed_attrs": attributes,
            "signature_algorithm": {"algorithm": "sha256_rsa"},
            "signature": signed,
        }
    )
    return cms.ContentInfo(
        {
            "content_type": "signed_data",
            "content": cms.SignedData(
                {
                    "version": "v1",
                    "digest_algorithms": [sha256],
                    "encap_content_info": {"content_type": "data"},
                    "certificates": [certificate],
                    "signer_infos": [signer],
                }
            ),
        }
    ).dump()


@cache
def _certificate(owner: str = OWNER) -> x509.Certificate:
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"),
            x509.NameAttribute(NameOID.COMMON_NAME, owner),
        ]
    )
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(_key().public_key())
        .serial_number(20260101)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2026, 12, 31, tzinfo=UTC))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.KeyUsage(True, True, False, False, False, True, False, False, False),
            critical=True,
        )
        .sign(_key(), hashes.SHA256())
    )


@cache
def _key() -> rsa.RSAPrivateKey:
    """An RSA key out of a fixed seed: everybody can make it, so it protects nothing."""
    stream = _bits()
    p, q = sorted((_prime(stream), _prime(stream)), reverse=True)
    exponent = 65537
    private = pow(exponent, -1, (p - 1) * (q - 1))
    numbers = rsa.RSAPrivateNumbers(
        p, q, private, private % (p - 1), private % (q - 1), pow(q, -1, p),
        rsa.RSAPublicNumbers(exponent, p * q),
    )  # fmt: skip
    return numbers.private_key()


def _bits() -> Iterator[int]:
    count = 0
    while True:
        blocks = b"".join(
            hashlib.sha256(b"auditor sample papers %d %d" % (count, part)).digest()
            for part in range(4)
        )
        yield int.from_bytes(blocks) | 1 | 3 << 1022
        count += 1


def _prime(stream: Iterator[int]) -> int:
    small = [n for n in range(3, 2000, 2) if all(n % d for d in range(3, int(n**0.5) + 1, 2))]
    for start in stream:
        for number in range(start, start + 20_000, 2):
            if all(number % n for n in small) and all(
                pow(base, number - 1, number) == 1 for base in (2, 3, 5, 7)
            ):
                return number
    raise AssertionError("the stream does not end")
