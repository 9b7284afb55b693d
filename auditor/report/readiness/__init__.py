"""How an assessment is shown: as a page, a plan, a workbook and on paper."""
