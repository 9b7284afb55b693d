"""Which form an export has."""

import json
from pathlib import Path

import pytest

from auditor.checklist.sources import configuration as module
from auditor.checklist.sources.configuration import configuration, text_of
from auditor.checklist.sources.firewall import Firewall
from auditor.checklist.sources.host_access import HostAccess
from auditor.checklist.sources.password_policy import PasswordPolicy
from auditor.checklist.sources.postgresql import Grants
from auditor.model.errors import InputError

FILES = Path(__file__).parents[3] / "samples" / "checklist" / "files"
IPTABLES = "*filter\n:INPUT DROP [0:0]\nCOMMIT\n"
NFT = "table inet filter {\n}\n"


def held(tmp_path, content):
    path = tmp_path / "export"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    ("text", "product"),
    [
        (IPTABLES, "iptables"),
        (IPTABLES.replace("\n", "\r\n"), "iptables"),
        (NFT, "nftables"),
        (json.dumps({"nftables": []}), "nftables"),
        ("config firewall policy\nend\n", "FortiGate"),
    ],
)
def test_the_content_tells_the_form_of_a_firewall_export(tmp_path, text, product):
    found = configuration(held(tmp_path, text), "firewall")
    assert isinstance(found, Firewall)
    assert found.product == product


@pytest.mark.parametrize(
    ("kind", "text", "form"),
    [
        ("password-policy", "minlen = 14\n", PasswordPolicy),
        ("database-grants", "rolname,rolsuper\na,t\n", Grants),
        ("database-access", "local all all peer\n", HostAccess),
    ],
)
def test_the_kind_tells_what_is_looked_for(tmp_path, kind, text, form):
    assert isinstance(configuration(held(tmp_path, text), kind), form)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8-sig", "utf-8"])
def test_windows_ways_of_writing_text_are_read(tmp_path, encoding):
    text = "[Unicode]\nUnicode=yes\n[System Access]\nMinimumPasswordLength = 14\n"
    found = configuration(held(tmp_path, text.encode(encoding)), "password-policy")
    assert found.settings[0].value == 14


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b" \n",
        b"\xff\xfe\x00",
        b"a\0b",
        b"\x89PNG\r\n\x1a\n\xff\xff",
        b"hello world",
        b'{"nftables": 5}',
        b'{"nftables": [5]}',
        b'{"nftables": [{"rule": {"family": 1}}]}',
        b'{"nftables": ' + b"[" * 100_000,
        b'{"nftables": [{}]}',
        b'{"nftables": [{"rule": {"family": "ip", "table": "t", "expr": [{"match": {}}]}}]}',
    ],
)
def test_what_is_no_export_is_refused_with_a_hint(tmp_path, content):
    with pytest.raises(InputError) as raised:
        configuration(held(tmp_path, content), "firewall")
    assert raised.value.hint


def test_a_file_that_is_too_large_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MOST_BYTES", 1 << 20)
    with pytest.raises(InputError, match="larger than 1 MiB"):
        text_of(held(tmp_path, b"x" * ((1 << 20) + 1)))


@pytest.mark.parametrize(
    "content",
    [
        b"\n" * 2_000_000,
        b"table " * 300_000,
        b"table x" + b"y" * 2_000_000,
        b" " * 2_000_000 + b"x",
        b"config " * 300_000,
    ],
)
def test_the_search_for_a_form_takes_no_longer_for_hostile_text(tmp_path, content):
    with pytest.raises(InputError):
        configuration(held(tmp_path, content), "firewall")


def test_an_unknown_kind_is_refused(tmp_path):
    with pytest.raises(InputError):
        configuration(held(tmp_path, "x"), "traffic")


def test_a_folder_is_no_export(tmp_path):
    with pytest.raises(InputError):
        configuration(tmp_path, "firewall")
