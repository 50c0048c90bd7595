"""An integration that keeps running and listens: its configuration, the events sent to it, and the answers to its requests."""

import asyncio
import base64
import contextlib
import http.client
import itertools
import json
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from sandbox.errors import (
    ActionError,
    EventPathError,
    EventTimeoutError,
    IntegrationError,
    ResyncCrashedError,
    SandboxError,
)
from sandbox.images.archive import spec_of
from sandbox.resync.live import Asked, Outcome
from sandbox.resync.sandbox import Resync
from sandbox.services.port import Port

# Where third parties would reach it; none do, but Ocean only processes webhooks of an integration that has one.
BASE_URL = "https://integration.sandbox.example"
_MOST_AT_ONCE = 64
_POLL_SECONDS = 0.02
_LOG_LINES = 20
_OVER = {"SUCCESS", "FAILURE", "COMPLETED"}
_numbers = itertools.count(1)


def configuration(config: Mapping[str, Any], directory: Path, *, makes_resources: bool = False) -> dict[str, Any]:
    """The configuration that makes an integration listen, unless a test's own overrides it.

    It polls, for that is what shipped integrations do by default, but does not resync when it starts; it processes actions where its spec says that it can, and asks for them every second.

    Args:
        config: Overrides of the integration's configuration.
        directory: The integration's.
        makes_resources: Whether it creates its default resources where Port has none of its blueprints.

    Raises:
        IntegrationError: Its event listener listens to nothing.
    """
    listener = dict(config.get("event_listener") or {"type": "POLLING"})
    if (kind := str(listener.get("type", "POLLING")).upper()) == "ONCE":
        raise IntegrationError(
            f"The integration at {directory} is configured with the event listener ONCE, which does not listen for events.",
            remedy="leave event_listener out of create_integration_config(), or set it to POLLING, WEBHOOKS_ONLY "
            "or ACTIONS_ONLY.",
        )
    quiet = {"resync_on_start": False, "interval": 3600} if kind == "POLLING" else {}
    actions = {"poll_check_interval_seconds": 1, **(config.get("actions_processor") or {})}
    return {
        "base_url": BASE_URL,
        "initialize_port_resources": makes_resources,
        **config,
        "event_listener": {**quiet, **listener},
        "actions_processor": {"enabled": _acts(directory), **actions},
        # With this, Ocean says under which number it has queued what a request brought.
        "events_debug_logging": True,
    }


def _acts(directory: Path) -> bool:
    import yaml  # noqa: PLC0415 # each start of pytest would pay for what few tests need

    with contextlib.suppress(OSError, yaml.YAMLError, AttributeError):
        if (spec := spec_of(directory)) is not None:
            return bool(yaml.safe_load(spec.read_text(encoding="utf-8")).get("actionsProcessingEnabled"))
    return False


def action_run(action: str, properties: Mapping[str, Any], integration: str, identifier: str) -> dict[str, Any]:
    """A run of an action, as Port hands it out (port-ocean 0.55, core/models.py, ``ActionRun``).

    Args:
        action: The executor's ``ACTION_NAME``.
        properties: The execution properties.
        integration: The integration's identifier.
        identifier: The action's own identifier in Port.
    """
    return {
        "id": f"run_{next(_numbers)}",
        "status": "IN_PROGRESS",
        "action": {"identifier": identifier},
        "payload": {
            "type": "INTEGRATION_ACTION",
            "installationId": integration,
            "integrationActionType": action,
            "integrationActionExecutionProperties": dict(properties),
        },
    }


def workflow_run(
    action: str, properties: Mapping[str, Any], integration: str, identifier: str, provider: str
) -> dict[str, Any]:
    """A run of a workflow's node (port-ocean 0.55, core/models.py, ``WorkflowNodeRun``).

    Args:
        action: The executor's ``ACTION_NAME``.
        properties: The execution properties.
        integration: The integration's identifier.
        identifier: The node's.
        provider: The integration's type.
    """
    return {
        "identifier": f"wf_node_run_{next(_numbers)}",
        "nodeUid": identifier,
        "status": "IN_PROGRESS",
        "config": {
            "type": "INTEGRATION_ACTION",
            "installationId": integration,
            "integrationProvider": provider,
            "integrationInvocationType": action,
            "integrationActionExecutionProperties": dict(properties),
        },
    }


class Listening:
    """A running integration.

    Args:
        container: Where it runs, once :meth:`open` has started it.
        source: Its directory.
    """

    def __init__(self, container: Resync, source: Path) -> None:
        self.container = container
        self._source = source
        self._threads = ThreadPoolExecutor(max_workers=_MOST_AT_ONCE, thread_name_prefix="live")
        self._is_closed = False
        self._told: dict[str, Any] = {}
        self._raised: asyncio.Future[None] | None = None
        # Who answers its requests in the test process, if anybody does.
        self.answering = contextlib.AsyncExitStack()
        self.is_answered = False

    async def open(self) -> None:
        """Start it, in a container that was booted to sail.

        Raises:
            IntegrationError, ResyncCrashedError: It does not start.
        """
        self._raised = asyncio.get_running_loop().create_future()
        started = asyncio.ensure_future(self._in_thread(self.container.listen, self._source))
        self._told = await self._unless_raised(started)

    def fail(self, error: BaseException) -> None:
        """A callable of a route has raised: whatever is under way fails with that."""
        if self._raised is not None and not self._raised.done():
            self._raised.set_exception(error)

    async def close(self) -> None:
        """Answer no more requests; the container is another's to stop."""
        self._is_closed = True
        self._threads.shutdown(wait=False)
        await self.answering.aclose()
        if self._raised is not None and self._raised.done():
            self._raised.exception()  # it was raised where it belongs

    async def deliver(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, seconds: float
    ) -> tuple[str, Outcome]:
        """Deliver a webhook; return where to, and what came of it.

        Raises:
            EventPathError: It does not process webhooks, or not on this path.
            EventTimeoutError, ResyncCrashedError: It was not processed.
        """
        prefix = self._told["prefix"]
        target = path if path.startswith((f"{prefix}/", "http")) else f"{prefix}/{path.lstrip('/')}"
        if not self._told["listens"] and f"{method} {target.partition('?')[0]}" in self._told["paths"]:
            raise EventPathError(
                f"The integration at {self._source} does not process webhooks: its event listener does not, or it has no "
                "base_url.",
                remedy="fix event_listener and base_url in create_integration_config(), or leave both out.",
            )
        order = {
            "order": "deliver",
            "method": method,
            "path": target,
            "headers": dict(headers),
            "body": base64.b64encode(body).decode(),
        }
        return target, await self._do(order, f"{method} {target}", "processed", seconds)

    async def execute(self, kind: str, run: dict[str, Any], action: str, port: Port, seconds: float) -> Outcome:
        """Hand a run to the integration, and wait until it has told Port how it ended.

        Args:
            kind: ``action`` or ``workflow``.
            run: The run.
            action: What it is a run of.
            port: The Port that hands it out.
            seconds: How long it may take.

        Raises:
            ActionError: It does not execute actions, or not this one.
            EventTimeoutError, ResyncCrashedError: It did not end.
        """
        if not self._told["acts"]:
            raise ActionError(
                f"The integration at {self._source} does not process actions.",
                remedy="set `actionsProcessingEnabled: true` in its .port/spec.yaml, and neither actions_processor.enabled "
                "= False nor the event listener WEBHOOKS_ONLY in create_integration_config().",
            )
        identifier, deadline = run["id" if kind == "action" else "identifier"], time.monotonic() + seconds
        await self._in_thread(port.add_run, kind, run)
        outcome = await self._do({"order": "execute", "run": identifier}, f"action {action!r}", "executed", seconds)
        while (await self._in_thread(port.run, identifier))["run"]["status"] not in _OVER:
            if outcome.failures or time.monotonic() > deadline:
                raise EventTimeoutError(
                    f"The integration at {self._source} executed action {action!r}, but did not report its completion to Port"
                    + (f": {outcome.failures[0].type}: {outcome.failures[0].message}." if outcome.failures else "."),
                    remedy="have the executor call ocean.port_client.report_run_completed(run, success); if a webhook "
                    "of the third party ends the run, deliver it while run_action waits.",
                    detail="\n".join(outcome.logs[-_LOG_LINES:]),
                )
            await asyncio.sleep(_POLL_SECONDS)
        return outcome

    async def _do(self, order: dict[str, Any], what: str, doing: str, seconds: float) -> Outcome:
        work = asyncio.ensure_future(self._in_thread(self.container.live, {**order, "seconds": seconds}, self._source))
        answer = await self._unless_raised(work)
        log = "\n".join(self.container.logs[-_LOG_LINES:]) if answer["event"] in ("late", "landed") else ""
        return Asked(what, doing, self._source, seconds, log).outcome(answer)

    async def _unless_raised(self, work: asyncio.Future[Any]) -> Any:
        """The outcome of something, unless a route's callable raises: then the outcome does not matter."""
        if self._raised is None:
            message = "it was not started"
            raise RuntimeError(message)
        work.add_done_callback(lambda done: done.cancelled() or done.exception())
        # Where that is cancelled, the thread goes on waiting; it ends with the container, when the harness shuts down.
        await asyncio.wait({work, self._raised}, return_when=asyncio.FIRST_COMPLETED)
        if self._raised.done():
            self._raised.result()
        return await work

    async def _in_thread(self, function: Any, *arguments: Any) -> Any:
        if self._is_closed:
            raise ResyncCrashedError(
                f"The integration at {self._source} was stopped while an event was in progress.",
                remedy="check how the other event or resync in progress at the same time ended.",
            )
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)


def body_of(value: Any, body: bytes | str | None) -> tuple[bytes, dict[str, str]]:
    """What a webhook carries, and the headers that say so.

    Args:
        value: A value to send as JSON; None for none.
        body: The body itself, to the byte, as where a signature is over it.

    Raises:
        SandboxError: Both are given, or the value is no JSON.
    """
    if body is not None and value is not None:
        raise SandboxError("A webhook has either json or a body.", remedy="leave one of the two out.")
    if body is not None:
        return body.encode() if isinstance(body, str) else body, {"Content-Type": "application/json"}
    try:
        return json.dumps(value if value is not None else {}).encode(), {"Content-Type": "application/json"}
    except (TypeError, ValueError) as error:
        raise SandboxError(
            f"The json of a webhook cannot be written as JSON: {error}", remedy="use plain values."
        ) from None


def merged(implied: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """The headers of a webhook: those that are given, and those implied that are not, whatever their case."""
    names = {name.lower() for name in given}
    return {**{name: value for name, value in implied.items() if name.lower() not in names}, **given}


def check_request(method: str, path: str, headers: Mapping[str, str]) -> None:
    """See that a webhook can be sent, with the client that is going to.

    Args:
        method: Its method.
        path: Where to.
        headers: Its headers.

    Raises:
        SandboxError: HTTP has no such request.
    """
    unsent = http.client.HTTPConnection("integration.sandbox.example")
    try:
        for text in (method, path, *headers, *headers.values()):
            if not isinstance(text, str):
                raise TypeError(f"{text!r} is not text")  # noqa: TRY301 # one of several that are wrong
        unsent.putrequest(method, path)
        for name, value in headers.items():
            unsent.putheader(name, value)
    except (TypeError, ValueError, http.client.HTTPException) as error:
        raise SandboxError(
            f"No webhook can be sent to {path!r}: {error}.",
            remedy="percent-encode what a path may not have (urllib.parse.quote); headers are text of latin-1.",
        ) from None
