"""The words for problems: what each kind is called, what it means and what can be done."""

# ruff: noqa: E501 - tables of texts

from __future__ import annotations

from typing import Final

from auditor.model.text import Text

_COPY: Final = Text(
    "Chép lại tệp từ nơi thu rồi chạy lại.", "Copy the file again from its source and audit again."
)
_SENSOR: Final = Text(
    "Đối chiếu với bản gốc trên cảm biến; các dòng khác vẫn được đọc.",
    "Compare with the sensor's original; the other lines were read.",
)
_GEO_AGAIN: Final = Text(
    "Tải lại cơ sở dữ liệu từ nhà phát hành và đối chiếu mã băm.",
    "Get the database again from its publisher and compare its hash.",
)
_SNAPLEN: Final = Text(
    "Thu lại với độ dài gói đầy đủ (snaplen 262144).",
    "Capture again with whole packets (snaplen 262144).",
)


def _and(vi: str, en: str, way: Text) -> Text:
    return Text(f"{vi} {way.vi}", f"{en} {way.en}")


# fmt: off
PROBLEM: Final[dict[str, Text]] = {
    "absurd-payload": Text("Số byte trong nhật ký không thể có", "Impossible byte counts in a log"),
    "archive-too-large": Text("Tệp lưu trữ có quá nhiều tệp con", "Archive with too many members"),
    "bad-address": Text("Địa chỉ không hợp lệ", "Address not valid"),
    "bad-encoding": Text("Văn bản không phải UTF-8", "Text that is not UTF-8"),
    "bad-header": Text("Dòng đầu nhật ký không hợp lệ", "Log header not valid"),
    "bad-number": Text("Số không đọc được", "Number not readable"),
    "bad-time": Text("Thời gian không thể có", "Impossible times"),
    "copies": Text("Gói tin trùng lặp", "Copied packets"),
    "counter-samples": Text("Mẫu bộ đếm của sFlow", "sFlow counter samples"),
    "cut-header": Text("Phần đầu gói tin bị cắt hoặc sai", "Packet headers cut off or not valid"),
    "cut-last-line": Text("Dòng cuối bị cắt", "Last line cut off"),
    "cut-ports": Text("Gói tin bị cắt trước số cổng", "Packets cut off before their ports"),
    "damaged-record": Text("Bản ghi hỏng", "Damaged record"),
    "decryption-secrets": Text("Tệp lưu lượng chứa khóa giải mã", "Capture that carries decryption keys"),
    "deep-tunnel": Text("Đường hầm lồng quá sâu", "Tunnels nested too deeply"),
    "empty-file": Text("Tệp rỗng", "Empty file"),
    "export-cut": Text("Gói NetFlow, IPFIX, sFlow không trọn vẹn", "Export datagrams not whole"),
    "export-damaged": Text("Gói NetFlow, IPFIX, sFlow bị hỏng", "Export datagrams damaged"),
    "export-limit": Text("Quá nhiều thiết bị xuất luồng hoặc mẫu (template)", "Too many exporters or templates"),
    "export-lost": Text("Bản ghi luồng bị mất trên đường tới máy thu", "Flow records lost on their way"),
    "export-not-read": Text("Bản ghi luồng không được giải mã", "Flow records not decoded"),
    "export-repeated": Text("Gói NetFlow, IPFIX, sFlow lặp lại", "Export datagrams repeated"),
    "exporter-clock": Text("Đồng hồ của thiết bị xuất luồng bị lệch", "Exporter's clock is off"),
    "geo-database-caution": Text("Lưu ý về cơ sở dữ liệu địa lý", "Caution about a geo database"),
    "geo-database-changed": Text("Cơ sở dữ liệu địa lý khác với bản kê", "Geo database differs from its manifest"),
    "geo-database-missing": Text("Thiếu cơ sở dữ liệu địa lý", "Geo database missing"),
    "geo-database-unusable": Text("Cơ sở dữ liệu địa lý không dùng được", "Geo database cannot be used"),
    "geo-databases-too-many": Text("Quá nhiều cơ sở dữ liệu địa lý", "Too many geo databases"),
    "geo-manifest-unusable": Text("Bản kê cơ sở dữ liệu địa lý không dùng được", "Geo manifest cannot be used"),
    "geo-record-broken": Text("Mục hỏng trong cơ sở dữ liệu địa lý", "Broken geo record"),
    "half-conversation": Text("Chỉ thấy một chiều liên lạc", "Only one direction captured"),
    "line-too-long": Text("Dòng quá dài", "Line too long"),
    "link-encrypted": Text("Khung mã hóa ở lớp liên kết", "Frames encrypted at the link layer"),
    "locked-member": Text("Tệp con có mật khẩu", "Archive member with a password"),
    "lost-fragment": Text("Mảnh IP thiếu mảnh đầu", "IP fragments without their first"),
    "missed-bytes": Text("Byte mà cảm biến bỏ lỡ", "Bytes the sensor missed"),
    "missing-field": Text("Nhật ký thiếu trường bắt buộc", "Log lacks a needed field"),
    "no-duration": Text("Bản ghi không có thời lượng", "Records without a duration"),
    "no-header": Text("Nhật ký không có phần đầu", "Log without its header"),
    "no-template": Text("Bản ghi luồng thiếu mẫu (template)", "Flow records without template"),
    "no-time": Text("Gói tin không có thời gian", "Packets without a time"),
    "not-closed": Text("Nhật ký chưa đóng", "Log not closed"),
    "not-conn": Text("Dòng của nhật ký khác", "Lines of another log"),
    "not-followed": Text("Liên kết đến thư mục khác không được đi theo", "Link to another folder not followed"),
    "not-ip": Text("Bản ghi luồng không có địa chỉ IP", "Flow records without IP addresses"),
    "not-json": Text("Dòng không phải JSON", "Lines that are not JSON"),
    "opaque-tunnel": Text("Đường hầm mã hóa", "Encrypted tunnels"),
    "overlapping-captures": Text("Các tệp thu trùng thời gian", "Captures that overlap in time"),
    "packing-damaged": Text("Dữ liệu nén hỏng", "Damaged compressed data"),
    "same-content": Text("Tệp trùng nội dung với tệp khác", "Same content as another file"),
    "samples-dropped": Text("Mẫu sFlow bị thiết bị bỏ", "sFlow samples dropped by the switch"),
    "several-in-one": Text("Khung chứa nhiều gói tin", "Frames holding several packets"),
    "snapped": Text("Gói tin bị cắt nội dung khi thu", "Packets cut by the snap length"),
    "truncated-header": Text("Tệp kết thúc trong phần đầu tệp", "File ends inside its own header"),
    "truncated-record": Text("Tệp kết thúc giữa một bản ghi", "File ends inside a record"),
    "tunnelled": Text("Luồng nằm trong đường hầm", "Flows inside tunnels"),
    "unknown-format": Text("Định dạng không nhận ra", "Format not recognised"),
    "unknown-link-type": Text("Loại liên kết chưa hỗ trợ", "Link type not supported"),
    "unknown-packing": Text("Kiểu nén chưa hỗ trợ", "Packing not supported"),
    "unknown-protocol": Text("Giao thức không rõ", "Protocol not known"),
    "unreadable-file": Text("Tệp không đọc được", "File cannot be read"),
    "vendor-fields": Text("Trường riêng của hãng không được đọc", "Vendor fields not read"),
    "wrong-columns": Text("Dòng sai số cột", "Lines with other columns than their header"),
}
"""Codes of problems that have words; any other code is shown as it is."""

WAY_OUT: Final[dict[str, Text]] = {
    "absurd-payload": Text("Số byte nội dung lớn hơn số byte IP cùng chiều nên bị bỏ trống; byte IP được dùng thay.", "The payload exceeds the IP bytes of its side and was left empty; IP bytes are used instead."),
    "archive-too-large": Text("Chỉ những tệp con đầu tiên được đọc. Giải nén rồi nêu thư mục khi chạy.", "Only the first members were read. Unpack it and name the folder."),
    "bad-address": _and("Bản ghi không có đủ hai địa chỉ đọc được nên không được đọc.", "The record lacks two readable addresses and was not read.", _SENSOR),
    "bad-encoding": _and("Ký tự không đọc được đã được thay thế.", "Unreadable characters were replaced.", _SENSOR),
    "bad-header": Text("Một dòng đầu không dùng được. Ghi nhật ký bằng bộ ghi ASCII của Zeek, dấu phân cách là một ký tự.", "A header line was not obeyed. Write the log with Zeek's ASCII writer and a one-character separator."),
    "bad-number": _and("Giá trị không phải là số của trường đó nên bị bỏ trống.", "The value is no number of its field and was left empty.", _SENSOR),
    "bad-time": Text("Thời gian không đọc được hoặc ngoài khoảng 1970–2262. Kiểm tra đồng hồ của điểm thu thập.", "The time is unreadable or outside 1970–2262. Check the clock of the sensor."),
    "copies": Text("Các bản sao do cổng sao chép lưu lượng tạo ra chỉ được tính một lần, theo yêu cầu. Không cần làm gì thêm.", "Copies made by a mirror port were counted once, as asked. Nothing needs to be done."),
    "counter-samples": Text("Bộ đếm của cổng mạng không cho biết luồng nào. Không cần làm gì thêm.", "Counters of interfaces tell of no flow. Nothing needs to be done."),
    "cut-header": _and("Gói tin có trong tệp nhưng không thuộc luồng nào vì phần đầu không đọc được.", "The packets are in no flow: their headers cannot be read.", _SNAPLEN),
    "cut-last-line": Text("Tệp bị cắt hoặc đang được ghi. Chép lại sau khi Zeek đã xoay vòng nhật ký.", "The file was cut or still being written. Copy it again once Zeek has rotated it."),
    "cut-ports": _and("Luồng được ghi nhận nhưng không có số cổng.", "The flow is there, without its ports.", _SNAPLEN),
    "damaged-record": _and("Đoạn hỏng bị bỏ qua; việc đọc tiếp tục từ bản ghi đọc được kế tiếp.", "The damaged stretch was left out; reading went on at the next readable record.", _COPY),
    "decryption-secrets": Text("Ai có tệp này có thể giải mã nội dung. Bảo vệ tệp như bảo vệ khóa, hoặc gỡ khóa khỏi tệp (editcap --discard-all-secrets). Khóa không được dùng ở đây.", "Who has this file can decrypt its content. Keep it as safe as the keys, or strip them (editcap --discard-all-secrets). They were not used here."),
    "deep-tunnel": Text("Gói tin nằm sâu hơn tám lớp đường hầm không được xem xét. Kiểm tra tệp lưu lượng bằng công cụ khác.", "Packets more than eight tunnels deep were not looked at. Check the capture with another tool."),
    "empty-file": Text("Tệp không có nội dung. Lấy lại tệp từ nơi thu.", "The file holds nothing. Take it again from its source."),
    "export-cut": Text("Gói bị phân mảnh hoặc bị cắt khi thu nên không được giải mã. Thu trọn gói và để thiết bị gửi gói nhỏ hơn MTU.", "They were fragmented or cut by the capture, and not decoded. Capture whole packets and let exporters stay below the MTU."),
    "export-damaged": Text("Phần có độ dài sai không được giải mã; các phần khác vẫn được đọc. Nếu có nhiều, kiểm tra thiết bị xuất luồng.", "Parts with wrong lengths were not decoded, the others were. Look at the exporter if there are many."),
    "export-limit": Text("Phần vượt quá giới hạn không được đọc. Thiết bị thật không cần nhiều như vậy: xem ai gửi các gói này.", "What is beyond the limits was not read. No real exporter needs so many: look at who sends them."),
    "export-lost": Text("Các luồng trong phần bị mất không nằm trong báo cáo. Kiểm tra đường truyền giữa thiết bị xuất luồng và điểm thu.", "The flows in what was lost are not in this report. Check the path from the exporter to the sensor."),
    "export-not-read": Text("Các luồng mà thiết bị báo theo cách này không nằm trong báo cáo. Gửi qua UDP, lưu vào tệp, hoặc cung cấp tệp của máy thu.", "The flows reported this way are not in this report. Export over UDP, save to a file, or give the collector's own files."),
    "export-repeated": Text("Bản sao do cổng sao chép lưu lượng tạo ra chỉ được tính một lần. Không cần làm gì thêm.", "Copies made by a mirror port were counted once. Nothing needs to be done."),
    "exporter-clock": Text("Thời gian của các luồng theo đồng hồ của thiết bị, lệch hơn hai phút so với điểm thu. Kiểm tra NTP trên thiết bị.", "The flows have the exporter's time, more than two minutes off the sensor's. Check NTP on the exporter."),
    "geo-database-caution": Text("Cơ sở dữ liệu cũ hoặc có độ chính xác hạn chế. Đặt thêm bản mới (MaxMind, DB-IP, IPinfo) vào cùng thư mục.", "The database is old or coarse. Put a newer one (MaxMind, DB-IP, IPinfo) beside it."),
    "geo-database-changed": Text("Mã băm khác với bản kê; vẫn được dùng, không kèm giấy phép và nguồn gốc trong bản kê. Khôi phục tệp hoặc cập nhật bản kê.", "Its hash differs from the manifest; it is used without the licence and origin stated there. Restore it or update the manifest."),
    "geo-database-missing": Text("Bản kê nêu cơ sở dữ liệu này nhưng không có tệp. Khôi phục tệp hoặc bỏ khỏi bản kê.", "The manifest names it, but there is no file. Restore it or take it out of the manifest."),
    "geo-database-unusable": _and("Cơ sở dữ liệu này bị bỏ qua.", "The database was left out.", _GEO_AGAIN),
    "geo-databases-too-many": Text("Chỉ những cơ sở dữ liệu đầu tiên theo tên được dùng. Chỉ để lại những cơ sở dữ liệu cần thiết.", "Only the first by name are used. Leave there only those that shall decide."),
    "geo-manifest-unusable": Text("Giấy phép và nguồn gốc của cơ sở dữ liệu không được nêu. Sửa hoặc khôi phục bản kê.", "Licence and origin of the databases are not stated. Correct or restore the manifest."),
    "geo-record-broken": _and("Địa chỉ thuộc các mục này được định vị mà không có cơ sở dữ liệu đó.", "Addresses under these records were placed without it.", _GEO_AGAIN),
    "half-conversation": Text("Điểm thu chỉ thấy một chiều nên không biết chiều kia đã gửi bao nhiêu; các số đó để trống, không phải bằng 0. Thu lại ở nơi cả hai chiều đi qua.", "The sensor saw one direction only; what the other end sent is not known and stands empty, not as zero. Capture where both directions pass."),
    "line-too-long": Text("Dòng dài hơn mọi bản ghi nên không được đọc. Kiểm tra xem toàn bộ tệp có phải nhật ký Zeek không.", "The line is longer than any record and was not read. Check that the file is a Zeek log throughout."),
    "link-encrypted": Text("Khung Wi-Fi hoặc MACsec mã hóa không được đọc và không thuộc luồng nào. Thu lại phía sau điểm truy cập hoặc thiết bị chuyển mạch.", "Encrypted Wi-Fi or MACsec frames were not read and are in no flow. Capture behind the access point or switch."),
    "locked-member": Text("Tệp con có mật khẩu không được đọc. Giải nén rồi nêu thư mục khi chạy.", "The member has a password and was not read. Unpack it and name the folder."),
    "lost-fragment": Text("Các mảnh sau không biết số cổng vì không thấy mảnh đầu. Kiểm tra xem điểm thu thập có mất gói tin không.", "Later fragments have no ports without their first. Check whether the sensor loses packets."),
    "missed-bytes": Text("Cảm biến mất gói tin nên lượng dữ liệu của các luồng này không chắc chắn. Xem capture_loss.log.", "The sensor lost packets; the volumes of these flows are uncertain. See capture_loss.log."),
    "missing-field": Text("Dòng không được đọc. conn.log phải giữ ts, id.orig_h, id.resp_h và proto hoặc ip_proto.", "The lines were not read. conn.log must keep ts, id.orig_h, id.resp_h, and proto or ip_proto."),
    "no-duration": Text("Tổng số byte vẫn đúng; chỉ không biết luồng kéo dài bao lâu. Không cần làm gì thêm.", "Totals are right; only how long the flows lasted is not known. Nothing needs to be done."),
    "no-header": Text("Các dòng không được đọc. Giữ những dòng # ở đầu nhật ký (zeek-cut cần tùy chọn -C).", "The lines were not read. Keep the # lines at the top (zeek-cut needs -C)."),
    "no-template": Text("Không có mẫu thì không giải mã được bản ghi. Thu lâu hơn: thiết bị gửi lại mẫu sau vài phút.", "Without its template no record can be decoded. Capture for longer: exporters send templates every few minutes."),
    "no-time": Text("Gói tin được ghi nhận nhưng không có thời điểm thật. Thu lại bằng công cụ ghi thời gian cho từng gói.", "The packets count, but their true time is not known. Capture with a tool that stamps each packet."),
    "not-closed": Text("Nhật ký bị cắt hoặc đang được ghi. Nếu có thể thiếu bản ghi, chép lại sau khi Zeek xoay vòng.", "The log was cut or is still growing. If records could be missing, copy it again once rotated."),
    "not-conn": Text("Chỉ conn.log được đọc; các nhật ký khác mô tả lại chính các kết nối đó. Chỉ cung cấp conn.log.", "Only conn.log is read; the other logs describe the same connections again. Give conn.log only."),
    "not-followed": Text("Tệp trong thư mục được liên kết không nằm trong báo cáo. Nêu thêm thư mục đó khi chạy.", "The files behind the link are not in this report. Name that folder too."),
    "not-ip": Text("Bản ghi về lớp 2, MPLS hoặc về chính thiết bị không được đọc. Nếu cần, cấu hình thiết bị xuất địa chỉ IP.", "Records of layer 2, MPLS or the exporter itself were not read. Let the exporter send IP addresses if they matter."),
    "not-json": _and("Dòng không được đọc.", "The line was not read.", _SENSOR),
    "opaque-tunnel": Text("Không thấy được dữ liệu bên trong và nơi đến thật phía sau đầu kia của đường hầm. Thu lại trước khi dữ liệu vào đường hầm, hoặc xác minh ai vận hành đầu kia.", "What is inside, and where it goes behind the tunnel's far end, cannot be seen. Capture before the tunnel, or find out who runs its far end."),
    "overlapping-captures": Text("Luồng được nhiều tệp thu cùng thấy sẽ được tính nhiều lần. Nếu các cảm biến thu cùng lưu lượng, chạy riêng cho từng cảm biến.", "A flow that several captures saw counts several times. If the sensors saw the same traffic, audit one sensor at a time."),
    "packing-damaged": _and("Chỉ đọc được phần trước chỗ hỏng.", "Only what precedes the damage was read.", _COPY),
    "same-content": Text("Các luồng của tệp này đã được tính một lần ở tệp kia, không tính hai lần. Bỏ bản sao ra.", "Its flows were counted with the other file, not twice. Leave the copy out."),
    "samples-dropped": Text("Thiết bị thiếu tài nguyên nên lượng dữ liệu ước tính thấp hơn thực tế. Giảm tần suất lấy mẫu.", "The switch lacked resources, so that volumes are estimated too low. Sample less often."),
    "several-in-one": Text("Khung Wi-Fi gộp nhiều gói tin (A-MSDU) không được đọc. Thu lại phía sau điểm truy cập.", "Wi-Fi frames that join several packets (A-MSDU) were not read. Capture behind the access point."),
    "snapped": _and("Số byte vẫn tính theo độ dài gốc; tên máy chủ và giao thức có thể không nhận ra được.", "Bytes are still counted by the original length; names and protocols may go unrecognised.", _SNAPLEN),
    "truncated-header": _and("Tệp quá ngắn, không đọc được gói tin nào.", "The file is too short; no packet was read.", _COPY),
    "truncated-record": _and("Mọi gói tin trước chỗ cắt đã được đọc; phần còn lại bị mất.", "All packets before the cut were read; the rest is lost.", _COPY),
    "tunnelled": Text("Không biết loại đường hầm nên có thể không thấy hai đầu thật. Xem tunnel.log hoặc kiểm tra tệp lưu lượng gốc.", "The kind of tunnel is not known; the real ends may be hidden. See tunnel.log or audit the capture."),
    "unknown-format": Text("Tệp không phải pcap, pcapng hay conn.log của Zeek nên không được đọc. Chuyển đổi định dạng hoặc bỏ tệp ra.", "The file is no pcap, pcapng or Zeek conn.log and was not read. Convert it or leave it out."),
    "unknown-link-type": Text("Gói tin của loại liên kết này không được đọc. Thu trên giao diện Ethernet hoặc chuyển đổi tệp.", "Packets of this link type were not read. Capture on an Ethernet interface or convert the file."),
    "unknown-packing": Text("Tệp con được nén bằng phương thức chưa hỗ trợ nên không được đọc. Giải nén rồi nêu thư mục khi chạy.", "The member is packed by a method that is not read. Unpack it and name the folder."),
    "unknown-protocol": Text("Bản ghi không nêu giao thức IP, được ghi là 255. Bật trường ip_proto trong Zeek.", "The record names no IP protocol and stands as 255. Log the field ip_proto in Zeek."),
    "unreadable-file": Text("Nội dung tệp không nằm trong báo cáo. Kiểm tra quyền đọc và ổ đĩa rồi chạy lại.", "What the file holds is not in this report. Check permissions and disk, then audit again."),
    "vendor-fields": Text("Trường riêng của hãng bị bỏ qua, các trường chuẩn vẫn được đọc. Không cần làm gì thêm.", "Fields of vendors were passed over, standard ones were read. Nothing needs to be done."),
    "wrong-columns": _and("Dòng có số cột khác với phần đầu nên không được đọc.", "The line has other columns than its header and was not read.", _SENSOR),
}
"""What each kind means and what somebody can do, for those who do not read the tool's English."""
# fmt: on
