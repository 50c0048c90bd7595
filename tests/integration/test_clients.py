"""Every client finds the stubs, at hosts of every form, with verification on; and none finds what it must not trust."""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import json
import re
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from harness import InterceptTransport, ResyncResult
from sandbox.engine import engine
from sandbox.front.certificates import CERTIFICATE, KEY, make_ca
from sandbox.images import images
from sandbox.settings import load

from .clients.answers import answer
from .factories import mapping, resync, values

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.asyncio]

DIRECTORY = Path(__file__).with_name("clients")
# The host as the third party sees it. Some clients drop the dot that ends an absolute name.
SEEN = {
    "plain": "api.things.example",
    "port": "api.things.example:8443",
    "IDN": "xn--bcher-kva.things.example",
    "underscore": "my_api.things.example",
    "IPv4": "93.184.215.14",
    "IPv6": "[2001:db8::9]",
    "trailing dot": "api.things.example",
}
CLIENTS = [
    *("httpx", "httpx with a transport of its own", "httpx, HTTP/2 only", "aiohttp", "aiohttp, trust_env", "requests"),
    *("requests, no trust_env", "urllib3", "urllib.request", "http.client", "pycurl", "boto3", "aiobotocore"),
    *("azure-core over aiohttp", "google-auth", "python-gitlab", "anthropic"),
]
# Cells without an answer: the client itself refuses, or asks for a name that DNS cannot have (libcurl as pycurl brings it
# along knows no IDN), before it asks anybody.
REFUSED = {
    ("pycurl", "IDN"): "Could not resolve host: bücher.things.example",
    ("boto3", "IDN"): "ValueError('Invalid endpoint",
    ("boto3", "underscore"): "ValueError('Invalid endpoint",
    ("aiobotocore", "IDN"): "ValueError('Invalid endpoint",
    ("aiobotocore", "underscore"): "ValueError('Invalid endpoint",
}
# What each client says, in its own words.
BAD_CERTIFICATES = {
    "another CA": r"unable to get local issuer certificate",
    "expired": r"certificate has expired",
    "another name": r"Hostname mismatch|doesn't match|no alternative certificate subject name matches",
}


def answered(request: httpx.Request) -> dict[str, Any]:
    """What the third party answers where it is asked who it is."""
    return {
        "body": answer(request.url.path, request.url.netloc.decode()),
        "headers": {"Content-Type": "application/json"},
    }


async def resync_of(
    kind: str,
    directory: Path = DIRECTORY,
    third_party: Callable[[httpx.Request], dict[str, Any]] = answered,
    **options: Any,
) -> ResyncResult:
    (resource,) = mapping()["resources"]
    return await resync(
        directory,
        InterceptTransport().add_route(None, "", third_party),
        port_mapping_config={"resources": [{**resource, "kind": kind}]},
        **options,
    )


async def test_each_client_is_answered_by_each_host() -> None:
    result = await resync_of("host")

    assert result.errors == []
    assert result.egress_attempts == []
    found = values(result)
    assert sorted(found) == sorted(CLIENTS)
    for client, cells in found.items():
        for host, cell in cells.items():
            if words := REFUSED.get((client, host)):
                assert words in cell, (client, host)
                cells[host] = SEEN[host]
            elif host == "trailing dot":
                cells[host] = cell.removesuffix(".")
    assert found == dict.fromkeys(CLIENTS, SEEN)


async def test_no_client_takes_a_certificate_that_is_bad(directory: Path) -> None:
    """With the very CA that it trusts, or one like it, so that nothing but this one fault is the reason."""
    result = await resync_of("certificate", directory)

    assert result.errors == []
    found = values(result)
    assert sorted(found) == sorted(CLIENTS)
    # The server has no HTTP/2; this client finds that out after it has accepted the certificate.
    assert "Server disconnected" in found["httpx, HTTP/2 only"].pop("trusted")
    assert {cells.pop("trusted") for cells in found.values() if "trusted" in cells} == {"localhost"}
    for client, cells in found.items():
        assert cells.keys() == BAD_CERTIFICATES.keys()
        for fault, words in BAD_CERTIFICATES.items():
            assert re.search(words, cells[fault]), (client, fault, cells[fault])


async def test_who_trusts_another_ca_is_not_answered() -> None:
    result = await resync_of("another-ca", fail_on_egress=False)

    assert result.errors == []
    found = values(result)
    assert sorted(found) == ["aiohttp", "httpx", "pycurl", "requests"]
    for client, cells in found.items():
        assert cells.keys() == SEEN.keys()
        for host, cell in cells.items():
            assert REFUSED.get((client, host), "unable to get local issuer certificate") in cell, (client, host)
    attempts = {(each.host, each.port, each.protocol) for each in result.egress_attempts}
    # curl completes the handshake and then hangs up, which is no failure on a port where a client may connect ahead of need.
    assert attempts == {(*host_and_port(seen), "TLS") for seen in SEEN.values()} | {("api.things.example", 8443, "")}
    reasons = {each.reason for each in result.egress_attempts}
    assert reasons == {
        "the handshake failed: TLSV1_ALERT_UNKNOWN_CA",
        "the handshake failed: the client hung up, as one does that does not trust the certificate",
        "it connected over TLS, and sent nothing",
    }


def host_and_port(netloc: str) -> tuple[str, int]:
    url = httpx.URL(f"https://{netloc}")
    return url.raw_host.decode(), url.port or 443


# What a client did, and what came of it.
EXCHANGED = {
    "requests keeps its connection": 1,
    "httpx keeps its connection": 1,
    "aiohttp keeps its connection": 1,
    "requests uploads in chunks": True,
    "httpx uploads in chunks": True,
    "aiohttp uploads in chunks": True,
    "requests uploads a form": ["multipart/form-data", True],
    "curl waits for 100 continue": [True, True, True],
    "boto3 puts an object": ['"whole"', 200],
    "requests reads compressed answers": ["compressed", "compressed"],
    "httpx reads compressed answers": ["compressed", "compressed"],
    "aiohttp reads compressed answers": ["compressed", "compressed"],
    "curl reads compressed answers": ["compressed", "compressed"],
    "requests follows to another host": "http://other.example:8080/seen",
    "httpx follows to another host": "http://other.example:8080/seen",
    "aiohttp follows to another host": "http://other.example:8080/seen",
    "urllib follows to another host": "http://other.example:8080/seen",
    "curl follows to another host": True,
    "http client asks for the head only": [[200, "gzip", False], [200, "gzip", True]],
    "requests downloads a stream": True,
    "httpx downloads a stream": True,
    "aiohttp downloads a stream": True,
    "anthropic streams events": "exchanges.example",
    "http2 has many streams at once": [1, True, True],
    "http2 uploads and downloads": [True, True],
    "requests sends a cookie back": "a=b",
}
UPLOAD = bytes(range(256)) * 400
DOWNLOAD = bytes(range(255)) * 2_000
EVENTS = [
    {"type": "message_start", "message": json.loads(answer("/v1/messages", "")) | {"content": [], "stop_reason": None}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "exchanges."}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "example"}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}},
    {"type": "message_stop"},
]


def exchanged(request: httpx.Request) -> dict[str, Any]:
    """What the third party answers where more is wanted than who it is."""
    uploaded = {
        "sha256": hashlib.sha256(request.content).hexdigest(),
        "length": len(request.content),
        "type": request.headers.get("content-type"),
    }
    answers: dict[str, dict[str, Any]] = {
        "/nothing": {"status_code": 204},
        "/upload": {"json": uploaded},
        "/bucket/upload": {"headers": {"ETag": '"whole"' if UPLOAD in request.content else '"torn"'}},
        "/gzip": {"body": gzip.compress(b"compressed"), "headers": {"Content-Encoding": "gzip"}},
        "/deflate": {"body": zlib.compress(b"compressed"), "headers": {"Content-Encoding": "deflate"}},
        "/elsewhere": {"status_code": 302, "headers": {"Location": "http://other.example:8080/seen"}},
        "/download": {"body": DOWNLOAD, "headers": {"X-Sha256": hashlib.sha256(DOWNLOAD).hexdigest()}},
        "/slow": {"json": dict(request.url.params), "delay": 0.5},
        "/cookie": {"json": {"cookie": request.headers.get("cookie")}, "headers": {"Set-Cookie": "a=b; Path=/"}},
        "/v1/messages": {
            "body": "".join(f"event: {each['type']}\ndata: {json.dumps(each)}\n\n" for each in EVENTS),
            "headers": {"Content-Type": "text/event-stream"},
        },
    }
    return answers.get(request.url.path) or answered(request)


async def test_what_else_clients_do() -> None:
    result = await resync_of("exchange", third_party=exchanged)

    assert result.errors == []
    assert result.egress_attempts == []
    assert values(result) == EXCHANGED


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """The integration, with certificates for servers on its own loopback."""
    copy = shutil.copytree(DIRECTORY, tmp_path / DIRECTORY.name)
    (copy / "certificates").mkdir()
    now, day = dt.datetime.now(dt.UTC), dt.timedelta(days=1)
    sandboxes, other = sandbox_ca(), new_ca(tmp_path)
    for name, ca, host, until in [
        ("trusted", sandboxes, "localhost", now + day),
        ("another CA", other, "localhost", now + day),
        ("expired", sandboxes, "localhost", now - day),
        ("another name", sandboxes, "api.things.example", now + day),
    ]:
        (copy / "certificates" / f"{name}.pem").write_bytes(leaf(*ca, host, until))
    return copy


def sandbox_ca() -> tuple[bytes, bytes]:
    """The certificate and the key of the CA that the integration trusts, from the image of the front."""
    client = engine.client()
    (front,) = images.ensure([images.front()], load(), client)
    return tuple(
        client.client.containers.run(front, ["cat", f"/opt/front/ca/{name}"], entrypoint="", remove=True)
        for name in (CERTIFICATE, KEY)
    )  # type: ignore[return-value] # two


def new_ca(folder: Path) -> tuple[bytes, bytes]:
    """One that nobody trusts, made in the same way."""
    make_ca(folder)
    return (folder / CERTIFICATE).read_bytes(), (folder / KEY).read_bytes()


def leaf(ca: bytes, ca_key: bytes, host: str, until: dt.datetime) -> bytes:
    """A certificate for ``host``, and its key."""
    issuer, key = x509.load_pem_x509_certificate(ca), ec.generate_private_key(ec.SECP256R1())
    signing = serialization.load_pem_private_key(ca_key, None)
    assert isinstance(signing, ec.EllipticCurvePrivateKey)
    identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)]))
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(until - dt.timedelta(days=30))
        .not_valid_after(until)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
        .sign(signing, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM) + private
