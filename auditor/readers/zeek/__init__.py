"""Zeek's ``conn.log``, tab-separated or JSON, plain or gzipped (``docs/formats/zeek.md``)."""

from auditor.readers.zeek.reader import ZeekConn

__all__ = ["ZeekConn"]
