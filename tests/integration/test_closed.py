"""The outside is closed: nothing that a handler tries leads out of the sandbox."""

import ipaddress
import socket
from pathlib import Path

import pytest

from sandbox.engine import engine
from sandbox.images import images
from sandbox.settings import load

from .factories import integration, resync

pytestmark = [pytest.mark.integration, pytest.mark.asyncio]

ATTEMPTS = {
    "a socket to a public address": """
    probe = socket.create_connection(('1.1.1.1', 5432), timeout=5)
    probe.send(b'\\x00' * 100)
    probe.recv(100)
    """,
    "a socket to a public address of IPv6": """
    probe = socket.create_connection(('2606:4700:4700::1111', 853), timeout=5)
    probe.send(b'\\x00' * 100)
    probe.recv(100)
    """,
    "a datagram to a public address": """
    probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    probe.settimeout(4)
    probe.connect(('1.1.1.1', 123))
    probe.send(b'\\x1b' + b'\\x00' * 47)
    probe.recv(512)
    """,
    "a datagram to a public address of IPv6": """
    probe = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    probe.settimeout(4)
    probe.connect(('2606:4700:4700::1111', 443))
    probe.send(b'x')
    probe.recv(512)
    """,
    "the gateway, where the engine's host would be": """
    address = socket.gethostbyname('wiremock').rsplit('.', 1)
    base = int(address[1]) - int(address[1]) % 16
    socket.create_connection((f'{address[0]}.{base + 1}', 22), timeout=5)
    """,
    "WireMock's admin API": """
    urllib.request.urlopen('http://wiremock:8080/__admin/mappings', timeout=5)
    """,
    "the Port mock's control API": """
    urllib.request.urlopen('http://port-mock:8001/captures', timeout=5)
    """,
}


# In place of interface and address: those of the engine's host, as an integration could find or guess them.
LINK_LOCAL = """
    sent = []
    for interface in ("eth0", "lo"):
        for kind, address, port in [
            (socket.SOCK_DGRAM, "ff02::1", 5353),
            (socket.SOCK_DGRAM, "fe80::1", 123),
            (socket.SOCK_STREAM, "fe80::1", 53),
            (socket.SOCK_STREAM, "fe80::1", 22),
        ]:
            try:
                with socket.socket(socket.AF_INET6, kind) as probe:
                    probe.settimeout(1)
                    probe.connect((address, port, 0, socket.if_nametoindex(interface)))
                    probe.send(b"x")
                    if interface == "eth0":
                        sent.append([address, port])
            except OSError:
                pass
    for address in ("224.0.0.251", "255.255.255.255"):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0")
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
                probe.sendto(b"x", (address, 5353))
                sent.append([address, 5353])
            except OSError:
                pass
    yield [{"id": 1, "value": [sent, sorted({line.split()[-1] for line in open("/proc/net/if_inet6")})]}]
"""


async def test_nothing_leaves_by_link_local_and_multicast_addresses(tmp_path: Path) -> None:
    result = await resync(integration(tmp_path, LINK_LOCAL), fail_on_egress=False)
    assert result.errors == []
    assert result.upserted_entities[0]["properties"]["value"] == [[], ["lo"]]


# What answers an echo request to a public address is this namespace's own kernel: nothing is sent by the interface.
ICMP = """
    import struct
    def packets_sent():
        (line,) = [line for line in open("/proc/net/dev") if line.strip().startswith("eth0:")]
        return int(line.split()[10])
    def ask(family, protocol, echo, address, kind):
        with socket.socket(family, kind, protocol) as probe:
            probe.settimeout(2)
            probe.connect((address, 0))
            probe.send(struct.pack("!BBHHH", echo, 0, 0, 1, 1) + b"x" * 8)
            return bool(probe.recv(100))
    first, _, last = socket.gethostbyname("wiremock").rpartition(".")
    gateway = f"{first}.{int(last) - int(last) % 16 + 1}"
    before = packets_sent()
    asked = [ask(socket.AF_INET, socket.IPPROTO_ICMP, 8, "1.1.1.1", socket.SOCK_DGRAM),
             ask(socket.AF_INET6, socket.IPPROTO_ICMPV6, 128, "2606:4700:4700::1111", socket.SOCK_DGRAM)]
    after = packets_sent()
    refused = []
    for address, kind in ((gateway, socket.SOCK_DGRAM), ("1.1.1.1", socket.SOCK_RAW)):
        try:
            ask(socket.AF_INET, socket.IPPROTO_ICMP, 8, address, kind)
        except OSError as error:
            refused.append(type(error).__name__)
    yield [{"id": 1, "value": [asked, after - before, refused]}]
"""


async def test_icmp_leads_nowhere(tmp_path: Path) -> None:
    result = await resync(integration(tmp_path, ICMP), fail_on_egress=False)
    assert result.errors == []
    assert result.upserted_entities[0]["properties"]["value"] == [[True, True], 0, ["TimeoutError", "PermissionError"]]
    assert {"1.1.1.1", "2606:4700:4700::1111"} <= {each.host for each in result.egress_attempts}


@pytest.mark.parametrize("attempt", ATTEMPTS)
async def test_it_gets_nowhere(tmp_path: Path, attempt: str) -> None:
    lines = "\n".join(f"    {line.strip()}" for line in ATTEMPTS[attempt].strip().splitlines())
    handler = f"try:\n{lines}\nexcept OSError as error:\n    yield []\nelse:\n    yield [{{'id': 'out', 'value': 1}}]"
    result = await resync(integration(tmp_path, handler), fail_on_egress=False)
    assert result.errors == []
    assert result.upserted_entities == []


async def test_a_public_name_and_any_name_server_lead_to_the_front(tmp_path: Path) -> None:
    handler = """
    import ipaddress
    own = ipaddress.ip_network("198.18.0.0/15")
    asked = socket.getaddrinfo("example.org", 443)[0][4][0]
    query = b"\\0\\1\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0\\7example\\3org\\0\\0\\1\\0\\1"
    answers = [asked]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.settimeout(4)
        udp.sendto(query, ("8.8.8.8", 53))
        answers.append(socket.inet_ntoa(udp.recv(512)[-4:]))
    with socket.create_connection(("8.8.4.4", 53), timeout=4) as tcp:
        tcp.sendall(len(query).to_bytes(2, "big") + query)
        answers.append(socket.inet_ntoa(tcp.recv(512)[-4:]))
    yield [{"id": 1, "value": [ipaddress.ip_address(each) in own for each in answers] + [len(set(answers))]}]
    """
    result = await resync(integration(tmp_path, handler))
    assert result.errors == []
    assert result.upserted_entities[0]["properties"]["value"] == [True, True, True, 1]
    assert result.egress_attempts == []


@pytest.mark.parametrize("host", ["93.184.215.14", "2606:4700:4700::1111", "example.org"])
async def test_whoever_answers_over_tls_is_the_front(tmp_path: Path, host: str) -> None:
    handler = f"""
    with socket.create_connection(({host!r}, 443), timeout=5) as plain:
        with ssl.create_default_context().wrap_socket(plain, server_hostname={host!r}) as secure:
            yield [{{"id": 1, "value": dict(pair for name in secure.getpeercert()["issuer"] for pair in name)["commonName"]}}]
    """
    result = await resync(integration(tmp_path, handler))
    assert result.errors == []
    assert result.upserted_entities[0]["properties"]["value"] == "ocean-sandbox CA"


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
        listener.settimeout(5)
        listener.accept()[0].close()
        handler = f"""
        own = socket.gethostbyname("wiremock").rsplit(".", 1)
        gateway = f"{{own[0]}}.{{int(own[1]) // 16 * 16 + 1}}"
        for address in (*{addresses!r}, gateway, "host.docker.internal", "172.17.0.1"):
            with contextlib.suppress(OSError):
                with socket.create_connection((address, {port}), timeout=3) as connection:
                    connection.sendall(b"is anybody there?")
        yield []
        """
        result = await resync(integration(tmp_path, handler, head="import contextlib"), fail_on_egress=False)
        listener.settimeout(0)
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert result.errors == []
