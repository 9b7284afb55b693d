"""Community IDs are those of the specification's own package."""

import communityid
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from auditor.readers.community import community_ids
from auditor.readers.inputs import Wanted, Watch, read_inputs
from auditor.readers.reading import Settings
from auditor.readers.second.inputs import read_again
from tests.readers.capture.packets import (
    ABROAD,
    HOME,
    T0,
    ether,
    handshake,
    ip4,
    pcap,
    udp,
)  # fmt: skip

PORTS = st.integers(0, 65535)


def ours(protocol, src, src_port, dst, dst_port, icmp=None):
    table = pa.table(
        {
            "protocol": pa.array([protocol], pa.uint8()),
            "src_ip": [src],
            "src_port": pa.array([src_port], pa.uint16()),
            "dst_ip": [dst],
            "dst_port": pa.array([dst_port], pa.uint16()),
            "icmp": pa.array([icmp], pa.int32()),
        }
    )
    return community_ids(table).to_pylist()[0]


def theirs(*flow):
    return communityid.CommunityID().calc(communityid.FlowTuple(*flow))


@given(
    protocol=st.sampled_from([6, 17, 132]), src_port=PORTS, dst_port=PORTS,
    ends=st.one_of(
        st.tuples(st.ip_addresses(v=4), st.ip_addresses(v=4)),
        st.tuples(st.ip_addresses(v=6), st.ip_addresses(v=6)),
    ),
)  # fmt: skip
def test_ports(protocol, src_port, dst_port, ends):
    src, dst = map(str, ends)
    assert ours(protocol, src, src_port, dst, dst_port) == theirs(
        protocol, src, dst, src_port, dst_port
    )


@given(kind=st.integers(0, 255), code=st.integers(0, 255), version=st.sampled_from([4, 6]))
def test_icmp_messages_stand_for_ports(kind, code, version):
    src, dst = ("10.0.0.9", "10.0.0.1") if version == 4 else ("2001:db8::9", "2001:db8::1")
    protocol = 1 if version == 4 else 58
    assert ours(protocol, src, None, dst, None, kind << 8 | code) == theirs(
        protocol, src, dst, kind, code
    )


def test_protocols_without_ports():
    assert ours(50, HOME, None, ABROAD, None) == theirs(50, HOME, ABROAD)


def test_what_is_not_known_has_no_name():
    assert ours(6, HOME, None, ABROAD, None) is None
    assert ours(1, HOME, None, ABROAD, None) is None


def test_a_capture_has_them_on_request_only(tmp_path):
    echo = ether(ip4(HOME, ABROAD, 1, b"\x08\0\0\0" + bytes(8)))
    packets = [
        *handshake(T0),
        (T0 + 1, echo),
        (T0 + 2, ether(ip4(HOME, ABROAD, 17, udp(5, 6, b"x")))),
    ]
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap(packets))
    for wanted in (False, True):
        _, flows = read_inputs(
            Wanted((path,), Settings(community_id=wanted)), lambda problem: None, Watch()
        )
        flows = flows.whole()
        found = dict(
            zip(flows["protocol"].to_pylist(), flows["community_id"].to_pylist(), strict=True)
        )
        assert found == {
            6: theirs(6, HOME, ABROAD, 40000, 443) if wanted else None,
            17: theirs(17, HOME, ABROAD, 5, 6) if wanted else None,
            1: theirs(1, HOME, ABROAD, 8, 0) if wanted else None,
        }


def test_a_second_engine_gives_them_too(tmp_path):
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap(handshake(T0)))
    wanted = Wanted((path,), Settings(community_id=True))
    _, flows = read_again(wanted, "scapy", lambda problem: None)
    assert flows.whole()["community_id"].to_pylist() == [theirs(6, HOME, ABROAD, 40000, 443)]
