"""docs/agent.md: what it names is there."""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from auditor.agent.health import metrics, standing
from auditor.agent.live import running
from auditor.agent.live.state import State
from auditor.agent.settings import Health
from tests.agent.health.test_server import NOW, OVERVIEW

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "agent.md").read_text(encoding="utf-8")


def test_files_it_points_to_exist():
    targets = re.findall(r"\]\((\.\.?/[^)#]+)\)", TEXT)
    assert len(targets) >= 3
    assert [each for each in targets if not (ROOT / "docs" / each).exists()] == []


def test_it_lists_every_metric_and_no_other():
    capture = State("a", "lo", "tcpdump", NOW, NOW, dropped=0, interface_dropped=0)
    shown = standing.Standing(NOW, standing.Pulse(NOW, True), OVERVIEW, (capture,))
    made = {
        sample.name
        for family in text_string_to_metric_families(metrics.text(shown).decode())
        for sample in family.samples
        if not sample.name.endswith("_created")
    }
    optional = {"auditor_job_requested_timestamp_seconds"}  # of a job that is due
    assert set(re.findall(r"`(auditor_[a-z_]+)`", TEXT)) == made | optional


def test_its_way_to_verify_a_webhook_works():
    (code,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    known: dict = {}
    exec(code, known)  # noqa: S102 - our own page
    stamp, body = str(int(time.time())), b'{"id": "n1"}'
    signature = hmac.new(b"shared", stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    headers = {"Auditor-Timestamp": stamp, "Auditor-Signature": f"v1={signature}"}
    assert known["genuine"]("shared", headers, body)
    assert not known["genuine"]("other", headers, body)
    assert not known["genuine"]("shared", headers, body + b" ")
    old = headers | {"Auditor-Timestamp": str(int(stamp) - 600)}
    assert not known["genuine"]("shared", old, body)


def test_its_numbers_are_those_of_the_program():
    assert standing.LATE.total_seconds() == 300 and "turn within 5 minutes" in TEXT
    assert running.BEAT == 5 and "asked every 5 seconds" in TEXT
    assert running.RENEW == 24 * 3600 and "once a day" in TEXT
    assert Health().port == 9479 and "port 9479" in TEXT
