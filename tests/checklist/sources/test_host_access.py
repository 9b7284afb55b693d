"""pg_hba.conf."""

import pytest

from auditor.checklist.sources.host_access import host_access
from auditor.checklist.sources.ranges import ADDRESSES, addresses
from auditor.model.errors import InputError


def one(line):
    (door,) = host_access(line, "x").doors
    return door


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("10.20.0.0/16", addresses("10.20.0.0/16")),
        ("10.20.0.0 255.255.0.0", addresses("10.20.0.0/16")),
        ("2001:db8::/32", addresses("2001:db8::/32")),
        ("all", ADDRESSES),
        ("samenet", None),
        (".mau.gov.vn", None),
    ],
)
def test_addresses_are_read_in_each_way_they_are_written(text, found):
    assert one(f"hostssl all sync {text} cert").addresses == found


def test_lists_quotes_options_and_comments_are_read():
    door = one(
        'hostssl "all", "dat dai",gis +nhom,sync 10.0.0.1/32 ldap ldapserver="a b" x=1 # note'
    )
    assert door.databases == ("all", "dat dai", "gis")
    assert door.users == ("+nhom", "sync")
    assert door.options == ("ldapserver=a b", "x=1")


def test_a_backslash_goes_on_in_the_next_line():
    found = host_access("# c\nhostssl all all \\\n10.0.0.1/32 cert\nlocal all all peer\n", "x")
    assert [door.place for door in found.doors] == ["line 2", "line 4"]


@pytest.mark.parametrize(
    "line",
    [
        "include other.conf",
        "include_dir d",
        "host all all 10.0.0.1/99 md5",
        "host all all",
        "host all all 10.0.0.1/32 telepathy",
        "nonsense",
    ],
)
def test_what_is_not_understood_is_told(line):
    found = host_access(f"local all all peer\n{line}\n", "x")
    assert found.unread[0].place == "line 2"
    assert len(found.doors) == 1


@pytest.mark.parametrize("text", ["# only a comment\n", "hello\n", '"' * 100_000, "," * 100_000])
def test_a_file_without_any_line_is_refused(text):
    with pytest.raises(InputError):
        host_access(text, "x")
