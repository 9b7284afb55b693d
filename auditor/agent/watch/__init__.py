"""Watched folders and buckets: each content is taken once, when it has settled."""

from auditor.agent.watch.look import Look, look
from auditor.agent.watch.taken import Taken, changed, committed, named, refused

__all__ = ["Look", "Taken", "changed", "committed", "look", "named", "refused"]
