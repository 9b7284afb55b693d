from __future__ import annotations

from datetime import UTC, datetime

import pytest

from auditor.checklist.sources.results import Host, results

PORT = """<port protocol="tcp" portid="443"><state state="open"/>
  <service name="http" tunnel="ssl" product="nginx" version="1.27"/>{scripts}</port>
  <port protocol="tcp" portid="23"><state state="closed"/></port>"""
VERDICT = """<script id="http-x" output=""><table key="CVE-2020-0001">
  <elem key="title">A weakness</elem><elem key="state">{state}</elem></table></script>"""


def scan(ports="", arguments="nmap -sV 10.20.1.5", end='time="1763600300" exit="success"'):
    return f"""<?xml version="1.0"?><!DOCTYPE nmaprun>
      <nmaprun scanner="nmap" args="{arguments}" start="1763600000" version="7.98">
      <host><status state="down"/><address addr="10.20.1.9" addrtype="ipv4"/></host>
      <host><status state="up"/><address addr="10.20.1.5" addrtype="ipv4"/>
      <address addr="00:00:5E:00:53:01" addrtype="mac"/>
      <hostnames><hostname name="web-01.mau.gov.vn" type="PTR"/></hostnames>
      <ports>{ports}</ports></host>
      <runstats><finished {end}/></runstats></nmaprun>"""


@pytest.fixture
def read(tmp_path):
    def write(text):
        path = tmp_path / "scan.xml"
        path.write_text(text, encoding="utf-8")
        return results(path)

    return write


def test_open_ports_are_listed_and_are_no_failing(read):
    found = read(scan(PORT.format(scripts="")))
    assert found.taken == datetime.fromtimestamp(1763600300, UTC)
    assert found.hosts == (Host("10.20.1.5", ("web-01.mau.gov.vn",)),), "only what was up"
    (port,) = found.rules
    assert (port.id, port.title, port.state) == ("443/tcp", "ssl http nginx 1.27", "informational")
    assert found.about == ("ports",)


@pytest.mark.parametrize(
    ("state", "gives"),
    [
        ("VULNERABLE", "fail"),
        ("VULNERABLE (Exploitable)", "fail"),
        ("LIKELY VULNERABLE", "fail"),
        ("NOT VULNERABLE", "pass"),
        ("UNKNOWN (unable to test)", "not-checked"),
    ],
)
def test_verdicts_of_scripts_are_taken_over(state, gives, read):
    found = read(scan(PORT.format(scripts=VERDICT.format(state=state))))
    verdict = found.rules[-1]
    assert (verdict.id, verdict.title, verdict.state) == ("CVE-2020-0001", "A weakness", gives)
    assert "vulnerabilities" in found.about


def test_a_verdict_at_the_top_of_a_script_is_found(read):
    script = '<script id="http-y" output=""><elem key="state">VULNERABLE</elem></script>'
    assert read(scan(PORT.format(scripts=script))).rules[-1].id == "http-y"


def test_old_tls_versions_are_failings(read):
    script = """<script id="ssl-enum-ciphers" output=""><table key="SSLv3"/><table key="TLSv1.1"/>
      <table key="TLSv1.2"/><table key="TLSv1.3"/></script>"""
    found = read(scan(PORT.format(scripts=script)))
    assert [each.title for each in found.rules if each.state == "fail"] == [
        "offers SSLv3",
        "offers TLSv1.1",
    ]


def test_weaknesses_known_for_a_version_are_failings_with_their_score(read):
    script = """<script id="vulners" output=""><table key="cpe:/a:x:y:1"><table>
      <elem key="id">CVE-2023-0001</elem><elem key="cvss">9.8</elem><elem key="type">cve</elem>
      </table><table><elem key="id">EDB:1</elem><elem key="type">exploitdb</elem></table></table>
      </script>"""
    failed = [
        each for each in read(scan(PORT.format(scripts=script))).rules if each.state == "fail"
    ]
    assert [(each.id, each.severity) for each in failed] == [("CVE-2023-0001", "9.8")]


def test_a_vulnerability_scan_that_found_nothing_is_one_all_the_same(read):
    assert read(scan(arguments="nmap --script vuln x")).about == ("ports", "vulnerabilities")


@pytest.mark.parametrize("end", ['time="1" exit="error"', 'time="x" exit="error"'])
def test_a_scan_that_broke_off_is_unfinished(end, read):
    assert read(scan(end=end)).finished is False


def test_a_scan_without_its_last_lines_is_unfinished(read):
    text = scan().replace('<runstats><finished time="1763600300" exit="success"/></runstats>', "")
    assert read(text).finished is False


def test_numbers_that_are_none_do_no_harm(read):
    text = scan(end='time="99999999999999999999" exit="success"').replace(
        'start="1763600000"', 'start="-"'
    )
    assert read(text).taken is None
