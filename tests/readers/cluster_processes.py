"""A Dask cluster of real processes on loopback, for the tests."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]

DEADLY = """
import os, signal
from auditor.readers.capture.reader import CaptureReader
def deadly(self, sources, *rest, read_on=CaptureReader.read_on):
    if any("deadly" in source.name for source in sources):
        os.kill(os.getpid(), signal.SIGKILL)
    return read_on(self, sources, *rest)
CaptureReader.read_on = deadly
"""
"""What a worker loads first: captures of that name end it, as memory that runs out would."""


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def process(*arguments: str, tree: Path = ROOT, **environment: str):
    """A Python program of ``tree``, ended in the end."""
    given = {
        **os.environ,
        "PYTHONPATH": str(tree),
        "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",
        **environment,
    }
    with subprocess.Popen(
        [sys.executable, "-m", *arguments],
        cwd=tree,
        env=given,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as running:
        try:
            yield running
        finally:
            running.terminate()
            try:
                running.wait(10)
            except subprocess.TimeoutExpired:
                running.kill()


@contextmanager
def scheduler():
    """A scheduler without workers: its process and its address."""
    port = free_port()
    listening = ("--host", "127.0.0.1", "--port", str(port), "--no-dashboard")
    with process("distributed.cli.dask_scheduler", *listening) as running:
        yield running, f"tcp://127.0.0.1:{port}"


def worker(address: str, folder: Path, *more: str, **environment):
    """A worker of one thread; a nanny starts it anew when it dies."""
    folder.mkdir()
    return process(
        "distributed.cli.dask_worker", address, "--nworkers", "1", "--nthreads", "1",
        "--host", "127.0.0.1", "--no-dashboard", "--local-directory", str(folder), *more,
        **environment,
    )  # fmt: skip
