"""Flows that are opened leave, or may, and were captured in clear text."""

import pyarrow as pa
import pytest

from auditor import inspect

LEAVES = {
    "flow_id": 1, "input_id": 4, "crosses_border": True,
    "foreign_recipient": False, "seen_by": "packets",
    "witness_of": None, "protocol": 6, "src_port": 50_000, "src_payload": 10, "dst_payload": 0,
    "encrypted": False, "app": "http",
}  # fmt: skip
SCHEMA = pa.schema(
    {
        "flow_id": pa.int64(),
        "input_id": pa.int32(),
        "crosses_border": pa.bool_(),
        "foreign_recipient": pa.bool_(),
        "seen_by": pa.string(),
        "witness_of": pa.int64(),
        "protocol": pa.uint8(),
        "src_port": pa.uint16(),
        "src_payload": pa.int64(),
        "dst_payload": pa.int64(),
        "encrypted": pa.bool_(),
        "app": pa.string(),
    }
)


def opened(with_keys=False, **changes):
    flows = pa.Table.from_pylist([LEAVES | changes], schema=SCHEMA)
    return len(inspect.opened(flows, with_keys=with_keys)) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"crosses_border": None},
        {"crosses_border": False, "foreign_recipient": True},
        {"protocol": 17},
        {"src_payload": None, "dst_payload": 1},
        {"encrypted": None},
    ],
)
def test_flows_that_leave_or_may_are_opened(changes):
    assert opened(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"crosses_border": False},
        {"crosses_border": False, "foreign_recipient": None},
        {"seen_by": "log"},
        {"witness_of": 5},
        {"protocol": 1},
        {"protocol": None},
        {"src_port": None},
        {"src_payload": 0},
        {"src_payload": None, "dst_payload": None},
        {"encrypted": True, "app": "tls"},
    ],
)
def test_others_stay_closed(changes):
    assert not opened(**changes)


def test_with_keys_tls_is_opened_too_and_other_ciphers_are_not():
    assert opened(with_keys=True, encrypted=True, app="tls")
    assert not opened(with_keys=True, encrypted=True, app="ssh")
    assert not opened(with_keys=True, encrypted=True, app=None)
    assert opened(with_keys=[3, 4], encrypted=True, app="tls")
    assert not opened(with_keys=[3], encrypted=True, app="tls")
