from __future__ import annotations

import gzip
import json
import os
import re
import resource
import shutil
import signal
import struct
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pyarrow.csv
import pyarrow.parquet
import pytest

from auditor import __version__, cli, pipeline

ROOT = Path(__file__).parents[1]
PCAPS = ROOT / "samples" / "pcaps"
EXAMPLES = ROOT / "policies" / "examples"
SMALL = PCAPS / "truncated.pcap"
POST = PCAPS / "citizens-csv-http.pcap"
RESULTS = {"report.html", "run.json", "flows.parquet"}
HEAVY = {"numba", "numpy", "pandas", "pyarrow", "jinja2", "scapy", "maxminddb", "yaml"}


class Answer(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def auditor(monkeypatch, capsys):
    """The command line as a function: arguments in, exit code and texts out."""
    monkeypatch.delenv("AUDITOR_DEBUG", raising=False)

    def call(*arguments: object) -> Answer:
        monkeypatch.setattr(sys, "argv", ["auditor", *(str(each) for each in arguments)])
        capsys.readouterr()
        try:
            cli.main()
            code = 0
        except SystemExit as end:
            code = end.code or 0
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err or "--debug" in arguments
        return Answer(code, out, err)

    return call


def process(*arguments: object, **options) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "auditor", *(str(each) for each in arguments)]
    given = {"capture_output": True, **options}
    return subprocess.run(command, text=True, check=False, timeout=120, **given)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def written(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def run_of(folder: Path) -> dict:
    return json.loads((folder / "run.json").read_text(encoding="utf-8"))


# ── what the commands do ─────────────────────────────────────────────────────────────────────────


def test_an_audit_writes_its_three_files_and_says_where(auditor, tmp_path):
    done = auditor("audit", SMALL, "--out", tmp_path / "out")
    assert (done.code, done.err) == (0, "")
    assert names(tmp_path / "out") == RESULTS
    assert str(tmp_path / "out" / "report.html") in done.out
    assert "Báo cáo" in done.out
    run = run_of(tmp_path / "out")
    assert run["totals"]["flows"] == 3
    assert pyarrow.parquet.read_metadata(tmp_path / "out" / "flows.parquet").num_rows == 3


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((), 0),
        (("--fail-on", "critical"), 0),
        (("--fail-on", "high"), 1),
        (("--fail-on", "info"), 1),
    ],
)
def test_fail_on_turns_findings_into_exit_code_1(auditor, tmp_path, arguments, code):
    inventory = ("--inventory", EXAMPLES / "inventory.yaml")
    done = auditor("audit", POST, *inventory, "--out", tmp_path, *arguments)
    assert done.code == code
    assert names(tmp_path) == RESULTS


def test_a_covered_transfer_does_not_count_for_fail_on(auditor, tmp_path):
    register = written(
        tmp_path / "dossiers.yaml",
        'version: "1"\n'
        "dossiers:\n"
        "  - id: ALL\n"
        "    regime: pdpl\n"
        "    systems: [citizen-portal]\n"
        "    categories: [II.18a, B1, B2, B7, S-d]\n"
        "    recipients: {countries: [JP], hosts: [dtia.partner.example.jp]}\n"
        "    filed: 2026-01-10\n"
        "    result: passed\n"
        "    valid_from: 2026-01-02\n",
    )
    given = ("audit", PCAPS / "covered-transfer.pcap", "--inventory", EXAMPLES / "inventory.yaml")
    fail = ("--fail-on", "high", "--out", tmp_path / "out")
    assert auditor(*given, *fail).code == 1
    done = auditor(*given, *fail, "--dossiers", register)
    assert done.code == 0
    assert {each["state"] for each in run_of(tmp_path / "out")["findings"]} == {"covered"}


def test_only_what_the_register_does_not_answer_counts_for_fail_on():
    from auditor.cli.audit import _reaches
    from tests.store.made import finding

    states = ("open", "undecided", "exempt", "covered")
    counts = [_reaches((finding(state=state),), "high") for state in states]
    assert counts == [True, True, False, False]
    assert not _reaches((finding(),), "critical")


def test_report_renders_the_same_page_again_without_analysing(auditor, tmp_path):
    auditor("audit", POST, "--inventory", EXAMPLES / "inventory.yaml", "--out", tmp_path)
    page = (tmp_path / "report.html").read_bytes()
    (tmp_path / "report.html").unlink()
    done = auditor("report", tmp_path / "run.json")
    assert (done.code, done.out.strip()) == (0, str(tmp_path / "report.html"))
    assert (tmp_path / "report.html").read_bytes() == page
    auditor("report", tmp_path / "run.json", "--out", tmp_path / "other" / "page.html")
    assert (tmp_path / "other" / "page.html").read_bytes() == page


def test_flows_writes_the_three_forms(auditor, tmp_path):
    for name in ("flows.parquet", "flows.csv", "FLOWS.JSONL"):
        done = auditor("flows", SMALL, "--out", tmp_path / name)
        assert done.code == 0
        assert f"3 flows from 1 files: {tmp_path / name}" in done.out
        assert "ends inside a packet record" in done.err
    assert names(tmp_path) == {"flows.parquet", "flows.csv", "FLOWS.JSONL"}
    table = pyarrow.parquet.read_table(tmp_path / "flows.parquet")
    assert pyarrow.csv.read_csv(tmp_path / "flows.csv").column_names == table.column_names
    lines = (tmp_path / "FLOWS.JSONL").read_text(encoding="utf-8").splitlines()
    assert [list(json.loads(line)) for line in lines] == [table.column_names] * 3
    assert "crosses_border" in table.column_names
    assert "categories" not in table.column_names


def test_flows_by_another_engine_are_the_same_flows(auditor, tmp_path):
    ours, theirs = tmp_path / "ours.jsonl", tmp_path / "theirs.jsonl"
    assert auditor("flows", POST, "--out", ours).code == 0
    assert auditor("flows", POST, "--out", theirs, "--engine", "scapy").code == 0
    one, other = (
        [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        for path in (ours, theirs)
    )
    assert one
    for row in (*one, *other):
        for name in (
            "ja4",
            "alpn",
            "tls_version",
            "tls_cipher",
            "community_id",
        ):  # only the packet engine's
            del row[name]
    assert one == other


def test_crosscheck_says_that_two_engines_agree(auditor):
    done = auditor("crosscheck", POST, POST.with_name("domestic-only.pcap"), "--engine", "scapy")
    assert (done.code, done.err) == (0, "")
    assert "Không có khác biệt / No difference" in done.out
    assert "2 files" in done.out


def test_crosscheck_shows_each_difference_and_ends_with_1(auditor, monkeypatch):
    from auditor.readers.second import conversations

    monkeypatch.setitem(conversations.HEADERS, 17, 9)  # a mistake: one byte of payload is lost
    capture = PCAPS / "domestic-only.pcap"
    done = auditor("crosscheck", capture, "--engine", "scapy", "--limit", 1)
    assert done.code == 1
    assert "payload bytes" in done.out
    assert "more differences" in done.out
    told = json.loads(auditor("crosscheck", capture, "--engine", "scapy", "--json").out)
    assert {each["what"] for each in told["differences"]} == {"payload"}
    assert told["attributes"]["packets"] == told["conversations"]


def test_without_tshark_the_second_opinion_says_so_with_the_way_out(auditor, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    for command in (("crosscheck", POST), ("flows", POST, "--engine", "tshark", "--out", "a.csv")):
        done = auditor(*command)
        assert done.code == 11
        assert "tshark is not installed" in done.err
        assert "--engine scapy" in done.err


def test_crosscheck_leaves_out_what_is_no_capture_and_says_so(auditor, tmp_path):
    log = written(tmp_path / "notes.txt", "hello\n")
    done = auditor("crosscheck", POST, log, "--engine", "scapy")
    assert done.code == 0
    assert str(log) in done.err
    assert ": 1 file, " in done.out
    assert auditor("crosscheck", log, "--engine", "scapy").code == 11
    assert auditor("crosscheck", tmp_path / "nope", "--engine", "scapy").code == 11


def test_an_engine_is_not_compared_with_itself(auditor):
    done = auditor("crosscheck", POST, "--engine", "scapy", "--against", "scapy")
    assert done.code == 2


@pytest.mark.parametrize("address", ["host:8786", "http://host:80", "tcp://host", "tcp://a b:1"])
def test_a_cluster_is_named_by_the_address_of_its_scheduler(auditor, tmp_path, address):
    done = auditor("audit", SMALL, "--out", tmp_path, "--cluster", address)
    assert done.code == 2
    assert "tcp://host:8786" in done.err


def test_a_second_engine_reads_here_and_from_disks_only(auditor, tmp_path):
    out = ("--out", tmp_path / "f.csv", "--engine", "scapy")
    assert auditor("flows", POST, *out, "--cluster", "tcp://host:8786").code == 2
    done = auditor("flows", "s3://bucket/a.pcap", *out)
    assert done.code == 11
    assert "s3://bucket/a.pcap" in done.err


def test_a_key_in_an_address_is_refused_and_never_shown(auditor, tmp_path):
    done = auditor("flows", "s3://AKIA:secret@bucket/night", "--out", tmp_path / "f.csv")
    assert done.code == 11
    assert "secret" not in done.err


def test_since_and_until_are_vietnamese_time_unless_they_say_otherwise(auditor, tmp_path):
    """The sample begins at 2026-09-22 19:15:00 UTC, which is 02:15 on the 23rd in Vietnam."""

    def flows(*span) -> int:
        out = tmp_path / "f.csv"
        assert auditor("flows", SMALL, "--out", out, *span).code == 0
        return len(out.read_text().splitlines()) - 1

    assert flows("--since", "2026-09-23") == 3
    assert flows("--until", "2026-09-23") == 0
    assert flows("--until", "2026-09-23T02:15:01") == 2
    assert flows("--until", "2026-09-22T19:15:01Z") == 2
    assert flows("--since", "2026-09-22T19:15:03+00:00") == 1


def test_our_own_policies_have_no_mistakes(auditor):
    given = ("--inventory", EXAMPLES / "inventory.yaml", "--dossiers", EXAMPLES / "dossiers.yaml")
    done = auditor("policy", "lint", *given)
    assert done.code == 0, done.out


def test_lint_lists_the_mistakes_of_all_files_at_once(auditor, tmp_path):
    shutil.copytree(ROOT / "policies", tmp_path / "policies")
    rules = tmp_path / "policies" / "rules.yaml"
    rules.write_text(rules.read_text(encoding="utf-8").replace("severity:", "sevrity:", 2))
    services = rules.with_name("services.yaml")
    text = services.read_text(encoding="utf-8")
    services.write_text(text.replace("operator_country: US", "operator_country: UX", 1))
    persons = rules.parent / "detectors" / "persons.yaml"
    text = persons.read_text(encoding="utf-8")
    text = text.replace("labels: [B7]", "labels: [B99]", 1).replace("bound: digits", "bund: x", 1)
    persons.write_text(text.replace("hit:\n        - ", 'hit:\n        - "none"\n        - '))
    inventory = written(tmp_path / "inventory.yaml", "agency: A\nsystem: []\nhome_networks: [x]\n")
    done = auditor("policy", "lint", "--policies", rules.parent, "--inventory", inventory)
    assert done.code == 12
    assert re.search(
        r"persons\.yaml:\d+: .*labels: no list of categories has the code 'B99'", done.out
    )
    assert re.search(r"persons\.yaml:\d+: .*bund: unknown key; did you mean 'bound'\?", done.out)
    assert re.search(r"persons\.yaml:\d+: .*examples\.hit\[1\] is no hit: 'none'", done.out)
    assert re.search(r"services\.yaml:\d+: .*no country has the code 'UX'", done.out)
    assert done.out.count("sevrity: unknown key; did you mean 'severity'?") == 2
    assert re.search(r"rules\.yaml:\d+: .*sevrity", done.out)
    assert "inventory.yaml:2: system: unknown key; did you mean 'systems'?" in done.out
    assert "inventory.yaml:3: home_networks[1]" in done.out


def test_policy_test_runs_every_example_and_fails_on_a_wrong_one(auditor, tmp_path):
    done = auditor("policy", "test")
    assert done.code == 0
    assert re.search(r"^[1-9]\d+ examples, 0 failed$", done.out, re.MULTILINE)
    shutil.copytree(ROOT / "policies", tmp_path / "policies")
    rules = tmp_path / "policies" / "rules.yaml"
    text = rules.read_text(encoding="utf-8")
    rules.write_text(text.replace("outbound_bytes: 52000}", "outbound_bytes: 0}", 1))
    persons = rules.parent / "detectors" / "persons.yaml"
    text = persons.read_text(encoding="utf-8")
    persons.write_text(text.replace('- "Số CCCD: 079085012345 do', '- "Số 079085012345 do', 1))
    done = auditor("policy", "test", "--policies", rules.parent)
    assert done.code == 12
    assert re.search(r"example hit \d+ gives miss", done.out)
    assert "personal-number: example 1 is no hit" in done.out
    assert "examples, 2 failed" in done.out


def test_policy_show_names_every_rule_with_its_law(auditor):
    done = auditor("policy", "show")
    assert done.code == 0
    for rule in re.findall(
        r"^  - id: (\S+)", (ROOT / "policies" / "rules.yaml").read_text(), re.MULTILINE
    ):
        assert f"{rule}  [" in done.out
    assert "(C) Luật Dữ liệu số 60/2024/QH15, Điều 23" in done.out


def test_policy_show_names_every_detector_with_its_labels_and_minimums(auditor):
    done = auditor("policy", "show")
    for path in (ROOT / "policies" / "detectors").glob("*.yaml"):
        for name in re.findall(r"^  - id: (\S+)", path.read_text(encoding="utf-8"), re.MULTILINE):
            assert f"{name}  [" in done.out
    _, _, own = done.out.partition("personal-number  [B7]\n")
    own = own.partition("\n\n")[0]
    assert "Personal identification number" in own
    assert "(C) Luật Căn cước" in own
    assert "at least 1 near a word, 1 in a named column, 20 in any column" in own


def test_doctor_names_what_is_there(auditor):
    done = auditor("doctor")
    assert done.code == 0
    assert f"auditor {__version__}" in done.out
    for part in ("numba", "pyarrow", "tshark", "nfdump", "packet engine", "country.mmdb"):
        assert part in done.out


def test_doctor_says_what_a_missing_tool_costs(auditor, monkeypatch):
    monkeypatch.setenv("PATH", "")
    done = auditor("doctor")
    assert done.code == 0
    assert "tshark: missing: " in done.out


# ── exit codes and messages ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("audit",), "PATHS"),
        (("audt", SMALL), "audt"),
        (("audit", SMALL, "--colour"), "--colour"),
        (("audit", SMALL, "--fail-on", "severe"), "severe"),
        (("audit", SMALL, "--jobs", "-1"), "--jobs"),
        (
            ("flows", SMALL, "--out", "a.csv", "--engine", "scapy", "--copies-within", "9"),
            "--copies-within",
        ),
        (("audit", SMALL, "--home", "Vietnam"), "VN"),
        (("audit", SMALL, "--home", "ZZ"), "VN"),
        (("audit", SMALL, "--since", "yesterday"), "2026-09-21T08:00:00+07:00"),
        (("audit", SMALL, "--until", "9999-12-31"), "2261"),
        (("audit", SMALL, "--since", "0001-01-01"), "1970"),
        (("audit", SMALL, "--since", "2026-02-01", "--until", "2026-01-01"), "before"),
        (("flows", SMALL, "--out", "flows.txt"), ".parquet, .csv, .jsonl"),
        (("flows", SMALL), "--out"),
        (("geoip", "lookup"), "IP..."),
    ],
)
def test_wrong_usage_is_exit_code_2_and_writes_nothing(
    auditor, tmp_path, monkeypatch, arguments, said
):
    monkeypatch.chdir(tmp_path)
    done = auditor(*arguments)
    assert done.code == 2
    assert said in done.err
    assert names(tmp_path) == set()


def test_an_error_of_ours_is_exit_code_70_and_asks_for_the_trace(auditor, monkeypatch, tmp_path):
    def broken(*_):
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(pipeline.Counts, "totals", broken)
    done = auditor("audit", SMALL, "--out", tmp_path)
    assert done.code == 70
    assert "internal error: ZeroDivisionError: division by zero" in done.err
    assert "--debug" in done.err
    assert names(tmp_path) == set()
    done = auditor("--debug", "audit", SMALL, "--out", tmp_path)
    assert done.code == 70
    assert "in broken" in done.err


def test_debug_shows_the_trace_and_keeps_the_exit_code(auditor, tmp_path):
    done = auditor("--debug", "audit", tmp_path / "nope.pcap", "--out", tmp_path)
    assert done.code == 11
    assert "Traceback" in done.err


def test_version_and_help_end_well(auditor):
    assert auditor("--version") == (0, f"auditor {__version__}\n", "")
    assert auditor("--help").code == 0
    for command in ("audit", "flows", "report", "policy", "geoip", "doctor"):
        done = auditor(command, "--help")
        assert done.code == 0
        assert "Usage: auditor" in done.out


# ── bad input, case by case ──────────────────────────────────────────────────────────────────────


def huge_record() -> bytes:
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    return head + struct.pack("<IIII", 1, 0, 0xFFFFFFF0, 0xFFFFFFF0) + b"x" * 100


def inside_a_record() -> bytes:
    return SMALL.read_bytes()[:31_200]


@pytest.mark.parametrize(
    ("content", "code", "message", "hint"),
    [
        (b"", "empty-file", "The file is empty.", "source"),
        (b"hello, this is text\n", "unknown-format", "No reader takes this file", "mapping"),
        (b"\xd4\xc3\xb2\xa1\x02\x00", "truncated-header", "ends inside its own header", "cut off"),
        (inside_a_record(), "truncated-record", "ends inside a packet record", "sensor"),
        (huge_record(), "damaged-record", "make no sense as records", "again from its source"),
    ],
    ids=["empty", "text", "half a header", "half a record", "4 GB record"],
)
def test_a_bad_capture_is_told_and_the_others_are_read(
    auditor, tmp_path, content, code, message, hint
):
    bad = written(tmp_path / "bad.pcap", content)
    done = auditor("audit", bad, PCAPS / "domestic-only.pcap", "--out", tmp_path / "out")
    assert (done.code, done.err) == (0, "")
    assert f"({code})" in done.out
    assert "bad.pcap" in done.out
    run = run_of(tmp_path / "out")
    (told,) = [each for each in run["problems"] if each["code"] == code]
    assert told["source"].endswith("bad.pcap")
    assert message in told["message"]
    assert hint in told["hint"]
    assert run["totals"]["flows"] >= 6
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert message.replace("'", "&#39;") in page


@pytest.mark.parametrize("content", [b"", b"hello\n"], ids=["empty", "text"])
def test_a_bad_capture_alone_is_exit_code_11_with_the_way_out(auditor, tmp_path, content):
    bad = written(tmp_path / "bad.pcap", content)
    done = auditor("audit", bad, "--out", tmp_path / "out")
    assert done.code == 11
    assert done.err.startswith(f"auditor: {bad}: ")
    assert len(done.err.splitlines()) == 2
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("content", [inside_a_record(), huge_record()], ids=["cut", "4 GB record"])
def test_a_damaged_capture_alone_gives_what_stands_before_the_damage(auditor, tmp_path, content):
    bad = written(tmp_path / "bad.pcap", content)
    assert auditor("audit", bad, "--out", tmp_path / "out").code == 0
    (told, *_) = (p for p in run_of(tmp_path / "out")["problems"] if "bad.pcap" in p["source"])
    assert told["offset"] == (24 if content == huge_record() else 31_033)
    assert told["lost_bytes"] == len(content) - told["offset"]


def test_a_missing_capture_is_exit_code_11(auditor, tmp_path):
    done = auditor("audit", SMALL, tmp_path / "nope.pcap", "--out", tmp_path / "out")
    assert done.code == 11
    assert (
        done.err
        == f"auditor: {tmp_path / 'nope.pcap'}: no such file or folder\n  Check the path.\n"
    )
    assert not (tmp_path / "out").exists()


def test_a_typo_in_yaml_is_exit_code_12_with_all_mistakes_and_lines(auditor, tmp_path):
    inventory = written(
        tmp_path / "inventory.yaml",
        "agency: Sở Mẫu\n"
        "sytems:\n"
        "  - id: a\n"
        "home_networks:\n"
        "  - 10.20.0.0/16\n"
        "  - 10.20.0.1/16\n"
        "state_agency: perhaps\n",
    )
    done = auditor("audit", SMALL, "--inventory", inventory, "--out", tmp_path / "out")
    assert done.code == 12
    assert "3 mistakes" in done.err
    for line, part in ((2, "did you mean 'systems'?"), (6, "host bits"), (7, "perhaps")):
        assert any(
            f"inventory.yaml:{line}: " in said and part in said for said in done.err.splitlines()
        ), part
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("option", ["--inventory", "--dossiers"])
def test_a_missing_written_file_is_exit_code_12_with_its_neighbour(auditor, tmp_path, option):
    written(tmp_path / "inventory.yaml", "agency: A\n")
    missing = tmp_path / "inventroy.yaml"
    done = auditor("audit", SMALL, option, missing, "--out", tmp_path / "out")
    assert done.code == 12
    assert done.err.startswith(f"auditor: {missing}: no such file\n")
    assert f"Did you mean {tmp_path / 'inventory.yaml'}?" in done.err


@pytest.mark.parametrize("made", [False, True])
def test_a_folder_without_policies_is_exit_code_12(auditor, tmp_path, made):
    if made:
        (tmp_path / "policies").mkdir()
    for command in (("audit", SMALL, "--out", tmp_path / "out"), ("policy", "show")):
        done = auditor(*command, "--policies", tmp_path / "policies")
        assert done.code == 12
        assert str(tmp_path / "policies") in done.err
        assert "no such file" in done.err


def broken_mmdb() -> bytes:
    """A database whose end, where its metadata stands, is missing."""
    return (ROOT / "geoip" / "country.mmdb").read_bytes()[:100_000]


@pytest.mark.parametrize("content", [b"", b"no database", broken_mmdb()], ids=len)
def test_a_broken_geo_database_is_exit_code_13(auditor, tmp_path, content):
    (tmp_path / "geoip").mkdir()
    written(tmp_path / "geoip" / "country.mmdb", content)
    done = auditor("audit", SMALL, "--geoip", tmp_path / "geoip", "--out", tmp_path / "out")
    assert done.code == 13
    assert done.err.startswith(f"auditor: {tmp_path / 'geoip'}")
    assert "country.mmdb" in done.err
    assert "--geoip" in done.err
    assert not (tmp_path / "out").exists()


def test_a_broken_geo_database_beside_a_good_one_is_told_and_the_good_one_used(auditor, tmp_path):
    shutil.copytree(ROOT / "geoip", tmp_path / "geoip")
    written(tmp_path / "geoip" / "asn.mmdb", b"no database")
    done = auditor("audit", SMALL, "--geoip", tmp_path / "geoip", "--out", tmp_path / "out")
    assert done.code == 0
    run = run_of(tmp_path / "out")
    assert "geo-database-unusable" in {each["code"] for each in run["problems"]}
    assert [each["country"] for each in run["totals"]["by_country"]] == ["FR"]


@pytest.mark.parametrize("made", [False, True])
def test_a_folder_without_geo_databases_is_exit_code_13(auditor, tmp_path, made):
    if made:
        (tmp_path / "geoip").mkdir()
    done = auditor("audit", SMALL, "--geoip", tmp_path / "geoip", "--out", tmp_path / "out")
    assert done.code == 13
    assert str(tmp_path / "geoip") in done.err


@pytest.mark.parametrize("content", ["", "no json", "[]", '{"version": 99}', "\xff"])
def test_what_is_no_run_is_exit_code_11(auditor, tmp_path, content):
    path = written(tmp_path / "run.json", content.encode("latin-1"))
    done = auditor("report", path)
    assert done.code == 11
    assert done.err.startswith(f"auditor: {path}: ")
    assert names(tmp_path) == {"run.json"}


@pytest.mark.parametrize("name", ["nope.json", ".", "pipe"])
def test_a_run_that_is_no_file_is_exit_code_11(auditor, tmp_path, name):
    os.mkfifo(tmp_path / "pipe")
    done = auditor("report", tmp_path / name)
    assert done.code == 11
    assert done.err.startswith(f"auditor: {tmp_path / name}: ")


def test_a_place_that_cannot_be_written_is_exit_code_14(auditor, tmp_path):
    taken = written(tmp_path / "taken", "somebody's file")
    for out in (taken, taken / "below"):
        done = auditor("audit", SMALL, "--out", out)
        assert done.code == 14
        assert done.err.startswith(f"auditor: {out}: cannot be written: ")
        assert "choose another folder" in done.err
    done = auditor("flows", SMALL, "--out", taken / "flows.csv")
    assert done.code == 14
    assert taken.read_text() == "somebody's file"


@pytest.mark.usefixtures("powerless")
def test_a_path_without_permission_is_told_with_its_own_exit_code(auditor, tmp_path):
    closed, locked = tmp_path / "closed", tmp_path / "locked"
    closed.mkdir(mode=0)
    locked.mkdir(mode=0o500)
    shutil.copy(SMALL, tmp_path / "closed.pcap")
    (tmp_path / "closed.pcap").chmod(0)
    for code, arguments in (
        (11, ("audit", tmp_path / "closed.pcap")),
        (11, ("audit", closed / "a.pcap")),
        (11, ("report", closed / "run.json")),
        (12, ("audit", SMALL, "--inventory", closed / "inventory.yaml")),
        (12, ("audit", SMALL, "--policies", closed)),
        (13, ("audit", SMALL, "--geoip", closed)),
        (14, ("audit", SMALL, "--out", closed)),
        (14, ("audit", SMALL, "--out", locked / "new")),
    ):
        done = auditor(*arguments)
        assert (done.code, "ermission denied" in done.err) == (code, True), arguments
        place, way_out = done.err.splitlines()
        assert str(tmp_path) in place
        assert way_out.startswith("  ")
    for folder in (closed, locked):
        folder.chmod(0o700)


def test_a_full_disk_leaves_the_old_report_whole(tmp_path):
    """The limit on file size stands for the disk: the write fails half-way, as on a full one."""
    assert process("audit", SMALL, "--out", tmp_path).returncode == 0
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert set(before) == RESULTS

    def nearly_full():
        resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))

    for arguments in (
        ("audit", PCAPS, "--out", tmp_path),
        ("report", tmp_path / "run.json"),
        ("flows", PCAPS, "--out", tmp_path / "flows.parquet"),
        ("flows", ROOT / "samples" / "logs" / "zeek", "--out", tmp_path / "new.csv"),
        ("flows", ROOT / "samples" / "logs" / "zeek", "--out", tmp_path / "new.jsonl"),
    ):
        done = process(*arguments, preexec_fn=nearly_full)
        assert done.returncode == 14, (arguments, done.stderr)
        assert (
            ": cannot be written: File too large; what stood there before is untou" in done.stderr
        )
        assert "free some space" in done.stderr
        assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_output_that_cannot_be_written_is_exit_code_14():
    with Path("/dev/full").open("w") as full:
        done = process("policy", "show", capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 14
    assert "standard output: cannot be written" in done.stderr


# ── terminals and pipes ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("arguments", "code"), [(("policy", "show"), 141), (("audit", "nope.pcap"), 11)]
)
def test_a_reader_that_went_away_is_no_finding(arguments, code):
    read, write = os.pipe()
    os.close(read)
    done = process(*arguments, capture_output=False, stdout=write, stderr=write)
    os.close(write)
    assert done.returncode == code


def test_names_cannot_steer_the_terminal(auditor, tmp_path):
    nasty = tmp_path / "\x1b[2J\u202egpj.pcap"
    shutil.copy(SMALL, nasty)
    for arguments in (
        ("audit", nasty, "--out", tmp_path / "out"),
        ("flows", nasty, "--out", tmp_path / "flows.csv"),
        ("audit", tmp_path / "\x1b]0;title\x07", "--out", tmp_path / "out"),
    ):
        done = auditor(*arguments)
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", done.out + done.err)
    assert r"\x1b]0;title\x07" in done.err


def test_a_name_that_is_no_utf_8_can_be_said_and_written(auditor, tmp_path):
    strange = Path(str(tmp_path) + "/b\udcff.pcap")
    shutil.copy(SMALL, strange)
    done = auditor("audit", strange, "--out", tmp_path / "out")
    assert done.code == 0
    assert r"b\xff.pcap" in run_of(tmp_path / "out")["inputs"][0]["name"]
    assert auditor("report", tmp_path / "out" / "run.json").code == 0
    assert auditor("audit", Path(str(tmp_path) + "/n\udcff"), "--out", tmp_path / "out").code == 11


def test_vietnamese_can_be_said_to_a_terminal_of_another_alphabet(tmp_path):
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1", "LC_ALL": "C"}
    done = process("audit", SMALL, "--out", tmp_path, env=environment, encoding="latin-1")
    assert done.returncode == 0
    assert names(tmp_path) == RESULTS


def test_progress_is_shown_on_a_terminal_only(tmp_path):
    main, side = os.openpty()
    done = process("audit", SMALL, "--out", tmp_path, capture_output=False, stdout=-3, stderr=side)
    os.close(side)
    assert done.returncode == 0
    assert os.read(main, 1 << 16)
    os.close(main)
    assert process("audit", SMALL, "--out", tmp_path).stderr == ""


def test_an_interrupted_audit_ends_quietly_and_leaves_nothing(tmp_path):
    script = (
        "import signal, auditor.cli, auditor.pipeline\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "def waiting(*_):\n"
        "    print('at work', flush=True)\n"
        "    signal.pause()\n"
        "auditor.pipeline.audit = waiting\n"
        "auditor.cli.main()\n"
    )
    command = [sys.executable, "-c", script, "audit", str(SMALL), "--out", str(tmp_path / "out")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout.readline() == b"at work\n"
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert b"Traceback" not in err
    assert names(tmp_path) == set()


def test_help_is_quick_because_it_loads_nothing_heavy():
    script = (
        "import sys, auditor.cli\n"
        "try:\n"
        "    auditor.cli.main()\n"
        "except SystemExit as end:\n"
        "    assert not end.code\n"
        "print(*sys.modules)\n"
    )
    for arguments in (["--help"], ["--version"], ["audit", "--help"]):
        done = subprocess.run(
            [sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=True
        )
        loaded = set(done.stdout.splitlines()[-1].split())
        assert "auditor.cli" in loaded
        assert not loaded & HEAVY
        # typer itself uses pydantic once it knows which command it is
        assert "audit" in arguments or "pydantic" not in loaded


@pytest.mark.parametrize("packed", [False, True])
def test_standard_input_is_read_like_a_file(tmp_path, packed):
    content = SMALL.read_bytes()
    out = tmp_path / "flows.csv"
    command = [sys.executable, "-m", "auditor", "flows", "-", "--out", str(out)]
    given = gzip.compress(content) if packed else content
    done = subprocess.run(command, input=given, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert b"3 flows from 1 files" in done.stdout


@pytest.mark.parametrize("zone", ["7", "+15:00", "+07:60", "Asia/Hanoi", "+07:00;"])
def test_a_zone_that_is_none_is_told_with_the_way_to_write_it(auditor, zone):
    code, _, said = auditor("flows", PCAPS, "--out", "x.csv", "--log-zone", zone)
    assert code == 2
    assert "+07:00" in said


def test_the_settings_of_logs_stand_in_the_run(auditor, tmp_path):
    code, _, said = auditor(
        "audit", ROOT / "samples" / "logs" / "aws-vpc", "--out", tmp_path, "--log-zone", "utc",
        "--aws-fields", "${version}  ${srcaddr}",
    )  # fmt: skip
    assert code == 0, said
    settings = json.loads((tmp_path / "run.json").read_text())["settings"]
    assert settings["log_zone"] == "+00:00"
    assert settings["aws_fields"] == "version srcaddr"
