"""How tables call their columns: by the name of ours, the likeliest first.

Compared without accents, signs and capital letters: ``Địa chỉ nguồn`` is ``diachinguon``.
"""

# fmt: off
# ruff: noqa: E501 - tables of words
from __future__ import annotations

from typing import Final

NAMES: Final[dict[str, tuple[str, ...]]] = {
    "src_ip": (
        "srcip", "sourceip", "srcaddr", "sourceaddress", "sourceipaddress", "srcipaddress", "ipsrc",
        "srcaddress", "sourceaddr", "saddr", "ipv4srcaddr", "ipv6srcaddr", "diachinguon",
        "ipnguon", "diachiipnguon", "nguonip", "clientip", "cip", "clientaddress", "clientaddr",
        "originip", "initiatorip", "initiatoraddress", "localip", "localaddress", "src", "source",
        "nguon", "sourceipv4", "srcipv4", "client", "diachimaykhach", "ipmaykhach",
    ),
    "dst_ip": (
        "dstip", "destinationip", "destip", "dstaddr", "destinationaddress", "destinationipaddress",
        "dstipaddress", "destaddress", "dstaddress", "destinationaddr", "destaddr", "daddr", "ipdst",
        "ipv4dstaddr", "ipv6dstaddr", "diachidich", "ipdich", "diachiipdich", "dichip", "serverip",
        "sip", "serveraddress", "serveraddr", "targetip", "responderip", "responderaddress",
        "remoteip", "remoteaddress", "dst", "destination", "dest", "dich", "destinationipv4",
        "dstipv4", "server", "diachimaychu", "ipmaychu",
    ),
    "src_port": (
        "srcport", "sourceport", "sport", "l4srcport", "sourcetransportport", "congnguon", "portnguon",
        "clientport", "initiatorport", "localport", "spt",
    ),
    "dst_port": (
        "dstport", "destinationport", "destport", "dport", "l4dstport", "destinationtransportport",
        "congdich", "portdich", "serverport", "responderport", "targetport", "remoteport", "dpt",
    ),
    "protocol": (
        "protocol", "proto", "ipprotocol", "transport", "protocolidentifier", "transportprotocol",
        "networktransport", "protocolnumber", "ipproto", "protocolid", "giaothuc", "giaothucip",
    ),
    "start": (
        "start", "starttime", "flowstart", "sessionstart", "startdate", "firstseen", "firstswitched",
        "windowstart", "begintime", "begin", "starttimestamp", "firsttime", "first", "tsstart",
        "flowstarttime", "sessionstarttime", "batdau", "thoigianbatdau", "thoidiembatdau", "tugio",
        "eventstart", "datefirstseen",
    ),
    "end": (
        "end", "endtime", "flowend", "sessionend", "enddate", "lastseen", "lastswitched", "windowend",
        "stoptime", "stop", "endtimestamp", "lasttime", "last", "tsend", "flowendtime", "sessionendtime",
        "ketthuc", "thoigianketthuc", "thoidiemketthuc", "eventend", "datelastseen",
    ),
    "time": (
        "timestamp", "time", "datetime", "eventtime", "logtime", "date", "ts", "generatedtime",
        "receivetime", "timegenerated", "thoigian", "thoidiem", "ngaygio", "ngay", "timecreated",
        "devicetime", "rt", "createdat", "thoigianghinhan",
    ),
    "duration": (
        "duration", "elapsed", "elapsedtime", "sessionduration", "flowduration", "dur", "thoiluong",
        "durationms", "durationmsec", "durations", "durationseconds", "durationsec", "durationus",
        "durationns", "thoigiankeodai", "eventduration",
    ),
    "src_packets": (
        "srcpackets", "sourcepackets", "packetssent", "sentpackets", "sentpkt", "sentpkts", "pktssent",
        "packetsout", "outpackets", "outpkts", "spkts", "tospkts", "packetstoserver", "goigui",
        "goitingui", "sogoigui", "packetssrctodst", "clientpackets", "packets", "pkts", "packetcount",
        "numpackets", "inpkts", "sogoi", "goitin", "sogoitin", "networkpackets",
    ),
    "dst_packets": (
        "dstpackets", "destinationpackets", "destpackets", "packetsreceived", "receivedpackets",
        "rcvdpkt", "rcvdpkts", "packetsrcvd", "packetsrecv", "packetsin", "inpackets", "dpkts",
        "tocpkts", "packetstoclient", "goinhan", "goitinnhan", "sogoinhan", "packetsdsttosrc",
        "serverpackets",
    ),
    "src_bytes": (
        "srcbytes", "sourcebytes", "bytessent", "sentbytes", "sentbyte", "bytesout", "outbytes",
        "outoctets", "sbytes", "txbytes", "bytestx", "uploadbytes", "tosbytes", "bytestoserver",
        "bytesgui", "bytegui", "sobytegui", "dunggui", "luongdulieugui", "luuluonggui", "dulieugui",
        "bytessrctodst", "clientbytes", "bytes", "octets", "totalbytes", "bytecount", "numbytes",
        "inbytes", "sobyte", "byte", "luuluong", "dungluong", "tongbyte", "networkbytes",
    ),
    "dst_bytes": (
        "dstbytes", "destinationbytes", "destbytes", "bytesreceived", "receivedbytes", "rcvdbyte",
        "rcvdbytes", "bytesrcvd", "bytesrecv", "bytesrecvd", "bytesin", "inoctets", "dbytes",
        "rxbytes", "bytesrx", "downloadbytes", "tocbytes", "bytestoclient", "bytesnhan", "bytenhan",
        "sobytenhan", "luongdulieunhan", "luuluongnhan", "dulieunhan", "bytesdsttosrc", "serverbytes",
    ),
    "src_tcp_flags": ("srctcpflags", "tcpflags", "tcpflag"),
    "dst_tcp_flags": ("dsttcpflags",),
    "sampling": ("samplingrate", "samplerate", "sampling", "samplinginterval", "tylelaymau"),
    "app": ("app", "application", "appname", "applicationname", "ungdung", "l7protocol"),
    "host": (
        "hostname", "host", "domain", "domainname", "destinationdomain", "servername", "sni", "fqdn",
        "dsthost", "tenmien", "dsthostname", "destinationhostname", "url",
    ),
    "nat_src_ip": (
        "natsrcip", "natsourceip", "xlatesrcip", "translatedsourceip", "postnatsourceip",
        "natsourceaddress", "ipnguonnat",
    ),
    "nat_src_port": ("natsrcport", "natsourceport", "xlatesrcport", "translatedsourceport"),
    "nat_dst_ip": (
        "natdstip", "natdestinationip", "natdestip", "xlatedstip", "translateddestinationip",
        "postnatdestinationip", "natdestinationaddress", "ipdichnat",
    ),
    "nat_dst_port": ("natdstport", "natdestinationport", "natdestport", "xlatedstport"),
    "observer": (
        "interfaceid", "eniid", "networkinterfaceid", "exporter", "exporterip", "sensor", "sensorid",
        "observer", "deviceid",
    ),
    "blocked": (
        "action", "policyaction", "firewallaction", "verdict", "disposition", "decision", "status",
        "hanhdong", "ketqua", "trangthai", "eventaction", "ruleaction", "result",
    ),
    "skipped": ("logstatus",),
}

REFUSED: Final = (
    "deny", "denied", "drop", "dropped", "reject", "rejected", "block", "blocked", "refused",
    "discard", "discarded", "reset", "từ chối", "chặn", "bị chặn", "cấm",
)
"""What a log says of traffic that it refused, in small letters."""

IDLE: Final = ("nodata", "skipdata")

SECOND_HALVES: Final = {"kb": "KB", "mb": "MB", "gb": "GB", "kib": "KiB", "mib": "MiB", "gib": "GiB",
                        "bits": "bit", "kbit": "kbit", "mbit": "Mbit"}
"""Units of bytes behind a column's name."""

SPANS: Final = {"ms": "ms", "msec": "ms", "msecs": "ms", "millis": "ms", "milliseconds": "ms",
                "us": "us", "usec": "us", "microseconds": "us", "ns": "ns", "nanoseconds": "ns",
                "s": "s", "sec": "s", "secs": "s", "seconds": "s", "giay": "s"}
"""Units of durations likewise."""
# fmt: on
