"""What ``docs/notices.md`` tells administrators and receivers holds."""

from __future__ import annotations

import re
from pathlib import Path

from auditor.agent.channels import Webhook
from auditor.agent.notices import webhook
from auditor.agent.settings import settings
from tests.agent.notices.conftest import NOON, notice
from tests.agent.notices.receivers import Web

PAGE = (Path(__file__).parents[3] / "docs" / "notices.md").read_text(encoding="utf-8")


def block(language):
    return re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)[1]


def test_the_receivers_check_takes_ours_and_nothing_else(monkeypatch):
    monkeypatch.setenv("HOOK_KEY", "khóa")
    with Web() as server:
        hook = Webhook(url=f"http://127.0.0.1:{server.port}/", secret_env="HOOK_KEY")  # noqa: S106
        webhook.sent(hook, notice(), NOON)
    ((_, headers, body),) = server.got
    names = {}
    exec(block("python"), names)  # noqa: S102 - our own page
    genuine = names["genuine"]
    now = NOON.timestamp()
    assert genuine(headers, body, "khóa", now)
    assert not genuine(headers, body, "other", now)
    assert not genuine(headers, body + b" ", "khóa", now)
    assert not genuine(headers, body, "khóa", now + 301)
    assert not genuine(headers | {"Auditor-Timestamp": str(int(now) + 1)}, body, "khóa", now)


def test_the_example_is_an_agent_yaml(tmp_path):
    path = tmp_path / "agent.yaml"
    head = "version: 1\njobs: [{name: night, schedule: {every: 1d}, checklist: x}]\n"
    path.write_text(head + block("yaml"), encoding="utf-8")
    names = [channel.name for channel in settings(path).channels]
    assert names == ["security-team", "management", "tickets", "siem"]
