"""``auditor geoip import``: a publisher's range files, into the folder of geo data."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from auditor.cli.options import Geoip  # noqa: TC001 - typer reads it
from auditor.cli.terminal import complain, say, tell
from auditor.model.errors import AuditorError

if TYPE_CHECKING:
    from auditor.geo.ranges import Imported


def geoip_import(
    files: Annotated[
        list[Path],
        typer.Argument(
            readable=False,
            metavar="FILE...",
            help="As published: AWS ip-ranges.json, Google cloud.json, Azure ServiceTags_*.json, "
            "Oracle, Cloudflare, Fastly, geofeeds, anycast lists, Tor exits, private relays.",
        ),
    ],
    kind: Annotated[
        str,
        typer.Option(
            "--kind",
            help="What a list is: geofeed, anycast, relay, proxy, vpn, tor-exit, private-relay.",
        ),
    ] = "",
    publisher: Annotated[
        str, typer.Option("--publisher", help="Whose it is, if the file does not show: starlink.")
    ] = "",
    built: Annotated[
        str, typer.Option("--built", metavar="DAY", help="Day of the data, if the file has none.")
    ] = "",
    source: Annotated[
        str, typer.Option("--source", metavar="URL", help="Where the file was had from.")
    ] = "",
    licence: Annotated[
        str, typer.Option("--licence", help="SPDX identifier or the terms in a few words.")
    ] = "",
    geoip: Geoip = None,
) -> None:
    """Take publishers' range files into the folder of geo data."""
    from auditor import pipeline
    from auditor.geo.ranges import KINDS, imported
    from auditor.geo.regions import FILE_NAME, load_regions
    from auditor.geo.regular_files import is_named

    if kind and kind not in KINDS:
        raise typer.BadParameter(f"write one of {', '.join(KINDS)}", param_hint="--kind")
    shipped = pipeline.data_folder("geoip")
    folder = geoip or shipped
    own = folder / FILE_NAME
    regions = load_regions(own if is_named(own) else shipped / FILE_NAME)
    failed = 0
    for file in files:
        try:
            came = imported(
                file,
                folder,
                regions=regions,
                now=datetime.now(UTC),
                note=tell,
                kind=kind,
                publisher=publisher,
                built=_day(built),
                source=source,
                licence=licence,
            )
        except AuditorError as error:
            complain(str(error))
            failed = error.exit_code
        else:
            _show(came)
    if failed:
        raise typer.Exit(failed)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise typer.BadParameter("write a day as 2026-06-17", param_hint="--built") from None


def _show(came: Imported) -> None:
    origin = came.origin
    say(f"{origin.original} -> {came.path}")
    if came.already:
        say("  Tệp này đã được nhập trước đó; không có gì thay đổi.")
        say("  This very file was imported before; nothing changed.")
        return
    share = came.placed * 100 / came.four_addresses if came.four_addresses else 0.0
    unplaced = len(origin.regions_without_country)
    say(
        f"  {origin.publisher} ({origin.kind}), dữ liệu ngày {origin.built or 'không rõ'}: "
        f"{came.networks:,} mạng, {came.four_ranges:,} dải IPv4 ({came.four_addresses:,} địa chỉ, "
        f"{share:.1f} % có tên nước), {came.six_ranges:,} dải IPv6; "
        f"{unplaced} vùng chưa rõ nước; {came.wrong} mục sai bị bỏ qua."
    )
    say(
        f"  {origin.publisher} ({origin.kind}), data of {origin.built or 'an unknown day'}: "
        f"{came.networks:,} networks, {came.four_ranges:,} IPv4 ranges "
        f"({came.four_addresses:,} addresses, {share:.1f} % with a country), "
        f"{came.six_ranges:,} IPv6 ranges; {unplaced} regions without a country; "
        f"{came.wrong} wrong entries left out."
    )
    if origin.publisher == "private-relay":
        say("  Nước trong tệp là của người dùng, không phải nơi đặt máy; không dùng để định vị.")
        say("  Its countries are those of users, not of places; they place nothing.")
