"""The tools that capture: which there are, what they are told, and with which rights they run."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from auditor.model.errors import InputError
from auditor.model.text import legible

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from auditor.agent.settings import Capture

Kind = Literal["dumpcap", "tcpdump", "scapy"]
KINDS: Final[tuple[Kind, ...]] = ("dumpcap", "tcpdump", "scapy")
"""In the order of preference."""

EVERY: Final = "any"
"""The interface of Linux that is all of them."""

MOST_TOLD: Final = 600
"""Characters of a tool's complaint that are passed on."""

_NO_COMPLAINT: Final = ("Capturing on", "File:", "Packets", "See the User", "cap_set_proc()")
"""How lines begin that say nothing of what went wrong; rights that dumpcap lacks already."""

RIGHTS: Final = (
    "Give the tool the right to capture: on Debian and Ubuntu `dpkg-reconfigure wireshark-common` "
    "and add this user to the group wireshark; elsewhere `setcap cap_net_raw=ep` on the tool; "
    "under systemd AmbientCapabilities=CAP_NET_RAW (deploy/auditor-capture@.service)."
)


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool and where it stands; scapy stands in this Python."""

    kind: Kind
    path: str


def tool_for(wanted: Kind | None = None) -> Tool:
    """The tool that captures: the wanted one, or the best that is installed.

    Raises:
        InputError: the wanted one is not installed.
    """
    for kind in (wanted,) if wanted else KINDS:
        path = sys.executable if kind == "scapy" else shutil.which(kind)
        if path:
            return Tool(kind, path)
    raise InputError(
        "is not installed",
        place=wanted or "dumpcap",
        hint="Install it (Debian: wireshark-common for dumpcap, tcpdump), or leave out --with.",
    )


def checked(tool: Tool, what: Capture) -> None:
    """Nothing, if the interface is there and the filter can be understood.

    Raises:
        InputError: it is not, or it cannot, or this user may not capture; in the tool's words.
    """
    _interface_checked(tool, what)
    if not what.filter:
        return
    if tool.kind == "scapy":
        command = _sniffer(tool, what, "--check")
    else:
        split = ["-f", what.filter] if tool.kind == "dumpcap" else ["--", what.filter]
        command = [tool.path, "-d", "-i", what.interface, *split]
    # as who captures: reading the kind of the interface takes the right to open it
    ended = subprocess.run(  # noqa: S603 - an argument vector, no shell
        [*rights(tool, what.folder), *command],
        env=surroundings(tool, os.environ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    told = complaint(ended.stderr)
    # dumpcap ends with 0 whatever it thinks of the filter; what it made of it is what tells
    if ended.returncode == 0 and ended.stdout.strip():
        return
    if "setpriv: " in told:
        raise InputError(f"cannot be begun: {told}", place=tool.path, hint=RIGHTS)
    if "permi" in told:
        raise InputError(f"may not capture: {told}", place=tool.kind, hint=RIGHTS)
    raise InputError(
        f"the filter {what.filter!r} of the capture {what.name} is wrong: {told}",
        place=what.interface,
        hint="Write it in the language of pcap-filter(7), such as `not host 10.0.0.5`.",
    )


def _interface_checked(tool: Tool, what: Capture) -> None:
    names = [name for _, name in socket.if_nameindex()]
    if tool.kind != "scapy":
        names.append(EVERY)
    if what.interface not in names:
        raise InputError(
            f"there is no such interface for the capture {what.name}",
            place=legible(what.interface),
            hint=f"This machine has: {', '.join(legible(name) for name in names)}.",
        )


def command(tool: Tool, what: Capture, part: Path) -> list[str]:
    """The words that start the tool; it writes files into ``part``, and begins new ones."""
    seconds = max(1, int(what.file_time.total_seconds()))
    if tool.kind == "scapy":
        words = _sniffer(tool, what, str(part))
    elif tool.kind == "dumpcap":
        words = [tool.path, "-i", what.interface, "-f", what.filter]
        words += ["-s", str(what.snap)] if what.snap else []
        words += ["-b", f"filesize:{max(1, what.file_size // 1000)}", "-b", f"duration:{seconds}"]
        words += ["-w", str(part / "live.pcapng")]
    else:
        words = [tool.path, "-n", "-i", what.interface, "-s", str(what.snap)]
        if os.geteuid() == 0:  # as root it looks for a user of its own; our rights are gone by then
            words += ["-Z", "root"]
        words += ["-G", str(seconds), "-C", str(max(1, what.file_size // 1_000_000))]
        words += ["-w", str(part / "live-%Y%m%dT%H%M%S.pcap"), "--", what.filter]
    return [*rights(tool, part), *words]


def _sniffer(tool: Tool, what: Capture, part: str) -> list[str]:
    sizes = (str(what.file_size), str(max(1, int(what.file_time.total_seconds()))), str(what.snap))
    module = "auditor.agent.live.sniffer"
    return [tool.path, "-P", "-m", module, part, what.interface, what.filter, *sizes]


def rights(tool: Tool, folder: Path) -> list[str]:
    """The words before a command that leave it the right to capture, and no other.

    Root becomes the owner of ``folder``, with CAP_NET_RAW only. Whoever is not root has no more
    than the tool's own file capabilities, or what systemd left. The tool ends with its parent.

    Raises:
        InputError: root, and the program that takes rights away is not there.
    """
    setpriv = shutil.which("setpriv")
    if os.geteuid() != 0:
        return [setpriv, "--pdeathsig=TERM"] if setpriv else []
    if setpriv is None:
        raise InputError(
            "is not installed: root's rights cannot be taken from the tool",
            place="setpriv",
            hint="Install util-linux, or capture as another user. " + RIGHTS,
        )
    owner = folder.stat()
    kept = "-all,+net_raw"
    if owner.st_uid == 0 and tool.kind == "tcpdump":
        kept += ",+setuid,+setgid"  # for its -Z root, without which it wants to be another user
    words = [setpriv, "--no-new-privs", "--pdeathsig=TERM"]
    words += [f"--{which}={kept}" for which in ("inh-caps", "ambient-caps")]
    # what its file gives it must be allowed, or the kernel does not begin it at all
    words.append(f"--bounding-set={kept}" + (",+net_admin" if _has_rights(tool.path) else ""))
    if owner.st_uid:
        words += [f"--reuid={owner.st_uid}", f"--regid={owner.st_gid}", "--clear-groups"]
    return words


def _has_rights(path: str) -> bool:
    """Whether the file of a tool has capabilities of its own."""
    try:
        return "security.capability" in os.listxattr(path)
    except OSError:  # a file system without such
        return False


def surroundings(tool: Tool, own: Mapping[str, str]) -> dict[str, str]:
    """The environment of a tool: nothing of ours, where secrets may stand."""
    given = {"PATH": own.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
    if tool.kind == "scapy":
        given |= {"PYTHONPATH": own["PYTHONPATH"]} if "PYTHONPATH" in own else {}
        given["PYTHONDONTWRITEBYTECODE"] = "1"
    return given


def complaint(told: bytes) -> str:
    """What a tool said went wrong, on one line and without what only says that it runs."""
    text = told.decode("utf-8", "replace")
    lines = (
        re.sub(r"^(dumpcap|tcpdump): ", "", line.strip()) for line in re.split(r"[\r\n]", text)
    )
    kept = [line for line in lines if line and not line.startswith(_NO_COMPLAINT)]
    return " ".join(kept)[:MOST_TOLD] or "it said nothing"
