"""Open flows as they stand are read by any version, and checked."""

import pyarrow as pa
import pytest

from auditor.model.errors import InputError
from auditor.readers.capture.carried import CARRIED
from auditor.readers.capture.rows import SWEPT
from auditor.readers.capture.standing import read, written
from tests.readers.capture.packets import T0, handshake, pcap
from tests.readers.capture.packets import read as read_capture


@pytest.fixture
def flows(tmp_path):
    table = read_capture(tmp_path / "a.pcap", pcap(handshake(T0)))[0].flows
    file = pa.array([3], pa.int32())
    return table.append_column("file", file).select(SWEPT.names).cast(SWEPT)


def test_what_is_written_is_read_as_flows_of_an_earlier_run(flows):
    table = read(written(flows))
    assert table.drop_columns(["file"]).equals(flows.drop_columns(["file"]))
    assert table["file"].to_pylist() == [CARRIED]
    assert read(written(flows.slice(0, 0))).num_rows == 0


def test_columns_of_another_version_are_left_out_and_missing_ones_are_null(flows):
    other = flows.drop_columns(["ja4", "tls_cipher"]).append_column("new", pa.array(["x"]))
    table = read(written(other))
    assert table.schema == SWEPT
    assert table["ja4"].to_pylist() == [None]


def replaced(flows, name, value):
    place = flows.schema.get_field_index(name)
    return flows.set_column(place, name, pa.array([value]))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("src_ip", "1.2.3.4.5"),
        ("dst_ip", "not an address"),
        ("src_ip", None),
        ("start", None),
        ("protocol", 999),
        ("src_packets", "many"),
    ],
)
def test_a_cell_that_cannot_be_is_refused(flows, name, value):
    with pytest.raises(InputError, match="cannot be read"):
        read(written(replaced(flows, name, value)))


def test_every_damaged_byte_is_refused_or_gives_a_table(flows):
    content = written(flows)
    for place in range(0, len(content), 7):
        damaged = content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :]
        for bad in (damaged, content[:place]):
            try:
                assert read(bad).schema == SWEPT
            except InputError:
                continue
