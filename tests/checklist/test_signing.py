from __future__ import annotations

import json
import shutil
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from auditor import readiness
from auditor.checklist import entries, signing
from auditor.checklist.writing import saved
from auditor.cli import app
from auditor.model.errors import InputError
from tests.checklist.beginnings import NOW, OWNER, changed


@pytest.fixture
def key():
    return signing.new_key()


@pytest.fixture
def signed(assessed, key):
    readiness.signed(assessed, OWNER, key, NOW, endpoints=False)
    return assessed


def rows(assessed, policies):
    return readiness.readiness(readiness.opened(assessed.folder.path, policies), NOW).signatures


def file_of(assessed):
    return next((assessed.folder.path / "signatures").glob("*.json"))


def test_what_was_signed_is_what_lies_there(signed, policies):
    (row,) = rows(signed, policies)
    assert (row.state, row.changes, row.person, row.role) == ("valid", (), OWNER.person, "owner")
    assert not row.known


def test_a_key_that_the_assessment_names_is_known(signed, policies, key):
    printed, known = readiness.signed(signed, OWNER, key, NOW, endpoints=False)
    assert not known
    changed(
        signed.folder.path / "assessment.yaml",
        people=[{"name": OWNER.person, "role": "owner", "key": printed}],
    )
    again = readiness.opened(signed.folder.path, policies)
    _, known = readiness.signed(again, OWNER, key, NOW, endpoints=False)
    assert known


def test_a_key_is_known_only_for_the_person_it_belongs_to(signed, policies, key):
    place = signed.folder.path / "assessment.yaml"
    printed = signing.key_fingerprint(key.public_key().public_bytes_raw().hex())
    changed(place, people=[{"name": "Người Khác", "role": "owner", "key": printed}])
    assert [row.known for row in rows(signed, policies)] == [False]
    changed(place, people=[{"name": OWNER.person, "role": "owner", "key": printed}])
    assert [row.known for row in rows(signed, policies)] == [True]


def verified(signed):
    return CliRunner().invoke(app, ["checklist", "verify", str(signed.folder.path)]).exit_code


def test_verify_holds_only_for_named_keys_and_forgives_what_was_signed_anew(signed, policies, key):
    assert verified(signed) == 1  # nobody knows the key
    printed = signing.key_fingerprint(key.public_key().public_bytes_raw().hex())
    changed(
        signed.folder.path / "assessment.yaml",
        people=[{"name": OWNER.person, "role": "owner", "key": printed}],
    )
    assert verified(signed) == 1  # the file changed after the signature
    again = readiness.opened(signed.folder.path, policies)
    readiness.signed(again, OWNER, key, NOW + timedelta(minutes=1), endpoints=False)
    assert verified(signed) == 0
    readiness.signed(again, OWNER, signing.new_key(), NOW, endpoints=False)
    assert verified(signed) == 1  # a stranger signed in the owner's name


def test_verify_fails_where_the_history_was_edited(signed, policies, key, whole):
    printed = signing.key_fingerprint(key.public_key().public_bytes_raw().hex())
    changed(
        signed.folder.path / "assessment.yaml",
        people=[{"name": OWNER.person, "role": "owner", "key": printed}],
    )
    for said in ("no", "yes"):
        folder = readiness.opened(signed.folder.path, policies).folder
        answers = entries.answered(
            folder.answers, whole.checklist.items[0], said, explanation="", by="An", at=NOW
        )
        saved(folder, "answers.yaml", answers, at=NOW, what=said)
    again = readiness.opened(signed.folder.path, policies)
    readiness.signed(again, OWNER, key, NOW + timedelta(minutes=1), endpoints=False)
    assert verified(signed) == 0
    history = signed.folder.path / "history.jsonl"
    first, second = history.read_text(encoding="utf-8").splitlines()
    history.write_text(f"{first.replace('answers', 'others')}\n{second}\n", encoding="utf-8")
    assert verified(signed) == 1


def test_other_numbers_by_level_are_named(signed, policies, tmp_path):
    place = shutil.copytree(policies, tmp_path / "policies")
    path = place / "checklists" / "levels.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("[1, 1, 1, 1, 1]", "[9, 9, 9, 9, 9]"), encoding="utf-8")
    (row,) = rows(signed, place)
    assert row.state == "changed"
    assert "numbers by level" in row.changes[0].en


def test_a_changed_answer_is_named(signed, policies, whole):
    answers = entries.answered(
        signed.folder.answers, whole.checklist.items[0], "yes", explanation="", by="An", at=NOW
    )
    saved(signed.folder, "answers.yaml", answers, at=NOW, what="later")
    (row,) = rows(signed, policies)
    assert row.state == "changed"
    assert any(whole.checklist.items[0].id in change.en for change in row.changes)


def test_evidence_that_disappears_after_signing_is_named(assessed, policies, whole, key, tmp_path):
    file = tmp_path / "qd.txt"
    file.write_text("Quyết định")
    register, entry = entries.attached(
        assessed.folder, whole.checklist.kind("level-decision"), file,
        items=(), at=NOW, by="An", facts={}, secret=False,
    )  # fmt: skip
    saved(assessed.folder, "evidence.yaml", register, at=NOW, what="attach")
    again = readiness.opened(assessed.folder.path, policies)
    readiness.signed(again, OWNER, key, NOW, endpoints=False)
    (assessed.folder.path / entry.file).unlink()
    found = readiness.readiness(readiness.opened(assessed.folder.path, policies), NOW)
    assert found.signatures[0].state == "changed"
    assert "Evidence ev-0001 is gone." in [change.en for change in found.signatures[0].changes]
    assert "evidence-missing" in {problem.code for problem in found.problems}


@pytest.mark.parametrize(
    ("what", "value"),
    [("person", "Người Khác"), ("at", "2026-11-20T00:00:00+00:00"), ("role", "assessor"),
     ("public_key", "00" * 32), ("signature", "00" * 64), ("signature", "zz")],
)  # fmt: skip
def test_a_touched_signature_does_not_fit(signed, policies, what, value):
    path = file_of(signed)
    body = json.loads(path.read_text(encoding="utf-8")) | {what: value}
    path.write_text(json.dumps(body), encoding="utf-8")
    assert [row.state for row in rows(signed, policies)] == ["invalid"]


def test_a_touched_manifest_does_not_fit(signed, policies):
    path = file_of(signed)
    body = json.loads(path.read_text(encoding="utf-8"))
    body["manifest"]["files"]["answers.yaml"] = "0" * 64
    path.write_text(json.dumps(body), encoding="utf-8")
    assert [row.state for row in rows(signed, policies)] == ["invalid"]


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "null", '{"signature": 1}', "[" * 100_000, '{"at": "x"}']
)
def test_a_file_that_is_no_signature_is_told_and_the_rest_goes_on(signed, policies, text):
    (signed.folder.path / "signatures" / "zz.json").write_text(text)
    found = readiness.readiness(readiness.opened(signed.folder.path, policies), NOW)
    assert [row.state for row in found.signatures] == ["valid"]
    assert "signature-unreadable" in {problem.code for problem in found.problems}


def test_a_key_comes_back_from_its_file_only_with_its_passphrase(tmp_path, key):
    path = tmp_path / "key.pem"
    path.write_bytes(signing.key_text(key, "mật khẩu"))
    assert signing.read_key(path, "mật khẩu").private_bytes_raw() == key.private_bytes_raw()
    for wrong in ("", "khác"):
        with pytest.raises(InputError, match="passphrase"):
            signing.read_key(path, wrong)


def test_nothing_is_scanned_without_a_signed_list(assessed, policies, key):
    folder = assessed.folder.path

    def refused():
        with pytest.raises(InputError, match="no scan") as caught:
            signing.endpoints_allowed(readiness.opened(folder, policies).folder)
        return caught.value.message

    assert "not signed" in refused()
    changed(folder / "endpoints.yaml", endpoints=[{"address": "127.0.0.1", "port": 8443}])
    again = readiness.opened(folder, policies)
    printed, _ = readiness.signed(again, OWNER, key, NOW, endpoints=True)
    assert "names for the owner" in refused()
    changed(folder / "assessment.yaml", people=[{"name": "A", "role": "assessor", "key": printed}])
    assert "names for the owner" in refused()
    changed(folder / "assessment.yaml", people=[{"name": "A", "role": "owner", "key": printed}])
    signing.endpoints_allowed(readiness.opened(folder, policies).folder)
    changed(folder / "endpoints.yaml", endpoints=[{"address": "198.51.100.1", "port": 8443}])
    assert "changed after it was signed" in refused()


def test_a_signed_attestation_that_was_touched_does_not_count(assessed, policies, whole, key):
    asked = next(each for each in whole.checklist.items if each.attests)
    answers = entries.attested(
        assessed.folder, asked, (), OWNER, holds=True, statement="đúng", at=NOW,
        valid_until="2027-01-01", key=key,
    )  # fmt: skip
    saved(assessed.folder, "answers.yaml", answers, at=NOW, what="attest")

    def word():
        found = readiness.readiness(readiness.opened(assessed.folder.path, policies), NOW)
        return next(each for each in found.items if each.id == asked.id).attestations[0]

    assert word().voided is None
    path = assessed.folder.path / "answers.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("đúng", "sai"), encoding="utf-8")
    assert "signature" in word().voided.en
