"""The container in which one resync of one integration runs; with the isolation ``fork``, one after another."""

import contextlib
import itertools
import json
import queue
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from testcontainers.core.docker_client import DockerClient

from sandbox.engine import connection
from sandbox.engine.container import Container
from sandbox.engine.death import death_of, why_it_ended
from sandbox.engine.owner import Owner
from sandbox.engine.parts import Parts
from sandbox.errors import (
    EngineUnreachableError,
    EventTimeoutError,
    IntegrationError,
    ResyncCrashedError,
    ResyncTimeoutError,
    SandboxError,
)
from sandbox.images.images import Image, ensure
from sandbox.resync import debugging, loopback
from sandbox.resync.egress import EgressAttempt, merge, with_attempts
from sandbox.resync.environment import variables
from sandbox.resync.learned import Memory
from sandbox.resync.preparation import Preparation
from sandbox.resync.report import RemoteFailure, Report
from sandbox.resync.sandbox import DIRECTORY, OWN_NAMES
from sandbox.services import port
from sandbox.services.front import Front
from sandbox.settings import Entry, Settings

_STACKS_SECONDS = 1.0
_END_SECONDS = 5.0
# Of the log, in an error. `ocean sail` waits far deeper: below click and uvicorn, and with tasks of its own.
_LINES, _LINES_OF_SAIL = 60, 120
_MARK_SECONDS = 1.0
# Of a processor's time, against the 1024 that the engine gives to each container: where both want all of it, a ninth.
_SHARES, _SHARES_AHEAD = 1024, 128
# What the runner takes longer than what it was given: it asks the integration where it stands.
_ANSWER_SECONDS = 10.0
# Has the runner begin a debugger: see sandbox/runner/tools.py.
_DEBUGGER = "OCEAN_SANDBOX_DEBUGGER"
# Nothing of the sandbox: the integration finds the outside as it does in production.
ENVIRONMENT = {
    "HOME": "/tmp",  # noqa: S108 # in the container
    "PYTHONDONTWRITEBYTECODE": "1",
}


class ResyncContainer:
    """A resync container: start it (it warms up), boot an integration in it, resync, stop it.

    It is used once, unless :meth:`end` says that it can serve again.

    Args:
        image: What it runs; built first if it is missing.
        owner: The process it belongs to.
        settings: Its limits.
        client: The engine's.
        front: Its place on the network with WireMock and the Port mock, and nothing else.
        parts: The containers of the sandbox, which it cannot do without.
        directory: The integration's, whose installed modules it imports while it warms up, if they are known.
        memory: Knows them.
        refusals: Says what the front has refused, as :meth:`sandbox.services.port.Port.refusals` does.
        ahead: Whether nobody waits for it yet: then it gets little of a processor that others want, until
            :meth:`prefer`.

    Raises:
        ImageError: The image cannot be built.
    """

    def __init__(
        self,
        image: Image,
        owner: Owner,
        settings: Settings,
        client: DockerClient,
        front: Front,
        parts: Parts,
        *,
        directory: Path,
        memory: Memory,
        refusals: Callable[[], list[dict[str, Any]]],
        ahead: bool = False,
    ) -> None:
        (self._tag,) = ensure([image], settings, client)
        self._settings = settings
        self._parts = parts
        self._client = client.client
        self._front = front
        self._refusals = refusals
        brings_code = image.brings_code
        self._preparation = Preparation(self._tag, directory, memory, self._order, brings_code=brings_code)
        self._answers: queue.Queue[dict[str, Any]] = queue.Queue()
        self._is_ready = False
        self._sails = False
        self._numbers = itertools.count(1)
        self._died: dict[str, Any] | None = None
        self._waiting: dict[int, queue.Queue[dict[str, Any]]] = {}
        # Threads that live before a fork do not live in it, and may have held a lock: then each gets its container.
        self._threads: list[str] | None = None
        self._is_ahead = ahead
        self._container = Container(
            self._tag,
            role="resync",
            owner=owner,
            shares=front.container,
            memory=settings.resync_memory,
            pids_limit=settings.pids_limit,
            environment=ENVIRONMENT if not settings.debugger else {**ENVIRONMENT, _DEBUGGER: settings.debugger},
            temporary={} if brings_code else {DIRECTORY: "rw,exec,nosuid,nodev,mode=1777"},
            cpu_shares=_SHARES_AHEAD if ahead else None,
            on_line=self._take,
        )
        self._container.on_end = self.interrupt

    def serves(self, image: Image, directory: Path, settings: Settings) -> bool:
        """Whether it is what a resync of the integration in a directory would get, with ``image`` and ``settings``."""
        return self._preparation.fits(directory) and settings == self._settings and image.tag(settings) == self._tag

    def start(self, *, same_code: bool = False) -> Self:
        """Start it; it imports ``port_ocean``, and what else the integration will, while others do something else.

        Args:
            same_code: Whether the integration's code is likely to be what it was the last time: then its own modules are
                imported as well. Where it is not, the resync has to begin anew, which takes longer.
        """
        self._container.start()
        self._preparation.import_ahead(own=same_code and not self._is_debugged)
        return self

    @property
    def _is_debugged(self) -> bool:
        """Whether the integration's own modules must be imported in its own process, where a debugger is."""
        return self._settings.debugger is not None

    def prefer(self) -> None:
        """Give it a processor's time as any other, now that somebody waits for it."""
        if self._is_ahead:
            self._container.share_processor(_SHARES)

    def boot(self, *, archive: bytes, config: dict[str, Any], source: Path, entry: Entry = "resync") -> None:
        """Put the integration in, and start it; with the entry ``production``, :meth:`sail` or :meth:`resync` starts it.

        Args:
            archive: Its code, as :func:`sandbox.images.archive.pack` packs it.
            config: What overrides its own configuration; where Port is, is not for a test to say.
            source: Where the code came from, for messages.
            entry: ``production`` for ``ocean sail``, which gets the configuration as variables of its environment.

        Raises:
            IntegrationError: It does not start: its spec, its configuration or its ``main.py``.
            ResyncCrashedError: The process died while it started.
            ResyncTimeoutError: It takes too long to start.
        """
        config = {**config, "port": {**config.get("port", {}), "base_url": port.URL}}
        self._sails = entry == "production"
        if not self._is_ready:
            ready = self._ask(None, self._settings.boot_timeout, source)
            if ready["event"] == "failed":
                raise self._failed(ready, source)
            self._is_ready = True
            self._threads = ready["threads"]
        ports = loopback.ports(config, source)
        if not self._sails:  # Ocean serves nothing then, and an integration may ask itself
            ports.add(loopback.OWN_PORT)
        self._front.answer_on_loopback(ports)
        self._preparation.bring(archive, source)
        debugging.attach(self._container, self._settings)
        order: dict[str, Any] = {"order": "boot", "ca": self._front.ca, "directory": DIRECTORY, "own_names": OWN_NAMES}
        if self._sails:
            order["environment"] = {"APPLICATION__LOG_LEVEL": self._settings.log_level, **variables(config)}
        else:
            order |= {"config": config, "log_level": self._settings.log_level, "learn": self._preparation.to_learn()}
        answer = self._ask(order, self._settings.boot_timeout, source)
        if answer["event"] == "failed":
            raise self._failed(answer, source)

    def resync(self, source: Path) -> Report:
        """Run the resync.

        Raises:
            ResyncCrashedError: The process died.
            ResyncTimeoutError: It took longer than the settings allow.
            ContainerDiedError: Another container of its sandbox died.
            EngineUnreachableError: The engine has gone.
        """
        if self._sails:
            self.sail(source)
            return self.wait(source)
        answer = self._ask({"order": "resync"}, self._settings.resync_timeout, source)
        self._preparation.learn(answer)
        return Report(
            bool(answer.get("reconciliation_success")),
            [RemoteFailure.read(error) for error in answer["errors"]],
            answer.get("egress", []),
            most_memory=answer.get("most_memory"),
        )

    def sail(self, source: Path) -> None:
        """Start ``ocean sail`` as it ships; returns at once. For an integration that was booted to do so.

        Raises:
            IntegrationError: It cannot be started.
            ResyncCrashedError: The container died.
        """
        answer = self._ask({"order": "sail"}, self._settings.boot_timeout, source)
        if answer["event"] == "failed":
            raise self._failed(answer, source)

    def wait(self, source: Path) -> Report:
        """Wait until ``ocean sail`` has ended on its own, as it does with the listener ONCE.

        Raises:
            ResyncCrashedError: A signal killed it.
            ResyncTimeoutError: It took longer than a resync may.
        """
        answer = self._ask({"order": "wait"}, self._settings.resync_timeout, source)
        if answer["event"] == "failed":
            raise self._failed(answer, source)
        return Report(
            success=False,
            egress=answer.get("egress", []),
            exit_code=answer["code"],
            most_memory=answer.get("most_memory"),
        )

    def listen(self, source: Path) -> dict[str, Any]:
        """Start ``ocean sail``, and return when it serves. For an integration that was booted to sail.

        Returns:
            What it takes, as :meth:`runner.live.Live.open` says it.

        Raises:
            IntegrationError: It does not start.
            ResyncCrashedError: The container died.
        """
        seconds = self._settings.boot_timeout
        answer = self._ask({"order": "listen", "seconds": seconds}, seconds + _ANSWER_SECONDS, source)
        if answer["event"] == "listening":
            return answer
        first = answer.get("errors", [{}])[0]
        if first.get("type") == "FileNotFoundError":  # there is no such command
            raise self._failed({**answer, "phase": "sail"}, source)
        why = f"{first['type']}: {first['message']}" if first else f"ocean sail ended with exit code {answer['code']}"
        raise IntegrationError(
            f"The integration at {source} does not start: {why}.",
            remedy="the end of its log below says why; OCEAN_SANDBOX_BOOT_TIMEOUT gives it more time, if it needs that.",
            detail=with_attempts(self._container.end_of_log(_LINES_OF_SAIL), self._attempts(answer)),
        )

    def live(self, order: dict[str, Any], source: Path) -> dict[str, Any]:
        """Have an integration that listens do something; several at once, from a thread each.

        Args:
            order: ``deliver`` or ``execute``, as :class:`runner.live.Live` takes it, with the ``seconds`` that it has.
            source: Where the code came from, for messages.

        Returns:
            What the runner answered: see :class:`sandbox.resync.live.Asked`.

        Raises:
            ResyncCrashedError: It died.
            EventTimeoutError: Not even the runner answered.
        """
        number, waiting = next(self._numbers), queue.Queue[dict[str, Any]]()
        self._waiting[number] = waiting
        doing = f"it was to {order['order']}"
        try:
            if self._container.ended.is_set():
                answer = {"event": "gone"}
            else:
                self._order({**order, "number": number})
                answer = waiting.get(timeout=order["seconds"] + _ANSWER_SECONDS)
        except queue.Empty:
            raise EventTimeoutError(
                f"The integration at {source} does not answer, and neither does the runner beside it.",
                remedy="see the end of its log below.",
                detail=self._container.end_of_log(lines=60),
            ) from None
        except OSError:
            answer = {"event": "gone"}
        finally:
            del self._waiting[number]
        return self._not_an_end(answer, doing, source)

    @property
    def warning(self) -> str:
        """What somebody should know who wanted forks; empty where there is nothing to say, or it is not known yet."""
        if self._settings.isolation != "fork" or not self._threads:
            return ""
        return (
            f"{self._tag} has threads before an integration is booted ({', '.join(self._threads)}), so forking is not safe: "
            "each resync gets a container of its own, despite the isolation `fork`."
        )

    def end(self, *, same_code: bool = False) -> bool:
        """Kill the integration, and remove all that it left, so that another can be booted in a fork of its own.

        Args:
            same_code: As for :meth:`start`.

        Returns:
            Whether the container can serve again; otherwise there is nothing to do but to stop it.
        """
        if self._settings.isolation != "fork" or not self._is_ready:
            return False
        if self.warning or self._preparation.is_out_of_date:
            return False
        try:
            self._order({"order": "end"})
            while (answer := self._answers.get(timeout=_END_SECONDS))["event"] not in ("ended", "gone"):
                pass  # what was under way when it was killed
            self._container.wait_for_mark(_MARK_SECONDS)
        except (OSError, queue.Empty):
            return False
        self._container.log.clear()
        self._died = None
        if answer["event"] != "ended" or answer["left"]:
            return False
        self._preparation.import_ahead(own=same_code and not self._is_debugged)
        return True

    def _order(self, order: dict[str, Any]) -> None:
        self._container.send(json.dumps(order).encode() + b"\n")

    @property
    def logs(self) -> list[str]:
        """What the integration wrote to stdout and stderr, one entry per line."""
        return list(self._container.log)

    @property
    def container(self) -> Container:
        """Its container."""
        return self._container

    def interrupt(self) -> None:
        """Have who waits for an answer wait no longer: there will be none."""
        self._put({"event": "gone"})

    def cut(self) -> None:
        """Kill it by its lifeline; returns at once."""
        self._container.cut()

    def stop(self) -> None:
        """Kill and remove it."""
        self._container.stop()

    def _take(self, line: bytes) -> None:
        with contextlib.suppress(ValueError):  # half an answer: what follows says that the integration died
            self._put(json.loads(line))

    def _put(self, answer: dict[str, Any]) -> None:
        """Give an answer to who waits for it; an end is everyone's."""
        if (number := answer.get("number")) is not None:
            if (waiting := self._waiting.get(number)) is not None:
                waiting.put(answer)
            return
        if answer["event"] == "imported":
            self._preparation.note_imported(answer)
            return
        if answer["event"] == "died" and self._died is None:
            self._died = answer
        if answer["event"] in ("died", "gone"):
            for waiting in list(self._waiting.values()):
                waiting.put(answer)
        self._answers.put(answer)

    def _ask(self, order: dict[str, Any] | None, seconds: float, source: Path) -> dict[str, Any]:
        """Give an order, and wait for its answer."""
        doing = "resyncing" if order in ({"order": "resync"}, {"order": "wait"}) else "starting"
        try:
            if order is not None:
                self._order(order)
            answer = self._answers.get(timeout=seconds)
        except queue.Empty:
            raise self._timeout(doing, seconds, source) from None
        except OSError:
            answer = {"event": "gone"}
        return self._not_an_end(answer, doing, source)

    def _not_an_end(self, answer: dict[str, Any], doing: str, source: Path) -> dict[str, Any]:
        self._container.wait_for_mark(_MARK_SECONDS)
        if answer["event"] not in ("died", "gone"):
            return answer
        if (dead := self._parts.dead()) is not None:
            raise death_of(dead)
        # What comes after the first says no more than that there is nothing there.
        answer = self._died or answer
        why = _why(answer, self._settings) if answer["event"] == "died" else why_it_ended(self._container)
        raise ResyncCrashedError(
            f"The integration at {source} died while {doing}: {why}.",
            remedy="OCEAN_SANDBOX_RESYNC_MEMORY raises its memory limit; the end of its log is below."
            if "memory" in why
            else "see the end of its log below.",
            detail=with_attempts(
                self._container.end_of_log(_LINES_OF_SAIL if self._sails else _LINES), self._attempts(answer)
            ),
        )

    def _failed(self, answer: dict[str, Any], source: Path) -> IntegrationError:
        first = answer["errors"][0]
        return IntegrationError(
            f"The integration at {source} does not start: could not {answer['phase']}: {first['type']}: {first['message']}",
            remedy=_remedy(answer["phase"], source),
            detail=with_attempts(
                "\n".join(error["traceback"].replace(f"{DIRECTORY}/", f"{source}/") for error in answer["errors"]),
                self._attempts(answer),
            ),
        )

    def _attempts(self, answer: dict[str, Any]) -> list[EgressAttempt]:
        """What the integration has tried to reach by now, as far as anyone can still tell."""
        refusals: list[dict[str, Any]] = []
        with contextlib.suppress(SandboxError):
            refusals = self._refusals()
        return merge(answer.get("egress", []), refusals)

    def _timeout(self, doing: str, seconds: float, source: Path) -> SandboxError:
        try:
            connection.check(self._client)
        except EngineUnreachableError as error:  # what hangs is the engine
            return error
        with contextlib.suppress(OSError):
            self._order({"order": "stacks"})
        time.sleep(_STACKS_SECONDS)
        tried: dict[str, Any] = {}
        with contextlib.suppress(OSError, queue.Empty):
            self._order({"order": "attempts"})
            tried = self._answers.get(timeout=_STACKS_SECONDS)
        self.stop()
        setting = "resync_timeout" if doing == "resyncing" else "boot_timeout"
        return ResyncTimeoutError(
            f"The integration at {source} was still {doing} after {seconds:g} s.",
            remedy="the end of the log below shows where it waits (threads, then tasks); "
            f"OCEAN_SANDBOX_{setting.upper()} gives it more time.",
            detail=with_attempts(
                self._container.end_of_log(_LINES_OF_SAIL if self._sails else _LINES), self._attempts(tried)
            ),
        )


def _why(died: dict[str, Any], settings: Settings) -> str:
    if died["oom"]:
        return f"it ran out of memory (its limit is {settings.resync_memory})"
    return {
        "SIGSEGV": "segmentation fault (SIGSEGV)",
        "SIGABRT": "aborted (SIGABRT)",
        "SIGKILL": "killed (SIGKILL)",
    }.get(died["why"], str(died["why"]))


def _remedy(phase: str, source: Path) -> str:
    if phase == "sail":
        return f"let {source}/pyproject.toml depend on port-ocean[cli], as it must to run in production."
    if phase == "unpack the code":
        return "OCEAN_SANDBOX_RESYNC_MEMORY raises the memory that its files are in."
    if phase == "trust the front":
        return "`ocean-sandbox images --rebuild DIR` builds both again."
    if "spec" in phase:
        return f"fix {source}/.port/spec.yaml."
    if "configuration" in phase:
        return (
            f"fix create_integration_config() in the test (for a command: --config NAME=VALUE) to match {source}/.port/spec.yaml, "
            "or integration.py."
        )
    return f"fix the line of {source} where the traceback below ends."
