"""Runs a resync against the real API, and records the exchanges: ``.port/resources/discovery.json``."""

import contextlib
import hashlib
from collections import Counter
from collections.abc import Collection
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from filelock import FileLock, Timeout

from harness.execution.result import ResyncResult
from harness.integration.configuration import IntegrationConfig, read
from harness.integration.kinds import KindCounts
from harness.integration.resources import mapping_of, read_blueprints
from harness.recording import configured, discovery_file, extra, har
from harness.recording.progress import Watch
from harness.recording.recording_transport import (
    REFUSED,
    RecordingTransport,
    Traffic,
    UpstreamError,
    client_of_this_machine,
)
from harness.redaction.pii import People
from harness.redaction.redact import Redactor
from harness.routes.transport import RequestLog
from harness.stubs.answer_failures import AnswerFailedError
from harness.testing.harness import IntegrationTestHarness
from sandbox.errors import SandboxError
from sandbox.images import archive
from sandbox.progress import say
from sandbox.settings import Settings

_SHOWN = 20


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
        people: How many names, addresses and so on of people were replaced by made-up ones.
        replaced: How many values were replaced, by kind and place.
        lost: Requests that the recording lacks, since the sandbox could not read them or pass them on, each with the reason.
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
    replaced: dict[str, dict[str, int]] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)


async def discover(
    directory: Path,
    settings: Settings,
    *,
    keep_personal_data: bool = False,
    file: Path | None = None,
    allowed: Collection[str] | None = (),
    archive_file: Path | None = None,
    force: bool = False,
) -> Discovery:
    """Run a resync of the integration in ``directory`` against the real API, and write what it asked and was told.

    Without credentials (neither ``.env`` nor the environment has any), nothing leaves: every request is answered with
    404, and recorded.

    Args:
        directory: Where the integration's ``main.py`` is; an absolute path.
        settings: How the sandbox runs.
        keep_personal_data: Whether e-mail addresses and names stay as they are.
        file: Where to write; by default, in the place of recordings.
        allowed: Places of the recording where what looks like a secret is not one; None if the recording is not kept, so that
            only known secrets are looked for.
        archive_file: Where to write the requests as HAR, too.
        force: Whether a file in that place is overwritten.

    Raises:
        HarError: There is a file in the place of the HAR.
        ConfigError: The spec, ``.env`` or the environment is wrong.
        UpstreamError: The API cannot be reached, or refuses the credentials.
        SecretLeftError: A secret would have been written.
        SandboxError: Anything else that is wrong; nothing was written.
    """
    extra.check("Recording a real API")
    if archive_file is not None and not force:
        har.see_that_it_is_new(archive_file)
    config = read(directory)
    archive.pack(directory)  # whatever is wrong with it is said before anything runs
    (_, mapping), blueprints = mapping_of(directory), read_blueprints(directory)
    people = None if keep_personal_data else People()
    redactor = Redactor(people.clean_text if people is not None else None)
    warnings = configured.learn(config, redactor)
    _announce(config)
    with _alone(directory, settings):
        async with AsyncExitStack() as stack:
            client = await stack.enter_async_context(client_of_this_machine()) if config.is_real else None
            traffic = Traffic(redactor)
            watch = Watch(traffic)
            harness = IntegrationTestHarness(
                str(directory),
                mapping,
                RecordingTransport(traffic, client, watch.answered),
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
            _see_that_it_was_let_in(traffic, result)
        done = _write(
            file or directory / discovery_file.PLACE,
            config,
            mapping,
            blueprints,
            traffic,
            harness.port_mock.transport.calls,
            result,
            redactor,
            people,
            warnings,
            allowed,
        )
    if archive_file is not None:
        har.write(archive_file, done.file)
    return done


def _announce(config: IntegrationConfig) -> None:
    """Say aloud what is about to leave, before it does."""
    if not config.is_real:
        say("discover", "no .env and no OCEAN__INTEGRATION__CONFIG__… in the environment: nothing leaves this machine;")
        say("discover", "the integration runs with dummy values, and every request is answered with 404")
        return
    say("discover", "THIS CALLS THE REAL API: the integration's requests are sent from this machine, with the")
    say(
        "discover",
        "credentials of .env and the environment, to the hosts that it calls and no others; each is named",
    )
    say("discover", "when it is first called. Port is not called. Secrets are replaced before anything is written.")
    if hosts := sorted({host for value in config.values.values() if (host := _host_of(value))}):
        say("discover", f"The configuration names {', '.join(hosts)}.")


def _host_of(value: Any) -> str | None:
    with contextlib.suppress(ValueError):
        return urlsplit(value).hostname if isinstance(value, str) and "://" in value else None
    return None


@contextlib.contextmanager
def _alone(directory: Path, settings: Settings) -> Any:
    """See that no other process discovers the same integration."""
    settings.cache.mkdir(parents=True, exist_ok=True)
    lock = FileLock(settings.cache / f"discover-{hashlib.sha256(bytes(directory)).hexdigest()[:16]}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise SandboxError(
            f"Another process is recording the integration at {directory}.", remedy="wait until it is done."
        ) from None
    try:
        yield
    finally:
        lock.release()


def _see_that_it_was_let_in(traffic: Traffic, result: ResyncResult) -> None:
    """See that there is something worth writing down.

    Raises:
        UpstreamError: Nothing was reached, or every login was refused.
    """
    if refusal := traffic.refusal():
        raise UpstreamError(refusal, remedy=REFUSED)
    if traffic.failed and not traffic.answered:
        raise traffic.unreachable()
    if not traffic.answered:
        raised = [traffic.redactor.clean_text(f"{type(error).__name__}: {error}") for error in result.errors]
        log = [traffic.redactor.clean_text(line) for line in result.logs[-_SHOWN:]]
        raise UpstreamError(
            "The integration made no calls, or none was answered: there is nothing to record.",
            remedy="its errors, or the end of its log, are below; nothing was written.",
            detail="\n".join(raised or log),
        )


def _write(
    file: Path,
    config: IntegrationConfig,
    mapping: dict[str, Any],
    blueprints: list[dict[str, Any]],
    traffic: Traffic,
    port_calls: list[RequestLog],
    result: ResyncResult,
    redactor: Redactor,
    people: People | None,
    warnings: list[str],
    allowed: Collection[str] | None,
) -> Discovery:
    say("discover", f"replacing secrets, and writing {file}")
    head = {
        "metadata": {
            "integration_type": config.kind,
            "generated_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "version": discovery_file.VERSION,
        },
        "integration_config": configured.cleaned(config, redactor),
        "mapping_config": mapping,
        "blueprints": blueprints,
    }
    calls = traffic.answered
    lost = [error for error in result.errors if isinstance(error, AnswerFailedError)]
    raised = [error for error in result.errors if not isinstance(error, AnswerFailedError)]
    found = [redactor.clean_text(str(warning)) for warning in result.warnings]
    warnings = [*warnings, *_what_went_wrong(traffic, result), *found]
    counted = Counter(dict(traffic.hosts))
    replaced = discovery_file.write(
        file,
        head,
        {"third_party_requests": list(calls), "port_requests": discovery_file.entries_of(port_calls)},
        redactor,
        people,
        configured.secrets(config),
        allowed,
    )
    return Discovery(
        file=file,
        calls=len(calls),
        hosts={redactor.clean_text(host): count for host, count in counted.items()},
        kinds=result.kinds,
        entities=len(result.upserted_entities),
        errors=[redactor.clean_text(f"{type(error).__name__}: {error}") for error in raised],
        warnings=warnings,
        secrets=len(redactor),
        people=len(people) if people is not None else 0,
        replaced=replaced,
        lost=[redactor.clean_text(each) for each in (*traffic.lost, *map(str, lost))],
    )


def _what_went_wrong(traffic: Traffic, result: ResyncResult) -> list[str]:
    warnings = [
        f"{host} could not be reached at times ({why}); that is not recorded" for host, why in traffic.failed.items()
    ]
    if result.egress_attempts:
        tried = ", ".join(map(str, result.egress_attempts))
        warnings.append(f"the integration tried to reach what the sandbox does not answer: {tried}")
    if result.rejected_entities:
        warnings.append(f"Port refused {len(result.rejected_entities)} entities")
    if not (traffic.exchanges or traffic.lost):
        warnings.append("the integration made no calls")
    return warnings
