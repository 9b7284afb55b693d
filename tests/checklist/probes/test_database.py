"""Rights in databases, and the doors into them."""

import pytest

from tests.checklist.probes.export_facts import outcome

MATRIX = (
    "access-matrix",
    'account,object,privilege\nsync,public.a,SELECT\nsync,gis.*,"SELECT, INSERT"\n',
)
ROLES = ("database-grants", "rolname,rolsuper,rolcanlogin\nsync,f,t\nowner,f,t\nnhom,f,f\n")
MEMBERS = "role,member\nnhom,sync\n"


def grants(*rows):
    head = "grantee,table_schema,table_name,privilege_type,is_grantable\n"
    return "database-grants", head + "".join(f"{row}\n" for row in rows)


ONE = "sync,public,a,SELECT,NO"


@pytest.mark.parametrize(
    ("row", "answer"),
    [("sync,gis,b,INSERT,NO", "pass"), ("sync,public,b,SELECT,NO", "fail"),
     ("sync,public,a,UPDATE,NO", "fail"), ("sync,public,a,SELECT,YES", "fail"),
     ("sync,gis,b,TRUNCATE,NO", "fail"), ("owner,public,z,DELETE,YES", "pass"),
     ("PUBLIC,public,z,SELECT,NO", "fail"), ("PUBLIC,pg_catalog,z,SELECT,NO", "pass"),
     ("SYNC,public,z,SELECT,NO", "fail"), ("nhom,public,z,SELECT,NO", "partial")],
)  # fmt: skip
def test_rights_of_the_sync_account_stay_within_the_matrix(row, answer):
    assert outcome("grants-within-matrix", MATRIX, ROLES, grants(ONE, row)).answer == answer


def test_rights_of_its_groups_count_as_its_own():
    evidence = (MATRIX, ROLES, grants(ONE, "nhom,public,z,SELECT,NO"))
    assert outcome("grants-within-matrix", *evidence, ("database-grants", MEMBERS)).answer == "fail"


@pytest.mark.parametrize("power", ["rolsuper", "rolcreaterole", "rolcreatedb", "rolbypassrls"])
def test_powers_of_a_role_fail(power):
    roles = ("database-grants", f"rolname,{power}\nsync,t\n")
    assert outcome("grants-within-matrix", MATRIX, roles, grants(ONE)).answer == "fail"


def test_an_unread_row_or_an_empty_matrix_never_passes():
    assert outcome("grants-within-matrix", MATRIX, ROLES, grants(ONE, "cut")).answer == "unknown"
    empty = ("access-matrix", "account,object,privilege\n")
    assert outcome("grants-within-matrix", empty, ROLES, grants(ONE)).answer == "unknown"
    partly = ("access-matrix", "account,object\nsync,a\n")
    assert outcome("grants-within-matrix", partly, ROLES, grants(ONE)).answer == "unknown"


@pytest.mark.parametrize(
    ("line", "answer"),
    [("hostssl all sync 10.20.20.5/32 scram-sha-256", "pass"),
     ("host all sync 10.20.20.5/32 scram-sha-256", "fail"),
     ("hostssl all sync 10.20.20.5/32 md5", "pass"),
     ("hostssl all sync 10.20.20.5/32 trust", "fail"),
     ("hostssl all sync ::/0 cert", "fail"), ("hostssl all sync all cert", "fail"),
     ("hostssl all sync 0.0.0.0 0.0.0.0 cert", "fail"), ("host all all ::1/128 md5", "pass"),
     ("local all all trust", "fail"), ("host all all 0.0.0.0/0 reject", "pass"),
     ("hostnossl all sync 10.20.20.5/32 md5", "fail"),
     ("hostssl all sync 10.20.20.5/32 ident", "fail")],
)  # fmt: skip
def test_each_door_is_looked_at(line, answer):
    text = f"local all postgres peer\n{line}\n"
    assert outcome("database-doors", ("database-access", text)).answer == answer


def test_a_refusal_that_does_not_cover_the_door_helps_nothing():
    text = "hostnossl all all 10.20.10.0/24 reject\nhost all sync 10.20.20.5/32 scram-sha-256\n"
    assert outcome("database-doors", ("database-access", text)).answer == "fail"
