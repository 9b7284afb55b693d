"""``auditor geoip``: the commands about geo data."""

from __future__ import annotations

import json
import re
import shutil
import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq
import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from auditor import cli

ROOT = Path(__file__).parents[1]
CAPTURE = ROOT / "samples" / "pcaps" / "citizens-csv-http.pcap"


class Answer(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def geoip(monkeypatch, capsys):
    """``auditor geoip`` as a function: arguments in, exit code and texts out."""
    monkeypatch.delenv("AUDITOR_DEBUG", raising=False)

    def call(*arguments: object, command: str = "geoip") -> Answer:
        monkeypatch.setattr(sys, "argv", ["auditor", command, *map(str, arguments)])
        capsys.readouterr()
        try:
            cli.main()
            code = 0
        except SystemExit as end:
            code = end.code or 0
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return Answer(code, out, err)

    return call


@pytest.fixture
def folder(tmp_path):
    """A folder of geo data: two countries, one network owner."""
    made = tmp_path / "geo"
    made.mkdir()
    places = {"203.162.0.0/16": "VN", "18.7.21.0/24": "US", "52.219.0.0/16": "SG"}
    write(made / "country.mmdb", {net: {"country_code": code} for net, code in places.items()})
    write(made / "asn.mmdb", {"18.7.21.0/24": {"autonomous_system_number": 15169}})
    return made


def write(path, records):
    writer = MMDBWriter(ip_version=6, database_type="Test", ipv4_compatible=True)
    for network, record in records.items():
        writer.insert_network(IPSet([network]), record)
    writer.to_db_file(str(path))


# ── info ─────────────────────────────────────────────────────────────────────────────────────────


def test_info_names_build_age_licence_and_checksum(geoip):
    done = geoip("info")
    assert done.code == 0
    for part in ("country.mmdb", "asn.mmdb", "built 20", "licence: CC", "in use", "years)"):
        assert part in done.out
    assert re.search(r"as-countries\.csv: [0-9,]{6,} ", done.out)
    assert re.search(r"services\.yaml: [0-9]{2,} ", done.out)
    assert done.out.count("sha256 ") >= 4


@pytest.mark.parametrize("content", [None, b"no database"])
def test_a_folder_with_nothing_usable_is_exit_code_13(geoip, tmp_path, content):
    if content is not None:
        (tmp_path / "country.mmdb").write_bytes(content)
    for command in ("info", "verify"):
        done = geoip(command, "--geoip", tmp_path)
        assert done.code == 13
        assert str(tmp_path) in done.err


# ── lookup ───────────────────────────────────────────────────────────────────────────────────────


def test_lookup_shows_the_whole_record(geoip, folder):
    done = geoip("lookup", "18.7.21.8", "10.1.2.3", "--geoip", folder)
    assert done.code == 0
    first, second = done.out.split("\n\n")
    assert first.startswith("18.7.21.8\n")
    assert "US United States" in first
    assert "AS15169" in first
    assert "Article 23(2)" in first
    assert "private-use" in second


def test_lookup_gives_json_for_machines(geoip, folder):
    asked = ("--host", "S3.ap-southeast-1.amazonaws.com.", "--rtt", "31.4", "--log-country", "sg")
    done = geoip("lookup", "52.219.40.10", *asked, "--json", "--geoip", folder)
    (record,) = json.loads(done.out)
    assert (record["state"], record["country"]) == ("country", "SG")
    assert record["rule"] == "cloud-region"
    assert record["reach"]["rtt_us"] == 31_400
    assert {"log", "host", "handshake", "database"} <= {one["kind"] for one in record["witnesses"]}


def test_lookup_contradicts_what_light_does_not_allow(geoip, folder):
    done = geoip("lookup", "18.7.21.8", "--rtt", "2", "--geoip", folder)
    assert "contradicted" in done.out
    assert re.search(r"\d km", done.out)


def test_lookup_reads_a_list_from_standard_input(geoip, folder, monkeypatch):
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(b"# mine\n18.7.21.8\n\n52.219.1.1\n")))
    done = geoip("lookup", "-", "--json", "--geoip", folder)
    assert [each["country"] for each in json.loads(done.out)] == ["US", "SG"]


def test_lookup_asks_the_builds_of_the_day(geoip, folder):
    asked = ("lookup", "18.7.21.8", "--json", "--geoip", folder)
    for at, certainty in (((), "likely"), (("--at", "1999-01-01"), "weak")):
        (record,) = json.loads(geoip(*asked, *at).out)
        assert record["certainty"] == certainty


def test_lookup_knows_the_agencys_own_networks(geoip, folder):
    inventory = ROOT / "policies" / "examples" / "inventory.yaml"
    asked = ("lookup", "203.162.10.4", "--json", "--geoip", folder, "--inventory", inventory)
    (record,) = json.loads(geoip(*asked).out)
    assert record["rule"] == "inventory"


@pytest.mark.parametrize("text", ["300.1.1.1", "18.7.21.8:53", "\x1b[31m", "\udcff"])
def test_what_is_no_address_is_exit_code_11(geoip, folder, text):
    done = geoip("lookup", "--geoip", folder, "--", text)
    assert done.code == 11
    assert "203.162." in done.err
    assert "\x1b" not in done.err


@pytest.mark.parametrize(
    "wrong",
    [("--home", "ZZ"), ("--log-country", "Singapore"), ("--at", "May"), ("--rtt", "-1"),
     ("--rtt", "nan")],
)  # fmt: skip
def test_options_that_make_no_sense_are_wrong_usage(geoip, wrong):
    assert geoip("lookup", "18.7.21.8", *wrong).code == 2


# ── build ────────────────────────────────────────────────────────────────────────────────────────


def test_build_derives_where_systems_are_registered(geoip, folder):
    done = geoip("build", "--geoip", folder)
    assert done.code == 0
    assert (folder / "as-countries.csv").read_text().endswith("\n15169,US,100\n")
    assert "1 autonomous systems: 1 with a country" in done.out


def test_build_makes_a_database_of_a_table(geoip, folder, tmp_path):
    table = tmp_path / "table.csv"
    table.write_text("18.7.21.0,18.7.21.255,JP\n")
    done = geoip("build", table, "--out", folder / "mine.mmdb", "--built", "2026-06-17")
    assert done.code == 0
    (record,) = json.loads(geoip("lookup", "18.7.21.8", "--json", "--geoip", folder).out)
    assert (record["country"], record["basis"]) == ("JP", "mine.mmdb 2026-06-17")


def test_build_tells_what_it_cannot_use(geoip, folder, tmp_path):
    table = tmp_path / "table.csv"
    table.write_text("18.7.21.0,18.7.21.255,Atlantis\n")
    assert geoip("build", table, "--out", folder / "mine.mmdb").code == 11
    assert geoip("build", table, "--out", folder / "mine.csv").code == 2
    assert geoip("build", table, "--out", folder / "mine.mmdb", "--built", "June").code == 2
    assert geoip("build", "--geoip", folder, "--asn", "country.mmdb").code == 13
    assert geoip("build", "--geoip", folder, "--asn", "none.mmdb").code == 13
    assert {path.name for path in folder.iterdir()} == {"country.mmdb", "asn.mmdb"}


# ── verify ───────────────────────────────────────────────────────────────────────────────────────


def test_verify_counts_what_a_sound_folder_holds(geoip, folder):
    done = geoip("verify", "--geoip", folder)
    assert (done.code, done.err) == (0, "")
    for part in ("country.mmdb  không có trong bản kê / not listed  OK", "3 IPv4 + 0 IPv6"):
        assert part in done.out


def test_verify_tells_a_changed_file_and_ends_with_13(geoip, folder):
    shutil.copy(ROOT / "geoip" / "MANIFEST.yaml", folder)
    done = geoip("verify", "--geoip", folder)
    assert done.code == 13
    assert "country.mmdb  KHÁC BẢN KÊ / NOT AS LISTED" in done.out
    assert "distances.csv  THIẾU / MISSING" in done.out
    told = json.loads(geoip("verify", "--geoip", folder, "--json").out)
    assert sum(bool(each["wrong"]) for each in told) == 5


# ── replay ───────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def audited(tmp_path_factory):
    """The folder of a run."""
    from datetime import UTC, datetime

    from auditor import pipeline, report
    from auditor.cli.terminal import Quiet
    from auditor.model.run import write_json

    out = tmp_path_factory.mktemp("run")
    order = pipeline.Order(
        (CAPTURE,),
        ROOT / "policies",
        ROOT / "geoip",
        inventory=ROOT / "policies" / "examples" / "inventory.yaml",
    )
    done = pipeline.audit(order, lambda: datetime(2026, 11, 22, tzinfo=UTC), Quiet())
    report.written(
        out,
        {
            "run.json": lambda file: write_json(done.run, file),
            "flows.parquet": lambda file: pipeline.write_parquet(done.table, file),
        },
    )
    return out


def test_replay_with_the_same_data_changes_nothing(geoip, audited):
    inventory = ROOT / "policies" / "examples" / "inventory.yaml"
    done = geoip("replay", audited, "--inventory", inventory)
    assert done.code == 0
    assert re.search(r"^  0 of [1-9]", done.out, re.MULTILINE)
    assert "--inventory" not in done.err


def test_replay_shows_what_other_data_changes(geoip, audited, folder):
    flows = pq.read_table(audited / "flows.parquet").to_pylist()
    peer = next(row["peer_ip"] for row in flows if row["crosses_border"])
    write(folder / "mine.mmdb", {f"{peer}/32": {"country_code": "JP"}})
    done = geoip("replay", audited / "run.json", "--geoip", folder)
    assert done.code == 0
    assert peer in done.out
    assert "--inventory" in done.err  # the run had one
    told = json.loads(geoip("replay", audited, "--geoip", folder, "--json").out)
    assert told["changed_flows"] <= told["flows"] == len(flows)
    assert "JP" in {change["after"]["country"] for change in told["changes"]}
    assert told["findings"]


def test_replay_finds_flows_where_the_agent_keeps_them(geoip, audited, folder, tmp_path):
    run = tmp_path / "runs" / "2026-11" / "one"
    run.mkdir(parents=True)
    shutil.copy(audited / "run.json", run)
    run_id = json.loads((run / "run.json").read_text())["run_id"]
    day = tmp_path / "flows" / "day=2026-11-22"
    day.mkdir(parents=True)
    shutil.copy(audited / "flows.parquet", day / f"{run_id}.parquet")
    (day / "another.parquet").write_bytes(b"of another run")
    assert geoip("replay", run, "--geoip", folder).code == 0


def test_replay_tells_what_is_no_run(geoip, audited, tmp_path):
    done = geoip("replay", tmp_path)
    assert done.code == 11
    shutil.copy(audited / "run.json", tmp_path)
    done = geoip("replay", tmp_path)
    assert done.code == 11
    assert "no flows.parquet" in done.err


def test_replay_of_a_run_without_a_home_country_is_refused(geoip, audited, folder, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(audited, run)
    told = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps(told | {"home": "zz\n"}))
    done = geoip("replay", run, "--geoip", folder)
    assert done.code == 11
    assert "home country" in done.err


def test_replay_shows_what_a_hostile_flow_table_claims_on_one_line(
    geoip, audited, folder, tmp_path
):
    import pyarrow as pa

    run = tmp_path / "run"
    shutil.copytree(audited, run)
    table = pq.read_table(run / "flows.parquet")
    for name in ("host", "geo_state"):
        at = table.schema.get_field_index(name)
        forged = pa.array([f"one\nforged {name} " * 5000] * len(table))
        table = table.set_column(at, name, forged)
    pq.write_table(table, run / "flows.parquet")
    done = geoip("replay", run, "--geoip", folder)
    assert done.code == 0
    assert "forged host" in done.out
    assert "forged geo_state" in done.out
    assert not re.search(r"^\s*forged", done.out, re.MULTILINE)
    assert max(map(len, done.out.splitlines())) < 2000


def test_info_marks_a_build_of_a_day_to_come(geoip, folder, monkeypatch):
    monkeypatch.setattr("mmdb_writer.time.time", lambda: 4102444800)
    write(folder / "mine.mmdb", {"198.51.0.0/16": {"country_code": "JP"}})
    monkeypatch.undo()
    done = geoip("info", "--geoip", folder)
    assert "NGÀY CHƯA TỚI / A DAY TO COME" in done.out


def damaged(path):
    content = bytearray(path.read_bytes())
    content[100:300] = bytes(200)
    path.write_bytes(bytes(content))


def nulls(path):
    import pyarrow as pa

    table = pq.read_table(path)
    at = table.schema.get_field_index("dst_ip")
    pq.write_table(table.set_column(at, "dst_ip", pa.nulls(len(table), pa.string())), path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda path: path.write_bytes(b"no parquet"), "is cut"),
        (lambda path: path.write_bytes(path.read_bytes()[:-5]), "is cut"),
        (damaged, "is damaged"),
        (nulls, "empty values"),
    ],
)
def test_replay_tells_what_is_no_flow_table(geoip, audited, folder, tmp_path, change, said):
    run = tmp_path / "run"
    shutil.copytree(audited, run)
    change(run / "flows.parquet")
    done = geoip("replay", run, "--geoip", folder)
    assert done.code == 11
    assert said in done.err
    assert "flows.parquet" in done.err


def test_page_one_warns_of_a_database_five_years_old_with_its_age(
    geoip, folder, tmp_path, monkeypatch
):
    monkeypatch.setattr("mmdb_writer.time.time", lambda: 1605000000)  # 2020-11-10
    write(folder / "stale.mmdb", {"52.219.0.0/16": {"country_code": "SG"}})
    monkeypatch.undo()
    done = geoip(CAPTURE, "--geoip", folder, "--out", tmp_path / "out", command="audit")
    assert done.code == 0
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    told = page.index("The data of stale.mmdb is of 2020-11-10")
    assert re.search(r"\d\.\d years\) older than the traffic", page[told : told + 200])
    assert told < page.index("What is not known")  # of the first finding: after page one
