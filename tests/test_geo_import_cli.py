"""``auditor geoip import``, on its own."""

from __future__ import annotations

import json

import pytest
import typer
from typer.testing import CliRunner

from auditor.cli.geo_import import geoip_import


@pytest.fixture
def run(tmp_path):
    app = typer.Typer()
    app.command()(geoip_import)

    def call(*arguments):
        return CliRunner().invoke(app, [*map(str, arguments), "--geoip", str(tmp_path / "geoip")])

    return call


@pytest.fixture
def aws(tmp_path):
    path = tmp_path / "ip-ranges.json"
    prefixes = [
        {
            "ip_prefix": f"203.0.{index}.0/24",
            "region": region,
            "service": "S3",
            "network_border_group": region,
        }
        for index, region in enumerate(["ap-southeast-1", "xx-new-1"])
    ]
    path.write_text(
        json.dumps({"syncToken": "1", "createDate": "2026-06-17-00-00-00", "prefixes": prefixes})
    )
    return path


def test_an_import_says_in_vietnamese_then_in_english_what_it_took(run, aws, tmp_path):
    done = run(aws)
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[0] == f"ip-ranges.json -> {tmp_path}/geoip/ranges/aws-2026-06-17.ranges"
    assert "dữ liệu ngày 2026-06-17: 2 mạng" in lines[1]
    assert "50.0 % with a country" in lines[2] and "1 regions without a country" in lines[2]
    assert "xx-new-1 (1)" in done.stderr
    assert "imported before" in run(aws).stdout


def test_a_file_that_cannot_be_imported_is_told_and_the_others_are_taken(run, aws, tmp_path):
    wrong = tmp_path / "wrong.json"
    wrong.write_text("{}")
    done = run(wrong, tmp_path / "none.json", aws)
    assert done.exit_code == 13
    assert "no form that is known" in done.stderr and "is no file" in done.stderr
    assert "aws-2026-06-17.ranges" in done.stdout


@pytest.mark.parametrize("option", [["--kind", "nonsense"], ["--built", "yesterday"]])
def test_an_option_that_makes_no_sense_is_refused(run, aws, option):
    assert run(aws, *option).exit_code == 2


def test_a_table_of_regions_that_leads_nowhere_is_not_replaced_by_the_programs_own(
    run, aws, tmp_path
):
    (tmp_path / "geoip").mkdir()
    (tmp_path / "geoip" / "regions.yaml").symlink_to(tmp_path / "gone")
    done = run(aws)
    assert done.exit_code != 0
    assert "regions.yaml" in str(done.exception)
    assert not (tmp_path / "geoip" / "ranges").exists()
