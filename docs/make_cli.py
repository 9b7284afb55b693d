"""Writes the page on the command line: ``python docs/make_cli.py > docs/cli.md``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from typer.main import get_command

from auditor.cli import app

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD = """# The command line

Generated from `auditor/cli/` by `python docs/make_cli.py > docs/cli.md`; do not edit by hand.

| exit code | meaning |
|---|---|
| 0 | done; nothing at or above `--fail-on` |
| 1 | done; a finding without a dossier is at or above `--fail-on`; `crosscheck` saw differences |
| 2 | the command was written wrongly |
| 11 | an input cannot be used |
| 12 | a file that people write (rules, inventory, dossiers) has mistakes |
| 13 | the geo databases cannot be used |
| 14 | results cannot be written; what stood there before is untouched |
| 70 | a mistake of this program |
| 130, 141 | interrupted; the reader of the output went away |
"""


def page() -> str:
    """The whole page."""
    return HEAD + "".join(_command(name, command) for name, command in commands())


def commands() -> Iterator[tuple[str, Any]]:
    """Every command that does something and is meant for people, by its full name."""
    return _below("auditor", get_command(app))


def _below(name: str, command: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - typer's own type
    inner = getattr(command, "commands", None)
    if command.hidden:
        return
    if inner is None:
        yield name, command
        return
    for word, below in inner.items():
        yield from _below(f"{name} {word}", below)


def _command(name: str, command: Any) -> str:  # noqa: ANN401 - typer's own type
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option"]
    usage = [name, *(_argument(one) for one in arguments), *(["[OPTIONS]"] if options else [])]
    lines = ["", f"## `{name}`", "", str(command.help).strip()]
    lines += ["", "```", " ".join(usage), "```"]
    rows = [(f"`{_argument(one)}`", str(one.help)) for one in arguments]
    rows += [(_option(one), str(one.help)) for one in options]
    if rows:
        lines += ["", "| given | meaning |", "|---|---|"] + [
            f"| {left} | {right} |" for left, right in rows
        ]
    return "\n".join(lines) + "\n"


def _argument(argument: Any) -> str:  # noqa: ANN401 - typer's own type
    return argument.name.upper() + ("..." if argument.nargs == -1 else "")


def _option(option: Any) -> str:  # noqa: ANN401 - typer's own type
    return ", ".join(f"`{name}`" for name in (*option.opts[:1], *option.secondary_opts[:1]))


if __name__ == "__main__":
    sys.stdout.write(page())
