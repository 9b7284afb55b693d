"""What all ways of sending share: the same document each time, and no secret in a failure."""

from __future__ import annotations

import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from auditor.agent.notices.sending import Undelivered, body, document, secret, stamp, told, trusting
from auditor.store.outbox import Notice

NOW = datetime(2026, 11, 22, 1, 30, 0, 999_999, tzinfo=UTC)
NOTICE = Notice(
    "n1", "box", "news", "night", "r", "high", {"title": {"vi": "Mới"}, "kind": "news"},
    NOW, NOW, 0, "waiting", None, None,
)  # fmt: skip


def test_a_notice_is_the_same_bytes_whenever_it_is_sent():
    later = replace(NOTICE, tries=9, error="refused", not_before=NOW + timedelta(days=1))
    assert body(later) == body(NOTICE)
    assert body(NOTICE).decode() == (
        '{"channel":"box","created":"2026-11-22T01:30:00Z","id":"n1","kind":"news",'
        '"title":{"vi":"Mới"}}'
    )


def test_what_a_notice_says_of_itself_cannot_be_overwritten_by_its_content():
    content = {"id": "other", "channel": "other", "created": "never", "kind": "news"}
    assert document(replace(NOTICE, content=content)) == {
        "id": "n1", "channel": "box", "created": "2026-11-22T01:30:00Z", "kind": "news",
    }  # fmt: skip
    assert content["id"] == "other", "the content itself stays"


def test_times_are_told_in_utc():
    assert stamp(NOW.astimezone(timezone(timedelta(hours=7)))) == "2026-11-22T01:30:00Z"


def test_a_failure_repeats_no_secret_and_hides_nothing():
    error = OSError("login\nhunter2 hunter2 failed \u202e for x")
    text = told(error, ["hunter2", ""])
    assert "hunter2" not in text
    assert text.startswith("login … … failed")
    assert "\n" not in text
    assert "\u202e" not in text


def test_a_failure_without_words_is_told_by_its_kind():
    assert told(TimeoutError()) == "TimeoutError"


def test_a_long_failure_is_cut():
    assert len(told("x" * 100_000)) < 400


def test_a_secret_is_cut_out_before_a_failure_is_shortened():
    assert "hunter2" not in told("x" * 200 + "hunter2" * 100, ["hunter2"])


def test_the_other_side_has_to_prove_its_name(authority):
    for context in (trusting(None, "mail"), trusting(authority.ca, "mail")):
        assert context.verify_mode == ssl.CERT_REQUIRED
        assert context.check_hostname


@pytest.mark.parametrize("content", [None, b"", b"no certificate", b"\xff\0"])
def test_certificates_that_cannot_be_used_are_said_with_the_channel(tmp_path, content):
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Undelivered, match=r"mail: the certificates in .*ca\.pem cannot be used"):
        trusting(path, "mail")


def test_without_a_secret_in_the_settings_there_is_none():
    assert secret(None, None, "mail") is None


def test_a_secret_that_is_not_there_is_a_failure_that_names_its_place(tmp_path, monkeypatch):
    monkeypatch.delenv("AUDITOR_ABSENT", raising=False)
    with pytest.raises(Undelivered, match="AUDITOR_ABSENT"):
        secret("AUDITOR_ABSENT", None, "mail")
    path = tmp_path / "secret"
    path.write_text("hunter2")
    path.chmod(0o644)
    with pytest.raises(Undelivered) as refused:
        secret(None, path, "mail")
    assert str(path) in refused.value.why
    assert "hunter2" not in refused.value.why
    path.chmod(0o600)
    assert secret(None, path, "mail") == "hunter2"


def test_a_failure_that_says_no_more_is_tried_again_soon_with_the_channel():
    failure = Undelivered("away")
    assert (failure.slow, failure.alone, failure.wait) == (False, False, None)
    assert str(failure) == "away"
