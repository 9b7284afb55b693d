"""Folders as strangers hand them over."""

from __future__ import annotations

import os

import pytest

from auditor import readiness
from auditor.checklist.beginning import begun
from auditor.checklist.folder import FILES, MORE, held, opened, sha256
from auditor.cli.assessments import made_key
from auditor.model.errors import AuditorError, InputError, PolicyError, StoreError
from tests.checklist.beginnings import NOW, changed

ALWAYS = {
    "dates": {"first_sync": "9999-12-31T23:59:59-12:00"},
    "numbers": {"log-months": -1},
}


@pytest.mark.parametrize("name", [*FILES, *MORE])
def test_a_link_that_leads_out_of_the_folder_is_not_followed(place, tmp_path, name):
    outside = tmp_path / "outside"
    outside.write_text("format: 1\n", encoding="utf-8")
    path = place / name
    if path.is_dir():
        path.rmdir()
    path.unlink(missing_ok=True)
    path.symlink_to(outside)
    with pytest.raises(PolicyError, match="leads out"):
        opened(place)


@pytest.mark.parametrize("name", FILES)
def test_a_link_that_leads_nowhere_or_in_a_circle_is_told(place, name):
    path = place / name
    path.unlink(missing_ok=True)
    path.symlink_to("gone")
    with pytest.raises(AuditorError):
        opened(place)
    path.unlink()
    path.symlink_to(path.name)
    with pytest.raises(AuditorError):
        opened(place)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("name", FILES)
def test_nobody_waits_for_a_pipe(place, name):
    path = place / name
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    with pytest.raises(InputError if name == "inventory.yaml" else AuditorError):
        opened(place)
    with pytest.raises(InputError, match="no file"):
        sha256(path)


@pytest.mark.parametrize(
    ("file", "says"),
    [
        (r"evidence/a\0b", "leads out"),
        ("../secret", "leads out"),
        ("/etc/hostname", "leads out"),
        (".", "leads out"),
    ],
)
def test_a_name_that_is_none_is_refused(place, whole, file, says):
    entry = f'[{{id: ev-0001, kind: accounts, registered: "2026-11-20", file: "{file}"}}]'
    (place / "evidence.yaml").write_text(f"format: 1\nevidence: {entry}\n", encoding="utf-8")
    with pytest.raises(PolicyError, match=says):
        held(opened(place), whole.checklist)


def test_a_name_longer_than_any_file_has_is_missing(place, whole):
    (place / "evidence.yaml").write_text(
        "format: 1\nevidence: [{id: ev-0001, kind: accounts, registered: '2026-11-20', "
        f"file: evidence/{'a' * 300}}}]\n",
        encoding="utf-8",
    )
    assert held(opened(place), whole.checklist)["accounts"][0].state == "missing"


@pytest.mark.parametrize("day", ["2026-13-45", "0000-00-00", "9999-12-31", "20261121"])
def test_a_day_that_no_calendar_has_is_told_with_its_line(place, day):
    changed(place / "assessment.yaml", dates={"go_live": day})
    with pytest.raises(PolicyError, match=r"assessment\.yaml:\d+: dates\.go_live"):
        opened(place)
    changed(place / "assessment.yaml", dates={})
    for name in ("collected", "dated", "effective", "registered"):
        entry = {"id": "ev-0001", "kind": "accounts", "registered": "2026-11-20"} | {name: day}
        changed(place / "evidence.yaml", evidence=[entry])
        with pytest.raises(PolicyError, match=name):
            opened(place)


@pytest.mark.parametrize("part", sorted(ALWAYS))
def test_what_nothing_can_count_with_is_told_with_its_line(place, part):
    changed(place / "assessment.yaml", **{part: ALWAYS[part]})
    with pytest.raises(PolicyError, match=rf"assessment\.yaml:\d+: {part}"):
        opened(place)


def test_results_at_the_end_of_the_calendar_are_damaged_results(place, policies):
    (place / "checks.json").write_text(
        '{"format": 1, "at": "9999-12-31T23:59:59-12:00", "made_from": {}, "items": {}}',
        encoding="utf-8",
    )
    with pytest.raises(InputError, match="damaged"):
        readiness.readiness(readiness.opened(place, policies), NOW)


def test_a_policies_folder_without_templates_is_told(tmp_path, whole):
    with pytest.raises(PolicyError, match="template"):
        begun(tmp_path / "new", tmp_path, whole, system="land", level=3)


def test_a_key_that_cannot_be_written_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("AUDITOR_KEY_PASSPHRASE", "")
    with pytest.raises(StoreError, match="cannot be written"):
        made_key(tmp_path / "gone" / "key.pem")
    monkeypatch.setenv("AUDITOR_KEY_PASSPHRASE", "a" * 5_000)
    with pytest.raises(InputError, match="too long") as refused:
        made_key(tmp_path / "key.pem")
    assert "aaa" not in str(refused.value)
    assert not (tmp_path / "key.pem").exists()
