"""How it is shown: a run as HTML, as lines on a terminal, and as files on a disk."""

from auditor.model.files import written
from auditor.report.agreement import (
    agreement_heads,
    agreement_lines,
    agreement_rows,
    difference_lines,
)  # fmt: skip
from auditor.report.page import html
from auditor.report.summary import terminal_summary

__all__ = [
    "agreement_heads",
    "agreement_lines",
    "agreement_rows",
    "difference_lines",
    "html",
    "terminal_summary",
    "written",
]
