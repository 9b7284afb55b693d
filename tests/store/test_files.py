"""The files that sources show, and the contents that were taken."""

from datetime import UTC, datetime, timedelta

from auditor.store import files
from auditor.store.files import Content, FileRow

NOW = datetime(2026, 11, 22, 1, tzinfo=UTC)


def row(name, state="waiting", stamp="1", size=10, since=NOW, reason=None):
    return FileRow(name, stamp, size, state, since, since, reason)


def test_a_file_is_known_by_its_name_and_stamp(store):
    with store.writing() as connection:
        files.put(connection, "night", [row("a"), row("b", "taken", "2")])
        files.put(connection, "other", [row("a", stamp="9")])
        files.put(connection, "night", [row("a", stamp="3")])
    with store.reading() as connection:
        assert files.known(connection, "night") == {
            "a": ("3", "waiting", False),
            "b": ("2", "taken", False),
        }
        assert files.waits(connection, "night") == {"a": (NOW, NOW)}


def test_the_backlog_is_what_waits_and_is_there(store):
    old = NOW - timedelta(hours=2)
    with store.writing() as connection:
        assert files.backlog(connection, "night") == files.Backlog(0, 0, None)
        rows = [row("a"), row("b", since=old), row("c", "taken"), row("d")]
        files.put(connection, "night", rows)
        files.missed(connection, "night", ["d"], NOW)
        assert files.backlog(connection, "night") == files.Backlog(2, 20, old)
        files.back(connection, "night", ["d"])
        assert files.backlog(connection, "night").files == 3


def test_a_quarantined_file_can_be_released_once(store):
    with store.writing() as connection:
        files.put(connection, "night", [row("a", "quarantined", reason="is no log"), row("b")])
        (held,) = files.quarantined(connection, "night")
        assert (held.name, held.reason) == ("a", "is no log")
        assert files.released(connection, "night", "a")
        assert not files.released(connection, "night", "a")
        assert not files.released(connection, "night", "b")
        assert files.quarantined(connection, "night") == ()
        assert files.backlog(connection, "night").files == 2


def test_a_content_stays_as_it_was_first_taken(store):
    with store.writing() as connection:
        files.taken(connection, "night", "run-1", [Content("c" * 64, "m1", 5, "a")], NOW)
        files.taken(connection, "night", "run-2", [Content("c" * 64, "m1", 5, "b")], NOW)
        files.taken(connection, "other", "run-3", [Content("c" * 64, "m1", 5, "b")], NOW)
        found = files.with_marks(connection, "night", ["m1", "m2", *map(str, range(1200))])
        assert found == {"m1": (Content("c" * 64, "m1", 5, "a"),)}


def test_that_a_file_was_not_audited_and_why_is_known_for_a_year_after_it_went(store):
    with store.writing() as connection:
        files.put(connection, "night", [row("a", "quarantined", reason="is no log")])
        files.missed(connection, "night", ["a"], NOW)
        assert files.forgotten(connection, "night", NOW + files.HELD_FOR) == 0
        later = NOW + files.HELD_FOR + timedelta(seconds=1)
        assert files.forgotten(connection, "night", later) == 1


def test_a_file_that_is_gone_for_long_is_forgotten(store):
    with store.writing() as connection:
        files.put(connection, "night", [row("a", "taken"), row("b", "taken")])
        files.missed(connection, "night", ["a"], NOW)
        assert files.forgotten(connection, "night", NOW) == 0
        assert files.forgotten(connection, "night", NOW + timedelta(seconds=1)) == 1
        assert set(files.known(connection, "night")) == {"b"}


def test_what_became_of_files_is_marked_by_name(store):
    with store.writing() as connection:
        files.put(connection, "night", [row("a"), row("b")])
        change = {"name": "a", "state": "taken", "stamp": "7", "size": 3, "reason": None}
        files.concluded(connection, "night", [{**change, "run_id": "run-1"}])
        assert files.known(connection, "night")["a"] == ("7", "taken", False)
        assert files.known(connection, "night")["b"].state == "waiting"
