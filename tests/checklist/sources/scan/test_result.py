"""What is saved of a scan is read again whole, or refused."""

import datetime
import json

import pytest

from auditor.checklist.sources.scan import (
    Certificate,
    EndpointScan,
    Scan,
    SuitesAsked,
    VersionAsked,
    saved_scan,
    to_json,
)
from auditor.model.errors import InputError
from auditor.model.text import Text

AT = datetime.datetime(2026, 11, 20, 8, 0, tzinfo=datetime.UTC)
CERTIFICATE = Certificate(
    "CN=api.example.vn", "CN=Root", "1f", ("api.example.vn",), AT, AT, "RSA", 2048, "sha256",
    False, "0" * 64,
)  # fmt: skip
SCAN = Scan(
    1,
    AT,
    "system",
    (
        EndpointScan(
            "10.20.1.5", 443, "api.example.vn", "exchange", True, "scanned", "",
            (VersionAsked("TLS 1.3", True, "0x1301"), VersionAsked("TLS 1.0", None)),
            (SuitesAsked("rc4", False),), (CERTIFICATE,), False, "self-signed certificate",
            "refused", "alert",
        ),
        EndpointScan("10.20.1.6", 8443, "", "internal", False, "no-answer", "connection refused"),
    ),
    (Text("Chưa hỏi", "Not asked"),),
)  # fmt: skip


@pytest.fixture
def saved(tmp_path):
    def save(text):
        path = tmp_path / "scan.json"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return save


def test_a_saved_scan_is_the_scan_again(saved):
    assert saved_scan(saved(to_json(SCAN))) == SCAN


def changed(**more):
    plain = json.loads(to_json(SCAN))
    for place, value in more.items():
        *way, last = place.split("__")
        part = plain
        for step in way:
            part = part[int(step) if step.isdigit() else step]
        part[last] = value
    return json.dumps(plain)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no TLS scan"),
        ("[]", "no TLS scan"),
        ("{", "no TLS scan"),
        (b"\xff\xfe{\0}\0", "not UTF-8"),
        ("[" * 200_000, "nested too deeply"),
        ('{"format": 1, "format": 1}', "a key stands twice"),
        (changed(format=2), "format"),
        (changed(more=1), "more"),
        (changed(at="2026-11-20T08:00:00"), "at"),
        (changed(endpoints__0__address="api.example.vn"), "address"),
        (changed(endpoints__0__port=70_000), "port"),
        (changed(endpoints__0__state="fine"), "state"),
        (changed(endpoints__0__chain_valid="perhaps"), "chain_valid"),
        (changed(endpoints__0__says="x" * 301), "says"),
        (changed(endpoints__0__more=1), "more"),
        (changed(endpoints__0__versions__0__version="TLS 1.4"), "version"),
        (changed(endpoints__0__versions__0__more=1), "more"),
        (changed(endpoints__0__chain__0__sha256="z" * 64), "sha256"),
        (changed(endpoints__0__chain__0__names=["a"] * 201), "names"),
        (changed(endpoints__0__chain=[{}] * 11), "chain"),
        (changed(endpoints=[]), "endpoints"),
        (changed(endpoints=[{}] * 501), "endpoints"),
        ('{"format": ' + "9" * 5000 + "}", "no TLS scan"),
    ],
)
def test_what_is_no_scan_is_refused(saved, text, says):
    with pytest.raises(InputError) as caught:
        saved_scan(saved(text))
    assert says in caught.value.message
    assert len(caught.value.message) < 1000


def test_a_file_beyond_all_size_is_not_read(saved, monkeypatch):
    monkeypatch.setattr("auditor.checklist.sources.scan.result.MOST_BYTES", 100)
    with pytest.raises(InputError) as caught:
        saved_scan(saved(to_json(SCAN)))
    assert "is larger than" in caught.value.message


def test_no_file_is_told(tmp_path):
    with pytest.raises(InputError) as caught:
        saved_scan(tmp_path / "none.json")
    assert "cannot be read" in caught.value.message
