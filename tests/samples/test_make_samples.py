from __future__ import annotations

import gzip
import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path
from random import Random

import pyarrow as pa
import pytest
from pyarrow import parquet

SAMPLES = Path(__file__).parents[2] / "samples"
MADE = ("pcaps", "logs/zeek", "logs/parquet", "checklist/papers", "checklist/profiles")
FILES = sorted(path for folder in MADE for path in SAMPLES.glob(f"{folder}/*"))
CAPTURES = [path for path in FILES if path.parent.name == "pcaps"]
TSHARK = shutil.which("tshark")
needs_tshark = pytest.mark.skipif(
    TSHARK is None, reason="tshark is not installed: nobody else can say whether samples are sound"
)


def module(name: str):
    spec = importlib.util.spec_from_file_location(f"samples_{name}", SAMPLES / f"{name}.py")
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = loaded
    spec.loader.exec_module(loaded)
    return loaded


def tshark(path: Path, *arguments: str) -> list[str]:
    checks = [
        part for layer in ("ip", "tcp", "udp") for part in ("-o", f"{layer}.check_checksum:TRUE")
    ]
    done = subprocess.run(
        [TSHARK, "-n", "-r", str(path), *checks, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    cut = "cut short in the middle of a packet" in done.stderr
    assert cut == (path.name == "truncated.pcap"), done.stderr
    assert cut or done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    folder = tmp_path_factory.mktemp("samples")
    subprocess.run([sys.executable, str(SAMPLES / "make_samples.py"), str(folder)], check=True)
    return folder


def test_the_generator_writes_exactly_the_committed_files(fresh):
    made = {str(path.relative_to(fresh)) for path in fresh.rglob("*") if path.is_file()}
    assert made == {str(path.relative_to(SAMPLES)) for path in FILES} | {"README.md"}
    for name in sorted(made):
        new, old = (fresh / name).read_bytes(), (SAMPLES / name).read_bytes()
        if name.endswith(".gz"):  # another zlib compresses otherwise: the content counts
            new, old = gzip.decompress(new), gzip.decompress(old)
        if name.endswith(".parquet"):  # another Arrow names itself in the file: likewise
            new, old = (parquet.read_table(pa.BufferReader(each)) for each in (new, old))
        assert new == old, f"{name} is stale: run samples/make_samples.py"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_each_sample_has_its_line_in_both_languages(path):
    page = (SAMPLES / "README.md").read_text(encoding="utf-8")
    (row,) = [row for row in page.splitlines() if f"`{path.relative_to(SAMPLES)}`" in row]
    assert all(len(cell.strip()) > 20 for cell in row.strip("|").split("|")[1:])


def test_the_captures_are_small_enough_to_live_in_the_repository():
    assert len(CAPTURES) >= 8
    assert sum(path.stat().st_size for path in CAPTURES) < 1_000_000


@needs_tshark
@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name)
def test_tshark_finds_nothing_malformed_and_no_wrong_checksum(path):
    wrong = " || ".join(
        f"{layer}.checksum.status == 0" for layer in ("ip", "tcp", "udp", "icmp", "icmpv6")
    )
    # Warnings of TCP analysis are the point of some scenes; errors are of none.
    # "Malformed" is also what tshark calls exported records whose template never comes.
    wrong = f"_ws.malformed && !cflow.no_template_found || _ws.expert.severity == error || {wrong}"
    assert tshark(path, "-Y", wrong) == []
    assert len(tshark(path)) > 20


@needs_tshark
@pytest.mark.parametrize(
    ("name", "display", "count"),
    [
        ("land-registry-replica.pcap", "tcp.analysis.retransmission", 2),
        ("land-registry-replica.pcap", "tcp.analysis.out_of_order", 1),
        ("land-registry-replica.pcap", "dns.flags.response == 1", 1),
        ("citizens-csv-http.pcap", "http.request.method == POST", 1),
        ("foreign-client-pulls.pcap", "tcp.flags == 2 && ip.src == 133.11.93.20", 1),
        ("vlan-ipv6.pcap", "ieee8021ad", 37),
        ("vlan-ipv6.pcap", "ip.flags.mf == 1", 2),
        ("vlan-ipv6.pcap", "ipv6.fraghdr", 2),
        ("vlan-ipv6.pcap", "ipv6.hopopts && ipv6.dstopts && dns", 1),
        ("vlan-ipv6.pcap", "icmp || icmpv6", 5),
        ("midstream-and-resets.pcap", "tcp.flags.reset == 1", 2),
        ("midstream-and-resets.pcap", "tcp.port == 40000 && tcp.flags == 2", 2),
        ("short-snaplen.pcap", "frame.cap_len > 96", 0),
        ("two-interfaces-ns.pcapng", "frame.interface_id == 0", 31),
        ("two-interfaces-ns.pcapng", "frame.interface_id == 1 && ip.addr == 203.162.10.200", 49),
        ("clear-text-databases.pcap", "mysql.query || pgsql.query || smtp.req.command", 45),
        ("documents.pcap", "dns.flags.response == 0", 40),
        ("documents.pcap", "http.request.method == POST", 2),
        ("documents.pcap", "smtp.req.command == DATA || ftp.request.command == STOR", 2),
        ("domestic-only.pcap", "arp || mdns || ntp", 4),
        ("exporters.pcap", "cflow", 10),
        ("exporters.pcap", "cflow.no_template_found", 2),
        ("exporters.pcap", "sflow_245.sampletype == 1", 13),
    ],
)
def test_a_scene_shows_what_its_line_says(name, display, count):
    assert len(tshark(SAMPLES / "pcaps" / name, "-Y", display)) == count


@needs_tshark
@pytest.mark.parametrize(
    ("name", "server"),
    [
        ("land-registry-replica.pcap", "s3.ap-southeast-1.amazonaws.com"),
        ("foreign-client-pulls.pcap", "dichvucong.mau.gov.vn"),
        ("covered-transfer.pcap", "dtia.partner.example.jp"),
        ("vlan-ipv6.pcap", "storage.example.de"),
        ("truncated.pcap", "backup.example.fr"),
        ("two-interfaces-ns.pcapng", "sync.example.sg"),
    ],
)
def test_the_server_is_named_in_the_client_hello(name, server):
    fields = ("-T", "fields", "-e", "tls.handshake.extensions_server_name")
    assert server in tshark(SAMPLES / "pcaps" / name, *fields)


@needs_tshark
def test_the_nanosecond_capture_has_nanoseconds():
    times = tshark(
        SAMPLES / "pcaps" / "two-interfaces-ns.pcapng", "-T", "fields", "-e", "frame.time_epoch"
    )
    assert {time[-3:] for time in times} == {"137", "641"}


def test_every_invented_person_is_well_formed():
    maker = module("people")
    persons = maker.people(Random(7), 500)
    assert len({one.number for one in persons}) == 500
    for one in persons:
        assert re.fullmatch(r"\d{12}", one.number)
        assert one.number[:3] in maker.PROVINCES
        century, woman = divmod(int(one.number[3]), 2)
        assert one.born.year == 1900 + 100 * century + int(one.number[4:6])
        assert (one.sex == "Nữ") == bool(woman)
        assert re.fullmatch(r"0(3[2-9]|5[25689]|7[06-9]|8[1-689]|9[0-46-9])\d{7}", one.phone)


def test_the_posted_table_holds_its_two_hundred_citizens():
    text = (SAMPLES / "pcaps" / "citizens-csv-http.pcap").read_bytes()
    numbers = re.findall(rb"(?<!\d)\d{12}(?!\d)", text)
    assert len(set(numbers)) >= 190  # a few rows are split between two packets
