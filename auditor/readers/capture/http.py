"""HTTP/1 requests and HTTP/2 over clear text: the host asked for (compiled).

RFC 9112 (Host, absolute URI), RFC 9113 (HTTP/2).
"""

from __future__ import annotations

from auditor.readers.capture.http2 import authority
from auditor.readers.capture.layout import HTTP, HTTP2, HTTP_HOST, ROOM, Bytes, State
from auditor.readers.capture.naming import client_is, plain_name, told
from auditor.readers.capture.numbers import compiled

NO, DONE, MORE = 0, 1, 2
"""Not this protocol; nothing more to learn; more bytes would tell more."""


@compiled
def begins(data: Bytes, p: int, end: int, text: bytes) -> bool:
    """Whether the bytes at a place begin with a text."""
    if end - p < len(text):
        return False
    for i in range(len(text)):
        if data[p + i] != text[i]:
            return False
    return True


@compiled
def asks_options(data: Bytes, p: int, end: int) -> bool:
    """Whether these are the OPTIONS of HTTP; RTSP, SIP and ICAP have a method of that name too."""
    return (
        begins(data, p, end, b"OPTIONS /") or begins(data, p, end, b"OPTIONS http")
        or begins(data, p, end, b"OPTIONS * HTTP/")
    )  # fmt: skip


@compiled
def http_host(s: State, row: int, data: Bytes, p: int, end: int) -> bool:
    """Takes the Host header (or the absolute URI's host) out of an HTTP/1 request.

    False if neither was there and the header goes on beyond ``end``.
    """
    while p < end and data[p] != 32:
        p += 1
    p += 1
    if begins(data, p, end, b"http://"):
        start = p + 7
        stop = start
        while stop < end and data[stop] != 47 and data[stop] != 32 and data[stop] != 64:
            stop += 1
        if stop < end and data[stop] != 64:
            told(s, row, HTTP, plain_name(s, data, start, stop), HTTP_HOST)
            return True
    while p + 6 < end:
        if data[p] == 10:
            if data[p + 1] == 13 or data[p + 1] == 10:
                return True
            if (
                data[p + 1] | 32 == 104 and data[p + 2] | 32 == 111 and data[p + 3] | 32 == 115
                and data[p + 4] | 32 == 116 and data[p + 5] == 58
            ):  # fmt: skip
                start = p + 6
                while start < end and (data[start] == 32 or data[start] == 9):
                    start += 1
                stop = start
                while stop < end and data[stop] > 32:
                    stop += 1
                if stop == end:  # the name goes on beyond what is here
                    return False
                told(s, row, HTTP, plain_name(s, data, start, stop), HTTP_HOST)
                return True
        p += 1
    return p + 1 < end and data[p] == 10 and (data[p + 1] == 13 or data[p + 1] == 10)


@compiled
def http(s: State, row: int, direction: int, data: Bytes, p: int, end: int) -> int:
    """Recognises an HTTP/1 message or the HTTP/2 preface: ``NO``, ``DONE`` or ``MORE``."""
    if end - p < 8:
        return NO
    if begins(data, p, end, b"HTTP/1."):
        client_is(s, row, 1 - direction)
        told(s, row, HTTP, -1, 0)
        return DONE
    if begins(data, p, end, b"PRI * HTTP/2"):
        client_is(s, row, direction)
        length = authority(data, p, end, s.scratch, s.scratch[ROOM:])
        told(s, row, HTTP2, plain_name(s, s.scratch, 0, length), HTTP_HOST)
        return MORE if length == 0 else DONE
    connect = begins(data, p, end, b"CONNECT ")
    if connect or (
        begins(data, p, end, b"GET ") or begins(data, p, end, b"POST ")
        or begins(data, p, end, b"PUT ") or begins(data, p, end, b"HEAD ")
        or begins(data, p, end, b"DELETE ") or asks_options(data, p, end)
        or begins(data, p, end, b"PATCH ") or begins(data, p, end, b"TRACE ")
        or begins(data, p, end, b"PROPFIND ") or begins(data, p, end, b"REPORT ")
    ):  # fmt: skip
        client_is(s, row, direction)
        told(s, row, HTTP, -1, 0)
        if not http_host(s, row, data, p, end):
            return MORE
        return NO if connect else DONE  # through a proxy a hello may follow
    return NO
