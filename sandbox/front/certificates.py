"""The sandbox's CA, and the certificates that it issues for whatever host is asked for.

The CA is made when the image is built (``python -m front.certificates FOLDER``), so that the images of integrations can
trust it in every bundle they hold. What it signs is complete by RFC 5280 (Authority Key Identifier and all), since
Python 3.13 verifies strictly.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
import sys
import tempfile
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CERTIFICATE, KEY = "ca.pem", "ca.key"
_DAY = dt.timedelta(days=1)
# Apple's and Chromium's limit for a leaf is 398 days; a sandbox lives for minutes.
_LEAF_DAYS = 90
_CA_DAYS = 3650
# A common name has 64 characters at most (RFC 5280, ub-common-name); the name that counts is the alternative one.
_COMMON_NAME = 64
_PROTOCOLS = ["h2", "http/1.1"]
_MOST_HOSTS = 4096


def make_ca(folder: Path) -> None:
    """Write a new CA: its certificate, and its key, which only its owner can read."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ocean-sandbox CA")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _DAY)
        .not_valid_after(now + _CA_DAYS * _DAY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / CERTIFICATE).write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / KEY).touch(mode=0o600)
    (folder / KEY).write_bytes(_pem(key))


class Context(ssl.SSLContext):
    """TLS as one host.

    Attributes:
        host: Its name or address, as the client wrote it.
    """

    host: str = ""


class Authority:
    """Issues a certificate for each host that is asked for, and holds the TLS settings that present it.

    All leaves share one key: what a client verifies is the CA's signature, and a new key for each costs time.

    Args:
        folder: Where :func:`make_ca` has written the CA.
    """

    def __init__(self, folder: Path) -> None:
        self.pem = (folder / CERTIFICATE).read_text()
        self._certificate = x509.load_pem_x509_certificate(self.pem.encode())
        key = serialization.load_pem_private_key((folder / KEY).read_bytes(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            message = f"{folder / KEY} is not an elliptic curve key: build the image again"
            raise TypeError(message)
        self._key = key
        self._leaf_key = ec.generate_private_key(ec.SECP256R1())
        self._context_of = lru_cache(_MOST_HOSTS)(self._context)

    def context(self, address: str) -> Context:
        """TLS for a connection to ``address``: as the host that the client names (SNI), or else as the address itself."""
        context = self._context_of(address)
        context.sni_callback = self._name
        return context

    def _name(self, connection: ssl.SSLObject, host: str | None, _: ssl.SSLContext) -> None:
        if host:
            connection.context = self._context_of(host)

    def _context(self, host: str) -> Context:
        context = Context(ssl.PROTOCOL_TLS_SERVER)
        context.host = host
        context.set_alpn_protocols(_PROTOCOLS)
        # ssl takes certificates from files only.
        with tempfile.NamedTemporaryFile() as file:
            file.write(self._leaf(host) + _pem(self._leaf_key))
            file.flush()
            context.load_cert_chain(file.name)
        return context

    def _leaf(self, host: str) -> bytes:
        now = dt.datetime.now(dt.UTC)
        issuer = self._certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        certificate = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:_COMMON_NAME])]))
            .issuer_name(self._certificate.subject)
            .public_key(self._leaf_key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _DAY)
            .not_valid_after(now + _LEAF_DAYS * _DAY)
            .add_extension(x509.SubjectAlternativeName(_names(host)), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._leaf_key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return certificate.public_bytes(serialization.Encoding.PEM)


def _names(host: str) -> list[x509.GeneralName]:
    try:
        return [x509.IPAddress(ipaddress.ip_address(host))]
    except ValueError:
        # Clients disagree on whether the dot that ends an absolute name belongs to what is verified.
        return [x509.DNSName(each) for each in dict.fromkeys((host, host.rstrip(".")))]


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


if __name__ == "__main__":
    make_ca(Path(sys.argv[1]))
