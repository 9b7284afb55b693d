"""The sentences about the far side: where it is, who runs it, which forms of transfer it shows."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

from auditor.model.countries import NAMES
from auditor.model.text import Text
from auditor.policy.sentences import flows_said, said

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.model.catalogue import Category
    from auditor.policy.destinations import FarSide, Operator, Place
    from auditor.policy.evidence import Seen

MOST_NAMED: Final = 3
"""Places and operators that a finding names one by one."""
_MOST_COUNTRIES: Final = 12

_RULES: Final[dict[str, Text]] = {
    "override": Text("theo khai báo của người dùng", "as the user states"),
    "cloud-region": Text(
        "theo vùng (region) do nhà cung cấp đám mây công bố hoặc nêu trong tên máy chủ",
        "by the region that the cloud provider publishes or the server's name tells",
    ),
    "geofeed": Text(
        "theo danh sách vị trí do đơn vị vận hành mạng công bố (RFC 8805)",
        "by the list of places that the network's operator publishes (RFC 8805)",
    ),
    "databases": Text(
        "theo đa số cơ sở dữ liệu địa chỉ IP đã tra", "by most of the IP databases asked"
    ),
    "registration": Text(
        "chỉ theo nước đăng ký của khối địa chỉ",
        "by the country that the address block is registered in, and nothing else",
    ),
}
_LOOKED_UP: Final = Text("tra theo địa chỉ IP", "looked up by IP address")

_CERTAINTIES: Final[dict[str, Text]] = {
    "firm": Text(
        "chắc chắn (có bên chịu trách nhiệm về thông tin này, hoặc cơ sở dữ liệu của ít nhất hai "
        "nhà phát hành cùng nêu một nước)",
        "firm (somebody answers for it, or databases of at least two makers agree)",
    ),
    "likely": Text(
        "nhiều khả năng (một nguồn, đa số nguồn, hoặc nhiều nguồn có thể lấy từ nhau; nguồn có thể "
        "ghi nơi đăng ký thay cho nơi đặt máy)",
        "likely (one source, most of them, or several that may rest on one another; they may have "
        "where an address is registered, not where the server stands)",
    ),
    "weak": Text(
        "yếu, cần xác minh (chỉ có nơi đăng ký, hoặc nguồn cách xa thời điểm lưu lượng, hoặc một "
        "nguồn bị nguồn khác nói khác)",
        "weak, to be verified (the registration alone, a source far from the time of the traffic, "
        "or one whose word stands against another's)",
    ),
}
_NOT_RATED: Final = Text("chưa đánh giá được", "not rated")

_BASES: Final[dict[str, Text]] = {
    "override": Text("theo khai báo của người dùng", "as the user states"),
    "service": Text(
        "theo tên máy chủ và danh mục dịch vụ (services.yaml)",
        "by the server's name and the list of services (services.yaml)",
    ),
    "range": Text(
        "theo dải địa chỉ do nhà cung cấp công bố; khách thuê máy chủ có thể là bên khác",
        "by the addresses that the provider publishes; a tenant may be another",
    ),
}

_UNPLACED: Final[dict[str, Text]] = {
    "anycast": Text(
        "dùng chung ở nhiều nước (anycast), máy chủ nào trả lời thì địa chỉ không cho biết",
        "announced from several countries (anycast); which server answered the address does not "
        "tell",
    ),
    "ambiguous": Text("có thể ở nhiều nước", "possible in several countries"),
    "contradicted": Text(
        "không thể ở nơi các nguồn nêu, vì máy chủ trả lời nhanh hơn ánh sáng cho phép; nơi thật "
        "chưa biết",
        "cannot be where the sources have it, for it answers faster than light allows from there; "
        "the true place is not known",
    ),
    "unknown": Text("không tra được", "not found"),
}

_NETWORK_ONLY: Final = Text(
    "Tên tổ chức là đơn vị vận hành mạng của địa chỉ; bên nhận dữ liệu thực tế (ví dụ khách thuê "
    "máy chủ) có thể khác.",
    "The organisation named runs the address's network; the real recipient, such as its tenant, "
    "may be another.",
)


def destination_known_by(
    far: FarSide, category: Category | None, first: date, *, forms: bool
) -> Iterator[Text]:
    """Where the far side is, who runs it and which forms of transfer the flows show.

    Args:
        far: the far side.
        category: what the finding is about; null = not one category.
        first: first day on which one of its flows began.
        forms: the finding is about handing data over, whose forms the law tells apart.
    """
    placed = [place for place in far.places if place.state == "country" and place.country]
    yield from map(_place_said, placed[:MOST_NAMED])
    yield from map(_operator_said, far.operators[:MOST_NAMED])
    if forms:
        yield from _forms_said(far, category, first)


def destination_not_known(seen: Seen, far: FarSide, *, forms: bool) -> Iterator[Text]:
    """What the flows leave open about the far side; ``forms`` as in ``destination_known_by``."""
    if far.network_named:
        yield _NETWORK_ONLY
    for state, text in _UNPLACED.items():
        count = seen.geo_state.get(state, 0)
        if count:
            named = {"ambiguous": far.candidates, "contradicted": far.claimed}.get(state, ())
            basis = next((place.basis for place in far.places if place.state == state), None)
            yield said(
                f"Nơi đặt của bên nhận trong {{flows}}: {text.vi}{{vi_named}}.",
                f"The recipient's place in {{flows}}: {text.en}{{en_named}}.",
                count,
                vi_named=_with(named, basis, "căn cứ"),
                en_named=_with(named, basis, "by"),
            )
    if far.open_abroad:
        yield said(
            "Chưa biết nước nào trong {flows}, nhưng mọi nước có thể đều ở ngoài lãnh thổ, nên vẫn "
            "tính là ra nước ngoài.",
            "Which country in {flows} is open, yet all that are possible are foreign: they leave "
            "the country.",
            far.open_abroad,
        )
    if seen.crossing_unknown:
        yield said(
            "Chưa xác định được {flows} có ra nước ngoài hay không.",
            "Whether {flows} left the country is undecided.",
            seen.crossing_unknown,
        )
    if seen.country_unknown:
        yield said(
            "Chưa xác định được quốc gia nơi nhận của {flows}.",
            "The receiving country of {flows} is undecided.",
            seen.country_unknown,
        )
    if forms and far.operator_unknown:
        yield said(
            "Chưa rõ bên nhận trong {flows} có phải là tổ chức nước ngoài hay không.",
            "Whether the recipient in {flows} is a foreign organisation is not known.",
            far.operator_unknown,
        )
    if far.handed_on:
        yield said(
            "{flows} đi tới dịch vụ chuyển tiếp (mạng phân phối nội dung hoặc truy cập từ xa): đầu "
            "nhận cuối cùng có thể là bên khác, ở nước khác.",
            "{flows}: to a service that hands traffic on (content delivery or remote access); the "
            "true end may be somebody else, in another country.",
            far.handed_on,
        )


def _place_said(place: Place) -> Text:
    rule = _RULES.get(place.rule or "", _LOOKED_UP)
    certainty = _CERTAINTIES.get(place.certainty or "", _NOT_RATED)
    country = _country(place.country)
    return said(
        f"Nơi đặt của bên nhận trong {{flows}}: {{vi_country}}, {rule.vi}; căn cứ: {{basis}}. Độ "
        f"chắc chắn về nơi đặt: {certainty.vi}.",
        f"The recipient's place in {{flows}}: {{en_country}}, {rule.en}; it rests on {{basis}}. "
        f"How sure that is: {certainty.en}.",
        place.flows,
        vi_country=country.vi,
        en_country=country.en,
        basis=place.basis or "?",
    )


def _operator_said(operator: Operator) -> Text:
    vi, en = "Bên vận hành trong {flows}: {vi_name}", "Run in {flows} by {en_name}"
    if operator.basis == "network":
        vi = "Mạng của địa chỉ trong {flows} do {vi_name} quản lý"
        en = "The network of the address in {flows} is owned by {en_name}"
    country = _country(operator.country)
    if operator.country is not None:
        vi, en = vi + ", đăng ký tại {vi_country}", en + ", registered in {en_country}"
    basis = _BASES.get(operator.basis)
    if basis is not None:
        vi, en = f"{vi}, {basis.vi}", f"{en}, {basis.en}"
    if operator.service is not None:
        vi, en = vi + " [{service}]", en + " [{service}]"
    return said(
        vi + ".",
        en + ".",
        operator.flows,
        vi_name=operator.name or "bên chưa rõ tên",
        en_name=operator.name or "somebody unnamed",
        vi_country=country.vi,
        en_country=country.en,
        service=operator.service or "",
    )


def _forms_said(far: FarSide, category: Category | None, first: date) -> Iterator[Text]:
    """Which forms of transfer that the law tells apart the flows show signs of."""
    law = _law(category, first)
    parts = [
        form
        for form, count in (
            (_ABROAD, far.abroad),
            (_FOREIGN, far.foreign),
            (_PLATFORM, far.platform),
        )
        if count
    ]
    if law is None or not parts:
        return
    counts = {
        "abroad": flows_said(far.abroad),
        "foreign": flows_said(far.foreign),
        "platform": flows_said(far.platform),
        "network": flows_said(far.foreign_by_network),
    }
    if far.foreign_by_network and _FOREIGN in parts:
        parts[parts.index(_FOREIGN)] = Text(
            _FOREIGN.vi + _OF_THEM_BY_NETWORK.vi, _FOREIGN.en + _OF_THEM_BY_NETWORK.en
        )
    yield Text(
        f"Dấu hiệu của các hình thức nêu tại {law.vi}: "
        + "; ".join(part.vi for part in parts).format(**{n: c.vi for n, c in counts.items()})
        + ".",
        f"Signs of the forms named in {law.en}: "
        + "; ".join(part.en for part in parts).format(**{n: c.en for n, c in counts.items()})
        + ".",
    )


_ABROAD: Final = Text(
    "a) chuyển tới nơi đặt ngoài lãnh thổ Việt Nam: {abroad}",
    "(a) to a place outside Vietnam: {abroad}",
)
_FOREIGN: Final = Text(
    "b) chuyển cho tổ chức nước ngoài, không kể nơi đặt máy chủ: {foreign}",
    "(b) to a foreign organisation, wherever its server stands: {foreign}",
)
_OF_THEM_BY_NETWORK: Final = Text(
    " (trong đó {network} chỉ suy từ đơn vị quản lý mạng)",
    " (of which {network} by the network's owner only)",
)
_PLATFORM: Final = Text(
    "c) sử dụng nền tảng ở ngoài lãnh thổ để xử lý: {platform}",
    "(c) use of a platform abroad for processing: {platform}",
)

_LAW_60: Final = Text("khoản 2 Điều 23 Luật Dữ liệu", "Article 23(2) of the Law on Data")
_LAW_60_ALONE: Final = Text(
    "khoản 2 Điều 23 Luật Dữ liệu (chỉ áp dụng cho dữ liệu cốt lõi, quan trọng)",
    "Article 23(2) of the Law on Data (for core and important data only)",
)
_LAW_91: Final = Text(
    "khoản 1 Điều 20 Luật 91/2025/QH15 (điểm b nói về tổ chức, cá nhân ở nước ngoài)",
    "Article 20(1) of Law 91/2025 (its point b speaks of organisations and persons abroad)",
)


_LAW_91_IN_FORCE: Final = date(2026, 1, 1)
_LAW_60_IN_FORCE: Final = date(2025, 7, 1)


def _law(category: Category | None, first: date) -> Text | None:
    """The provision that tells the forms apart; null = none was in force, or none does.

    What Decree 13/2023 understood by a transfer abroad was not compared with these forms.
    """
    if category is not None and (category.personal or category.level == "personal"):
        if first >= _LAW_91_IN_FORCE:
            return _LAW_91
        if category.level == "personal":
            return None
    if first < _LAW_60_IN_FORCE:
        return None
    return _LAW_60 if category is not None else _LAW_60_ALONE


def _country(code: str | None) -> Text:
    if code is None:
        return Text("chưa rõ nước", "a country not known")
    name = NAMES.get(code)
    return Text(f"{name.vi} ({code})", f"{name.en} ({code})") if name else Text(code, code)


def _with(countries: Sequence[str], basis: str | None, by: str) -> str:
    """What stands behind a place that is not known, in brackets."""
    named = ", ".join(countries[:_MOST_COUNTRIES])
    named += ", …" if len(countries) > _MOST_COUNTRIES else ""
    parts = [named] if named else []
    parts += [f"{by}: {basis}"] if basis else []
    return f" ({'; '.join(parts)})" if parts else ""
