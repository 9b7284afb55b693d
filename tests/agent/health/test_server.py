"""The real server, asked over real sockets."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from prometheus_client.parser import text_string_to_metric_families

from auditor.agent.health import Pulse, Server
from auditor.agent.health import server as server_room
from auditor.agent.live.state import State, written
from auditor.agent.settings import Health
from auditor.model.errors import AuditorError, StoreError
from auditor.store.overview import Attempt, Backlog, JobOverview, LastRun, Outbox, Overview

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
NONE = dict.fromkeys(("critical", "high", "medium", "low", "info"), 0)
ATTEMPT = Attempt(7, NOW - HOUR, NOW - HOUR, NOW - HOUR / 2, "done", None, "20261122T010000-a")
RUN = LastRun("20261122T010000-a", NOW - HOUR, NOW - HOUR / 2, 3, 1, 900, 40, 12_345, 2, 1, 0, 0)
JOB = JobOverview(
    "nightly", False, None, None, 0, None, NOW - HOUR, ATTEMPT, None, RUN,
    NONE | {"high": 2}, Backlog(4, 2_000_000, NOW - 2 * HOUR), 1,
)  # fmt: skip
OVERVIEW = Overview(NOW, (JOB,), (Outbox("mail", 3, NOW - HOUR),), 12, NONE | {"high": 2}, 999)


class Situation:
    """What the server is told; a test changes it."""

    def __init__(self) -> None:
        self.overview = OVERVIEW
        self.pulse = Pulse(NOW - timedelta(seconds=3), True)
        self.asked = 0

    def seen(self) -> Overview:
        self.asked += 1
        if self.overview is None:
            raise StoreError("the database is away", place="db", hint="Wait.")
        return self.overview


@pytest.fixture
def situation():
    return Situation()


@pytest.fixture
def server(tmp_path, situation):
    made = Server(
        Health(port=0), tmp_path, situation.seen, lambda: situation.pulse, lambda: NOW,
        ZoneInfo("Asia/Ho_Chi_Minh"),
    )  # fmt: skip
    yield made
    made.close()


def asked(server: Server, path: str, method: str = "GET", **heads: str):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        connection.request(method, path, headers=heads)
        answer = connection.getresponse()
        return answer, answer.read().decode()
    finally:
        connection.close()


def metrics(server: Server) -> dict[tuple, float]:
    _, text = asked(server, "/metrics")
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_metrics_tell_what_the_store_says(server):
    found = metrics(server)
    assert found["auditor_database_up",] == 1
    assert found["auditor_job_last_success_timestamp_seconds", "nightly"] == (
        (NOW - HOUR / 2).timestamp()
    )
    assert found["auditor_backlog_files", "nightly"] == 4
    assert found["auditor_backlog_oldest_timestamp_seconds", "nightly"] == (
        (NOW - 2 * HOUR).timestamp()
    )
    assert found["auditor_quarantined_files", "nightly"] == 1
    assert found["auditor_findings", "high", "nightly"] == 2
    assert found["auditor_job_last_outcome", "done", "nightly"] == 1
    assert found["auditor_job_last_outcome", "failed", "nightly"] == 0
    assert found["auditor_job_last_attempt_duration_seconds", "nightly"] == 1800
    assert found["auditor_notices_waiting", "mail"] == 3


def test_every_metric_has_its_help_and_a_name_of_ours(server, tmp_path):
    written(State("mirror", "lo", "dumpcap", NOW, NOW, pid=1, dropped=2), tmp_path)
    _, text = asked(server, "/metrics")
    families = list(text_string_to_metric_families(text))
    assert len(families) > 30
    assert [each.name for each in families if not each.documentation] == []
    assert [each.name for each in families if not each.name.startswith("auditor_")] == []


def test_captures_are_shown_with_their_losses(server, tmp_path, situation):
    state = State("mirror", "eth1", "dumpcap", NOW - HOUR, NOW, pid=1, packets=10, dropped=2,
                  lost_files=5, lost_bytes=5_000_000)  # fmt: skip
    written(state, tmp_path)
    found = metrics(server)
    assert found["auditor_capture_dropped_packets_total", "mirror"] == 2
    assert found["auditor_capture_lost_files_total", "mirror"] == 5
    assert found["auditor_capture_running", "mirror"] == 1
    assert ("auditor_capture_interface_dropped_packets_total", "mirror") not in found
    assert "eth1" in asked(server, "/")[1]
    written(replace(state, beat=NOW - HOUR), tmp_path)  # it was killed, and could not say so
    assert metrics(server)["auditor_capture_running", "mirror"] == 0


def test_health_is_a_yes_while_all_works(server):
    answer, text = asked(server, "/health")
    assert answer.status == 200
    known = json.loads(text)
    assert known["status"] == "ok" and known["lease"] and known["database"]
    assert known["backlog"] == {"files": 4, "oldest": (NOW - 2 * HOUR).isoformat()}


@pytest.mark.parametrize("what", ["stuck", "not begun", "no lease", "no database"])
def test_health_is_a_no_while_the_agent_does_not_work(server, situation, what):
    if what == "stuck":
        situation.pulse = Pulse(NOW - timedelta(minutes=6), True)
    elif what == "not begun":
        situation.pulse = Pulse(None, True)
    elif what == "no lease":
        situation.pulse = Pulse(NOW, False)
    else:
        situation.overview = None
    answer, text = asked(server, "/health")
    assert answer.status == 503
    assert json.loads(text)["status"] == "down"
    assert asked(server, "/")[0].status == 200


def test_a_job_that_fails_is_trouble_but_not_the_end(server, situation):
    situation.overview = replace(OVERVIEW, jobs=(replace(JOB, failures=2),))
    answer, text = asked(server, "/health")
    assert answer.status == 200
    assert json.loads(text)["status"] == "trouble"
    assert json.loads(text)["failing_jobs"] == {"nightly": 2}


def test_without_the_database_metrics_still_tell_that(server, situation):
    situation.overview = None
    found = metrics(server)
    assert found["auditor_database_up",] == 0
    assert not any(key[0].startswith("auditor_job") for key in found)
    assert "the database is away" in asked(server, "/")[1]


def test_the_page_is_whole_in_both_languages_and_runs_nothing(server):
    answer, text = asked(server, "/")
    assert 'lang="vi"' in text and "nightly" in text and "Đang hoạt động bình thường" in text
    assert "hidden checked" not in text
    assert "hidden checked" in asked(server, "/en")[1]
    policy = answer.getheader("Content-Security-Policy")
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "script" not in policy and "<script" not in text
    assert 'http-equiv="refresh"' in text
    for other in ("http://", "https://", "src="):
        assert other not in text


def test_hostile_names_are_harmless_on_the_page_and_in_metrics(server, situation):
    name = '<b>"x"\n\u202e\\' + "y" * 300
    situation.overview = replace(OVERVIEW, jobs=(replace(JOB, name=name),))
    _, text = asked(server, "/")
    assert "<b>" not in text and "\u202e" not in text
    assert metrics(server)["auditor_job_paused", name[:100]] == 0


@pytest.mark.parametrize("host", ["evil.example", "evil.example:9479", "127.0.0.1.evil.example"])
def test_a_page_whose_name_was_rebound_gets_nothing(server, host):
    for path in ("/", "/metrics", "/health"):
        answer, text = asked(server, path, Host=host)
        assert answer.status == 421
        assert "nightly" not in text


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:9479", "127.0.0.1:1", "[::1]:9479"])
def test_what_this_machine_is_called_is_answered(server, host):
    assert asked(server, "/health", Host=host)[0].status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW"])
def test_nothing_can_be_changed(server, method):
    answer, _ = asked(server, "/", method)
    assert answer.status == 405
    assert answer.getheader("Allow") == "GET, HEAD"


def test_head_gives_the_heads_only(server):
    answer, text = asked(server, "/metrics", "HEAD")
    assert answer.status == 200 and text == ""
    assert int(answer.getheader("Content-Length")) > 1000


def test_other_pages_are_not_there(server):
    for path in ("/agent.yaml", "/../etc/passwd", "/en/"):
        assert asked(server, path)[0].status == 404


@pytest.mark.parametrize(
    "request_", [b"GET / HTTP/1.1\r\n\r\n", b"nonsense\r\n\r\n", b"GET /" + b"a" * 70_000 + b"\r\n",
                 b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\n\r\n",
                 b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n"],
)  # fmt: skip
def test_requests_that_are_none_are_refused(server, request_):
    with socket.create_connection(("127.0.0.1", server.port), 10) as connection:
        connection.sendall(request_)
        connection.shutdown(socket.SHUT_WR)
        answer = connection.makefile("rb").read()
    assert answer.startswith((b"HTTP/1.0 4", b"Bad Request"))
    assert b"nightly" not in answer and b"Python" not in answer


def test_many_who_ask_at_once_cost_the_database_one_question(server, situation):
    threads = [threading.Thread(target=asked, args=(server, "/health")) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert situation.asked == 1


def test_idle_connections_cannot_take_all_places_for_ever(tmp_path, situation, monkeypatch):
    monkeypatch.setattr("auditor.agent.health.server._Answer.timeout", 0.3)
    made = Server(
        Health(port=0), tmp_path, situation.seen, lambda: situation.pulse, lambda: NOW,
        ZoneInfo("UTC"),
    )  # fmt: skip
    try:
        idle = [socket.create_connection(("127.0.0.1", made.port), 10) for _ in range(16)]
        for each in idle:
            assert each.recv(1) == b""  # it was closed for saying nothing
            each.close()
        assert asked(made, "/health")[0].status == 200
    finally:
        made.close()


def test_a_port_that_is_taken_is_said(server, tmp_path, situation):
    with pytest.raises(AuditorError, match="the health page cannot be served"):
        Server(
            Health(port=server.port), tmp_path, situation.seen, lambda: situation.pulse,
            lambda: NOW, ZoneInfo("UTC"),
        )  # fmt: skip


def test_it_listens_on_loopback_only(server):
    assert server._server.server_address[0] == "127.0.0.1"


def test_who_dribbles_keeps_nobody_from_asking(server, monkeypatch):
    monkeypatch.setattr(server_room, "PATIENCE", 0.3)
    ended = threading.Event()

    def dribble(connection):
        while not ended.wait(0.05):
            try:
                connection.sendall(b"x")
            except OSError:
                return

    held = [
        socket.create_connection(("127.0.0.1", server.port))
        for _ in range(server_room.MOST_AT_ONCE)
    ]
    threads = [threading.Thread(target=dribble, args=(each,)) for each in held]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    assert not any(each.is_alive() for each in threads)
    assert asked(server, "/health")[0].status == 200
    ended.set()
    for each in held:
        each.close()
