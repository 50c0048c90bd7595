"""Certificates are verified, and every client finds the stubs."""

from pathlib import Path

import pytest

from harness import InterceptTransport

from .factories import integration, resync, values

pytestmark = [pytest.mark.integration, pytest.mark.asyncio]

ANSWER = {"json": [{"id": 1, "value": "stub"}]}
CLIENTS = {
    "httpx": "yield (await http_async_client.get('https://no.such.host.example/x')).json()",
    "requests": "import requests\nyield requests.get('https://no.such.host.example/x', timeout=9).json()",
    "urllib": "import json\nyield json.load(urllib.request.urlopen('https://no.such.host.example/x', timeout=9))",
    "http without tls": "yield (await http_async_client.get('http://no.such.host.example:8080/x')).json()",
}


@pytest.mark.parametrize("client", CLIENTS)
async def test_a_host_that_does_not_exist_is_answered(tmp_path: Path, client: str) -> None:
    transport = InterceptTransport().add_route("GET", "no.such.host", ANSWER)
    result = await resync(integration(tmp_path, CLIENTS[client]), transport)
    assert result.errors == []
    assert values(result) == {"1": "stub"}


async def test_another_ca_gets_an_error_and_no_data(tmp_path: Path) -> None:
    # The container trusts what the variable names: the public CAs of certifi know nothing of ours.
    handler = """
    import certifi
    context = ssl.create_default_context(cafile=certifi.where())
    opener = urllib.request.build_opener(urllib.request.ProxyHandler(), urllib.request.HTTPSHandler(context=context))
    yield [{"id": 1, "value": opener.open("https://no.such.host.example/x", timeout=9).read().decode()}]
    """
    result = await resync(integration(tmp_path, handler), InterceptTransport().add_route("GET", "/x", ANSWER))
    assert result.upserted_entities == []
    assert "CERTIFICATE_VERIFY_FAILED" in str(result.errors[0])


async def test_all_hosts_have_one_key_that_is_not_the_cas(tmp_path: Path) -> None:
    # Otherwise WireMock makes one for each host, which takes up to a second: see docker/wiremock/OneKey.java.
    handler = """
    import http.client
    for host in ("one.example", "another.example"):
        connection = http.client.HTTPSConnection("wiremock", 8080, context=ssl.create_default_context())
        connection.set_tunnel(host, 443)
        connection.connect()
        yield [{"id": host, "value": connection.sock.getpeercert(binary_form=True).hex()}]
    ca = open(os.environ["SSL_CERT_FILE"]).read()
    yield [{"id": "ca", "value": ssl.PEM_cert_to_DER_cert(ca).hex()}]
    """
    result = await resync(integration(tmp_path, handler), InterceptTransport())
    keys = {name: _modulus(bytes.fromhex(value)) for name, value in values(result).items()}
    assert keys["one.example"] == keys["another.example"] != keys["ca"]


def _modulus(certificate: bytes) -> bytes:
    """The modulus of an RSA key of 2,048 bits: an INTEGER of 257 bytes, the first of which is 0 (X.690, 8.3)."""
    _, found, rest = certificate.partition(b"\x02\x82\x01\x01\x00")
    assert found
    return rest[:256]
