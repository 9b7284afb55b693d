"""FortiGate: the text of ``show full-configuration`` (or a backup), as a tree of sections.

The text is a tree of ``config``/``edit``/``set``/``next``/``end`` (Fortinet, FortiOS CLI
reference).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from auditor.checklist.sources.firewall import Unread, first_words

if TYPE_CHECKING:
    from collections.abc import Iterator

_WORD: Final = re.compile(r'"((?:[^"\\]|\\.)*)(?:"|\\?\Z)|([^\s"]+)', re.DOTALL)
_QUOTE: Final = re.compile(r'(?<!\\)"')
_PROMPT: Final = re.compile(r"^[\w.-]{1,64} (\([\w.-]{1,64}\) )?[#$]( |$)")
"""What a terminal session leaves in a saved text."""
_LONGEST_VALUE: Final = 5_000
"""Lines of one quoted value (a certificate, a page)."""
_DEEPEST: Final = 16
_MOST_UNREAD: Final = 1_000
_RELEVANT: Final = ("firewall ", "system interface", "system zone", "router static")


@dataclass(slots=True)
class Entry:
    """What stands between ``edit`` and ``next``."""

    name: str
    line: int
    settings: dict[str, list[str]] = field(default_factory=dict)

    def first(self, key: str, otherwise: str = "") -> str:
        """The first word of a setting."""
        return self.all(key)[0] if self.all(key) else otherwise

    def all(self, key: str) -> list[str]:
        """All words of a setting."""
        return self.settings.get(key, [])


@dataclass(slots=True)
class Tree:
    """Sections by virtual domain and name, each a list of entries."""

    sections: dict[tuple[str, str], list[Entry]] = field(default_factory=dict)
    unread: list[Unread] = field(default_factory=list)

    def of(self, domain: str, name: str) -> list[Entry]:
        """The entries of a section in a domain."""
        return self.sections.get((domain, name), [])


@dataclass(slots=True)
class _Open:
    """A ``config`` or an ``edit`` that is open. ``entry`` takes what is set."""

    config: str
    entry: Entry
    is_edit: bool


def tree(text: str) -> Tree:
    """The configuration as it is nested; lines that do not fit are told in ``unread``."""
    found = Tree()
    stack: list[_Open] = []
    for line, words in _lines(text):
        if len(stack) > _DEEPEST:
            found.unread.append(Unread(f"line {line}", "nested too deeply"))
            break
        match words:
            case ["config", *names] if names:
                # unedited sections (system global) set directly
                name = " ".join(names)
                stack.append(_Open(name, _entered(found, stack, name, "", line), False))
            case ["edit", name, *_] if stack and not stack[-1].is_edit:
                config = stack[-1].config
                stack.append(_Open(config, _entered(found, stack, config, name, line), True))
            case ["set", key, *values] if stack:
                stack[-1].entry.settings[key] = values
            case ["append", key, *values] if stack:
                stack[-1].entry.settings.setdefault(key, []).extend(values)
            case ["unset", key, *_] if stack:
                stack[-1].entry.settings.pop(key, None)
            case ["unselect" | "select" | "clear" | "delete" | "purge" | "move", *_] if stack:
                _tell(found, line, words)
            case ["next"] if stack and stack[-1].is_edit:
                stack.pop()
            case ["end"] if stack:
                # in backups "end" also closes an edit that has no "next"
                if stack[-1].is_edit:
                    stack.pop()
                if stack:
                    stack.pop()
            case _:
                _tell(found, line, words)
    if stack:
        found.unread.append(Unread(f"line {stack[-1].entry.line}", "is not closed: cut off"))
    return found


def _entered(found: Tree, stack: list[_Open], config: str, name: str, line: int) -> Entry:
    entry = Entry(name, line)
    domain = next((each.entry.name for each in stack if each.config == "vdom" and each.is_edit), "")
    depth = sum(not each.is_edit and each.config not in ("vdom", "global") for each in stack)
    top = depth == (1 if name else 0)
    if top and (name or not config.startswith(_RELEVANT)):
        found.sections.setdefault((domain, config), []).append(entry)
    return entry


def _tell(found: Tree, line: int, words: list[str]) -> None:
    if len(found.unread) < _MOST_UNREAD:
        found.unread.append(Unread(f"line {line}", first_words(" ".join(words))))


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Line number and words; a quoted value may run over lines."""
    held: list[str] = []
    start, quotes = 0, 0
    for number, line in enumerate(text.split("\n"), start=1):
        if not held:
            if not line.strip() or line.lstrip().startswith("#") or _PROMPT.match(line):
                continue
            start, quotes = number, 0
        held.append(line)
        quotes += len(_QUOTE.findall(line.replace("\\\\", "")))
        if quotes % 2 == 0 or len(held) >= _LONGEST_VALUE:
            yield start, _words("\n".join(held))
            held = []
    if held:
        yield start, _words("\n".join(held))


def _words(text: str) -> list[str]:
    return [
        re.sub(r"\\(.)", r"\1", quoted) if quoted or not bare else bare
        for quoted, bare in _WORD.findall(text)
    ]
