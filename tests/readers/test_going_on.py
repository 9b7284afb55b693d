"""Flows that go on from one run into the next are whole, however the captures are cut into runs."""

import gzip
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from auditor.model.errors import InputError
from auditor.readers import Settings, Wanted, Watch, read_inputs
from auditor.readers.capture import carried
from tests.property.stories import captures
from tests.readers.capture.packets import (
    SECOND,
    T0,
    client_hello,
    dns,
    ether,
    handshake,
    ip4,
    pcap,
    segment,
    udp,
)  # fmt: skip

small = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@dataclass
class Night:
    """One run: its inputs, flows and problems."""

    inputs: tuple = ()
    flows: pa.Table = None
    problems: list = field(default_factory=list)


def run(paths, before=None, after=None, until=None, **wishes):
    night = Night()
    wanted = Wanted(
        tuple(Path(path) for path in paths),
        Settings(community_id=True, **wishes),
        open_before=before,
        open_after=after,
        open_until=until,
    )
    night.inputs, flows = read_inputs(wanted, night.problems.append, Watch())
    night.flows = flows.whole()
    flows.close()
    return night


def runs(folder, nights, **wishes):
    """One run after the other, each over some paths; the last one leaves nothing open."""
    done, before = [], None
    for number, paths in enumerate(nights):
        after = None if number == len(nights) - 1 else folder / f"{number}.open"
        done.append(run(paths, before, after, **wishes))
        before = after
    return done


def rows(*nights):
    found = []
    for night in nights:
        found += night.flows.drop_columns(["input_id", "flow_id"]).to_pylist()
    return sorted(found, key=repr)


def rotated(folder, packets, cuts, packed=False):
    folder.mkdir(exist_ok=True)
    paths = []
    for number, (begin, end) in enumerate(pairwise([0, *cuts, len(packets)])):
        content = pcap(packets[begin:end], nano=True)
        paths.append(folder / f"eth0_{number:03}.pcap{'.gz' if packed else ''}")
        paths[-1].write_bytes(gzip.compress(content, mtime=0) if packed else content)
    return paths


@small
@given(
    packets=captures(),
    chance=st.data(),
    packed=st.booleans(),
    copies=st.sampled_from([0, 0, 5]),
    slowly=st.sampled_from([1, 1, 40, 400, 4000]),  # so that timeouts and an hour's silence pass
)
def test_runs_over_the_parts_have_the_flows_of_one_run_over_all(
    tmp_path_factory, packets, chance, packed, copies, slowly
):
    folder = tmp_path_factory.mktemp("cut")
    packets = [(T0 + (time - T0) * slowly, data) for time, data in packets]
    some = st.lists(st.integers(1, max(len(packets) - 1, 1)), max_size=5, unique=True)
    cuts = sorted(cut for cut in chance.draw(some) if cut < len(packets))
    paths = rotated(folder / "parts", packets, cuts, packed)
    assume(len({path.read_bytes() for path in paths}) == len(paths))  # else copies are left out
    nights = sorted(chance.draw(st.sets(st.integers(1, len(paths)), max_size=3)) - {len(paths)})
    split = [paths[begin:end] for begin, end in pairwise([0, *nights, len(paths)])]
    whole = run(paths, copies_within=copies)
    parts = runs(folder, split, copies_within=copies)
    assert rows(*parts) == rows(whole)
    for part in parts:
        assert part.flows["flow_id"].to_pylist() == list(range(1, len(part.flows) + 1))
        assert set(part.flows["input_id"].to_pylist()) <= {file.id for file in part.inputs}


HELLO = client_hello("s3.example")
LONG = [
    *handshake(T0),
    segment(T0 + SECOND, 1001, HELLO[:40]),
    segment(T0 + 2 * SECOND, 1041, HELLO[40:]),
    *(segment(T0 + i * SECOND, 5001 + 100 * i, b"x" * 100, back=True) for i in range(3, 20)),
]
"""A connection whose hello comes in two segments."""


def problems_of(night):
    return {problem.code: problem for problem in night.problems}


def test_a_connection_is_one_flow_of_the_run_it_ends_in_and_both_runs_say_so(tmp_path):
    first, second = rotated(tmp_path / "in", LONG, [4])
    one, two = runs(tmp_path, [[first], [second]])
    assert len(one.flows) == 0
    assert one.inputs[0].packets == 4
    assert problems_of(one)["open-flows"].count == 1
    (row,) = two.flows.to_pylist()
    assert (row["host"], row["src_packets"], row["dst_packets"]) == ("s3.example", 4, 18)
    assert row["dst_payload"] == 1700
    assert row["input_id"] == two.inputs[0].id
    assert two.inputs[0].packets == 18
    told = problems_of(two)["carried-flows"]
    assert (told.count, told.source) == (1, str(second))
    assert "2026-09-21T14:13:21Z" in told.message


def test_a_name_that_dns_told_before_the_night_is_known_after_it(tmp_path):
    asked = ether(
        ip4(
            "8.8.8.8",
            "203.162.10.5",
            17,
            udp(53, 5353, dns("a.example", ("52.219.40.10",), reply=True)),
        )
    )
    packets = [(T0, asked), *handshake(T0 + 600 * SECOND)]
    paths = rotated(tmp_path / "in", packets, [1])
    nights = runs(tmp_path, [[path] for path in paths])
    assert "a.example" in nights[1].flows["host"].to_pylist()
    assert rows(*nights) == rows(run(paths))


def test_silent_flows_count_in_their_own_run(tmp_path):
    packets = [*handshake(T0), *handshake(T0 + 600 * SECOND, sport=40001), *LONG[4:5]]
    packets = [*packets[:6], (T0 + 601 * SECOND, packets[6][1])]
    first, second = rotated(tmp_path / "in", packets, [6])
    one, two = runs(tmp_path, [[first], [second]])
    assert one.flows["src_port"].to_pylist() == [40000]
    assert rows(one, two) == rows(run([first, second]))


def test_three_nights_carry_one_connection(tmp_path):
    paths = rotated(tmp_path / "in", LONG, [4, 8, 12])
    nights = runs(tmp_path, [[path] for path in paths])
    assert [len(night.flows) for night in nights] == [0, 0, 0, 1]
    assert rows(*nights) == rows(run(paths))


def many(count):
    """More connections than there is room for messages in parts, some of them in the middle."""
    packets = []
    for number in range(count):
        client = f"203.162.{number >> 8}.{number & 255}"
        packets += handshake(T0 + number * 1000, client=client)
        if number % 7 == 0:
            packets.append(segment(T0 + SECOND + number, 1001, HELLO[:50], client=client))
    rest = [
        segment(
            T0 + 2 * SECOND + number,
            1051,
            HELLO[50:],
            client=f"203.162.{number >> 8}.{number & 255}",
        )
        for number in range(0, count, 7)
    ]
    packets.sort(key=lambda packet: packet[0])
    return packets, rest


@pytest.mark.parametrize("silent", [0, 900])
def test_messages_in_parts_are_put_together_among_thousands_of_flows(tmp_path, silent):
    old = [
        packet
        for number in range(silent)
        for packet in handshake(T0 - 1000 * SECOND, client=f"203.161.{number >> 8}.{number & 255}")
    ]
    packets, rest = many(1024)
    paths = rotated(tmp_path / "in", [*sorted(old), *packets, *rest], [len(old) + len(packets)])
    one, two = runs(tmp_path, [[paths[0]], [paths[1]]])
    assert len(one.flows) == silent
    assert two.flows["host"].to_pylist().count("s3.example") == len(rest)


def test_a_line_that_nothing_goes_on_with_waits_an_hour_and_then_counts(tmp_path):
    first, second = rotated(tmp_path / "in", LONG, [4])
    (other,) = rotated(tmp_path / "elsewhere", handshake(T0 + 100 * SECOND, sport=41000), [])
    opened = tmp_path / "0.open"
    run([first], after=opened)
    end = datetime.fromtimestamp((T0 + SECOND) // SECOND, UTC)
    waiting = run([other], opened, tmp_path / "1.open", until=end + timedelta(minutes=59))
    assert len(waiting.flows) == 0
    late = run([other], opened, tmp_path / "2.open", until=end + timedelta(minutes=61))
    over = [file for file in late.inputs if file.name == str(opened)]
    assert [file.flows for file in over] == [1]
    assert over[0].sha256 is not None
    assert late.flows["src_port"].to_pylist() == [40000]
    assert late.flows["input_id"].to_pylist() == [over[0].id]
    assert problems_of(late)["flows-over"].count == 1
    assert rows(late, run([], tmp_path / "2.open")) == rows(run([first, other]))
    after = run([second], tmp_path / "1.open")
    assert rows(after) == rows(run([first, second, other]))


def test_without_captures_what_was_open_counts(tmp_path):
    paths = rotated(tmp_path / "in", LONG, [])
    run(paths, after=tmp_path / "0.open")
    night = run([], tmp_path / "0.open")
    assert rows(night) == rows(run(paths))
    assert [file.name for file in night.inputs] == [str(tmp_path / "0.open")]


def test_without_captures_and_with_nothing_open_a_run_is_empty(tmp_path):
    paths = rotated(tmp_path / "in", LONG, [])
    run(paths, after=tmp_path / "0.open")
    run([], tmp_path / "0.open", tmp_path / "1.open")
    night = run([], tmp_path / "1.open", tmp_path / "2.open")
    assert len(night.flows) == 0
    assert night.inputs == ()
    assert len(run([], tmp_path / "2.open").flows) == 1


def test_the_state_of_another_version_is_not_used_and_its_flows_count_as_they_stood(
    tmp_path, monkeypatch
):
    first, second = rotated(tmp_path / "in", LONG, [10])
    run([first], after=tmp_path / "0.open")
    monkeypatch.setattr(carried, "SOURCES", "another")
    night = run([second], tmp_path / "0.open")
    assert problems_of(night)["flows-broken-off"].count == 1
    assert problems_of(night)["carried-flows"].count == 1
    assert len(night.flows) == 2
    whole = run([first, second]).flows
    for name in ("src_packets", "dst_packets", "src_bytes", "dst_bytes", "dst_payload"):
        seen = [count or 0 for count in night.flows[name].to_pylist()]
        assert sum(seen) == sum(whole[name].to_pylist())


def test_a_file_that_cannot_be_opened_loses_nothing_of_what_was_open(tmp_path):
    first, second = rotated(tmp_path / "in", LONG, [4])
    run([first], after=tmp_path / "0.open")
    second.unlink()
    second.mkdir()
    with pytest.raises(InputError):
        run([second], tmp_path / "0.open", tmp_path / "1.open")
    assert not (tmp_path / "1.open").exists()


def test_open_flows_are_not_kept_in_the_file_they_come_from(tmp_path):
    paths = rotated(tmp_path / "in", LONG, [])
    run(paths, after=tmp_path / "0.open")
    with pytest.raises(InputError, match="the file they come from"):
        run(paths, tmp_path / "0.open", tmp_path / "0.open")


def test_two_series_of_a_folder_go_on_each_with_its_own(tmp_path):
    folder = tmp_path / "in"
    paths = {}
    for name, port in (("eth0", 40000), ("eth1", 41000)):
        packets = [
            *handshake(T0, sport=port),
            *(segment(T0 + i * SECOND, 1001 + i, b"x", sport=port) for i in range(1, 9)),
        ]
        for number, part in enumerate((packets[:8], packets[8:])):
            folder.mkdir(exist_ok=True)
            paths[name, number] = folder / f"{name}-{number}.pcap"
            paths[name, number].write_bytes(pcap(part, nano=True))
    nights = runs(tmp_path, [[paths["eth0", number], paths["eth1", number]] for number in range(2)])
    assert [len(night.flows) for night in nights] == [0, 2]
    names = {file.id: Path(file.name).name for file in nights[1].inputs}
    assert [(row["src_port"], names[row["input_id"]]) for row in nights[1].flows.to_pylist()] == [
        (40000, "eth0-1.pcap"),
        (41000, "eth1-1.pcap"),
    ]


def test_what_began_before_the_night_is_no_overlap_of_folders(tmp_path):
    paths = rotated(tmp_path / "one", LONG, [4, 8])
    (other,) = rotated(tmp_path / "two", handshake(T0 + 2 * SECOND, sport=41000)[:1], [])
    run(paths[:2], after=tmp_path / "0.open")
    assert "overlapping-captures" in problems_of(run([*paths[:2], other]))
    late = run([paths[2], other], tmp_path / "0.open")
    assert "overlapping-captures" not in problems_of(late)
    assert "overlapping-captures" not in problems_of(run([other], tmp_path / "0.open"))


def test_what_exporters_sent_in_flows_that_are_open_counts_in_the_run_that_saw_it(tmp_path):
    source = Path(__file__).parents[2] / "samples" / "pcaps" / "exporters.pcap"
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "x_0.pcap").write_bytes(source.read_bytes())
    whole, kept = run([source]), run([folder / "x_0.pcap"], after=tmp_path / "0.open")
    rest = run([], tmp_path / "0.open")
    assert len(kept.flows) > 0
    assert rows(kept, rest) == rows(whole)


def test_a_capture_that_ended_long_ago_leaves_nothing_open(tmp_path):
    paths = rotated(tmp_path / "in", LONG, [])
    later = datetime.fromtimestamp(T0 // SECOND, UTC) + timedelta(days=30)
    night = run(paths, after=tmp_path / "0.open", until=later)
    assert len(night.flows) == 1
    assert "open-flows" not in problems_of(night)
    assert len(run([], tmp_path / "0.open").flows) == 0
