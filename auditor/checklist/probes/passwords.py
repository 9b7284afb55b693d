"""Do password and session policies keep the numbers of the level?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from auditor.checklist.probe import Arguments, Found, Probe, unknown
from auditor.checklist.sources.password_policy import NEVER, Name, PasswordPolicy, Setting
from auditor.checklist.sources.register import Register, truth
from auditor.model.readiness import Reference
from auditor.model.text import Text

if TYPE_CHECKING:
    from auditor.checklist.facts import Facts

_DAYS_OF_A_MONTH: Final = 31


@dataclass(frozen=True, slots=True)
class _Asked:
    """One setting with its limit. ``most`` = the value may not be larger; else not smaller."""

    name: Name
    limit: float
    source: str
    most: bool
    title: Text

    def kept(self, setting: Setting) -> bool:
        """Whether a value keeps the limit."""
        if not self.most:
            return setting.value >= self.limit
        return setting.value != NEVER and setting.value <= self.limit


_LIMITS: Final[tuple[tuple[str, Name, int, bool, Text], ...]] = (
    ("password-months", "age-days", _DAYS_OF_A_MONTH, True, Text("hạn mật khẩu", "age")),
    ("password-history", "history", 1, False, Text("mật khẩu cũ", "history")),
    ("lockout-attempts", "attempts", 1, True, Text("số lần sai", "failed attempts")),
    ("session-minutes", "session-seconds", 60, True, Text("khoá phiên", "session lock")),
)
"""Limits, the setting they are of, its unit in that of the limit, and whether it is the most."""


def password_policy(facts: Facts, arguments: Arguments) -> Found:
    """Every setting that the level asks for is there and strict enough."""
    held = facts.held("password-policy")
    if not held:
        return unknown(
            "Chưa có bản xuất chính sách mật khẩu, khoá phiên.",
            "No export of the password and session policy is registered.",
            "Đính kèm secedit /export, net accounts, bảng name,value, login.defs hoặc "
            "pwquality.conf.",
            "Attach secedit /export, net accounts, a table of name,value, login.defs or "
            "pwquality.conf.",
        )
    settings = [
        (each.entry.id, setting)
        for each in held
        for setting in each.content(PasswordPolicy).settings
    ]
    reversible = [(at, one) for at, one in settings if one.name == "reversible" and one.value]
    asked, unsure = _asked(facts)
    if not asked and not reversible:
        return Found(
            "pass",
            f"Đã có {len(held)} bản xuất chính sách mật khẩu; tiêu chuẩn không đặt con số cho cấp "
            "độ này.",
            f"{len(held)} exports of the password policy are there; the standard sets no numbers "
            "for this level.",
            rests_on=facts.number("password-length").source,
        )
    weak = [
        Reference(at, one.place, f"{limit.name}: {_shown(one)} ({_sign(limit)} {limit.limit:g})")
        for limit in asked
        for at, one in settings
        if one.name == limit.name and not limit.kept(one)
    ]
    weak += [Reference(at, one.place, "reversible encryption is on") for at, one in reversible]
    sources = "; ".join(dict.fromkeys(limit.source for limit in asked))
    if weak:
        return Found(
            "fail",
            f"{len(weak)} thiết lập mật khẩu, khoá phiên yếu hơn mức của cấp độ "
            f"{facts.assessment.system.level}.",
            f"{len(weak)} password and session settings are weaker than level "
            f"{facts.assessment.system.level} asks.",
            weak,
            sources,
            Text(
                "Chỉnh chính sách theo các con số trong bảng tham chiếu rồi xuất lại.",
                "Set the policy to the numbers shown with each reference and export it anew.",
            ),
        )
    there = {one.name for _, one in settings}
    absent = [limit for limit in asked if limit.name not in there]
    if absent or unsure:
        names_vi = [limit.title.vi for limit in absent] + ([unsure.vi] if unsure else [])
        names_en = [limit.title.en for limit in absent] + ([unsure.en] if unsure else [])
        return Found(
            "unknown" if len(absent) == len(asked) else "partial",
            f"{len(asked) - len(absent)} trên {len(asked)} thiết lập đạt; chưa biết: "
            f"{', '.join(names_vi)}.",
            f"{len(asked) - len(absent)} of {len(asked)} settings hold; not known: "
            f"{', '.join(names_en)}.",
            rests_on=sources,
            way_out=Text(
                "Đính kèm bản xuất có các thiết lập còn thiếu (và bản xuất tài khoản có cột mfa).",
                "Attach an export with what is missing (and the account export with column mfa).",
            ),
        )
    return Found(
        "pass",
        f"Cả {len(asked)} thiết lập mật khẩu, khoá phiên đạt mức của cấp độ "
        f"{facts.assessment.system.level}.",
        f"All {len(asked)} password and session settings keep what level "
        f"{facts.assessment.system.level} asks.",
        [Reference(at, one.place, f"{one.name}: {_shown(one)}") for at, one in settings],
        sources,
    )


def _asked(facts: Facts) -> tuple[list[_Asked], Text | None]:
    """What the level asks for; and what cannot be told of the length."""
    asked: list[_Asked] = []
    unsure: Text | None = None
    short, alone = facts.number("password-length"), facts.number("password-length-alone")
    if short.value is not None and alone.value is not None:
        everywhere = _mfa_everywhere(facts)
        length = alone if everywhere is False else short
        asked.append(
            _Asked(
                "length", length.value or 0, length.source, most=False,
                title=Text("độ dài mật khẩu", "password length"),
            )
        )  # fmt: skip
        if everywhere is None and not _long_enough(facts, alone.value):
            unsure = Text(
                f"mật khẩu dưới {alone.value:g} ký tự chỉ đủ khi mọi tài khoản có xác thực đa yếu "
                "tố",
                f"whether every account has MFA (passwords under {alone.value:g} characters need "
                "it)",
            )
    for number, name, factor, most, title in _LIMITS:
        limit = facts.number(number)
        if limit.value is not None:
            asked.append(_Asked(name, limit.value * factor, limit.source, most, title))
    return asked, unsure


def _long_enough(facts: Facts, length: float) -> bool:
    """Whether every policy asks for passwords that are long enough without MFA."""
    found = [
        setting.value
        for each in facts.held("password-policy")
        for setting in each.content(PasswordPolicy).of("length")
    ]
    return bool(found) and min(found) >= length


def _mfa_everywhere(facts: Facts) -> bool | None:
    """Whether every enabled account has a second factor; null = nobody says."""
    held = facts.held("accounts")
    if not held:
        return None
    register = held[0].content(Register)
    if {"enabled", "mfa"} & set(register.missing) or register.rows.empty:
        return None
    enabled = register.rows[[truth(text) is not False for text in register.rows["enabled"]]]
    return all(truth(text) for text in enabled["mfa"])


def _sign(limit: _Asked) -> str:
    return "at most" if limit.most else "at least"


def _shown(setting: Setting) -> str:
    return "no limit" if setting.value == NEVER else str(setting.value)


PROBES: Final = (
    Probe(
        "password-policy",
        Text(
            "Chính sách mật khẩu, khoá phiên có đạt mức của cấp độ không?",
            "Do password and session policies keep the numbers of the level?",
        ),
        ("password-policy", "accounts"),
        "both",
        password_policy,
    ),
)
