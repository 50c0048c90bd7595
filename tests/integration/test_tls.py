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
    "httpx with a transport of its own": """
    import httpx
    async with httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(retries=1)) as client:
        yield (await client.get('https://no.such.host.example/x')).json()
    """,
    "httpx that reads no environment": """
    import httpx
    yield httpx.get('https://no.such.host.example/x', trust_env=False).json()
    """,
    "requests that reads no environment": """
    import requests
    with requests.Session() as session:
        session.trust_env = False
        yield session.get('https://no.such.host.example/x', timeout=9).json()
    """,
    "urllib3": "import urllib3\nyield urllib3.PoolManager().request('GET', 'https://no.such.host.example/x').json()",
    "a context of certifi's": """
    import certifi, json
    context = ssl.create_default_context(cafile=certifi.where())
    yield json.load(urllib.request.urlopen('https://no.such.host.example/x', timeout=9, context=context))
    """,
    "an IPv4 address": "import requests\nyield requests.get('https://93.184.215.14/x?no.such.host', timeout=9).json()",
    "an IPv6 address": "import requests\nyield requests.get('https://[2001:db8::9]/x?no.such.host', timeout=9).json()",
    "a host with an underline": "import requests\nyield requests.get('https://no_such.no.such.host/x', timeout=9).json()",
    "a host in another script": "import requests\nyield requests.get('https://bücher.no.such.host/x', timeout=9).json()",
    "an absolute host": "import requests\nyield requests.get('https://no.such.host.example./x', timeout=9).json()",
    "a port of its own": "import requests\nyield requests.get('https://no.such.host.example:8443/x', timeout=9).json()",
    "http without tls": "yield (await http_async_client.get('http://no.such.host.example:8080/x')).json()",
}


@pytest.mark.parametrize("client", CLIENTS)
async def test_a_host_that_does_not_exist_is_answered(tmp_path: Path, client: str) -> None:
    transport = InterceptTransport().add_route("GET", "no.such.host", ANSWER)
    result = await resync(integration(tmp_path, CLIENTS[client]), transport)
    assert result.errors == []
    assert values(result) == {"1": "stub"}


async def test_a_client_that_trusts_something_else_gets_an_error_and_no_data(tmp_path: Path) -> None:
    handler = """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations("/usr/share/ca-certificates/mozilla/ISRG_Root_X1.crt")
    yield [{"id": 1, "value": urllib.request.urlopen("https://no.such.host.example/x", timeout=9, context=context).read().decode()}]
    """
    transport = InterceptTransport().add_route("GET", "/x", ANSWER)
    result = await resync(integration(tmp_path, handler), transport, fail_on_egress=False)
    assert result.upserted_entities == []
    assert "CERTIFICATE_VERIFY_FAILED" in str(result.errors[0])
    assert [(each.host, each.port, each.protocol) for each in result.egress_attempts] == [
        ("no.such.host.example", 443, "TLS")
    ]
    assert "UNKNOWN_CA" in result.egress_attempts[0].reason


async def test_verification_is_strict_and_the_certificate_is_for_one_host(tmp_path: Path) -> None:
    handler = """
    context = ssl.create_default_context()
    strict = bool(context.verify_flags & ssl.VERIFY_X509_STRICT) and ssl.VERIFY_X509_STRICT != 0
    context.check_hostname = True
    with socket.create_connection(("one.example", 443), timeout=5) as plain:
        with context.wrap_socket(plain, server_hostname="one.example") as secure:
            names = [name for _, name in secure.getpeercert()["subjectAltName"]]
    yield [{"id": 1, "value": [strict, names]}]
    """
    result = await resync(integration(tmp_path, handler), InterceptTransport())
    assert result.errors == []
    assert values(result) == {"1": [True, ["one.example"]]}


async def test_the_environment_names_neither_proxy_nor_bundle(tmp_path: Path) -> None:
    handler = """
    telling = [name for name in os.environ if name.upper().endswith(("_PROXY", "_BUNDLE", "CERT_FILE", "_CERTS", "_PATH"))]
    yield [{"id": 1, "value": [name for name in telling if name not in ("PYTHONPATH",)]}]
    """
    result = await resync(integration(tmp_path, handler), InterceptTransport())
    assert result.errors == []
    assert values(result) == {"1": []}
