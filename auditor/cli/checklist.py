"""The commands of the pre-sync checklist."""

from __future__ import annotations

import typer

app = typer.Typer(
    help="Danh mục kiểm tra trước khi kết nối. / The pre-sync security checklist.",
    no_args_is_help=True,
)
