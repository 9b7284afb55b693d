"""nftables: the JSON that ``nft -j list ruleset`` prints (libnftables-json(5))."""

from __future__ import annotations

from typing import Any, Final, Literal

from auditor.checklist.sources.firewall import Firewall, Unread
from auditor.checklist.sources.nftables import ChainText, Clause, RuleText, Table, nftables

_DEEPEST: Final = 8
_VERDICTS: Final[dict[str, Literal["accept", "deny", "return"]]] = {
    "accept": "accept", "drop": "deny", "reject": "deny", "return": "return",
}  # fmt: skip
_QUIET: Final = frozenset({"log", "notrack", "masquerade", "snat", "mangle"})

Object = dict[str, Any]


def nftables_json(document: Object) -> Firewall:
    """The firewall that the document describes.

    Raises:
        ValueError, TypeError, KeyError, AttributeError: it is not of the form it claims.
    """
    tables: dict[tuple[str, str], Table] = {}
    unread: list[Unread] = []
    for number, entry in enumerate(document["nftables"], start=1):
        (kind, body), *_ = entry.items()
        if kind in ("metainfo", "counter", "quota", "limit", "ct helper", "ct timeout", "secmark"):
            continue
        key = (str(body["family"]), str(body["name"] if kind == "table" else body["table"]))
        table = tables.setdefault(key, Table(*key))
        name = str(body.get("name", ""))
        if kind == "chain":
            policy: Literal["accept", "deny"] = "deny" if body.get("policy") == "drop" else "accept"
            table.chains[name] = ChainText(
                name, f"object {number}", str(body.get("hook", "")), str(body.get("type", "")),
                policy,
            )  # fmt: skip
        elif kind == "set":
            table.sets[name] = tuple(
                text for each in body.get("elem", ()) for text in _texts(each, 0)
            )
        elif kind == "rule":
            chain = table.chains.setdefault(str(body["chain"]), ChainText(str(body["chain"])))
            rule = RuleText(f"handle {body.get('handle', number)}")
            rule.comment = str(body.get("comment", ""))[:200]
            for part in body["expr"]:
                _part(rule, part)
            chain.rules.append(rule)
        elif kind not in ("table", "map", "flowtable"):
            unread.append(Unread(f"object {number}", kind[:40]))
    return nftables(list(tables.values()), unread)


def _part(rule: RuleText, part: Object) -> None:
    (kind, body), *_ = part.items()
    if kind in _VERDICTS:
        rule.verdict = _VERDICTS[kind]
    elif kind in ("jump", "goto"):
        rule.verdict = "jump" if kind == "jump" else "goto"
        rule.target = str(body["target"])
    elif kind == "counter":
        if isinstance(body, dict) and "packets" in body:
            rule.hits = int(body["packets"])
    elif kind == "limit":
        rule.clauses.append(Clause("limit"))
    elif kind in ("dnat", "redirect"):
        _publish(rule, body or {})
    elif kind == "match":
        clauses = _clauses(body)
        if clauses:
            rule.clauses += clauses
        else:
            rule.unread = "match"
    elif kind not in _QUIET:
        rule.unread = kind


def _publish(rule: RuleText, body: Object) -> None:
    host, port = body.get("addr"), body.get("port")
    if not isinstance(host, str | None) or not isinstance(port, int | None):
        rule.unread = "dnat"
        return
    host = f"[{host}]" if host and ":" in host else host or ""
    rule.published = f"{host}:{port}" if port is not None else host


def _clauses(body: Object) -> list[Clause]:
    """The conditions that a match states; none = it is not known."""
    operator = body.get("op", "==")
    if operator not in ("==", "!=", "in"):
        return []
    values = tuple(_texts(body["right"], 0))
    negated = operator == "!="
    (kind, left), *_ = body["left"].items()
    match kind, left:
        case "payload", {"protocol": "ip" | "ip6" as family, "field": "saddr" | "daddr" as side}:
            name = "ipv4" if family == "ip" else "ipv6"
            return [Clause("family", (name,)), Clause(side, values, negated)]
        case "payload", {"protocol": "tcp" | "udp" | "sctp" | "dccp" as protocol, "field": "dport"}:
            return [Clause("l4proto", (protocol,)), Clause("dport", values, negated)]
        case "payload", {"protocol": "tcp" | "udp" | "sctp" as protocol, "field": "sport"}:
            return [Clause("l4proto", (protocol,)), Clause("limit")]
        case "payload", {"protocol": "th", "field": "dport"}:
            return [Clause("dport", values, negated)]
        case "payload", {"protocol": "ip", "field": "protocol"}:
            return [Clause("l4proto", values, negated)]
        case "payload", {"protocol": "ip6", "field": "nexthdr"}:
            return [Clause("l4proto", values, negated)]
        case "payload", {"protocol": str(protocol), "field": str(name)}:
            return [Clause(f"{protocol} {name}", values, negated)]
        case "meta", {"key": "iifname" | "iif" | "oifname" | "oif" as key}:
            return [Clause(key[:3], values, negated)]
        case "meta", {"key": "l4proto"}:
            return [Clause("l4proto", values, negated)]
        case "meta", {"key": "nfproto"}:
            return [Clause("family", values, negated)]
        case "meta", {"key": str(key)}:
            return [Clause(f"meta {key}", values, negated)]
        case "ct", {"key": "state" | "status" as key}:
            return [Clause(key, values, negated)]
        case "ct", {"key": str(key)}:
            return [Clause(f"ct {key}", values, negated)]
        case _:
            return []


def _texts(value: object, depth: int) -> list[str]:
    """Values as text: ``10.0.0.0/8``, ``22-25``, ``@name``.

    Raises:
        ValueError: it is nested too deeply.
        TypeError, KeyError: it is not of this form.
    """
    if depth > _DEEPEST:
        raise ValueError("nested too deeply")
    match value:
        case str() | int():
            return [str(value)]
        case list():
            return [text for each in value for text in _texts(each, depth + 1)]
        case {"set": inner} | {"|": inner}:
            return _texts(inner, depth + 1)
        case {"elem": {"val": inner}}:
            return _texts(inner, depth + 1)
        case {"range": [low, high]}:
            return [f"{low}-{high}"]
        case {"prefix": {"addr": address, "len": length}}:
            return [f"{address}/{length}"]
        case _:
            raise TypeError("a value of another form")
