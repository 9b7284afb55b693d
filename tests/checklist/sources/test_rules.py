from __future__ import annotations

import pytest

from auditor.checklist.sources.rules import Rules
from auditor.model.documents import parse
from auditor.model.errors import PolicyError


def rules(table="", columns="[{name: id}]", after=""):
    text = f"format: 1\ntables:\n  - name: t\n    columns: {columns}\n"
    text += "".join(f"    {line}\n" for line in table.splitlines()) + after
    return parse(text, Rules, "land.rules.yaml")


def test_rules_are_read():
    read = rules("primary_key: [id]\ndrawn: all", "[{name: id, kind: citizen-id, title: Số}]")
    assert read.tables[0].column("id").kind == "citizen-id"
    assert read.table("zz") is None
    assert read.tables[0].column("zz") is None


@pytest.mark.parametrize(
    ("table", "columns", "says"),
    [
        ("", "[{name: a}, {name: a}]", "columns stand twice: a"),
        ("", "[{name: 079200123456}]", "pattern"),
        ("", "[{name: x079200123456}]", "pattern"),
        ("", "[{name: Họ và tên}]", "pattern"),
        ("", "[{name: a, kind: code}]", "needs 'codes'"),
        ("", "[{name: a, codes: wards}]", "must not have 'codes'"),
        ("", "[{name: a, kind: enum}]", "needs 'values'"),
        ("", "[{name: a, kind: pattern}]", "needs 'pattern'"),
        ("", "[{name: a, kind: pattern, pattern: '(a'}]", "regular expression of RE2"),
        ("", "[{name: a, kind: pattern, pattern: '(?=a)'}]", "regular expression of RE2"),
        ("", "[{name: a, kind: pattern, pattern: '(a)\\1'}]", "regular expression of RE2"),
        ("", "[{name: a, kind: pattern, pattern: '((a{1000}){1000}){1000}'}]", "of RE2"),
        ("", "[{name: a, least: 1}]", "only numbers"),
        ("", "[{name: a, past: true}]", "only dates"),
        ("primary_key: [b]", "[{name: a}]", "no column b"),
        ("updated_at: a", "[{name: a}]", "updated_at must be a date"),
        ("max_age_days: 3", "[{name: a}]", "needs updated_at"),
        ("orders: [{first: a, second: b}]", "[{name: a, kind: date}, {name: b, kind: number}]",
         "two dates or two numbers"),
        ("foreign_keys: [{columns: [a], table: zz}]", "[{name: a}]", "primary key of zz"),
        ("colums: 1", "[{name: a}]", "did you mean 'columns'"),
    ],
)  # fmt: skip
def test_mistakes_are_told(table, columns, says):
    with pytest.raises(PolicyError, match="mistake") as error:
        rules(table, columns)
    assert says in str(error.value)


def test_links_must_fit_the_key_they_lead_to():
    two = "  - {name: u, primary_key: [a, b], columns: [{name: a}, {name: b}]}\n"
    with pytest.raises(PolicyError, match="primary key of u"):
        rules("foreign_keys: [{columns: [id], table: u}]", after=two)
    with pytest.raises(PolicyError, match=r"no column u\.c"):
        rules("primary_key: [id]", "[{name: id}, {name: v}]", two + (
            "same: [{table: t, column: v, key: [id, v], other: u, other_column: c}]"))  # fmt: skip
