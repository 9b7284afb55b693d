"""How it is shown: a run as HTML, as lines on a terminal, and as files on a disk."""

from auditor.report.files import written
from auditor.report.page import html
from auditor.report.summary import terminal_summary

__all__ = ["html", "terminal_summary", "written"]
