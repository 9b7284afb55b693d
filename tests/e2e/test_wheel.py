"""The installed program: complete by itself, and independent of the checkout."""

from __future__ import annotations

import hashlib
import json
import zipfile
from email.parser import Parser
from pathlib import Path

import pyarrow.parquet

from auditor import __version__

ROOT = Path(__file__).parents[2]


def test_the_wheel_carries_all_of_the_program_and_its_data(wheel):
    with zipfile.ZipFile(wheel) as archive:
        inside = set(archive.namelist())
        for folder in ("policies", "geoip"):
            for path in (ROOT / folder).rglob("*"):
                if path.is_file() and "__pycache__" not in path.parts:
                    name = f"auditor/_data/{path.relative_to(ROOT)}"
                    assert name in inside
                    assert archive.read(name) == path.read_bytes()
    for path in (ROOT / "auditor").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts and "_data" not in path.parts:
            assert str(path.relative_to(ROOT)) in inside
    assert not [name for name in inside if name.startswith(("tests/", "samples/", "bench/"))]
    assert not [name for name in inside if name.endswith((".pyc", ".nbi", ".nbc"))]


def test_the_wheel_says_its_licence_and_what_it_needs(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith("dist-info/METADATA")]
        metadata = Parser().parsestr(archive.read(name).decode())
        assert any(name.endswith("licenses/LICENSE") for name in archive.namelist())
    assert metadata["Version"] == __version__
    assert metadata["License-Expression"] == "GPL-2.0-or-later"
    assert metadata["Requires-Python"] == ">=3.11"
    needed = {line.split(">")[0] for line in metadata.get_all("Requires-Dist")}
    assert {"numba", "pandas", "pyarrow", "maxminddb", "jinja2", "typer"} <= needed


def test_the_installed_program_uses_its_own_code_and_data(installed, outside, call):
    script = (
        "import auditor.pipeline as p; print(p.__file__); "
        "print(p.data_folder('policies')); print(p.data_folder('geoip'))"
    )
    done = call(installed / "bin" / "python", "-c", script, cwd=outside)
    lines = done.stdout.splitlines()
    assert len(lines) == 3, done.stderr
    assert all(Path(line).is_relative_to(installed) for line in lines)
    assert all("_data" in line for line in lines[1:])


def test_the_installed_program_audits_the_samples_from_anywhere(installed, outside, call):
    given = ("--inventory", "examples/inventory.yaml", "--dossiers", "examples/dossiers.yaml")
    auditor = installed / "bin" / "auditor"
    first = call(auditor, "audit", "samples", *given, cwd=outside)
    assert first.returncode == 0
    assert "Compiling the packet engine, the first time only" in first.stderr
    done = call(auditor, "audit", "samples", *given, cwd=outside)
    assert (done.returncode, done.stderr) == (0, "")
    run = json.loads((outside / "reports" / "run.json").read_text(encoding="utf-8"))
    assert run["totals"]["crossing_flows"] > 100
    assert {finding["state"] for finding in run["findings"]} >= {"open", "covered"}
    used = {source["name"]: source["sha256"] for source in run["sources"]}
    for name in ("geoip/country.mmdb", "geoip/asn.mmdb", "policies/rules.yaml"):
        digest = hashlib.sha256((ROOT / name).read_bytes()).hexdigest()
        assert used[Path(name).name] == digest
    rows = pyarrow.parquet.read_metadata(outside / "reports" / "flows.parquet").num_rows
    assert rows == run["totals"]["flows"] + run["totals"]["confirming_flows"]
    assert (outside / "reports" / "report.html").stat().st_size > 100_000
    again = call(auditor, "report", "reports/run.json", "--out", "again.html", cwd=outside)
    assert (again.returncode, again.stderr) == (0, "")
    page = (outside / "again.html").read_bytes()
    assert page == (outside / "reports" / "report.html").read_bytes()


def test_the_other_commands_of_the_installed_program_work(installed, outside, call):
    auditor = installed / "bin" / "auditor"
    for arguments, said in (
        (("policy", "lint"), "no mistakes"),
        (("policy", "test"), " 0 failed"),
        (("geoip", "lookup", "52.219.40.10"), "SG"),
        (("doctor",), "country.mmdb"),
        (("flows", "samples/logs/zeek", "--out", "flows.csv"), "flows.csv"),
    ):
        done = call(auditor, *arguments, cwd=outside)
        assert (done.returncode, said in done.stdout) == (0, True), done.stdout + done.stderr
