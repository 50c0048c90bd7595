"""Where published ports are, as far as it can be told without a container: see tests/integration/test_location.py."""

import os
import socket
import subprocess
import sys
from ipaddress import ip_interface
from typing import Any

import pytest

from sandbox.engine import engine
from sandbox.engine.location import (
    Location,
    _among,
    _at_host,
    _in_container,
    _overridden,
    _own_address_towards,
    location,
)
from sandbox.errors import EngineError
from tests.unit.sandbox.factories import ROOT, engine_at, fake_engine

ON_LOOPBACK = ("127.0.0.1", "127.0.0.1")


def network(name: str, *pools: dict[str, str]) -> dict[str, Any]:
    """A network as the engine tells of it."""
    return {"Name": name, "IPAM": {"Config": list(pools)}}


def own_address() -> str:
    """An address of this machine that is not loopback."""
    address = _own_address_towards("198.51.100.1")
    if address is None:
        pytest.skip("this machine has no network")
    return address


def placed(found: Location | None) -> tuple[str, str | None] | None:
    return (found.host, found.publish) if found else None


def test_an_engine_on_this_machines_socket_shares_its_loopback() -> None:
    with fake_engine(unix=True) as stand_in, engine_at(stand_in.address):
        engine.client()
        asked = list(stand_in.calls)

        assert placed(location()) == ON_LOOPBACK
        assert location().shares_loopback
        assert stand_in.calls == asked


def test_an_engine_on_this_machines_port_shares_its_loopback() -> None:
    with fake_engine() as stand_in, engine_at(stand_in.address):
        assert placed(location()) == ON_LOOPBACK


HOSTS: list[tuple[str, tuple[str, str]]] = [
    ("localhost", ON_LOOPBACK),
    ("127.0.0.1", ON_LOOPBACK),
    ("::1", ON_LOOPBACK),
]


ELSEWHERE = ["198.51.100.7", "2001:db8::7"]


@pytest.mark.parametrize(
    ("host", "expected"), [*HOSTS, *((host, (host, None)) for host in [*ELSEWHERE, "nobody.invalid"])]
)
def test_an_engine_at_another_machine_publishes_nothing(host: str, expected: tuple[str, str | None]) -> None:
    with fake_engine({"GET /networks": (200, [])}) as stand_in, engine_at(stand_in.address):
        assert placed(_at_host(host, engine.client(), "", elsewhere=None)) == expected


@pytest.mark.skipif(not _in_container(), reason="this machine is not a container, from which gateways are seen")
def test_an_engine_at_a_gateway_of_its_own_publishes_there() -> None:
    networks = [network("bridge", {"Subnet": "198.51.100.0/24", "Gateway": "198.51.100.7"})]
    with fake_engine({"GET /networks": (200, networks)}) as stand_in, engine_at(stand_in.address):
        assert placed(_at_host("198.51.100.7", engine.client(), "", elsewhere=None)) == ("198.51.100.7", "198.51.100.7")


@pytest.mark.parametrize(
    "networks",
    [
        [network("bridge", {"Subnet": "127.0.0.0/8", "Gateway": "127.0.0.1"})],
        [network("none"), network("other", {"Subnet": "198.51.100.0/24"}), network("a", {"Subnet": "127.0.0.0/8"})],
    ],
)
def test_a_gateway_that_is_ours_says_that_the_engine_is_here(networks: list[dict[str, Any]]) -> None:
    assert placed(_among(networks)) == ON_LOOPBACK


def test_on_a_network_of_the_engine_ports_are_on_its_gateway() -> None:
    subnet = ip_interface(f"{own_address()}/29").network
    gateway = next(str(host) for host in subnet.hosts() if str(host) != own_address())
    ours = network("ci", {"Subnet": str(subnet), "Gateway": gateway})

    found = _among([network("bridge", {"Subnet": "198.51.100.0/24", "Gateway": "198.51.100.1"}), ours])

    assert placed(found) == (gateway, gateway)
    assert found is not None
    assert "network ci" in found.why


@pytest.mark.parametrize(
    "networks",
    [
        [],
        [network("bridge")],
        [{"Name": "odd", "IPAM": None}, {"Name": "older"}],
        [network("bridge", {"Subnet": "198.51.100.0/24", "Gateway": "198.51.100.1"})],
        [network("six", {"Subnet": "2001:db8::/64", "Gateway": "2001:db8::1"})],
        [network("broken", {"Subnet": "x"})],
    ],
)
def test_on_none_of_the_engines_networks_nothing_is_known(networks: list[dict[str, Any]]) -> None:
    assert _among(networks) is None


ANYWHERE = "0.0.0.0"  # noqa: S104


@pytest.mark.parametrize(
    ("override", "expected"),
    [*HOSTS, *((host, (host, ANYWHERE)) for host in ELSEWHERE), ("[2001:db8::7]", ("2001:db8::7", ANYWHERE))],
)
def test_the_user_may_say_where_they_are(override: str, expected: tuple[str, str]) -> None:
    with fake_engine({"GET /networks": (200, [])}) as stand_in, engine_at(stand_in.address):
        assert placed(_overridden(override, engine.client())) == expected


@pytest.mark.parametrize("override", ["", "host.docker.internal"], ids=["its address", "Docker Desktop's name"])
def test_what_is_this_machines_own_opens_no_port_to_others(override: str) -> None:
    with fake_engine({"GET /networks": (200, [])}, unix=True) as stand_in, engine_at(stand_in.address):
        found = _at_host(override or own_address(), engine.client(), "the user says so", elsewhere=ANYWHERE)

        assert found.publish == ("127.0.0.1" if override else own_address())


@pytest.mark.parametrize("override", ["http://docker", "docker:2375", "a host", "nobody.invalid", "*"])
def test_what_cannot_be_a_host_is_refused_by_name(override: str) -> None:
    with (
        fake_engine(unix=True) as stand_in,
        engine_at(stand_in.address),
        pytest.raises(EngineError, match="TESTCONTAINERS_HOST_OVERRIDE is ") as raised,
    ):
        _overridden(override, engine.client())

    assert "without scheme or port" in raised.value.remedy


@pytest.mark.parametrize("variable", ["TESTCONTAINERS_HOST_OVERRIDE", "TC_HOST"])
def test_the_override_is_what_testcontainers_reads(variable: str) -> None:
    """A process of its own, because testcontainers reads the variable when it is imported."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("TC_", "TESTCONTAINERS_"))}
    code = "from sandbox.engine.location import location; print(location().host, location().publish)"
    with fake_engine({"GET /networks": (200, [])}) as stand_in:
        environment |= {"DOCKER_HOST": stand_in.address, "PYTHONPATH": str(ROOT), variable: "198.51.100.7"}
        told = subprocess.check_output([sys.executable, "-c", code], env=environment, text=True)

    assert told == "198.51.100.7 0.0.0.0\n"


@pytest.mark.parametrize(("host", "shown"), [("docker", "docker:1"), ("2001:db8::7", "[2001:db8::7]:1")])
def test_host_and_port_are_written_as_a_url_has_them(host: str, shown: str) -> None:
    assert Location(host, "0.0.0.0", "").at(1) == shown  # noqa: S104


def test_the_own_address_is_that_of_the_route() -> None:
    assert _own_address_towards("127.0.0.1") == "127.0.0.1"
    assert _own_address_towards("2001:db8::1") is None
    with socket.socket() as probe:
        probe.bind((own_address(), 0))
