"""Password policies against the numbers of the level."""

import pytest

from tests.checklist.probes.export_facts import accounts, outcome

GOOD = {"minlen": "14", "PASS_MAX_DAYS": "60", "remember": "10", "deny": "10", "TMOUT": "900"}


def policy(**changes):
    settings = GOOD | changes
    return "password-policy", "".join(
        f"{key} {value}\n" for key, value in settings.items() if value
    )


def test_every_number_of_level_three_is_kept():
    found = outcome("password-policy", policy())
    assert found.answer == "pass"
    assert "TCVN14423" in found.rests_on


@pytest.mark.parametrize(
    "changes",
    [{"minlen": "7"}, {"PASS_MAX_DAYS": "63"}, {"PASS_MAX_DAYS": "99999"}, {"remember": "9"},
     {"deny": "11"}, {"deny": "0"}, {"TMOUT": "901"}, {"TMOUT": "0"}],
)  # fmt: skip
def test_one_weaker_setting_fails(changes):
    found = outcome("password-policy", policy(**changes))
    assert found.answer == "fail"
    assert len(found.references) == 1


@pytest.mark.parametrize(
    ("mfa", "answer"), [("yes", "pass"), ("no", "fail"), ("", "fail")]
)  # fmt: skip
def test_the_second_factor_decides_how_long_a_password_must_be(mfa, answer):
    rows = accounts(f"an,An,user,no,yes,{mfa},,AD", "cu,Cũ,user,no,no,no,,AD")
    assert outcome("password-policy", policy(minlen="8"), rows).answer == answer


def test_without_the_accounts_a_short_password_is_not_told():
    assert outcome("password-policy", policy(minlen="8")).answer == "partial"


def test_what_is_missing_is_named():
    found = outcome("password-policy", policy(TMOUT="", deny=""))
    assert found.answer == "partial"
    assert "failed attempts, session lock" in found.says.en


def test_settings_may_stand_in_several_exports_and_the_weakest_counts():
    first = policy(TMOUT="")
    assert outcome("password-policy", first, ("password-policy", "TMOUT 600\n")).answer == "pass"
    assert outcome("password-policy", policy(), ("password-policy", "deny 20\n")).answer == "fail"


def test_reversible_encryption_fails_at_every_level():
    text = "[System Access]\nClearTextPassword = 1\n"
    assert outcome("password-policy", ("password-policy", text), level=1).answer == "fail"


def test_a_file_that_is_no_policy_is_unknown():
    found = outcome("password-policy", ("password-policy", "hello\n"))
    assert found.answer == "unknown"
    assert "no password or session setting" in found.says.en
