r"""PostgreSQL: rights and roles, as ``psql`` prints them or as CSV.

``\dp`` (aligned or ``--csv``), ``information_schema.role_table_grants`` and
``role_routine_grants``, ``pg_roles`` and ``pg_auth_members`` (PostgreSQL manual, chapter
"Privileges", table of ACL abbreviations).
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from auditor.checklist.sources.firewall import Unread, first_words
from auditor.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PRIVILEGES: Final[Mapping[str, str]] = {
    "r": "SELECT", "a": "INSERT", "w": "UPDATE", "d": "DELETE", "D": "TRUNCATE",
    "x": "REFERENCES", "t": "TRIGGER", "X": "EXECUTE", "U": "USAGE", "C": "CREATE",
    "c": "CONNECT", "T": "TEMPORARY", "s": "SET", "A": "ALTER SYSTEM", "m": "MAINTAIN",
}  # fmt: skip
_ACL: Final = re.compile(r'^("(?:[^"]|"")*"|[^="\s]*)=([A-Za-z*]*)/(\S.*)$')
_MOST: Final = 1_000_000
_RULE: Final = re.compile(r"^\s*[-+]{5,}\s*$")


@dataclass(frozen=True, slots=True)
class Grant:
    """One right of one role. ``grantee`` empty = PUBLIC, everybody."""

    grantee: str
    object: str
    privilege: str
    grantable: bool
    place: str


@dataclass(frozen=True, slots=True)
class Role:
    """One role; null = the export does not say."""

    name: str
    superuser: bool | None
    creates_roles: bool | None
    creates_databases: bool | None
    bypasses_row_security: bool | None
    logs_in: bool | None
    place: str


@dataclass(frozen=True, slots=True)
class Membership:
    """A role that has the rights of a group."""

    member: str
    group: str
    place: str


@dataclass(frozen=True, slots=True)
class Grants:
    """One export.

    Attributes:
        states: what it tells of: ``grants``, ``roles`` or ``members``.
    """

    states: str
    grants: tuple[Grant, ...] = ()
    roles: tuple[Role, ...] = ()
    members: tuple[Membership, ...] = ()
    unread: tuple[Unread, ...] = ()


def database_grants(text: str, place: str) -> Grants:
    """What an export says of rights.

    Raises:
        InputError: it is none of the forms known here.
    """
    lines = text.split("\n")
    aligned = next(
        (at for at in range(1, min(len(lines), 50)) if _RULE.match(lines[at]) and "+" in lines[at]),
        None,
    )
    if aligned is not None:
        return _of_rows(_aligned(lines, aligned - 1), place)
    return _of_rows(_separated(text, place), place)


Row = tuple[str, dict[str, str]]


def _aligned(lines: list[str], head: int) -> Iterator[Row]:
    """Rows of a table that psql aligned; cells that end in ``+`` go on in the next line."""
    names = [name.strip().lower() for name in lines[head].split("|")]
    cells: list[str] = []
    start = 0
    for number, line in enumerate(lines[head + 2 :], start=head + 3):
        if re.match(r"^\([0-9]+ (rows?|hàng)\)", line) or not line.strip():
            break
        found = [cell.rstrip() for cell in line.split("|")]
        if len(found) != len(names):
            yield f"line {number}", {"": first_words(line)}
            cells = []
            continue
        goes_on = any(cell.endswith("+") for cell in found)
        plain = [cell.removesuffix("+").strip() for cell in found]
        if not cells:
            start = number
            cells = plain
        else:
            cells = [f"{old}\n{new}" if new else old for old, new in zip(cells, plain, strict=True)]
        if not goes_on:
            yield f"line {start}", dict(zip(names, cells, strict=True))
            cells = []
    if cells:
        yield f"line {start}", dict(zip(names, cells, strict=True))


def _separated(text: str, place: str) -> Iterator[Row]:
    head = text[:4096].split("\n", 1)[0]
    reader = csv.reader(io.StringIO(text), delimiter=max(",;\t|", key=head.count))
    try:
        names = [name.strip().lower() for name in next(reader, [])]
        line = reader.line_num
        for row in reader:
            start, line = line + 1, reader.line_num
            if not any(row):
                continue
            if len(row) != len(names):
                yield f"line {start}", {"": first_words(",".join(row))}
            else:
                yield f"line {start}", dict(zip(names, row, strict=True))
    except csv.Error as error:
        raise InputError(
            f"is no CSV that can be read: {error}",
            place=f"{place}, line {reader.line_num}",
            hint="Export it anew with psql --csv.",
        ) from None


def _of_rows(rows: Iterator[Row], place: str) -> Grants:
    grants: list[Grant] = []
    roles: list[Role] = []
    members: list[Membership] = []
    unread: list[Unread] = []
    states = ""
    for count, (where, row) in enumerate(rows):
        if count >= _MOST:
            unread.append(Unread(where, "too many rows"))
            break
        if "" in row:
            unread.append(Unread(where, row[""]))
        elif "access privileges" in row or "privilege_type" in row:
            states = "grants"
            grants += _listed(where, row) if "privilege_type" in row else _acl(where, row, unread)
        elif "rolname" in row:
            states = "roles"
            roles.append(_role(where, row))
        elif {"member", "role"} <= row.keys() or {"member", "roleid"} <= row.keys():
            states = "members"
            members.append(Membership(row["member"], row.get("role") or row["roleid"], where))
        else:
            break
    if not states:
        raise InputError(
            "holds no rights, roles or memberships that are recognised",
            place=place,
            hint=r"Attach \dp, information_schema.role_table_grants, pg_roles or pg_auth_members "
            "as CSV (psql --csv).",
        )
    return Grants(states, tuple(grants), tuple(roles), tuple(members), tuple(unread))


def _listed(place: str, row: dict[str, str]) -> list[Grant]:
    schema = row.get("table_schema") or row.get("routine_schema") or row.get("object_schema", "")
    name = row.get("table_name") or row.get("routine_name") or row.get("object_name", "")
    grantee = row.get("grantee", "")
    return [
        Grant(
            "" if grantee == "PUBLIC" else grantee,
            f"{schema}.{name}" if schema else name,
            row["privilege_type"].strip().upper(),
            row.get("is_grantable", "").strip().upper() in ("YES", "T", "TRUE"),
            place,
        )
    ]


def _acl(place: str, row: dict[str, str], unread: list[Unread]) -> Iterator[Grant]:
    name = f"{row.get('schema', '')}.{row.get('name', '')}".strip(".")
    texts = [(name, row["access privileges"])]
    column = ""
    for line in (row.get("column privileges") or "").splitlines():
        if line.rstrip().endswith(":"):
            column = line.strip()[:-1]
        elif line.strip():
            texts.append((f"{name}.{column}", line))
    for target, text in texts:
        for entry in text.split("\n"):
            if not entry.strip():
                continue
            found = _ACL.match(entry.strip())
            if found is None:
                unread.append(Unread(place, "access privileges"))
                continue
            grantee = found[1].strip('"').replace('""', '"')
            letters = re.findall(r"([A-Za-z])(\*?)", found[2])
            for letter, star in letters:
                if letter not in PRIVILEGES:
                    unread.append(Unread(place, f"right {letter}"))
                    continue
                yield Grant(grantee, target, PRIVILEGES[letter], star == "*", place)


def _role(place: str, row: dict[str, str]) -> Role:
    said = {"t": True, "true": True, "yes": True, "f": False, "false": False, "no": False}

    def flag(name: str) -> bool | None:
        return said.get(row.get(name, "").strip().lower())

    return Role(
        row["rolname"],
        flag("rolsuper"),
        flag("rolcreaterole"),
        flag("rolcreatedb"),
        flag("rolbypassrls"),
        flag("rolcanlogin"),
        place,
    )
