"""Account exports as the probes of accounts see them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pandas as pd

from auditor.checklist.probe import Found, unknown
from auditor.checklist.sources.register import Register, plain, truth
from auditor.model.readiness import Reference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.checklist.facts import Facts

_KINDS: Final = (
    ("contractor", ("contractor", "third", "vendor", "supplier", "external", "partner", "nhathau",
                    "benthuba", "doitac", "nhacungcap", "benngoai")),
    ("remote", ("remote", "vpn", "tuxa")),
    ("service", ("service", "machine", "dichvu", "ungdung", "hethong", "ketnoi", "system")),
    ("admin", ("admin", "root", "quantri", "dacquyen", "privileged")),
)  # fmt: skip
"""Words of the column ``kind``, without diacritics and spaces; the first that fits counts."""
_MFA: Final = re.compile(
    r"otp|token|fido|passkey|yubikey|smartcard|authenticator|vneid|push|enforced"
)
_MFA_OFF: Final = ("none", "khongco", "chuabat", "notenrolled", "notregistered", "passwordonly")


def accounts(facts: Facts) -> tuple[pd.DataFrame, frozenset[str]]:
    """The account exports as one table, and the asked columns that one of them lacks.

    Of a system that stands in several exports, the youngest counts. Columns: those of the
    register, ``evidence`` and ``line``; ``is_enabled`` (an unreadable cell counts as enabled),
    ``is_privileged`` and ``group`` (``admin``, ``service``, ``remote``, ``contractor``, ``user``).

    Raises:
        InputError: an export cannot be read.
    """
    parts: list[pd.DataFrame] = []
    lacking: set[str] = set()
    seen: set[str] = set()
    for held in facts.held("accounts"):
        register = held.content(Register)
        rows = register.rows.assign(evidence=held.entry.id, line=register.rows.index)
        systems = rows["system"].map(plain)
        fresh = rows[~systems.isin(seen)]
        if len(fresh):
            parts.append(fresh)
            lacking |= set(register.missing)
        seen |= set(systems)
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    if table.empty:
        return table, frozenset(lacking)
    groups = table["kind"].map(group_of)
    privileged = table["privileged"].map(truth)
    return (
        table.assign(
            group=groups,
            is_enabled=table["enabled"].map(truth).ne(other=False),
            is_privileged=privileged.eq(other=True) | (groups == "admin"),
        ),
        frozenset(lacking),
    )


def group_of(kind: str) -> str:
    """What a cell of the column ``kind`` says, as one of five groups."""
    word = plain(kind)
    return next((name for name, words in _KINDS if any(w in word for w in words)), "user")


def second_factor(text: str) -> bool | None:
    """Whether a cell of the column ``mfa`` says that there is one; null = it does not say."""
    said = truth(text)
    word = plain(text)
    if said is not None or not word:
        return said
    if word in _MFA_OFF:
        return False
    return True if _MFA.search(word) else None


def lacks(columns: Sequence[str], lacking: frozenset[str], kind: str = "accounts") -> Found | None:
    """What is said when asked columns are missing; null = they are all there."""
    gone = ", ".join(name for name in columns if name in lacking)
    if not gone:
        return None
    return unknown(
        f"Bản {kind} thiếu cột {gone}.",
        f"The register {kind} lacks the column {gone}.",
        f"Xuất lại {kind} có cột {gone}.",
        f"Export {kind} anew with the column {gone}.",
    )


def none_held(kind: str, vi: str) -> Found:
    """What is said when a register is not there, or holds no rows."""
    return unknown(
        f"Chưa có {vi}, hoặc không có dòng nào.",
        f"The register {kind} is not there, or holds no rows.",
        f"Đính kèm {vi}.",
        f"Attach the register {kind}.",
    )


def masked(name: str) -> str:
    """A name of which only the first and the last letter stand."""
    name = name.strip()
    return f"{name[0]}…{name[-1]}" if len(name) > 2 else "…"


def shown(rows: pd.DataFrame, what: str = "") -> list[Reference]:
    """References to rows of accounts, names masked."""
    notes = rows["note"] if "note" in rows else [what] * len(rows)
    return [
        Reference(evidence, f"line {line}", f"{masked(account)}: {note}".rstrip(": "))
        for evidence, line, account, note in zip(
            rows["evidence"], rows["line"], rows["account"], notes, strict=True
        )
    ]


def first_register(facts: Facts, kind: str) -> tuple[str, Register] | None:
    """The youngest register of a kind and the id it is registered under; null = there is none.

    Raises:
        InputError: it cannot be read.
    """
    held = facts.held(kind)
    return (held[0].entry.id, held[0].content(Register)) if held else None
