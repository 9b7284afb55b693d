"""What tshark found in the payload of a packet, by its own dissectors."""

from __future__ import annotations

from typing import Any, Final

from auditor.readers.second.packets import Basis, Client, Said, canonical, host_name, is_address

DNS_APPS: Final = ("dns", "mdns", "llmnr")
DNS_PORTS: Final = {53, 5353, 5355}


def said(layers: list[Any], ports: tuple[int, ...]) -> Said | None:
    """What tshark found in the payload, by the layers above the transport."""
    for layer in layers:
        name = layer.layer_name
        if name in ("tls", "dtls", "quic"):
            return _hello(layer, name)
        if name in DNS_APPS and DNS_PORTS.intersection(ports):  # else often a wrong guess
            return _dns(layer, name)
        if name == "http":
            client: Client = None
            if first(layer, "http.request.method"):
                client = "source"
            elif first(layer, "http.response.code"):
                client = "target"
            host = host_name(first(layer, "http.host") or "")
            return Said(client, "http", False, host, "http-host" if host else None)
        if name == "syslog":
            return Said("source", "syslog", False)
        if name == "ntp":
            mode = (number(layer, "ntp.flags") & 7) if layer.get_field("ntp.flags") else 0
            client = "source" if mode == 3 else "target" if mode == 4 else None
            return Said(client, "ntp", False)
    return None


def _hello(layer: Any, name: str) -> Said:  # noqa: ANN401 - pyshark has no types
    """What a TLS, DTLS or QUIC layer says."""
    prefix = "dtls" if name == "dtls" else "tls"
    kinds = every(layer, f"{prefix}.handshake.type")
    client: Client = "source" if "1" in kinds else "target" if "2" in kinds else None
    host = host_name(first(layer, f"{prefix}.handshake.extensions_server_name") or "")
    basis: Basis | None = None
    if host:
        basis = "quic-sni" if name == "quic" else "tls-sni"
    ech = "65037" in every(layer, f"{prefix}.handshake.extension.type")
    return Said(client, name, True, host, basis, ech=ech)


def _dns(layer: Any, name: str) -> Said | None:  # noqa: ANN401 - pyshark has no types
    """What a DNS, mDNS or LLMNR message asks and answers."""
    response = first(layer, "dns.flags.response")
    if response is None:
        return None
    reply = response in ("1", "True")
    host = host_name(first(layer, "dns.qry.name") or "")
    answers: list[tuple[str, str]] = []
    if reply and host and name == "dns":
        given = every(layer, "dns.a") + every(layer, "dns.aaaa")
        answers = [(host, canonical(address)) for address in given[:64] if is_address(address)]
    client: Client = None if name == "mdns" else "target" if reply else "source"
    basis: Basis | None = "dns-query" if host else None
    return Said(client, name, False, host, basis, tuple(answers))


def first(layer: Any, name: str) -> str | None:  # noqa: ANN401 - pyshark has no types
    """The first field of a name as tshark shows it."""
    field = layer._all_fields.get(name)
    return None if field is None else str(field.main_field.show or "")


def every(layer: Any, name: str, *, whole: bool = False) -> list[str]:  # noqa: ANN401 - pyshark has no types
    """All fields of a name; ``whole``: the bytes they stand in, as hex digits."""
    field = layer._all_fields.get(name)
    if field is None:
        return []
    if whole:
        return [str(each.unmaskedvalue or each.raw_value or "0") for each in field.all_fields]
    return [str(each.show or "") for each in field.all_fields]


def number(layer: Any, name: str) -> int:  # noqa: ANN401 - pyshark has no types
    """The bytes of the first field of a name as a number; 0 without it."""
    field = layer._all_fields.get(name)
    value = field.main_field.raw_value if field is not None else None
    try:
        return int(value, 16) if value else 0
    except ValueError:
        return 0
