"""The status review of cross-border transfers in a period.

Thông báo 43/TB-VPCP, IV.6, asks for it (rà soát, đánh giá hiện trạng chuyển dữ liệu xuyên biên
giới liên quan đến danh mục dữ liệu cốt lõi, quan trọng). No form was found: the structure is ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.model.finding import STATES
from auditor.model.text import Text
from auditor.papers import coverage, heading, scope
from auditor.papers.blocks import Paper, Part, Sentence, Table
from auditor.papers.ledgers import ledger_blocks
from auditor.papers.transfers import (
    categories_table,
    diagram,
    recipients_table,
    transfers,
)
from auditor.papers.wording import STATE, listed, number

if TYPE_CHECKING:
    from auditor.papers.blocks import Block
    from auditor.papers.material import Material, Seen
    from auditor.papers.transfers import Transfer


def review(material: Material) -> Paper:
    """The paper."""
    moved = transfers(material)
    found = coverage.gaps(material.seen)
    running = ledger_blocks(material)
    return Paper(
        name="review",
        kind=Text("BÁO CÁO", "Report"),
        subject=Text(
            "Rà soát, đánh giá hiện trạng chuyển dữ liệu xuyên biên giới "
            f"{heading.period(material)}",
            "Status review of cross-border data transfers",
        ),
        head=heading.head(material),
        warning=Text(
            "Chưa thấy mẫu nào được ban hành cho báo cáo này; bố cục do công cụ đề xuất. Chỗ đánh "
            "dấu phải được đơn vị điền hoặc bổ sung trước khi ký.",
            "No form was found for this report; the structure is the tool's own.",
        ),
        bases=heading.bases(
            (
                heading.DATA_LAW,
                heading.PERSONAL_LAW,
                heading.CYBER_LAW,
                heading.DECREE_165,
                heading.DECREE_356,
                heading.DECISION_20,
                heading.NOTICE_43,
            ),
            material,
        ),
        opening=f"{material.owner() or 'Đơn vị'} báo cáo kết quả rà soát, đánh giá hiện trạng "
        "chuyển dữ liệu xuyên biên giới như sau:",
        parts=_parts(material, moved, found, running[:1]),
        annexes=(
            Part(
                "PHỤ LỤC I.",
                Text("Việc chuyển dữ liệu theo hệ thống và bên nhận", "Transfers"),
                (recipients_table(material, moved),),
            ),
            Part(
                "PHỤ LỤC II.",
                Text("Đối chiếu với hồ sơ đã nộp và mục miễn đã khai", "Coverage by dossiers"),
                (coverage.coverage_table(material),),
            ),
            Part(
                "PHỤ LỤC III.",
                Text("Biện pháp khắc phục theo sáu rõ", "Remediation in six clear points"),
                (_six_points_note(), coverage.six_points_table(material, found)),
            ),
            Part(
                "PHỤ LỤC IV.",
                Text("Danh sách dấu hiệu", "Indicators"),
                coverage.findings_blocks(material),
            ),
            Part(
                "PHỤ LỤC V.",
                Text("Khối lượng cộng dồn theo hệ thống và bên nhận", "Running totals"),
                running[1:] or (Sentence("Không có sổ cộng dồn."),),
            ),
            Part(
                "PHỤ LỤC VI.",
                Text("Lượt kiểm tra, tệp đầu vào, danh mục và cơ sở dữ liệu đã dùng", "Sources"),
                (
                    scope.runs_table(material),
                    scope.inputs_table(material),
                    scope.sources_table(material),
                ),
            ),
        ),
    )


def _six_points_note() -> Sentence:
    return Sentence(
        "Theo yêu cầu “6 rõ” (điểm 1 mục IV Thông báo số 43/TB-VPCP): mỗi tồn tại có rõ người, rõ "
        "việc, rõ thời gian, rõ trách nhiệm, rõ sản phẩm, rõ thẩm quyền. Hàng đánh dấu là chưa có "
        "kế hoạch.",
        "note",
    )


def _parts(
    material: Material,
    moved: tuple[Transfer, ...],
    found: tuple[tuple[Seen, ...], ...],
    running: tuple[Block, ...],
) -> tuple[Part, ...]:
    return (
        Part("I.", Text("Phạm vi rà soát", "Scope"), scope.seen_and_unseen(material)),
        Part("II.", Text("Hiện trạng chuyển dữ liệu", "Status"), _status(material, moved)),
        Part(
            "1.",
            Text("Hệ thống thông tin", "Systems"),
            (_systems(material, moved),),
            level=2,
        ),
        Part(
            "2.",
            Text("Nhóm dữ liệu", "Categories of data"),
            (categories_table(material, moved),),
            level=2,
        ),
        Part(
            "3.",
            Text("Bên nhận và sơ đồ luồng", "Recipients and flow diagram"),
            (
                Sentence("Từng cặp hệ thống – bên nhận nêu tại Phụ lục I.", "note"),
                diagram(material, moved),
            ),
            level=2,
        ),
        Part(
            "4.",
            Text("Nước, vùng lãnh thổ nhận", "Countries"),
            (
                Sentence(f"Mọi luồng ra nước ngoài. {scope.whole_runs(material)}", "note"),
                scope.countries_table(material),
            ),
            level=2,
        ),
        Part(
            "5.",
            Text("Hình thức chuyển theo khoản 2 Điều 23 Luật Dữ liệu", "Forms of transfer"),
            (
                Sentence(
                    f"Một luồng có thể thuộc nhiều hình thức. {scope.whole_runs(material)}", "note"
                ),
                scope.forms_table(material),
            ),
            level=2,
        ),
        Part(
            "6.",
            Text("Khối lượng cộng dồn", "Running totals"),
            running,
            level=2,
        ),
        Part(
            "III.",
            Text("Đối chiếu với hồ sơ đánh giá tác động", "Coverage by dossiers"),
            _coverage(material),
        ),
        Part(
            "IV.",
            Text("Tồn tại và thời hạn", "Gaps and deadlines"),
            _gaps(material, found),
        ),
        Part(
            "V.",
            Text("Phương hướng khắc phục", "Remediation"),
            (
                Sentence(
                    "Kế hoạch khắc phục từng tồn tại theo sáu rõ (người, việc, thời gian, trách "
                    "nhiệm, sản phẩm, thẩm quyền) nêu tại Phụ lục III."
                ),
            ),
        ),
        Part(
            "VI.",
            Text("Kiến nghị, đề xuất", "Proposals"),
            (_proposal(),),
        ),
    )


def _gaps(material: Material, found: tuple[tuple[Seen, ...], ...]) -> tuple[Block, ...]:
    """The gaps that weigh something as a table; the light ones as lines."""
    light = [group for group in found if _light(group)]
    lines = [
        Sentence(f"- {group[0].finding.title.vi} ({number(len(group))} dấu hiệu).", "item")
        for group in light
    ]
    told = (Sentence("Mức thấp và để biết:"), *lines) if lines else ()
    heavy = [group for group in found if not _light(group)]
    return (
        Sentence(f"{coverage.MAY_BE_EARLIER} Mã từng dấu hiệu nêu tại Phụ lục IV.", "note"),
        coverage.gaps_table(material, heavy),
        *told,
    )


def _light(group: tuple[Seen, ...]) -> bool:
    return all(seen.finding.severity in ("low", "info") for seen in group)


def _proposal() -> Block:
    from auditor.papers.blocks import Field

    return Field("", Text("Kiến nghị, đề xuất của đơn vị", "Proposals of the agency"))


def _status(material: Material, moved: tuple[Transfer, ...]) -> tuple[Block, ...]:
    systems = {each.system for each in moved if each.system}
    recipients = {each.recipient for each in moved}
    codes = {code for each in moved for code in each.categories}
    states = dict.fromkeys(STATES, 0)
    for seen in material.seen:
        states[seen.finding.state] += 1
    counted = "; ".join(f"{STATE[state].vi}: {number(count)}" for state, count in states.items())
    return (
        Sentence(heading.INDICATORS, "note"),
        Sentence(
            f"Thấy {number(len(material.seen))} dấu hiệu ({counted}), từ {len(systems)} hệ thống "
            f"đã kê khai, tới {number(len(recipients))} bên nhận, thuộc {len(codes)} nhóm dữ liệu."
        ),
    )


def _systems(material: Material, moved: tuple[Transfer, ...]) -> Table:
    listed_systems = material.inventory.systems if material.inventory else ()
    of_system: dict[str | None, list[Transfer]] = {each.id: [] for each in listed_systems}
    if material.system is not None:
        of_system = {material.system: []}
    for each in moved:
        of_system.setdefault(each.system, []).append(each)
    known = {each.id: each for each in listed_systems}
    rows = []
    for system, sent in of_system.items():
        entry = known.get(system) if system else None
        held = listed(entry.categories) or "khai không có" if entry else "chưa kê khai"
        rows.append(
            (
                material.system_name(system),
                entry.owner if entry and entry.owner else "–",
                held,
                number(entry.subjects) if entry and entry.subjects is not None else "–",
                str(len(sent)) if sent else "không thấy chuyển",
                listed(sorted({code for each in sent for code in each.categories})) or "–",
            )
        )
    titles = (
        Text("Hệ thống", "System"),
        Text("Đơn vị chủ quản", "Owner"),
        Text("Dữ liệu kê khai", "Declared data"),
        Text("Chủ thể lưu giữ", "Subjects held"),
        Text("Số bên nhận", "Recipients"),
        Text("Dữ liệu trong dấu hiệu", "Data in indicators"),
    )
    return Table.bounded(titles, (30, 26, 28, 16, 16, 26), rows)


def _coverage(material: Material) -> tuple[Block, ...]:
    results: dict[str, int] = {}
    for seen in material.seen:
        if seen.finding.category is not None and seen.has_flows:
            told = coverage.result(seen.finding)
            results[told] = results.get(told, 0) + 1
    rows = tuple(
        (told, number(count))
        for told, count in sorted(results.items(), key=lambda item: (-item[1], item[0]))
    )
    titles = (Text("Kết quả đối chiếu", "Result"), Text("Số dấu hiệu", "Indicators"))
    return (
        Sentence(
            f"Đối chiếu {number(sum(results.values()))} trong {number(len(material.seen))} dấu "
            "hiệu: những dấu hiệu về một nhóm dữ liệu đã chuyển. Từng hồ sơ, bên nhận và nhóm dữ "
            "liệu nêu tại Phụ lục II."
        ),
        Table(titles, (100, 30), rows),
    )
