"""Real TLS servers on loopback, and certificates for them."""

from __future__ import annotations

import datetime
import ipaddress
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


def named(name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


class Signed:
    """A certificate, its key, and who signed it (nobody = itself)."""

    def __init__(
        self, folder, name, by=None, *, days=90, ago=1, names=(), key=None, digest=None, ca=False
    ):
        self.key = key or ec.generate_private_key(ec.SECP256R1())
        now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
        builder = (
            x509.CertificateBuilder()
            .subject_name(named(name))
            .issuer_name(named(by.name if by else name))
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=ago))
            .not_valid_after(now + datetime.timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if names:
            held = [x509.DNSName(each) for each in names]
            held.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
            builder = builder.add_extension(x509.SubjectAlternativeName(held), critical=False)
        self.name = name
        self.certificate = builder.sign(by.key if by else self.key, digest or hashes.SHA256())
        self.der = self.certificate.public_bytes(serialization.Encoding.DER)
        self.pem = self.certificate.public_bytes(serialization.Encoding.PEM)
        self.path = folder / f"{name}.pem"
        self.path.write_bytes(self.pem)
        self.key_path = folder / f"{name}.key"
        self.key_path.write_bytes(
            self.key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.TraditionalOpenSSL,
                serialization.NoEncryption(),
            )
        )


def small_rsa():
    return rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - weak on purpose


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def awaited(port, process):
    for _ in range(200):
        if process.poll() is not None:
            raise AssertionError(f"the server ended: {process.stderr.read()[:2000]}")
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the server does not listen")


@contextmanager
def openssl_server(signed, *options, chain=()):
    port = free_port()
    command = [
        "openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", signed.path,
        "-key", signed.key_path, "-quiet", *options,
    ]  # fmt: skip
    if chain:
        bundle = signed.path.with_suffix(".chain")
        bundle.write_bytes(b"".join(each.pem for each in chain))
        command += ["-cert_chain", bundle]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        try:
            awaited(port, process)
            yield port
        finally:
            process.kill()


@contextmanager
def nginx_server(folder: Path, signed, *lines, chain=()):
    port = free_port()
    bundle = folder / "bundle.pem"
    bundle.write_bytes(signed.pem + b"".join(each.pem for each in chain))
    inside = "\n".join(f"    {line};" for line in lines)
    user = "user root;" if Path("/root").owner() == Path(folder).owner() == "root" else ""
    (folder / "nginx.conf").write_text(
        f"""{user}
daemon off; pid {folder}/pid; error_log {folder}/error.log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {bundle}; ssl_certificate_key {signed.key_path};
    location / {{ return 200 "ok"; }}
{inside}
  }}
}}
"""
    )
    with subprocess.Popen(
        [NGINX, "-c", folder / "nginx.conf", "-p", folder],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            awaited(port, process)
            yield port
        finally:
            process.terminate()
            process.wait(10)
