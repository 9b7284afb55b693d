"""The hand-made conversations are what tshark, too, takes for those protocols."""

import os
import shutil
import subprocess

import pytest

from tests.inspect.test_mongodb import TALK as MONGODB
from tests.inspect.test_mysql import TALK as MYSQL
from tests.inspect.test_postgresql import REAL as POSTGRESQL
from tests.inspect.test_smb import TALK as SMB
from tests.inspect.test_tds import TALK as TDS
from tests.readers.capture.packets import T0, handshake, pcap, segment

needs_tshark = pytest.mark.skipif(
    shutil.which("tshark") is None, reason="tshark is not installed: `make test` installs it"
)


def shown(tmp_path, said, port: int, fields: list[str]) -> list[list[str]]:
    """The fields of each packet of a conversation, as tshark shows them."""
    packets, places, time = handshake(T0, dport=port), [1001, 5001], T0 + 10**9
    for side, data in said:
        if not data:
            continue
        time += 1_000_000
        packets.append(segment(time, places[side], data, back=side == 1, dport=port))
        places[side] += len(data)
    path = tmp_path / "said.pcap"
    path.write_bytes(pcap(packets))
    words = [word for field in fields for word in ("-e", field)]
    done = subprocess.run(
        ["tshark", "-r", str(path), "-T", "fields", "-E", "occurrence=a",
         "-d", "tcp.port==27017,mongo", *words],
        capture_output=True, check=True, env=os.environ | {"WIRESHARK_CONFIG_DIR": str(tmp_path)},
    )  # fmt: skip
    return [line.split("\t") for line in done.stdout.decode().splitlines() if line.strip()]


CASES = {
    "postgresql": (
        POSTGRESQL, 5432, ["pgsql.col.name", "pgsql.query"],
        ["id,cccd,ten,sinh,so", "select cccd from khach where cccd=$1"],
    ),
    "mysql": (
        MYSQL, 3306, ["mysql.query", "mysql.field.name", "mysql.row.text", "mysql.error.message"],
        ["select cccd, ten from khach", "cccd,ten", "001099012345", "ten,so,sinh,mat"],
    ),
    "tds": (
        TDS, 1433, ["tds.query", "tds.colmetadata.colname", "tds.type_varbyte.data.string"],
        ["select * from khách", "sinh", "Nguyễn, An", "001099012345"],
    ),
    "mongodb": (
        MONGODB, 27017,
        ["mongo.opcode", "mongo.element.value.string", "mongo.full_collection_name"],
        ["2013", "001099012345", "kho.khach"],
    ),
    "smb": (
        SMB, 445, ["smb2.tree", "smb2.filename", "smb2.write_length", "smb2.file_offset"],
        [r"\\may\kho", r"thu muc\khach.csv", "37,1"],
    ),
}  # fmt: skip


@needs_tshark
@pytest.mark.parametrize("name", CASES)
def test_tshark_reads_the_same(name, tmp_path):
    said, port, fields, expected = CASES[name]
    lines = shown(tmp_path, said, port, [*fields, "_ws.malformed"])
    text = "\n".join("\t".join(line) for line in lines)
    for each in expected:
        assert each in text
    assert "Malformed" not in text
