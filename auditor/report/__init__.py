"""How it is shown: a run as HTML, as lines on a terminal, and as files on a disk.

An assessment of the checklist is shown as a page, a plan, a workbook and on paper.
"""

from auditor.model.files import written
from auditor.report.agreement import (
    agreement_heads,
    agreement_lines,
    agreement_rows,
    difference_lines,
)  # fmt: skip
from auditor.report.explaining import explanation_lines
from auditor.report.finding_lines import finding_lines, head_line, life_lines
from auditor.report.page import html
from auditor.report.readiness.library import ciso_library
from auditor.report.readiness.lines import item_lines, item_summary, readiness_lines
from auditor.report.readiness.oscal import oscal_poam, oscal_results
from auditor.report.readiness.page import readiness_html
from auditor.report.readiness.plan import plan_docx
from auditor.report.readiness.printed import pdf
from auditor.report.readiness.workbook import workbook_xlsx
from auditor.report.summary import terminal_summary

__all__ = [
    "agreement_heads",
    "agreement_lines",
    "agreement_rows",
    "ciso_library",
    "difference_lines",
    "explanation_lines",
    "finding_lines",
    "head_line",
    "html",
    "item_lines",
    "item_summary",
    "life_lines",
    "oscal_poam",
    "oscal_results",
    "pdf",
    "plan_docx",
    "readiness_html",
    "readiness_lines",
    "terminal_summary",
    "workbook_xlsx",
    "written",
]
