"""Leavers, duties, training and contractors."""

import pytest

from tests.checklist.probes.export_facts import accounts, outcome


@pytest.mark.parametrize(
    ("row", "left", "answer"),
    [("x,Phạm Văn Cũ,user,no,no,no,2026-05-01,AD", "2026-06-01", "clear"),
     ("x,Phạm Văn Cũ,user,no,no,no,2026-06-02,AD", "2026-06-01", "fail"),
     ("x,Phạm Văn Cũ,user,no,yes,no,,AD", "2026-06-01", "fail"),
     ("x,pham van cu,user,no,yes,no,,AD", "01/06/2026", "fail"),
     ("x,Phạm Văn Cũ,user,no,yes,no,,AD", "2026-11-21", "fail"),
     ("x,Phạm Văn Mới,user,no,yes,no,,AD", "2026-06-01", "clear"),
     ("x,Phạm Văn Mới,user,no,yes,no,,AD", "June", "unknown")],
)  # fmt: skip
def test_accounts_of_leavers_are_looked_for(row, left, answer):
    leavers = ("leavers", f"person,left\nPhạm Văn Cũ,{left}\n")
    assert outcome("leavers-disabled", accounts(row), leavers).answer == answer


def test_who_leaves_later_has_not_left():
    leavers = ("leavers", "person,left\nPhạm Văn Cũ,2026-06-01\nAn,2026-11-22\n")
    found = outcome("leavers-disabled", accounts("x,An,user,no,yes,no,,AD"), leavers)
    assert found.answer == "clear"


@pytest.mark.parametrize(
    ("one", "two", "answer"),
    [("Vận hành hệ thống", "An ninh mạng", "clear"), ("Vận hành hệ thống", "Văn thư", "unknown"),
     ("System administrator", "SIEM admin", "clear")],
)  # fmt: skip
def test_duties_are_told_in_both_languages(one, two, answer):
    duties = ("duties", f"person,duty\nAn,{one}\nBình,{two}\n")
    assert outcome("duties-separate", duties).answer == answer
    both = ("duties", f"person,duty\nAn,{one}\nAN,{two}\n")
    assert outcome("duties-separate", both).answer == ("fail" if answer == "clear" else "unknown")


def test_who_operates_does_not_assess():
    duties = ("duties", "person,duty\nAn,Vận hành\nAn,Đánh giá an ninh\nBình,An ninh\n")
    found = outcome("duties-separate", duties)
    assert found.answer == "fail"
    assert found.references[0].shows == "…: assesses and operates"


def test_guarding_and_assessing_go_together():
    duties = ("duties", "person,duty\nAn,Vận hành\nBình,Đánh giá\nBình,An ninh\n")
    assert outcome("duties-separate", duties).answer == "clear"


@pytest.mark.parametrize(
    ("row", "answer"),
    [("An,Quản trị,2026-03-01,", "pass"), ("An,Quản trị,2025-11-20,", "fail"),
     ("An,Quản trị,2020-01-01,2026-11-21", "pass"), ("An,Quản trị,2020-01-01,2026-11-20", "fail"),
     ("An,Quản trị,2027-01-01,2028-01-01", "fail"), ("Bình,Quản trị,2026-03-01,", "fail"),
     ("An,Quản trị,,", "fail")],
)  # fmt: skip
def test_training_must_be_valid_today(row, answer):
    training = ("training", f"person,course,date,expires\nChi,Nhận thức,2026-10-01,\n{row}\n")
    rows = accounts("an,An,admin,yes,yes,yes,,AD", "s,,service,yes,yes,yes,,DB")
    assert outcome("administrators-trained", rows, training).answer == answer


def test_a_privileged_account_without_a_person_is_unknown():
    training = ("training", "person,course,date,expires\nAn,Nhận thức,2026-10-01,\n")
    rows = accounts("an,,admin,yes,yes,yes,,AD")
    assert outcome("administrators-trained", rows, training).answer == "unknown"


@pytest.mark.parametrize(
    ("enabled", "used", "opens", "closes", "answer"),
    [("yes", "", "2026-11-21 08:00", "2026-11-21 17:00", "pass"),
     ("yes", "", "2026-11-21 08:00", "2026-11-21 09:59", "fail"),
     ("yes", "", "2026-11-20", "2026-11-21", "pass"),
     ("no", "2026-11-01 03:00", "2026-11-01 08:00", "2026-11-01 17:00", "fail"),
     ("no", "2026-11-01", "2026-11-01 08:00", "2026-11-01 17:00", "pass"),
     ("no", "", "2026-11-01", "2026-11-01", "pass"),
     ("no", "", "whenever", "2026-11-01", "unknown")],
)  # fmt: skip
def test_contractors_are_bound_to_the_windows_of_their_tickets(
    enabled, used, opens, closes, answer
):
    tickets = ("remote-tickets", f"ticket,account,opens,closes\nT,Cty,{opens},{closes}\n")
    rows = accounts(f"cty,Hùng,nhà thầu,no,{enabled},yes,{used},VPN")
    assert outcome("contractors-in-tickets", rows, tickets).answer == answer


def test_accounts_without_a_kind_may_be_contractors():
    assert outcome("contractors-in-tickets", accounts("x,An,,no,yes,yes,,AD")).answer == "unknown"


@pytest.mark.parametrize(
    ("probe", "kind", "columns"),
    [("leavers-disabled", "leavers", "person,note\nx,y\n"),
     ("administrators-trained", "training", "person,course\nx,y\n"),
     ("duties-separate", "duties", "person,note\nx,y\n")],
)  # fmt: skip
def test_a_register_without_its_columns_or_rows_is_unknown(probe, kind, columns):
    rows = accounts("x,An,admin,yes,yes,yes,2026-11-20,AD")
    assert outcome(probe, rows, (kind, columns)).answer == "unknown"
    assert outcome(probe, rows).answer == "unknown"
