"""The commands about geo data: what there is, whether it is sound, and what it says."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Final

import typer

from auditor.cli import geo_build, geo_import, geo_lookup, geo_replay
from auditor.cli.options import Geoip, Policies  # noqa: TC001 - typer reads them
from auditor.cli.terminal import complain, say, say_json, tell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.geo import GeoData
    from auditor.geo.verification import Checked
    from auditor.model.problem import Problem
    from auditor.model.run import DataSource

WRONG: Final = 13
OLD_DAYS: Final = 400

app = typer.Typer(
    help="Dữ liệu về nơi đặt địa chỉ. / What decides where addresses are.", no_args_is_help=True
)
app.command("lookup")(geo_lookup.geoip_lookup)
app.command("import")(geo_import.geoip_import)
app.command("build")(geo_build.geoip_build)
app.command("replay")(geo_replay.geoip_replay)


@app.command("info")
def geoip_info(geoip: Geoip = None, policies: Policies = None) -> None:
    """Show databases and lists: builds, age, licence, checksum, and what is wrong with them."""
    from auditor import geo, pipeline
    from auditor.geo import services

    problems: list[Problem] = []
    today = datetime.now(UTC).date()
    shipped = pipeline.data_folder("geoip")
    folder = geoip or shipped
    names = policies or pipeline.data_folder("policies")
    geodata = geo.open_geodata(folder, shipped, names, today, problems.append)
    for line in _info(geodata, today):
        say(line)
    listed = names / services.FILE_NAME
    if listed.exists():
        count = len(services.load_services(listed).services)
        say(f"{services.FILE_NAME}: {count:,} dịch vụ / services")
    for problem in problems:
        tell(problem)


def _info(geodata: GeoData, today: date) -> Iterator[str]:
    newest = geodata.newest()
    chosen = {origin.name for _, origin in (*newest.databases, *newest.ranges)}
    named = {each.name for each in geodata.ranges} | {
        each.source.name for each in geodata.databases
    }
    for source in geodata.sources:
        yield f"{source.name}  {source.version}".rstrip()
        if source.name in named:
            use = "đang dùng / in use" if source.name in chosen else _OTHER_TIMES
            yield f"  {use}"
        yield from _about(source, today)
    stated = geodata.newest().overrides
    if stated is not None:
        count = len(stated.statements)
        yield f"overrides.yaml: {count:,} xác nhận đang có hiệu lực / statements that hold today"
    yield f"distances.csv: {len(geodata.distances):,} nước / countries"
    yield (
        f"as-countries.csv: {len(geodata.registrations):,} hệ thống tự trị (AS), suy ra / "
        "autonomous systems, derived"
    )


_OTHER_TIMES: Final = (
    "cho lưu lượng của thời điểm khác / for traffic of other times: a newer build is there"
)


def _about(source: DataSource, today: date) -> Iterator[str]:
    if source.built is not None:
        days = (today - source.built.date()).days
        old = "  CŨ / OLD" if days > OLD_DAYS else ""
        if days < -1:  # somewhere it is that day already
            old = "  NGÀY CHƯA TỚI / A DAY TO COME"
        years = f"{days / 365.25:.1f} năm / years"
        yield f"  built {source.built:%Y-%m-%d}, {days:,} days ago ({years}){old}"
    for label, value in (("licence", source.licence), ("source", source.attribution)):
        if value:
            yield f"  {label}: {value}"
    yield f"  sha256 {source.sha256}"


@app.command("verify")
def geoip_verify(
    geoip: Geoip = None,
    as_json: Annotated[bool, typer.Option("--json", help="As a list of JSON objects.")] = False,
) -> None:
    """Compare every file with the manifest and read it whole; exit code 13 if one is wrong."""
    from dataclasses import asdict

    from auditor import pipeline
    from auditor.geo.verification import verified

    folder = geoip or pipeline.data_folder("geoip")
    found = verified(folder, datetime.now(UTC).date())
    if as_json:
        say_json([asdict(each) for each in found])
    else:
        for line in _verified(found):
            say(line)
    wrong = sum(bool(each.wrong) for each in found)
    if wrong:
        complain(f"{folder}: {wrong} of {len(found)} files are wrong / tệp có lỗi")
        raise typer.Exit(WRONG)


_STANDING: Final = {
    "as-listed": "đúng bản kê / as listed",
    "changed": "KHÁC BẢN KÊ / NOT AS LISTED",
    "not-listed": "không có trong bản kê / not listed",
    "missing": "THIẾU / MISSING",
}


def _verified(found: tuple[Checked, ...]) -> Iterator[str]:
    for each in found:
        yield f"{each.name}  {_STANDING[each.listed]}  {'CÓ LỖI / WRONG' if each.wrong else 'OK'}"
        if each.sha256:
            yield f"  sha256 {each.sha256}"
        if each.four or each.six:
            yield f"  {each.four:,} IPv4 + {each.six:,} IPv6: mạng / networks"
        if each.records:
            broken = f", {each.broken:,} hỏng / broken" if each.broken else ""
            yield f"  {each.records:,} mục / records{broken}"
        for line in each.wrong:
            yield f"  ! {line}"
        for line in each.remarks:
            yield f"  {line}"
