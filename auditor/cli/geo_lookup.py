"""``auditor geoip lookup``: the whole decision record of single destinations."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final

import typer

from auditor.cli.options import (
    Geoip,
    Home,
    InventoryFile,
    Policies,
    moment_of,
)
from auditor.cli.terminal import say, say_json, tell
from auditor.model.errors import InputError

if TYPE_CHECKING:
    from auditor.model.inventory import Network

MOST_QUESTIONS: Final = 100_000
_LONGEST: Final = 1000


def geoip_lookup(
    addresses: Annotated[
        list[str], typer.Argument(metavar="IP...", help="IP addresses; - = one per line of input.")
    ],
    host: Annotated[
        str | None, typer.Option("--host", help="Name of the server that was talked with.")
    ] = None,
    rtt: Annotated[
        float | None,
        typer.Option("--rtt", metavar="MS", min=0, max=60_000, help="Fastest handshake seen."),
    ] = None,
    log_country: Annotated[
        str | None, typer.Option("--log-country", help="Country that the maker of a log claims.")
    ] = None,
    at: Annotated[
        str | None, typer.Option("--at", metavar="DATE", help="By the builds nearest to that day.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As a list of JSON objects.")] = False,
    geoip: Geoip = None,
    home: Home = "VN",
    inventory: InventoryFile = None,
    policies: Policies = None,
) -> None:
    """Show where destinations are: what was heard, what decided, and how sure that is."""
    from dataclasses import asdict

    from auditor import geo, pipeline
    from auditor.model.countries import NAMES
    from auditor.report.record_lines import record_lines

    for code, option in ((home, "--home"), (log_country or home, "--log-country")):
        if code.upper() not in NAMES:
            raise typer.BadParameter("use a two-letter code such as VN", param_hint=option)
    moment = moment_of(at, "--at")
    geodata = geo.open_geodata(
        geoip or pipeline.data_folder("geoip"),
        pipeline.data_folder("geoip"),
        policies or pipeline.data_folder("policies"),
        datetime.now(UTC).date(),
        tell,
    )
    asked = [
        geo.Question(
            address,
            host.lower().rstrip(".") if host else None,
            log_country.upper() if log_country else None,
            None if rtt is None else round(rtt * 1000),
        )
        for address in _asked(addresses)
    ]
    edition = geodata.newest() if moment is None else geodata.at(moment)
    found = geo.destinations(asked, geodata, edition, home, networks_of(inventory, policies))
    if as_json:
        say_json([asdict(each) for each in found])
        return
    for number, each in enumerate(found):
        if number:
            say()
        for line in record_lines(each):
            say(line)


def networks_of(inventory: object, policies: object) -> tuple[Network, ...]:
    """The agency's own networks, by its inventory; none without one.

    Raises:
        PolicyError: a file has mistakes.
    """
    from pathlib import Path

    from auditor import classify, pipeline

    if not isinstance(inventory, Path):
        return ()
    folder = policies if isinstance(policies, Path) else pipeline.data_folder("policies")
    return classify.inventory(inventory, classify.catalogue(folder)).networks


def _asked(addresses: list[str]) -> list[str]:
    """The addresses, those from standard input in the place of ``-``."""
    found: list[str] = []
    for address in addresses:
        found += _read() if address == "-" else [address]
    if len(found) > MOST_QUESTIONS:
        raise InputError(
            f"{len(found):,} addresses are more than {MOST_QUESTIONS:,}",
            place="standard input",
            hint="Ask for fewer at a time; `auditor flows` places whole logs.",
        )
    return found


def _read() -> list[str]:
    found: list[str] = []
    try:
        while (line := sys.stdin.buffer.readline(_LONGEST)) and len(found) <= MOST_QUESTIONS:
            text = line.decode("utf-8", "surrogateescape").strip()
            if text and not text.startswith("#"):
                found.append(text)
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror}", place="standard input", hint="Pipe a list into it."
        ) from None
    return found
