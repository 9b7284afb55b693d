"""Password and session policies."""

import pytest

from auditor.checklist.sources.password_policy import NEVER, password_policy
from auditor.model.errors import InputError


def values(text):
    return {one.name: one.value for one in password_policy(text, "x").settings}


def test_secedit_is_read_with_the_session_lock_of_the_registry():
    text = (
        "[System Access]\nMinimumPasswordLength = 14\nMaximumPasswordAge = -1\n"
        "PasswordHistorySize = 24\nLockoutBadCount = 0\nClearTextPassword = 1\n[Registry Values]\n"
        "MACHINE\\Software\\Microsoft\\Windows\\CurrentVersion\\Policies\\System\\"
        "InactivityTimeoutSecs=4,900\n"
    )
    assert values(text) == {
        "length": 14,
        "age-days": NEVER,
        "history": 24,
        "attempts": NEVER,
        "reversible": 1,
        "session-seconds": 900,
    }


def test_net_accounts_is_read():
    text = (
        "Maximum password age (days):      Unlimited\nMinimum password length:          7\n"
        "Length of password history maintained:    None\nLockout threshold:     Never\n"
    )
    assert values(text) == {"age-days": NEVER, "length": 7, "history": 0, "attempts": NEVER}


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_tables_of_names_and_values_are_read_in_both_languages(separator):
    rows = [
        ("Computer", "Minimum password length", "12 characters"),
        ("x", "Khoá phiên sau", "15 phút"),
        ("x", "Maximum password age", "2 tháng"),
        ("x", "Account lockout threshold", "Not Defined"),
    ]
    text = "\n".join(separator.join(row) for row in rows)
    assert values(text) == {"length": 12, "session-seconds": 900, "age-days": 60}


def test_linux_files_are_read_without_their_comments():
    text = "# deny = 99\nPASS_MAX_DAYS\t60\nPASS_MIN_LEN 5\nminlen = 14 # long\nexport TMOUT=600\n"
    text += "password required pam_pwhistory.so remember=10 use_authtok\n"
    text += "auth x pam_faillock.so deny=5\n"
    assert values(text) == {
        "age-days": 60,
        "length": 14,
        "session-seconds": 600,
        "history": 10,
        "attempts": 5,
    }


def test_a_setting_that_stands_twice_is_kept_twice():
    assert len(password_policy("minlen = 8\nminlen = 14\n", "x").of("length")) == 2


@pytest.mark.parametrize(
    "text", ["hello\n", "a,b\n1,2\n", '"' * 300_000, "x" * 3_000_000, "minlen\n", "minlen = long\n"]
)
def test_what_holds_no_setting_is_refused(text):
    with pytest.raises(InputError, match="no password or session setting"):
        password_policy(text, "x")
