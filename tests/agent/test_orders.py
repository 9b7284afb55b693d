"""What a child is told survives the file it is written to."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from auditor import pipeline, readers
from auditor.agent import orders
from auditor.agent.settings import Agent
from auditor.model.errors import StoreError
from auditor.model.problem import Problem

NOW = datetime(2026, 11, 22, 5, 0, 0, 123456, tzinfo=UTC)


def test_an_order_comes_back_as_it_was_whatever_files_are_called(tmp_path):
    names = (b"plain.pcap", b"not utf-8 \xff\xfe.pcap", b"a line\nbreak\x1b[31m \xe2\x80\xae.log")
    audit = pipeline.Order(
        paths=tuple(Path(os.fsdecode(name)) for name in names),
        policies=Path("/p"),
        geoip=Path("/g"),
        inventory=Path("/i.yaml"),
        mappings=(Path("/m.yaml"),),
        settings=readers.Settings(copies_within=5, log_server="10.0.0.1"),
        jobs=3,
        cluster="tls://scheduler.agency.example:8786",
        open_before=Path("/before"),
        open_after=Path("/after"),
        open_until=NOW,
    )
    problems = (Problem("odd", "x", "y", "z", 7, 8, 9),)
    work = orders.Work("night", NOW, Path("/c"), audit, (("/a", "b"),), problems)
    orders.write_work(tmp_path, work)
    assert orders.read_work(tmp_path) == work


def test_a_child_that_did_not_say_what_it_did_did_nothing(tmp_path):
    with pytest.raises(StoreError, match="without saying what it did"):
        orders.read_result(tmp_path)
    (tmp_path / orders.RESULT).write_text('{"kind": "au')
    with pytest.raises(StoreError, match="without saying what it did"):
        orders.read_result(tmp_path)


def test_a_child_does_not_see_the_secrets_of_channels_and_of_the_store():
    settings = Agent.model_validate(
        {
            "version": 1,
            "jobs": [
                {
                    "name": "a",
                    "schedule": {"every": "1h"},
                    "sources": [
                        {
                            "bucket": "s3://a",
                            "access_id_env": "BUCKET_ID",
                            "access_key_env": "BUCKET_KEY",
                        }
                    ],
                }
            ],
            "channels": [
                {"name": "w", "webhook": {"url_env": "HOOK_URL", "secret_env": "HOOK_SECRET"}},
                {
                    "name": "m",
                    "mail": {
                        "server": "mail.agency.example",
                        "user": "auditor",
                        "password_env": "MAIL_PASSWORD",
                        "sender": "auditor@agency.example",
                        "to": ["security@agency.example"],
                    },
                },
            ],
        }
    )
    assert set(orders.hidden(settings)) == {
        "AUDITOR_DATABASE_URL",
        "HOOK_URL",
        "HOOK_SECRET",
        "MAIL_PASSWORD",
        "BUCKET_ID",
        "BUCKET_KEY",
    }


def test_the_traffic_of_a_checklist_is_all_that_there_is(tmp_path):
    for name in ("b.log", "a.log", "c.txt"):
        (tmp_path / name).write_text("x")
    settings = Agent.model_validate(
        {
            "version": 1,
            "jobs": [
                {
                    "name": "a",
                    "schedule": {"every": "1h"},
                    "checklist": "/c",
                    "sources": [{"folder": "/a"}, {"files": f"{tmp_path}/*.log"}],
                }
            ],
        }
    )
    assert orders.traffic(settings.jobs[0]) == (
        Path("/a"),
        tmp_path / "a.log",
        tmp_path / "b.log",
    )


@pytest.mark.parametrize(
    "content",
    [
        {"kind": "audit", "run_id": "../../elsewhere", "flow_files": []},
        {"kind": "audit", "run_id": "..", "flow_files": []},
        {"kind": "audit", "run_id": 5, "flow_files": []},
        {"kind": "audit", "run_id": "a", "flow_files": [{"path": "../x"}]},
        {"kind": "audit", "run_id": "a", "flow_files": [{}]},
        {"kind": "audit", "run_id": "a", "flow_files": [{"path": "runs/2026/b/run.json"}]},
        {"kind": "audit", "run_id": "a", "flow_files": [{"path": "flows/day=many/b.parquet"}]},
        {"kind": "audit", "run_id": "a", "flow_files": [], "of_another_version": 1},
        [],
    ],
)
def test_a_result_that_leads_elsewhere_is_none(tmp_path, content):
    (tmp_path / orders.RESULT).write_text(json.dumps(content))
    with pytest.raises(StoreError):
        orders.read_result(tmp_path)
