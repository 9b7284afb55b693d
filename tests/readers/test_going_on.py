"""Flows that go on from one run into the next are whole, however the captures are cut into runs."""

import gzip
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.readers import Settings, Wanted, Watch, read_inputs
from tests.property.stories import captures
from tests.readers.capture.packets import SECOND, T0, client_hello, handshake, pcap, segment

small = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
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
        paths[-1].write_bytes(gzip.compress(content) if packed else content)
    return paths


@small
@given(
    packets=captures(),
    chance=st.data(),
    packed=st.booleans(),
    copies=st.sampled_from([0, 0, 5]),
)
def test_runs_over_the_parts_have_the_flows_of_one_run_over_all(
    tmp_path_factory, packets, chance, packed, copies
):
    folder = tmp_path_factory.mktemp("cut")
    packets = sorted(packets, key=lambda packet: packet[0])
    some = st.lists(st.integers(1, max(len(packets) - 1, 1)), max_size=5, unique=True)
    cuts = sorted(cut for cut in chance.draw(some) if cut < len(packets))
    paths = rotated(folder / "parts", packets, cuts, packed)
    nights = sorted(chance.draw(st.sets(st.integers(1, len(paths)), max_size=3)) - {len(paths)})
    split = [paths[begin:end] for begin, end in pairwise([0, *nights, len(paths)])]
    whole = run(paths, copies_within=copies)
    parts = runs(folder, split, copies_within=copies)
    assert rows(*parts) == rows(whole)
    for part in parts:
        assert part.flows["flow_id"].to_pylist() == list(range(1, len(part.flows) + 1))
        assert set(part.flows["input_id"].to_pylist()) <= {file.id for file in part.inputs}
