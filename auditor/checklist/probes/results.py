"""What other tools found. Their failures count; their passes are claims that a person confirms."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from auditor.checklist.facts import VIETNAM
from auditor.checklist.probe import Found, Probe, unknown
from auditor.checklist.probes.result_scope import (
    NAMED,
    CoveredAssets,
    ResultFile,
    assets_of,
    coverage_of,
    used,
)
from auditor.checklist.sources.results import Results
from auditor.model.errors import InputError
from auditor.model.readiness import Reference
from auditor.model.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.checklist.facts import Facts
    from auditor.checklist.held import Held
    from auditor.checklist.probe import Arguments
    from auditor.checklist.sources.results import Rule
    from auditor.model.readiness import Coverage

MONTH: Final = timedelta(days=30.5)
LISTED: Final = ("lynis", "xccdf", "cklb")
"""Formats that list every rule they looked at; in the others silence means nothing was found."""
RANKS: Final = ("critical", "high", "error", "warning", "medium", "low")
ABOUT: Final = {
    "baseline": Text("cấu hình an toàn", "secure configuration"),
    "vulnerabilities": Text("lỗ hổng", "vulnerabilities"),
    "ports": Text("cổng đang mở", "open ports"),
}
TOOLS: Final = {
    "any": Text("mọi công cụ", "any tool"),
    "lynis": Text("Lynis", "Lynis"),
    "xccdf": Text("OpenSCAP (XCCDF)", "OpenSCAP (XCCDF)"),
    "nmap": Text("nmap", "nmap"),
    "cklb": Text("bảng kiểm STIG (CKLB)", "a STIG checklist (CKLB)"),
    "sarif": Text("công cụ quét mã nguồn (SARIF)", "a source scanner (SARIF)"),
}


def _tool_findings(facts: Facts, arguments: Arguments) -> Found:
    tool, about = str(arguments.get("tool", "any")), str(arguments.get("about", "baseline"))
    topic, asked = ABOUT[about], TOOLS[tool]
    held = facts.held("tool-results")
    if not held:
        return unknown(
            "Chưa có tệp kết quả của công cụ nào.",
            "No result file of any tool is attached.",
            f"Chạy công cụ kiểm tra {topic.vi} ({asked.vi}) và đính kèm tệp kết quả gốc, loại "
            "tool-results.",
            f"Run a tool that checks {topic.en} ({asked.en}) and attach its own result file, "
            "kind tool-results.",
        )
    readable, broken = _read(held)
    if not readable:
        return unknown(
            f"Không đọc được tệp kết quả nào trong {len(held)} tệp: {'; '.join(broken[:NAMED])}.",
            f"None of {len(held)} result files can be read: {'; '.join(broken[:NAMED])}.",
            "Xuất lại kết quả từ công cụ và đính kèm lại.",
            "Export the results from the tool again and attach them anew.",
        )
    files = [
        file
        for file in readable
        if tool in ("any", file.results.format) and about in file.results.about
    ]
    if not files:
        return unknown(
            f"{len(readable)} tệp kết quả, không tệp nào nói về {topic.vi} ({asked.vi}).",
            f"{len(readable)} result files, none about {topic.en} ({asked.en}).",
            f"Đính kèm kết quả kiểm tra {topic.vi} của {asked.vi}.",
            f"Attach results about {topic.en} of {asked.en}.",
        )
    return _judged(facts, about, files, broken)


def _read(held: Sequence[Held]) -> tuple[list[ResultFile], list[str]]:
    readable, broken = [], []
    for each in held:
        try:
            found = each.content(Results)
        except InputError as error:
            # one damaged file must not hide what the others show; it is told
            broken.append(f"{each.entry.id}: {error.message}")
        else:
            stamp = found.taken.isoformat() if found.taken else each.day.isoformat()
            readable.append(ResultFile(each.entry.id, found, stamp))
    return readable, broken


def _judged(facts: Facts, about: str, files: list[ResultFile], broken: list[str]) -> Found:
    standing = list(_standing(files, about))
    failed = [(file, rule) for file, rule in standing if rule.state == "fail"]
    states = [rule.state for _, rule in standing]
    passed = states.count("pass")
    open_rules = states.count("error") + states.count("not-checked")
    assets, asset_note = assets_of(facts, files)
    coverage = coverage_of(files, assets)
    told = _told(files, broken, open_rules, assets, asset_note)
    if failed:
        return _failing(files, failed, passed, coverage, told)
    if about == "ports":
        return _ports(files, states.count("informational"), coverage, told)
    doubt = _doubt(facts, about, files, passed, assets)
    if doubt:
        return doubt
    tools = used(files)
    return Found(
        "pending",
        f"{tools}: không có mục không đạt, {passed} mục đạt. Đây là kết quả do công cụ khác báo, "
        f"cần người xác nhận.{told.vi}",
        f"{tools}: no rule failed, {passed} passed. This is the claim of another tool: a person "
        f"confirms it.{told.en}",
        [Reference(file.id, "", used([file])) for file in files],
        coverage=coverage,
        way_out=Text(
            "Người phụ trách đối chiếu phạm vi, ngày chạy với danh mục tài sản rồi xác nhận.",
            "The person in charge compares scope and date with the asset list, then attests.",
        ),
    )


def _standing(files: list[ResultFile], about: str) -> Iterator[tuple[ResultFile, Rule]]:
    """The results that still hold: a later one on the same rule and machine replaces the earlier.

    What names no machine is never replaced: it may be of another.
    """
    latest: dict[tuple[str, str, str, str], str] = {}

    def key(file: ResultFile, rule: Rule) -> tuple[str, str, str, str]:
        return file.results.format, file.results.tool, rule.host.lower() or file.id, rule.id

    for file in files:
        for rule in file.results.rules:
            if rule.about == about:
                name = key(file, rule)
                latest[name] = max(latest.get(name, ""), file.stamp)
    for file in files:
        for rule in file.results.rules:
            if rule.about == about and latest[key(file, rule)] == file.stamp:
                yield file, rule


def _failing(
    files: list[ResultFile],
    failed: list[tuple[ResultFile, Rule]],
    passed: int,
    coverage: Coverage | None,
    told: Text,
) -> Found:
    failed = sorted(failed, key=lambda pair: _rank(pair[1]))
    names = list(dict.fromkeys(rule.id for _, rule in failed))
    hosts = {rule.host for _, rule in failed if rule.host}
    more_vi = f" và {len(names) - NAMED} mục khác" if len(names) > NAMED else ""
    more_en = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    where_vi = f" trên {len(hosts)} đối tượng" if hosts else ""
    where_en = f" on {len(hosts)} targets" if hosts else ""
    shown = ", ".join(names[:NAMED])
    tools = used(files)
    return Found(
        "fail",
        f"{tools}: {len(failed)} kết quả không đạt{where_vi} ({shown}{more_vi}); {passed} mục đạt."
        f"{told.vi}",
        f"{tools}: {len(failed)} results failed{where_en} ({shown}{more_en}); {passed} passed."
        f"{told.en}",
        [Reference(file.id, rule.place, _shown(rule, file.results.tool)) for file, rule in failed],
        coverage=coverage,
        way_out=Text(
            "Sửa các mục này, chạy lại công cụ, đính kèm kết quả mới; gỡ tệp cũ nếu công cụ không "
            "còn liệt kê mục đó. Kết quả sai thì ghi rõ và đề nghị tạm chấp nhận.",
            "Mend these, run the tool again and attach the new results; remove the older file if "
            "the tool no longer lists the rule. For a wrong result, say so and ask for a waiver.",
        ),
    )


def _ports(files: list[ResultFile], ports: int, coverage: Coverage | None, told: Text) -> Found:
    return Found(
        "pending",
        f"{used(files)}: {ports} cổng đang mở; người phụ trách xác nhận từng cổng cần thiết."
        f"{told.vi}",
        f"{used(files)}: {ports} open ports; the person in charge confirms that each is needed."
        f"{told.en}",
        [
            Reference(file.id, rule.place, f"{rule.host} {rule.id} {rule.title}".strip())
            for file in files
            for rule in file.results.rules
            if rule.about == "ports"
        ],
        coverage=coverage,
        way_out=Text(
            "Đóng cổng không cần thiết, xác nhận phần còn lại.",
            "Close what is not needed and attest the rest.",
        ),
    )


def _doubt(
    facts: Facts, about: str, files: list[ResultFile], passed: int, assets: CoveredAssets | None
) -> Found | None:
    """Why results without a failing rule say nothing; null = they do say something."""
    unfinished = [file.id for file in files if file.results.finished is False]
    if unfinished:
        return unknown(
            f"Công cụ không chạy đến hết trong {len(unfinished)} tệp: {', '.join(unfinished)}.",
            f"The tool did not come to its end in {len(unfinished)} files: "
            f"{', '.join(unfinished)}.",
            "Chạy lại công cụ đến khi kết thúc và đính kèm kết quả mới thay tệp cũ.",
            "Run the tool until it ends and attach the new results in place of the old file.",
        )
    if not passed and all(file.results.format in LISTED for file in files):
        return unknown(
            f"{used(files)}: công cụ không kiểm tra được mục nào.",
            f"{used(files)}: the tool checked no rule.",
            "Chạy lại với đủ quyền và đúng bộ quy tắc (profile).",
            "Run it again with enough rights and the right profile.",
        )
    if assets and not assets.covered:
        return unknown(
            f"Kết quả không thuộc máy nào trong {len(assets.missing)} tài sản của danh mục.",
            f"The results are of none of the {len(assets.missing)} assets in the register.",
            "Chạy công cụ trên các máy trong danh mục tài sản, hoặc sửa tên và địa chỉ cho khớp.",
            "Run the tool on the machines of the asset register, or make names and addresses fit.",
        )
    return _dated(facts, about, files)


def _dated(facts: Facts, about: str, files: list[ResultFile]) -> Found | None:
    taken = [file.results.taken for file in files if file.results.taken]
    if any(when > facts.now + timedelta(days=1) for when in taken):
        return unknown(
            "Tệp kết quả có ngày ở tương lai.",
            "A result file is dated in the future.",
            "Xem lại đồng hồ của máy chạy công cụ và chạy lại.",
            "Check the clock of the machine that ran the tool and run it again.",
        )
    limit = facts.number("scan-months") if about == "vulnerabilities" else None
    if not taken or limit is None or limit.value is None:
        return None
    if max(taken) >= facts.now - limit.value * MONTH:
        return None
    day = max(taken).astimezone(VIETNAM).date()
    return Found(
        "unknown",
        f"Kết quả mới nhất ngày {day:%d/%m/%Y}, quá chu kỳ {limit.value:g} tháng.",
        f"The newest result is of {day}, older than the interval of {limit.value:g} months.",
        rests_on=limit.source,
        way_out=Text("Quét lại và đính kèm kết quả mới.", "Scan again and attach new results."),
    )


def _told(
    files: list[ResultFile],
    broken: list[str],
    open_rules: int,
    assets: CoveredAssets | None,
    asset_note: Text | None,
) -> Text:
    """What must be known beside the answer, each a sentence of its own."""
    told: list[Text] = []
    if open_rules:
        told.append(
            Text(
                f"{open_rules} mục công cụ không kiểm tra được.",
                f"{open_rules} rules could not be checked by the tool.",
            )
        )
    if assets and assets.missing:
        names = ", ".join(assets.missing[:NAMED])
        total = assets.covered + len(assets.missing)
        told.append(
            Text(
                f"{len(assets.missing)}/{total} tài sản chưa có kết quả: {names}.",
                f"{len(assets.missing)} of {total} assets have no result: {names}.",
            )
        )
    if asset_note:
        told.append(asset_note)
    if broken:
        told.append(
            Text(
                f"{len(broken)} tệp không đọc được: {'; '.join(broken[:NAMED])}.",
                f"{len(broken)} files cannot be read: {'; '.join(broken[:NAMED])}.",
            )
        )
    undated = [file.id for file in files if file.results.taken is None]
    if undated:
        told.append(
            Text(
                f"{len(undated)} tệp không ghi ngày chạy: {', '.join(undated[:NAMED])}.",
                f"{len(undated)} files do not say when they were made: "
                f"{', '.join(undated[:NAMED])}.",
            )
        )
    told += dict.fromkeys(note for file in files for note in file.results.notes)
    return Text("".join(f" {each.vi}" for each in told), "".join(f" {each.en}" for each in told))


def _rank(rule: Rule) -> int:
    severity = rule.severity.lower()
    return RANKS.index(severity) if severity in RANKS else len(RANKS)


def _shown(rule: Rule, tool: str) -> str:
    severity = f" [{rule.severity}]" if rule.severity else ""
    host = f" @ {rule.host}" if rule.host else ""
    return f"{tool}: {rule.id} {rule.title}{severity}{host}"


PROBES: tuple[Probe, ...] = (
    Probe(
        "tool-findings",
        Text(
            "Kết quả của công cụ khác có mục nào không đạt không?",
            "Do the results of other tools hold a rule that failed?",
        ),
        ("tool-results", "assets"),
        "both",
        _tool_findings,
        ("tool", "about"),
    ),
)
