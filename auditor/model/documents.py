"""Strict YAML documents: the files that people write.

A document is a frozen pydantic model that refuses unknown keys. ``read`` reports every mistake of
a file at once, each as ``path:line: field: what is wrong``, and refuses duplicate keys, aliases
that multiply, and files beyond a size that no person writes.
"""

from __future__ import annotations

import difflib
import re
import stat
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar, get_args

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from auditor.model.errors import PolicyError

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES: Final = 8 * 1024 * 1024
MOST_DEPTH: Final = 40
MOST_VALUES: Final = 500_000
MOST_TOLD: Final = 100
"""Mistakes that are listed one by one; the rest is counted."""

_NUMBER: Final = re.compile(r"[-+]?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
"""Numbers as people mean them; YAML also takes 010 for 8 and 1:30 for 90."""


class Document(BaseModel):
    """A part of a file that people write: frozen, and unknown keys are mistakes."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


Many = TypeVar("Many", bound=tuple[Any, ...])


def not_empty(values: Many) -> Many:
    """``values``, which must not be empty.

    A length bound in pydantic's own way would speak up once more for every item that is wrong.
    """
    if not values:
        raise ValueError("must not be empty")
    return values


Item = TypeVar("Item")
Some = Annotated[tuple[Item, ...], AfterValidator(not_empty)]
"""One or more."""


Kind = TypeVar("Kind", bound=Document)
Place = tuple[str | int, ...]


class _Mistakes(Exception):  # noqa: N818 - a carrier between two functions here, never raised out
    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


def read(path: Path, kind: type[Kind], context: object = None) -> Kind:
    """The document in ``path``, checked against ``kind``.

    Args:
        path: the file.
        kind: the document it must be.
        context: handed to the validators of ``kind`` (``info.context``), for mistakes that only
            another file shows, such as a code that no category list has.

    Raises:
        PolicyError: the file is missing, unreadable, not YAML, or has mistakes; all mistakes are
            listed, with line numbers.
    """
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            raise PolicyError(
                "is no regular file",
                place=str(path),
                hint="Name a YAML file, not a folder, pipe or device.",
            )
        if about.st_size > MOST_BYTES:
            raise PolicyError(
                f"is larger than {MOST_BYTES // 1024 // 1024} MiB",
                place=str(path),
                hint="A file people write is smaller than that; is this the right file?",
            )
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise PolicyError(
            "no such file", place=str(path), hint=f"Check the path. {_neighbour(path)}".rstrip()
        ) from None
    except OSError as error:
        raise PolicyError(
            f"cannot be read: {error.strerror}",
            place=str(path),
            hint="Check that it is a file and that this user may read it.",
        ) from None
    except UnicodeDecodeError as error:
        raise PolicyError(
            f"is not UTF-8 text (byte {error.start})",
            place=str(path),
            hint="Save the file as UTF-8.",
        ) from None
    return parse(text, kind, str(path), context)


def parse(text: str, kind: type[Kind], place: str, context: object = None) -> Kind:
    """The document in ``text``; ``place`` stands for its path in messages.

    Raises:
        PolicyError: as ``read``.
    """
    lines: dict[Place, int] = {}
    mistakes: list[str] = []
    try:
        content = _content(text, lines, mistakes)
        document = kind.model_validate(content, context=context)
        if not mistakes:
            return document
    except _Mistakes as broken:
        mistakes += broken.lines
    except ValidationError as error:
        told = {line.split(":")[0] for line in mistakes}  # a value refused above is null here
        explained = _explained(error, kind, lines)
        mistakes += [line for line in explained if line.split(":")[0] not in told]
    mistakes.sort(key=lambda line: int(line.split(":")[0]))
    found = [f"{place}:{line}" for line in mistakes]
    what = "1 mistake" if len(found) == 1 else f"{len(found)} mistakes"
    if len(found) > MOST_TOLD:
        found[MOST_TOLD:] = [f"{place}: and {len(found) - MOST_TOLD} more"]
    raise PolicyError(
        what + ":\n  " + "\n  ".join(found), place=place, hint="Correct the lines named and retry."
    )


def _neighbour(path: Path) -> str:
    if not path.parent.is_dir():
        return f"The folder {path.parent} does not exist."
    names = sorted(entry.name for entry in path.parent.iterdir())[:1000]
    close = difflib.get_close_matches(path.name, names, n=1)
    return f"Did you mean {path.parent / close[0]}?" if close else ""


def _content(text: str, lines: dict[Place, int], mistakes: list[str]) -> Any:  # noqa: ANN401 - YAML holds anything
    try:
        _no_deeper(text)
        loader = yaml.CSafeLoader(text)
        try:
            node = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise _Mistakes([f"{line}: not YAML: {error.problem or error.context}"]) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise _Mistakes([f"{line}: not YAML: a character that no text holds"]) from None
    except yaml.YAMLError as error:
        raise _Mistakes([f"1: not YAML: {error}"]) from None
    except RecursionError:
        raise _Mistakes(["1: nested too deeply"]) from None
    value = None if node is None else _value(node, (), lines, mistakes)
    if not isinstance(value, dict):
        if mistakes:
            raise _Mistakes([])
        raise _Mistakes(["1: file: must hold keys with values, such as `version: ...`"])
    return value


def _no_deeper(text: str) -> None:
    """Refuses what is nested too deeply before libyaml composes it: its recursion has no end."""
    loader = yaml.CSafeLoader(text)
    depth = 0
    try:
        while loader.check_event():
            event = loader.get_event()
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                if depth > 2 * MOST_DEPTH:
                    line = event.start_mark.line + 1 if event.start_mark else 1
                    raise _Mistakes([f"{line}: nested deeper than {MOST_DEPTH} levels"])
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
    finally:
        loader.dispose()


def _value(node: yaml.Node, place: Place, lines: dict[Place, int], mistakes: list[str]) -> Any:  # noqa: ANN401 - YAML holds anything
    line = node.start_mark.line + 1
    lines[place] = line
    if len(place) > MOST_DEPTH:
        raise _Mistakes([f"{line}: nested deeper than {MOST_DEPTH} levels"])
    if len(lines) > MOST_VALUES:
        raise _Mistakes(
            [f"{line}: holds more than {MOST_VALUES:,} values (aliases that multiply?)"]
        )
    if not isinstance(node, yaml.ScalarNode) and not node.tag.endswith((":map", ":seq")):
        mistakes.append(f"{line}: {_dotted(place)}: the tag {node.tag} is not understood")
        return None
    if isinstance(node, yaml.MappingNode):
        out: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                mistakes.append(f"{key_node.start_mark.line + 1}: a key must be a word")
                continue
            key = key_node.value
            if key in out:
                mistakes.append(
                    f"{key_node.start_mark.line + 1}: {_dotted((*place, key))}: "
                    f"this key stands twice (first in line {lines[(*place, key)]})"
                )
                continue
            out[key] = _value(value_node, (*place, key), lines, mistakes)
            lines[(*place, key)] = key_node.start_mark.line + 1
        return out
    if isinstance(node, yaml.SequenceNode):
        return [
            _value(item, (*place, index), lines, mistakes) for index, item in enumerate(node.value)
        ]
    return _scalar(node, place, mistakes)


def _scalar(node: yaml.Node, place: Place, mistakes: list[str]) -> Any:  # noqa: ANN401 - as above
    where = f"{node.start_mark.line + 1}: {_dotted(place)}"
    if node.tag.endswith((":int", ":float")) and not _NUMBER.fullmatch(node.value):
        mistakes.append(f"{where}: write a plain decimal number, or put text in quotes")
        return None
    try:
        value = (
            node.value
            if node.tag.endswith(":str")
            else yaml.constructor.SafeConstructor().construct_object(node)
        )
        if isinstance(value, str):
            value.encode()
    except UnicodeEncodeError:
        mistakes.append(f"{where}: holds half a character")
        return None
    except (yaml.YAMLError, ValueError) as error:
        mistakes.append(f"{where}: {str(error).splitlines()[0][:200]}")
        return None
    if isinstance(value, (int, float)) and not -(2**63) <= value < 2**63:
        mistakes.append(f"{where}: the number is beyond all measure")
        return None
    return value


def _dotted(place: Place) -> str:
    out = ""
    for part in place:
        out += f"[{part + 1}]" if isinstance(part, int) else ("." if out else "") + part
    return out or "file"


def _explained(error: ValidationError, kind: type[BaseModel], lines: dict[Place, int]) -> list[str]:
    explained: list[tuple[int, str]] = []
    for mistake in error.errors(include_url=False):
        place: Place = mistake["loc"]
        known = place  # pydantic may name union branches in it; they have no line of their own
        while known and known not in lines:
            known = known[:-1]
        line = lines.get(known, 1)
        what = mistake["msg"].removeprefix("Value error, ")
        what = what[:1].lower() + what[1:]
        if mistake["type"] == "extra_forbidden":
            what = "unknown key"
            close = difflib.get_close_matches(str(place[-1]), _field_names(kind), n=1)
            if close:
                what += f"; did you mean {close[0]!r}?"
        elif mistake["type"] == "missing":
            what = "is missing"
        elif mistake["type"] == "string_type" and not isinstance(mistake["input"], (dict, list)):
            what = "must be text; put it in quotes (YAML takes it for something else)"
        elif mistake["type"] not in ("value_error", "assertion_error"):
            held = mistake["input"]
            value = str(held) if isinstance(held, date) else repr(held)
            if len(value) <= 60 and not isinstance(mistake["input"], (dict, list)):
                what += f" (found {value})"
        explained.append((line, f"{line}: {_dotted(place)}: {what}"))
    return [text for _, text in sorted(explained, key=lambda item: item[0])]


def _field_names(kind: type[BaseModel], seen: frozenset[type] = frozenset()) -> list[str]:
    names: list[str] = []
    for name, field in kind.model_fields.items():
        names.append(field.alias or name)
        todo: list[Any] = [field.annotation]
        while todo:
            part = todo.pop()
            todo.extend(get_args(part))
            if isinstance(part, type) and issubclass(part, BaseModel) and part not in seen:
                names += _field_names(part, seen | {kind, part})
    return names
