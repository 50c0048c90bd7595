"""A container of ours: hardened, labelled, and tied by its stdin to the process that started it."""

import contextlib
import socket
import ssl
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Self

import docker.errors
import requests.exceptions
from docker.models.networks import Network
from docker.utils.socket import STDOUT
from testcontainers.core.container import DockerContainer

from sandbox import engine
from sandbox.errors import EngineError
from sandbox.owner import ROLE, Owner
from sandbox.runner.lines import MARK

LOG_LINES = 20_000
# The container's own loopback, where nobody answers: look-ups fail after the second that `dns_opt` gives them.
NOBODY = "127.0.0.1"
_CUT_SECONDS = 1.0
# One byte for the stream, three of nothing, four for the size: the format of the engine's attach call.
_HEADER = struct.Struct(">BxxxL")


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
        dns: The name server for names of the outside; by default there is none.
        cpu_shares: What it gets of a processor that others want as well, against their 1024; None for as much as they.
        on_line: Called with every line that the program writes to stdout, from a thread of this object.
        on_end: Called once when the program has ended, from the same thread.
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
        dns: str = NOBODY,
        cpu_shares: int | None = None,
        on_line: Callable[[bytes], None] | None = None,
        on_end: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(image)
        self._docker = engine.client()
        self.env = environment or {}
        self.started_at = 0.0
        self.log: deque[str] = deque(maxlen=LOG_LINES)
        self._marks = threading.Semaphore(0)
        self.ended = threading.Event()
        self._networks = networks
        self._shares = shares
        self._addresses = addresses or {}
        self._stdin: Any = None
        self._stopped = False
        self._write_lock = threading.Lock()
        self._on_line = on_line or (lambda line: self.log.append(line.decode(errors="replace")))
        self._on_end = on_end or (lambda: None)
        # On the loopback of an engine elsewhere nobody could reach them; what listens asks for a secret anyway.
        address = "127.0.0.1" if engine.shares_loopback() else "0.0.0.0"  # noqa: S104
        self._options: dict[str, Any] = {
            "labels": owner.labels(role),
            "name": f"ocean-sandbox-{role}-{owner.identifier}-{time.time_ns() % 10**9:09d}",
            "stdin_open": True,
            "auto_remove": True,
            "read_only": True,
            "tmpfs": {"/tmp": "rw,exec,nosuid,nodev,mode=1777", **(temporary or {})},  # noqa: S108 # the container's own
            "cap_drop": ["ALL"],
            "security_opt": ["no-new-privileges"],
            "mem_limit": memory,
            "memswap_limit": memory,
            "pids_limit": pids_limit,
            # Not every engine can: podman without root refuses it.
            **({"cpu_shares": cpu_shares} if cpu_shares is not None and engine.shares_processors() else {}),
            **({"entrypoint": list(entrypoint)} if entrypoint else {}),
        }
        if shares is None:
            self._options |= {
                "ports": {f"{port}/tcp": (address,) for port in publish},
                # Never the host's own name server: where that listens on loopback, the engine would ask it even from a
                # closed network, and what is asked would leave. Nor the host's domains to search.
                "dns": [dns],
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
            self._container = client.create(self.image, environment=self.env, **place, **self._options)
            for network, names in self._networks[1:]:
                address = self._addresses.get(str(network.name))
                network.connect(self._container, aliases=list(names), ipv4_address=address)
            # Attached before the start, or the first lines could be lost.
            attached = client.client.api.attach_socket(
                self.get_container_id(), {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
            )
            self._stdin = getattr(attached, "_sock", attached)
            self._stdin.settimeout(None)  # the client's limit is for calls; this one lasts as long as the container
            name = f"read {self._options['labels'][ROLE]}"
            threading.Thread(target=self._read, args=[self._stdin], name=name, daemon=True).start()
            self.started_at = time.time()
            client.start(self._container)
        except docker.errors.APIError as error:
            self.stop()
            raise EngineError(
                f"The engine does not start {self.name}: {error.explanation or error}",
                remedy="run the test again; if it stays, look at the engine's own log.",
            ) from error
        except BaseException:
            self.stop()
            raise
        return self

    def send(self, data: bytes) -> None:
        """Write to its stdin.

        Raises:
            OSError: It has ended.
        """
        with self._write_lock:
            if self._stdin is None:
                message = "the container was stopped"
                raise OSError(message)
            self._stdin.sendall(data)

    def share_processor(self, shares: int) -> None:
        """Change what it gets of a processor that others want as well, against their 1024."""
        if self._container is not None and engine.shares_processors():
            with contextlib.suppress(docker.errors.APIError):  # it has ended
                self._container.update(cpu_shares=shares)

    def cut(self) -> None:
        """End its stdin, which kills the program in it within milliseconds; the engine then removes it by itself."""
        with self._write_lock, contextlib.suppress(OSError):
            if self._stdin is not None:
                self._stdin.shutdown(socket.SHUT_WR)

    def stop(self, force: bool = True, delete_volume: bool = True) -> None:  # noqa: FBT001, FBT002 # testcontainers' own signature
        """Kill and remove it. Does nothing when it is gone already."""
        self.cut()
        gone = self._stdin is not None and self.ended.wait(_CUT_SECONDS)
        with self._write_lock:
            stdin, self._stdin = self._stdin, None
            stopped, self._stopped = self._stopped, self._container is not None
        if self._container is not None and not stopped and not gone:
            with contextlib.suppress(docker.errors.APIError):  # gone by itself, or going
                self._container.remove(force=force, v=delete_volume)
        if stdin is not None:
            with contextlib.suppress(OSError):
                stdin.shutdown(socket.SHUT_RDWR)
            stdin.close()

    def address(self, port: int) -> str:
        """Where a published port of it listens for this machine: host and port."""
        # Asking the engine for the port would cost a poll of testcontainers'; the port is there once it is started.
        host = "127.0.0.1" if engine.shares_loopback() else self.get_container_host_ip()
        return f"{host}:{self.get_docker_client().port(self.get_container_id(), port)}"

    @property
    def name(self) -> str:
        """Its name."""
        return str(self._options["name"])

    def lifeline(self) -> int:
        """The descriptor that holds its stdin, to be handed over to another process.

        Raises:
            EngineError: It has ended, or the engine is reached over TLS, whose state lives in this process.
        """
        if self._stdin is None or isinstance(self._stdin, ssl.SSLSocket):
            raise EngineError(
                f"The container {self.name} cannot be kept: it has ended, or its engine is reached over TLS.",
                remedy="look at it while the test waits (breakpoint()), or use an engine on this machine.",
            )
        return int(self._stdin.fileno())

    def wait_for_mark(self, seconds: float) -> None:
        """Return when the program has marked its log once more since the last call, or after ``seconds``."""
        self._marks.acquire(timeout=seconds)

    def end_of_log(self, lines: int = 25) -> str:
        """The last lines that it wrote to stderr."""
        return "\n".join(list(self.log)[-lines:])

    def why_it_ended(self) -> str:
        """How the program ended, in words: its exit code, and whether memory ran out. From the engine's events."""
        try:
            # With a limit of its own: an engine whose clock is behind would answer when it has caught up.
            with contextlib.closing(engine.connect(timeout=5)) as client:
                events = list(
                    client.api.events(
                        since=int(self.started_at) - 60,
                        until=int(time.time()),
                        filters={"container": self.get_container_id(), "event": ["die", "oom"]},
                        decode=True,
                    )
                )
        except (docker.errors.DockerException, requests.exceptions.RequestException):
            events = []
        if any(event.get("Action") == "oom" for event in events):
            return f"it ran out of memory (its limit is {self._options['mem_limit']})"
        codes = [event["Actor"]["Attributes"].get("exitCode") for event in events if event.get("Action") == "die"]
        if not codes:
            return "the engine does not say why"
        signals = {"137": "killed, SIGKILL", "139": "segmentation fault, SIGSEGV", "134": "aborted, SIGABRT"}
        return f"exit code {codes[-1]}" + (f" ({signals[codes[-1]]})" if codes[-1] in signals else "")

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
            for stream, data in _frames(stdin):
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
            self.ended.set()
            self._on_end()


def _frames(attached: Any) -> Iterator[tuple[int, bytes]]:
    """What comes from an attached container: the stream's number, and data.

    docker-py's own reader asks the descriptor whether there is more, and over TLS the descriptor does not know.
    """
    while header := _exactly(attached, _HEADER.size):
        stream, size = _HEADER.unpack(header)
        yield stream, _exactly(attached, size)


def _exactly(attached: Any, size: int) -> bytes:
    """So many bytes, or none when there are no more."""
    chunks = []
    while size:
        chunk = attached.recv(size)
        if not chunk:
            return b""
        chunks.append(chunk)
        size -= len(chunk)
    return b"".join(chunks)
