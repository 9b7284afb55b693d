"""What was said within TLS, where the keys are at hand: decrypted by tshark.

The keys come as a key log (NSS format, ``SSLKEYLOGFILE``) or as a secrets block of the pcapng file
itself. tshark is told to know no protocol above TLS, so that it hands on the plain bytes of each
record as they are, HTTP/2 among them. They are not in its command line but in files of a folder of
our own, whose names are harmless; nothing of a key log is copied or shown.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from auditor.model.problem import Problem
from auditor.model.stream import Chunk, Ended
from auditor.readers.second.packets import canonical
from auditor.readers.second.tshark_names import first
from auditor.readers.second.tshark_packets import capture_of, event_loop, own_preferences

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from auditor.model.problem import Note

KNOWN: Final = {
    "frame", "eth", "ethertype", "vlan", "ieee8021ad", "sll", "sll_v2", "null", "raw", "ip", "ipv6",
    "ipv6.hopopts", "ipv6.routing", "ipv6.fraghdr", "ipv6.dstopts", "ah", "tcp", "udp", "tls",
    "data", "gre", "erspan", "vxlan", "geneve", "gtp", "l2tp", "teredo", "mpls", "pwethheuristic",
    "pwethcw", "pwethnocw", "ppp", "pppoes", "pppoed", "llc",
}  # fmt: skip
"""Protocols that tshark is to know; besides its own inner ones, which begin with ``_ws``."""
LAYERS: Final = "frame ip ipv6 tcp data"
SHOWN: Final = "tls && data"
MOST_FILTERED: Final = 200
"""Ports that are named in the display filter; with more of them all flows are shown."""
MOST_KEYS: Final = 64 << 20
"""Bytes of a key log that tshark is given: it holds all keys in memory."""
LONGEST_LINE: Final = 4096
"""Bytes of a line that are looked at; keys are far shorter."""
KEY: Final = re.compile(rb"[A-Z][A-Z0-9_]{2,40} [0-9A-Fa-f]{2,512} [0-9A-Fa-f]{2,1024}\s*")
PATIENCE: Final = 30
"""Seconds that tshark may take to list its protocols."""

REMEDY: Final = "Install tshark (Debian, Ubuntu: `apt install tshark`) and run again."
KEYS_REMEDY: Final = (
    "Give the file that the client or server wrote by SSLKEYLOGFILE while the capture ran."
)

Ends = tuple[str, int, str, int]
Spell = tuple[int, int, int]
"""Start and end of a flow in ns, and its number."""


def decrypted(
    path: Path, key_log: Path | None, flows: pa.Table, note: Note
) -> Iterator[Chunk | Ended]:
    """The plain bytes of TLS flows, of both sides in the order of the capture.

    Gaps are not told: where the capture lost a record the plain bytes go on after it, or end.

    Args:
        path: a capture.
        key_log: null = the capture has its secrets in a block of its own.
        flows: those that are wanted, with ``flow_id``, ``protocol``, ``src_ip``, ``src_port``,
            ``dst_ip``, ``dst_port``, ``start``, ``end`` of the flow table.
        note: takes what went wrong; nothing is raised.
    """
    wanted = _wanted(flows)
    if not wanted:
        return
    if not path.is_file():
        what = "The capture is not there, or is no file."
        note(Problem("tls-keys-tshark-failed", str(path), what, "Check the path."))
        return
    tshark = shutil.which("tshark")
    if tshark is None:
        what = "TLS keys are given, but tshark is not installed: nothing is decrypted."
        note(Problem("tls-keys-without-tshark", str(path), what, REMEDY))
        return
    keys = key_log if key_log is not None and _usable(key_log, note) else None
    if key_log is not None and keys is None:
        return
    seen: set[int] = set()
    with own_preferences() as folder, event_loop() as loop:
        preferences = {}
        if keys is not None:
            (folder / "keys").symlink_to(keys.absolute())
            preferences["tls.keylog_file"] = str(folder / "keys")
        capture_link = folder / "capture"
        capture_link.symlink_to(path.absolute())
        if not _silenced(tshark, folder):
            what = "tshark does not say which protocols it knows: nothing is decrypted."
            note(Problem("tls-keys-tshark-failed", str(path), what, REMEDY))
            return
        parameters = ["-J", LAYERS, *_told(wanted)]
        with capture_of(capture_link, tshark, loop, parameters, preferences) as capture:
            for frame in capture:
                for chunk in _chunks(frame, wanted):
                    seen.add(chunk.flow_id)
                    yield chunk
            if capture.exit_code:
                why = capture.last_line.replace(str(capture_link), path.name)
                what = (
                    f"tshark stopped early: {why.removeprefix('tshark: ') or 'it gives no reason'}"
                )
                note(Problem("tls-keys-tshark-failed", str(path), what, "Check the capture."))
    for flow_id in sorted(seen):
        yield Ended(flow_id)
    missed = sum(map(len, wanted.values())) - len(seen)
    if missed:
        what = f"{missed:,} TLS flows could not be decrypted: no key fits, or nothing was sent."
        note(Problem("tls-keys-do-not-fit", str(path), what, KEYS_REMEDY, count=missed))


def _wanted(flows: pa.Table) -> dict[Ends, list[Spell]]:
    """The flows by their ends; those that came later are last."""
    flows = flows.select(
        ["flow_id", "protocol", "src_ip", "src_port", "dst_ip", "dst_port", "start", "end"]
    ).sort_by("start")
    numbers = [flows[name].cast(pa.int64()).to_pylist() for name in ("flow_id", "start", "end")]
    ends = [
        flows[name].to_pylist() for name in ("protocol", "src_ip", "src_port", "dst_ip", "dst_port")
    ]
    found: dict[Ends, list[Spell]] = {}
    for flow_id, start, end, protocol, source, sport, target, dport in zip(
        *numbers, *ends, strict=True
    ):
        if protocol == 6 and sport is not None and dport is not None:
            found.setdefault((source, sport, target, dport), []).append((start, end, flow_id))
    return found


def _usable(key_log: Path, note: Note) -> bool:
    """Whether there are keys in a key log; what is wrong with it is noted."""
    good = bad = 0
    try:
        if not key_log.is_file():
            what = "The key log is not there, or is no file."
            note(Problem("tls-keys-unreadable", str(key_log), what, KEYS_REMEDY))
            return False
        size = key_log.stat().st_size
        if size > MOST_KEYS:
            what = f"The key log has {size:,} bytes, more than {MOST_KEYS:,}: it is not used."
            hint = "Keep the lines of the time of the capture."
            note(Problem("tls-keys-too-large", str(key_log), what, hint, lost_bytes=size))
            return False
        with key_log.open("rb") as file:
            while line := file.readline(LONGEST_LINE):
                if KEY.fullmatch(line):
                    good += 1
                elif line.strip() and not line.startswith(b"#"):
                    bad += 1
    except OSError as error:
        what = f"The key log cannot be read: {error.strerror}."
        note(Problem("tls-keys-unreadable", str(key_log), what, KEYS_REMEDY))
        return False
    if bad or not good:
        what = f"{bad:,} lines of the key log are no keys; {good:,} are."
        note(Problem("tls-keys-broken", str(key_log), what, KEYS_REMEDY, count=max(bad, 1)))
    return good > 0


def _silenced(tshark: str, folder: Path) -> bool:
    """Tells tshark by its own settings to know no protocol above TLS."""
    try:
        listed = subprocess.run(  # noqa: S603 - the program that was found, no words from outside
            [tshark, "-G", "protocols"], capture_output=True, timeout=PATIENCE, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return False
    names = [
        line.rpartition(b"\t")[2].decode("ascii", "replace") for line in listed.stdout.splitlines()
    ]
    unknown = [name for name in names if name not in KNOWN and not name.startswith("_ws")]
    (folder / "disabled_protos").write_text("\n".join(unknown) + "\n", encoding="utf-8")
    return len(unknown) < len(names)


def _told(wanted: dict[Ends, list[Spell]]) -> list[str]:
    """Which ports speak TLS, and which of them are shown."""
    servers = sorted({ends[3] for ends in wanted})
    clients = sorted({ends[1] for ends in wanted})
    shown = SHOWN
    if len(clients) <= MOST_FILTERED:
        shown += f" && tcp.port in {{{', '.join(map(str, clients))}}}"
    words = ["-Y", shown]
    for port in servers[:MOST_FILTERED]:
        words += ["-d", f"tcp.port=={port},tls"]
    return words


def _chunks(frame: Any, wanted: dict[Ends, list[Spell]]) -> Iterator[Chunk]:  # noqa: ANN401
    """The plain bytes of a packet of pyshark's, one chunk for each record that ends in it."""
    source = target = ""
    ports: tuple[int, int] | None = None
    plain: list[bytes] = []
    for layer in frame.layers:
        name = layer.layer_name
        if name in ("ip", "ipv6"):
            source, target = first(layer, f"{name}.src") or "", first(layer, f"{name}.dst") or ""
        elif name == "tcp":
            here, there = first(layer, "tcp.srcport"), first(layer, "tcp.dstport")
            ports = (int(here), int(there)) if here and there else None
        elif name in ("data", "DATA"):  # pyshark's name for a layer that tshark gives no name
            field = layer.get_field("data.data")
            plain += [_bytes(each) for each in (field.all_fields if field is not None else ())]
    if ports is None or not source or not target:
        return
    source, target = canonical(source), canonical(target)
    seconds, _, fraction = str(frame.sniff_timestamp).partition(".")
    time = int(seconds) * 1_000_000_000 + (int(f"{fraction:0<9}") if fraction.isdigit() else 0)
    for side, ends in enumerate(
        ((source, ports[0], target, ports[1]), (target, ports[1], source, ports[0]))
    ):
        for start, end, flow_id in reversed(wanted.get(ends, ())):
            if start <= time <= end:
                yield from (Chunk(flow_id, side, data) for data in plain if data)
                return


def _bytes(field: Any) -> bytes:  # noqa: ANN401 - as above
    """What a field of bytes holds."""
    try:
        return bytes.fromhex(str(field.raw_value or ""))
    except ValueError:
        return b""
