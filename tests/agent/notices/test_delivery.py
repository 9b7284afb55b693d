"""The outbox is delivered: whatever fails, nothing is lost, and nothing is early."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st

from auditor.agent.notices import deliver, delivery, drafts, tried
from auditor.agent.notices.delivery import waiting
from auditor.model.errors import InputError, PolicyError
from auditor.store import opened, outbox
from auditor.store.findings import News
from auditor.store.tables import notices
from tests.agent.notices.conftest import NOON, Clock, Run, change, drop, settings
from tests.agent.notices.receivers import Post, Web, free_port, mute

ROOT = Path(__file__).parents[3]
KILLS = int(os.environ.get("AUDITOR_CRASHES", "1"))


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv("HOOK_KEY", "key")


def hook(port, **more):
    url = f"http://127.0.0.1:{port}/"
    return {"name": "hook", "webhook": {"url": url, "secret_env": "HOOK_KEY"}} | more


def put(store, heard, now, severity="high", kind="news", occasion=""):
    if kind == "news":
        news = News(new=(change(severity=severity),))
        run = type("Other", (Run,), {"run_id": f"run-{occasion or now.isoformat()}"})
        made = drafts.news_drafts(news, run, "night", heard, now)
    else:
        made = drafts.trouble_drafts("night", "job-failed", heard, now, occasion=occasion)
    with store.writing() as connection:
        outbox.put(connection, made, now)
    return [draft.id for draft in made]


def state(store):
    with store.reading() as connection:
        return outbox.counts(connection)


def backlog(store):
    with store.reading() as connection:
        return {each.channel: each for each in outbox.backlog(connection)}


def files(folder):
    return [json.loads(path.read_bytes()) for path in sorted(folder.iterdir())]


def ids(server):
    return [headers["Auditor-Notice"] for _, headers, _ in server.got]


def test_what_waits_is_delivered_once_and_marked(store, tmp_path, clock):
    heard = settings(drop(tmp_path / "in"))
    put(store, heard, clock())
    assert deliver(store, heard, clock).sent == 1
    assert deliver(store, heard, clock).sent == 0
    (found,) = files(tmp_path / "in")
    assert found["channel"] == "drop" and found["changes"]
    assert state(store) == {"sent": 1}


def test_a_receiver_that_is_down_gets_all_of_it_later_in_order(store, clock):
    with Web([500, (429, {"Retry-After": "600"}), "hang"]) as server:
        heard = settings(hook(server.port))
        wanted = put(store, heard, clock(), occasion="1")
        assert deliver(store, heard, clock).failed == 1
        wanted += put(store, heard, clock.go(seconds=10), occasion="2")
        assert deliver(store, heard, clock).failed == 0  # it waits for its turn
        clock.go(minutes=1)
        assert deliver(store, heard, clock).errors == ("hook: the receiver answers 429",)
        clock.go(minutes=9)
        assert deliver(store, heard, clock).failed == 0  # it asked for ten
        assert len(server.got) == 2
        clock.go(minutes=1)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("auditor.agent.notices.webhook.TIMEOUT", 0.3)
            assert deliver(store, heard, clock).failed == 1
        clock.go(minutes=4)
        wanted += put(store, heard, clock(), occasion="3")
        assert deliver(store, heard, clock).sent == 3
        assert ids(server)[3:] == wanted
    assert state(store) == {"sent": 3}


def test_tries_come_ever_less_often_but_every_hour():
    assert [waiting(tries, slow=False) for tries in (0, 1, 2, 5, 6, 500)] == [
        timedelta(minutes=each) for each in (1, 2, 4, 32, 60, 60)
    ]
    assert waiting(0, slow=True) == timedelta(hours=1)


def test_one_channel_that_hangs_does_not_keep_others_waiting(store, tmp_path, clock, monkeypatch):
    monkeypatch.setattr("auditor.agent.notices.webhook.TIMEOUT", 0.3)
    with mute() as port:
        heard = settings(hook(port), drop(tmp_path / "in"))
        put(store, heard, clock())
        done = deliver(store, heard, clock)
    assert (done.sent, done.failed, done.waiting) == (1, 1, 1)
    assert len(files(tmp_path / "in")) == 1


def test_a_notice_that_is_refused_lets_the_others_past_and_is_told(store, tmp_path, clock):
    with Web([413]) as server:
        heard = settings(hook(server.port), drop(tmp_path / "in", about=("trouble",)))
        put(store, heard, clock(), occasion="1")
        second = put(store, heard, clock.go(seconds=1), occasion="2")
        done = deliver(store, heard, clock)
        assert (done.sent, done.failed) == (1, 1)
        assert ids(server)[1:] == second
        assert state(store) == {"refused": 1, "sent": 1, "waiting": 1}
        deliver(store, heard, clock)
        (told,) = files(tmp_path / "in")
        assert (
            told["what"] == "channel-refused" and told["detail"] == "hook: the receiver answers 413"
        )
        clock.go(hours=1)
        assert deliver(store, heard, clock).sent == 1
    assert state(store) == {"sent": 3}


def test_after_a_week_of_tries_it_is_given_up_and_the_others_are_told(store, tmp_path, clock):
    heard = settings(hook(free_port()), drop(tmp_path / "in", about=("trouble",)))
    put(store, heard, clock(), occasion="1")
    begun = clock()
    while "given-up" not in state(store):
        deliver(store, heard, clock)
        clock.go(hours=8)
        assert clock() - begun < timedelta(days=9)
    assert clock() - begun > timedelta(days=7)
    deliver(store, heard, clock)
    (told,) = files(tmp_path / "in")
    assert told["what"] == "channel-given-up"
    assert state(store) == {"given-up": 1, "sent": 1}


def test_an_agent_that_was_off_for_a_month_still_tries(store, clock):
    heard = settings(hook(free_port()))
    put(store, heard, clock())
    clock.go(days=30)
    assert deliver(store, heard, clock).given_up == 0
    clock.go(hours=1)
    with Web() as server:
        assert deliver(store, settings(hook(server.port)), clock).sent == 1


def test_two_dead_channels_do_not_tell_of_each_other_for_ever(store, clock, monkeypatch):
    monkeypatch.setattr(delivery, "LEAST_TRIES", 3)
    heard = settings(hook(free_port()), hook(free_port(), name="other"))
    put(store, heard, clock())
    for _ in range(10):
        deliver(store, heard, clock)
        clock.go(days=3)
    with store.reading() as connection:
        assert outbox.counts(connection) == {"given-up": 2 + 2}


def test_a_channel_that_is_no_more_keeps_its_notices_for_a_week(store, tmp_path, clock):
    put(store, settings(drop(tmp_path / "a")), clock())
    other = settings(drop(tmp_path / "b", name="other"))
    assert deliver(store, other, clock).errors == ("drop: agent.yaml has no such channel any more",)
    assert backlog(store)["drop"].waiting == 1
    clock.go(hours=1)
    assert deliver(store, settings(drop(tmp_path / "a")), clock).sent == 1


def test_a_mail_refused_for_one_of_two_is_sent_and_told_to_others(
    store, tmp_path, clock, authority
):
    with Post(authority.context(), refused=["be@example.vn"]) as server:
        mail = {"server": "localhost", "port": server.port, "ca": str(authority.ca)}
        mail |= {"sender": "a@example.vn", "to": ("an@example.vn", "be@example.vn")}
        heard = settings({"name": "mail", "mail": mail}, drop(tmp_path / "in", about=("trouble",)))
        put(store, heard, clock())
        done = deliver(store, heard, clock)
        assert (done.sent, done.failed) == (1, 0)
        assert done.errors == ("mail: refused for be@example.vn",)
        deliver(store, heard, clock)
    assert files(tmp_path / "in")[0]["what"] == "channel-recipient"


def test_the_digest_is_one_message_of_everything_and_none_of_nothing(store, tmp_path, clock):
    heard = settings(drop(tmp_path / "in", digest="07:30"))
    put(store, heard, clock(), occasion="1")
    put(store, heard, clock.go(hours=3), occasion="2", severity="critical")
    put(store, heard, clock.go(hours=3), kind="trouble")
    assert deliver(store, heard, clock).sent == 0
    clock.now = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)
    assert deliver(store, heard, clock).sent == 1
    (found,) = files(tmp_path / "in")
    assert found["kind"] == "digest" and found["severity"] == "critical"
    assert [each["kind"] for each in found["notices"]] == ["news", "news", "trouble"]
    assert state(store) == {"folded": 3, "sent": 1}
    clock.go(days=1)
    assert deliver(store, heard, clock).sent == 0


def test_a_digest_that_fails_is_sent_before_the_next_one(store, clock):
    with Web([500]) as server:
        heard = settings(hook(server.port, digest="07:30"))
        put(store, heard, clock(), occasion="1")
        clock.go(days=1)
        assert deliver(store, heard, clock).failed == 1
        put(store, heard, clock(), occasion="2")
        clock.go(days=1)
        assert deliver(store, heard, clock).sent == 2
        bodies = [json.loads(body) for _, _, body in server.got]
        assert [body["notices"][0]["run"]["id"] for body in bodies] == ["run-1", "run-1", "run-2"]
        assert bodies[0]["id"] == bodies[1]["id"] != bodies[2]["id"]


def test_a_digest_missed_while_the_agent_was_off_is_sent_at_its_start(store, tmp_path, clock):
    heard = settings(drop(tmp_path / "in", digest="07:30"))
    put(store, heard, clock())
    clock.go(days=3)
    assert deliver(store, heard, clock).sent == 1


def test_what_failed_before_the_quiet_hours_waits_for_their_end(store, clock):
    night = {"begin": "22:00", "end": "06:00"}
    with Web([500]) as server:
        heard = settings(hook(server.port, quiet=night))
        clock.now = datetime(2026, 11, 22, 14, 59, 30, tzinfo=UTC)  # 21:59:30
        put(store, heard, clock(), occasion="1")
        assert deliver(store, heard, clock).failed == 1
        clock.go(hours=1)
        assert deliver(store, heard, clock).sent == 0
        assert len(server.got) == 1
        critical = put(store, heard, clock(), occasion="2", severity="critical")
        assert deliver(store, heard, clock).sent == 1
        assert ids(server)[1:] == critical
        clock.now = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)  # 06:00
        assert deliver(store, heard, clock).sent == 1


def test_a_clock_that_was_years_ahead_keeps_nothing_back(store, tmp_path, clock):
    heard = settings(
        drop(tmp_path / "in"), drop(tmp_path / "digest", name="digest", digest="07:30")
    )
    clock.now = datetime(2031, 1, 1, tzinfo=UTC)
    put(store, heard, clock(), occasion="1")
    put(store, heard, clock.go(hours=1), occasion="2")
    clock.now = NOON
    assert deliver(store, heard, clock).sent == 2
    assert [each["run"]["id"] for each in files(tmp_path / "in")] == ["run-1", "run-2"]
    clock.go(hours=18)
    assert deliver(store, heard, clock).sent == 0
    clock.go(hours=2)  # past 07:30
    assert deliver(store, heard, clock).sent == 1
    assert state(store) == {"sent": 3, "folded": 2}


def test_a_pass_that_is_to_stop_leaves_the_rest_waiting(store, tmp_path, clock):
    heard = settings(drop(tmp_path / "in"))
    put(store, heard, clock(), occasion="1")
    put(store, heard, clock(), occasion="2")
    asked = iter([False, True])
    done = deliver(store, heard, clock, lambda: next(asked))
    assert (done.sent, done.waiting) == (1, 1)
    assert deliver(store, heard, clock).sent == 1


STEPS = st.lists(
    st.tuples(
        st.integers(0, 36 * 60),
        st.sampled_from(["critical", "high", "low"]),
        st.sampled_from([204, 500, 400]),
    ),
    min_size=1,
    max_size=8,
)


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    made = opened(tmp_path_factory.mktemp("data"))
    yield made
    made.close()


@how(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS, digest=st.booleans())
def test_whatever_comes_when_all_is_told_and_nothing_before_its_time(
    own, monkeypatch, steps, digest
):
    """The sending is ours to see here: receivers of their own have tests of their own."""
    got, answers = [], []

    def sent(webhook, notice, now):
        answer = answers.pop(0) if answers else 204
        if answer != 204:
            raise delivery.Undelivered(f"{answer}", alone=answer == 400, slow=answer == 400)
        got.append((now, notice))
        return ""

    monkeypatch.setattr(delivery.webhook, "sent", sent)
    more = {"digest": "07:30"} if digest else {"quiet": {"begin": "22:00", "end": "06:00"}}
    heard, clock = settings(hook(1, **more)), Clock()
    with own.writing() as connection:
        connection.execute(notices.delete())
    wanted = {}
    for number, (minutes, severity, answer) in enumerate(steps):
        clock.go(minutes=minutes)
        put(own, heard, clock(), severity, occasion=str(number))
        wanted[f"run-{number}"] = severity
        answers.append(answer)
        deliver(own, heard, clock)
    for _ in range(24):
        clock.go(hours=2)
        deliver(own, heard, clock)
    told = []
    for now, notice in got:
        local = now.astimezone(heard.clock)
        inside = notice.content["notices"] if digest else [notice.content]
        told += [each["run"]["id"] for each in inside]
        if not digest and notice.severity != "critical":
            assert 6 <= local.hour < 22
    assert sorted(told) == sorted(wanted)


CHILD = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from auditor.agent.notices import deliver
from auditor.agent.settings import settings
from auditor.store import opened

store = opened(Path(sys.argv[1]), sys.argv[2])
deliver(store, settings(Path(sys.argv[3])), lambda: datetime.now(UTC))
store.close()
"""

FILE = """
version: 1
jobs: [{{name: night, schedule: {{every: 1d}}, checklist: x}}]
channels: [{{name: hook, webhook: {{url: 'http://127.0.0.1:{port}/', secret_env: HOOK_KEY}}}}]
"""


@pytest.mark.parametrize("when", ["before the answer", "after the answer"])
def test_killed_between_delivery_and_mark_it_comes_again_with_the_same_id(
    store, database_url, tmp_path, when
):
    children, wanted = [], []

    def kill(handler):
        if when == "after the answer":
            handler.send_response(204)
            handler.end_headers()
            handler.wfile.flush()
        os.kill(children[-1].pid, signal.SIGKILL)
        return "hang" if when == "before the answer" else 204

    with Web() as server:
        heard, file = settings(hook(server.port)), tmp_path / "agent.yaml"
        file.write_text(FILE.format(port=server.port))
        command = [sys.executable, "-c", CHILD, str(store.folder), database_url, str(file)]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        for number in range(KILLS):
            # each time, one comes through first, and what was killed before comes again
            wanted += put(store, heard, datetime.now(UTC), occasion=f"{number} a")
            wanted += put(store, heard, datetime.now(UTC), occasion=f"{number} b")
            server.answers = [204] * (1 + (number > 0)) + [kill]
            children.append(subprocess.Popen(command, env=environment, cwd=ROOT))
            assert children[-1].wait(60) == -signal.SIGKILL
        assert deliver(store, heard, lambda: datetime.now(UTC)).sent == 1
        got = ids(server)
    assert list(dict.fromkeys(got)) == wanted  # in order, whatever was repeated
    assert len(got) == len(wanted) + KILLS
    assert state(store) == {"sent": len(wanted)}


def test_a_trial_goes_out_at_once_or_says_why_not(tmp_path, clock):
    heard = settings(drop(tmp_path / "in", digest="07:30"), hook(free_port()))
    assert "taken by drop" in tried(heard, "drop", clock())
    assert files(tmp_path / "in")[0]["kind"] == "test"
    with pytest.raises(InputError, match="not taken"):
        tried(heard, "hook", clock())
    with pytest.raises(PolicyError, match="drop, hook"):
        tried(heard, "dorp", clock())


@pytest.mark.parametrize("way", ["mail", "webhook", "syslog", "drop"])
def test_a_notice_that_no_agent_wrote_keeps_no_other_waiting(tmp_path, way):
    ways = {
        "mail": {"server": "localhost", "tls": "none", "sender": "a@b.vn", "to": ("c@d.vn",)},
        "webhook": hook(1)["webhook"],
        "syslog": {"server": "localhost", "tls": False},
        "drop": {"folder": str(tmp_path / "other")},
    }
    heard = settings({"name": "odd", way: ways[way]}, drop(tmp_path / "there"))
    store = opened(tmp_path / "data")
    put(store, heard, NOON)
    with store.writing() as connection:
        odd = notices.c.channel == "odd"
        strange = {"kind": "news", "severity": [], "changes": [1], "title": 7}
        connection.execute(
            notices.update().where(odd).values(id="../../gone", severity="boom", content=strange)
        )
    done = deliver(store, heard, Clock())
    assert done.sent == 1 and done.failed == 1 and len(files(tmp_path / "there")) == 1
    assert backlog(store)["odd"].failing == 1
    assert not (tmp_path / "gone.json").exists()
    store.close()
