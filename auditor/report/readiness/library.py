"""The checklist as a library of CISO Assistant (intuitem): Vietnamese, translated to English.

The shape is that of the libraries that come with it: one framework, groups at depth 1, items at
depth 2, system levels as implementation groups. An item's question stands in its description and
not among ``questions``: an answer alone is no evidence and must not compute a result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import yaml

from auditor.report.readiness.words import BINDS, CONDITION, GATE, MARK, MODE

if TYPE_CHECKING:
    from typing import Any

    from auditor.model.checklist import Checklist, Group, Item

ORIGIN: Final = "urn:auditor:risk"
NAME: Final = 200
"""Characters of a name; its database has no room for more."""
LEVELS: Final = (1, 2, 3, 4, 5)


def ciso_library(checklist: Checklist) -> str:
    """The YAML text of the library; CISO Assistant loads it as it is."""
    framework = {
        "urn": f"{ORIGIN}:framework:{checklist.id}",
        "ref_id": checklist.id,
        "name": checklist.title.vi[:NAME],
        "description": checklist.note.vi,
        "translations": {
            "en": {"name": checklist.title.en[:NAME], "description": checklist.note.en}
        },
        "implementation_groups_definition": [_level(level) for level in LEVELS],
        "requirement_nodes": [
            node
            for group in checklist.groups
            for node in (
                _group(checklist, group),
                *(_item(checklist, item) for item in checklist.items if item.group == group.id),
            )
        ],
    }
    library = {
        "urn": f"{ORIGIN}:library:{checklist.id}",
        "locale": "vi",
        "ref_id": checklist.id,
        "name": checklist.title.vi[:NAME],
        "description": checklist.note.vi,
        "copyright": "auditor, GPL-2.0-or-later",
        "version": _number(checklist.version),
        "provider": "auditor",
        "packager": "auditor",
        "translations": {
            "en": {"name": checklist.title.en[:NAME], "description": checklist.note.en}
        },
        "objects": {"framework": framework},
    }
    return yaml.safe_dump(library, allow_unicode=True, sort_keys=False, width=100)


def _number(version: str) -> int:
    """``2026.11.2`` as 20261102: CISO Assistant counts versions with one ascending number."""
    year, month, *rest = (int(part) for part in version.split("."))
    return year * 10_000 + month * 100 + (rest[0] if rest else 0)


def _level(level: int) -> dict[str, Any]:
    return {
        "ref_id": f"L{level}",
        "name": f"Cấp độ {level}",
        "description": f"Hệ thống thông tin cấp độ {level}",
        "translations": {
            "en": {
                "name": f"Level {level}",
                "description": f"Information systems of level {level}",
            }
        },
    }


def _urn(checklist: Checklist, name: str) -> str:
    return f"{ORIGIN}:req_node:{checklist.id}:{name.lower()}"


def _group(checklist: Checklist, group: Group) -> dict[str, Any]:
    return {
        "urn": _urn(checklist, group.id),
        "assessable": False,
        "depth": 1,
        "ref_id": group.id,
        "name": group.title.vi[:NAME],
        "translations": {"en": {"name": group.title.en[:NAME]}},
    }


def _item(checklist: Checklist, item: Item) -> dict[str, Any]:
    return {
        "urn": _urn(checklist, item.id),
        "assessable": True,
        "depth": 2,
        "parent_urn": _urn(checklist, item.group),
        "ref_id": item.id,
        "name": item.title.vi[:NAME],
        "description": item.question.vi,
        "annotation": _annotation(checklist, item, "vi"),
        "typical_evidence": _evidence(checklist, item, "vi"),
        "implementation_groups": [f"L{level}" for level in item.levels],
        "translations": {
            "en": {
                "name": item.title.en[:NAME],
                "description": item.question.en,
                "annotation": _annotation(checklist, item, "en"),
                "typical_evidence": _evidence(checklist, item, "en"),
            }
        },
    }


def _evidence(checklist: Checklist, item: Item, language: str) -> str:
    """The kinds of evidence, and what counts and what does not."""
    counts, against = {
        "vi": ("Được tính", "Không được tính"),
        "en": ("Counts", "Does not count"),
    }[language]
    kinds = [kind for name in item.evidence if (kind := checklist.kind(name))]
    lines = [f"- {getattr(kind.title, language)}" for kind in kinds]
    lines.append(f"{counts}: {getattr(item.counts, language)}")
    lines.append(f"{against}: {getattr(item.does_not_count, language)}")
    return "\n".join(lines)


def _annotation(checklist: Checklist, item: Item, language: str) -> str:
    """Gate, basis with its marks, how it is checked, what a person confirms, what to do."""
    basis, only, checked, attests, hint = {
        "vi": ("Căn cứ", "Chỉ khi hệ thống", "Cách kiểm tra", "Người xác nhận", "Cần làm"),
        "en": ("Basis", "Only a system that", "How it is checked", "A person attests", "To do"),
    }[language]
    lines = [] if item.gate == "none" else [f"◆ {getattr(GATE[item.gate], language)}"]
    for row in item.basis:
        name = checklist.instruments.get(row.instrument, row.instrument)
        told = f"{basis}: {name} {row.article}".rstrip()
        mark = f"({row.mark}: {getattr(MARK[row.mark], language)})"
        binds = getattr(BINDS[row.binds], language)
        lines.append("; ".join(part for part in (f"{told} {mark}", binds, row.note) if part))
    if item.when:
        named = ", ".join(getattr(CONDITION[name], language) for name in item.when)
        lines.append(f"{only}: {named}")
    lines.append(f"{checked}: {getattr(MODE[item.mode], language)}")
    if item.attests:
        lines.append(f"{attests}: {getattr(item.attests, language)}")
    lines.append(f"{hint}: {getattr(item.hint, language)}")
    return "\n".join(lines)
