"""Runs a resync against the real API, and writes down what was said: ``.port/resources/discovery.json``."""

import asyncio
import contextlib
import hashlib
import itertools
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from filelock import FileLock, Timeout

from harness import discovery_file
from harness.exchange import Exchange
from harness.harness import IntegrationTestHarness
from harness.integration_config import IntegrationConfig, read
from harness.kinds import KindCounts, counts_by_kind
from harness.passing_on import REFUSED, PassingOn, Traffic, UpstreamError, client_of_this_machine, throttles
from harness.personal import People
from harness.redact import Redactor
from harness.result import ResyncResult
from harness.transport import RequestLog
from sandbox import source
from sandbox.errors import SandboxError
from sandbox.progress import say
from sandbox.settings import Settings

_RESOURCES = Path(".port", "resources")
_MAPPINGS = ("port-app-config.yml", "port-app-config.yaml", "port-app-config.json")
_SECONDS_BETWEEN_LOOKS = 0.5
_LOOKS_BETWEEN_LINES = 6
# WireMock keeps what it has seen in memory, several times over; what we need of it, we have.
_JOURNAL_BYTES = 10_000_000
_JOURNAL_CALLS = 500


@dataclass(frozen=True)
class Discovery:
    """What came of a discovery.

    Args:
        file: What was written.
        calls: How many requests of the integration it has.
        hosts: How many each host got.
        kinds: What became of each kind.
        entities: How many entities were upserted.
        errors: What the resync raised, as text.
        warnings: What else there is to know, a sentence each.
        secrets: How many values were replaced by placeholders.
        people: How many names and addresses were replaced by made-up ones.
    """

    file: Path
    calls: int
    hosts: dict[str, int]
    kinds: list[KindCounts] = field(default_factory=list)
    entities: int = 0
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    secrets: int = 0
    people: int = 0


async def discover(directory: Path, settings: Settings, *, keep_personal_data: bool = False) -> Discovery:
    """Run a resync of the integration in ``directory`` against the real API, and write what it asked and was told.

    Without credentials (neither ``.env`` nor the environment has any), nothing leaves: every request is answered with
    404, and recorded.

    Args:
        directory: Where the integration's ``main.py`` is; an absolute path.
        settings: How the sandbox runs.
        keep_personal_data: Whether e-mail addresses and names stay as they are.

    Raises:
        ConfigError: The spec, ``.env`` or the environment is wrong.
        UpstreamError: The API cannot be reached, or refuses the credentials.
        SecretLeftError: A secret would have been written.
        SandboxError: Anything else that is wrong; nothing was written.
    """
    config = read(directory)
    source.pack(directory)  # whatever is wrong with it is said before anything runs
    mapping, blueprints = read_mapping(directory), read_blueprints(directory)
    people = None if keep_personal_data else People()
    redactor = Redactor(people.clean_text if people is not None else None)
    warnings = _learn(config, redactor)
    _announce(config)
    with _alone(directory, settings):
        async with AsyncExitStack() as stack:
            client = await stack.enter_async_context(client_of_this_machine()) if config.is_real else None
            traffic = Traffic(redactor)
            watch = _Watch(traffic)
            harness = IntegrationTestHarness(
                str(directory),
                mapping,
                PassingOn(traffic, client, watch.answered),
                {each["identifier"]: each for each in blueprints},
                {"integration": {"identifier": config.identifier, "type": config.kind, "config": config.values}},
                sandbox_settings=settings,
                fail_on_egress=False,
            )
            harness.port_mock.keeps_whole_calls = True
            stack.push_async_callback(harness.shutdown)
            await harness.start()
            await stack.enter_async_context(watch.over(harness))
            result = await harness.trigger_resync()
        if config.is_real:
            _see_that_it_was_let_in(traffic)
        return _write(
            directory,
            config,
            mapping,
            blueprints,
            traffic,
            harness.port_mock.transport.calls,
            result,
            redactor,
            people,
            warnings,
        )


def read_mapping(directory: Path) -> dict[str, Any]:
    """The mapping that the integration ships.

    Raises:
        SandboxError: There is none, or it is no YAML.
    """
    file = next((each for name in _MAPPINGS if (each := directory / _RESOURCES / name).is_file()), None)
    if file is None:
        raise SandboxError(
            f"The integration at {directory} has no {_RESOURCES}/{_MAPPINGS[0]}.",
            remedy="write one: it says which kinds a resync asks for, and what becomes of them.",
        )
    try:
        mapping = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SandboxError(f"{file} is no valid YAML: {error}", remedy="mend that line.") from error
    if not isinstance(mapping, dict):
        raise SandboxError(f"{file} is no mapping, but {type(mapping).__name__}.", remedy='it has a list "resources".')
    return mapping


def read_blueprints(directory: Path) -> list[dict[str, Any]]:
    """The blueprints that the integration ships; none where there is no such file.

    Raises:
        SandboxError: The file is no list of blueprints.
    """
    file = directory / _RESOURCES / "blueprints.json"
    if not file.is_file():
        return []
    try:
        blueprints = json.loads(file.read_text(encoding="utf-8"))
        if not all(isinstance(each["identifier"], str) for each in blueprints):
            raise TypeError("an identifier is no text")  # noqa: TRY301 # one message for all
    except (ValueError, TypeError, KeyError) as error:
        raise SandboxError(f"{file} is no list of blueprints with identifiers: {error!r}", remedy="mend it.") from error
    return list(blueprints)


class _Watch:
    """Says what happens: a line every few seconds, and one at once for a new host or where the API is asked too much."""

    def __init__(self, traffic: Traffic) -> None:
        self._traffic = traffic
        self._hosts: set[str] = set()
        self._said = ""
        self._harness: IntegrationTestHarness | None = None
        self._kinds: list[KindCounts] = []
        self._journal_bytes = self._journal_calls = 0

    def answered(self, exchange: Exchange) -> None:
        """Take note of an answer."""
        for host in self._traffic.hosts.keys() - self._hosts:
            self._hosts.add(host)
            say("discover", f"calls {self._traffic.redactor.clean_text(host)}")
        host = next(reversed(exchange.url.split("/", 3)[2:3]), "")
        if after := throttles(exchange):
            self._traffic.throttled[host] += 1
            say("discover", f"{host} asks for patience: {exchange.status}, Retry-After {after}")

    @asynccontextmanager
    async def over(self, harness: IntegrationTestHarness) -> AsyncIterator[None]:
        """Say what happens for as long as the block lasts."""
        self._harness = harness
        watching = asyncio.ensure_future(self._watch())
        try:
            yield
        finally:
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching

    async def _watch(self) -> None:
        for look in itertools.count(1):
            await asyncio.sleep(_SECONDS_BETWEEN_LOOKS)
            with contextlib.suppress(SandboxError):  # it is on its way out, and somebody else will say so
                await asyncio.to_thread(self._look, with_kinds=not look % _LOOKS_BETWEEN_LINES)
            if not look % _LOOKS_BETWEEN_LINES:
                self.say_so()

    def _look(self, *, with_kinds: bool) -> None:
        if self._harness is None:
            return
        if with_kinds:
            self._kinds = counts_by_kind(self._harness.port_mock.state["metrics"])
        calls, size = len(self._traffic.exchanges), self._traffic.in_bytes
        if size - self._journal_bytes > _JOURNAL_BYTES or calls - self._journal_calls > _JOURNAL_CALLS:
            self._journal_bytes, self._journal_calls = size, calls
            self._harness.forget_journal()

    def say_so(self) -> None:
        """One line: calls, hosts, kinds, entities."""
        traffic = self._traffic
        parts = [f"{len(traffic.exchanges)} calls to {len(traffic.hosts)} hosts, {traffic.in_bytes / 1e6:.1f} MB"]
        if traffic.throttled:
            parts.append(f"throttled {traffic.throttled.total()} times")
        done = [kind for kind in self._kinds if kind.state not in ("pending", "syncing")]
        if self._kinds:
            current = ", ".join(kind.kind for kind in self._kinds if kind.state == "syncing")
            parts.append(f"{len(done)} of {len(self._kinds)} kinds{f' (now {current})' if current else ''}")
            parts.append(f"{sum(kind.upserted for kind in self._kinds)} entities")
        if (line := "; ".join(parts)) != self._said:
            self._said = line
            say("discover", line)


def _learn(config: IntegrationConfig, redactor: Redactor) -> list[str]:
    """Tell the redactor the secrets of the configuration; gives what cannot be done."""
    warnings = []
    if not config.is_real:
        return []
    for name, value in config.values.items():
        if not redactor.add_config(name, value, is_sensitive=name in config.sensitive):
            warnings.append(f"{name} is so short that it is replaced in integration_config alone")
    for value in config.secrets:
        redactor.add(value, deep=True)
    for name, close in config.unknown.items():
        warnings.append(
            f"spec.yaml has no {name}{f' (did you mean {close}?)' if close else ''}; it was passed on as it is"
        )
    return warnings


def _announce(config: IntegrationConfig) -> None:
    """Say aloud what is about to leave, before it does."""
    if not config.is_real:
        say("discover", "no .env and no OCEAN__INTEGRATION__CONFIG__… in the environment: nothing leaves this machine;")
        say("discover", "the integration runs with dummy values, and every request is answered with 404")
        return
    say("discover", "THIS CALLS THE REAL API: what the integration asks is passed on from this machine, with the")
    say(
        "discover",
        "credentials of .env and the environment, to the hosts that it calls and to no others; each is named",
    )
    say("discover", "when it is first called. Port is not called. Secrets are replaced before anything is written.")


@contextlib.contextmanager
def _alone(directory: Path, settings: Settings) -> Any:
    """See that no other process discovers the same integration."""
    settings.cache.mkdir(parents=True, exist_ok=True)
    lock = FileLock(settings.cache / f"discover-{hashlib.sha256(bytes(directory)).hexdigest()[:16]}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise SandboxError(
            f"Another process is discovering the integration at {directory}.", remedy="wait until it is done."
        ) from None
    try:
        yield
    finally:
        lock.release()


def _see_that_it_was_let_in(traffic: Traffic) -> None:
    """See that there is something worth writing down.

    Raises:
        UpstreamError: Nothing was reached, or nobody was let in.
    """
    if refusal := traffic.refusal():
        raise UpstreamError(refusal, remedy=REFUSED)
    if traffic.failed and not traffic.answered:
        raise traffic.unreachable()


def _write(
    directory: Path,
    config: IntegrationConfig,
    mapping: dict[str, Any],
    blueprints: list[dict[str, Any]],
    traffic: Traffic,
    port_calls: list[RequestLog],
    result: ResyncResult,
    redactor: Redactor,
    people: People | None,
    warnings: list[str],
) -> Discovery:
    file = directory / discovery_file.PLACE
    values = {
        name: redactor.clean_config(name, value, is_sensitive=name in config.sensitive) if config.is_real else value
        for name, value in config.values.items()
    }
    head = {
        "metadata": {
            "integration_type": config.kind,
            "generated_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "version": discovery_file.VERSION,
        },
        "integration_config": values,
        "mapping_config": mapping,
        "blueprints": blueprints,
    }
    calls = traffic.answered
    warnings = [*warnings, *_what_went_wrong(traffic, result)]
    counted = Counter(dict(traffic.hosts))
    discovery_file.write(
        file,
        head,
        {"third_party_requests": list(calls), "port_requests": discovery_file.entries_of(port_calls)},
        redactor,
        people,
    )
    return Discovery(
        file=file,
        calls=len(calls),
        hosts={redactor.clean_text(host): count for host, count in counted.items()},
        kinds=result.kinds,
        entities=len(result.upserted_entities),
        errors=[redactor.clean_text(f"{type(error).__name__}: {error}") for error in result.errors],
        warnings=warnings,
        secrets=len(redactor),
        people=len(people) if people is not None else 0,
    )


def _what_went_wrong(traffic: Traffic, result: ResyncResult) -> list[str]:
    warnings = [
        f"{host} could not be reached at times ({why}); that is not recorded" for host, why in traffic.failed.items()
    ]
    if result.egress_attempts:
        tried = ", ".join(map(str, result.egress_attempts))
        warnings.append(f"the integration tried to reach, past the proxy and in vain: {tried}")
    if result.rejected_entities:
        warnings.append(f"Port refused {len(result.rejected_entities)} entities")
    if not traffic.exchanges:
        warnings.append("the integration called nothing")
    return warnings
