"""PostgreSQL rights and roles."""

import pytest

from auditor.checklist.sources.postgresql import Grant, Membership, database_grants
from auditor.model.errors import InputError

ALIGNED = r"""                                 Access privileges
 Schema |  Name  | Type  |   Access privileges    | Column privileges | Policies
--------+--------+-------+------------------------+-------------------+----------
 public | a      | table | owner=arwdDxtm/owner  +|                   |
        |        |       | "my-role"=r*w/owner   +|                   |
        |        |       | =r/owner               |                   |
 public | b      | table |                        | c1:              +|
        |        |       |                        |   sync=r/owner    |
(2 rows)

more text
"""


def test_an_aligned_table_is_read_with_cells_over_several_lines():
    found = database_grants(ALIGNED, "x")
    assert not found.unread
    assert Grant("my-role", "public.a", "SELECT", True, "line 4") in found.grants
    assert Grant("my-role", "public.a", "UPDATE", False, "line 4") in found.grants
    assert Grant("", "public.a", "SELECT", False, "line 4") in found.grants
    assert Grant("sync", "public.b.c1", "SELECT", False, "line 7") in found.grants
    assert sum(one.grantee == "owner" for one in found.grants) == 8


def test_the_same_as_csv_gives_the_same():
    text = "Schema,Name,Type,Access privileges,Column privileges,Policies\n"
    text += 'public,a,table,"owner=arwdDxtm/owner\n""my-role""=r*w/owner\n=r/owner",,\n'
    text += 'public,b,table,,"c1:\n  sync=r/owner",\n'
    bare = lambda found: {(g.grantee, g.object, g.privilege, g.grantable) for g in found.grants}  # noqa: E731
    assert bare(database_grants(text, "x")) == bare(database_grants(ALIGNED, "x"))


def test_the_views_of_the_information_schema_are_read():
    text = "grantor,grantee,routine_schema,routine_name,privilege_type,is_grantable\n"
    text += "o,PUBLIC,public,f,EXECUTE,NO\no,sync,public,g,EXECUTE,YES\n"
    one, two = database_grants(text, "x").grants
    assert (one.grantee, one.object) == ("", "public.f")
    assert two.grantable


def test_roles_and_memberships_are_read():
    roles = database_grants("rolname,rolsuper,rolcanlogin\na,t,f\nb,f,\n", "x").roles
    assert [(r.name, r.superuser, r.logs_in, r.creates_roles) for r in roles] == [
        ("a", True, False, None), ("b", False, None, None),
    ]  # fmt: skip
    members = database_grants("role,member\ngroup,sync\n", "x").members
    assert members == (Membership("sync", "group", "line 2"),)


def test_rows_that_do_not_fit_are_told():
    found = database_grants("rolname,rolsuper\na,t\nb\n", "x")
    assert found.unread[0].place == "line 3"


def test_rights_that_are_not_known_are_told():
    text = "Schema,Name,Type,Access privileges\npublic,a,table,sync=rZ/o\npublic,b,table,nonsense\n"
    assert len(database_grants(text, "x").unread) == 2


@pytest.mark.parametrize(
    "text", ["a,b\n1,2\n", "hello\n", "-----+----\n", '"' * 200_000, "x," * 200_000]
)
def test_what_holds_no_rights_is_refused(text):
    with pytest.raises(InputError):
        database_grants(text, "x")
