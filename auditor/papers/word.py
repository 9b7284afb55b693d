"""A paper as a Word document, through a template that an agency can edit in Word."""

from __future__ import annotations

import zipfile
from datetime import UTC
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from auditor.model.errors import PolicyError
from auditor.model.packed import packed
from auditor.model.text import visible
from auditor.papers.blocks import OPEN
from auditor.papers.word_blocks import MOST, word_blocks

if TYPE_CHECKING:
    from datetime import datetime

    from auditor.papers.blocks import Paper, Part

TEMPLATES: Final = Path(__file__).parent / "templates"
UPRIGHT: Final = 165.0
"""Millimetres of text on A4 upright: 210 less 30 and 15."""
ACROSS: Final = 252.0
"""Millimetres of text on A4 across: 297 less 30 and 15."""
MOST_TEMPLATE_BYTES: Final = 16 << 20
_TRIED: Final = "Start again from the program's own template, or leave --templates out."


def docx(paper: Paper, at: datetime, templates: Path | None = None) -> bytes:
    """The file; the same paper, moment and template give the same bytes.

    ``at`` is written into the file as the moment it was made. ``templates`` is a folder with
    templates of the agency's own, by the names of the program's; one that is not there is taken
    from the program.

    Raises:
        PolicyError: a template is no Word document, or its fields cannot be filled in.
    """
    own = _own(paper.name, templates)
    if own is None:
        return _filled(TEMPLATES / f"{paper.name}.docx", paper, at)
    from docx.opc.exceptions import OpcError  # late: only papers need it
    from jinja2 import TemplateError

    try:
        return _filled(own, paper, at)
    except (
        TemplateError, OpcError, SyntaxError, zipfile.BadZipFile, ArithmeticError, AttributeError,
        LookupError, RecursionError, TypeError, ValueError,
    ) as error:  # fmt: skip
        raise PolicyError(
            f"is no template that can be filled in: {error}", place=str(own), hint=_TRIED
        ) from None


def _filled(template: Path, paper: Paper, at: datetime) -> bytes:
    from docxtpl import DocxTemplate  # late: only papers need it
    from jinja2 import StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    environment = SandboxedEnvironment(autoescape=True, undefined=StrictUndefined)
    out = BytesIO()
    document = DocxTemplate(str(template))
    document.render(_context(paper), environment, autoescape=True)
    about = document.docx.core_properties
    about.title, about.language = visible(paper.subject.vi)[:250], "vi-VN"
    about.author = about.last_modified_by = about.comments = about.keywords = ""
    about.created = about.modified = at.astimezone(UTC).replace(tzinfo=None)
    about.revision = 1
    document.save(out)
    return packed(out.getvalue(), {})


def _own(name: str, templates: Path | None) -> Path | None:
    """The agency's own template for a paper; null = it has none."""
    own = templates / f"{name}.docx" if templates is not None else None
    if own is None or not own.exists():
        return None
    if not own.is_file() or own.stat().st_size > MOST_TEMPLATE_BYTES:
        raise PolicyError(
            f"is no file, or is larger than {MOST_TEMPLATE_BYTES >> 20} MiB",
            place=str(own),
            hint=_TRIED,
        )
    return own


def _context(paper: Paper) -> dict[str, Any]:
    """What a template may name; every text visible, kept short, and escaped by the engine."""
    done, whole = paper.filled()
    head = paper.head
    return {
        "parent": _shown(head.parent),
        "issuer": _shown(head.issuer or OPEN),
        "number": _shown(head.number),
        "place_and_date": _shown(head.place_and_date),
        "kind": _shown(paper.kind.vi),
        "subject": _shown(paper.subject.vi),
        "subject_english": _shown(paper.subject.en),
        "warning": _shown(paper.warning.vi) if paper.warning else "",
        "warning_english": _shown(paper.warning.en) if paper.warning else "",
        "filled": done,
        "fields": whole,
        "bases": [
            _shown(base) + ("." if place == len(paper.bases) else ";")
            for place, base in enumerate(paper.bases, start=1)
        ],
        "opening": _shown(paper.opening),
        "parts": [_part(part, UPRIGHT) for part in paper.parts],
        "annexes": [_part(part, ACROSS) for part in paper.annexes],
        "recipients": [
            _shown(line) for line in head.recipients or ("- …… [đơn vị điền];", "- Lưu: VT, ……")
        ],
        "signer_title": [_shown(line) for line in head.signer_title or ("[CHỨC VỤ NGƯỜI KÝ]",)],
        "signer_name": _shown(head.signer_name or "[Họ và tên]"),
    }


def _part(part: Part, width: float) -> dict[str, Any]:
    return {
        "level": part.level,
        "number": part.number,
        "title": _shown(part.title.vi),
        "english": _shown(part.title.en),
        "body": word_blocks(part.blocks, width),
    }


def _shown(text: str) -> str:
    return visible(text, MOST)
