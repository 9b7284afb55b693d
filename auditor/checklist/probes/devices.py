"""Whether the machines that talk are the ones that the inventory and the registers list."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from auditor.checklist.matrix import MANAGEMENT, VPN, addresses_in, named, on, within
from auditor.checklist.probe import Found, Probe
from auditor.checklist.sight import Sight, column, counted, seeing
from auditor.model.readiness import Reference
from auditor.model.text import Text

if TYPE_CHECKING:
    from auditor.checklist.probe import Arguments


def present(edges: pd.DataFrame) -> pd.DataFrame:
    """Addresses of the agency that talked: ``address`` and the edge that shows it first.

    An address that somebody merely tried to reach need not exist.
    """
    sides = [
        edges[edges["src_home"] & ~edges["blocked"]].assign(address=lambda rows: rows["src_ip"]),
        edges[edges["dst_home"] & edges["answered"]].assign(address=lambda rows: rows["dst_ip"]),
    ]
    return pd.concat(sides).sort_values("flow_id").drop_duplicates("address")


def _addresses(sight: Sight, rows: pd.DataFrame) -> list[Reference]:
    return [
        Reference(sight.traffic.inputs.get(number, ""), f"flow {flow}", address)
        for number, flow, address in zip(
            rows["input_id"], rows["flow_id"], rows["address"], strict=True
        )
    ]


def addresses_in_inventory(sight: Sight, arguments: Arguments) -> Found:
    """Every address seen inside belongs to a listed system."""
    del arguments
    inventory = sight.facts.inventory
    if inventory is None or not inventory.systems:
        return sight.unknown(
            Text("Chưa có danh mục hệ thống", "No inventory lists the systems"),
            Text("Lập inventory.yaml với mọi hệ thống.", "List every system in inventory.yaml."),
        )
    rows = present(sight.edges)
    if rows.empty:
        return sight.unknown(
            Text(
                "Không thấy địa chỉ nào bên trong mạng đã khai báo",
                "No address inside the declared networks was seen",
            ),
            Text("Ghi lưu lượng bên trong mạng.", "Record inside the network."),
        )
    listed = within(
        list(rows["address"]), [net for system in inventory.systems for net in system.networks]
    )
    hosts = tuple(host for system in inventory.systems for host in system.hosts)
    names = [host for host in sight.edges["host"].unique() if named(host, hosts)]
    serving = sight.edges.loc[sight.edges["host"].isin(names), "dst_ip"]
    unlisted = rows[~(listed | rows["address"].isin(serving).to_numpy(np.bool_))]
    if len(unlisted):
        return sight.failed(
            Text(
                f"{len(unlisted)} trong {len(rows)} địa chỉ bên trong không thuộc hệ thống nào "
                "trong danh mục",
                f"{len(unlisted)} of {counted(len(rows), 'inside address', 'inside addresses')} "
                "belong to no listed system",
            ),
            Text(
                "Bổ sung hệ thống vào danh mục, hoặc gỡ thiết bị khỏi mạng.",
                "Add the system to the inventory, or take the device off the network.",
            ),
            _addresses(sight, unlisted),
            seen=len(rows),
        )
    return sight.passed(
        Text(
            f"{len(rows)}/{len(rows)} địa chỉ bên trong đều thuộc hệ thống trong danh mục",
            f"{len(rows)} of {counted(len(rows), 'inside address', 'inside addresses')} belong to "
            "listed systems",
        ),
        seen=len(rows),
    )


def unknown_devices(sight: Sight, arguments: Arguments) -> Found:
    """Addresses inside the zones that the register of assets does not know."""
    del arguments
    register = sight.register("assets")
    if register is None:
        return sight.unknown(
            Text("Chưa có danh mục tài sản", "No register of assets was attached"),
            Text(
                "Đính kèm bằng chứng loại assets (CSV, có cột address).",
                "Attach evidence of the kind assets (CSV with the column address).",
            ),
        )
    known = [net for text in column(register, "address") for net in addresses_in(text)]
    if not known:
        return sight.unknown(
            Text("Danh mục tài sản không có địa chỉ nào", "The register of assets has no address"),
            Text("Điền cột address.", "Fill the column address."),
        )
    rows = present(sight.edges)
    rows = rows[sight.matrix.zones(list(rows["address"])) != ""]
    if rows.empty:
        return sight.unknown(
            Text("Không thấy địa chỉ nào trong các vùng", "No address of the zones was seen"),
            Text("Ghi lưu lượng bên trong các vùng.", "Record inside the zones."),
        )
    strange = rows[~within(list(rows["address"]), known)]
    if len(strange):
        return sight.failed(
            Text(
                f"{len(strange)} trong {len(rows)} địa chỉ trong các vùng không có trong danh mục "
                "tài sản",
                f"{len(strange)} of {counted(len(rows), 'address', 'addresses')} in the zones are "
                "not in the register of assets",
            ),
            Text(
                "Xác định thiết bị; đăng ký hoặc gỡ khỏi mạng.",
                "Find the device; register it or take it off the network.",
            ),
            _addresses(sight, strange),
            seen=len(rows),
        )
    return sight.clear(
        Text(
            f"{len(rows)}/{len(rows)} địa chỉ thấy được đều có trong danh mục tài sản",
            f"{len(rows)} of {counted(len(rows), 'address', 'addresses')} seen are in the "
            "register of assets",
        ),
        seen=len(rows),
    )


def suppliers_seen(sight: Sight, arguments: Arguments) -> Found:
    """Whoever works from outside has a row in the register of suppliers."""
    del arguments
    register = sight.register("suppliers")
    if register is None:
        return sight.unknown(
            Text("Chưa có danh sách nhà cung cấp", "No register of suppliers was attached"),
            Text(
                "Đính kèm bằng chứng loại suppliers (có cột address).",
                "Attach evidence of the kind suppliers (with the column address).",
            ),
        )
    edges = sight.edges
    found = edges[
        edges["src_outside"] & edges["dst_home"] & edges["answered"] & on(edges, MANAGEMENT | VPN)
    ]
    if found.empty:
        return sight.unknown(
            Text(
                "Không thấy kết nối quản trị hay VPN nào từ bên ngoài",
                "No management or VPN connection from outside was seen",
            ),
            Text("Ghi lưu lượng tại biên.", "Record at the edge."),
        )
    known = [net for text in column(register, "address") for net in addresses_in(text)]
    if not known:
        return sight.unknown(
            Text(
                "Danh sách nhà cung cấp không có địa chỉ nào",
                "The register of suppliers has no address",
            ),
            Text("Điền cột address.", "Fill the column address."),
        )
    against = found[~within(list(found["src_ip"]), known)]
    total = found["src_ip"].nunique()
    if len(against):
        strange = against["src_ip"].nunique()
        return sight.failed(
            Text(
                f"{strange} trong {total} địa chỉ bên ngoài quản trị hoặc vào VPN không có trong "
                "danh sách nhà cung cấp",
                f"{strange} of {counted(total, 'outside address', 'outside addresses')} that "
                "administer or use the VPN are not in the register of suppliers",
            ),
            Text(
                "Xác định bên kết nối; bổ sung vào danh sách hoặc chặn lại.",
                "Find out who it is; add a row, or shut it out.",
            ),
            against,
            seen=total,
        )
    return sight.passed(
        Text(
            f"{total}/{total} địa chỉ bên ngoài quản trị hoặc vào VPN đều có trong danh sách "
            "nhà cung cấp",
            f"{total} of {counted(total, 'outside address', 'outside addresses')} that "
            "administer or use the VPN are in the register of suppliers",
        ),
        seen=total,
    )


PROBES: tuple[Probe, ...] = (
    Probe(
        "addresses-in-inventory",
        Text(
            "Mọi địa chỉ quan sát được bên trong có thuộc hệ thống trong danh mục không?",
            "Does every address seen inside belong to a listed system?",
        ),
        ("traffic", "network", "inventory"),
        "both",
        seeing(addresses_in_inventory, inner=True),
    ),
    Probe(
        "unknown-devices",
        Text(
            "Có thiết bị nào trong các vùng mà danh mục tài sản không ghi không?",
            "Are there devices in the zones that the register of assets does not list?",
        ),
        ("traffic", "network", "assets"),
        "failure",
        seeing(unknown_devices, inner=True),
    ),
    Probe(
        "suppliers-seen",
        Text(
            "Bên ngoài kết nối quản trị có trong danh sách nhà cung cấp không?",
            "Is whoever administers from outside in the register of suppliers?",
        ),
        ("traffic", "network", "suppliers"),
        "both",
        seeing(suppliers_seen),
    ),
)
