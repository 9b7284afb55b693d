"""What sources show: names, stamps, and what is left out."""

import os
from pathlib import Path

from auditor.agent.settings import Source
from auditor.agent.watch import listing
from auditor.agent.watch.listing import LONGEST, listed, name_of


def names(problems, **source):
    listing = listed((Source.model_validate(source),), problems.append)
    return sorted(Path(name).name for name in listing.files), listing


def test_a_name_that_databases_take_stays_as_it_is():
    assert name_of("/in/nhật ký.log") == "/in/nhật ký.log"
    assert name_of("s3://b/a.log") == "s3://b/a.log"


def test_names_that_no_database_takes_become_legible_and_stay_unique():
    strange = ["/in/\udcff", "/in/\\xff", "/in/\udcfe", "/in/a\0b", "/in/" + "é" * 600]
    strange += ["/in/" + "é" * 599 + "e" * 2]
    made = [name_of(each) for each in strange]
    assert len(set(made)) == len(strange)
    for each in made:
        assert len(each.encode()) <= LONGEST and "\0" not in each


def test_a_folder_is_walked_and_a_glob_is_matched(tmp_path):
    for name in ("a/x.log", "a/y.txt", "b/x.log", ".c/x.log", "a/.x.log"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    problems = []
    assert names(problems, folder=str(tmp_path))[0] == ["x.log", "x.log", "y.txt"]
    assert names(problems, folder=str(tmp_path), include=["*.log"])[0] == ["x.log", "x.log"]
    assert names(problems, folder=str(tmp_path), exclude=["x*"])[0] == ["y.txt"]
    assert names(problems, files=f"{tmp_path}/*/x.*")[0] == ["x.log", "x.log"]
    assert names(problems, files=f"{tmp_path}/a/y.txt")[0] == ["y.txt"]
    assert not problems


def test_a_file_in_two_sources_is_listed_once(tmp_path):
    (tmp_path / "x.log").touch()
    sources = [{"folder": str(tmp_path)}, {"files": f"{tmp_path}/*.log"}]
    listing = listed(map(Source.model_validate, sources), lambda _: None)
    assert len(listing.files) == 1 and listing.complete


def test_a_source_that_cannot_be_listed_is_told_and_nothing_of_it_counts_as_gone(tmp_path):
    problems = []
    for source in ({"folder": f"{tmp_path}/no"}, {"files": f"{tmp_path}/no/*.log"}):
        found, listing = names(problems, **source)
        assert not found and not listing.complete
    assert [each.code for each in problems] == ["source-unreadable"] * 2


def test_the_stamp_changes_with_content_times_and_file(tmp_path):
    path = tmp_path / "x.log"
    stamps = set()

    def stamp():
        (seen,) = listed((Source.model_validate({"folder": str(tmp_path)}),), print).files.values()
        stamps.add(seen.stamp)

    path.write_text("a")
    os.utime(path, (1, 1))
    stamp()
    path.write_text("ab")
    os.utime(path, (1, 1))
    stamp()
    os.utime(path, (2, 2))
    stamp()
    path.rename(tmp_path / ".old")
    path.write_text("ab")
    os.utime(path, (2, 2))
    stamp()
    assert len(stamps) == 4


def test_links_to_folders_do_not_keep_a_pattern_busy(tmp_path):
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "deep" / "a.log").write_text("x")
    (tmp_path / "in" / ".hidden.log").write_text("x")
    for name in ("one", "two", "three"):
        (tmp_path / "in" / name).symlink_to(".")
    for pattern in ("**/*.log", "**/a.log", "**"):
        problems = []
        assert names(problems, files=f"{tmp_path}/in/{pattern}", include=["*.log"])[0] == ["a.log"]
    assert names([], files=f"{tmp_path}/**/deep/*.log")[0] == ["a.log"]


def test_sources_without_end_are_listed_up_to_a_number(tmp_path, monkeypatch):
    monkeypatch.setattr(listing, "MOST_FILES", 3)
    for number in range(5):
        (tmp_path / f"{number}.log").write_text("x")
    problems = []
    found = listed([Source(folder=str(tmp_path))], problems.append)
    assert len(found.files) == 3 and not found.complete
    assert [each.code for each in problems] == ["source-too-large"]
