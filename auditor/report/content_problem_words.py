"""The words for problems with content that leaves: see ``problem_words``."""

# ruff: noqa: E501 - tables of texts

from __future__ import annotations

from typing import Final

from auditor.model.text import Text

_KEYS: Final = Text(
    "Xuất lại tệp khóa (SSLKEYLOGFILE) từ đúng chương trình và đúng thời gian thu.",
    "Export the key log (SSLKEYLOGFILE) again, from that program and that time.",
)
_ASK: Final = Text(
    "Xin bản gốc từ người gửi nếu luồng này quan trọng.",
    "Ask the sender for the original if the flow matters.",
)
_AS_IT_STANDS: Final = Text(
    "Phần còn lại vẫn được tìm như văn bản thô, nên tên trường và tên tệp có thể thiếu. Thu lại trọn vẹn nếu cần chắc chắn.",
    "The rest was searched as raw text, so names of fields and files may be missing. Capture it whole to be sure.",
)


def _and(vi: str, en: str, way: Text) -> Text:
    return Text(f"{vi} {way.vi}", f"{en} {way.en}")


UNSURE: Final = frozenset((
    "conflicting-segments", "http-chunks-damaged", "http-header-too-long", "http-too-many-parts",
    "http2-too-many-streams", "messages-out-of-step", "mqtt-lost", "tls-keys-broken",
))  # fmt: skip
"""As ``problem_words.UNSURE``."""

# fmt: off
PROBLEM: Final[dict[str, Text]] = {
    "conflicting-segments": Text("Đoạn TCP gửi lại với nội dung khác", "Segments sent again with other content"),
    "content-bomb": Text("Nội dung nén quá mức (bom nén)", "Content that unpacks beyond all bounds"),
    "content-not-taken-apart": Text("Bộ đọc nội dung bị lỗi", "A content parser failed"),
    "content-process-ended": Text("Một tiến trình đọc nội dung bị ngắt", "A process that read content ended early"),
    "content-too-large": Text("Tài liệu quá lớn để đọc trọn", "Documents too large to be read whole"),
    "damaged-content": Text("Nội dung hỏng", "Damaged content"),
    "http-chunks-damaged": Text("Thân HTTP chia khúc bị hỏng", "HTTP chunks damaged"),
    "http-header-too-long": Text("Phần đầu HTTP quá dài", "HTTP header too long"),
    "http-too-many-parts": Text("Biểu mẫu HTTP có quá nhiều phần", "HTTP form with too many parts"),
    "http2-headers-lost": Text("Phần đầu HTTP/2 không giải được", "HTTP/2 headers that cannot be told"),
    "http2-too-many-streams": Text("Quá nhiều luồng con HTTP/2", "Too many HTTP/2 streams"),
    "imap-compressed": Text("IMAP nén (COMPRESS)", "Compressed IMAP"),
    "iso8583-lost": Text("Mất mốc thông điệp ISO 8583", "ISO 8583 messages not told apart"),
    "locked-content": Text("Tài liệu đặt mật khẩu trong luồng", "Documents with a password"),
    "message-damaged": Text("Thông điệp hỏng trong giao thức", "Messages of a protocol damaged"),
    "messages-out-of-step": Text("Không thấy chỗ bắt đầu thông điệp", "Beginning of messages not found"),
    "mqtt-lost": Text("Mất mốc gói MQTT", "MQTT packets not told apart"),
    "payload-late": Text("Nội dung đứng quá muộn trong tệp thu", "Content too late in the capture"),
    "payload-not-reread": Text("Không đọc lại được nội dung của luồng", "Content that could not be read again"),
    "payload-of-earlier-run": Text("Nội dung nằm trong tệp thu của lần chạy trước", "Content in captures of an earlier run"),
    "smb1-not-read": Text("SMB 1 không được đọc", "SMB 1 is not read"),
    "tls-keys-broken": Text("Tệp khóa TLS có dòng hỏng", "Key log with broken lines"),
    "tls-keys-do-not-fit": Text("Khóa TLS không khớp với luồng", "TLS keys that do not fit"),
    "tls-keys-too-large": Text("Tệp khóa TLS quá lớn", "Key log too large"),
    "tls-keys-tshark-failed": Text("tshark không giải mã được tệp", "tshark could not decrypt a capture"),
    "tls-keys-unreadable": Text("Tệp khóa TLS không đọc được", "Key log cannot be read"),
    "tls-keys-without-tshark": Text("Có khóa TLS nhưng thiếu tshark", "TLS keys without tshark"),
    "websocket-compressed": Text("WebSocket nén", "Compressed WebSocket"),
    "websocket-damaged": Text("Khung WebSocket hỏng", "WebSocket frames damaged"),
}
"""What each kind is called."""

WAY_OUT: Final[dict[str, Text]] = {
    "conflicting-segments": Text("Bản thấy trước được đọc. Có thể là thiết bị lỗi hoặc ai đó cố che nội dung: xem các luồng này bằng công cụ khác.", "The copy seen first was read. A faulty device, or somebody hiding content: look at these flows with another tool."),
    "content-bomb": _and("Giải nén dừng ở giới hạn: 256 MB hoặc 200 lần kích thước trên đường truyền, và 8 tầng lồng nhau. Coi tệp là đáng ngờ.", "Unpacking stopped at the limit: 256 MB or 200 times the size on the wire, and 8 documents within documents. Treat the file as suspicious.", _ASK),
    "content-not-taken-apart": Text("Phần còn lại của luồng không được đọc và được tính là hỏng; các luồng khác không bị ảnh hưởng. Gửi tên bộ đọc và tên lỗi cho người bảo trì chương trình.", "The rest of that flow was not read and counts as damaged; other flows are not affected. Give the names of parser and error to the maintainers."),
    "content-process-ended": Text("Phần của tiến trình đó đã được đọc lại trọn vẹn. Thường do hết bộ nhớ: cấp thêm bộ nhớ, hoặc giảm số tiến trình bằng --jobs.", "Its share was read again, whole. Most likely memory ran out: give the audit more, or fewer processes by --jobs."),
    "content-too-large": _and("Loại tài liệu này phải có trọn vẹn mới đọc được, tối đa 512 MB.", "Documents of this kind must be there whole, 512 MB at most.", _ASK),
    "damaged-content": _and("Chỉ phần trước chỗ hỏng được đọc. Nguyên nhân thường là gói tin bị mất khi thu.", "What precedes the damage was read. Often packets were lost while capturing.", _ASK),
    "http-chunks-damaged": _AS_IT_STANDS,
    "http-header-too-long": _AS_IT_STANDS,
    "http-too-many-parts": Text("Các phần sau giới hạn được tìm chung như một tài liệu. Xem biểu mẫu này bằng tay nếu luồng quan trọng.", "Parts beyond the limit were searched together as one document. Look at the form by hand if the flow matters."),
    "http2-headers-lost": Text("Thu thiếu phần đầu kết nối nên tên trường không giải được; thân vẫn được đọc. Bắt đầu thu trước khi kết nối mở.", "The beginning of the connection is missing, so that header fields cannot be told; bodies were read. Begin to capture before connections open."),
    "http2-too-many-streams": Text("Luồng con cũ nhất được kết thúc sớm; dữ liệu đến sau của nó được đọc như tài liệu mới. Không cần làm gì, trừ khi luồng quan trọng.", "The oldest stream was ended early; what came later was read as a new document. Nothing needs to be done unless the flow matters."),
    "imap-compressed": Text("Sau lệnh COMPRESS nội dung thư không được đọc. Tắt COMPRESS trên máy chủ thư, hoặc kiểm tra thư tại máy chủ.", "What followed the command COMPRESS was not read. Turn it off in the mail server, or look at the mail there."),
    "iso8583-lost": Text("Phần còn lại của luồng không được đọc: không rõ biến thể, hoặc thu thiếu. Đối chiếu với nhật ký của máy chuyển mạch thẻ.", "The rest of that flow was not read: another variant, or a hole in the capture. Compare with the log of the card switch."),
    "locked-content": Text("Nội dung không được đọc; mật khẩu không được thử. Hỏi người gửi tài liệu chứa gì.", "It was not read; no password was tried. Ask the sender what the document holds."),
    "message-damaged": _and("Các thông điệp khác vẫn được đọc. Nguyên nhân thường là gói tin bị mất khi thu, hoặc phiên bản giao thức lạ.", "The other messages were read. Often packets were lost while capturing, or the protocol is of an odd version.", _ASK),
    "messages-out-of-step": _AS_IT_STANDS,
    "mqtt-lost": _AS_IT_STANDS,
    "payload-late": Text("Các byte này đứng sau khi luồng của chúng đã kết thúc từ lâu nên không được đọc. Sắp xếp tệp thu theo thời gian (reordercap) rồi chạy lại.", "These bytes stand long behind the end of their flow and were not read. Sort the capture by time (reordercap) and audit again."),
    "payload-not-reread": Text("Nội dung được đọc ở lượt thứ hai, nên tệp thu phải còn nguyên: không qua ống dẫn, không bị đổi giữa chừng. Lưu thành tệp rồi chạy lại.", "Content is read in a second pass, so captures must still be there: no pipes, nothing changed meanwhile. Keep them as files and audit again."),
    "payload-of-earlier-run": Text("Chỉ phần nội dung nằm trong tệp thu của lần chạy này được đọc; phần trước đó tính là không có trong tệp thu. Muốn đọc đủ, chạy auditor audit một lần trên tệp thu của cả hai lần.", "Only the content that lies in the captures of this run was read; what came before counts as missing. To read it whole, audit the captures of both runs in one."),
    "smb1-not-read": Text("Nội dung tệp gửi qua SMB 1 không được đọc. Chuyển sang SMB 2 trở lên; SMB 1 cũng không an toàn.", "Files sent by SMB 1 were not read. Move to SMB 2 or later; SMB 1 is not safe either."),
    "tls-keys-broken": _and("Các dòng đúng vẫn được dùng.", "Lines that are keys were used.", _KEYS),
    "tls-keys-do-not-fit": _and("Các luồng này vẫn mã hóa và được tính là không đọc được.", "These flows stay encrypted and count as not readable.", _KEYS),
    "tls-keys-too-large": Text("Không giải mã luồng nào. Chỉ giữ các dòng của thời gian thu.", "Nothing was decrypted. Keep the lines of the time of the capture."),
    "tls-keys-tshark-failed": Text("Luồng TLS của tệp đó vẫn mã hóa. Kiểm tra tshark (auditor doctor), và đưa tệp thu thành tệp riêng, không nén, trên máy này.", "TLS flows of that capture stay encrypted. Check tshark (auditor doctor), and give the capture as an unpacked file of its own on this machine."),
    "tls-keys-unreadable": _and("Không giải mã luồng nào. Kiểm tra đường dẫn và quyền đọc.", "Nothing was decrypted. Check the path and the permissions.", _KEYS),
    "tls-keys-without-tshark": Text("Không giải mã luồng nào. Cài tshark (apt install tshark) rồi chạy lại.", "Nothing was decrypted. Install tshark (apt install tshark) and audit again."),
    "websocket-compressed": Text("Nội dung nén (permessage-deflate) không được đọc. Tắt nén trên máy chủ nếu cần kiểm tra.", "Messages compressed by permessage-deflate were not read. Turn it off in the server to have them looked at."),
    "websocket-damaged": _and("Phần còn lại của chiều đó không được đọc.", "The rest of that direction was not read.", _ASK),
}
"""What each kind means and what somebody can do."""
# fmt: on
