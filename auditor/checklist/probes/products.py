"""Probes of products, software components and keys in use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.checklist.probe import Probe, unknown
from auditor.checklist.probes.tables import Table, from_registers, judged, severity
from auditor.checklist.sources.register import day, plain, truth
from auditor.checklist.versions import affected
from auditor.checklist.working_days import months_before
from auditor.model.readiness import Reference
from auditor.model.text import Text

if TYPE_CHECKING:
    from auditor.checklist.facts import Facts
    from auditor.checklist.probe import Arguments, Found


COMPARISONS: Final = 5_000_000


def same_maker(vendor: str, maker: str) -> bool:
    """Whether two folded names may be one maker's: the shorter stands in the longer one."""
    if not vendor or not maker or vendor == maker:
        return True
    short, long = sorted((vendor, maker), key=len)
    return len(short) > 3 and short in long


def banned_products(_: Facts, __: Arguments, products: Table, warned: Table) -> Found:
    """No product in use stands on the list of banned or warned ones."""
    failing: list[Reference] = []
    unread: list[Reference] = []
    lacking: list[Reference] = []
    if len(products) * len(warned) > COMPARISONS:
        return unknown(
            f"{len(products)} sản phẩm và {len(warned)} mục cảnh báo là quá nhiều để đối chiếu.",
            f"{len(products)} products and {len(warned)} entries are too many to compare.",
            "Bỏ các dòng trùng nhau hoặc chỉ đính kèm phần của hệ thống này.",
            "Leave out repeated rows, or attach the part of this system only.",
        )
    listed = [(plain(row["vendor"]), plain(row["product"]), row) for _, row in warned.records()]
    for line, row in products.records():
        vendor, product = plain(row["vendor"]), plain(row["product"])
        name = f"{row['asset']}: {row['vendor']} {row['product']} {row['version']}"
        if not row["vendor"] or not row["origin"]:
            lacking.append(products.at(line, f"{name}: maker or origin is not given"))
        for maker, about, entry in listed:
            if not same_maker(vendor, maker) or about not in product or not (maker or about):
                continue
            if not vendor and not about:
                continue  # told above: nobody knows whose product it is
            hit = affected(row["version"], entry["versions"])
            if hit is None or (hit and not vendor):
                unread.append(products.at(line, f"{name}: maker or version cannot be compared"))
            elif hit:
                failing.append(products.at(line, f"{name}: {entry['source'] or 'listed'}"))
    return judged(
        Text(
            f"Không có sản phẩm nào trong {len(products)} sản phẩm thuộc danh sách cảnh báo "
            f"({len(warned)} mục).",
            f"None of {len(products)} products stands on the list ({len(warned)} entries).",
        ),
        Text(
            f"{len(failing)}/{len(products)} sản phẩm thuộc danh sách bị cấm, cảnh báo; "
            f"{len(lacking)} sản phẩm không rõ hãng hoặc xuất xứ.",
            f"{len(failing)} of {len(products)} products are banned or warned of; {len(lacking)} "
            "have no maker or origin.",
        ),
        Text(
            "Thay sản phẩm bị cấm, cảnh báo; ghi rõ hãng, xuất xứ và phiên bản.",
            "Replace banned or warned products; give maker, origin and version.",
        ),
        failing=failing,
        lacking=lacking,
        unread=unread,
        tables=(products, warned),
    )


def components_known(facts: Facts, _: Arguments, parts: Table) -> Found:
    """The list of components is recent and holds no critical vulnerability."""
    limit = facts.number("component-months")
    made = parts.held.day
    failing: list[Reference] = []
    lacking: list[Reference] = []
    for line, row in parts.records():
        name = f"{row['component']} {row['version']}"
        open_one = row["vulnerability"] and truth(row["vulnerability"]) is not False
        if open_one and row["vulnerability"] not in ("-", "–", "none", "không có"):
            grave = severity(row["severity"]) in ("critical", None)
            (failing if grave else lacking).append(
                parts.at(line, f"{name}: {row['vulnerability']} {row['severity']}")
            )
        elif not row["component"] or not row["version"]:
            lacking.append(parts.at(line, f"{name.strip() or '?'}: no name or no version"))
    if limit.value and made < months_before(facts.today, int(limit.value)):
        failing.insert(0, Reference(parts.held.entry.id, "", f"the list is of {made}"))
    return judged(
        Text(
            f"{len(parts)} thành phần phần mềm, danh sách ngày {made}, không có lỗ hổng đã biết.",
            f"{len(parts)} components, listed {made}, without known vulnerabilities.",
        ),
        Text(
            f"{len(failing)} thành phần có lỗ hổng nghiêm trọng hoặc danh sách đã cũ, "
            f"{len(lacking)} thành phần cần xem lại, trên {len(parts)}.",
            f"{len(failing)} components with a critical vulnerability or an outdated list, "
            f"{len(lacking)} to look at again, of {len(parts)}.",
        ),
        Text(
            "Cập nhật thành phần có lỗ hổng và lập lại danh sách (SBOM).",
            "Update the vulnerable components and make the list (SBOM) anew.",
        ),
        failing=failing,
        lacking=lacking,
        rests_on=limit.source if limit.value else "",
        tables=(parts,),
        not_covered=(
            Text(
                "Lỗ hổng là do cơ quan tự đối chiếu; chương trình không có danh mục lỗ hổng.",
                "Vulnerabilities are as the agency compared them; no list of them is kept here.",
            ),
        ),
    )


def keys_rotated(facts: Facts, _: Arguments, keys: Table) -> Found:
    """Each key has a custodian and is within its time."""
    failing: list[Reference] = []
    unread: list[Reference] = []
    for number, (line, row) in enumerate(keys.records(), start=1):
        name = f"key {number}"
        created, rotated = day(row["created"]), day(row["rotated"])
        expires = day(row["expires"])
        if any("PRIVATE KEY" in cell.upper() or "-----BEGIN" in cell for cell in row.values()):
            failing.append(keys.at(line, f"{name}: holds key material; withdraw this file"))
        elif expires is not None and expires < facts.today:
            failing.append(keys.at(line, f"{name}: expired {expires}"))
        elif not row["custodian"]:
            failing.append(keys.at(line, f"{name}: no custodian"))
        elif not row["expires"]:
            failing.append(keys.at(line, f"{name}: no day of expiry"))
        elif expires is None or created is None or (row["rotated"] and rotated is None):
            unread.append(keys.at(line, f"{name}: a day cannot be read"))
        elif created > facts.today or (rotated and not created <= rotated <= facts.today):
            failing.append(keys.at(line, f"{name}: its days contradict each other"))
    return judged(
        Text(
            f"Cả {len(keys)} khoá còn hạn và có người giữ.",
            f"All {len(keys)} keys are within their time and have a custodian.",
        ),
        Text(
            f"{len(failing)}/{len(keys)} khoá hết hạn, không có hạn hoặc không có người giữ.",
            f"{len(failing)} of {len(keys)} keys have expired, or have no expiry or custodian.",
        ),
        Text(
            "Thay khoá hết hạn; ghi ngày tạo, ngày thay, ngày hết hạn và người giữ.",
            "Replace expired keys; give created, rotated, expires and custodian.",
        ),
        failing=failing,
        unread=unread,
        tables=(keys,),
    )


PROBES: tuple[Probe, ...] = (
    Probe(
        "banned-products",
        Text("Có dùng sản phẩm bị cấm, cảnh báo?", "Is a banned or warned product in use?"),
        ("products", "warned-products"),
        "both",
        from_registers(
            banned_products,
            ("products", "vendor product version"),
            ("warned-products", "vendor product versions"),
        ),
    ),
    Probe(
        "components-known",
        Text("Thành phần phần mềm có rõ và an toàn?", "Are software components known and safe?"),
        ("components",),
        "both",
        from_registers(
            components_known, ("components", "component version vulnerability severity")
        ),
    ),
    Probe(
        "keys-rotated",
        Text("Khoá mật mã còn hạn, có người giữ?", "Are keys within their time and kept?"),
        ("key-register",),
        "both",
        from_registers(keys_rotated, ("key-register", "key created rotated expires custodian")),
    ),
)
