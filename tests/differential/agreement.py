"""How far the packet engine agrees with tshark and with nDPI on real captures: docs/agreement.md.

    AUDITOR_CORPUS=... python -m tests.differential.agreement

The corpus is a folder with ``ndpi/pcap`` (captures) and ``ndpi/result`` (nDPI's answers). Every
difference has its reason in ``reasons.py``; the page is written from what is measured, in a fixed
order.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.model.errors import InputError
from tests.differential.conversations import Seen, flows_of, of_flows, of_tshark, pair_of
from tests.differential.ndpi import SERVER_NAMES, Answer, answers, comparable
from tests.differential.reasons import NO_SERVER_NAME, REASONS, reason_of, reason_of_ja4

if TYPE_CHECKING:
    import pyarrow as pa

    from tests.differential.conversations import Pair

PAGE = Path(__file__).parents[2] / "docs" / "agreement.md"
NAMED = {6: "TCP", 17: "UDP"}
MOST_LINES = 60
DIFFERS, BOTH_RIGHT, NO_NAME = "differs", "both right", "no name"
ANSWERED = ("host", "alpn", "ja4")


@dataclass(frozen=True, slots=True)
class Difference:
    """One conversation seen in two ways.

    Attributes:
        kind: ``conversation``, ``host``, ``alpn`` or ``ja4``.
        reason: why, found by looking at the packets; empty = nobody has looked yet.
        standing: ``DIFFERS``, ``BOTH_RIGHT`` (several names in one conversation) or ``NO_NAME``
            (nDPI's text is no name that the packets hold).
    """

    file: str
    kind: str
    pair: Pair
    ours: str
    theirs: str
    reason: str
    standing: str = DIFFERS


@dataclass
class Agreement:
    """What was compared.

    Attributes:
        compared, equal: by kind.
        other: by nDPI's protocol, host fields that are no server names, and how many are equal.
        refused: captures that could not be read.
    """

    captures: int = 0
    compared: Counter[str] = field(default_factory=Counter)
    equal: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)
    other: Counter[str] = field(default_factory=Counter)
    other_equal: Counter[str] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)

    def share(self, kind: str) -> float:
        """Percent of what was compared that is equal."""
        return 100 * self.equal[kind] / max(self.compared[kind], 1)

    def agreed(self, kind: str) -> float:
        """Percent that is equal or right on both sides, of what is a name at all."""
        of_these = self.compared[kind] - self.standing(kind, NO_NAME)
        return 100 * (self.equal[kind] + self.standing(kind, BOTH_RIGHT)) / max(of_these, 1)

    def standing(self, kind: str, standing: str) -> int:
        """How many differences stand so."""
        return sum(one.standing == standing for one in self.differing(kind))

    def differing(self, kind: str) -> list[Difference]:
        return [one for one in self.differences if one.kind == kind]


def measured(corpus: Path) -> Agreement:
    """The agreement over ``corpus/ndpi``: one tshark pass, two files at a time."""
    captures = sorted((corpus / "ndpi" / "pcap").glob("*.*cap*"))
    found = Agreement(captures=len(captures))
    with ThreadPoolExecutor(2) as pool:
        for path, seen in zip(captures, pool.map(of_tshark, captures), strict=True):
            try:
                flows = flows_of(path)
            except InputError:
                found.refused.append(path.name)
                continue
            _conversations(found, path.name, of_flows(flows), seen)
            told = answers(corpus / "ndpi" / "result" / f"{path.name}.out")
            _answers(found, path.name, flows, told, seen)
    found.differences.sort(key=lambda one: (one.kind, one.file, str(one.pair)))
    return found


def _conversations(found: Agreement, file: str, ours: Seen, theirs: Seen) -> None:
    pairs = {pair_of(key) for key in (*ours.packets, *theirs.packets) if key[0] in NAMED}
    for pair in pairs:
        left, right = _both(ours, pair), _both(theirs, pair)
        found.compared["conversation"] += 1
        if left == right:
            found.equal["conversation"] += 1
        else:
            reason = reason_of("conversation", file, pair, left, right)
            found.differences.append(
                Difference(file, "conversation", pair, _counts(left), _counts(right), reason)
            )


def _both(seen: Seen, pair: Pair) -> tuple[int, int, int, int]:
    """Packets and IP bytes there, packets and IP bytes back."""
    protocol, low, high = pair
    there, back = (protocol, *low, *high), (protocol, *high, *low)
    return seen.packets[there], seen.octets[there], seen.packets[back], seen.octets[back]


def _counts(both: tuple[int, int, int, int]) -> str:
    packets, octets, packets_back, octets_back = both
    if not packets and not packets_back:
        return "none"
    return f"{packets:,} / {octets:,} there, {packets_back:,} / {octets_back:,} back"


def _answers(found: Agreement, file: str, flows: pa.Table, told: list[Answer], seen: Seen) -> None:
    ours: dict[str, dict[Pair, set[str]]] = {kind: defaultdict(set) for kind in ANSWERED}
    ends = (flows[n].to_pylist() for n in ("protocol", "src_ip", "src_port", "dst_ip", "dst_port"))
    values = zip(*(flows[kind].to_pylist() for kind in ANSWERED), strict=True)
    for key, row in zip(zip(*ends, strict=True), values, strict=True):
        for kind, value in zip(ANSWERED, row, strict=True):
            if value:
                ours[kind][pair_of(key)].add(comparable(value) if kind == "host" else value)
    for answer in told:
        if answer.host and answer.protocol not in SERVER_NAMES:
            found.other[answer.protocol] += 1
            found.other_equal[answer.protocol] += (
                comparable(answer.host) in ours["host"][answer.pair]
            )
            continue
        for kind in ANSWERED:
            if value := getattr(answer, kind):
                _answer(found, file, kind, answer, value, ours[kind][answer.pair], seen)


def _answer(
    found: Agreement, file: str, kind: str, answer: Answer, theirs: str, ours: set[str], seen: Seen
) -> None:
    found.compared[kind] += 1
    wanted = comparable(theirs) if kind == "host" else theirs
    if wanted in ours:
        found.equal[kind] += 1
        return
    names = {comparable(name) for name in seen.names.get(answer.pair, ())}
    given = tuple(sorted(ours))
    reason, standing = reason_of(kind, file, answer.pair, given, theirs), DIFFERS
    if kind == "ja4":
        reason = reason_of_ja4(given, theirs, answer.alpn, names) or reason
    elif ours and wanted in names and ours <= names:
        reason, standing = "tshark reads both names in this conversation", BOTH_RIGHT
    elif reason.startswith(NO_SERVER_NAME):
        standing = NO_NAME
    shown = ", ".join(sorted(ours)) or "none"
    found.differences.append(Difference(file, kind, answer.pair, shown, theirs, reason, standing))


def page(found: Agreement) -> str:
    """The agreement as a page."""
    version = subprocess.run(["tshark", "--version"], capture_output=True, text=True, check=False)
    tshark = version.stdout.split(" (Git")[0].strip()
    rows = [
        f"| {title} | {found.compared[kind]:,} | {found.equal[kind]:,} | {found.share(kind):.2f} % "
        + "".join(f"| {found.standing(kind, one):,} " for one in (BOTH_RIGHT, NO_NAME, DIFFERS))
        + f"| {found.agreed(kind):.2f} % |"
        for kind, title in _TITLES.items()
    ]
    text = _INTRODUCTION.format(captures=found.captures, tshark=tshark, rows="\n".join(rows))
    lines = text.splitlines()
    if found.refused:
        lines += ["", "Captures that could not be read: " + ", ".join(found.refused) + "."]
    lines += ["", "## Conversations that differ from tshark's", ""]
    lines += _table(found.differing("conversation"), "tshark", "packets / IP bytes")
    lines += ["", "## Host names that differ from nDPI's", ""]
    lines += _table(found.differing("host"), "nDPI", "host")
    lines += ["", "### nDPI's host fields that are no server names", "", *_OTHER.splitlines()]
    lines += ["", "| nDPI's protocol | flows | equal |", "|---|---:|---:|"]
    lines += [
        f"| {name} | {count} | {found.other_equal[name]} |"
        for name, count in sorted(found.other.items(), key=lambda item: (-item[1], item[0]))
    ]
    for kind, title in (("alpn", "ALPN"), ("ja4", "JA4")):
        lines += ["", f"## {title} that differ from nDPI's", ""]
        if found.equal[kind]:
            lines += _table(found.differing(kind), "nDPI", title)
        else:
            lines.append(f"The engine does not fill `{kind}`.")
    return "\n".join(lines) + "\n"


def _table(differences: list[Difference], other: str, what: str) -> list[str]:
    """Every difference; where there are very many, those of one file and reason in one line."""
    groups: dict[tuple[str, ...], list[Difference]] = defaultdict(list)
    for one in differences:
        each = () if len(differences) > MOST_LINES else (str(one.pair), one.theirs)
        groups[one.file, one.reason, *each].append(one)
    lines = [f"| capture | conversation | {what}: auditor | {what}: {other} | reason |",
             "|---|---|---|---|---|"]  # fmt: skip
    for (file, reason, *_), members in sorted(groups.items()):
        first = members[0]
        more = f" and {len(members) - 1} more" if len(members) > 1 else ""
        cells = (file, _ends(first.pair) + more, first.ours, first.theirs, reason or "**none yet**")
        lines.append("| " + " | ".join(_cell(cell) for cell in cells) + " |")
    return lines if differences else ["None."]


def _ends(pair: Pair) -> str:
    protocol, *ends = pair
    shown = (f"[{a}]:{p}" if ":" in a else f"{a}:{p}" for a, p in ends)
    return f"{NAMED.get(protocol, protocol)} " + " – ".join(shown)


def _cell(text: str) -> str:
    """Text from a capture as a table's cell: nothing of it is markup."""
    shown = "".join(letter if letter.isprintable() else "?" for letter in text)
    return shown.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")


_TITLES = {
    "conversation": "TCP and UDP conversations, tshark",
    "host": "server names, nDPI",
    "alpn": "first ALPN offered, nDPI",
    "ja4": "JA4, nDPI",
}

_INTRODUCTION = """# Agreement with tshark and nDPI

Written by `make agreement` from the real captures in `$AUDITOR_CORPUS/ndpi`; do not edit by hand.
{captures} captures of the nDPI project, compared with {tshark} and with the answers of
nDPI that lie beside the captures.

| | compared | equal | share | both right | no name | differ | agreed |
|---|---:|---:|---:|---:|---:|---:|---:|
{rows}

A *conversation* is a protocol and two endpoints with their ports. It is equal if packets and IP
bytes agree in both directions. Where IP travels inside IP, the innermost header counts; packets
quoted by ICMP errors and sFlow samples are not traffic of those they name.

A *server name* is what nDPI shows as host of a flow that it takes for TLS, QUIC, HTTP or DNS (and
mail and file transfer inside TLS). It is equal if a flow of the same endpoints has that name here;
case, a port behind the name and a final dot do not count, and of longer names nDPI keeps the last
79 characters. *Both right*: several names occur in the conversation, tshark reads both, nDPI shows
another than the first. *No name*: what nDPI shows is no name that the packets hold. *Agreed* is the
share that is equal or right on both sides, without what is no name.

Every difference has a reason, found by looking at the packets."""

_OTHER = """Discovery names (mDNS, LLMNR, SSDP, NetBIOS), DHCP host names, STUN software, banners
and the like. They are compared here for completeness and count nowhere above."""


def main() -> None:
    """Writes the page."""
    corpus = os.environ.get("AUDITOR_CORPUS")
    if not corpus:
        sys.exit("AUDITOR_CORPUS is unset: it names the folder of the real captures")
    found = measured(Path(corpus))
    PAGE.write_text(page(found), encoding="utf-8")
    for kind in _TITLES:
        without = sum(not one.reason for one in found.differing(kind))
        sys.stdout.write(
            f"{kind}: {found.equal[kind]} of {found.compared[kind]} equal "
            f"({found.share(kind):.2f} %), {without} differences without a reason\n"
        )
    texts = {(one.kind, one.reason) for one in found.differences}
    for reason in REASONS:
        if (reason.kind, reason.text) not in texts:
            sys.stdout.write(f"no difference needs this reason: {reason.file}: {reason.text}\n")


if __name__ == "__main__":
    main()
