"""Watching the agent: metrics for Prometheus, a page for people, a yes or no for supervisors."""

from auditor.agent.health.server import Server
from auditor.agent.health.standing import Pulse, Standing

__all__ = ["Pulse", "Server", "Standing"]
