from __future__ import annotations

from datetime import UTC, datetime

import pytest

from auditor.checklist.sources import lynis
from auditor.checklist.sources.results import Host, results
from auditor.model.errors import InputError

REPORT = """# Lynis Report
report_version_major=1
lynis_version=3.1.4
hostname=web-01
domainname=mau.gov.vn
network_ipv4_address[]=127.0.0.1
network_ipv4_address[]=10.20.1.5
warning[]=FIRE-4512|iptables module(s) loaded, but no rules active|-|-|
suggestion[]=SSH-7408|Consider hardening SSH|MaxAuthTries (set 6 to 3)|-|
manual_event[]=SSH-7440:01
exception_event[]=TIME-3104:1|No time daemon|
tests_executed=FIRE-4512|SSH-7408|AUTH-9262|
tests_skipped=KRNL-5788|PKGS-7390|
report_datetime_end=2026-11-19 09:30:00
lynis_tests_done=3
finish=true
"""


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "report.dat"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_a_report_is_read_with_its_host_version_and_time(written):
    found = results(written(REPORT))
    assert (found.format, found.tool, found.version) == ("lynis", "Lynis", "3.1.4")
    assert found.taken == datetime(2026, 11, 19, 2, 30, tzinfo=UTC), "Vietnam's time"
    assert found.hosts == (Host("web-01", ("10.20.1.5", "web-01.mau.gov.vn")),)
    assert found.finished is True


def test_a_warning_fails_and_a_suggestion_does_not(written):
    states = {rule.id: rule.state for rule in results(written(REPORT)).rules}
    assert states == {
        "FIRE-4512": "fail",
        "SSH-7408": "informational",
        "SSH-7440:01": "not-checked",
        "TIME-3104:1": "error",
        "AUTH-9262": "pass",
    }


def test_each_rule_tells_its_line_and_host(written):
    warning = results(written(REPORT)).rules[0]
    assert (warning.place, warning.host) == ("line 8", "web-01")
    assert warning.title == "iptables module(s) loaded, but no rules active"


def test_skipped_tests_are_told(written):
    assert "2 tests were skipped." in [note.en for note in results(written(REPORT)).notes]


def test_a_report_without_its_end_is_unfinished(written):
    found = results(written(REPORT.replace("finish=true\n", "")))
    assert found.finished is False


@pytest.mark.parametrize(
    "text",
    [
        b"lynis_version=3\n\xff\xfe\x00\x01=\n",
        "lynis_version=3\nwarning[]=\nwarning[]\n=\ntests_executed=||\n",
        "lynis_version=3\r\nhostname=\r\nreport_datetime_end=9999-99-99\r\n",
    ],
)
def test_odd_lines_do_no_harm(text, written):
    found = results(written(text))
    assert found.version == "3"
    assert found.taken is None
    assert found.hosts == ()


def test_a_file_larger_than_the_limit_is_refused(written, monkeypatch):
    monkeypatch.setattr(lynis, "BYTES", 10)
    with pytest.raises(InputError, match="larger"):
        results(written(REPORT))
