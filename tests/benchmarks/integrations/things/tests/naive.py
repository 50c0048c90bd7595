"""The same small tests the naive way: each starts a network, a WireMock, a Port mock and a resync container of its own,
one after the other, with testcontainers, as somebody would by hand.

The images are ours, so that only the way differs. ``BENCH_IMAGES`` names them.
"""

import io
import json
import os
import tarfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network

IMAGES = json.loads(os.environ["BENCH_IMAGES"])
INTEGRATION = Path(__file__).resolve().parent.parent
THINGS = [{"id": number, "value": number} for number in range(3)]
ENTITY = {"identifier": ".id | tostring", "blueprint": '"thing"', "properties": {"value": ".value"}}
MAPPING = {
    "resources": [
        {"kind": "thing", "selector": {"query": "true"}, "port": {"entity": {"mappings": ENTITY}}},
    ]
}
STUB = {
    "request": {"method": "GET", "urlPath": "/things"},
    "response": {"status": 200, "jsonBody": THINGS},
}
# Without a front, the integration has to be told another address.
RESYNC = {"THINGS_URL": "http://wiremock:8080"}


def answering(container: DockerContainer, port: int, health: str, **options: Any) -> httpx.Client:
    """A client of a container, once that answers."""
    # Not get_container_host_ip(): it is wrong where the engine runs beside us in one container, and costs a second.
    url = f"http://{os.environ['BENCH_HOST']}:{container.get_exposed_port(port)}"
    client = httpx.Client(base_url=url, trust_env=False, **options)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if client.get(health).is_success:
                return client
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    pytest.fail(f"{container.image} does not answer")


@contextmanager
def wiremock(network: Network) -> Iterator[httpx.Client]:
    container = (
        DockerContainer(IMAGES["wiremock"], stdin_open=True)
        .with_env("WIREMOCK_ADMIN", "bench:bench")
        .with_network(network)
        .with_network_aliases("wiremock")
        .with_exposed_ports(8080)
    )
    with container, closing(answering(container, 8080, "/__admin/health", auth=("bench", "bench"))) as client:
        yield client


@contextmanager
def port_mock(network: Network) -> Iterator[httpx.Client]:
    container = (
        DockerContainer(IMAGES["port-mock"], stdin_open=True)
        .with_env("PORT_MOCK_TOKEN", "bench")
        .with_network(network)
        .with_network_aliases("port-mock")
        .with_exposed_ports(8001)
    )
    token = {"Authorization": "Bearer bench"}
    with container, closing(answering(container, 8001, "/health", headers=token)) as client:
        yield client


def packed() -> bytes:
    """The integration."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        tar.add(INTEGRATION, "things")
    return buffer.getvalue()


def resync(network: Network) -> None:
    container = DockerContainer(IMAGES["resync"], entrypoint=["sleep", "infinity"]).with_network(network)
    for name, value in RESYNC.items():
        container.with_env(name, value)
    with container:
        container.get_wrapped_container().put_archive("/tmp", packed())  # noqa: S108 # the container's own
        code, output = container.exec(["/opt/venv/bin/python", "/tmp/things/tests/resync_once.py"])  # noqa: S108
        assert code == 0, output.decode()


def seed(port: httpx.Client) -> None:
    integration = {"identifier": "test-integration", "type": "test"}
    wanted: dict[str, Any] = {"blueprints": {}, "search_entities_response": []}
    port.put("/seed", json={"integration": integration, "mapping": MAPPING, **wanted}).raise_for_status()


@pytest.mark.parametrize("number", range(int(os.environ["BENCH_TESTS"])))
def test_things(number: int) -> None:  # noqa: ARG001 # there are many
    with Network() as network, wiremock(network) as third_party, port_mock(network) as port:
        third_party.post("/__admin/mappings", json=STUB).raise_for_status()
        seed(port)
        resync(network)
        upserted = port.get("/captures").json()["upserted_entities"]
    assert [entity["properties"]["value"] for entity in upserted] == [0, 1, 2]
