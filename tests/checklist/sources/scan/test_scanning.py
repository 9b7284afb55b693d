"""What a scan says of real servers, and whom it never talks to."""

import datetime
import ipaddress
import shutil
import socket
import struct
import threading
import time
from contextlib import contextmanager

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa

from auditor.checklist.assessment import Endpoints
from auditor.checklist.sources.scan import scanned
from auditor.checklist.sources.scan.certificates import fits
from auditor.checklist.sources.scan.scanning import CONNECTIONS
from auditor.model.errors import InputError
from tests.checklist.sources.scan.servers import (
    NGINX,
    Signed,
    nginx_server,
    openssl_server,
    small_rsa,
)

pytestmark = pytest.mark.skipif(
    not (NGINX and shutil.which("openssl")),
    reason="nginx or openssl is not installed: `make test` installs them",
)

NAME = "api.example.vn"
NOW = datetime.datetime(2026, 11, 21, tzinfo=datetime.UTC)
LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
WEAKEST = ("-cipher", "ALL:COMPLEMENTOFALL:@SECLEVEL=0")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture(scope="module")
def root(folder):
    return Signed(folder, "root", ca=True)


@pytest.fixture(scope="module")
def good(folder, root):
    return Signed(folder, "good", root, names=(NAME,))


@pytest.fixture(scope="module")
def with_rsa(folder, root):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return Signed(folder, "with-rsa", root, names=(NAME,), key=key)


def listed(*ports, **more):
    plain = {"address": "127.0.0.1", "name": NAME} | more
    entries = [plain | {"port": port} for port in ports]
    return Endpoints.model_validate({"format": 1, "endpoints": entries})


def scan(port, roots=None, timeout_s=5.0, **more):
    found = scanned(
        listed(port, **more),
        own=LOOPBACK,
        forbidden=(),
        now=NOW,
        timeout_s=timeout_s,
        roots=roots.path if roots else None,
    )
    (endpoint,) = found.endpoints
    return endpoint


def accepted(endpoint):
    return {each.version: each.accepted for each in endpoint.versions}


def weak(endpoint):
    return {each.group: each.accepted for each in endpoint.weak}


# --- versions and suites -------------------------------------------------------------------------


def test_a_good_server_accepts_new_versions_only(good, root):
    with openssl_server(good, "-cipher", "ECDHE+AESGCM") as port:
        found = scan(port, root)
    assert found.state == "scanned"
    assert accepted(found) == {
        "TLS 1.3": True, "TLS 1.2": True, "TLS 1.1": False, "TLS 1.0": False, "SSL 3.0": False,
    }  # fmt: skip
    assert found.versions[0].suite == "TLS_AES_128_GCM_SHA256"
    assert found.versions[1].suite == "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"
    assert not any(weak(found).values())
    assert (found.chain_valid, found.chain_says) == (True, "")
    assert found.without_certificate == "not-asked"


def test_a_server_of_the_newest_version_only_is_not_asked_for_older_suites(good, root):
    with openssl_server(good, "-tls1_3") as port:
        found = scan(port, root)
    assert [name for name, is_accepted in accepted(found).items() if is_accepted] == ["TLS 1.3"]
    assert found.weak == ()
    assert len(found.chain) == 1, "TLS 1.3 hides certificates from all but a whole handshake"


def test_a_server_that_wants_another_curve_speaks_the_newest_version_too(good, root):
    with openssl_server(good, "-groups", "P-384") as port:
        found = scan(port, root)
    assert accepted(found)["TLS 1.3"] is True
    assert accepted(found)["TLS 1.2"] is True
    assert found.chain_valid is True


def test_an_old_server_is_found_old(with_rsa, root):
    with openssl_server(with_rsa, "-tls1", *WEAKEST) as port:
        found = scan(port, root)
    assert [name for name, is_accepted in accepted(found).items() if is_accepted] == ["TLS 1.0"]
    assert weak(found)["cbc-sha1"] is True
    assert found.chain_valid is True


def test_suites_without_encryption_or_certificate_are_found(with_rsa):
    with openssl_server(with_rsa, "-tls1_2", "-cipher", "aNULL:eNULL:@SECLEVEL=0") as port:
        found = scan(port)
    assert weak(found)["null-anon-export"] is True
    assert weak(found)["cbc-sha1"] is False


def test_nginx_with_old_versions_is_found_old(tmp_path, with_rsa, root):
    lines = ("ssl_protocols TLSv1 TLSv1.1 TLSv1.2", "ssl_ciphers ALL:@SECLEVEL=0")
    with nginx_server(tmp_path, with_rsa, *lines) as port:
        found = scan(port, root)
    assert accepted(found) == {
        "TLS 1.3": False, "TLS 1.2": True, "TLS 1.1": True, "TLS 1.0": True, "SSL 3.0": False,
    }  # fmt: skip
    assert weak(found)["cbc-sha1"] is True


# --- servers no OpenSSL offers any more, and hostile ones ----------------------------------------


@contextmanager
def pretending(answer, listener=None):
    """A server that answers each hello with what ``answer(hello)`` gives; counts connections."""
    served = []
    with listener or socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            while True:
                try:
                    peer, _ = listener.accept()
                except OSError:
                    return
                served.append(peer)
                with peer:
                    try:
                        hello = peer.recv(4096)
                        for piece in answer(hello):
                            peer.sendall(piece)
                    except OSError:
                        continue

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1], served
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def server_hello(version, suite):
    body = struct.pack("!H", version) + bytes(32) + b"\0" + struct.pack("!HB", suite, 0)
    message = b"\x02" + len(body).to_bytes(3, "big") + body + b"\x0e\0\0\0"
    return b"\x16" + struct.pack("!HH", version, len(message)) + message


def only(version, suite):
    def answer(hello):
        size = 2 * (hello[44] << 8 | hello[45]) // 2
        offered = hello[46 : 46 + size]
        pairs = {offered[i : i + 2] for i in range(0, len(offered), 2)}
        if hello[9:11] == struct.pack("!H", version) and struct.pack("!H", suite) in pairs:
            return [server_hello(version, suite)]
        return [b"\x15\x03\x00\x00\x02\x02\x28"]

    return answer


@pytest.mark.parametrize(
    ("version", "name", "suite", "group"),
    [
        (0x0300, "SSL 3.0", 0x0005, "rc4"),
        (0x0301, "TLS 1.0", 0x0003, "null-anon-export"),
        (0x0303, "TLS 1.2", 0x000A, "des"),
    ],
)
def test_what_the_local_openssl_cannot_offer_is_asked_for_all_the_same(version, name, suite, group):
    with pretending(only(version, suite)) as (port, served):
        found = scan(port)
    assert [each.version for each in found.versions if each.accepted] == [name]
    assert [each.group for each in found.weak if each.accepted] == [group]
    assert len(served) <= CONNECTIONS


def test_a_server_that_never_stops_talking_is_left(good):
    endless = b"\x16\x03\x03\x40\x00" + bytes(16384)
    with pretending(lambda _: [endless] * 64) as (port, _):
        found = scan(port, timeout_s=1.0)
    assert found.state == "no-tls"


def test_a_server_that_says_nothing_is_told_as_not_known():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        found = scan(listener.getsockname()[1], timeout_s=0.1)
    assert found.state == "no-tls"
    assert set(accepted(found).values()) == {None}


def test_a_server_that_drips_is_not_waited_for():
    def drips(hello):
        del hello
        for byte in server_hello(0x0303, 0xC02F):
            time.sleep(0.2)
            yield bytes([byte])

    with pretending(drips) as (port, _):
        found = scan(port, timeout_s=0.3)
    assert set(accepted(found).values()) == {None}


def test_an_endpoint_with_an_ipv6_address_is_scanned():
    try:
        listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no IPv6")
    with pretending(only(0x0303, 0x002F), listener) as (port, _):
        found = scan(port, address="::1")
    assert accepted(found)["TLS 1.2"] is True
    assert found.place == f"[::1]:{port} ({NAME})"


@pytest.mark.parametrize("words", [b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 400 Bad\r\n\r\n", b""])
def test_what_speaks_no_tls_is_told_so(words):
    with pretending(lambda _: [words]) as (port, _):
        found = scan(port, timeout_s=1.0)
    assert found.state == "no-tls"
    assert set(accepted(found).values()) == {False}


def test_where_nobody_listens_one_connection_is_tried():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    found = scan(port)
    assert (found.state, found.versions) == ("no-answer", ())
    assert "refused" in found.says


def test_an_endpoint_gets_few_connections(good):
    with pretending(only(0x0303, 0x002F)) as (port, served):
        scan(port)
    assert len(served) <= CONNECTIONS


# --- certificates --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"days": -1, "ago": 30}, "certificate has expired"),
        ({"days": 90, "ago": -30}, "certificate is not yet valid"),
    ],
)
def test_a_certificate_out_of_its_time_is_not_valid(folder, root, more, says):
    signed = Signed(folder, "untimely", root, names=(NAME,), **more)
    with openssl_server(signed) as port:
        found = scan(port, root)
    assert (found.chain_valid, found.chain_says) == (False, says)
    assert found.chain[0].not_after == signed.certificate.not_valid_after_utc


def test_a_self_signed_certificate_is_seen(folder, root):
    signed = Signed(folder, "self", names=(NAME,))
    with openssl_server(signed) as port:
        found = scan(port, root)
    assert found.chain[0].self_signed is True
    assert (found.chain_valid, found.chain_says) == (False, "self-signed certificate")


def test_a_chain_needs_its_intermediate(folder, root):
    between = Signed(folder, "between", root, ca=True)
    signed = Signed(folder, "below", between, names=(NAME,))
    with openssl_server(signed) as port:
        lacking = scan(port, root)
    with openssl_server(signed, chain=(between,)) as port:
        whole = scan(port, root)
    assert (lacking.chain_valid, len(lacking.chain)) == (False, 1)
    assert (whole.chain_valid, len(whole.chain)) == (True, 2)
    assert whole.chain[1].subject == "CN=between"


def test_a_stranger_to_the_roots_is_not_valid(folder, good):
    with openssl_server(good) as port:
        found = scan(port)  # the system's store does not know our root
    assert found.chain_valid is False


def test_what_a_certificate_says_is_taken_from_it(folder, root):
    signed = Signed(folder, "weak", root, names=(NAME,), key=small_rsa(), digest=hashes.SHA224())
    with openssl_server(signed, "-cipher", "ALL:@SECLEVEL=0") as port:
        found = scan(port, root)
    (certificate,) = found.chain
    assert (certificate.key, certificate.bits, certificate.hash) == ("RSA", 1024, "sha224")
    assert certificate.names == (NAME, "127.0.0.1")
    assert certificate.self_signed is False
    assert certificate.sha256 == signed.certificate.fingerprint(hashes.SHA256()).hex()


@pytest.mark.parametrize(
    ("held", "name", "address", "fit"),
    [
        (NAME, NAME, "10.20.0.1", True),
        (NAME, NAME.upper() + ".", "10.20.0.1", True),
        ("*.example.vn", NAME, "10.20.0.1", True),
        ("*.example.vn", "a.b.example.vn", "10.20.0.1", False),
        ("*.vn", "example.vn", "10.20.0.1", False),
        ("a*.example.vn", NAME, "10.20.0.1", False),
        ("www.example.vn", NAME, "127.0.0.1", False),
        ("www.example.vn", "", "127.0.0.1", True),
        ("www.example.vn", "", "10.20.0.1", False),
    ],
)
def test_names_fit_as_clients_compare_them(folder, root, held, name, address, fit):
    from auditor.checklist.sources.scan.certificates import certificate

    signed = Signed(folder, "fitting", root, names=(held,))
    assert fits(certificate(signed.der), name, address) is fit


@pytest.mark.parametrize("der", [b"", b"\x30\x82", b"\x30\x03\x02\x01\x01", b"\0" * 70_000])
def test_a_damaged_certificate_is_counted_as_unread(der):
    from auditor.checklist.sources.scan.certificates import certificates

    assert certificates([der]) == ((), 1)


# --- clients without certificate -----------------------------------------------------------------


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_a_server_that_demands_certificates_refuses_a_client_without(good, root, version):
    with openssl_server(good, version, "-Verify", "2", "-CAfile", root.path) as port:
        found = scan(port, root, client_certificate=True)
    assert found.without_certificate == "refused"
    assert found.chain_valid is True


def test_nginx_refuses_a_client_without_certificate_when_asked_for_a_page(tmp_path, good, root):
    demands = (f"ssl_client_certificate {root.path}", "ssl_verify_client on")
    with nginx_server(tmp_path, good, *demands) as port:
        found = scan(port, root, client_certificate=True)
    assert (found.without_certificate, found.without_says) == (
        "refused",
        "HTTP 400: no client certificate",
    )


def test_a_server_that_only_offers_to_look_at_certificates_accepts_a_client_without(
    tmp_path, good, root
):
    asks = (f"ssl_client_certificate {root.path}", "ssl_verify_client optional")
    with nginx_server(tmp_path, good, *asks) as port:
        found = scan(port, root, client_certificate=True)
    assert (found.without_certificate, found.without_says) == ("accepted", "HTTP 200")


def test_no_page_is_asked_for_where_no_certificate_is_demanded(tmp_path, good, root):
    with nginx_server(tmp_path, good) as port:
        found = scan(port, root)
    assert found.without_certificate == "not-asked"


# --- whom it never talks to ----------------------------------------------------------------------


def refused(endpoints, **more):
    around = {"own": LOOPBACK, "forbidden": ()} | more
    with pytest.raises(InputError) as caught:
        scanned(endpoints, now=NOW, timeout_s=0.5, **around)
    return caught.value


def endpoints_at(*addresses, **more):
    entries = [{"address": address, **more} for address in addresses]
    return Endpoints.model_validate({"format": 1, "endpoints": entries})


@pytest.mark.parametrize(
    "more",
    [
        {"own": (ipaddress.ip_network("10.20.0.0/16"),)},
        {"forbidden": (ipaddress.ip_network("127.0.0.1/32"),)},
        {"own": ()},
    ],
)
def test_nothing_is_sent_to_anybody_where_one_endpoint_is_not_ours(more):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        refused(listed(listener.getsockname()[1]), **more)
        with pytest.raises(TimeoutError):
            listener.accept()


def test_the_center_is_never_scanned_even_from_inside_our_networks():
    own = (ipaddress.ip_network("10.20.0.0/16"),)
    error = refused(
        endpoints_at("10.20.5.5", "10.20.9.9", "8.8.8.8"),
        own=own,
        forbidden=(ipaddress.ip_network("10.20.9.9/32"),),
    )
    assert "10.20.9.9 belongs to the Center or is the Agent Node" in error.message
    assert "8.8.8.8 is in none of the agency's own networks" in error.message
    assert "10.20.5.5" not in error.message


def test_an_address_in_another_form_is_the_same_address():
    error = refused(
        endpoints_at("::ffff:10.20.9.9"),
        own=(ipaddress.ip_network("::/0"), ipaddress.ip_network("10.20.0.0/16")),
        forbidden=(ipaddress.ip_network("10.20.9.9/32"),),
    )
    assert "10.20.9.9 belongs to the Center" in error.message


@pytest.mark.parametrize("name", ["a b", "a\r\nX: y", "-a", "tên.vn", "a" * 300])
def test_a_name_that_is_none_is_refused(name):
    error = refused(endpoints_at("127.0.0.1", name=name))
    assert "is no host name" in error.message


def test_no_endpoint_is_no_scan():
    assert "lists no endpoint" in refused(endpoints_at()).message


def test_roots_that_are_none_are_told_before_anything_is_sent(tmp_path):
    path = tmp_path / "roots.pem"
    path.write_text("no certificate")
    assert "holds no root certificates" in refused(listed(9), roots=path).message
    assert "cannot be read" in refused(listed(9), roots=tmp_path / "none.pem").message


def test_an_endpoint_listed_twice_is_scanned_once(good, root):
    done = []
    with openssl_server(good) as port:
        found = scanned(
            listed(port, port), own=LOOPBACK, forbidden=(), now=NOW, roots=root.path,
            advance=done.append,
        )  # fmt: skip
    assert len(found.endpoints) == len(done) == 1
    assert found.roots.startswith("root.pem (SHA-256 ")
