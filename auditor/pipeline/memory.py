"""Memory that is free, given back to the system."""

from __future__ import annotations

import ctypes
import gc

import pyarrow as pa


def given_back() -> None:
    """Returns memory that the allocators of Arrow and C keep for themselves.

    Each stage of an audit makes and drops tables of hundreds of megabytes; what is kept of them
    adds up over stages, and other processes want it. Only glibc keeps so much, and can be told.
    """
    gc.collect()
    pa.default_memory_pool().release_unused()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
