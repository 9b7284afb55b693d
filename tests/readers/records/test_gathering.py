from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.readers.reading import ROWS, Settings
from auditor.readers.records import gathering
from auditor.readers.records.batch import COLUMNS, Batch, Where
from auditor.readers.records.checked import checked
from auditor.readers.records.gathering import Gathering, Known
from auditor.readers.records.pairing import SECOND
from auditor.readers.records.tally import Tally
from tests.readers.records.telling import told

HOME, PEER = "10.20.1.15", "52.95.110.1"
ASK = {
    "src_ip": HOME,
    "src_port": 50000,
    "dst_ip": PEER,
    "dst_port": 443,
    "protocol": 6,
    "src_bytes": 100,
}
ANSWER = {
    "src_ip": PEER,
    "src_port": 443,
    "dst_ip": HOME,
    "dst_port": 50000,
    "protocol": 6,
    "src_bytes": 7,
}


def table(*records: dict) -> pa.Table:
    columns = {}
    for name in COLUMNS:
        if name in ("start", "end"):
            short = "at" if name == "start" else "to"
            values = [record.get(short, record.get("at", 0)) * SECOND for record in records]
            columns[name] = pa.array(values, COLUMNS[name])
        elif any(name in record for record in records):
            columns[name] = pa.array([record.get(name) for record in records], COLUMNS[name])
    return checked(Batch(columns, Where()), Tally())


def gathered(*files: list[list[dict]], one_way=False):
    """Flows per file, and the problems per file; a file is a list of blocks of records."""
    tallies = [Tally() for _ in files]
    parts: list[tuple[int, pa.Table]] = []
    made = Gathering(tallies, Settings(), lambda *part: parts.append(part), "log", one_way=one_way)
    for number, blocks in enumerate(files):
        for block in blocks:
            made.add(number, table(*block))
    made.finish()
    for _, part in parts:
        assert part.schema.names == ROWS.names
        starts = part["start"].cast(pa.int64()).to_pylist()
        assert starts == sorted(starts)
    rows = [
        [row for of, part in parts if of == number for row in part.to_pylist()]
        for number in range(len(files))
    ]
    return rows, [
        {code: problem.count for code, problem in told(tally).items()} for tally in tallies
    ]


@pytest.fixture
def small_parts(monkeypatch):
    monkeypatch.setattr(gathering, "PART", 8)
    monkeypatch.setattr(gathering, "MOST_WAITING", 4)


def test_records_of_two_way_logs_become_flows_in_the_order_of_time():
    [rows], [problems] = gathered([[{**ASK, "at": 5}, {**ASK, "at": 3}], [{**ASK, "at": 4}]])
    assert [row["start"].value // SECOND for row in rows] == [3, 4, 5]
    assert {
        (row["seen_by"], row["clock"], row["time_basis"], row["initiator_basis"]) for row in rows
    } == {("log", "stated", "recorded", "recorded")}
    assert not problems


def test_no_records_hand_nothing_on():
    assert gathered([], []) == ([[], []], [{}, {}])


def test_a_flow_is_of_the_file_that_it_began_in():
    rows, problems = gathered([[{**ASK, "at": 1}]], [[{**ANSWER, "at": 2}]], one_way=True)
    assert [len(each) for each in rows] == [1, 0]
    assert problems == [{}, {}]


def test_what_another_file_told_in_the_same_words_is_counted_once():
    block = [{**ASK, "at": at} for at in range(3)]
    rows, problems = gathered([block, block], [[*block, {**ASK, "at": 9}]], [[{**ASK, "at": 9}]])
    assert [len(each) for each in rows] == [6, 1, 0]  # twice in one file are two
    assert problems == [{}, {"duplicate-records": 3}, {"duplicate-records": 1}]


@pytest.mark.parametrize(
    "other",
    [
        {"at": 1},
        {"to": 9},
        {"src_bytes": 101},
        {"src_port": 1},
        {"src_packets": 1},
        {"blocked": True},
        {"observer": "b"},
    ],
)
def test_what_differs_in_anything_is_no_duplicate(other):
    rows, problems = gathered([[ASK]], [[{**ASK, **other}]])
    assert [len(each) for each in rows] == [1, 1]
    assert "duplicate-records" not in problems[1]


def test_duplicates_are_known_whatever_else_their_blocks_hold():
    other = {**ASK, "src_port": 1, "dst_payload": 5, "session": "x", "observer": "y", "at": 9000}
    rows, problems = gathered([[ASK, other]], [[ASK]])
    assert [len(each) for each in rows] == [2, 0]
    assert problems[1] == {"duplicate-records": 1}


def test_of_a_session_the_last_record_tells_all(small_parts):
    session = [
        {**ASK, "session": "s", "src_bytes": size, "to": size, "unfinished": size < 5}
        for size in range(1, 6)
    ]
    others = [{**ASK, "src_port": port, "at": 2, "session": f"o{port}"} for port in range(20)]
    rows, problems = gathered([session[:2], others, session[2:4]], [session[4:]])
    assert sorted(
        row["src_bytes"] for each in rows for row in each if row["src_port"] == 50000
    ) == [5]
    assert sum(len(each) for each in rows) == 21
    assert Counter(problems[0]) + Counter(problems[1]) == {"interim-records": 4}


def test_a_session_that_never_ended_counts_with_what_it_had():
    [rows], _ = gathered([[{**ASK, "session": "s", "unfinished": True, "src_bytes": 5}]])
    assert [row["src_bytes"] for row in rows] == [5]


def test_records_without_a_session_are_left_alone():
    [rows], problems = gathered(
        [[{**ASK, "session": None}, {**ASK, "session": None}, {**ASK, "session": "s"}]]
    )
    assert len(rows) == 3
    assert problems == [{}]


def test_traffic_that_two_interfaces_saw_is_counted_once_in_each_direction():
    block = [{**record, "observer": eni} for record in (ASK, ANSWER) for eni in ("eni-a", "eni-b")]
    block[1] = {**block[1], "src_bytes": 120}
    [rows], [problems] = gathered([block], one_way=True)
    assert [(row["src_bytes"], row["dst_bytes"]) for row in rows] == [(120, 7)]
    assert problems == {"several-observers": 2}


def test_one_interface_is_never_taken_for_two():
    [rows], [problems] = gathered([[{**ASK, "observer": "a"}] * 2], one_way=True)
    assert [row["src_bytes"] for row in rows] == [200]
    assert problems == {"one-way": 1}


def test_the_other_direction_is_waited_for_across_parts(small_parts):
    block = [{**ASK, "src_port": port, "at": 600 * port} for port in range(1, 30)]
    answers = [{**ANSWER, "dst_port": port, "at": 600 * port} for port in range(1, 30)]
    mixed = [record for pair in zip(block, answers, strict=True) for record in pair]
    [rows], [problems] = gathered([mixed[:1], mixed[1:]], one_way=True)
    assert [(row["src_bytes"], row["dst_bytes"]) for row in rows] == [(100, 7)] * 29
    assert problems == {}


def test_a_record_of_another_age_does_not_end_the_waiting(monkeypatch):
    monkeypatch.setattr(gathering, "PART", 1000)
    monkeypatch.setattr(gathering, "MOST_WAITING", 500)
    asks = [{**ASK, "src_port": port, "at": 10 * port} for port in range(1025, 3024)]
    answers = [{**ANSWER, "dst_port": port, "at": 10 * port} for port in range(1025, 3024)]
    mixed = [record for pair in zip(asks, answers, strict=True) for record in pair]
    future = {**ASK, "src_port": 9, "at": 4_000_000_000}
    [rows], [problems] = gathered([[future, *mixed]], one_way=True)
    assert len(rows) == 2000
    assert problems == {"one-way": 1}


RECORD = st.fixed_dictionaries(
    {
        "src_ip": st.sampled_from([HOME, PEER]), "dst_ip": st.sampled_from([HOME, PEER]),
        "src_port": st.sampled_from([443, 50000]), "dst_port": st.sampled_from([443, 50000]),
        "protocol": st.just(6), "at": st.integers(0, 500), "src_bytes": st.integers(0, 9),
        "src_packets": st.just(1),
    }
)  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(st.lists(RECORD, min_size=1, max_size=60), st.data())
def test_flows_do_not_depend_on_where_blocks_end(records, data):
    cuts = sorted(data.draw(st.sets(st.integers(0, len(records)), max_size=5)))
    blocks = [records[a:b] for a, b in zip([0, *cuts], [*cuts, len(records)], strict=True)]
    patch = pytest.MonkeyPatch()
    with patch.context() as context:
        context.setattr(gathering, "PART", 8)
        context.setattr(gathering, "MOST_WAITING", 4)
        whole = gathered([records], one_way=True)
        assert gathered([block for block in blocks if block], one_way=True) == whole
    sums = sum(row[f"{side}_bytes"] or 0 for row in whole[0][0] for side in ("src", "dst"))
    assert sums == sum(record["src_bytes"] for record in records)
    assert sum(
        row[f"{side}_packets"] or 0 for row in whole[0][0] for side in ("src", "dst")
    ) == len(records)


@given(st.lists(st.tuples(st.integers(0, 3), st.lists(st.integers(0, 300), max_size=100))))
def test_hashes_are_known_as_a_plain_dictionary_knows_them(batches):
    known, first = Known(), {}
    for file, values in batches:
        again = known.told_before(np.array(values, np.int64), file)
        wanted = []
        for value in values:
            wanted.append(first.setdefault(value, file) != file)
        assert again.tolist() == wanted


def test_many_hashes_are_known_and_the_oldest_are_forgotten(monkeypatch):
    monkeypatch.setattr(gathering, "MOST_KNOWN", 100_000)
    known = Known()
    for start in range(0, 300_000, 50_000):
        assert not known.told_before(np.arange(start, start + 50_000), 0).any()
    assert known.told_before(np.arange(200_000, 300_000), 1).all()
    assert not known.told_before(np.arange(50_000), 1).any()


def test_a_part_may_be_nothing_but_sessions_that_go_on(small_parts):
    going_on = [
        {**ASK, "src_port": port, "session": f"s{port}", "unfinished": True} for port in range(8)
    ]
    for one_way in (False, True):
        [rows], _ = gathered([going_on, going_on], one_way=one_way)
        assert sorted(row["src_port"] for row in rows) == list(range(8))
