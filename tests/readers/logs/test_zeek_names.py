"""What Zeek's other logs say of the connections in ``conn.log``."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from auditor.readers.logs.zeek_folder import ZeekReader
from auditor.readers.logs.zeek_text import log_of
from tests.readers.reading import read_files

UID = "CAcJw21BbVedgFnYH3"
ENDS = {
    "ts": "1788220800.500000",
    "uid": UID,
    "id.orig_h": "203.162.10.5",
    "id.orig_p": "51514",
    "id.resp_h": "52.219.40.10",
    "id.resp_p": "443",
}
CONN = {
    **ENDS, "ts": "1788220800.000000", "proto": "tcp", "service": "-", "duration": "1.500000",
    "orig_bytes": "1000", "resp_bytes": "200", "missed_bytes": "0", "history": "ShADadFf",
    "orig_pkts": "5", "orig_ip_bytes": "1200", "resp_pkts": "4", "resp_ip_bytes": "360",
}  # fmt: skip
HELLO = {"version": "TLSv13", "server_name": "a.example", "next_protocol": "h2"}
ANSWERS = {
    **ENDS, "ts": "1788220790.000000", "uid": "CDns", "id.resp_h": "203.162.4.191",
    "id.resp_p": "53", "rtt": "0.5", "query": "b.example", "qtype_name": "A",
    "answers": "alias.example,52.219.40.10", "TTLs": "300.000000,60.000000",
}  # fmt: skip


def log(path: str, *rows: dict[str, str], closed: bool = True) -> bytes:
    fields = list(dict.fromkeys(name for row in rows for name in row))
    head = [
        "#separator \\x09",
        "#set_separator\t,",
        f"#path\t{path}",
        "\t".join(["#fields", *fields]),
    ]
    lines = ["\t".join(row.get(name, "-") for name in fields) for row in rows]
    return "\n".join([*head, *lines, *(["#close\tx"] if closed else []), ""]).encode()


def as_json(*rows: dict, path: str | None = None) -> bytes:
    found = []
    for row in rows:
        typed = {name: _typed(name, value) for name, value in row.items() if value != "-"}
        found.append(json.dumps({**({"_path": path} if path else {}), **typed}))
    return "".join(f"{line}\n" for line in found).encode()


def _typed(name, value):
    if not isinstance(value, str):
        return value
    if name in {"answers", "orig_alpn"}:
        return value.split(",")
    if name == "TTLs":
        return [float(each) for each in value.split(",")]
    if name in {"ts", "duration", "rtt"}:
        return float(value)
    return int(value) if value.isdigit() else value


def read(folder: Path, **files: bytes):
    """Flows of all files, and the codes of problems with what they count."""
    for name, content in files.items():
        (folder / name).write_bytes(content)
    paths = [folder / name for name in sorted(files)]
    answers, tables, problems, sizes = read_files(ZeekReader(), paths)
    assert sum(sizes) == sum(len(content) for content in files.values())
    assert [answer.size for answer in answers] == [len(files[path.name]) for path in paths]
    flows = [flow for table in tables for flow in table.to_pylist()]
    return flows, {(Path(each.source).name, each.code): each.count for each in problems}


def named(folder: Path, **files: bytes):
    (flow,), problems = read(folder, conn=log("conn", CONN), **files)
    assert problems == {}
    return flow


def shown(flow: dict, *names: str) -> tuple:
    return tuple(flow[name] for name in names)


# --- what each log gives -------------------------------------------------------------------------


def test_ssl_log_names_the_server_and_the_version(tmp_path):
    flow = named(tmp_path, ssl=log("ssl", {**ENDS, **HELLO}))
    assert shown(flow, "host", "host_basis", "tls_version") == ("a.example", "tls-sni", "TLS 1.3")
    assert shown(flow, "app", "encrypted") == ("tls", True)
    # what the server chose is not what the client offered first
    assert shown(flow, "alpn", "ja4", "ech") == (None, None, None)


@pytest.mark.parametrize(
    ("logged", "ours"),
    [
        ("SSLv3", "SSL 3.0"), ("TLSv10", "TLS 1.0"), ("TLSv11", "TLS 1.1"), ("TLSv12", "TLS 1.2"),
        ("TLSv13-draft23", "TLS 1.3"), ("DTLSv12", "DTLS 1.2"), ("SSLv2", None),
        ("unknown-64282", None), ("-", None),
    ],
)  # fmt: skip
def test_versions_are_in_our_words(tmp_path, logged, ours):
    flow = named(tmp_path, ssl=log("ssl", {**ENDS, **HELLO, "version": logged}))
    assert flow["tls_version"] == ours
    assert flow["app"] == ("dtls" if logged.startswith("D") else "tls")


@pytest.mark.parametrize(
    ("logged", "ours"),
    [
        ("TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256"), ("unknown-4660", None), ("-", None),
        ("SSLv20_CK_RC4_128_WITH_MD5", None), ("TLS_" + "A" * 81, None),
    ],
)  # fmt: skip
def test_suites_are_taken_where_zeek_knows_their_names(tmp_path, logged, ours):
    flow = named(tmp_path, ssl=log("ssl", {**ENDS, **HELLO, "cipher": logged}))
    assert flow["tls_cipher"] == ours


def test_more_of_the_hello_is_taken_where_packages_log_it(tmp_path):
    more = {"orig_alpn": "h2,http/1.1", "ja4": "t13d0302h2_0123456789ab_cdef01234567"}
    flow = named(tmp_path, ssl=log("ssl", {**ENDS, **HELLO, **more}))
    assert shown(flow, "alpn", "ja4") == ("h2", more["ja4"])
    flow = named(tmp_path, ssl=as_json({**ENDS, **HELLO, **more, "established": True}))
    assert shown(flow, "alpn", "ja4") == ("h2", more["ja4"])


def test_a_name_beside_an_encrypted_hello_may_be_a_cover(tmp_path):
    flow = named(tmp_path, ssl=log("ssl", {**ENDS, **HELLO, "ech_kdf_id": "1"}))
    assert shown(flow, "host", "host_basis", "ech") == ("a.example", "ech-outer", True)


def test_quic_log_goes_before_ssl_log(tmp_path):
    quic = {**ENDS, "version": "1", "server_name": "q.example", "client_protocol": "h3"}
    flow = named(tmp_path, quic=log("quic", quic), ssl=log("ssl", {**ENDS, **HELLO}))
    assert shown(flow, "host", "host_basis") == ("q.example", "quic-sni")
    assert shown(flow, "app", "alpn", "tls_version") == ("quic", "h3", "TLS 1.3")


@pytest.mark.parametrize(
    ("logged", "ours"),
    [
        ("W.Example:8080", "w.example"), ("w.example.", "w.example"),
        ("203.0.113.9", "203.0.113.9"),
        ("[2001:db8::1]:80", "[2001:db8::1]"), ("a b", None), (r"a\x00b", None), ("", None),
        ("x" * 256, None),
    ],
)  # fmt: skip
def test_http_log_names_the_host_without_its_port(tmp_path, logged, ours):
    flow = named(tmp_path, http=log("http", {**ENDS, "host": logged}))
    assert shown(flow, "host", "host_basis") == (ours, "http-host" if ours else None)
    assert shown(flow, "app", "encrypted") == ("http", False)


def test_of_several_hosts_the_first_is_shown_and_said(tmp_path):
    rows = [{**ENDS, "host": host} for host in ("-", "w.example", "v.example", "w.example")]
    (flow,), problems = read(tmp_path, conn=log("conn", CONN), http=log("http", *rows))
    assert flow["host"] == "w.example"
    assert problems == {("http", "several-names"): 1}


def test_what_conn_log_says_of_the_application_stays(tmp_path):
    conn = log("conn", {**CONN, "service": "smtp"})
    (flow,), _ = read(tmp_path, conn=conn, ssl=log("ssl", {**ENDS, **HELLO}))
    assert shown(flow, "app", "encrypted") == ("smtp", True)


def test_dns_log_gives_the_name_asked_for(tmp_path):
    flow = named(tmp_path, dns=log("dns", {**ENDS, "query": "b.Example"}))
    assert shown(flow, "host", "host_basis", "app") == ("b.example", "dns-query", "dns")


@pytest.mark.parametrize("form", [log, lambda path, row: as_json({**row, "rejected": False})])
@pytest.mark.parametrize(
    ("change", "host"),
    [
        ({}, "b.example"),
        ({"ts": "1788220740.000000"}, "b.example"),  # 60 s and half a second before
        ({"ts": "1788220739.000000"}, None),  # its time to live is over
        ({"ts": "1788220801.000000"}, None),  # asked afterwards
        ({"id.orig_h": "203.162.10.6"}, None),  # somebody else was told
        ({"id.resp_p": "5353"}, None),
        ({"qtype_name": "PTR"}, None),
        ({"TTLs": "300.0"}, None),  # which of the two it belongs to is not known
        ({"answers": "52.219.40.11,x"}, None),
        ({"answers": "-"}, None),
    ],
)
def test_an_answer_names_its_address_for_that_client_while_it_lives(tmp_path, form, change, host):
    (flow,), _ = read(tmp_path, conn=log("conn", CONN), dns=form("dns", {**ANSWERS, **change}))
    assert shown(flow, "host", "host_basis") == (host, "dns-answer" if host else None)
    assert shown(flow, "app", "encrypted") == (None, None)


def test_the_latest_answer_counts_and_a_hello_more_than_any(tmp_path):
    later = {**ANSWERS, "ts": "1788220795.000000", "query": "c.example"}
    dns = log("dns", later, ANSWERS)
    (flow,), _ = read(tmp_path, conn=log("conn", CONN), dns=dns)
    assert flow["host"] == "c.example"
    (flow,), _ = read(tmp_path, conn=log("conn", CONN), dns=dns, ssl=log("ssl", {**ENDS, **HELLO}))
    assert shown(flow, "host", "host_basis") == ("a.example", "tls-sni")


def test_answers_need_no_uid(tmp_path):
    conn = {name: value for name, value in CONN.items() if name != "uid"}
    (flow,), _ = read(tmp_path, conn=log("conn", conn), dns=log("dns", ANSWERS))
    assert shown(flow, "host", "host_basis") == ("b.example", "dns-answer")


def test_answers_name_ipv6_addresses_too(tmp_path):
    conn = {**CONN, "id.orig_h": "2001:db8::5", "id.resp_h": "2001:db8::0:9"}
    dns = {**ANSWERS, "id.orig_h": "2001:db8::5", "answers": "2001:DB8::9", "TTLs": "60.0"}
    (flow,), _ = read(tmp_path, conn=log("conn", conn), dns=log("dns", dns))
    assert flow["host"] == "b.example"


def test_community_ids_of_the_log_are_kept(tmp_path):
    (flow,), _ = read(tmp_path, conn=log("conn", {**CONN, "community_id": "1:abc="}))
    assert flow["community_id"] == "1:abc="


# --- forms and folders ---------------------------------------------------------------------------


def test_each_form_of_the_side_log_gives_the_same(tmp_path):
    row = {**ENDS, **HELLO}
    forms = {
        "tabs": log("ssl", row),
        "packed": gzip.compress(log("ssl", row)),
        "json": as_json({**row, "established": True, "ssl_history": "CsxknGIi"}),
        "named": as_json(row, path="ssl"),
    }
    found = []
    for name, content in forms.items():
        folder = tmp_path / name
        folder.mkdir()
        found.append(named(folder, ssl=content))
    assert found == [found[0]] * len(forms)
    assert found[0]["host"] == "a.example"


def test_objects_of_several_logs_may_share_a_file(tmp_path):
    stream = as_json({**ENDS, **HELLO}, path="ssl") + as_json(CONN, path="conn")
    stream += as_json({**ENDS, "query": "b.example"}, path="dns") + as_json(CONN, path="weird")
    (flow,), problems = read(tmp_path, all=stream)
    assert shown(flow, "host", "host_basis") == ("a.example", "tls-sni")
    assert problems == {("all", "other-log"): 1, ("all", "not-needed"): 1}


@pytest.mark.parametrize("shape", ["nested", "renamed"])
def test_objects_may_write_the_endpoints_otherwise(tmp_path, shape):
    def turned(row):
        ends = {name.removeprefix("id."): row[name] for name in row if name.startswith("id.")}
        typed = {name: _typed(name, value) for name, value in ends.items()}
        rest = {name: value for name, value in row.items() if not name.startswith("id.")}
        if shape == "nested":
            return rest | {"id": typed}
        return rest | {f"id_{name}": value for name, value in typed.items()}

    conn = {**CONN, "service": "dns"}
    (plain,), _ = read(tmp_path, conn=log("conn", conn), dns=log("dns", ANSWERS))
    (other,), problems = read(
        tmp_path,
        conn=as_json(turned(conn)),
        dns=as_json(turned(ANSWERS) | {"rejected": False}),
    )
    assert other == plain
    assert other["host"] == "b.example"
    assert problems == {("dns", "unmatched-names"): 1}


def test_a_header_may_write_the_endpoints_with_underscores(tmp_path):
    content = log("conn", CONN)
    (plain,), _ = read(tmp_path, conn=content)
    (other,), problems = read(tmp_path, conn=content.replace(b"id.", b"id_"))
    assert (other, problems) == (plain, {})


def test_rotated_logs_are_joined_across_their_files(tmp_path):
    second = {**CONN, "uid": "CSecond", "id.orig_p": "2"}
    flows, problems = read(
        tmp_path,
        conn1=log("conn", CONN),
        conn2=gzip.compress(log("conn", second)),
        ssl1=log("ssl", {**ENDS, **HELLO, "uid": "CSecond", "server_name": "s.example"}),
        ssl2=log("ssl", {**ENDS, **HELLO}),
    )
    assert [flow["host"] for flow in flows] == ["a.example", "s.example"]
    assert problems == {}


# --- what is left over is said -------------------------------------------------------------------


def test_a_side_log_alone_makes_no_flows_and_says_so(tmp_path):
    flows, problems = read(tmp_path, ssl=log("ssl", {**ENDS, **HELLO}, {**ENDS, **HELLO}))
    assert flows == []
    assert problems == {("ssl", "names-without-conn"): 2}


def test_connections_of_a_side_log_that_conn_log_lacks_are_counted(tmp_path):
    rows = [{**ENDS, **HELLO, "uid": uid} for uid in ("CElse", UID, "CElse", "COther")]
    flows, problems = read(tmp_path, conn=log("conn", CONN), ssl=log("ssl", *rows))
    assert len(flows) == 1
    assert problems == {("ssl", "unmatched-names"): 2}


def test_logs_that_say_nothing_of_where_data_went_are_told_of(tmp_path):
    files = log("files", {"ts": "1.0", "fuid": "F1"})
    flows, problems = read(tmp_path, conn=log("conn", CONN), files=files)
    assert len(flows) == 1
    assert problems == {("files", "not-needed"): 1}


def test_a_side_log_without_uids_is_told_of(tmp_path):
    row = {name: value for name, value in {**ENDS, **HELLO}.items() if name != "uid"}
    _, problems = read(tmp_path, conn=log("conn", CONN), ssl=log("ssl", row))
    assert problems == {("ssl", "missing-field"): 1}


def test_a_side_log_that_was_cut_is_told_of_and_used(tmp_path):
    content = log("ssl", {**ENDS, **HELLO}, closed=False)
    (flow,), problems = read(tmp_path, conn=log("conn", CONN), ssl=content)
    assert flow["host"] == "a.example"
    assert problems == {("ssl", "not-closed"): 1}


def test_a_uid_that_is_not_logged_matches_nothing(tmp_path):
    conn, ssl = log("conn", {**CONN, "uid": "-"}), log("ssl", {**ENDS, **HELLO, "uid": "-"})
    (flow,), problems = read(tmp_path, conn=conn, ssl=ssl)
    assert flow["host"] is None
    assert problems == {}


def test_a_missing_side_log_is_an_error_of_its_own(tmp_path):
    (tmp_path / "conn").write_bytes(log("conn", CONN))
    answers, tables, _, _ = read_files(ZeekReader(), [tmp_path / "conn", tmp_path / "ssl"])
    assert answers[0].packets == tables[0].num_rows == 1
    assert "ssl" in str(answers[1])


# --- connections that are logged more than once --------------------------------------------------


def test_the_same_record_in_two_rotations_counts_once(tmp_path):
    other = {**CONN, "uid": "C2", "id.orig_p": "2"}
    flows, problems = read(tmp_path, a=log("conn", CONN), b=log("conn", CONN, other))
    assert len(flows) == 2
    assert problems == {("b", "duplicate-records"): 1}


def test_a_long_connection_that_was_logged_while_it_ran_counts_as_it_ended(tmp_path):
    early = {**CONN, "duration": "600.0", "orig_ip_bytes": "5000"}
    ended = {**CONN, "duration": "3000.0", "orig_ip_bytes": "9000"}
    (flow,), problems = read(tmp_path, conn=log("conn", ended), conn_long=log("conn_long", early))
    assert flow["src_bytes"] == 9000
    assert problems == {("conn_long", "interim-records"): 1}
    (flow,), _ = read(tmp_path, conn=log("conn", early, ended))
    assert flow["src_bytes"] == 9000


def test_a_connection_that_still_runs_counts_as_far_as_it_is_logged(tmp_path):
    rows = [{**CONN, "duration": f"{span}.0", "orig_ip_bytes": f"{span}"} for span in (5, 10, 15)]
    (flow,), problems = read(tmp_path, open_conn=log("open_conn", *rows))
    assert flow["src_bytes"] == 15
    assert problems[("open_conn", "interim-records")] == 2


# --- whatever comes ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ({**ENDS, "established": True}, "ssl"), ({**ENDS, "trans_depth": 1}, "http"),
        ({**ENDS, "client_scid": "a"}, "quic"), ({**ENDS, "qtype": 1}, "dns"),
        ({**ENDS, "missed_bytes": 0}, "conn"), ({**ENDS, "note": "x"}, ""),
    ],
)  # fmt: skip
def test_objects_are_known_by_what_only_their_log_has(line, name):
    assert log_of(json.dumps(line).encode()) == name


CELLS = st.one_of(
    st.sampled_from(["-", "", UID, "1.2.3.4", "nan", "inf", "-1", "1e308", "99999999999999999999"]),
    st.sampled_from(["a,b", ",", ",,", "1.0,", "A", "TLSv13", "53", "(empty)", "1788220790.0"]),
    st.text(max_size=6),
)


@hypothesis_settings(max_examples=120, deadline=None)
@given(
    path=st.sampled_from(["ssl", "quic", "http", "dns"]),
    rows=st.lists(st.lists(CELLS, min_size=16, max_size=17), max_size=5),
    tail=st.binary(max_size=60),
)
def test_whatever_a_side_log_holds_the_connections_are_read(tmp_path_factory, path, rows, tail):
    fields = [
        *ENDS, "server_name", "version", "ja4", "orig_alpn", "ech_kdf_id", "host",
        "client_protocol", "query", "answers", "TTLs",
    ]  # fmt: skip
    text = "\n".join(
        "\t".join(cell.replace("\n", "").replace("\t", "") for cell in row) for row in rows
    )
    head = f"#separator \\x09\n#path\t{path}\n" + "\t".join(["#fields", *fields]) + "\n"
    folder = tmp_path_factory.mktemp("names")
    content = (head + text + "\n").encode("utf-8", "replace") + tail + b"\n"
    flows, _ = read(folder, conn=log("conn", CONN), side=content)
    assert len(flows) == 1
    flows, _ = read(folder, conn=log("conn", CONN), side=as_json(ENDS, path=path) + tail + b"\n")
    assert len(flows) == 1
