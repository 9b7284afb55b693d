"""STUB"""
from dataclasses import dataclass
from pathlib import Path
from auditor.store import files

@dataclass(frozen=True)
class Look:
    taken: tuple
    heard: bool = False
    @property
    def paths(self):
        return tuple(p for p, _ in self.taken)
NOTHING = Look(())

def looked(store, job, now):
    with store.reading() as c:
        known = files.known(c, job.name)
    found = [(p, str(p.stat().st_mtime_ns)) for s in job.sources for p in sorted(s.folder.rglob("*")) if p.is_file()]
    new = tuple((p, st) for p, st in found if str(p) not in known)
    return Look(new, bool(new))

def changed(look):
    return [str(p) for p, st in look.taken if str(p.stat().st_mtime_ns) != st]

def taken(connection, job, look, run, now):
    files.put(connection, job, [files.FileRow(str(p), st, 1, "taken", now, now, None, run.run_id) for p, st in look.taken])
