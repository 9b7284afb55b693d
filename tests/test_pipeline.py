from __future__ import annotations

import gzip
import json
import os
import shutil
import socket
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from auditor import pipeline
from auditor.model.errors import InputError, PolicyError
from auditor.model.flow_table import Stage, conform, to_arrow
from auditor.model.run import Run, to_json

ROOT = Path(__file__).parents[1]
PCAPS = ROOT / "samples" / "pcaps"
ZEEK = ROOT / "samples" / "logs" / "zeek"
EXAMPLES = ROOT / "policies" / "examples"
SMALL = PCAPS / "truncated.pcap"
OTHER = PCAPS / "domestic-only.pcap"


class Watched:
    """Progress that remembers what it was told."""

    def __init__(self):
        self.stages: list[str] = []
        self.total = 0
        self.done = 0

    def stage(self, name, total=None):
        self.stages.append(name)
        self.total += total or 0

    def advance(self, size):
        self.done += size


def order(*paths: Path, **changes) -> pipeline.Order:
    return replace(
        pipeline.Order(
            paths=paths,
            policies=ROOT / "policies",
            geoip=ROOT / "geoip",
            inventory=EXAMPLES / "inventory.yaml",
            dossiers=EXAMPLES / "dossiers.yaml",
        ),
        **changes,
    )


def audit(*paths: Path, **changes) -> pipeline.Audit:
    clock = iter(datetime(2026, 11, 21, second, tzinfo=UTC) for second in range(24))
    return pipeline.audit(order(*paths, **changes), lambda: next(clock), Watched())


def codes(run: Run) -> set[tuple[str, str]]:
    return {
        (problem.code, Path(problem.source).name)
        for problem in run.problems
        if not problem.code.startswith("geo-")
    }


def what_flowed(flows: pd.DataFrame) -> list[str]:
    """The flows as lines, without the numbers that depend on the order of the files."""
    numbered = ["flow_id", "input_id", "witnesses", "witness_of"]
    plain = to_arrow(flows, Stage.CLASSIFY).drop_columns(numbered)
    times = {name: plain[name].cast("int64") for name in ("start", "end")}
    for name, numbers in times.items():
        plain = plain.set_column(plain.schema.get_field_index(name), name, numbers)
    return sorted(json.dumps(row) for row in plain.to_pylist())


def what_was_found(run: Run) -> list[tuple]:
    def weight(finding):
        seen = finding.evidence
        return (finding.id, finding.state, seen.flows, seen.outbound_bytes, finding.dossier)

    return sorted(weight(finding) for finding in run.findings)


@pytest.fixture(scope="module")
def whole() -> pipeline.Audit:
    return audit(PCAPS, ZEEK)


def test_the_same_inputs_give_the_same_run_and_the_same_flows(whole):
    again = audit(PCAPS, ZEEK)
    assert to_json(again.run) == to_json(whole.run)
    pd.testing.assert_frame_equal(again.flows, whole.flows)
    files = [BytesIO(), BytesIO()]
    for one, file in zip((whole, again), files, strict=True):
        pipeline.write_parquet(one.table, file)
    assert files[0].getvalue() == files[1].getvalue()


def test_only_the_times_and_the_run_id_differ_at_another_time(whole):
    late = pipeline.audit(
        order(PCAPS, ZEEK), lambda: datetime(2027, 1, 1, tzinfo=UTC), Watched()
    ).run
    assert late.run_id != whole.run.run_id
    mine = {"run_id": "", "started": whole.run.started, "finished": whole.run.finished}
    assert replace(late, **mine) == replace(whole.run, **mine)


def test_the_flow_table_keeps_the_contract(whole):
    conform(whole.flows, Stage.CLASSIFY)
    assert whole.flows["flow_id"].tolist() == list(range(1, len(whole.flows) + 1))
    assert set(whole.flows["input_id"]) == {file.id for file in whole.run.inputs if file.flows}


def test_the_order_of_the_files_changes_nothing_but_the_numbering(whole):
    turned = audit(ZEEK, *sorted(PCAPS.iterdir(), reverse=True))
    assert what_flowed(turned.flows) == what_flowed(whole.flows)
    assert what_was_found(turned.run) == what_was_found(whole.run)
    assert turned.run.audit_id == whole.run.audit_id
    assert turned.run.totals == whole.run.totals


def test_two_threads_give_what_one_gives(whole):
    both = audit(PCAPS, ZEEK, jobs=2)
    pd.testing.assert_frame_equal(both.flows, whole.flows)
    assert to_json(both.run) == to_json(whole.run)


def test_a_file_that_fails_among_several_threads_is_told_as_in_one(tmp_path):
    for name in ("a.pcap", "b.pcap"):
        shutil.copy(SMALL, tmp_path / name)
    os.mkfifo(tmp_path / "c.pcap")
    (tmp_path / "d.pcap").symlink_to("nowhere")
    apart = audit(tmp_path, jobs=2).run
    assert ("unreadable-file", "c.pcap") in codes(apart)
    assert ("unreadable-file", "d.pcap") in codes(apart)
    assert to_json(apart) == to_json(audit(tmp_path).run)


def test_the_audit_id_tells_equal_material_from_other(whole, tmp_path):
    shutil.copytree(PCAPS, tmp_path / "copy")
    assert audit(tmp_path / "copy", ZEEK).run.audit_id == whole.run.audit_id
    ids = {
        whole.run.audit_id,
        audit(PCAPS).run.audit_id,
        audit(PCAPS, ZEEK, home="JP").run.audit_id,
        audit(PCAPS, ZEEK, dossiers=None).run.audit_id,
        audit(PCAPS, ZEEK, inventory=None, dossiers=None).run.audit_id,
        audit(PCAPS, ZEEK, since=datetime(2026, 9, 1, tzinfo=UTC)).run.audit_id,
    }
    assert len(ids) == 6


def test_the_totals_are_those_of_the_flow_table(whole):
    every, totals = whole.flows, whole.run.totals
    flows = every[every["witness_of"].isna()]
    assert totals.confirming_flows == len(every) - len(flows) > 0
    assert len(every) == sum(file.flows for file in whole.run.inputs)
    crossing = flows[flows["crosses_border"].fillna(value=False).astype(bool)]
    assert totals.flows == len(flows)
    assert totals.crossing_flows == len(crossing) > 0
    assert totals.outbound_bytes == crossing["outbound_bytes"].sum()
    assert totals.outbound_bytes == sum(each.outbound_bytes for each in totals.by_country)
    assert totals.crossing_flows == sum(each.flows for each in totals.by_country)
    parts = (totals.crossing_flows, totals.undecided_flows, totals.domestic_flows)
    assert sum(parts) + totals.foreign_flows + totals.blocked_flows == totals.flows
    assert sum(totals.geo_states.values()) == totals.flows


def test_the_flows_of_a_finding_stand_in_the_flow_table_and_add_up(whole):
    for finding in whole.run.findings:
        if finding.evidence.running is not None:  # a total over all flows: it names none
            assert finding.evidence.flow_ids == ()
            continue
        mine = whole.flows[whole.flows["flow_id"].isin(finding.evidence.flow_ids)]
        assert len(mine) == finding.evidence.flows - finding.evidence.flow_ids_cut
        assert mine["outbound_bytes"].sum() == finding.evidence.outbound_bytes
        if finding.system is not None:
            assert set(mine["system_id"]) == {finding.system}


def test_at_least_one_transfer_of_the_samples_is_covered_by_a_dossier(whole):
    covered = [finding for finding in whole.run.findings if finding.state == "covered"]
    assert covered
    assert all(finding.dossier and finding.dossier_note for finding in covered)


def test_the_sources_name_every_file_the_result_rests_on(whole):
    kinds = {(source.kind, source.name) for source in whole.run.sources}
    assert {
        ("geo", "country.mmdb"),
        ("geo", "asn.mmdb"),
        ("policy", "rules.yaml"),
        ("category-list", "decision-20-2025.yaml"),
        ("category-list", "decree-356-2025.yaml"),
        ("inventory", "inventory.yaml"),
        ("dossiers", "dossiers.yaml"),
    } <= kinds
    assert all(len(source.sha256) == 64 for source in whole.run.sources)


def test_progress_tells_the_stages_in_order_and_all_bytes():
    watched = Watched()
    files = (SMALL, OTHER)
    pipeline.audit(order(*files), lambda: datetime(2026, 11, 21, tzinfo=UTC), watched)
    assert watched.stages == ["read", "locate", "classify", "judge"]
    assert watched.total == watched.done == sum(path.stat().st_size for path in files)


def test_since_and_until_keep_the_flows_that_overlap_the_span():
    flows = audit(SMALL).flows.sort_values("start")
    first, middle, last = flows.iloc[0], flows.iloc[1], flows.iloc[2]

    def kept(**span):
        return set(audit(SMALL, **span).flows["src_port"])

    every = {first["src_port"], middle["src_port"], last["src_port"]}
    assert kept(since=first["end"].to_pydatetime(warn=False)) == every
    after = first["end"].to_pydatetime(warn=False) + timedelta(microseconds=1)
    assert kept(since=after) == every - {first["src_port"]}
    assert kept(until=last["start"].to_pydatetime(warn=False)) == every - {last["src_port"]}
    assert kept(since=after, until=last["start"].to_pydatetime(warn=False)) == {middle["src_port"]}


def test_a_span_without_flows_is_a_run_without_flows_and_says_so():
    run = audit(SMALL, since=datetime(2030, 1, 1, tzinfo=UTC)).run
    assert run.totals.flows == 0
    assert run.findings == ()
    assert run.inputs[0].packets > 0
    assert run.settings["since"] == "2030-01-01T00:00:00+00:00"


def test_a_folder_is_walked_in_a_fixed_order_without_hidden_files(tmp_path):
    for name in ("b/2.pcap", "b/deep/er/3.pcap", "a.pcap", ".hidden.pcap", ".git/4.pcap"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(SMALL, tmp_path / name)
    run = audit(tmp_path).run
    names = [str(Path(file.name).relative_to(tmp_path)) for file in run.inputs]
    assert names == ["a.pcap", "b/2.pcap", "b/deep/er/3.pcap"]
    assert [file.id for file in run.inputs] == [1, 2, 3]


def test_a_file_named_twice_is_read_once(tmp_path):
    shutil.copy(SMALL, tmp_path / "a.pcap")
    (tmp_path / "link.pcap").symlink_to("a.pcap")
    run = audit(
        tmp_path / "a.pcap", tmp_path, tmp_path / "link.pcap", tmp_path / "." / "a.pcap"
    ).run
    assert len(run.inputs) == 1
    assert run.totals.flows == 3


def test_links_that_lead_in_circles_or_nowhere_are_told_and_hold_nothing_up(tmp_path):
    shutil.copy(SMALL, tmp_path / "a.pcap")
    (tmp_path / "self").symlink_to(".")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "tick").symlink_to("tock")
    (tmp_path / "tock").symlink_to("tick")
    run = audit(tmp_path).run
    assert run.totals.flows == 3
    unreadable = {("unreadable-file", name) for name in ("dangling", "tick", "tock")}
    assert codes(run) >= {("not-followed", "self"), *unreadable}
    with pytest.raises(InputError, match="symbolic links"):
        audit(tmp_path / "tick")


def test_pipes_and_sockets_are_told_and_hold_nothing_up(tmp_path, monkeypatch):
    shutil.copy(SMALL, tmp_path / "a.pcap")
    os.mkfifo(tmp_path / "pipe.pcap")
    monkeypatch.chdir(tmp_path)  # the path of a socket may not be long
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("socket")
        run = audit(tmp_path).run
    assert run.totals.flows == 3
    assert codes(run) >= {("unreadable-file", "pipe.pcap"), ("unreadable-file", "socket")}
    with pytest.raises(InputError, match="no regular file") as caught:
        audit(tmp_path / "socket")
    assert caught.value.place == str(tmp_path / "socket")


@pytest.mark.usefixtures("powerless")
def test_what_this_user_may_not_read_is_told_and_the_rest_is_read(tmp_path):
    for name in ("a.pcap", "forbidden.pcap", "closed/b.pcap", "listed/c.pcap"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(SMALL, tmp_path / name)
    for name, mode in (("forbidden.pcap", 0), ("closed", 0), ("listed", 0o600)):
        (tmp_path / name).chmod(mode)
    run = audit(tmp_path).run
    assert run.totals.flows == 3
    expected = {("unreadable-file", name) for name in ("forbidden.pcap", "closed", "c.pcap")}
    assert codes(run) >= expected
    for alone in ("forbidden.pcap", "closed/b.pcap", "listed/c.pcap"):
        with pytest.raises(InputError, match="Permission denied") as caught:
            audit(tmp_path / alone)
        assert caught.value.place == str(tmp_path / alone)
    both = audit(tmp_path / "forbidden.pcap", tmp_path / "a.pcap").run
    assert both.totals.flows == 3
    forbidden = both.inputs[0]
    assert (forbidden.reader, forbidden.sha256, forbidden.flows) == (None, None, 0)
    for name in ("closed", "listed"):
        (tmp_path / name).chmod(0o700)


def test_an_empty_folder_is_no_input(tmp_path):
    with pytest.raises(InputError, match="no file to read") as caught:
        audit(tmp_path)
    assert caught.value.place == str(tmp_path)


def test_a_missing_path_ends_the_audit_before_anything_is_read(tmp_path):
    for missing in (tmp_path / "nope.pcap", SMALL / "below-a-file"):
        with pytest.raises(InputError, match="no such file") as caught:
            audit(SMALL, missing)
        assert caught.value.place == str(missing)


def test_where_nothing_could_be_read_there_is_no_result(tmp_path):
    (tmp_path / "text.pcap").write_text("hello")
    (tmp_path / "empty.pcap").touch()
    for path, what in (("text.pcap", "No reader"), ("empty.pcap", "empty"), (".", "1 more")):
        with pytest.raises(InputError, match=what) as caught:
            audit(tmp_path / path)
        assert caught.value.place.startswith(str(tmp_path))
        assert caught.value.hint


def test_unknown_and_empty_files_are_told_beside_what_was_read(tmp_path):
    (tmp_path / "text.pcap").write_text("hello")
    (tmp_path / "empty.log").touch()
    shutil.copy(SMALL, tmp_path / "a.pcap")
    run = audit(tmp_path).run
    assert codes(run) == {
        ("unknown-format", "text.pcap"),
        ("empty-file", "empty.log"),
        ("truncated-record", "a.pcap"),
    }
    lost = {problem.code: problem.lost_bytes for problem in run.problems}
    assert lost["unknown-format"] == 5
    assert lost["truncated-record"] == 525
    assert [file.reader for file in run.inputs] == ["capture", None, None]


def test_every_problem_names_the_file_so_that_it_can_be_found(tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        shutil.copy(SMALL, tmp_path / folder / "same.pcap")
    sources = {p.source for p in audit(tmp_path).run.problems if p.code == "truncated-record"}
    assert sources == {str(tmp_path / folder / "same.pcap") for folder in ("one", "two")}


def test_problems_come_in_the_order_of_the_files(tmp_path):
    for name in ("a.pcap", "c.pcap"):
        shutil.copy(SMALL, tmp_path / name)
    (tmp_path / "b.pcap").write_text("hello")
    told = [Path(problem.source).name for problem in audit(tmp_path).run.problems]
    captures = [name for name in told if name.endswith(".pcap")]
    assert captures == ["a.pcap", "b.pcap", "c.pcap", "c.pcap"]  # cut, unknown, cut and a copy


def test_a_gzipped_log_gives_what_the_plain_one_gives(tmp_path):
    (tmp_path / "conn.log.gz").write_bytes(gzip.compress((ZEEK / "conn.log").read_bytes()))
    packed, plain = audit(tmp_path / "conn.log.gz"), audit(ZEEK / "conn.log")
    assert what_flowed(packed.flows) == what_flowed(plain.flows)
    assert packed.run.inputs[0].reader == "zeek"


def test_without_an_inventory_only_what_content_shows_is_claimed():
    run = audit(PCAPS, inventory=None, dossiers=None).run
    assert run.agency is None
    assert run.totals.unlisted_flows == run.totals.crossing_flows > 0
    claimed = [each for each in run.findings if each.category is not None]
    assert claimed
    assert all(
        each.evidence.running.counted if each.evidence.running else each.evidence.recognised
        for each in claimed
    )


def test_without_inventory_and_content_no_data_is_claimed():
    run = audit(PCAPS, inventory=None, dossiers=None, content=False).run
    assert {finding.rule for finding in run.findings} == {"unlisted-system-sending-abroad"}
    assert all(finding.category is None for finding in run.findings)
    assert run.totals.content == ()


def test_mistakes_in_written_files_end_the_reading_at_once(tmp_path):
    capture = tmp_path / "long.pcap"
    with capture.open("wb") as file:
        file.write((PCAPS / "domestic-only.pcap").read_bytes()[:24])
        file.truncate(400 << 20)  # sparse: 26 million records without content
    broken = tmp_path / "broken.yaml"
    broken.write_text("agency: A\nsytems: []\n")
    watched = Watched()
    with pytest.raises(PolicyError, match="did you mean 'systems'"):
        pipeline.audit(
            order(capture, inventory=broken, dossiers=None),
            lambda: datetime(2026, 11, 21, tzinfo=UTC),
            watched,
        )
    assert watched.done < 400 << 20


def test_another_home_turns_the_picture_round():
    here = audit(PCAPS / "foreign-client-pulls.pcap", inventory=None, dossiers=None).flows
    there = audit(
        PCAPS / "foreign-client-pulls.pcap", inventory=None, dossiers=None, home="JP"
    ).flows
    assert here["outbound_bytes"].tolist() == there["inbound_bytes"].tolist()
    assert here["outbound_bytes"].sum() > 200_000


def test_the_flow_table_alone_comes_without_judgement():
    table, inputs, problems = pipeline.located_flows(order(SMALL), Watched(), date(2026, 11, 22))
    conform(table.frame(), Stage.GEO)
    assert len(inputs) == 1
    assert "truncated-record" in {problem.code for problem in problems}


def test_the_three_forms_of_the_flow_table_hold_the_same(monkeypatch):
    monkeypatch.setattr(pipeline.tables, "JSON_ROWS", 100)
    files = [BytesIO(), BytesIO(), BytesIO()]
    table, _, _ = pipeline.located_flows(order(PCAPS, ZEEK), Watched(), date(2026, 11, 22))
    for write, file in zip(
        (pipeline.write_parquet, pipeline.write_csv, pipeline.write_json_lines), files, strict=True
    ):
        write(table, file)
        file.seek(0)
    parquet = pyarrow.parquet.read_table(files[0])
    joined = {
        name: [" ".join(map(str, each)) if each else None for each in parquet[name].to_pylist()]
        for name in ("witnesses", "geo_candidates")
    }
    parquet = parquet.drop_columns(list(joined))
    types = parquet.schema
    for name in joined:
        types = types.append(pa.field(name, pa.string()))
    csv = pyarrow.csv.read_csv(
        files[1],
        convert_options=pyarrow.csv.ConvertOptions(column_types=types, strings_can_be_null=True),
    )
    assert csv.drop_columns(list(joined)).to_pydict() == parquet.to_pydict()
    for name, lists in joined.items():
        assert csv[name].to_pylist() == lists
        assert any(lists)
    lines = [json.loads(line) for line in files[2].read().splitlines()]
    assert len(lines) == table.rows > 200
    for name in ("src_ip", "src_port", "src_bytes", "host", "encrypted", "rtt_us", "peer_asn"):
        assert [line[name] for line in lines] == parquet[name].to_pylist()
    assert {len(line["start"]) for line in lines} == {len("2026-10-07T04:11:00.000000137Z")}
    starts = [pd.Timestamp(line["start"]).value for line in lines]
    assert starts == parquet["start"].cast("int64").to_pylist()
    assert {type(line["src_payload"]) for line in lines} <= {int, type(None)}
    assert parquet.schema.metadata[b"version"] == b"1"


def test_a_copy_of_a_capture_is_not_counted_twice(tmp_path):
    copy = tmp_path / "copy.pcap"
    shutil.copy(SMALL, copy)
    once, twice = audit(SMALL).run, audit(SMALL, copy).run
    assert twice.totals == once.totals
    assert [file.flows for file in twice.inputs][1:] == [0]
    (problem,) = [problem for problem in twice.problems if problem.code == "same-content"]
    assert problem.source == str(copy)


def test_an_audit_in_two_nights_finds_what_one_audit_finds(tmp_path):
    content = (PCAPS / "citizens-csv-http.pcap").read_bytes()
    records, place = [24], 24
    while place < len(content):
        place += 16 + int.from_bytes(content[place + 8 : place + 12], "little")
        records.append(place)
    folder = tmp_path / "in"
    folder.mkdir()
    cut = records[len(records) // 2]
    first, second, opened = folder / "a_1.pcap", folder / "a_2.pcap", tmp_path / "0.open"
    first.write_bytes(content[:cut])
    second.write_bytes(content[:24] + content[cut:])
    whole = audit(first, second).run
    one = audit(first, open_after=opened).run
    two = audit(second, open_before=opened).run
    for name in ("flows", "packets", "crossing_flows", "outbound_bytes", "inbound_bytes"):
        parts = getattr(one.totals, name) + getattr(two.totals, name)
        assert parts == getattr(whole.totals, name), name
    assert two.totals.flows > 0
    assert ("open-flows", "a_1.pcap") in codes(one)
    assert ("carried-flows", "a_2.pcap") in codes(two)
    assert {each.rule for each in one.findings + two.findings} == {
        each.rule for each in whole.findings
    }
    assert two.audit_id != audit(second).run.audit_id


def test_an_audit_of_nothing_but_what_was_left_open_is_whole(tmp_path):
    opened = tmp_path / "0.open"
    source = PCAPS / "citizens-csv-http.pcap"
    one = audit(source, open_after=opened).run
    rest = audit(open_before=opened)
    whole = audit(source).run
    assert one.totals.flows + rest.run.totals.flows == whole.totals.flows
    assert rest.run.totals.flows > 0
    assert [file.name for file in rest.run.inputs] == [str(opened)]
    assert one.totals.outbound_bytes + rest.run.totals.outbound_bytes == whole.totals.outbound_bytes
    assert json.loads(to_json(rest.run))["settings"]["open_before"] == rest.run.inputs[0].sha256
    assert set(rest.flows["input_id"]) == {1}
