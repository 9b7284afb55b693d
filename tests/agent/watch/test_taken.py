"""What is remembered of the files of a run, on both databases."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from auditor.agent.watch import Taken, changed, committed, named, refused
from auditor.agent.watch.listing import Seen, stamp_of
from auditor.model.problem import Problem
from auditor.model.run import InputFile, Run, Totals
from auditor.store import files
from auditor.store.files import FileRow

NOW = datetime(2026, 11, 22, 1, tzinfo=UTC)


def ready(name, **more):
    path = Path("/in") / name
    return Taken(str(path), path, str(path), "s1", 10, f"mark-{name}", length=10, **more)


def read(name, content, packets=3, **more):
    file = InputFile(1, name, 10, content, "squid", packets, 0, None, 1, None, None)
    return replace(file, content=content, **more)


def run(*inputs, problems=()):
    totals = Totals(*[0] * 12, by_country=(), geo_states={})
    return Run(1, "a", "run-1", "0", NOW, NOW, None, "VN", {}, inputs, totals, (), problems, ())


def commit(store, taken, said):
    with store.writing() as connection:
        rows = [each.name for each in taken] + [copy.name for t in taken for copy in t.copies]
        waiting = [FileRow(name, "s0", 1, "waiting", NOW, NOW) for name in rows]
        files.put(connection, "j", waiting)
        committed(connection, "j", "run-1", taken, said, NOW)
    with store.reading() as connection:
        states = {name: row.state for name, row in files.known(connection, "j").items()}
        marks = [f"mark-{name}" for name in "abcxyz"] + ["c1", "c2", "c3"]
        kept = files.with_marks(connection, "j", marks)
        held = files.quarantined(connection, "j")
    return states, {each.sha256: each for some in kept.values() for each in some}, held


def test_what_was_read_is_taken_with_its_content_and_its_copies_are_known(store):
    copy = Seen("/in/copy", "/in/copy", "s2", 10, 0.0, 0)
    states, kept, _ = commit(store, [ready("a", copies=(copy,))], run(read("/in/a", "c1")))
    assert states == {"/in/a": "taken", "/in/copy": "known"}
    assert kept["c1"].mark == "mark-a" and kept["c1"].size == 10


def test_what_held_no_record_is_no_beginning_of_anything(store):
    _, kept, _ = commit(store, [ready("a")], run(read("/in/a", "c1", packets=0)))
    assert kept["c1"].mark == "c1" and kept["c1"].size == 0


def test_what_could_not_be_read_is_quarantined_with_its_reason(store):
    bad = replace(read("/in/a", None, packets=0), reader=None)
    problem = Problem("unknown-format", "/in/a", "No reader\0takes it.", "Look\ninside.")
    copy = Seen("/in/copy", "/in/copy", "s2", 10, 0.0, 0)
    taken = [ready("a", copies=(copy,)), ready("b")]
    states, kept, held = commit(store, taken, run(bad, problems=(problem,)))
    assert states == {"/in/a": "quarantined", "/in/copy": "waiting", "/in/b": "quarantined"}
    assert held[0].reason == "No reader takes it. Look inside." and not kept
    assert held[1].reason == "Nothing of it could be read."


def test_an_archive_is_taken_with_its_members(store):
    members = (("/in/a/x", "mark-x"), ("/in/a/y", "mark-y"))
    taken = [ready("a", content="c1", members=members)]
    states, kept, _ = commit(store, taken, run(read("/in/a/x", "c2"), read("/in/a/y", "c3")))
    assert states == {"/in/a": "taken"}
    assert {digest: each.mark for digest, each in kept.items()} == {
        "c1": "mark-a", "c2": "mark-x", "c3": "mark-y",
    }  # fmt: skip


def test_a_copy_is_called_by_its_true_name_and_still_found_by_it(store):
    staged = replace(ready("a"), path=Path("/scratch/1/a"), shown="/in/a (from byte 7)")
    said = run(
        read("/scratch/1/a", "c1"), read("/in/b", "c2"),
        problems=(Problem("x", "/scratch/1/a", "m"), Problem("x", "/scratch/1/a/member", "m")),
    )  # fmt: skip
    shown = named(said, [staged, ready("b")])
    assert [file.name for file in shown.inputs] == ["/in/a (from byte 7)", "/in/b"]
    assert shown.problems[1].source == "/in/a (from byte 7)/member"
    states, _, _ = commit(store, [staged, ready("b")], shown)
    assert set(states.values()) == {"taken"}


def test_a_run_that_could_read_nothing_quarantines_all(store):
    with store.writing() as connection:
        files.put(connection, "j", [FileRow("/in/a", "s0", 1, "waiting", NOW, NOW)])
        refused(connection, "j", [ready("a")], "nothing could be read")
        (held,) = files.quarantined(connection, "j")
    assert held.reason == "nothing could be read"


def test_files_that_changed_moved_or_went_are_told(tmp_path):
    taken = []
    for name in ("same", "longer", "gone"):
        path = tmp_path / name
        path.write_text("a")
        made = replace(ready(name), name=name, path=path, stamp=stamp_of(path.stat()))
        taken.append(replace(made, original=path))
    taken.append(replace(taken[2], name="staged", original=None))
    (tmp_path / "longer").write_text("ab")
    (tmp_path / "gone").unlink()
    assert changed(taken) == ("longer", "gone")
