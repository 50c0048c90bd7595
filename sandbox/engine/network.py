"""The two small networks of a sandbox: one closed, one that only lets this machine in."""

import random
import time
from ipaddress import IPv4Network

import docker.errors
from docker.models.networks import Network
from testcontainers.core.docker_client import DockerClient

from sandbox.engine.connection import refusing
from sandbox.engine.owner import Owner
from sandbox.errors import EngineError, EngineUnreachableError
from sandbox.settings import SANDBOX_PREFIX, Settings

_TRIES = 64
_REMOVE_TRIES = 50
_REMOVE_SECONDS = 0.02


def create_closed(client: DockerClient, owner: Owner, settings: Settings) -> Network:
    """The network of the resync container: no route to the outside, and none to the engine's own host.

    An ``internal`` network still has the host's address on its bridge, and with it whatever listens on the host;
    ``inhibit_ipv4`` takes that address away.
    """
    return _create(
        client, owner, settings, "closed", internal=True, options={"com.docker.network.bridge.inhibit_ipv4": "true"}
    )


def services(closed: Network) -> str:
    """The address that WireMock and the Port mock have on a closed network: the last, as the engine hands out the first."""
    return str(IPv4Network(subnet(closed))[-2])


def subnet(closed: Network) -> str:
    """The addresses of a network, as ``10.9.8.0/28``."""
    (pool,) = closed.attrs["IPAM"]["Config"]
    return str(pool["Subnet"])


def create_published(client: DockerClient, owner: Owner, settings: Settings) -> Network:
    """The network through which this machine reaches published ports. Without masquerading nothing leaves by it."""
    return _create(
        client,
        owner,
        settings,
        "published",
        internal=False,
        options={
            "com.docker.network.bridge.enable_ip_masquerade": "false",
            "com.docker.network.bridge.enable_icc": "false",
        },
    )


def remove(each: Network) -> bool:
    """Remove it; whether it is gone."""
    # A container's stream ends a moment before the engine takes it off the network.
    for _ in range(_REMOVE_TRIES):
        try:
            each.remove()
        except docker.errors.NotFound:
            return True
        except EngineUnreachableError:
            return False
        except docker.errors.APIError:
            time.sleep(_REMOVE_SECONDS)
        else:
            return True
    return False


def _create(
    client: DockerClient, owner: Owner, settings: Settings, role: str, *, internal: bool, options: dict[str, str]
) -> Network:
    # The engine's own choice would be a /16 each, of which it has about thirty.
    slots = list(settings.subnets.subnets(new_prefix=SANDBOX_PREFIX))
    error: docker.errors.APIError | None = None
    for subnet in random.sample(slots, min(_TRIES, len(slots))):
        try:
            return client.client.networks.create(
                f"ocean-sandbox-{role}-{owner.identifier}-{subnet.network_address}",
                driver="bridge",
                internal=internal,
                options=options,
                labels=owner.labels(role),
                ipam=docker.types.IPAMConfig(pool_configs=[docker.types.IPAMPool(subnet=str(subnet))]),
            )
        except docker.errors.APIError as failed:
            if "overlap" not in str(failed).lower() and "already exists" not in str(failed):
                with refusing("make a network"):
                    raise
            error = failed
    raise EngineError(
        f"The engine has no room for another network in {settings.subnets}: {error}",
        remedy="`ocean-sandbox reap` removes what dead runs left behind; OCEAN_SANDBOX_SUBNETS sets another range.",
    )
