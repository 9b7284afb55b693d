"""What the commands of the checklist share: their options, the folder they open, keys."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from auditor.cli.options import moment_of
from auditor.cli.terminal import say
from auditor.model.errors import InputError, StoreError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from auditor.model.readiness import Readiness
    from auditor.readiness import Assessed

PASSPHRASE = "AUDITOR_KEY_PASSPHRASE"  # noqa: S105 - the name of a variable

Folder = Annotated[Path, typer.Argument(readable=False, help="Folder of the assessment.")]
ItemName = Annotated[str, typer.Argument(help="Id of the item, such as NET-03.")]
Person = Annotated[str, typer.Option("--name", help="Who: the person's name.")]
Role = Annotated[
    Literal[
        "owner", "operator", "security-unit", "assessor", "data-owner", "secrecy-officer",
        "custodian", "leader", "inspector", "staff",
    ],
    typer.Option("--role", help="In which role."),
]  # fmt: skip
Unit = Annotated[str, typer.Option("--unit", help="The person's unit.")]
Because = Annotated[str, typer.Option("--because", help="The reason, or what is in place.")]
Key = Annotated[
    Path | None, typer.Option("--key", readable=False, help="Private key (Ed25519, PEM).")
]


AsOf = Annotated[
    str | None,
    typer.Option("--as-of", help="As it stood at this time, not now (ISO 8601; +07:00)."),
]


def now(as_of: str | None = None) -> datetime:
    """The clock, or the time an option names in its place."""
    return moment_of(as_of, "--as-of") or datetime.now(UTC)


def opened(folder: Path, policies: Path | None) -> Assessed:
    """The assessment, held against the checklist."""
    from auditor import pipeline, readiness

    return readiness.opened(folder, policies or pipeline.data_folder("policies"))


def decided(folder: Path, policies: Path | None, as_of: str | None = None) -> Readiness:
    """The assessment, decided as of now or of another time."""
    from auditor import readiness

    return readiness.readiness(opened(folder, policies), now(as_of))


def key_of(path: Path | None) -> Ed25519PrivateKey | None:
    """The private key an option names."""
    from auditor.checklist.signing import read_key

    if path is None:
        return None
    return read_key(path, _passphrase())


def made_key(path: Path) -> None:
    """Makes a private key that only its owner may read."""
    from auditor.checklist.signing import key_text, new_key

    if path.exists():
        raise InputError("is there already", place=str(path), hint="Use it with --key.")
    try:
        content = key_text(new_key(), _passphrase())
    except ValueError:
        raise InputError(
            "the passphrase is too long, or no text",
            place=PASSPHRASE,
            hint="Use up to 1,000 letters and digits.",
        ) from None
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise StoreError(
            f"the key cannot be written: {error.strerror}; nothing was signed",
            place=str(path),
            hint="Name a new file in a folder where this user may write.",
        ) from None
    say(f"{path}: khoá mới; giữ riêng, không để trong hồ sơ. / a new key; keep it elsewhere.")


def _passphrase() -> str:
    if PASSPHRASE in os.environ:
        return os.environ[PASSPHRASE]
    if not sys.stdin.isatty():
        return ""
    text: str = typer.prompt("Mật khẩu khoá / passphrase", default="", hide_input=True)
    return text
