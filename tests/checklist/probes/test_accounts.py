"""Second factors, default, shared and unused accounts."""

import pytest

from tests.checklist.probes.export_facts import accounts, outcome

ADMIN = "minh.tv,Trần Văn Minh,admin,yes,yes,yes,2026-11-20,AD"


@pytest.mark.parametrize(
    ("row", "answer"),
    [("x,An,user,no,yes,no,,AD", "pass"), ("x,An,remote,no,yes,no,,AD", "fail"),
     ("x,An,service,no,yes,no,,AD", "fail"), ("x,An,user,yes,yes,no,,AD", "fail"),
     ("x,An,contractor,no,no,no,,AD", "pass"), ("x,An,admin,yes,yes,,,AD", "unknown"),
     ("x,An,admin,yes,???,no,,AD", "fail")],
)  # fmt: skip
def test_who_must_have_a_second_factor(row, answer):
    assert outcome("mfa-everywhere", accounts(ADMIN, row)).answer == answer


def test_names_in_references_are_masked():
    found = outcome(
        "mfa-everywhere", accounts("nguyen.thi.lan,Nguyễn Thị Lan,admin,yes,yes,no,,AD")
    )
    assert found.references[0].shows == "n…n: no MFA"
    assert found.references[0].place == "line 2"


@pytest.mark.parametrize(
    ("row", "answer"),
    [("Administrator,,admin,yes,yes,no,,AD", "fail"), ("MAU\\guest,,user,no,yes,no,,AD", "fail"),
     ("root@may-1,,admin,yes,yes,no,,Linux", "fail"), ("root,,admin,yes,no,no,,Linux", "pass"),
     ("administrator.minh,Minh,admin,yes,yes,no,,AD", "pass"),
     ('p,"An, Bình",user,no,yes,no,,AD', "fail"), ("p,An và Bình,user,no,yes,no,,AD", "fail"),
     ("MINH.TV,Lê Thị Hoa,user,no,yes,no,,AD", "fail"),
     ("minh.tv,TRẦN VĂN MINH,user,no,yes,no,,AD", "pass"),
     ("minh.tv,Lê Thị Hoa,user,no,yes,no,,VPN", "pass")],
)  # fmt: skip
def test_default_and_shared_accounts_are_told(row, answer):
    assert outcome("default-accounts", accounts(ADMIN, row)).answer == answer


@pytest.mark.parametrize(
    ("day", "answer"),
    [("2026-10-07", "pass"), ("2026-10-06", "fail"), ("21/11/2026 09:15", "pass"), ("", "fail"),
     ("never", "fail"), ("Chưa bao giờ", "fail"), ("soon", "unknown"), ("2027-01-01", "unknown")],
)  # fmt: skip
def test_the_day_of_the_last_log_on_decides(day, answer):
    assert outcome("stale-accounts", accounts(f"x,An,user,no,yes,no,{day},AD")).answer == answer


def test_a_disabled_account_may_be_old():
    rows = accounts(ADMIN, "x,An,user,no,no,no,2020-01-01,AD")
    assert outcome("stale-accounts", rows).answer == "pass"


@pytest.mark.parametrize("probe", ["mfa-everywhere", "default-accounts", "stale-accounts"])
def test_an_export_without_rows_or_columns_is_unknown(probe):
    assert outcome(probe).answer == "unknown"
    assert outcome(probe, accounts()).answer == "unknown"
    found = outcome(probe, ("accounts", "account,system\na,AD\n"))
    assert found.answer == "unknown"
    assert "lacks the column" in found.says.en
