"""Papers about a period, as Word documents and as pages for print.

``review``, ``form_09``, ``assessment`` and ``risk_report`` make a paper of what ``gathered`` gives;
``docx`` and ``html`` write it down, with the same content.
"""

from auditor.papers.assessment import assessment
from auditor.papers.blocks import Paper
from auditor.papers.form_09 import form_09
from auditor.papers.material import Material, gathered
from auditor.papers.page import html
from auditor.papers.review import review
from auditor.papers.risk_report import risk_report
from auditor.papers.word import docx

__all__ = [
    "Material",
    "Paper",
    "assessment",
    "docx",
    "form_09",
    "gathered",
    "html",
    "review",
    "risk_report",
]
