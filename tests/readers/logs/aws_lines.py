"""Lines of AWS flow logs, and what becomes of them, for the tests."""

from __future__ import annotations

from auditor.readers.logs.aws import DEFAULT, Aws
from auditor.readers.reading import Settings
from auditor.readers.records.reader import LogReader
from tests.readers.reading import read_files

T = 1790823600
USUAL = {
    "version": 2,
    "account-id": 123456789012,
    "interface-id": "eni-0a1b2c3d",
    "srcaddr": "10.20.1.15",
    "dstaddr": "52.95.110.1",
    "srcport": 49152,
    "dstport": 443,
    "protocol": 6,
    "packets": 20,
    "bytes": 14249,
    "start": T,
    "end": T + 59,
    "action": "ACCEPT",
    "log-status": "OK",
}


def line(names: str = DEFAULT, **more) -> str:
    values = USUAL | {name.replace("_", "-"): value for name, value in more.items()}
    return " ".join(str(values.get(name, "-")) for name in names.split())


def read(tmp_path, *lines: str, fields=""):
    path = tmp_path / "a.log"
    content = "".join(f"{each}\n" for each in lines).encode()
    path.write_bytes(content)
    [answer], [flows], problems, _ = read_files(
        LogReader(Aws()), [path], Settings(aws_fields=fields)
    )
    return answer, flows.to_pylist(), {problem.code: problem for problem in problems}


def fields(names: str, *records: dict):
    """A log with these fields, and one record for each dictionary."""
    names = f"{DEFAULT} {names}"
    return [names, *(line(names, **record) for record in records)]
