"""What each settled file is, compared with what was taken and with the others of its batch."""

import hashlib

import pytest

from auditor.agent.watch.contents import facts_of
from auditor.agent.watch.listing import Seen
from auditor.agent.watch.news import Candidate, marks_of, verdicts
from auditor.readers import Source
from auditor.store.files import Content

LONG = b"one line of a log\n" * 5_000


@pytest.fixture
def candidate(tmp_path):
    def made(name, content, **more):
        path = tmp_path / name
        path.write_bytes(content)
        seen = Seen(name, str(path), "1", len(content), 0.0, 0)
        return Candidate(seen, path, facts_of(Source(path), len(content)), **more)

    return made


def taken(name, content, mark):
    kept = Content(hashlib.sha256(content).hexdigest(), mark, len(content), name)
    return {mark: (kept,)}


@pytest.mark.parametrize("content", [LONG, b"short\n"])
def test_a_content_is_new_then_known(candidate, content):
    each = candidate("a", content)
    assert verdicts([each], {}, {})["a"].kind == "new"
    kept = taken("b", content, each.facts.mark)
    assert set(kept) <= marks_of([each])
    assert verdicts([each], kept, {})["a"].reason == "same content as b"


@pytest.mark.parametrize("content", [LONG, b"short\n"])
def test_of_two_copies_one_is_new(candidate, content):
    found = verdicts([candidate("b", content), candidate("a", content)], {}, {})
    assert (found["a"].kind, found["b"].kind, found["b"].twin) == ("new", "copy", "a")


def test_of_two_copies_the_one_in_a_series_is_taken(candidate):
    both = [candidate("a", LONG), candidate("ring_00013", LONG)]
    found = verdicts(both, {}, {"a": 1, "ring_00013": 13})
    assert (found["ring_00013"].kind, found["a"].twin) == ("new", "ring_00013")


@pytest.mark.parametrize("content", [LONG, b"short line\n"])
def test_what_begins_with_a_taken_content_has_grown(candidate, content):
    base = candidate("a", content)
    kept = taken("a", content, base.facts.mark)
    found = verdicts([candidate("a", content + b"more\n")], kept, {})["a"]
    assert found.kind == "grown" and found.base.size == len(content)
    assert found.length == len(content) + 5


def test_the_longer_of_two_that_begin_alike_waits_for_the_shorter(candidate):
    found = verdicts([candidate("b", LONG + b"more\n"), candidate("a", LONG)], {}, {})
    assert (found["a"].kind, found["b"].kind) == ("new", "waits")


def test_a_change_in_the_middle_is_refused_under_the_same_name_only(candidate):
    base = candidate("a", LONG)
    kept = taken("a", LONG, base.facts.mark)
    other = LONG[:-9] + b"otherwise\n"
    assert verdicts([candidate("a", other)], kept, {})["a"].kind == "refused"
    assert verdicts([candidate("a", other, released=True)], kept, {})["a"].kind == "new"
    assert verdicts([candidate("b", other)], kept, {})["b"].same_beginning.name == "a"


RECORD = '{{"time":"2026-11-22T{:02}:00:00Z","flowTuples":"{}"}}'


def document(*records):
    return (
        f'{{"records":[{",".join(RECORD.format(each, "x" * 300) for each in records)}]}}'.encode()
    )


@pytest.mark.parametrize(
    ("before", "now", "kind"),
    [
        (document(1), document(1, 2), "refused"),  # Azure's PT1H.json, an hour that goes on
        (document(1), document(2, 3), "new"),  # the next hour under the same name
        (b"a,b\n1,2\n3,4\n5,6\ntotal,3\n", b"a,b\n1,2\n3,4\n5,6\n7,8\ntotal,4\n", "refused"),
        (b"#long title of a log\na,b\n1,2\n", b"#long title of a log\na,b\n3,4\n", "new"),
    ],
)
def test_a_short_file_that_is_written_anew_as_it_grows_is_not_counted_twice(
    candidate, before, now, kind
):
    kept = taken("a", before, candidate("a", before).facts.mark)
    assert verdicts([candidate("a", now)], kept, {})["a"].kind == kind


def test_a_file_that_went_meanwhile_is_told(candidate):
    each = candidate("a", LONG)
    each.path.unlink()
    assert verdicts([each], taken("b", LONG, each.facts.mark), {})["a"].kind == "failed"
