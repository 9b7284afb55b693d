"""Writes the sample captures and logs: ``python samples/make_samples.py [FOLDER]``.

Every run writes the same bytes (the gzip file: the same content). Everything in them is invented.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import documents_scene
import exporters
import papers
import place_scene
import profiles
import scenes
import tables
import zeek_logs
from pcapng_scene import two_interfaces_ns


@dataclass(frozen=True, slots=True)
class Sample:
    """One file, with one line in each language on what it shows."""

    file: str
    content: Callable[[], bytes]
    vi: str
    en: str


SAMPLES: Final = (
    Sample(
        "pcaps/land-registry-replica.pcap",
        scenes.land_registry_replica,
        "CSDL đất đai sao chép sang kho lưu trữ ở Singapore qua TLS; có gói gửi lại và sai thứ tự",
        "The land registry replicates to an object store in Singapore over TLS; "
        "with retransmissions and one segment out of order",
    ),
    Sample(
        "pcaps/citizens-csv-http.pcap",
        scenes.citizens_csv_http,
        "Cổng dịch vụ công gửi tệp CSV 200 công dân sang Đức qua HTTP, không mã hóa",
        "The citizen portal posts a CSV of 200 citizens to Germany over HTTP, in clear text",
    ),
    Sample(
        "pcaps/domestic-only.pcap",
        scenes.domestic_only,
        "Chỉ có lưu lượng trong nước và nội bộ: DNS, HTTPS, HTTP, NTP, mDNS, ARP",
        "Domestic and internal traffic only: DNS, HTTPS, HTTP, NTP, mDNS, ARP",
    ),
    Sample(
        "pcaps/foreign-client-pulls.pcap",
        scenes.foreign_client_pulls,
        "Máy khách ở Nhật Bản mở kết nối và tải dữ liệu từ máy chủ trong nước",
        "A client in Japan opens the connection and pulls data from a server at home",
    ),
    Sample(
        "pcaps/covered-transfer.pcap",
        scenes.covered_transfer,
        "Cổng dịch vụ công gửi cho đối tác Nhật Bản đã có trong hồ sơ (dtia.partner.example.jp)",
        "The citizen portal sends to the partner in Japan that a dossier names "
        "(dtia.partner.example.jp)",
    ),
    Sample(
        "pcaps/clear-text-databases.pcap",
        scenes.clear_text_databases,
        "Hệ thống nhân sự ghi vào MySQL (Đức), PostgreSQL (Singapore), gửi thư (Pháp), "
        "đều không mã hóa",
        "The personnel system writes to MySQL (Germany), PostgreSQL (Singapore) and mails France, "
        "all in clear text",
    ),
    Sample(
        "pcaps/vlan-ipv6.pcap",
        scenes.vlan_ipv6,
        "VLAN, QinQ, IPv6 có tiêu đề mở rộng, phân mảnh IPv4 và IPv6, ICMP và ICMPv6",
        "VLAN, QinQ, IPv6 with extension headers, IPv4 and IPv6 fragments, ICMP and ICMPv6",
    ),
    Sample(
        "pcaps/midstream-and-resets.pcap",
        scenes.midstream_and_resets,
        "Kết nối không thấy lúc mở, bị từ chối, bị ngắt, cổng dùng lại, khoảng lặng dài",
        "No handshake, refusal, reset, a port used twice, long silences",
    ),
    Sample(
        "pcaps/short-snaplen.pcap",
        scenes.short_snaplen,
        "Chỉ giữ 96 byte đầu của mỗi gói; khối lượng vẫn tính được từ độ dài IP",
        "Only 96 bytes of each packet were kept; volumes are still known from the IP length",
    ),
    Sample(
        "pcaps/truncated.pcap",
        scenes.truncated,
        "Tệp bị cắt giữa một bản ghi: đọc được mọi luồng trước chỗ cắt và nêu phần bị mất",
        "The file is cut inside a record: all flows up to the cut, and a problem that says so",
    ),
    Sample(
        "pcaps/two-interfaces-ns.pcapng",
        two_interfaces_ns,
        "pcapng độ phân giải nano giây, hai giao diện (Ethernet, IP thuần): "
        "cổng thông tin và một máy chưa kê khai",
        "Nanosecond pcapng, two interfaces (Ethernet, raw IP): "
        "the public site and an unlisted host",
    ),
    Sample(
        "pcaps/place.pcap",
        place_scene.place,
        "Nơi đến cần xem lại: địa chỉ được ghi là ở Hoa Kỳ nhưng trả lời sau 2 ms (bộ nhớ đệm "
        "trong nước), một máy chủ ở xa thật, một máy phân giải tên miền anycast, một máy chủ trong "
        "nước",
        "Places worth a second look: an address filed in the United States that answers after 2 ms "
        "(a cache at home), a server that is truly far, an anycast resolver, a server at home",
    ),
    Sample(
        "pcaps/exporters.pcap",
        exporters.exporters,
        "Gói tin NetFlow v5, v9, IPFIX, sFlow v5 trên đường tới máy thu: lấy mẫu, hai chiều, NAT, "
        "bị chặn, thiếu mẫu (template), mất gói, gói lặp; ba gói do softflowd 1.1.0 tạo từ ba tệp "
        "mẫu khác",
        "NetFlow v5, v9, IPFIX and sFlow v5 on their way to a collector: sampled, bidirectional, "
        "NAT, refused, without template, lost, repeated; softflowd 1.1.0 made three of the "
        "datagrams from three other samples",
    ),
    Sample(
        "pcaps/documents.pcap",
        documents_scene.documents,
        "Nội dung để soi: thư có zip chứa xlsx 120 công dân, docx mang dấu TỐI MẬT (tài liệu "
        "giả, vô hại), truy vấn DNS giấu dữ liệu, API thanh toán, CSV mã TCVN3 qua FTP; và một tệp "
        "chỉ tải về. Người và số đều hư cấu",
        "Content to be looked into: a mail with an xlsx of 120 citizens in a zip, a docx that "
        "carries the mark TỐI MẬT (an invented, harmless paper), data hidden in DNS queries, a "
        "payment call, a CSV in TCVN3 by FTP; and a file that is only fetched. Persons and numbers "
        "are invented",
    ),
    Sample(
        "logs/zeek/conn.log",
        zeek_logs.tab_separated,
        "Nhật ký Zeek dạng cột: IPv6, UDP, ICMP, trường không có giá trị",
        "Zeek log with tabs: IPv6, UDP, ICMP, unset fields",
    ),
    Sample(
        "logs/zeek/conn.json.log",
        zeek_logs.json_lines,
        "Nhật ký Zeek dạng JSON của ngày hôm sau",
        "Zeek log as JSON, of the next day",
    ),
    Sample(
        "logs/zeek/conn-2026-10-03.log.gz",
        zeek_logs.gzipped,
        "Nhật ký Zeek đã xoay vòng và nén gzip",
        "Zeek log, rotated and gzipped",
    ),
    Sample(
        "logs/zeek/ssl.log",
        zeek_logs.ssl,
        "Tên máy chủ và phiên bản TLS của các kết nối; một kết nối chưa có trong conn.log",
        "Server names and TLS versions; one connection that conn.log does not have yet",
    ),
    Sample(
        "logs/zeek/ssl.json.log",
        zeek_logs.ssl_json,
        "Tên máy chủ của ngày hôm sau, dạng JSON",
        "Server names of the next day, as JSON",
    ),
    Sample(
        "logs/zeek/http.log",
        zeek_logs.http,
        "Tên máy chủ web; một kết nối hỏi hai tên",
        "Names of web servers; one connection asks for two",
    ),
    Sample(
        "logs/zeek/quic.log",
        zeek_logs.quic,
        "Tên máy chủ và giao thức trong QUIC",
        "Server names and protocols in QUIC",
    ),
    Sample(
        "logs/zeek/dns.log",
        zeek_logs.dns,
        "Câu hỏi và câu trả lời DNS: địa chỉ nào mang tên nào",
        "DNS queries and answers: which address had which name",
    ),
    Sample(
        "logs/zeek/files.log",
        zeek_logs.files,
        "Nhật ký Zeek không cần đến",
        "A Zeek log that is not needed",
    ),
    Sample(
        "logs/parquet/aws-vpc.parquet",
        tables.aws_flow_logs,
        "Nhật ký luồng VPC của AWS dạng Parquet: hai chiều, bị từ chối, không có dữ liệu",
        "AWS VPC flow logs as Parquet: both directions, refused, no data",
    ),
    Sample(
        "logs/parquet/firewall.parquet",
        tables.firewall_export,
        "Tường lửa xuất ra Parquet: cột lồng nhau, ý nghĩa cột được đoán",
        "A firewall's export as Parquet: nested columns, whose meaning is guessed",
    ),
    Sample(
        "checklist/profiles/good.json",
        profiles.good,
        "Kết quả xem mẫu dữ liệu tại chỗ (chỉ số đếm): mọi dòng đều đúng",
        "A look at data on the spot (counts only): all rows are right",
    ),
    Sample(
        "checklist/profiles/fair.json",
        profiles.fair,
        "Như trên: mỗi loại lỗi có một dòng trong 60",
        "The same: one row in 60 is wrong in each way",
    ),
    Sample(
        "checklist/profiles/bad.json",
        profiles.bad,
        "Như trên: mỗi loại lỗi có mười dòng; dữ liệu thử có số định danh; một dấu mật",
        "The same: ten rows in each way; test data holds identifiers; one secrecy mark",
    ),
    Sample(
        "checklist/profiles/small.json",
        profiles.small,
        "Như trên: chỉ 12 dòng, không đủ để kết luận",
        "The same: 12 rows, too few to conclude anything",
    ),
    Sample(
        "checklist/profiles/picked.json",
        profiles.picked,
        "Như trên: các dòng được chọn sẵn",
        "The same: rows picked by hand",
    ),
    Sample(
        "checklist/profiles/silent.json",
        profiles.silent,
        "Như trên: tệp quy tắc không hỏi gì",
        "The same: the rules ask nothing",
    ),
    Sample(
        "checklist/papers/risk-report.docx",
        papers.report_docx,
        "Báo cáo đánh giá rủi ro dạng DOCX: số, ngày, người ký ở tiêu ngữ hai cột",
        "A risk report as DOCX: number, date and signer in a letterhead of two columns",
    ),
    Sample(
        "checklist/papers/deployment-record.docx",
        papers.deployment_docx,
        "Bảng trạng thái triển khai (Mẫu 08) dạng DOCX, yêu cầu nào cũng có trạng thái",
        "A deployment record (Form 08) as DOCX; every requirement has a status",
    ),
    Sample(
        "checklist/papers/secret.docx",
        papers.secret_docx,
        "Tài liệu có dấu độ mật ở đầu trang; nội dung không được sao chép",
        "A document with a secrecy mark in its page header; its content must not be copied",
    ),
    Sample(
        "checklist/papers/risk-report.pdf",
        papers.report_pdf,
        "Báo cáo đánh giá rủi ro dạng PDF có lớp chữ",
        "The risk report as PDF with a text layer",
    ),
    Sample(
        "checklist/papers/scan.pdf",
        papers.scan_pdf,
        "PDF hai trang không có lớp chữ, như bản quét",
        "Two pages of PDF without a text layer, as scanned",
    ),
    Sample(
        "checklist/papers/signed.pdf",
        papers.signed_pdf,
        "Báo cáo ký số, chữ ký còn nguyên vẹn; chứng thư tự tạo",
        "The report with an intact digital signature; the certificate is home-made",
    ),
    Sample(
        "checklist/papers/signed-changed.pdf",
        papers.changed_pdf,
        "Báo cáo ký số bị sửa một byte sau khi ký",
        "The signed report with one byte changed after signing",
    ),
    Sample(
        "checklist/papers/signed-late.pdf",
        papers.signed_late_pdf,
        "Báo cáo ký sau khi chứng thư hết hạn",
        "The report, signed after the certificate had run out",
    ),
)


def readme() -> str:
    """The page that lists the samples."""
    lines = [
        "# Dữ liệu mẫu / Samples",
        "",
        "Được tạo bởi `samples/make_samples.py`; không sửa bằng tay. Người, số và cơ quan đều",
        "hư cấu; địa chỉ IP là thật, để cơ sở dữ liệu địa chỉ xác định được quốc gia.",
        "",
        "Written by `samples/make_samples.py`; do not edit by hand. Persons, numbers and the",
        "agency are invented; the addresses are real, so that a geo database can place them.",
        "",
        "Hai bộ hồ sơ hoàn chỉnh trong `agency/` do `agencies.py` tạo, có phần giải thích riêng.",
        "",
        "`agencies.py` makes the two whole assessments in `agency/`, which has its own README.",
        "",
        "Các nhật ký khác trong `logs/` viết bằng tay, mỗi thư mục một loại, kèm những bẫy của",
        "loại đó (`docs/formats/`); `logs/nfdump/` được tạo một lần bằng `netflow_export.py` và",
        "nfcapd 1.7.1.",
        "",
        "The other logs in `logs/` are written by hand, a folder for each kind, with the traps of",
        "that kind (`docs/formats/`); `logs/nfdump/` was made once by `netflow_export.py` and",
        "nfcapd 1.7.1.",
        "",
        "| Tệp / File | Cho thấy | Shows |",
        "|---|---|---|",
    ]
    lines += [f"| `{one.file}` | {one.vi} | {one.en} |" for one in SAMPLES]
    return "\n".join(lines) + "\n"


def main(folder: Path) -> None:
    """Writes every sample and the page into ``folder``."""
    for sample in SAMPLES:
        path = folder / sample.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(sample.content())
    (folder / "README.md").write_text(readme(), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
