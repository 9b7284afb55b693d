"""Exports of machines, results of tools, the scan and the look at data of the example agencies."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

from auditor.checklist.sources import sample, scan
from auditor.checklist.sources.profile import profile
from auditor.checklist.sources.rules import Rules

TODAY: Final = date(2026, 11, 20)
Rows = tuple[tuple[str, ...], ...]

ASSETS: Final[Rows] = (
    ("fw-01", "10.30.0.1", "tường lửa", "bien"),
    ("waf-01", "10.30.0.10", "máy chủ", "bien"),
    ("agent-node", "10.30.9.10", "máy chủ", "dmz"),
    ("gw-01", "10.30.9.20", "máy chủ cổng trao đổi", "dmz"),
    ("app-01", "10.30.2.21", "máy chủ", "may-chu"),
    ("app-02", "10.30.2.22", "máy chủ", "may-chu"),
    ("siem-01", "10.30.2.14", "máy chủ", "may-chu"),
    ("dns-01", "10.30.2.53", "máy chủ", "may-chu"),
    ("ntp-01", "10.30.2.123", "máy chủ", "may-chu"),
    ("db-01", "10.30.1.11", "cơ sở dữ liệu", "csdl"),
    ("db-02", "10.30.1.12", "cơ sở dữ liệu", "csdl"),
    ("jump-01", "10.30.99.5", "máy chủ", "quan-tri"),
    ("sw-01", "10.30.99.2", "thiết bị chuyển mạch", "quan-tri"),
    ("rt-01", "10.250.20.1", "thiết bị định tuyến", "truyen-dan"),
    ("test-01", "10.30.60.11", "máy chủ", "thu-nghiem"),
    ("pc-11", "10.30.99.11", "máy trạm", "quan-tri"),
    ("pc-31", "10.30.5.31", "máy trạm", "nguoi-dung"),
    ("pc-32", "10.30.5.32", "máy trạm", "nguoi-dung"),
    ("pc-33", "10.30.5.33", "máy trạm", "nguoi-dung"),
)
DEVICES: Final = ("fw-01", "sw-01", "rt-01")
MACHINES: Final = tuple(row for row in ASSETS if row[0] not in DEVICES)
SENDING: Final = tuple(row for row in ASSETS if not row[0].startswith("pc-"))


def table(heading: str, rows: Rows) -> str:
    """A register as CSV."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([heading.split(","), *rows])
    return text.getvalue()


PASSWORDS: Final = """\
[Unicode]
Unicode=yes
[System Access]
MinimumPasswordAge = 1
MaximumPasswordAge = 60
MinimumPasswordLength = 14
PasswordComplexity = 1
PasswordHistorySize = 24
LockoutBadCount = 5
ClearTextPassword = 0
[Registry Values]
MACHINE\\Software\\Microsoft\\Windows\\CurrentVersion\\Policies\\System\\InactivityTimeoutSecs=4,300
[Version]
signature="$CHICAGO$"
Revision=1
"""
DOORS: Final = """\
# TYPE  DATABASE     USER       ADDRESS         METHOD
local   all          postgres                   peer
hostssl cong_nghiep  ung_dung   10.30.2.21/32   scram-sha-256
hostssl cong_nghiep  ung_dung   10.30.2.22/32   scram-sha-256
hostssl cong_nghiep  sync_ndc   10.30.9.20/32   scram-sha-256 clientcert=verify-full
"""
GRANTS: Final = """\
Schema,Name,Type,Access privileges,Column privileges,Policies
public,co_so,table,"chu_cn=arwdDxtm/chu_cn
sync_ndc=r/chu_cn",,
public,lao_dong,table,"chu_cn=arwdDxtm/chu_cn
sync_ndc=r/chu_cn",,
"""
ROLES: Final = """\
rolname,rolsuper,rolinherit,rolcreaterole,rolcreatedb,rolcanlogin,rolbypassrls
postgres,t,t,t,t,t,t
chu_cn,f,t,f,f,t,f
sync_ndc,f,t,f,f,t,f
"""


CODES: Final = table("list,code,name,ends", (
    ("xa", "26734", "Xã Mẫu Một", ""), ("xa", "26737", "Xã Mẫu Hai", ""),
    ("xa", "26740", "Xã Mẫu Cũ", "2025-07-01"),
))  # fmt: skip

RULES: Final = Rules.model_validate({
    "format": 1,
    "tables": [
        {"name": "co_so", "purpose": "sync", "drawn": "all", "primary_key": ["ma_co_so"],
         "updated_at": "cap_nhat", "interval_days": 7, "max_age_days": 730, "columns": [
             {"name": "ma_co_so", "kind": "pattern", "pattern": "^CS[0-9]{5}$", "mandatory": True},
             {"name": "ten_co_so", "mandatory": True},
             {"name": "ma_so_thue", "kind": "tax-code", "mandatory": True},
             {"name": "ma_xa", "kind": "admin-code", "codes": "xa", "mandatory": True},
             {"name": "cap_nhat", "kind": "date"}]},
        {"name": "lao_dong", "purpose": "sync", "drawn": "all", "primary_key": ["so_dinh_danh"],
         "updated_at": "cap_nhat", "interval_days": 7, "max_age_days": 730, "columns": [
             {"name": "so_dinh_danh", "kind": "citizen-id", "mandatory": True},
             {"name": "ho_ten", "mandatory": True},
             {"name": "ngay_sinh", "kind": "date", "past": True, "mandatory": True},
             {"name": "ma_co_so", "mandatory": True},
             {"name": "ten_co_so"},
             {"name": "cap_nhat", "kind": "date"}],
         "foreign_keys": [{"columns": ["ma_co_so"], "table": "co_so"}]},
        {"name": "du_lieu_thu", "purpose": "test", "drawn": "all", "columns": [
            {"name": "so_dinh_danh"}, {"name": "ghi_chu"}]},
    ],
    "same": [{"table": "lao_dong", "column": "ten_co_so", "key": ["ma_co_so"], "other": "co_so",
              "other_column": "ten_co_so"}],
})  # fmt: skip


def looked_at() -> str:
    """The profile of invented tables; the tables themselves are kept nowhere."""
    businesses, workers = 400, 2400
    days = [(TODAY - timedelta(days=1 + at % 300)).isoformat() for at in range(workers)]
    tables = {
        "co_so": table("ma_co_so,ten_co_so,ma_so_thue,ma_xa,cap_nhat", tuple(
            (f"CS{at:05}", f"Cơ sở số {at}", "0100233488", ("26734", "26737")[at % 2], days[at])
            for at in range(businesses)
        )),
        "lao_dong": table("so_dinh_danh,ho_ten,ngay_sinh,ma_co_so,ten_co_so,cap_nhat", tuple(
            (f"079{at % 2}{70 + at % 30:02}{at:06}", f"Người Số {at}", f"{1970 + at % 30}-05-04",
             f"CS{at % businesses:05}", f"Cơ sở số {at % businesses}", days[at])
            for at in range(workers)
        )),
        "du_lieu_thu": table("so_dinh_danh,ghi_chu", tuple(
            (f"000{at:09}", "dữ liệu tạo sinh") for at in range(businesses)
        )),
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        paths = {}
        for name, text in {**tables, "codes": CODES}.items():
            paths[name] = Path(folder) / f"{name}.csv"
            paths[name].write_text(text, encoding="utf-8")
        codes = paths.pop("codes")
        return sample.to_json(profile(paths, RULES, TODAY, codes=codes))


def scanned() -> str:
    """A scan of both endpoints, as ``check --scan`` writes it."""
    versions = tuple(
        scan.VersionAsked(version, accepted, suite)
        for version, accepted, suite in (
            ("SSL 3.0", False, ""), ("TLS 1.0", False, ""), ("TLS 1.1", False, ""),
            ("TLS 1.2", True, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"),
            ("TLS 1.3", True, "TLS_AES_256_GCM_SHA384"),
        )
    )  # fmt: skip
    weak = tuple(
        scan.SuitesAsked(group, False) for group in ("null-anon-export", "rc4", "des", "cbc-sha1")
    )

    def endpoint(address: str, name: str, *, exchange: bool) -> scan.EndpointScan:
        return scan.EndpointScan(
            address=address,
            port=443,
            name=name,
            role="exchange" if exchange else "public",
            client_certificate=exchange,
            state="scanned",
            versions=versions,
            weak=weak,
            chain=(
                scan.Certificate(
                    subject=f"CN={name}",
                    issuer="CN=Mẫu CA",
                    serial=hashlib.sha256(name.encode()).hexdigest()[:16],
                    names=(name,),
                    not_before=datetime(2026, 10, 1, tzinfo=UTC),
                    not_after=datetime(2027, 10, 1, tzinfo=UTC),
                    key="RSA",
                    bits=3072,
                    hash="sha256",
                    self_signed=False,
                    sha256=hashlib.sha256(f"certificate of {name}".encode()).hexdigest(),
                ),
            ),
            chain_valid=True,
            without_certificate="refused" if exchange else "not-asked",
            without_says="tlsv13 alert certificate required" if exchange else "",
        )

    return scan.to_json(
        scan.Scan(
            format=1,
            at=datetime(2026, 11, 20, 1, 30, tzinfo=UTC),
            roots="mau-ca.pem",
            endpoints=(
                endpoint("10.30.9.20", "trao-doi.sct.mau.example.vn", exchange=True),
                endpoint("203.162.20.10", "dichvu.sct.mau.example.vn", exchange=False),
            ),
        )
    )


def _lynis(name: str, address: str) -> str:
    return (
        "# Lynis Report\nreport_version_major=1\nlynis_version=3.1.4\n"
        f"hostname={name}\nnetwork_ipv4_address[]={address}\n"
        "tests_executed=SSH-7408|FIRE-4512|AUTH-9262|KRNL-6000|LOGG-2130|\n"
        "report_datetime_end=2026-11-18 09:30:00\nlynis_tests_done=5\nfinish=true\n"
    )


def tools() -> list[tuple[str, str, str]]:
    """Kind, name and content of the result files of other tools."""
    hosts = "".join(
        f'<host><status state="up" reason="syn-ack"/><address addr="{row[1]}" addrtype="ipv4"/>'
        '<ports><port protocol="tcp" portid="443"><state state="open"/>'
        '<script id="ssl-enum-ciphers" output=""><table key="TLSv1.3"/></script></port></ports>'
        "</host>\n"
        for row in SENDING
    )
    started = int(datetime(2026, 11, 10, 14, tzinfo=UTC).timestamp())
    scanned = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<nmaprun scanner="nmap" '
        'args="nmap -sV --script vuln,ssl-enum-ciphers 10.30.0.0/16" '
        f'start="{started}" version="7.98">\n{hosts}'
        f'<runstats><finished time="{started + 900}" exit="success"/></runstats></nmaprun>\n'
    )
    source = {
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "mau-sast", "semanticVersion": "4.2.0"}},
                "invocations": [
                    {"executionSuccessful": True, "endTimeUtc": "2026-11-12T03:00:00Z"}
                ],
                "results": [],
            }
        ],
    }
    return [
        *(
            ("tool-results", f"lynis-{row[0]}.dat", _lynis(row[0], row[1]))
            for row in MACHINES
            if row in SENDING and row[0] != "agent-node"
        ),
        ("tool-results", "nmap.xml", scanned),
        ("tool-results", "sast.sarif", json.dumps(source, indent=1)),
    ]


ZONES: Final[Rows] = (
    ("wan1", "203.162.20.1", "255.255.255.0"),
    ("bien", "10.30.0.1", "255.255.255.0"),
    ("dmz", "10.30.9.1", "255.255.255.0"),
    ("may-chu", "10.30.2.1", "255.255.255.0"),
    ("csdl", "10.30.1.1", "255.255.255.0"),
    ("nguoi-dung", "10.30.5.1", "255.255.255.0"),
    ("khong-day", "10.30.7.1", "255.255.255.0"),
    ("thu-nghiem", "10.30.60.1", "255.255.255.0"),
    ("quan-tri", "10.30.99.1", "255.255.255.0"),
    ("truyen-dan", "10.250.20.2", "255.255.255.248"),
)
HOSTS: Final = {
    "waf": "10.30.0.10", "agent": "10.30.9.10", "gateway": "10.30.9.20", "siem": "10.30.2.14",
    "dns": "10.30.2.53", "ntp": "10.30.2.123", "jump": "10.30.99.5", "fw": "10.30.0.1",
    "maintainer": "113.161.7.20", "alerts": "113.160.9.9",
}  # fmt: skip
NETS: Final = {
    "net-bien": "10.30.0.0", "net-dmz": "10.30.9.0", "net-may-chu": "10.30.2.0",
    "net-csdl": "10.30.1.0", "net-nguoi-dung": "10.30.5.0", "net-thu-nghiem": "10.30.60.0",
    "net-quan-tri": "10.30.99.0", "net-center": "10.250.8.0",
}  # fmt: skip
SERVICES: Final = {
    "HTTPS": "tcp-portrange 443", "SSH": "tcp-portrange 22", "POSTGRES": "tcp-portrange 5432",
    "SYSLOG-TLS": "tcp-portrange 6514", "DNS": "udp-portrange 53", "NTP": "udp-portrange 123",
    "OPENVPN": "udp-portrange 1194",
}  # fmt: skip
POLICIES: Final[Rows] = (
    # name, from, to, source, destination, service
    ("dich-vu-cong", "wan1", "bien", "all", "vip-dich-vu", "HTTPS"),
    ("bao-tri", "wan1", "bien", "maintainer", "fw", "OPENVPN"),
    ("waf-ung-dung", "bien", "may-chu", "waf", "net-may-chu", "HTTPS"),
    ("nguoi-dung", "nguoi-dung", "may-chu", "net-nguoi-dung", "net-may-chu", "HTTPS"),
    ("ung-dung-csdl", "may-chu", "csdl", "net-may-chu", "net-csdl", "POSTGRES"),
    ("cong-csdl", "dmz", "csdl", "gateway", "net-csdl", "POSTGRES"),
    ("kenh", "dmz", "truyen-dan", "agent", "net-center", "HTTPS"),
    ("do-duong-truyen", "dmz", "truyen-dan", "agent", "line", "PING"),
    ("quan-tri", "quan-tri", "any", "jump", "grp-trong", "SSH"),
    ("nhat-ky", "any", "may-chu", "grp-nguon", "siem", "SYSLOG-TLS"),
    ("ten-mien", "any", "may-chu", "grp-nguon", "dns", "DNS"),
    ("gio", "any", "may-chu", "grp-nguon", "ntp", "NTP"),
    ("canh-bao", "may-chu", "wan1", "siem", "alerts", "SYSLOG-TLS"),
    ("ten-mien-ra", "may-chu", "wan1", "dns", "all", "DNS"),
    ("gio-ra", "may-chu", "wan1", "ntp", "all", "NTP"),
)


def firewall() -> str:
    """The export of the one firewall that stands between all zones."""

    def section(name: str, entries: dict[str, list[str]]) -> list[str]:
        lines = [f"config {name}"]
        for key, settings in entries.items():
            lines += [f"    edit {key}", *(f"        set {each}" for each in settings), "    next"]
        return [*lines, "end"]

    groups = {
        "grp-trong": ("net-may-chu", "net-csdl", "net-thu-nghiem"),
        "grp-nguon": (
            "net-bien", "net-dmz", "net-csdl", "net-nguoi-dung", "net-thu-nghiem", "net-quan-tri",
        ),
    }  # fmt: skip
    lines = [
        "#config-version=FGT100F-7.4.4-FW-build2662-240514:opmode=0:vdom=0:user=admin",
        *section("system interface", {
            f'"{name}"': [
                'vdom "root"', f"ip {address} {mask}",
                "allowaccess ping https ssh" if name == "quan-tri" else "allowaccess ping",
                f"role {'wan' if name == 'wan1' else 'dmz' if name == 'dmz' else 'lan'}",
            ]
            for name, address, mask in ZONES
        }),
        *section("router static", {
            "1": ["gateway 203.162.20.254", 'device "wan1"'],
            "2": ["dst 10.250.8.0 255.255.255.0", "gateway 10.250.20.1", 'device "truyen-dan"'],
        }),
        *section("firewall address", {
            '"all"': ["uuid 00000000-0000-0000-0000-000000000001"],
            **{f'"{name}"': [f"subnet {net} 255.255.255.0"] for name, net in NETS.items()},
            **{f'"{name}"': [f"subnet {host} 255.255.255.255"] for name, host in HOSTS.items()},
            '"line"': ["subnet 10.250.20.0 255.255.255.248"],
        }),
        *section("firewall addrgrp", {
            f'"{name}"': ["member " + " ".join(f'"{each}"' for each in members)]
            for name, members in groups.items()
        }),
        *section("firewall service custom", {
            '"ALL"': ["protocol IP"],
            '"PING"': ["protocol ICMP", "icmptype 8"],
            **{f'"{name}"': [ports] for name, ports in SERVICES.items()},
        }),
        *section("firewall schedule recurring", {
            '"always"': ["day sunday monday tuesday wednesday thursday friday saturday"],
        }),
        *section("firewall vip", {
            '"vip-dich-vu"': [
                "extip 203.162.20.10", 'extintf "wan1"', "portforward enable",
                'mappedip "10.30.0.10"', "extport 443", "mappedport 443",
            ],
        }),
        *section("firewall policy", {
            str(at): [
                f'name "{name}"', f'srcintf "{source}"', f'dstintf "{target}"', "action accept",
                f'srcaddr "{who}"', f'dstaddr "{where}"', 'schedule "always"', f'service "{what}"',
                "logtraffic all", *(["nat enable"] if target == "wan1" else []),
            ]
            for at, (name, source, target, who, where, what) in enumerate(POLICIES, start=1)
        }),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"
