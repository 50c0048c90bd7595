"""The single-use container in which one resync of one integration runs."""

import base64
import json
import time
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from docker.models.networks import Network

from sandbox import port, wiremock
from sandbox.container import Container
from sandbox.errors import IntegrationError, ResyncCrashedError, ResyncTimeoutError
from sandbox.owner import Owner
from sandbox.settings import Settings

DIRECTORY = "/app"
_CA_FILE = "/tmp/sandbox-ca.pem"  # noqa: S108 # in the container
_PROXY = f"http://{wiremock.NAME}:{wiremock.PORT}"
_STACKS_SECONDS = 1.0
# Every client that the public integrations use finds the proxy and the CA in its own variables.
ENVIRONMENT = {
    **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), _PROXY),
    **dict.fromkeys(("NO_PROXY", "no_proxy"), port.NAME),
    **dict.fromkeys(
        (
            "SSL_CERT_FILE",
            "REQUESTS_CA_BUNDLE",
            "CURL_CA_BUNDLE",
            "AWS_CA_BUNDLE",
            "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
            "NODE_EXTRA_CA_CERTS",
        ),
        _CA_FILE,
    ),
    "HOME": "/tmp",  # noqa: S108 # in the container
    "PYTHONDONTWRITEBYTECODE": "1",
}


@dataclass(frozen=True)
class RemoteFailure:
    """One error that the runner reported.

    Args:
        type: Qualified name of the exception's class.
        module: The class's module.
        message: ``str()`` of the exception.
        arguments: Its ``args`` where all are plain values, else None.
        traceback: As Python prints it, in the container.
        kind: The kind that was being resynced, where it is known.
        exchange: For an httpx error: ``method``, ``url``, ``status``, ``headers`` and ``body`` of what failed.
    """

    type: str
    module: str
    message: str
    arguments: list[Any] | None
    traceback: str
    kind: str | None
    exchange: dict[str, Any] | None = None


class ResyncContainer:
    """A resync container: start it (it warms up), boot an integration in it, resync, stop it. Used once.

    Args:
        image: Tag of the image.
        owner: The process it belongs to.
        closed: The network with WireMock and the Port mock, and nothing else.
        has_own_code: Whether the image brings the integration's code (a released image).
    """

    def __init__(
        self, image: str, owner: Owner, settings: Settings, closed: Network, *, has_own_code: bool = False
    ) -> None:
        self._settings = settings
        self._has_own_code = has_own_code
        self._answers: dict[str, Future[dict[str, Any]]] = {
            phase: Future() for phase in ("ready", "booted", "resynced")
        }
        self._container = Container(
            image,
            role="resync",
            owner=owner,
            networks=[(closed, "resync")],
            memory=settings.resync_memory,
            pids_limit=settings.pids_limit,
            environment=ENVIRONMENT,
            temporary={} if has_own_code else {DIRECTORY: "rw,exec,nosuid,nodev,mode=1777"},
            on_line=self._take,
            on_end=self._end,
        )

    def start(self) -> Self:
        """Start it; it imports ``port_ocean`` while others do something else."""
        self._container.start()
        return self

    def boot(self, *, archive: bytes, config: dict[str, Any], ca: str, source: Path) -> None:
        """Put the integration in, and start it.

        Args:
            archive: Its code, as :func:`sandbox.source.pack` packs it.
            config: What overrides its own configuration; where Port is, is not for a test to say.
            ca: The CA that its clients are to trust, as PEM.
            source: Where the code came from, for messages.

        Raises:
            IntegrationError: It does not start: its spec, its configuration or its ``main.py``.
            ResyncCrashedError: The process died while it started.
            ResyncTimeoutError: It takes too long to start.
        """
        config = {**config, "port": {**config.get("port", {}), "base_url": port.URL}}
        order = {
            "order": "boot",
            "ca": ca,
            "directory": DIRECTORY,
            "archive": None if self._has_own_code else base64.b64encode(archive).decode(),
            "config": config,
            "log_level": self._settings.log_level,
        }
        self._ask("ready", None, self._settings.boot_timeout, source)
        answer = self._ask("booted", order, self._settings.boot_timeout, source)
        if answer["event"] == "failed":
            first = answer["errors"][0]
            raise IntegrationError(
                f"The integration at {source} does not start: "
                f"could not {answer['phase']}: {first['type']}: {first['message']}",
                remedy=_remedy(answer["phase"], source),
                detail="\n".join(
                    error["traceback"].replace(f"{DIRECTORY}/", f"{source}/") for error in answer["errors"]
                ),
            )

    def resync(self, source: Path) -> tuple[bool, list[RemoteFailure]]:
        """Run the resync.

        Returns:
            Whether reconciliation succeeded, and the errors that the resync raised.

        Raises:
            ResyncCrashedError: The process died.
            ResyncTimeoutError: It took longer than the settings allow.
        """
        answer = self._ask("resynced", {"order": "resync"}, self._settings.resync_timeout, source)
        return bool(answer.get("reconciliation_success")), [RemoteFailure(**error) for error in answer["errors"]]

    @property
    def logs(self) -> list[str]:
        """What the integration wrote to stdout and stderr, a line each."""
        return list(self._container.log)

    def stop(self) -> None:
        """Kill and remove it."""
        self._container.stop()

    def _take(self, line: bytes) -> None:
        """An answer of the runner: the next that is waited for."""
        answer = json.loads(line)
        if answer["event"] == "failed":
            answer["event"], waiting = "failed", next((f for f in self._answers.values() if not f.done()), None)
        else:
            waiting = self._answers[answer["event"]]
        if waiting is not None:
            waiting.set_result(answer)

    def _end(self) -> None:
        for future in self._answers.values():
            if not future.done():
                future.set_exception(EOFError())

    def _ask(self, phase: str, order: dict[str, Any] | None, seconds: float, source: Path) -> dict[str, Any]:
        try:
            if order is not None:
                self._container.send(json.dumps(order).encode() + b"\n")
            return self._answers[phase].result(timeout=seconds)
        except TimeoutError as error:
            raise self._timeout(phase, seconds, source) from error
        except (EOFError, OSError) as error:
            doing = "resyncing" if phase == "resynced" else "starting"
            raise ResyncCrashedError(
                f"The resync container died while {doing} {source}: {self._container.why_it_ended()}.",
                remedy="see the end of its log below; OCEAN_SANDBOX_RESYNC_MEMORY raises its memory limit.",
                detail=self._container.end_of_log(),
            ) from error

    def _timeout(self, phase: str, seconds: float, source: Path) -> ResyncTimeoutError:
        self._container.send(b'{"order": "stacks"}\n')
        time.sleep(_STACKS_SECONDS)
        self.stop()
        doing, setting = ("resync", "resync_timeout") if phase == "resynced" else ("start", "boot_timeout")
        return ResyncTimeoutError(
            f"The integration at {source} did not {doing} within {seconds:g} s.",
            remedy="the end of the log below shows where it waits (threads, then tasks); "
            f"OCEAN_SANDBOX_{setting.upper()} gives it more time.",
            detail=self._container.end_of_log(lines=60),
        )


def _remedy(phase: str, source: Path) -> str:
    if "spec" in phase:
        return f"mend {source}/.port/spec.yaml."
    if "configuration" in phase:
        return f"mend create_integration_config() in the test to fit {source}/.port/spec.yaml, or integration.py."
    return f"mend the line of {source} that the traceback below ends in."
