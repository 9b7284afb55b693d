"""Questions about account exports alone."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from auditor.checklist.probe import Arguments, Found, Probe
from auditor.checklist.probes import people
from auditor.checklist.probes.account_rows import (
    accounts,
    lacks,
    none_held,
    second_factor,
    shown,
)
from auditor.checklist.sources.register import day, plain
from auditor.model.text import Text

if TYPE_CHECKING:
    from datetime import date

    from auditor.checklist.facts import Facts

_DEFAULT_NAMES: Final = frozenset(
    ["admin", "administrator", "root", "sa", "guest", "test", "testuser", "demo", "user", "default",
     "defaultaccount", "postgres", "mysql", "oracle", "sys", "system", "scott", "tomcat", "ftp",
     "support", "cisco", "ubnt", "superadmin", "superuser", "operator", "khach", "quantri",
     "anonymous", "mongodb", "elastic", "weblogic", "db2inst1", "informix", "backup", "temp"]
)  # fmt: skip
_SEVERAL: Final = re.compile(r"[,;/&+\n]| và | and ")
_NEVER: Final = frozenset(["", "never", "chuabaogio", "chuadangnhap", "none", "null", "0"])
_ACCOUNTS_VI: Final = "bản xuất tài khoản"


def mfa_everywhere(facts: Facts, arguments: Arguments) -> Found:
    """Every enabled privileged, remote, third-party or service account has a second factor."""
    table, lacking = accounts(facts)
    if table.empty:
        return none_held("accounts", _ACCOUNTS_VI)
    if (found := lacks(("kind", "privileged", "enabled", "mfa"), lacking)) is not None:
        return found
    asked = table[
        table["is_enabled"]
        & (table["is_privileged"] | table["group"].isin(["service", "remote", "contractor"]))
    ]
    if asked.empty:
        return Found(
            "unknown",
            f"Trong {len(table)} tài khoản không có tài khoản đặc quyền nào; bản xuất chưa đủ.",
            f"None of {len(table)} accounts is privileged; the export is not whole.",
            way_out=Text(
                "Xuất lại cả tài khoản quản trị, từ xa, bên thứ ba, dịch vụ.",
                "Export administrators, remote, third-party and service accounts too.",
            ),
        )
    factors = asked["mfa"].map(second_factor)
    without, unsure = asked[factors.eq(other=False)], asked[factors.isna()]
    if len(without):
        return Found(
            "fail",
            f"{len(without)} trên {len(asked)} tài khoản đặc quyền, từ xa, bên thứ ba hoặc dịch vụ "
            "đang bật không có xác thực đa yếu tố.",
            f"{len(without)} of {len(asked)} enabled privileged, remote, third-party or service "
            "accounts have no MFA.",
            shown(without, "no MFA"),
            way_out=Text(
                "Bật xác thực đa yếu tố cho các tài khoản này rồi xuất lại.",
                "Turn MFA on for these accounts and export anew.",
            ),
        )
    if len(unsure):
        return Found(
            "unknown",
            f"Cột mfa của {len(unsure)} trên {len(asked)} tài khoản không đọc được.",
            f"Column mfa of {len(unsure)} of {len(asked)} accounts cannot be told.",
            shown(unsure, "mfa not told"),
            way_out=Text("Ghi có hoặc không ở cột mfa.", "Write yes or no in column mfa."),
        )
    return Found(
        "pass",
        f"Cả {len(asked)} tài khoản đặc quyền, từ xa, bên thứ ba, dịch vụ đang bật có xác thực đa "
        "yếu tố.",
        f"All {len(asked)} enabled privileged, remote, third-party and service accounts have MFA.",
    )


def default_accounts(facts: Facts, arguments: Arguments) -> Found:
    """No default account is enabled, and none is shared."""
    table, lacking = accounts(facts)
    if table.empty:
        return none_held("accounts", _ACCOUNTS_VI)
    if (found := lacks(("account", "person", "enabled"), lacking)) is not None:
        return found
    enabled = table[table["is_enabled"]]
    default = enabled["account"].map(_bare).isin(_DEFAULT_NAMES)
    several = enabled["person"].map(lambda text: bool(_SEVERAL.search(text)))
    # the same account of the same system in two rows with two persons
    persons = (
        enabled.assign(person=enabled["person"].map(plain), name=enabled["account"].str.casefold())
        .groupby(["system", "name"], sort=False)["person"]
        .transform("nunique")
    )
    shared = several | (persons > 1)
    bad = enabled[default | shared]
    bad = bad.assign(
        note=[
            " and ".join(word for word, there in (("default", d), ("shared", s)) if there)
            for d, s in zip(default[bad.index], shared[bad.index], strict=True)
        ]
    )
    if len(bad):
        return Found(
            "fail",
            f"{int(default.sum())} tài khoản mặc định và {int(shared.sum())} tài khoản dùng chung "
            f"đang bật trong {len(enabled)} tài khoản.",
            f"{int(default.sum())} default accounts and {int(shared.sum())} shared accounts are "
            f"enabled among {len(enabled)}.",
            shown(bad),
            way_out=Text(
                "Vô hiệu hoá hoặc đổi tên; mỗi người một tài khoản.",
                "Disable or rename them; one account for each person.",
            ),
        )
    return Found(
        "pass",
        f"Không tài khoản mặc định hay dùng chung nào đang bật trong {len(enabled)} tài khoản.",
        f"No default or shared account is enabled among {len(enabled)}.",
    )


def _bare(account: str) -> str:
    r"""The name without domain: ``AGENCY\admin`` and ``admin@agency`` are ``admin``."""
    return account.rpartition("\\")[2].partition("@")[0].strip().casefold()


def stale_accounts(facts: Facts, arguments: Arguments) -> Found:
    """No enabled account has been unused for longer than the level allows."""
    table, lacking = accounts(facts)
    if table.empty:
        return none_held("accounts", _ACCOUNTS_VI)
    if (found := lacks(("enabled", "last-logon"), lacking)) is not None:
        return found
    limit = facts.number("stale-account-days")
    if limit.value is None:
        return Found(
            "pass",
            f"Có {len(table)} tài khoản trong bản xuất; tiêu chuẩn không đặt hạn này cho cấp "
            "độ này.",
            f"{len(table)} accounts are exported; the standard sets no limit of disuse for this "
            "level.",
            rests_on=limit.source,
        )
    enabled = table[table["is_enabled"]]
    oldest = facts.today - timedelta(days=int(limit.value))
    state = enabled["last-logon"].map(lambda text: _state(text, oldest, facts.today))
    stale = enabled[state.isin(["never", "stale"])]
    unsure = enabled[state == "unsure"]
    if len(stale):
        return Found(
            "fail",
            f"{len(stale)} trên {len(enabled)} tài khoản đang bật quá {limit.value:g} ngày không "
            "dùng hoặc chưa từng đăng nhập.",
            f"{len(stale)} accounts of {len(enabled)} enabled ones have not been used for "
            f"{limit.value:g} days, or never.",
            shown(stale.assign(note=state[stale.index])),
            limit.source,
            Text(
                "Vô hiệu hoá các tài khoản này, hoặc ghi lý do giữ lại.",
                "Disable these accounts, or write down why they stay.",
            ),
        )
    if len(unsure):
        return Found(
            "unknown",
            f"Ngày đăng nhập cuối của {len(unsure)} trên {len(enabled)} tài khoản không đọc được.",
            f"The last log-on of {len(unsure)} of {len(enabled)} accounts cannot be read.",
            shown(unsure, "last-logon not readable"),
            limit.source,
            Text("Ghi ngày dạng 2026-11-21.", "Write dates as 2026-11-21."),
        )
    return Found(
        "pass",
        f"Cả {len(enabled)} tài khoản đang bật được dùng trong {limit.value:g} ngày qua.",
        f"All {len(enabled)} enabled accounts were used within {limit.value:g} days.",
        rests_on=limit.source,
    )


def _state(text: str, oldest: date, today: date) -> str:
    when = day(text)
    if when is None:
        return "never" if plain(text) in _NEVER else "unsure"
    # a day after tomorrow comes of a wrong clock or of day and month exchanged
    if when > today + timedelta(days=1):
        return "unsure"
    return "stale" if when < oldest else "used"


PROBES: Final[tuple[Probe, ...]] = (
    Probe(
        "mfa-everywhere",
        Text(
            "Mọi tài khoản đặc quyền, từ xa, bên thứ ba, dịch vụ có xác thực đa yếu tố không?",
            "Does every privileged, remote, third-party and service account have MFA?",
        ),
        ("accounts",),
        "both",
        mfa_everywhere,
    ),
    Probe(
        "default-accounts",
        Text(
            "Có tài khoản mặc định, dùng chung nào đang bật không?",
            "Is any default or shared account enabled?",
        ),
        ("accounts",),
        "both",
        default_accounts,
    ),
    Probe(
        "stale-accounts",
        Text(
            "Có tài khoản đang bật mà lâu không dùng không?",
            "Is any enabled account unused for too long?",
        ),
        ("accounts",),
        "both",
        stale_accounts,
    ),
    *people.PROBES,
)
