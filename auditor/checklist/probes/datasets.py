"""Probes of the data that is to be synced: owners, classes, mapping, personal fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.checklist.probe import Probe, unknown
from auditor.checklist.probes.tables import (
    Table,
    denied,
    from_registers,
    judged,
    key,
    names,
    optional_table,
)
from auditor.checklist.sources.register import count, day, plain, truth
from auditor.model.readiness import Reference
from auditor.model.text import Text

if TYPE_CHECKING:
    from auditor.checklist.facts import Facts
    from auditor.checklist.probe import Arguments, Found

CORE: Final = ("cốt lõi", "core")
CLASSES: Final = (
    *CORE, "quan trọng", "important", "khác", "thông thường", "ordinary", "other", "dùng chung",
    "dùng riêng", "mở", "shared", "private", "open",
)  # fmt: skip
CORE_SUBJECTS: Final = 100_000
CORE_SOURCE: Final = "QĐ 20/2025/QĐ-TTg mục I.26b [S]"


def stewards_named(_: Facts, __: Arguments, datasets: Table) -> Found:
    """Each dataset has an owner and a steward."""
    failing = [
        datasets.at(line, f"{row['dataset']}: no {' and no '.join(empty)}")
        for line, row in datasets.records()
        if (empty := [part for part in ("owner", "steward") if not row[part]])
    ]
    return judged(
        Text(
            f"Cả {len(datasets)} bộ dữ liệu đều có chủ sở hữu và đầu mối.",
            f"All {len(datasets)} datasets have an owner and a steward.",
        ),
        Text(
            f"{len(failing)}/{len(datasets)} bộ dữ liệu chưa có chủ sở hữu hoặc đầu mối.",
            f"{len(failing)} of {len(datasets)} datasets have no owner or no steward.",
        ),
        Text("Ghi chủ sở hữu và đầu mối của từng bộ.", "Name the owner and the steward of each."),
        failing=failing,
        tables=(datasets,),
    )


def datasets_described(_: Facts, __: Arguments, datasets: Table) -> Found:
    """Each dataset says all that the connection needs to know."""
    failing, unread = [], []
    before: set[str] = set()
    for line, row in datasets.records():
        if key(row["dataset"]) in before:
            failing.append(datasets.at(line, f"{row['dataset']}: stands twice"))
        elif empty := [column for column, value in row.items() if not value]:
            failing.append(datasets.at(line, f"{row['dataset']}: empty {', '.join(empty)}"))
        elif day(row["starts"]) is None or count(row["subjects"]) is None:
            unread.append(datasets.at(line, f"{row['dataset']}: starts or subjects is no value"))
        before.add(key(row["dataset"]))
    return judged(
        Text(
            f"Cả {len(datasets)} bộ dữ liệu được mô tả đủ.",
            f"All {len(datasets)} datasets are described in full.",
        ),
        Text(
            f"{len(failing)}/{len(datasets)} bộ dữ liệu mô tả chưa đủ hoặc trùng.",
            f"{len(failing)} of {len(datasets)} datasets are not described in full, or twice.",
        ),
        Text(
            "Điền đủ chủ sở hữu, phân loại, phương thức, tần suất, ngày bắt đầu (2026-12-01) và "
            "số chủ thể (100.000).",
            "Fill in owner, class, method, frequency, start (2026-12-01) and number of subjects.",
        ),
        failing=failing,
        unread=unread,
        tables=(datasets,),
    )


def classes_assigned(facts: Facts, _: Arguments, datasets: Table, classes: Table) -> Found:
    """Each field has a class; sensitive data of many subjects is core."""
    failing = [
        table.at(line, f"{row.get('dataset') or row.get('table')}: no class that is known")
        for table in (datasets, classes)
        for line, row in table.records()
        if not names(row["class"], CLASSES) or denied(row["class"])
    ]
    mapped = optional_table(facts, "field-map", "table field")
    if mapped is not None:
        known = {(key(row["table"]), key(row["field"])) for _, row in classes.records()}
        failing += [
            mapped.at(line, f"{row['table']}.{row['field']}: is mapped but not classified")
            for line, row in mapped.records()
            if (key(row["table"]), key(row["field"])) not in known
        ]
    subjects = facts.assessment.system.sensitive_subjects or 0
    core = any(
        names(row["class"], CORE) and not denied(row["class"]) for _, row in datasets.records()
    )
    if subjects >= CORE_SUBJECTS and not core:
        failing.append(
            Reference(
                datasets.held.entry.id, "", f"{subjects:,} sensitive subjects, no dataset is core"
            )
        )
    return judged(
        Text(
            f"{len(datasets)} bộ dữ liệu và {len(classes)} trường đều được phân loại.",
            f"{len(datasets)} datasets and {len(classes)} fields are classified.",
        ),
        Text(
            f"{len(failing)} bộ dữ liệu, trường chưa phân loại hoặc phân loại thấp hơn quy định.",
            f"{len(failing)} datasets or fields have no class, or a lower one than is laid down.",
        ),
        Text(
            "Phân loại từng bảng, trường (cốt lõi, quan trọng, khác); dữ liệu nhạy cảm của từ "
            "100.000 chủ thể là dữ liệu cốt lõi.",
            "Classify each table and field (core, important, other); sensitive data of 100,000 "
            "subjects or more is core.",
        ),
        failing=failing,
        rests_on=CORE_SOURCE if subjects >= CORE_SUBJECTS else "",
        tables=(datasets, classes),
        not_covered=()
        if mapped is not None
        else (
            Text(
                "Chưa có bảng ánh xạ trường nên chưa biết lược đồ đồng bộ có trường nào khác.",
                "Without a field mapping nobody knows what other fields the sync schema has.",
            ),
        ),
    )


TYPES: Final = (
    ("string", ("string", "text", "char", "varchar", "nvarchar", "chuỗi", "văn bản", "clob")),
    ("integer", ("int", "integer", "bigint", "smallint", "long", "số nguyên")),
    ("decimal", ("decimal", "numeric", "number", "float", "double", "số thực", "số thập phân")),
    ("moment", ("datetime", "timestamp", "ngày giờ", "thời điểm")),
    ("date", ("date", "ngày")),
    ("truth", ("bool", "boolean", "bit", "logic")),
)


def type_family(name: str) -> str:
    """The family of a type's name; an unknown name is its own family."""
    folded = plain(name.partition("(")[0])
    return next((f for f, words in TYPES if folded in {plain(w) for w in words}), folded)


def fields_mapped(_: Facts, __: Arguments, fields: Table, dictionary: Table) -> Found:
    """Each field goes to an entry of the shared dictionary that can hold it."""
    entries = {key(row["name"]): row for _, row in dictionary.records()}
    failing, unread = [], []
    for line, row in fields.records():
        name = f"{row['table']}.{row['field']}"
        entry = entries.get(key(row["dictionary"])) if row["dictionary"] else None
        if entry is None:
            failing.append(fields.at(line, f"{name}: no entry of the dictionary"))
        elif not row["type"] or not entry["type"]:
            unread.append(fields.at(line, f"{name}: no type on one side"))
        elif type_family(row["type"]) != type_family(entry["type"]):
            failing.append(fields.at(line, f"{name}: {row['type']} for {entry['type']}"))
        elif entry["length"]:
            own, allowed = count(row["length"]), count(entry["length"])
            if own is None or allowed is None:
                unread.append(fields.at(line, f"{name}: no length"))
            elif own > allowed:
                failing.append(fields.at(line, f"{name}: length {own}, allowed {allowed}"))
    return judged(
        Text(
            f"Cả {len(fields)} trường khớp với Từ điển dữ liệu dùng chung.",
            f"All {len(fields)} fields fit the shared data dictionary.",
        ),
        Text(
            f"{len(failing)}/{len(fields)} trường chưa ánh xạ, hoặc sai kiểu, độ dài.",
            f"{len(failing)} of {len(fields)} fields are not mapped, or differ in type or length.",
        ),
        Text(
            "Ánh xạ từng trường sang một mục của từ điển, đúng kiểu và độ dài.",
            "Map each field to an entry of the dictionary, of its type and length.",
        ),
        failing=failing,
        unread=unread,
        tables=(fields, dictionary),
        covered=(len(fields) - len(failing) - len(unread), len(fields)),
    )


def personal_fields_listed(_: Facts, __: Arguments, classes: Table, listed: Table) -> Found:
    """Each field with personal data is in the inventory, with its purpose and basis."""
    rows = {(key(row["table"]), key(row["field"])): row for _, row in listed.records()}
    failing, unread, personal = [], [], 0
    for line, row in classes.records():
        name = f"{row['table']}.{row['field']}"
        said = truth(row["personal"])
        if said is None:
            said = (
                True
                if names(row["personal"], ("nhạy cảm", "cơ bản", "sensitive", "basic"))
                else None
            )
        if said is None:
            unread.append(classes.at(line, f"{name}: does not say whether it is personal"))
        if not said:
            continue
        personal += 1
        entry = rows.get((key(row["table"]), key(row["field"])))
        if entry is None:
            failing.append(classes.at(line, f"{name}: personal, but not in the inventory"))
        elif not entry["purpose"] or not entry["basis"]:
            failing.append(classes.at(line, f"{name}: no purpose or no legal basis"))
    if not personal and not unread:
        return unknown(
            "Bảng phân loại không đánh dấu trường nào là dữ liệu cá nhân.",
            "The classification marks no field as personal data.",
            "Đánh dấu cột dữ liệu cá nhân (có, không) cho từng trường.",
            "Say of each field whether it is personal data.",
        )
    return judged(
        Text(
            f"Cả {personal} trường dữ liệu cá nhân có trong bảng kiểm kê, có mục đích, căn cứ.",
            f"All {personal} personal fields are in the inventory, with purpose and legal basis.",
        ),
        Text(
            f"{len(failing)}/{personal} trường dữ liệu cá nhân không có trong bảng kiểm kê, hoặc "
            "thiếu mục đích, căn cứ.",
            f"{len(failing)} of {personal} personal fields are missing in the inventory, or have "
            "no purpose or basis.",
        ),
        Text(
            "Ghi từng trường dữ liệu cá nhân với mục đích và căn cứ vào bảng kiểm kê.",
            "List each personal field with its purpose and legal basis.",
        ),
        failing=failing,
        unread=unread,
        tables=(classes, listed),
        covered=(personal - len(failing), personal),
    )


PROBES: tuple[Probe, ...] = (
    Probe(
        "stewards-named",
        Text(
            "Bộ dữ liệu nào cũng có chủ sở hữu và đầu mối?",
            "Has each dataset an owner and a steward?",
        ),
        ("datasets",),
        "both",
        from_registers(stewards_named, ("datasets", "dataset owner steward")),
    ),
    Probe(
        "datasets-described",
        Text("Bộ dữ liệu nào cũng được mô tả đủ?", "Is each dataset described in full?"),
        ("datasets",),
        "both",
        from_registers(
            datasets_described,
            ("datasets", "dataset owner steward class method frequency starts subjects"),
        ),
    ),
    Probe(
        "classes-assigned",
        Text("Bảng, trường nào cũng được phân loại?", "Is each table and field classified?"),
        ("datasets", "classification"),
        "both",
        from_registers(
            classes_assigned,
            ("datasets", "dataset class"),
            ("classification", "table field class"),
        ),
    ),
    Probe(
        "fields-mapped",
        Text("Trường nào cũng khớp từ điển dùng chung?", "Does each field fit the dictionary?"),
        ("field-map", "dictionary"),
        "both",
        from_registers(
            fields_mapped,
            ("field-map", "table field dictionary type length"),
            ("dictionary", "name type length"),
        ),
    ),
    Probe(
        "personal-fields-listed",
        Text("Trường dữ liệu cá nhân nào cũng được kiểm kê?", "Is each personal field listed?"),
        ("classification", "personal-fields"),
        "both",
        from_registers(
            personal_fields_listed,
            ("classification", "table field personal"),
            ("personal-fields", "table field purpose basis"),
        ),
    ),
)
