"""``auditor paper``: files in, papers out."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from typer.testing import CliRunner

from auditor.cli import app
from auditor.model.errors import InputError, PolicyError, StoreError
from auditor.model.ledger import TRANSFERS, Carried, Route, Transfers
from auditor.model.run import to_json
from tests.papers.conftest import moved, run

EXAMPLES = Path(__file__).parents[1] / "policies" / "examples"
KINDS = ("review", "form-09", "assessment", "risk-report")


class Unwatched:
    """Nobody looks how far an audit is."""

    def stage(self, name, total=None): ...

    def advance(self, size): ...


def paper(*arguments: object):
    return CliRunner().invoke(app, ["paper", *map(str, arguments)])


@pytest.fixture
def runs(tmp_path):
    for name, made in (("one", run()), ("two", moved(run(), 10, "b"))):
        (tmp_path / "runs" / name).mkdir(parents=True)
        (tmp_path / "runs" / name / "run.json").write_text(to_json(made), encoding="utf-8")
    return tmp_path / "runs"


@pytest.mark.parametrize("kind", KINDS)
def test_every_paper_is_written_in_both_forms(runs, tmp_path, kind):
    out = tmp_path / "out"
    done = paper(
        kind, runs, "--out", out, "--inventory", EXAMPLES / "inventory.yaml",
        "--dossiers", EXAMPLES / "dossiers.yaml", "--agency", EXAMPLES / "agency.yaml",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert sorted(each.name for each in out.iterdir()) == [f"{kind}.docx", f"{kind}.html"]
    assert "fields filled" in done.output
    assert "2 lượt kiểm tra" in (out / f"{kind}.html").read_text(encoding="utf-8")


def test_the_same_command_writes_the_same_bytes(runs, tmp_path):
    for name in ("a", "b"):
        assert paper("review", runs, "--out", tmp_path / name).exit_code == 0
    for form in ("docx", "html"):
        one, other = (tmp_path / name / f"review.{form}" for name in ("a", "b"))
        assert one.read_bytes() == other.read_bytes()


def test_one_run_can_be_named_by_its_file_and_the_period_limited(runs, tmp_path):
    done = paper("review", runs / "one" / "run.json", "--since", "2026-09-01", "--until",
                 "2026-09-30", "--out", tmp_path)  # fmt: skip
    assert done.exit_code == 0, done.output
    page = (tmp_path / "review.html").read_text(encoding="utf-8")
    assert "từ ngày 01/09/2026 đến ngày 30/09/2026" in page


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--since", "2026-10-01", "--until", "2026-09-01"), "must not be after"),
        (("--since", "yesterday"), "2026-11-21"),
        (("--system", "portall"), "no indicator"),
        (("--system", "none", "--inventory", EXAMPLES / "inventory.yaml"), "citizen-portal"),
    ],
)
def test_wrong_options_are_refused(runs, tmp_path, arguments, says):
    done = paper("review", runs, "--out", tmp_path / "out", *arguments)
    assert done.exit_code == 2
    assert says in done.output
    assert not (tmp_path / "out").exists()


def test_what_is_no_run_is_named(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "x.json").write_bytes(b"\xff\xfe")
    for place, what in (("empty", "holds no run.json"), ("x.json", "cannot be read"),
                        ("gone.json", "does not exist")):  # fmt: skip
        done = paper("review", tmp_path / place, "--out", tmp_path / "out")
        assert isinstance(done.exception, InputError)
        assert what in str(done.exception)


def test_mistakes_in_the_agencys_file_are_told_with_their_line(runs, tmp_path):
    (tmp_path / "agency.yaml").write_text('version: "1"\nnam: x\n', encoding="utf-8")
    done = paper("review", runs, "--agency", tmp_path / "agency.yaml", "--out", tmp_path / "out")
    assert isinstance(done.exception, PolicyError)
    assert "agency.yaml:2" in str(done.exception)


@pytest.mark.parametrize("kind", KINDS)
def test_real_traffic_makes_every_paper(kind, tmp_path, real_run):
    done = paper(kind, real_run, "--out", tmp_path)
    assert done.exit_code == 0, done.output
    page = (tmp_path / f"{kind}.html").read_text(encoding="utf-8")
    assert "Cơ sở dữ liệu đất đai" in page or "Cổng dịch vụ công" in page


@pytest.fixture(scope="module")
def real_run(tmp_path_factory):
    from auditor import pipeline

    order = pipeline.Order(
        paths=(EXAMPLES.parents[1] / "samples" / "logs" / "aws-vpc",),
        policies=pipeline.data_folder("policies"),
        geoip=pipeline.data_folder("geoip"),
        inventory=EXAMPLES / "inventory.yaml",
        dossiers=EXAMPLES / "dossiers.yaml",
        content=False,
    )
    made = pipeline.audit(order, lambda: datetime(2026, 11, 1, tzinfo=UTC), Unwatched())
    place = tmp_path_factory.mktemp("real") / "run.json"
    place.write_text(to_json(made.run), encoding="utf-8")
    return place


def test_with_a_store_the_paper_tells_its_running_totals(runs, tmp_path):
    from auditor.store import ledger, opened

    route = Route("Sở Mẫu", "portal", "Example Cloud", "SG", (Carried("B7", "pdpl"),))
    begin = round(datetime(2026, 9, 14, 5, tzinfo=UTC).timestamp()) * 10**9
    flows = pa.Table.from_pylist(
        [
            {
                "key": 1,
                "start": begin,
                "end": begin + 1,
                "route": 0,
                "bytes": 3_000_000,
                "records": 9,
            }
        ],
        schema=TRANSFERS,
    )
    store = opened(tmp_path / "data", "", create=True)
    with store.writing() as connection:
        ledger.added(connection, Transfers((route,), flows), datetime(2026, 9, 20, tzinfo=UTC))
    store.close()
    done = paper("review", runs, "--data", tmp_path / "data", "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    page = (tmp_path / "out" / "review.html").read_text(encoding="utf-8")
    assert "Sổ có lưu lượng từ ngày 14/09/2026" in page
    assert "Example Cloud" in page and "3,0 MB" in page


def test_a_data_directory_without_a_store_is_named(runs, tmp_path):
    done = paper("review", runs, "--data", tmp_path / "none", "--out", tmp_path / "out")
    assert isinstance(done.exception, StoreError)
