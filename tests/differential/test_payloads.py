"""The second reading of real captures gives every byte that the first one counted, and no other.

Real captures are read where ``AUDITOR_CORPUS`` names their folder.
"""

import os
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from auditor.model.stream import Ended
from auditor.readers import Missed, Wanted, Watch, payloads, read_inputs

CORPUS = os.environ.get("AUDITOR_CORPUS")
SAMPLES = sorted((Path(__file__).parents[2] / "samples" / "pcaps").glob("*.pcap*"))
COLUMNS = [
    "flow_id", "input_id", "protocol", "src_ip", "src_port", "dst_ip", "dst_port", "start", "end",
]  # fmt: skip

EXPLAINED = {
    "ajp.pcap": "two recordings of one connection in one file: times go back between equal ports",
    "fuzz-2020-02-16-11740.pcap": "damaged on purpose: fragments without a first one, hours apart",
    "reasm_crash_anon.pcapng": "damaged on purpose: sequence numbers jump by 400 MB and back",
}
"""Captures whose sides may differ, and why."""


def read(path):
    """The flows of a capture that come from packets, and what they carried."""
    wanted = Wanted((path,))
    inputs, flows = read_inputs(wanted, lambda problem: None, Watch())
    table = flows.whole()
    if not len(table):
        return [], []
    table = table.filter([each == "packets" for each in table["seen_by"].to_pylist()])
    told = payloads(wanted, inputs, table.select(COLUMNS), Missed(), lambda size: None)
    return table.to_pylist(), list(told)


def differing(path):
    """Sides of flows whose payload is not what the flow table counts.

    Bytes that were lost on the wire are in no flow; of packets that were cut off the flow has all.
    """
    rows, told = read(path)
    there, missing = Counter(), Counter()
    for each in told:
        for side in (0, 1):
            if isinstance(each, Ended):
                there[each.flow_id, side] += each.unread[side]
            elif each.side == side:
                there[each.flow_id, side] += len(each.data)
                missing[each.flow_id, side] += each.gap
    return [
        (row, side)
        for row in rows
        for side, name in enumerate(("src_payload", "dst_payload"))
        if not (
            there[row["flow_id"], side]
            <= (row[name] or 0)
            <= there[row["flow_id"], side] + missing[row["flow_id"], side]
        )
    ]


def test_every_byte_of_real_captures_is_delivered_or_accounted_for():
    if CORPUS is None:
        pytest.skip("AUDITOR_CORPUS is unset: it names the folder of the real captures")
    paths = sorted((Path(CORPUS) / "ndpi" / "pcap").glob("*.pcap*"))
    assert paths
    small = [path for path in paths if path.stat().st_size < 1_000_000][::4]
    wrong = {path.name for path in small if path.name not in EXPLAINED and differing(path)}
    assert wrong == set()


@pytest.mark.skipif(
    shutil.which("tshark") is None, reason="tshark is not installed: `make test` installs it"
)
@pytest.mark.parametrize("path", SAMPLES[:2], ids=lambda path: path.name)
def test_the_content_of_a_stream_is_equal_to_tsharks(path):
    rows, told = read(path)
    followed = [row for row in rows if row["protocol"] == 6 and row["src_payload"]][:3]
    assert followed
    for row in followed:
        theirs = raw(path, row)
        for side in (0, 1):
            mine = [each for each in told if not isinstance(each, Ended)
                    and each.flow_id == row["flow_id"] and each.side == side]  # fmt: skip
            if not any(each.gap for each in mine):
                assert b"".join(each.data for each in mine) == theirs[side]


def raw(path, row):
    """Both directions of a stream as tshark follows it: what the initiator sent, and the other."""
    four = (row["src_ip"], row["src_port"], row["dst_ip"], row["dst_port"])
    brackets = ("[{}]" if ":" in row["src_ip"] else "{}") + ":{}"
    ends = f"{brackets},{brackets}".format(*four)
    out = subprocess.run(
        ["tshark", "-r", path, "-q", "-o", "tcp.reassemble_out_of_order:TRUE",
         "-z", f"follow,tcp,raw,{ends}"],
        capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    begin = next(place for place, line in enumerate(out) if line.startswith("Node 1:"))
    first = out[begin - 1].removeprefix("Node 0: ")
    sent = {False: [], True: []}
    for line in out[begin + 1 :]:
        if not line.startswith("="):
            sent[line.startswith("\t")].append(bytes.fromhex(line.strip()))
    answered = first != brackets.format(*four[:2])
    return b"".join(sent[answered]), b"".join(sent[not answered])
