"""The words for where a destination is: states, rules, witnesses, operators, forms of transfer."""

# ruff: noqa: E501 - tables of texts

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from auditor.model.text import Text
from auditor.report.formats import visible

if TYPE_CHECKING:
    from auditor.model.place import Certainty, Destination, Kind, Rule, State

# fmt: off
STATE: Final[dict[State, Text]] = {
    "country": Text("Xác định được một quốc gia", "Placed in one country"),
    "anycast": Text("Anycast: một địa chỉ phục vụ từ nhiều nơi", "Anycast: one address served from many places"),
    "ambiguous": Text("Các nguồn nêu nhiều quốc gia", "Sources name several countries"),
    "contradicted": Text("Nguồn mâu thuẫn với thời gian đo được", "Sources contradicted by measured time"),
    "unknown": Text("Không nguồn nào biết", "No source knows it"),
    "not-applicable": Text("Không có bên ở ngoài cơ quan cần định vị", "No far end to place"),
}

STATE_SHORT: Final[dict[State, Text]] = {
    "country": Text("một quốc gia", "one country"),
    "anycast": Text("anycast", "anycast"),
    "ambiguous": Text("nhiều nơi", "several places"),
    "contradicted": Text("mâu thuẫn với phép đo", "contradicted"),
    "unknown": Text("không rõ", "unknown"),
    "not-applicable": Text("không cần định vị", "nothing to place"),
}

STATE_MARK: Final[dict[State, str]] = {
    "country": "●", "anycast": "◎", "ambiguous": "◐", "contradicted": "✕", "unknown": "?",
    "not-applicable": "–",
}
"""The state once more without colour."""

STATE_MEANING: Final[dict[State, Text]] = {
    "country": Text("Bước quyết định nêu đúng một quốc gia và không có phép đo nào bác bỏ. Độ chắc chắn được nêu riêng.", "The deciding step names exactly one country, and nothing measured rules it out. How certain that is stands beside it."),
    "anycast": Text("Cùng một địa chỉ được nhiều máy chủ ở nhiều nước dùng chung; máy chủ nào đã trả lời thì không biết được từ địa chỉ. Không gán cho nước nào.", "Servers in many countries share the address; which of them answered cannot be told from it. It is given to no country."),
    "ambiguous": Text("Các nguồn ngang hàng nêu các nước khác nhau. Nếu mọi nước có thể đều ở nước ngoài thì vẫn tính là ra nước ngoài, nhưng không gán cho nước nào.", "Sources of equal rank name different countries. Where all of them are foreign, the flow still leaves the country, but it is given to none of them."),
    "contradicted": Text("Máy chủ trả lời nhanh hơn ánh sáng cho phép nếu ở nước mà nguồn nêu: nguồn sai, nơi thật chưa biết.", "The server answered faster than light allows from the country the sources name: they are wrong, and the true place is not known."),
    "unknown": Text("Không nguồn nào nêu quốc gia. Không có quốc gia mặc định.", "No source names a country. There is no default country."),
    "not-applicable": Text("Địa chỉ của chính cơ quan hoặc địa chỉ không ra khỏi mạng nội bộ.", "An address of the agency itself, or one that never leaves the local network."),
}

CERTAINTY: Final[dict[Certainty, Text]] = {
    "firm": Text("chắc chắn", "firm"),
    "likely": Text("nhiều khả năng", "likely"),
    "weak": Text("yếu, cần xác minh", "weak, to be verified"),
}

CERTAINTY_MEANING: Final[dict[Certainty, Text]] = {
    "firm": Text("Có người chịu trách nhiệm về thông tin này, hoặc cơ sở dữ liệu của ít nhất hai nhà phát hành khác nhau cùng nêu một nước và không nguồn nào nói khác.", "Somebody answers for it, or databases of at least two makers agree and no source dissents."),
    "likely": Text("Dựa vào một nguồn, đa số nguồn, hoặc nhiều nguồn có thể lấy từ nhau.", "It rests on one source, on most of them, or on several that may rest on one another."),
    "weak": Text("Chỉ dựa vào nơi đăng ký địa chỉ, hoặc nguồn cách xa thời điểm lưu lượng, hoặc một nguồn bị nguồn khác nói khác.", "It rests on the registration alone, on a source far from the time of the traffic, or on one whose word stands against another's."),
}

RULE: Final[dict[Rule, Text]] = {
    "override": Text("Xác nhận của người dùng", "The user's own statement"),
    "special": Text("Dải địa chỉ đặc biệt", "Special-purpose range"),
    "inventory": Text("Bản kê khai của cơ quan", "The agency's inventory"),
    "anycast": Text("Danh sách anycast", "Anycast lists"),
    "cloud-region": Text("Vùng (region) của nhà cung cấp đám mây", "Cloud provider's region"),
    "geofeed": Text("Tệp geofeed của nhà mạng (RFC 8805)", "The network's geofeed (RFC 8805)"),
    "databases": Text("Cơ sở dữ liệu địa lý, theo đa số", "Geo databases, by majority"),
    "registration": Text("Chỉ nơi đăng ký địa chỉ", "Registration of the address only"),
    "none": Text("Không nguồn nào quyết định được", "No source could decide"),
}

RULE_ORDER: Final = Text(
    "Bước đầu tiên có câu trả lời sẽ quyết định, theo thứ tự: xác nhận của người dùng, dải địa chỉ đặc biệt, bản kê khai, anycast, vùng của nhà cung cấp đám mây, geofeed, đa số cơ sở dữ liệu, nơi đăng ký. Thời gian bắt tay loại bỏ những nước quá xa. Mỗi nhà phát hành cơ sở dữ liệu có một phiếu. Ý kiến của thiết bị ghi nhật ký không quyết định, chỉ có thể làm giảm độ chắc chắn; đuôi tên miền và chủ của mạng không quyết định.",
    "The first step with an answer decides, in this order: the user's statement, special ranges, inventory, anycast, cloud region, geofeed, majority of databases, registration. Handshake times take out countries that are too far. Each maker of databases has one vote. What the log itself says decides nothing and can only weaken certainty; the ending of a name and the owner of the network decide nothing.",
)

MEASURE: Final = Text(
    "Thời gian bắt tay (gửi đi và nhận về) cho biết máy chủ ở xa nhất bao nhiêu: ánh sáng trong cáp quang đi rồi về được khoảng 100 km mỗi mili giây; sai số của đồng hồ đã được cộng thêm. Phép đo chỉ loại trừ, không chỉ ra nơi đặt máy chủ.",
    "A handshake's round trip tells how far away the server can be at most: light in fibre covers about 100 km there and back per millisecond; the error of clocks was added. It rules places out; it does not tell where the server is.",
)

WITNESS: Final[dict[Kind, Text]] = {
    "override": Text("Xác nhận của người dùng", "User's statement"),
    "special": Text("Dải đặc biệt (IANA)", "Special range (IANA)"),
    "inventory": Text("Bản kê khai", "Inventory"),
    "anycast": Text("Danh sách anycast", "Anycast list"),
    "cloud": Text("Dải của nhà cung cấp", "Provider's ranges"),
    "geofeed": Text("Geofeed", "Geofeed"),
    "database": Text("Cơ sở dữ liệu địa lý", "Geo database"),
    "registered": Text("Nơi đăng ký địa chỉ", "Registration of the address"),
    "network": Text("Mạng (AS)", "Network (AS)"),
    "relay": Text("Danh sách trạm chuyển tiếp", "Relay list"),
    "log": Text("Thiết bị ghi nhật ký", "The log's maker"),
    "host": Text("Tên máy chủ", "Host name"),
    "service": Text("Danh mục dịch vụ", "List of services"),
    "handshake": Text("Thời gian bắt tay", "Handshake time"),
}

OPERATOR_BASIS: Final[dict[str, Text]] = {
    "override": Text("theo xác nhận của người dùng", "as the user states"),
    "service": Text("theo danh mục dịch vụ, từ tên máy chủ", "by the list of services, from the host name"),
    "range": Text("theo dải địa chỉ do nhà cung cấp công bố", "by the ranges that the provider publishes"),
    "network": Text("theo tổ chức quản lý mạng (AS); có thể chỉ là bên cho thuê", "by the network's organisation (AS); perhaps only the landlord"),
}

SERVICE_KIND: Final[dict[str, Text]] = {
    "object-store": Text("kho lưu trữ đối tượng", "object store"),
    "cloud": Text("điện toán đám mây", "cloud computing"),
    "mail": Text("thư điện tử", "mail"),
    "chat": Text("nhắn tin", "chat"),
    "meeting": Text("họp trực tuyến", "online meetings"),
    "social": Text("mạng xã hội", "social network"),
    "ai": Text("trí tuệ nhân tạo", "artificial intelligence"),
    "analytics": Text("phân tích, đo lường truy cập", "analytics"),
    "advertising": Text("quảng cáo", "advertising"),
    "dns": Text("phân giải tên miền (DNS)", "name resolution (DNS)"),
    "cdn": Text("mạng phân phối nội dung (CDN)", "content delivery (CDN)"),
    "updates": Text("cập nhật phần mềm", "software updates"),
    "code": Text("kho mã nguồn", "source code hosting"),
    "storage": Text("lưu trữ, chia sẻ tệp", "file storage and sharing"),
    "video": Text("video", "video"),
    "office": Text("văn phòng trực tuyến", "online office"),
    "crm": Text("quản lý khách hàng", "customer management"),
    "payment": Text("thanh toán", "payment"),
    "monitoring": Text("giám sát hệ thống", "monitoring"),
    "security": Text("an ninh mạng", "security"),
    "remote-access": Text("truy cập từ xa", "remote access"),
    "map": Text("bản đồ", "maps"),
    "backup": Text("sao lưu", "backup"),
    "e-commerce": Text("thương mại điện tử", "e-commerce"),
}
# fmt: on

Form = Literal["a", "b", "c"]

FORM: Final[dict[Form, Text]] = {
    "a": Text("a) Đến nơi đặt ngoài lãnh thổ", "(a) To a place outside the country"),
    "b": Text("b) Cho tổ chức nước ngoài", "(b) To a foreign organisation"),
    "c": Text("c) Dùng nền tảng ở ngoài lãnh thổ", "(c) Use of a platform outside the country"),
}

FORM_MEANING: Final[dict[Form, Text]] = {
    "a": Text(
        "Dữ liệu đang lưu trữ tại Việt Nam được chuyển tới hệ thống đặt ngoài lãnh thổ: máy chủ "
        "nhận nằm ở nước khác.",
        "Data stored in Viet Nam go to a system outside its territory: the server that receives "
        "them stands in another country.",
    ),
    "b": Text(
        "Bên nhận là tổ chức, cá nhân nước ngoài, kể cả khi máy chủ đặt tại Việt Nam.",
        "Who receives them is foreign, even where the server stands in Viet Nam.",
    ),
    "c": Text(
        "Dữ liệu được xử lý bằng một nền tảng đặt ngoài lãnh thổ do bên nước ngoài vận hành: thư "
        "điện tử, lưu trữ, trí tuệ nhân tạo, phân tích…",
        "Data are processed on a platform outside the territory that a foreign party runs: mail, "
        "storage, artificial intelligence, analytics…",
    ),
}

FORM_LIMIT: Final[dict[Form, Text]] = {
    "a": Text(
        "Máy chủ đó lưu trữ dữ liệu hay chỉ chuyển tiếp thì không thấy được; nơi đặt là nhận định "
        "từ các nguồn ở Phụ lục D.",
        "Whether the server stores the data or only passes them on is not seen; its place is what "
        "the sources of Annex D say.",
    ),
    "b": Text(
        "Dựa vào bên vận hành dịch vụ, đám mây hoặc mạng. Chủ của mạng không phải là người thuê: "
        "bên thuê có thể là tổ chức Việt Nam, và bên thuê nước ngoài trong mạng Việt Nam thì không "
        "thấy được.",
        "Rests on who runs the service, cloud or network. A network's owner is not its tenant: the "
        "tenant may be Vietnamese, and a foreign tenant of a Vietnamese network is not seen.",
    ),
    "c": Text(
        "Chỉ nhận ra các nền tảng có trong danh mục dịch vụ; không biết dữ liệu gì đã được xử lý "
        "trên đó.",
        "Only platforms of the list of services are recognised; what was processed on them is not "
        "known.",
    ),
}

_TENANT_UNKNOWN: Final = ("range", "network")
"""Ways by which an operator is known that do not tell who rents the server from it."""

_NOT_SEEN_FOREIGN: Final = Text(
    "chưa thấy; chỉ biết chủ mạng hoặc hạ tầng trong nước, bên thuê có thể là tổ chức nước ngoài",
    "not seen; only the owner of the network or infrastructure is known, and is at home: its "
    "tenant may be foreign",
)

_ANSWER: Final[dict[bool | None, Text]] = {
    True: Text("CÓ", "YES"),
    False: Text("không", "no"),
    None: Text("chưa xác định được", "undecided"),
}


def forms(destination: Destination) -> dict[Form, Text]:
    """Whether a destination is of each form; a no that proves nothing says so."""
    one = destination
    foreign = _ANSWER[one.foreign_recipient]
    if one.foreign_recipient is False and one.operator_basis in _TENANT_UNKNOWN:
        foreign = _NOT_SEEN_FOREIGN
    return {"a": _ANSWER[one.abroad], "b": foreign, "c": _ANSWER[one.foreign_platform]}


def service_kind(kind: str) -> Text:
    """What kind of service it is; a kind without words stands for itself."""
    shown = visible(kind, 40)
    return SERVICE_KIND.get(kind, Text(shown, shown))
