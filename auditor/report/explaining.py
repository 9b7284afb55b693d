"""The chain behind a finding, from packet to article, as lines for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.report.formats import visible
from auditor.report.words import CERTAINTY, MARK, STATE, STATE_MEANING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.model.explanation import Explanation
    from auditor.model.finding import Finding, FlowLine
    from auditor.model.place import Destination
    from auditor.model.run import Run
    from auditor.model.text import Text

_ANSWER: Final[dict[bool | None, str]] = {True: "✓", False: "✗", None: "?"}
_MOST: Final = 300


def explanation_lines(run: Run, finding: Finding, why: Explanation) -> Iterator[str]:
    """Packets, flow, place, recipient, data, rule, regime, register, law, state: in this order."""
    line = next(each for each in finding.evidence.lines if each.flow_id == why.flow_id)
    yield _clean(f"{finding.id}  {finding.rule}  [{finding.severity}]")
    yield from _both("  ", finding.title)
    yield from _packets(run, line)
    yield from _flow(finding, line)
    yield from _place(run, finding, line)
    yield from _data(finding)
    yield from _rule(why)
    yield from _regime(finding, why)
    yield from _register(finding)
    yield from _law(finding)
    yield from _state(finding)


def _head(number: int, vi: str, en: str) -> str:
    return f"\n{number}. {vi} / {en}"


def _both(indent: str, said: Text) -> Iterator[str]:
    yield indent + _clean(said.vi)
    if said.en != said.vi:
        yield indent + _clean(said.en)


def _packets(run: Run, line: FlowLine) -> Iterator[str]:
    yield _head(1, "Gói tin hoặc bản ghi", "Packets or records")
    for each in run.inputs:
        if each.id == line.input_id:
            yield "  " + _clean(each.name)
            yield f"  sha256 {each.sha256 or 'không tính được / not known'}"
            yield f"  {each.packets:,} gói / packets; {each.flows:,} luồng / flows"
            yield f"  đọc bằng / read by: {each.reader or '-'}"
    if line.seen_by == "packets":
        yield _clean(f"  Wireshark: {_display_filter(line)}")


def _display_filter(line: FlowLine) -> str:
    """What finds the flow's packets in Wireshark, tunnels apart."""
    version = "ipv6" if ":" in line.src_ip else "ip"
    parts = [f"{version}.addr == {line.src_ip}", f"{version}.addr == {line.dst_ip}"]
    transport = {6: "tcp", 17: "udp", 132: "sctp"}.get(line.protocol)
    if transport is not None:
        ports = (line.src_port, line.dst_port)
        parts += [f"{transport}.port == {port}" for port in ports if port is not None]
    return " && ".join(parts)


def _flow(finding: Finding, line: FlowLine) -> Iterator[str]:
    seen = finding.evidence
    yield _head(2, "Luồng", "Flow")
    yield _clean(
        f"  #{line.flow_id}: {line.src_ip} {_port(line.src_port)} -> {line.dst_ip} "
        f"{_port(line.dst_port)}, IP {line.protocol}, {line.app or '?'}"
    )
    yield f"  {line.start:%Y-%m-%d %H:%M:%S} – {line.end:%Y-%m-%d %H:%M:%S} UTC"
    out = "?" if line.outbound_bytes is None else f"{line.outbound_bytes:,}"
    back = "?" if line.inbound_bytes is None else f"{line.inbound_bytes:,}"
    yield f"  ra / out {out} byte, vào / in {back} byte"
    yield f"  bên mở kết nối biết bằng / initiator known by: {line.initiator_basis}"
    yield (
        f"  một trong {seen.flows:,} luồng, tổng {seen.outbound_bytes:,} byte ra / one of "
        f"{seen.flows:,} flows, {seen.outbound_bytes:,} bytes out in all"
    )


def _port(port: int | None) -> str:
    return "-" if port is None else str(port)


def _place(run: Run, finding: Finding, line: FlowLine) -> Iterator[str]:
    yield _head(3, "Nơi đến và bên nhận", "Destination and recipient")
    yield _clean(f"  {line.host or '-'} ({line.host_basis or '-'})")
    there = [each for each in run.destinations if each.address in (line.src_ip, line.dst_ip)]
    if not there:
        yield _clean(f"  {line.country or '?'}: {line.geo_basis or '-'}")
    for each in there:
        yield from _destination(each)
    yield _clean(f"  bên nhận / recipient: {finding.recipient}")


def _destination(each: Destination) -> Iterator[str]:
    where = each.country or "/".join(each.candidates) or "?"
    sure = each.certainty or "-"
    yield _clean(f"  {each.address}: {each.state} {where}, {each.rule}, {sure}; {each.basis}")
    for witness in each.witnesses:
        places = "/".join(witness.countries) or "-"
        built = f", {witness.built}" if witness.built else ""
        detail = f", {witness.detail}" if witness.detail else ""
        yield _clean(f"    {witness.kind}: {witness.source} -> {places}{detail}{built}")
    if each.reach is not None:
        yield f"    {each.reach.rtt_us:,} µs -> ≤ {each.reach.km:,} km"


def _data(finding: Finding) -> Iterator[str]:
    yield _head(4, "Dữ liệu", "Data")
    name = f" ({finding.system_name})" if finding.system_name else ""
    yield _clean(f"  hệ thống / system: {finding.system or '-'}{name}")
    if finding.category is not None and finding.category_title is not None:
        checked = "" if finding.category_verified else "  [chưa đối chiếu / unverified]"
        yield _clean(f"  {finding.category}{checked}")
        yield from _both("    ", finding.category_title)
    for said in finding.known_by:
        yield from _both("  - ", said)
    for each in finding.evidence.recognised:
        amount = f"{each.distinct:,}" if each.exact else f"~{each.distinct:,}"
        yield _clean(f"  {each.detector}: {amount} ({each.certainty}, {each.mark})")


def _rule(why: Explanation) -> Iterator[str]:
    yield _head(5, "Quy tắc hỏi, luồng trả lời", "What the rule asks, what the flow answers")
    yield "  " + _clean(why.question[0])
    yield "  " + _clean(why.question[1])
    for each in why.asked:
        value = f"   = {each.value}" if each.value else ""
        yield _clean(f"  {_ANSWER[each.answer]} {'   ' * each.depth}{each.test}{value}")
    yield f"  ✓ đúng / holds, ✗ sai / does not, ? chưa biết / unknown -> {why.on_unknown}"


def _regime(finding: Finding, why: Explanation) -> Iterator[str]:
    yield _head(6, "Chế độ pháp lý", "Legal regime")
    yield f"  {why.regime or '?'}"
    if finding.regime_title is not None:
        yield from _both("    ", finding.regime_title)
    for name, fits in why.regime_asked:
        yield f"  {_ANSWER[fits]} {name}"


def _register(finding: Finding) -> Iterator[str]:
    yield _head(7, "Sổ đăng ký hồ sơ", "Register of dossiers")
    if finding.dossier_note is None:
        yield "  quy tắc này không cần hồ sơ / no dossier is asked for by this rule"
    else:
        yield from _both("  ", finding.dossier_note)
    for each in finding.compared:
        yield f"  {_ANSWER[each.fits]} {each.field}"
        yield _clean(f"      hồ sơ: {each.said.vi}; thấy: {each.seen.vi}")
        yield _clean(f"      dossier: {each.said.en}; seen: {each.seen.en}")
    if finding.claim is not None:
        claim = finding.claim
        yield from _both("  ", claim.ground)
        yield _clean(f"  {claim.id}: {claim.reason} ({claim.recorded_by}, {claim.recorded})")


def _law(finding: Finding) -> Iterator[str]:
    yield _head(8, "Căn cứ", "Legal basis")
    for basis in finding.legal:
        yield _clean(f"  ({basis.mark}) {basis.instrument}, {basis.article}")
        yield from _both("      ", basis.says)
    marks = dict.fromkeys(basis.mark for basis in finding.legal)
    for mark in marks:
        yield f"  {mark} = {MARK[mark].vi} / {MARK[mark].en}"
    for deadline in finding.deadlines:
        latest = "" if deadline.known else " (muộn nhất / at the latest)"
        yield f"  {deadline.due}{latest}: tính từ / counted from {deadline.counted_from}"
        yield from _both("      ", deadline.what)


def _state(finding: Finding) -> Iterator[str]:
    yield _head(9, "Trạng thái", "State")
    yield f"  {STATE[finding.state].vi} / {STATE[finding.state].en}"
    yield from _both("    ", STATE_MEANING[finding.state])
    yield f"  {CERTAINTY[finding.certainty].vi} / {CERTAINTY[finding.certainty].en}"
    for said in finding.not_known:
        yield from _both("  ? ", said)
    yield from _both("  → ", finding.next_step)


def _clean(text: str) -> str:
    """Text of the traffic on one line, without what would move the terminal's cursor."""
    one = visible(text)
    return one if len(one) <= _MOST * 4 else one[: _MOST * 4 - 1] + "…"
