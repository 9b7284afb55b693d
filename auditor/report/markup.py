"""What every page of ours is made with: templates, both languages, one style, one script.

Whatever comes from elsewhere is escaped, made visible and kept short on its way into a page.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache, lru_cache
from importlib import resources
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from auditor.model.text import Text
from auditor.report import formats

if TYPE_CHECKING:
    from jinja2 import Environment


def environment() -> Environment:
    """Templates of this room, with the filters that every page uses."""
    from jinja2 import Environment, PackageLoader, StrictUndefined  # late: only a page needs them

    made = Environment(
        loader=PackageLoader("auditor.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_harmless,
    )
    made.filters.update(
        both=both,
        num=lambda value: both(formats.number(value)),
        size=size,
        moment=lambda value: both(formats.moment(value)),
        cut=formats.visible,
    )
    made.globals.update(
        say=say,
        share=lambda part, whole: both(formats.share(part, whole)),
        period_of=lambda first, last: both(formats.period(first, last)),
    )
    return made


def style(*names: str, foot: str) -> Markup:
    """The style of a page: our own files one after the other, ``foot`` under each printed page."""
    text = "".join(_asset(name) for name in names).replace("@foot@", _css_text(foot))
    return Markup(text)  # noqa: S704 - our own files; the foot in them is escaped for CSS


def script(*names: str) -> Markup:
    """The script of a page: our own files one after the other."""
    return Markup("".join(_asset(name) for name in names))  # noqa: S704 - our own files


def content_security_policy(style: str, script: str) -> str:
    """A policy that allows exactly ``style`` and ``script`` inline, and no request at all."""
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


@lru_cache(maxsize=1 << 12)
def both(text: Text) -> Markup:
    """The text in both languages, of which the page shows one; once where they are the same."""
    return _pair(escape(formats.visible(text.vi)), escape(formats.visible(text.en)))


def say(vi: str, en: str, **parts: object) -> Markup:
    """A sentence of the page in both languages, with ``{parts}`` each in its own language."""
    if not parts:
        return both(Text(vi, en))
    inside = {name: _languages(part) for name, part in parts.items()}
    return _pair(
        str(escape(vi)).format(**{name: escape(part.vi) for name, part in inside.items()}),
        str(escape(en)).format(**{name: escape(part.en) for name, part in inside.items()}),
    )


def size(value: int | None) -> Markup:
    """The byte count in a fitting unit, with the exact count as its title."""
    human, exact = formats.size(value), formats.exact_bytes(value)
    if value is None or value < 1000:
        return both(human)
    return Markup(  # noqa: S704 - numbers and units of our own
        f'<span lang="vi" title="{exact.vi}">{human.vi}</span>'
        f'<span lang="en" title="{exact.en}">{human.en}</span>'
    )


def _harmless(value: object) -> object:
    """Every value on its way into the page: foreign text becomes visible and short."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return formats.visible(value)
    if isinstance(value, Text):
        return both(value)
    return value


def _languages(part: object) -> Text:
    if isinstance(part, Text):
        return Text(formats.visible(part.vi), formats.visible(part.en))
    if isinstance(part, int):
        return formats.number(part)
    shown = formats.visible(str(part))
    return Text(shown, shown)


def _pair(vi: str, en: str) -> Markup:
    """Two texts that were escaped; putting them together as strings is what keeps it quick."""
    if vi == en:
        return Markup(vi)  # noqa: S704
    return Markup(f'<span lang="vi">{vi}</span><span lang="en">{en}</span>')  # noqa: S704


@cache
def _asset(name: str) -> str:
    text = resources.files("auditor.report").joinpath("templates", name).read_text("utf-8")
    return text.replace("\r\n", "\n")  # a browser does so before it hashes


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _css_text(text: str) -> str:
    r"""``text`` inside a CSS string, everything but letters and digits as ``\hex``."""
    shown = formats.visible(text, 60)
    return "".join(
        each if each.isascii() and each.isalnum() else f"\\{ord(each):06x}" for each in shown
    )
