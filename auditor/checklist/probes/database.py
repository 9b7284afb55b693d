"""Rights in databases, and the doors into them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.checklist.probe import Arguments, Found, Probe, unknown
from auditor.checklist.sources.host_access import Door, HostAccess
from auditor.checklist.sources.postgresql import Grant, Grants, Role
from auditor.checklist.sources.ranges import V4, V6, Ranges, addresses
from auditor.checklist.sources.register import Register
from auditor.model.readiness import Reference
from auditor.model.text import Text

if TYPE_CHECKING:
    from auditor.checklist.facts import Facts

_DEFINING: Final = ("CREATE", "TRIGGER", "REFERENCES", "TRUNCATE", "ALTER SYSTEM", "MAINTAIN")
"""Rights that change tables and not only their rows."""
_LOOPBACK: Final = addresses("127.0.0.0/8") | addresses("::1")
_ENCRYPTED: Final = ("hostssl", "hostgssenc")
_GUESSED: Final = ("password", "md5", "ident")


def grants_within_matrix(facts: Facts, arguments: Arguments) -> Found:
    """The sync account has the rights of the approved matrix and no other."""
    exports, matrices = facts.held("database-grants"), facts.held("access-matrix")
    if not exports or not matrices:
        lacking = "database-grants" if not exports else "access-matrix"
        return unknown(
            f"Chưa đủ bằng chứng để so quyền với ma trận (thiếu {lacking}).",
            f"Rights cannot be compared with the matrix ({lacking} is missing).",
            r"Đính kèm bản xuất quyền (\dp, role_table_grants, pg_roles) và ma trận quyền.",
            r"Attach the rights (\dp, role_table_grants, pg_roles) and the access matrix.",
        )
    matrix = matrices[0].content(Register)
    if matrix.missing or matrix.rows.empty:
        return unknown(
            f"Ma trận quyền thiếu cột {', '.join(matrix.missing) or '(không có dòng nào)'}.",
            f"The access matrix lacks {', '.join(matrix.missing) or 'rows'}.",
            "Điền các cột account, object, privilege.",
            "Fill in the columns account, object, privilege.",
        )
    allowed, accounts = _allowed(matrix)
    contents = [(held.entry.id, held.content(Grants)) for held in exports]
    grants = [(at, one) for at, content in contents for one in content.grants]
    members = [one for _, content in contents for one in content.members]
    roles = [(at, one) for at, content in contents for one in content.roles]
    acting = set(accounts)
    for _ in members[:1000]:
        more = {one.group.lower() for one in members if one.member.lower() in acting}
        if more <= acting:
            break
        acting |= more
    bad = [
        Reference(at, one.place, f"{one.privilege} on {one.object}: {why}")
        for at, one in grants
        if one.grantee.lower() in acting or not one.grantee
        if (why := _too_much(one, allowed, acting))
    ]
    bad += [
        Reference(at, one.place, f"{_masked(one.name)}: {', '.join(powers)}")
        for at, one in roles
        if one.name.lower() in acting and (powers := _powers(one))
    ]
    unread = [Reference(at, one.place, one.what) for at, c in contents for one in c.unread]
    own = [one for _, one in grants if one.grantee.lower() in acting]
    if bad:
        return Found(
            "fail",
            f"{len(bad)} quyền của {len(accounts)} tài khoản kết nối vượt ma trận được phê duyệt.",
            f"{len(bad)} rights of {len(accounts)} connection accounts go beyond the approved "
            "matrix.",
            bad,
            way_out=Text(
                "Thu hồi (REVOKE) quyền thừa, hoặc phê duyệt lại ma trận rồi xuất lại.",
                "Revoke what is too much, or have the matrix approved anew; then export again.",
            ),
        )
    if unread or not own:
        return Found(
            "unknown",
            f"Không thấy quyền của tài khoản trong ma trận, hoặc có {len(unread)} dòng chưa đọc "
            "được.",
            f"No rights of the accounts of the matrix are in the export, or lines were not "
            f"understood ({len(unread)}).",
            unread,
            way_out=Text(
                r"Xuất lại quyền (\dp) của đúng cơ sở dữ liệu, bằng psql --csv.",
                r"Export the rights (\dp) of the right database anew, with psql --csv.",
            ),
        )
    known = {one.name.lower() for _, one in roles}
    if not set(accounts) <= known or not _groups_known(contents):
        return Found(
            "partial",
            f"{len(own)} quyền nằm trong ma trận; chưa biết thuộc tính và nhóm của tài khoản "
            "(pg_roles, pg_auth_members).",
            f"{len(own)} rights are within the matrix; attributes and groups of the accounts are "
            "not known (pg_roles, pg_auth_members).",
            way_out=Text(
                "Đính kèm pg_roles và pg_auth_members dạng CSV.",
                "Attach pg_roles and pg_auth_members as CSV.",
            ),
        )
    return Found(
        "pass",
        f"Cả {len(own)} quyền của {len(accounts)} tài khoản kết nối nằm trong ma trận.",
        f"All {len(own)} rights of {len(accounts)} connection accounts are within the matrix.",
        [Reference(at, one.place, f"{one.privilege} on {one.object}") for at, one in grants
         if one.grantee.lower() in acting],
    )  # fmt: skip


def _allowed(matrix: Register) -> tuple[set[tuple[str, str]], tuple[str, ...]]:
    """Object and privilege of the matrix, and its accounts."""
    rows = matrix.rows
    allowed: set[tuple[str, str]] = set()
    for name, privileges in zip(rows["object"], rows["privilege"], strict=True):
        for privilege in str(privileges).replace(";", ",").split(","):
            allowed.add((str(name).strip().lower(), privilege.strip().upper()))
    accounts = {str(account).strip().lower() for account in rows["account"]} - {""}
    return allowed, tuple(sorted(accounts))


def _too_much(grant: Grant, allowed: set[tuple[str, str]], acting: set[str]) -> str:
    """Why a right goes too far; empty = it does not."""
    if not grant.grantee and grant.object.startswith(("pg_catalog.", "information_schema.")):
        return ""  # the catalogue: every installation has it
    if grant.grantable:
        return "with grant option"
    if grant.privilege in _DEFINING:
        return "changes tables, not rows"
    name = grant.object.lower()
    schema, table = name.partition(".")[0], name.split(".")[1] if "." in name else name
    names = {name, f"{schema}.{table}", table, f"{schema}.*", "*"}
    if any((each, grant.privilege) in allowed for each in names):
        return ""
    return "granted to everybody (PUBLIC)" if not grant.grantee else "not in the matrix"


def _powers(role: Role) -> list[str]:
    powers = (
        (role.superuser, "SUPERUSER"),
        (role.creates_roles, "CREATEROLE"),
        (role.creates_databases, "CREATEDB"),
        (role.bypasses_row_security, "BYPASSRLS"),
    )
    return [name for there, name in powers if there]


def _groups_known(contents: list[tuple[str, Grants]]) -> bool:
    """Whether memberships were exported, or no group role could give rights."""
    if any(content.states == "members" for _, content in contents):
        return True
    grantees = {one.grantee.lower() for _, content in contents for one in content.grants}
    groups = {one.name.lower() for _, c in contents for one in c.roles if one.logs_in is not True}
    return not grantees & groups


def _masked(name: str) -> str:
    return name if len(name) < 3 else f"{name[0]}…{name[-1]}"


def database_doors(facts: Facts, arguments: Arguments) -> Found:
    """No line of pg_hba.conf lets everybody in, or lets passwords and data pass in clear."""
    held = facts.held("database-access")
    if not held:
        return unknown(
            "Chưa có cấu hình kết nối cơ sở dữ liệu (pg_hba.conf).",
            "No database host access (pg_hba.conf) is registered.",
            "Đính kèm tệp pg_hba.conf của từng máy chủ cơ sở dữ liệu.",
            "Attach pg_hba.conf of every database server.",
        )
    contents = [(each.entry.id, each.content(HostAccess)) for each in held]
    doors = sum(len(content.doors) for _, content in contents)
    bad = [
        Reference(at, door.place, f"{door.kind} {door.host[:40]} {door.method}: {', '.join(why)}")
        for at, content in contents
        for number, door in enumerate(content.doors)
        if (why := _open_door(content.doors[:number], door))
    ]
    if bad:
        return Found(
            "fail",
            f"{len(bad)} trên {doors} dòng pg_hba.conf mở quá rộng hoặc không mã hoá.",
            f"{len(bad)} of {doors} lines of pg_hba.conf are too wide or not encrypted.",
            bad,
            way_out=Text(
                "Dùng hostssl, scram-sha-256 hoặc cert, với đúng địa chỉ của máy được phép.",
                "Use hostssl with scram-sha-256 or cert, for the addresses that may connect.",
            ),
        )
    unread = [Reference(at, one.place, one.what) for at, c in contents for one in c.unread]
    if unread:
        return Found(
            "unknown",
            f"{len(unread)} dòng pg_hba.conf chưa đọc được (kể cả include); chưa thể kết luận đạt.",
            f"{len(unread)} lines of pg_hba.conf were not understood (includes too); a pass cannot "
            "be told.",
            unread,
            way_out=Text(
                "Đính kèm cả các tệp được include; sửa dòng sai.",
                "Attach the included files too; mend lines that are wrong.",
            ),
        )
    return Found(
        "pass",
        f"Cả {doors} dòng pg_hba.conf giới hạn nguồn và bắt buộc mã hoá.",
        f"All {doors} lines of pg_hba.conf limit the source and ask for encryption.",
    )


def _open_door(before: tuple[Door, ...], door: Door) -> list[str]:
    """What is wrong with a line; nothing for one that refuses or stays on the machine."""
    if door.method == "reject":
        return []
    why = ["no password asked"] if door.method == "trust" else []
    if door.kind == "local" or (door.addresses is not None and _LOOPBACK.covers(door.addresses)):
        return why
    if door.addresses is not None and _everybody(door.addresses):
        why.append("every address")
    clear = door.kind not in _ENCRYPTED and not _refused_in_clear(before, door)
    if clear:
        why.append("encryption is not asked for")
    if door.method in _GUESSED and (clear or door.method == "ident"):
        why.append(f"{door.method} in clear" if clear else door.method)
    return why


def _everybody(which: Ranges) -> bool:
    return (which & V4).size > 1 << 31 or (which & V6).size > 1 << 127


def _refused_in_clear(before: tuple[Door, ...], door: Door) -> bool:
    """Whether an earlier line refuses connections without TLS for everybody this line lets in."""
    return any(
        one.kind == "hostnossl"
        and one.method == "reject"
        and one.databases == ("all",)
        and one.users == ("all",)
        and one.addresses is not None
        and door.addresses is not None
        and one.addresses.covers(door.addresses)
        for one in before
    )


PROBES: Final = (
    Probe(
        "grants-within-matrix",
        Text(
            "Quyền của tài khoản kết nối có nằm trong ma trận được phê duyệt không?",
            "Are the rights of the connection account within the approved matrix?",
        ),
        ("database-grants", "access-matrix"),
        "both",
        grants_within_matrix,
    ),
    Probe(
        "database-doors",
        Text(
            "pg_hba.conf có giới hạn nguồn và bắt buộc mã hoá không?",
            "Does pg_hba.conf limit who connects, and ask for encryption?",
        ),
        ("database-access",),
        "both",
        database_doors,
    ),
)
