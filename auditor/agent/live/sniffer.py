"""Capture by scapy, where the system has no tool for it: a process of its own, started as one.

``python -m auditor.agent.live.sniffer FOLDER INTERFACE FILTER FILE_SIZE SECONDS SNAP`` writes
``live-NUMBER.pcap`` files until SIGTERM, and tells its figures in tcpdump's words on SIGUSR1 and
at its end. ``--check`` instead of the folder only tries the filter. Slow beside dumpcap: every
packet passes through Python.
"""

from __future__ import annotations

import importlib
import select
import signal
import socket
import struct
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

SOL_PACKET: Final = 263
PACKET_STATISTICS: Final = 6
PACKET_IGNORE_OUTGOING: Final = 23
"""linux/if_packet.h"""

LOOPBACK: Final = "lo"
ONE_READ: Final = 1_000
"""Packets that are read before signals and clocks are looked at again."""


class Sniffer:
    """One capture: its socket, the file it writes, its counts."""

    def __init__(
        self,
        part: Path,
        size: int,
        seconds: int,
        snap: int,
        source: Any,  # noqa: ANN401 - scapy's
        link: int,
    ) -> None:
        self.part, self.size, self.seconds, self.snap = part, size, seconds, snap
        self.source, self.link = source, link
        self.number = self.packets = self.dropped = self.written = 0
        self.writer: Any = None
        self.begun = 0.0

    def receive(self) -> None:
        """Writes the packets that wait, at most some, and begins a new file where one is due."""
        from scapy.utils import RawPcapWriter

        if self.writer is not None and time.monotonic() - self.begun >= self.seconds:
            self.end_file()
        for _ in range(ONE_READ):
            if not select.select([self.source.ins], [], [], 0)[0]:
                return
            _, packet, seen = self.source.recv_raw()
            if packet is None:
                continue
            if self.writer is None:
                self.number += 1
                self.writer = RawPcapWriter(
                    str(self.part / f"live-{self.number:08}.pcap"),
                    linktype=self.link,
                    nano=True,
                )
                self.begun = time.monotonic()
                self.writer.write_header(None)
            kept = packet[: self.snap] if self.snap else packet
            whole, rest = divmod(round(seen * 1_000_000_000), 1_000_000_000)
            self.writer.write_packet(kept, sec=whole, usec=rest, wirelen=len(packet))
            self.packets += 1
            self.written += 16 + len(kept)
            if self.written >= self.size:
                self.end_file()

    def end_file(self) -> None:
        """Closes the file that is written."""
        if self.writer is not None:
            self.writer.close()
        self.writer, self.written = None, 0

    def tell(self) -> None:
        """The counts, as tcpdump words them."""
        told = self.source.ins.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8)  # and is zero again
        self.dropped += struct.unpack("II", told)[1]
        print(  # noqa: T201 - the process that started us reads it
            f"{self.packets} packets captured, {self.dropped} packets dropped by kernel",
            file=sys.stderr,
            flush=True,
        )


def main(words: Sequence[str]) -> None:
    """Captures until SIGTERM or SIGINT.

    Raises:
        Scapy_Exception, OSError: the filter is wrong, or this process may not capture.
    """
    from scapy.arch.common import compile_filter
    from scapy.arch.linux import L2ListenSocket
    from scapy.config import conf

    part, interface, wanted, size, seconds, snap = words
    if part == "--check":
        compile_filter(wanted, interface)
        print("understood")  # noqa: T201 - as above
        return
    waiting, woken = socket.socketpair()
    waiting.setblocking(False)
    woken.setblocking(False)
    signal.set_wakeup_fd(woken.fileno())
    for each in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
        signal.signal(each, lambda *_: None)
    importlib.import_module("scapy.layers.l2")  # fills conf.l2types
    source = L2ListenSocket(iface=interface, filter=wanted or None)
    if interface == LOOPBACK:  # where each packet goes out and comes in
        source.ins.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    # what arrived before the filter stood was turned away, and is no loss: the counts begin here
    source.ins.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8)
    link = conf.l2types.layer2num.get(source.LL)
    if link is None:
        raise OSError(f"scapy does not know what kind of link {interface} is")
    sniffer = Sniffer(Path(part), int(size), int(seconds), int(snap), source, link)
    try:
        while True:
            ready = select.select([source.ins, waiting], [], [], 0.5)[0]
            sniffer.receive()
            if waiting in ready:
                arrived = waiting.recv(256)
                sniffer.tell()
                if set(arrived) & {signal.SIGTERM, signal.SIGINT}:
                    break
    finally:
        sniffer.end_file()
        source.close()


if __name__ == "__main__":
    from scapy.error import Scapy_Exception

    try:
        main(sys.argv[1:])
    except (Scapy_Exception, ImportError, OSError) as error:
        sys.exit(str(error))
