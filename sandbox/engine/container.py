"""One of our containers: hardened, labelled, and tied by its stdin to the process that started it."""

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Self

import docker.errors
from docker.models.networks import Network
from docker.utils.socket import STDOUT
from testcontainers.core.container import DockerContainer

from sandbox.engine import engine
from sandbox.engine.attached import Attached, frames
from sandbox.engine.connection import answering, refusing
from sandbox.engine.death import death_of
from sandbox.engine.location import location
from sandbox.engine.owner import ROLE, Owner
from sandbox.engine.tunnel import Tunnel
from sandbox.errors import EngineError, EngineUnreachableError
from sandbox.runner.jsonl import MARK

LOG_LINES = 20_000
# The container's own loopback, where nothing answers: look-ups fail after the second that `dns_opt` gives them.
NOBODY = "127.0.0.1"
_CUT_SECONDS = 1.0
# The engine takes the ports of a container that ends away a moment before its stream ends.
_END_SECONDS = 1.0
# The column of a socket's state in /proc/net/tcp, and what it is for one that listens: see proc(5).
_STATE, _LISTEN = 3, "0A"
# What Linux and Windows say of an address that is not theirs.
_NO_SUCH_ADDRESS = ("cannot assign requested address", "is not valid in its context")


class Container(DockerContainer):
    """A container that lives as long as this process holds its stdin, and no longer.

    testcontainers would watch over it with Ryuk, an image that cannot be had without a registry and of which every
    xdist worker would start its own. The lifeline needs neither: the engine closes stdin when this process ends,
    however it ends, the program inside exits, and the engine removes the container (AutoRemove).

    Args:
        image: Full name of the image.
        role: What it is for; part of its labels.
        owner: The process it belongs to.
        networks: The networks it is on, each with the names it has there; the first is its default.
        shares: A started container whose network it shares instead, addresses, name servers and all.
        entrypoint: The program, if it is not the image's own.
        memory: Memory limit, in Docker's notation.
        pids_limit: Processes and threads that it may have.
        temporary: Folders that it may write to (in memory), with their mount options.
        publish: Ports of the container to publish.
        addresses: Its fixed addresses, by the name of the network, which is not the first.
        capabilities: What it may do besides, for the program's first moment; it then runs as root until it drops them.
        sysctls: Settings of the kernel in its namespaces.
        read_only: Whether it may write to no more than the folders of ``temporary`` and ``/tmp``.
        cpu_shares: What it gets of a processor that others want as well, against their 1024; None for as much as they.
        on_line: Called with every line that the program writes to stdout, from a thread of this object.

    Attributes:
        on_end: Called once when the program has ended, from the same thread; may be set until :meth:`start`.
        ended_at: When it ended, by the clock of :func:`time.monotonic`.
        may_be_left: Whether :meth:`stop` could not tell the engine to remove it.
    """

    def __init__(
        self,
        image: str,
        *,
        role: str,
        owner: Owner,
        networks: Sequence[tuple[Network, Sequence[str]]] = (),
        shares: "Container | None" = None,
        entrypoint: Sequence[str] | None = None,
        memory: str,
        pids_limit: int,
        environment: dict[str, str] | None = None,
        temporary: dict[str, str] | None = None,
        publish: Sequence[int] = (),
        addresses: Mapping[str, str] | None = None,
        capabilities: Sequence[str] = (),
        sysctls: Mapping[str, str] | None = None,
        read_only: bool = True,
        cpu_shares: int | None = None,
        on_line: Callable[[bytes], None] | None = None,
    ) -> None:
        super().__init__(image)
        self._docker = engine.client()
        self.env = environment or {}
        self.started_at = 0.0
        self.log: deque[str] = deque(maxlen=LOG_LINES)
        self._marks = threading.Semaphore(0)
        self._tunnels: dict[int, Tunnel] = {}
        self.ended = threading.Event()
        self._networks = networks
        self._shares = shares
        self._addresses = addresses or {}
        self._attached: Attached | None = None
        self._stopped = False
        self._is_meant_to_end = False
        self._write_lock = threading.Lock()
        self._on_line = on_line or (lambda line: self.log.append(line.decode(errors="replace")))
        self.on_end: Callable[[], None] = lambda: None
        self.ended_at = 0.0
        self.may_be_left = False
        self._options: dict[str, Any] = {
            "labels": owner.labels(role),
            "name": f"ocean-sandbox-{role}-{owner.identifier}-{time.time_ns() % 10**9:09d}",
            "stdin_open": True,
            "auto_remove": True,
            "read_only": read_only,
            "tmpfs": {"/tmp": "rw,exec,nosuid,nodev,mode=1777", **(temporary or {})},  # noqa: S108 # the container's own
            "cap_drop": ["ALL"],
            "security_opt": ["no-new-privileges"],
            "mem_limit": memory,
            "memswap_limit": memory,
            "pids_limit": pids_limit,
            # Not every engine can: podman without root refuses it.
            **({"cpu_shares": cpu_shares} if cpu_shares is not None and engine.shares_processors() else {}),
            **({"entrypoint": list(entrypoint)} if entrypoint else {}),
            **({"cap_add": list(capabilities)} if capabilities else {}),
            **({"sysctls": dict(sysctls)} if sysctls else {}),
        }
        if shares is None:
            self._options |= {
                "ports": {f"{port}/tcp": (at,) for port in publish if (at := location().publish) is not None},
                # Never the host's own name server: where that listens on loopback, the engine would ask it even from a
                # closed network, and what is asked would leave. Nor the host's domains to search.
                "dns": [NOBODY],
                "dns_search": ["."],
                "dns_opt": ["timeout:1", "attempts:1"],
            }

    def start(self) -> Self:
        """Create it, hold on to its stdin, start it."""
        client = self.get_docker_client()
        if self._shares is not None:
            place: dict[str, Any] = {"network_mode": f"container:{self._shares.get_container_id()}"}
        else:
            first, names = self._networks[0]
            endpoint = client.client.api.create_endpoint_config(aliases=list(names))
            place = {"network": first.name, "networking_config": {str(first.name): endpoint}}
        try:
            with _publishing(), refusing(f"start {self.name}"):
                # testcontainers' own create would look for the image first, and in a container choose a network itself.
                self._container = client.client.containers.create(
                    self.image, environment=self.env, **place, **self._options
                )
                for network, names in self._networks[1:]:
                    address = self._addresses.get(str(network.name))
                    network.connect(self._container, aliases=list(names), ipv4_address=address)
                # Attached before the start, or the first lines could be lost.
                self._attached = self._attach()
                name = f"read {self.role}"
                threading.Thread(target=self._read, args=[self._attached.socket], name=name, daemon=True).start()
                self.started_at = time.time()
                client.start(self._container)
        except BaseException:
            self.stop()
            raise
        return self

    def _attach(self) -> Attached:
        """Its stdin, stdout and stderr."""
        with answering():
            try:
                attached = self.get_docker_client().client.api.attach_socket(
                    self.get_container_id(), {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
                )
            except AttributeError as error:  # docker-py looks for the socket of a connection that has been closed
                raise ConnectionResetError from error
        return Attached(attached)

    def send(self, data: bytes) -> None:
        """Write to its stdin.

        Raises:
            OSError: It has ended.
        """
        with self._write_lock:
            if self._attached is None:
                message = "the container was stopped"
                raise OSError(message)
            self._attached.send(data)

    def share_processor(self, shares: int) -> None:
        """Change what it gets of a processor that others want as well, against their 1024."""
        if self._container is not None and engine.shares_processors():
            with contextlib.suppress(docker.errors.APIError, EngineUnreachableError):  # it has ended
                self._container.update(cpu_shares=shares)

    def cut(self) -> None:
        """End its stdin, which kills the program in it within milliseconds; the engine then removes it automatically."""
        self._is_meant_to_end = True
        with self._write_lock:
            if self._attached is not None:
                self._attached.end_writing()

    def stop(self, force: bool = True, delete_volume: bool = True) -> None:  # noqa: FBT001, FBT002 # testcontainers' own signature
        """Kill and remove it. Does nothing when it is gone already; an engine that is away is for the janitor to outlast."""
        self.cut()
        for tunnel in self._tunnels.values():
            tunnel.close()
        gone = self._attached is not None and self.ended.wait(_CUT_SECONDS)
        with self._write_lock:
            attached, self._attached = self._attached, None
            stopped, self._stopped = self._stopped, self._container is not None
        if self._container is not None and not stopped and not gone:
            try:
                self._container.remove(force=force, v=delete_volume)
            except EngineUnreachableError:
                self.may_be_left = True
            except docker.errors.APIError:  # already gone, or going
                pass
        if attached is not None:
            attached.close()

    def address(self, port: int) -> str:
        """Where one of the ports to publish is for this process, once it has started: host and port.

        Raises:
            ContainerDiedError: It has ended.
            EngineError: It runs, and the engine has not published the port.
        """
        if location().publish is None:
            if port not in self._tunnels:
                self._tunnels[port] = Tunnel(self._docker.client.api, self.get_container_id(), port)
            return self._tunnels[port].address
        # Asking the engine for the port would cost a poll of testcontainers'; the port is there once it is started.
        try:
            return location().at(self.get_docker_client().port(self.get_container_id(), port))
        except (docker.errors.NotFound, ConnectionError):  # testcontainers finds no such port
            if self.ended.wait(_END_SECONDS):
                raise death_of(self) from None
            raise EngineError(
                f"The engine did not publish port {port} of the container {self.name}, which is still running.",
                remedy="run the test again; if the error persists, see the engine's log: it must be able to publish ports on "
                f"{location().publish}.",
            ) from None

    def run_python(self, module: str, *arguments: str) -> Attached:
        """Start a module in it, beside its program, with the same Python.

        Raises:
            EngineError: It has ended, or the engine does not let a program in.
        """
        if self._container is None or self.ended.is_set():
            raise EngineError(f"The container {self.name} has ended.")
        with refusing(f"start {module} in {self.name}"), answering():
            python = self._container.attrs["Config"]["Entrypoint"][0]
            api = self.get_docker_client().client.api
            command = api.exec_create(self.get_container_id(), [python, "-P", "-m", module, *arguments], stdin=True)
            return Attached(api.exec_start(command["Id"], socket=True))

    def listens_on(self, port: int) -> bool:
        """Whether something in it listens on a port, asked inside, where no network is in the way."""
        try:
            api = self.get_docker_client().client.api
            command = api.exec_create(self.get_container_id(), ["cat", "/proc/net/tcp", "/proc/net/tcp6"])
            table = api.exec_start(command["Id"]).decode(errors="replace")
        except (docker.errors.APIError, EngineUnreachableError):
            return False
        rows = (line.split() for line in table.splitlines())
        return any(len(row) > _STATE and row[1].endswith(f":{port:04X}") and row[_STATE] == _LISTEN for row in rows)

    @property
    def identifier(self) -> str | None:
        """What the engine calls it; None where it could not be created."""
        return None if self._container is None else self._container.id

    @property
    def role(self) -> str:
        """What it is for."""
        return str(self._options["labels"][ROLE])

    @property
    def memory(self) -> str:
        """Its memory limit, in Docker's notation."""
        return str(self._options["mem_limit"])

    @property
    def name(self) -> str:
        """Its name."""
        return str(self._options["name"])

    def lifeline(self) -> int:
        """The descriptor that holds its stdin, to be handed over to another process.

        Raises:
            EngineError: It has ended, or the engine is reached over TLS, whose state lives in this process.
        """
        if self._attached is None or not self._attached.is_descriptor:
            raise EngineError(
                f"The container {self.name} cannot be kept: it has stopped, or its engine is reached over TLS or SSH.",
                remedy="inspect it while the test waits (breakpoint()), or use an engine on this machine.",
            )
        return int(self._attached.socket.fileno())

    def wait_for_mark(self, seconds: float) -> None:
        """Return when the program has marked its log once more since the last call, or after ``seconds``."""
        self._marks.acquire(timeout=seconds)

    def end_of_log(self, lines: int = 25) -> str:
        """The last lines that it wrote to stderr."""
        return "\n".join(list(self.log)[-lines:])

    @property
    def has_died(self) -> bool:
        """Whether it has ended without being asked to."""
        return self.ended.is_set() and not self._is_meant_to_end

    def _keep(self, line: bytes) -> None:
        if line.endswith(MARK):
            line = line.removesuffix(MARK)
            self._marks.release()
            if not line:
                return
        self.log.append(line.decode(errors="replace"))

    def _read(self, stdin: Any) -> None:
        """Take apart what the program writes: stdout to ``on_line``, stderr to the log."""
        pending: dict[bool, list[bytes]] = {True: [], False: []}
        try:
            for stream, data in frames(stdin):
                is_answer = stream == STDOUT
                *lines, rest = data.split(b"\n")
                if lines:
                    lines[0] = b"".join([*pending[is_answer], lines[0]])
                    pending[is_answer].clear()
                pending[is_answer].append(rest)
                for line in lines:
                    if is_answer:
                        self._on_line(line)
                    else:
                        self._keep(line)
        except (OSError, ValueError):  # the socket was closed under us: stop() was called
            pass
        finally:
            if last := b"".join(pending[False]):
                self._keep(last)
            self._marks.release()
            self.ended_at = time.monotonic()
            self.ended.set()
            self.on_end()


@contextlib.contextmanager
def _publishing() -> Iterator[None]:
    """Within the block, an address that ports cannot be published on is explained."""
    try:
        yield
    except EngineError as error:
        if not any(sign in error.what for sign in _NO_SUCH_ADDRESS):
            raise
        where = location()
        raise EngineError(
            f"{error.what} Its ports were to be published on {where.publish} because {where.why}.", remedy=where.remedy
        ) from error
