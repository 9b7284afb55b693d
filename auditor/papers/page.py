"""A paper as one HTML file for print on A4: the same content as in Word, and a drawn diagram."""

from __future__ import annotations

import base64
import hashlib
from importlib import resources
from typing import TYPE_CHECKING

from auditor.model.text import visible
from auditor.papers.blocks import OPEN, Boxes, Diagram, Field, Sentence, Table
from auditor.papers.drawing import drawing

if TYPE_CHECKING:
    from auditor.papers.blocks import Block, Paper

MOST = 20_000
"""Characters of one text."""


def html(paper: Paper) -> str:
    """The page; it needs nothing else and asks nobody for anything."""
    from jinja2 import Environment, PackageLoader, StrictUndefined  # late: only papers need them
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("auditor.papers"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_harmless,
    )
    environment.tests["kind"] = _is_kind
    environment.globals["drawing"] = drawing
    style = resources.files("auditor.papers").joinpath("templates/paper.css").read_text("utf-8")
    style = style.replace("\r\n", "\n")  # a browser does so before it hashes
    done, whole = paper.filled()
    return environment.get_template("paper.html.j2").render(
        paper=paper,
        done=done,
        whole=whole,
        open=OPEN,
        style=Markup(style),  # noqa: S704 - our own file
        digest=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
    )


_KINDS = {
    "sentence": Sentence, "field": Field, "boxes": Boxes, "table": Table, "diagram": Diagram,
}  # fmt: skip


def _is_kind(block: Block, name: str) -> bool:
    return isinstance(block, _KINDS[name])


def _harmless(value: object) -> object:
    """Foreign text becomes visible and short; what is marked up already stays."""
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return visible(value, MOST)
    return value
