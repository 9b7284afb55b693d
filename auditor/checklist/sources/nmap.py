"""nmap XML (``-oX``): open ports, and what vulnerability and TLS scripts say."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from auditor.checklist.sources.markup import elements
from auditor.checklist.sources.results import About, Host, Results, Rule, State, line, within
from auditor.model.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from auditor.checklist.sources.markup import Node

OLD_TLS: Final = ("SSLv2", "SSLv3", "TLSv1.0", "TLSv1.1")
VERDICTS: Final[dict[str, State]] = {
    "VULNERABLE": "fail",
    "VULNERABLE (Exploitable)": "fail",
    "VULNERABLE (DoS)": "fail",
    "LIKELY VULNERABLE": "fail",
    "NOT VULNERABLE": "pass",
    "UNKNOWN (unable to test)": "not-checked",
}
"""The states of nmap's ``vulns`` library."""


def nmap_results(path: Path) -> Results:
    """Ports and script verdicts of the hosts that were up.

    An open port is no failing: it is listed as ``informational``. A scan speaks of
    vulnerabilities only when it ran scripts that look for them.

    Raises:
        InputError: it is damaged or too large.
    """
    version, arguments = "", ""
    started: datetime | None = None
    ended: datetime | None = None
    finished = False
    hosts: list[Host] = []
    rules: list[Rule] = []
    for node in elements(path, ("host", "finished"), ("nmaprun",)):
        match node.name:
            case "nmaprun":
                version = line(node.attributes.get("version"), 40)
                arguments = node.attributes.get("args", "")
                started = _seconds(node.attributes.get("start"))
            case "finished":
                ended = _seconds(node.attributes.get("time"))
                finished = node.attributes.get("exit", "success") == "success"
            case "host" if any(
                state.attributes.get("state") == "up" for state in node.all("status")
            ):
                host = _host(node)
                hosts.append(host)
                rules += _rules(node, host.name)
    about: tuple[About, ...] = ("ports",)
    scripts = arguments.partition("--script")[2]
    if "vuln" in scripts or any(rule.about == "vulnerabilities" for rule in rules):
        about = ("ports", "vulnerabilities")
    return Results(
        format="nmap",
        tool="nmap",
        version=version,
        taken=ended or started,
        hosts=tuple(hosts),
        rules=within(rules, path.name),
        about=about,
        finished=finished,
        notes=(Text(f"{len(hosts)} máy trả lời.", f"{len(hosts)} hosts answered."),),
    )


def _seconds(text: str | None) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(text or ""), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _host(node: Node) -> Host:
    names = [
        line(address.attributes.get("addr"))
        for address in node.all("address")
        if address.attributes.get("addrtype") != "mac"
    ]
    names += [
        line(name.attributes.get("name"))
        for group in node.all("hostnames")
        for name in group.all("hostname")
    ]
    names = [name for name in names if name]
    return Host(names[0] if names else "", tuple(names[1:100]))


def _rules(node: Node, host: str) -> Iterator[Rule]:
    for ports in node.all("ports"):
        for port in ports.all("port"):
            name = line(f"{port.attributes.get('portid')}/{port.attributes.get('protocol')}", 20)
            state = next((each.attributes.get("state") for each in port.all("state")), "")
            if state != "open":
                continue
            service = next((each.attributes for each in port.all("service")), {})
            words = (service.get("tunnel"), service.get("name"), service.get("product"),
                     service.get("version"))  # fmt: skip
            title = line(" ".join(word for word in words if word))
            yield Rule(name, title, "informational", "", host, name, "ports")
            for script in port.all("script"):
                yield from _script(script, host, name)
    for group in node.all("hostscript"):
        for script in group.all("script"):
            yield from _script(script, host, host)


def _script(script: Node, host: str, place: str) -> Iterator[Rule]:
    name = line(script.attributes.get("id"), 60)
    if name in ("ssl-enum-ciphers", "sslv2"):
        offered = [table.attributes.get("key", "") for table in script.all("table")]
        if name == "sslv2" and "SSLv2 supported" in script.attributes.get("output", ""):
            offered = ["SSLv2"]
        for version in offered:
            if version in OLD_TLS:
                yield Rule(name, f"offers {version}", "fail", "", host, place, "vulnerabilities")
        return
    for table in _tables(script):
        values = {elem.attributes.get("key", ""): elem.text.strip() for elem in table.all("elem")}
        key = line(table.attributes.get("key") or name, 60)
        if values.get("state") in VERDICTS:
            yield Rule(key, line(values.get("title")), VERDICTS[values["state"]], "", host, place,
                       "vulnerabilities")  # fmt: skip
        elif name == "vulners" and values.get("type") == "cve":
            yield Rule(line(values.get("id"), 60), "known for this version", "fail",
                       line(values.get("cvss"), 10), host, place, "vulnerabilities")  # fmt: skip


def _tables(script: Node) -> Iterator[Node]:
    """The script itself and all tables inside: some scripts write their verdict at the top."""
    waiting = [script]
    while waiting:
        node = waiting.pop(0)
        yield node
        waiting += node.all("table")
