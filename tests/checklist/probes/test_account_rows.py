"""Account exports as one table."""

import pytest

from auditor.checklist.probes.account_rows import accounts, group_of, masked, second_factor
from tests.checklist.probes.export_facts import ACCOUNTS, facts

ROW = "a.b,An,admin,yes,yes,yes,2026-11-20,{}\n"


def test_of_one_system_the_youngest_export_counts():
    table, _ = accounts(
        facts(
            ("accounts", ACCOUNTS + ROW.format("AD")),
            ("accounts", ACCOUNTS + ROW.format("ad") + ROW.format("VPN")),
        )
    )
    assert table[["evidence", "system"]].values.tolist() == [["ev-0001", "AD"], ["ev-0002", "VPN"]]


def test_a_column_that_one_export_lacks_is_told():
    _, lacking = accounts(facts(("accounts", "account,enabled,kind\na,yes,admin\n")))
    assert {"mfa", "person", "last-logon"} <= lacking


def test_a_cell_that_cannot_be_read_counts_as_enabled():
    table, _ = accounts(facts(("accounts", ACCOUNTS + "a,An,user,no,???,no,,AD\n")))
    assert table["is_enabled"].tolist() == [True]


@pytest.mark.parametrize(
    ("text", "group"),
    [
        ("Quản trị viên", "admin"),
        ("nhà thầu quản trị", "contractor"),
        ("VPN", "remote"),
        ("Truy cập từ xa", "remote"),
        ("dịch vụ", "service"),
        ("third party", "contractor"),
        ("người dùng", "user"),
        ("", "user"),
    ],
)
def test_kinds_are_told_in_both_languages(text, group):
    assert group_of(text) == group


@pytest.mark.parametrize(
    ("text", "there"),
    [
        ("có", True),
        ("TOTP app", True),
        ("FIDO2", True),
        ("không", False),
        ("None", False),
        ("", None),
        ("maybe", None),
    ],
)
def test_a_second_factor_is_told_by_its_name(text, there):
    assert second_factor(text) is there


@pytest.mark.parametrize(("name", "shown"), [("nguyen.an", "n…n"), ("ab", "…"), ("", "…")])
def test_names_are_masked(name, shown):
    assert masked(name) == shown
