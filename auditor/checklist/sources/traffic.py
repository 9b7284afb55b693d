"""What captures and flow logs showed, added up for the probes.

Flows are only ever added up in columns; what is left is one row for each distinct way of talking.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from auditor.checklist.assessment import Network
from auditor.checklist.facts import Traffic
from auditor.checklist.matrix import ICMP, TCP, Matrix, named
from auditor.model.flow_table import Stage, schema_at
from auditor.model.readiness import Coverage
from auditor.model.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pyarrow as pa

    from auditor.checklist.assessment import Sensor
    from auditor.model.inventory import Inventory
    from auditor.model.problem import Problem
    from auditor.model.run import InputFile

WORDS: Final = (
    "src_ip", "dst_ip", "app", "host", "tls_version", "tls_cipher", "tunnel", "peer_country",
)  # fmt: skip
KEYS: Final = (
    *WORDS, "dst_port", "protocol", "encrypted", "crosses_border", "answered", "blocked",
    "input_id",
)  # fmt: skip
AMOUNTS: Final = (
    "src_packets", "dst_packets", "src_bytes", "dst_bytes", "src_payload", "dst_payload",
)  # fmt: skip
MOMENT_KEYS: Final = (
    "src_ip", "dst_ip", "dst_port", "protocol", "tls_version", "answered", "input_id",
)  # fmt: skip
LOSSES: Final = ("export-lost", "samples-dropped")
"""Problems whose count says how many packets or records never came."""
HIDING: Final = (4, 41, 47, 50, 94, 97, 115)
"""IP protocols that carry others: IPIP, IPv6, GRE, ESP, IPIP again, EtherIP and L2TP."""
_RST, _ACK = 4, 16


def traffic(
    parts: Iterable[pa.Table],
    inputs: tuple[InputFile, ...],
    problems: tuple[Problem, ...],
    network: Network | None,
    inventory: Inventory | None,
) -> Traffic:
    """The traffic in a flow table (parts of stage ``geo``).

    Rows that only confirm another witness are left out. ``answered`` is false where the traffic
    was refused: by a log's word, by a reset alone, or by silence.
    """
    import pyarrow as pa

    matrix = Matrix(network or Network(), inventory)
    edges, moments, active = [], [], []
    for part in parts:
        flows = _prepared(part)
        edges.append(_summed(flows, KEYS))
        moments.append(_summed(_minutes(flows, matrix), ("minute", *MOMENT_KEYS)))
        active.append(_active(flows))
    if not edges:
        flows = _prepared(schema_at(Stage.GEO).empty_table())
        edges.append(_summed(flows, KEYS))
        moments.append(_summed(_minutes(flows, matrix), ("minute", *MOMENT_KEYS)))
        active.append(_active(flows))
    ways = _frame(_together(edges, KEYS))
    by_minute = _frame(_together(moments, ("minute", *MOMENT_KEYS)))
    _place(ways, matrix)
    names = {each.id: PurePath(each.name).name for each in inputs}
    return Traffic(
        edges=ways,
        inputs=names,
        coverage=_coverage(ways, inputs, problems, network),
        moments=by_minute,
        active=_frame(pa.concat_tables(active)).groupby(["hour", "input_id"], as_index=False).sum(),
    )


def sensor_of(name: str, network: Network | None) -> Sensor | None:
    """The sensor that ``network.yaml`` declares for an input; null = none does."""
    file = PurePath(name).name.lower()
    return next(
        (
            sensor
            for sensor in (network.sensors if network else ())
            for pattern in sensor.files
            if fnmatchcase(file, PurePath(pattern).name.lower())
        ),
        None,
    )


def volume(rows: pd.DataFrame) -> pd.Series[int]:
    """Bytes both ways: of the packets, else of what they carried."""
    packets = rows["src_bytes"] + rows["dst_bytes"]
    return packets.where(packets > 0, rows["src_payload"] + rows["dst_payload"])


def _prepared(part: pa.Table) -> pa.Table:
    """The flows that count, with the columns that are grouped and added up."""
    import pyarrow as pa
    import pyarrow.compute as pc

    flows = part.filter(pc.is_null(part["witness_of"]))
    rows = len(flows)
    columns: dict[str, Any] = {}
    for name in WORDS:
        held = name in flows.column_names
        columns[name] = pc.fill_null(flows[name], "") if held else pa.repeat("", rows)
    # the name that a DNS flow asked for is not its server's, and each would be a row of its own
    asked = pc.fill_null(pc.equal(flows["host_basis"], "dns-query"), False)
    columns["host"] = pc.if_else(asked, "", columns["host"])
    columns["dst_port"] = pc.fill_null(flows["dst_port"].cast(pa.int32()), 0)
    columns["protocol"] = flows["protocol"].cast(pa.int32())
    for name in ("encrypted", "crosses_border"):
        columns[name] = flows[name]
    columns["blocked"] = pc.fill_null(flows["blocked"], False)
    columns["answered"] = _answered(flows, columns["blocked"])
    columns["input_id"] = flows["input_id"]
    for name in AMOUNTS:
        columns[name] = pc.fill_null(flows[name], 0)
    sampling = pc.fill_null(flows["sampling"], 1)
    columns["sampled"] = pc.not_equal(sampling, 1).cast(pa.int8())
    columns["flows"] = pa.repeat(pa.scalar(1, pa.int64()), rows)
    columns["first"], columns["last"] = flows["start"], flows["end"]
    columns["flow_id"] = flows["flow_id"]
    return pa.table(columns)


def _answered(flows: pa.Table, blocked: Any) -> Any:  # noqa: ANN401 - a column of pyarrow
    """Whether the responder took the flow: it sent something that is no refusal."""
    import pyarrow.compute as pc

    # null packets in half a conversation: that end talked, but was not captured
    back = pc.coalesce(
        pc.greater(flows["dst_packets"], 0),
        pc.greater(flows["dst_bytes"], 0),
        pc.greater(flows["dst_payload"], 0),
        True,
    )
    flags = flows["dst_tcp_flags"]
    reset_alone = pc.and_(
        pc.greater(pc.bit_wise_and(flags, _RST), 0),
        pc.equal(pc.bit_wise_and(flags, 255 - _RST - _ACK), 0),
    )
    moved = pc.add(pc.fill_null(flows["dst_payload"], 0), pc.fill_null(flows["src_payload"], 0))
    refused = pc.and_(pc.fill_null(reset_alone, False), pc.equal(moved, 0))
    return pc.and_(back, pc.invert(pc.or_(blocked, refused)))


def _minutes(flows: pa.Table, matrix: Matrix) -> pa.Table:
    """The flows of the channel, each with the minute it began in."""
    import pyarrow as pa
    import pyarrow.compute as pc

    mine = []
    for name in ("src_ip", "dst_ip"):
        addresses = pc.unique(flows[name]).to_pylist()
        wanted = matrix.agents(addresses) | matrix.center(addresses)
        known = pa.array([a for a, yes in zip(addresses, wanted, strict=True) if yes], pa.string())
        mine.append(pc.is_in(flows[name], known))
    hosts = matrix.network.channel.hosts
    called = [host for host in pc.unique(flows["host"]).to_pylist() if named(host, hosts)]
    mine.append(pc.is_in(flows["host"], pa.array(called, pa.string())))
    found = flows.filter(pc.or_(pc.or_(mine[0], mine[1]), mine[2]))
    return found.append_column("minute", pc.floor_temporal(found["first"], unit="minute"))


def _active(flows: pa.Table) -> pa.Table:
    """How many flows began in each hour of each input."""
    import pyarrow.compute as pc

    hours = flows.append_column("hour", pc.floor_temporal(flows["first"], unit="hour"))
    summed = hours.group_by(["hour", "input_id"]).aggregate([("flows", "sum")])
    return summed.rename_columns(
        [name.removesuffix("_sum") for name in summed.column_names]
    ).select(["hour", "input_id", "flows"])


def _summed(flows: pa.Table, keys: tuple[str, ...]) -> pa.Table:
    """One row for each distinct value of the keys."""
    wanted = [(name, "sum") for name in (*AMOUNTS, "flows")]
    wanted += [("first", "min"), ("last", "max"), ("flow_id", "min"), ("sampled", "max")]
    summed = flows.group_by(list(keys)).aggregate(wanted)
    plain = {f"{name}_{how}": name for name, how in wanted}
    return summed.rename_columns([plain.get(name, name) for name in summed.column_names]).select(
        [*keys, *(name for name, _ in wanted)]
    )


def _together(parts: list[pa.Table], keys: tuple[str, ...]) -> pa.Table:
    """Parts that are added up each, added up."""
    import pyarrow as pa

    return parts[0] if len(parts) == 1 else _summed(pa.concat_tables(parts), keys)


def _frame(table: pa.Table) -> pd.DataFrame:
    frame: pd.DataFrame = table.to_pandas()
    for name in ("encrypted", "crosses_border"):
        if name in frame:
            frame[name] = frame[name].astype("boolean")
    if "sampled" in frame:
        frame["sampled"] = frame["sampled"].astype(bool)
        frame = frame.sort_values("flow_id", ignore_index=True)
    return frame


def _place(edges: pd.DataFrame, matrix: Matrix) -> None:
    """Adds what ``network.yaml`` says of both ends; each address is asked about once."""
    ordinary = np.ones(len(edges), dtype=np.bool_)
    pairs = np.zeros(len(edges), dtype=np.int64)
    for side in ("src", "dst"):
        codes, addresses = pd.factorize(edges[f"{side}_ip"])
        asked = list(addresses)
        pairs = pairs * len(asked) + codes
        zones = matrix.zones(asked)
        edges[f"{side}_zone"] = zones[codes]
        edges[f"{side}_kind"] = matrix.kinds(zones)[codes]
        edges[f"{side}_home"] = matrix.own(asked)[codes]
        outside = matrix.outside(asked)
        edges[f"{side}_outside"] = outside[codes]
        edges[f"{side}_place"] = matrix.places(asked, outside)[codes]
        ordinary &= matrix.ordinary(asked)[codes]
    edges["ordinary"] = ordinary
    port, protocol = edges["dst_port"].to_numpy(np.int64), edges["protocol"].to_numpy(np.int64)
    edges["way"] = pd.factorize(pairs)[0].astype(np.int64) << 24 | port << 8 | protocol
    # datagrams need no answer to arrive; a connection does, and so do echo requests
    one_way = ~edges["protocol"].isin((TCP, *ICMP)) & ~edges["blocked"]
    edges["moved"] = edges["answered"] | (one_way & (edges["src_packets"] > 0))


def _coverage(
    edges: pd.DataFrame,
    inputs: tuple[InputFile, ...],
    problems: tuple[Problem, ...],
    network: Network | None,
) -> Coverage:
    window = None
    if len(edges):
        first, last = edges["first"].min().floor("us"), edges["last"].max().ceil("us")
        window = (first.to_pydatetime(), last.to_pydatetime())
    sensors = {each.name: sensor_of(each.name, network) for each in inputs}
    vantage = tuple(
        f"{PurePath(name).name} [{sensor.id}]" if sensor else PurePath(name).name
        for name, sensor in sensors.items()
    )
    lost = [problem.count for problem in problems if problem.code in LOSSES]
    return Coverage(
        window,
        vantage,
        sum(lost) if lost else None,
        not_covered=tuple(_not_covered(edges, inputs, problems, sensors)),
    )


def _not_covered(
    edges: pd.DataFrame,
    inputs: tuple[InputFile, ...],
    problems: tuple[Problem, ...],
    sensors: dict[str, Sensor | None],
) -> Iterable[Text]:
    flows = edges["flows"]
    if count := int(flows[edges["sampled"]].sum()):
        yield Text(
            f"{count} luồng chỉ được lấy mẫu: khối lượng là ước lượng, luồng nhỏ có thể bị sót",
            f"{count} flows come from sampling: volumes are estimates, small flows may be missing",
        )
    if count := sum(each.reader is None for each in inputs):
        yield Text(f"{count} tệp không đọc được", f"{count} files could not be read")
    if count := len([problem for problem in problems if (problem.lost_bytes or 0) > 0]):
        yield Text(
            f"{count} chỗ bị hỏng, bị cắt trong tệp đầu vào",
            f"{count} places in the inputs were damaged or cut off",
        )
    if count := sum(problem.count for problem in problems if problem.code == "missed-bytes"):
        yield Text(
            f"cảm biến để sót nội dung của {count} kết nối",
            f"the sensor missed content of {count} connections",
        )
    talking = edges["answered"] & (edges["src_payload"] + edges["dst_payload"] > 0)
    if count := int(flows[talking & edges["encrypted"].isna() & (edges["app"] == "")].sum()):
        yield Text(
            f"{count} luồng không rõ giao thức, không biết có mã hoá hay không",
            f"{count} flows of an unrecognised protocol: nobody knows whether they are encrypted",
        )
    if count := int(flows[edges["protocol"].isin(HIDING)].sum()):
        yield Text(
            f"{count} luồng là đường hầm không thấy được bên trong",
            f"{count} flows are tunnels whose inside was not seen",
        )
    ipv6 = edges["src_ip"].str.contains(":", regex=False)
    if count := int(flows[ipv6 & (edges["src_zone"] == "") & (edges["dst_zone"] == "")].sum()):
        yield Text(
            f"{count} luồng IPv6 ngoài mọi vùng đã khai báo",
            f"{count} IPv6 flows are in no declared zone",
        )
    silent = sorted(PurePath(name).name for name, sensor in sensors.items() if _nat(sensor) is None)
    if silent:
        yield Text(
            f"chưa khai báo cảm biến đứng trong hay ngoài NAT: {', '.join(silent[:5])}",
            f"nobody declares on which side of NAT the sensor stands: {', '.join(silent[:5])}",
        )
    outer = sorted(PurePath(name).name for name, sensor in sensors.items() if _nat(sensor) is False)
    if outer:
        yield Text(
            f"cảm biến đứng ngoài NAT, không thấy địa chỉ bên trong: {', '.join(outer[:5])}",
            f"the sensor stands outside of NAT and sees no inner addresses: {', '.join(outer[:5])}",
        )


def _nat(sensor: Sensor | None) -> bool | None:
    return sensor.behind_nat if sensor else None
