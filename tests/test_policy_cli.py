"""``auditor policy explain`` and ``diff``: a finding told from packet to article; what if."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from auditor import cli

ROOT = Path(__file__).parents[1]
INVENTORY = ROOT / "policies" / "examples" / "inventory.yaml"


class Answer(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture(scope="module")
def audited(tmp_path_factory):
    """The folder of an audit of one sample."""
    folder = tmp_path_factory.mktemp("audit")
    sample = ROOT / "samples" / "pcaps" / "citizens-csv-http.pcap"
    arguments = ["--inventory", str(INVENTORY), "--no-content", "--out", str(folder)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["auditor", "audit", str(sample), *arguments])
        with pytest.raises(SystemExit) as end:
            cli.main()
    assert not end.value.code
    return folder


@pytest.fixture
def called(monkeypatch, capsys):
    """``auditor policy`` as a function: arguments in, exit code and texts out."""
    monkeypatch.delenv("AUDITOR_DEBUG", raising=False)

    def call(*arguments: object) -> Answer:
        monkeypatch.setattr(sys, "argv", ["auditor", "policy", *map(str, arguments)])
        capsys.readouterr()
        try:
            cli.main()
            code = 0
        except SystemExit as end:
            code = end.code or 0
        return Answer(code, *capsys.readouterr())

    return call


def findings_in(folder):
    return json.loads((folder / "run.json").read_text(encoding="utf-8"))["findings"]


def test_a_finding_is_told_from_packet_to_article(called, audited):
    one = findings_in(audited)[0]
    told = called("explain", one["id"][:9], audited, "--inventory", INVENTORY)
    assert told.code == 0, told.err
    parts = ["Gói tin", "Wireshark: ip.addr ==", "Luồng", "Nơi đến", "Dữ liệu", "Quy tắc hỏi"]
    parts += ["Chế độ pháp lý", "Sổ đăng ký", "Căn cứ", one["legal"][0]["article"], "Trạng thái"]
    places = [told.out.find(part) for part in parts]
    assert -1 not in places and places == sorted(places)


def test_an_id_that_no_finding_has_is_told_with_some_that_are(called, audited):
    told = called("explain", "zzz", audited)
    assert told.code == 11 and findings_in(audited)[0]["id"] in told.err


def test_a_table_that_was_not_judged_is_refused(called, audited, tmp_path):
    shutil.copy(audited / "run.json", tmp_path)
    table = pq.read_table(audited / "flows.parquet")
    pq.write_table(table.drop_columns(["categories"]), tmp_path / "flows.parquet")
    told = called("explain", findings_in(audited)[0]["id"], tmp_path)
    assert told.code == 11 and "no column categories" in told.err


@pytest.mark.parametrize("name", ["content_labels", "content_certainties"])
def test_labels_of_content_that_have_no_certainty_are_refused(called, audited, tmp_path, name):
    shutil.copytree(audited, tmp_path / "run")
    path = tmp_path / "run" / "flows.parquet"
    table = pq.read_table(path)
    column = pa.array([["firm"]] * table.num_rows, table.schema.field(name).type)
    pq.write_table(table.set_column(table.column_names.index(name), name, column), path)
    policies = ROOT / "policies"
    for words in (["explain", findings_in(audited)[0]["id"]], ["diff", policies, policies]):
        said = called(*words, tmp_path / "run")
        assert (said.code, "its certainty" in said.err) == (11, True), said


def test_the_same_policies_find_the_same_and_changed_ones_say_what_differs(
    called, audited, tmp_path
):
    shipped, changed = ROOT / "policies", tmp_path / "policies"
    more = ("--inventory", INVENTORY)
    assert "added: 0" in called("diff", shipped, shipped, audited, *more).out
    shutil.copytree(shipped, changed)
    rules = (changed / "rules.yaml").read_text(encoding="utf-8")
    (changed / "rules.yaml").write_text(
        rules.replace("outbound_bytes: {at_least: 1}", "outbound_bytes: {at_least: 999999999}"),
        encoding="utf-8",
    )
    told = called("diff", shipped, changed, audited, *more, "--json")
    kinds = {each["kind"] for each in json.loads(told.out)["changes"]}
    assert kinds == {"removed"}


def test_regimes_are_shown_with_what_they_rest_on(called):
    told = called("show")
    assert "I.26a  [core; S, chưa đối chiếu / unverified]" in told.out
    assert "pdpl  [2026-01-01]" in told.out and "filed-after, 60 ngày / days" in told.out


def test_a_run_without_its_flows_is_told(called, audited, tmp_path):
    shutil.copy(audited / "run.json", tmp_path)
    told = called("diff", ROOT / "policies", ROOT / "policies", tmp_path)
    assert told.code == 11 and "flows.parquet" in told.err
