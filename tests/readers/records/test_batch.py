"""Records as columns: what formats share before anything is checked."""

import pyarrow as pa

from auditor.readers.records.batch import to_the_real_responder


def test_the_address_a_responder_was_translated_to_is_its_own():
    columns = {
        "dst_ip": pa.array(["203.162.10.20", "8.8.8.8"]).dictionary_encode(),
        "dst_port": pa.array([443, 53]),
        "nat_dst_ip": pa.array(["10.20.1.5", None]),
        "nat_dst_port": pa.array([8443, None]),
        "nat_src_ip": pa.array([None, "203.162.10.1"]),
    }
    turned = to_the_real_responder(columns)
    assert turned["dst_ip"].to_pylist() == ["10.20.1.5", "8.8.8.8"]
    assert turned["dst_port"].to_pylist() == [8443, 53]
    assert turned["nat_dst_ip"].to_pylist() == ["203.162.10.20", None]
    assert turned["nat_dst_port"].to_pylist() == [443, None]
    assert turned["nat_src_ip"] is columns["nat_src_ip"]


def test_without_a_translation_of_the_responder_nothing_changes():
    columns = {"dst_ip": pa.array(["8.8.8.8"])}
    assert to_the_real_responder(columns) is columns


def test_a_translated_address_without_a_port_keeps_the_port():
    columns = {
        "dst_ip": pa.array(["203.162.10.20"]),
        "dst_port": pa.array([443]),
        "nat_dst_ip": pa.array(["10.20.1.5"]),
    }
    turned = to_the_real_responder(columns)
    assert turned["dst_ip"].to_pylist() == ["10.20.1.5"]
    assert turned["dst_port"].to_pylist() == [443]
    assert turned["nat_dst_ip"].to_pylist() == ["203.162.10.20"]
