"""Live capture: a tool of the system writes, we rotate, count what was lost, and make room.

The tool (dumpcap, tcpdump, or scapy where neither is there) writes into ``FOLDER/.part``, which
no watcher looks into. A file that is finished moves to ``FOLDER/NAME-20261122T014500.123456Z.pcap``
(when its last packet was written, UTC): names sort by time, and are one series whatever tool
wrote them, also after a restart.
"""

from auditor.agent.live.running import capture
from auditor.agent.live.state import State, states
from auditor.agent.live.tools import KINDS, checked, tool_for

__all__ = ["KINDS", "State", "capture", "checked", "states", "tool_for"]
