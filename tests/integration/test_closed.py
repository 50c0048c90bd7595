"""The outside is closed: nothing that a handler tries leads out of the sandbox."""

import ipaddress
import socket
from pathlib import Path

import pytest

from sandbox import engine, images
from sandbox.settings import load

from .factories import integration, resync

pytestmark = [pytest.mark.integration, pytest.mark.asyncio]

ATTEMPTS = {
    "a socket to a public address": "socket.create_connection(('1.1.1.1', 443), timeout=5)",
    "a socket to a public address over UDP": """
    probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    probe.settimeout(4)
    probe.connect(('1.1.1.1', 53))
    probe.send(b'\\x00\\x01\\x01\\x00\\x00\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x07example\\x03org\\x00\\x00\\x01\\x00\\x01')
    probe.recv(512)
    """,
    "a public name": "socket.getaddrinfo('example.org', 443)",
    "a client that ignores the proxy": """
    import httpx
    httpx.get('https://93.184.215.14/', trust_env=False, timeout=5, verify=False)
    """,
    "the gateway, where the engine's host would be": """
    address = socket.gethostbyname('wiremock').rsplit('.', 1)
    base = int(address[1]) - int(address[1]) % 16
    socket.create_connection((f'{address[0]}.{base + 1}', 22), timeout=5)
    """,
    "WireMock's admin API": """
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open('http://wiremock:8080/__admin/mappings', timeout=5)
    """,
    "the Port mock's control API": """
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open('http://port-mock:8001/captures', timeout=5)
    """,
}


@pytest.mark.parametrize("attempt", ATTEMPTS)
async def test_it_gets_nowhere(tmp_path: Path, attempt: str) -> None:
    lines = "\n".join(f"    {line.strip()}" for line in ATTEMPTS[attempt].strip().splitlines())
    handler = f"try:\n{lines}\nexcept OSError as error:\n    yield []\nelse:\n    yield [{{'id': 'out', 'value': 1}}]"
    if "httpx" in lines:
        handler = handler.replace("OSError", "(OSError, httpx.HTTPError)")
    result = await resync(integration(tmp_path, handler), fail_on_egress=False)
    assert result.errors == []
    assert result.upserted_entities == []


async def test_an_unmatched_host_is_not_passed_on(tmp_path: Path) -> None:
    result = await resync(integration(tmp_path, "yield [(await http_async_client.get('https://example.org/')).json()]"))
    assert result.upserted_entities == []
    assert [call.response.status_code for call in result.unmatched] == [404]


async def test_the_integration_has_little_power(tmp_path: Path) -> None:
    handler = """
    status = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)
    writable = [path for path in ("/", "/opt", "/usr", "/etc", "/home") if os.access(path, os.W_OK)]
    value = [os.getuid() != 0, int(status["CapEff"], 16), status["NoNewPrivs"], writable, os.path.exists("/var/run/docker.sock")]
    yield [{"id": 1, "value": value}]
    """
    result = await resync(integration(tmp_path, handler))
    assert result.errors == []
    assert result.upserted_entities[0]["properties"]["value"] == [True, 0, "1", [], False]


CONNECT = "import socket; socket.create_connection(({address!r}, {port}), timeout=3); print('reached')"


async def test_a_program_on_the_engines_host_is_out_of_reach(tmp_path: Path) -> None:
    with socket.create_server(("0.0.0.0", 0)) as listener:  # noqa: S104 # what a developer's database may do
        port = listener.getsockname()[1]
        client = engine.client().client
        # The engine does not say the gateway before a container has been on the network; it is its first address.
        subnets = [network["Subnet"] for network in client.api.inspect_network("bridge")["IPAM"]["Config"]]
        addresses = [str(next(ipaddress.ip_network(subnet).hosts())) for subnet in subnets]
        # A container on an ordinary network does reach it: otherwise this test would show nothing.
        (image,) = images.ensure([images.resync()], load(), engine.client())
        ordinary = client.containers.run(
            image,
            ["-c", CONNECT.format(address=addresses[0], port=port)],
            entrypoint="/opt/venv/bin/python",
            remove=True,
        )
        assert ordinary == b"reached\n"
        handler = f"""
        reached = []
        own = socket.gethostbyname("wiremock").rsplit(".", 1)
        gateway = f"{{own[0]}}.{{int(own[1]) // 16 * 16 + 1}}"
        for address in (*{addresses!r}, gateway):
            try:
                socket.create_connection((address, {port}), timeout=3)
            except OSError:
                continue
            reached.append(address)
        yield [{{"id": 1, "value": reached}}]
        """
        result = await resync(integration(tmp_path, handler), fail_on_egress=False)
    assert result.errors == []
    assert result.upserted_entities[0]["properties"]["value"] == []
