"""TLS: what the agency's endpoints accept and show in a scan, and what sessions agreed on.

A scan tells of every endpoint that was listed, traffic only of what passed a sensor: so only a
scan can make these probes pass, while both can make them fail.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from auditor.checklist.probe import Found, Probe, unknown
from auditor.checklist.probes.certificates import PROBES as CERTIFICATES
from auditor.checklist.probes.endpoints import (
    KIND,
    MAKE,
    Told,
    count_of,
    reached,
    scan_of,
    scanned_en,
    scanned_vi,
    summed,
    told_of,
)
from auditor.model.cipher_suites import weakness
from auditor.model.readiness import Coverage, Reference
from auditor.model.text import Text

if TYPE_CHECKING:
    import pandas as pd

    from auditor.checklist.facts import Facts, Traffic
    from auditor.checklist.probe import Arguments
    from auditor.checklist.sources.scan.result import EndpointScan, Scan

OLD: Final = ("SSL 3.0", "TLS 1.0", "TLS 1.1", "DTLS 1.0")
RESTS_ON: Final = "DEFAULT TLS ≥ 1.2 [M]"
_SHOWN: Final = (
    "input_id", "flow_id", "src_ip", "dst_ip", "dst_port", "tls_version", "tls_cipher", "flows",
)  # fmt: skip
GROUPS: Final = {
    "null-anon-export": "NULL, anon, export",
    "rc4": "RC4",
    "des": "DES, 3DES",
    "cbc-sha1": "CBC-SHA1",
}
CONFIGURE: Final = Text(
    "Chỉ bật TLS 1.2, 1.3 với bộ mã AEAD (GCM, CHACHA20), tắt phiên bản và bộ mã cũ, rồi quét lại.",
    "Leave TLS 1.2 and 1.3 with AEAD suites (GCM, CHACHA20) only, turn the rest off, scan again.",
)
FIND_OLD: Final = Text(
    "Nâng cấp hoặc cấu hình lại máy chủ, máy khách còn dùng phiên bản cũ.",
    "Upgrade or reconfigure the servers and clients that still use old versions.",
)


def tls_versions(facts: Facts, arguments: Arguments) -> Found:
    """Endpoints and the sessions with them use TLS 1.2 or later, and strong suites.

    A weak suite that an endpoint accepts fails it; only CBC-SHA1, which servers keep for old
    clients, must have been chosen: accepted when nothing else is offered it is a part.
    """
    del arguments
    scanned = scan_of(facts)
    told: list[Told] = []
    flows = 0
    if facts.traffic is not None:
        sessions = _own_sessions(facts.traffic)
        flows = int(sessions["flows"].sum())
        bad = _ways(facts.traffic, sessions[_is_bad(sessions)])
        told += [Told("fail", reference) for reference in bad]
    vi = f"{flows} phiên TLS với máy chủ của cơ quan và kênh trao đổi"
    en = f"{count_of(flows, 'TLS session')} with own servers and the channel"
    if scanned is None:
        if not told:
            return unknown(
                f"Chưa có kết quả quét TLS; {vi} không cho thấy phiên bản, bộ mã yếu.",
                f"There is no TLS scan; {en} show no weak version or suite.",
                *MAKE,
            )
        scan = None
        vi, en = f"Chưa quét TLS; {vi}", f"No TLS scan; {en}"
    else:
        scan, source = scanned
        told += [each for endpoint in scan.endpoints for each in _weaknesses(endpoint, source)]
        vi, en = f"{scanned_vi(scan)}; {vi}", f"{scanned_en(scan)}; {en}"
    return summed(
        told,
        Text(
            f"{vi}: tất cả dùng TLS 1.2 trở lên với bộ mã mạnh.",
            f"{en}: all with TLS 1.2 or later and strong suites.",
        ),
        Text(f"{vi}; phiên bản hoặc bộ mã yếu", f"{en}; weak versions or suites"),
        CONFIGURE,
        _coverage(scan, facts),
        RESTS_ON,
    )


def _weaknesses(endpoint: EndpointScan, source: str) -> list[Told]:
    """What speaks against the versions and suites of an endpoint."""
    if endpoint.state != "scanned":
        return [told_of("unknown", endpoint, source, endpoint.says or endpoint.state)]
    told = [
        told_of("fail", endpoint, source, f"{asked.version} ({asked.suite})")
        for asked in endpoint.versions
        if asked.accepted and asked.version in OLD
    ]
    chosen = [asked for asked in endpoint.versions if asked.accepted and asked.version not in OLD]
    told += [
        told_of("fail", endpoint, source, f"{asked.version}: {asked.suite}")
        for asked in chosen
        if weakness(asked.suite)
    ]
    told += [
        told_of(
            "partial" if group.group == "cbc-sha1" else "fail",
            endpoint, source, f"{GROUPS[group.group]}: {group.suite}",
        )
        for group in endpoint.weak
        if group.accepted
    ]  # fmt: skip
    silent: list[str] = [asked.version for asked in endpoint.versions if asked.accepted is None]
    silent += [GROUPS[group.group] for group in endpoint.weak if group.accepted is None]
    if silent:
        told.append(told_of("unknown", endpoint, source, f"? {', '.join(silent)}"))
    return told


def old_tls_seen(facts: Facts, arguments: Arguments) -> Found:
    """No session in the traffic agreed on SSL, or TLS before 1.2."""
    del arguments
    if facts.traffic is None:
        return unknown(
            "Chưa có lưu lượng nào để xem phiên TLS.",
            "There is no traffic to look for TLS sessions in.",
            "Nêu tệp ghi gói tin hoặc nhật ký (Zeek ssl.log, Suricata) khi kiểm tra.",
            "Name captures or logs (Zeek ssl.log, Suricata) when you check.",
        )
    sessions = _sessions(facts.traffic)
    if not len(sessions):
        return unknown(
            "Lưu lượng không cho thấy phiên TLS nào có lời chào của máy chủ.",
            "The traffic shows no TLS session with its server's hello.",
            "Ghi gói tin trọn vẹn ở nơi có kênh trao đổi, hoặc nêu nhật ký Zeek, Suricata.",
            "Record whole packets where the exchange runs, or name logs of Zeek or Suricata.",
        )
    old = sessions[sessions["tls_version"].isin(OLD)]
    total, count = int(sessions["flows"].sum()), int(old["flows"].sum())
    coverage = _traffic_coverage(facts)
    if len(old):
        kinds = ", ".join(sorted(old["tls_version"].unique()))
        return Found(
            "fail",
            f"{count} trong {total} phiên TLS dùng phiên bản cũ ({kinds}).",
            f"{count} of {count_of(total, 'TLS session')} used old versions ({kinds}).",
            _ways(facts.traffic, old),
            RESTS_ON,
            FIND_OLD,
            coverage,
        )
    return Found(
        "clear",
        f"Không thấy phiên bản cũ trong {total} phiên TLS.",
        f"No old version in {count_of(total, 'TLS session')}.",
        rests_on=RESTS_ON,
        coverage=coverage,
    )


def _sessions(traffic: Traffic) -> pd.DataFrame:
    """Ways of talking in the traffic on which a version or suite was agreed."""
    edges = traffic.edges
    words = edges[["tls_version", "tls_cipher"]].astype(object).fillna("")
    agreed = (words["tls_version"] != "") | (words["tls_cipher"] != "")
    return edges.assign(**words)[agreed]


def _own_sessions(traffic: Traffic) -> pd.DataFrame:
    """Those with the agency's own servers, the Center and the Agent Node.

    What people read on the Internet is not the exchange's business.
    """
    sessions = _sessions(traffic)
    exchange = sessions["dst_place"].isin(("center", "agent-node"))
    return sessions[sessions["dst_home"].astype(bool) | exchange]


def _is_bad(sessions: pd.DataFrame) -> pd.Series[bool]:
    suites = {suite: weakness(suite) is not None for suite in sessions["tls_cipher"].unique()}
    weak = sessions["tls_cipher"].map(suites).astype(bool)
    return sessions["tls_version"].isin(OLD) | weak


def _ways(traffic: Traffic, sessions: pd.DataFrame) -> list[Reference]:
    """A reference for each way of talking, the most used first."""
    most = sessions.sort_values("flows", ascending=False, kind="stable").head(1000)
    return [
        Reference(
            traffic.inputs.get(int(row["input_id"]), ""),
            f"flow {row['flow_id']}",
            f"{row['src_ip']} → {row['dst_ip']} port {row['dst_port']}: "
            + " ".join(row[word] for word in ("tls_version", "tls_cipher") if row[word])
            + f" ×{row['flows']}",
        )
        for row in most[list(_SHOWN)].to_dict("records")
    ]


def _coverage(scan: Scan | None, facts: Facts) -> Coverage:
    """What the scan reached, and what the traffic can tell."""
    seen = _traffic_coverage(facts)
    return seen if scan is None else reached(scan, seen)


def _traffic_coverage(facts: Facts) -> Coverage:
    """The traffic's own, with the TLS sessions whose agreement was not seen."""
    if facts.traffic is None:
        return Coverage()
    edges, base = facts.traffic.edges, facts.traffic.coverage
    unseen = edges["app"].isin(("tls", "dtls")) & (edges["tls_version"].fillna("") == "")
    count = int(edges["flows"][unseen].sum())
    if not count:
        return base
    text = Text(
        f"{count} phiên TLS không thấy lời chào của máy chủ",
        f"the server's hello was not seen in {count_of(count, 'TLS session')}",
    )
    return replace(base, not_covered=(*base.not_covered, text))


PROBES: tuple[Probe, ...] = (
    Probe(
        "tls-versions",
        Text(
            "Điểm cuối và các phiên trao đổi có dùng TLS 1.2 trở lên với bộ mã mạnh không?",
            "Do endpoints and exchange sessions use TLS 1.2 or later with strong suites?",
        ),
        (KIND, "traffic"),
        "both",
        tls_versions,
    ),
    Probe(
        "old-tls-seen",
        Text(
            "Lưu lượng có phiên nào dùng SSL hoặc TLS trước 1.2 không?",
            "Does the traffic show sessions of SSL, or of TLS before 1.2?",
        ),
        ("traffic",),
        "failure",
        old_tls_seen,
    ),
    *CERTIFICATES,
)
