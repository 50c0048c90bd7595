"""Runs the resync of a directory, with its mapping, its stubs, its blueprints and a configuration to start with.

Nothing but the directory need be named; whatever is, counts instead. Each resync is in a sandbox that is empty, and the
stubs, the mapping and the code are read again for it, so the same :class:`DirectoryRun` can run again after a change.
"""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.execution.port_mock import Strictness
from harness.execution.result import ResyncResult
from harness.integration.mapping import MappingError
from harness.integration.resources import BLUEPRINTS, RESOURCES, mapping_of
from harness.options import settings_in_force
from harness.routes.transport import InterceptTransport, RequestLog
from harness.running.defaults import config_of, stub_folders_of
from harness.stubs import folder as stub_files
from harness.stubs.errors import StubFileError
from harness.stubs.journal import ThirdPartyCall
from harness.stubs.mappings import Stub
from harness.stubs.unmatched_requests import Unanswered, unanswered
from harness.testing.harness import IntegrationTestHarness
from sandbox.settings import Entry, Settings


@dataclass(frozen=True)
class Asked:
    """What to resync.

    Args:
        directory: The integration's.
        kind: Only this kind's resources.
        mapping: The mapping's file, where it is not the integration's own.
        stubs: Stub folders, the later laid over the earlier; None for the one that is called as the directory is.
        config: Settings of the integration, ``name=value`` each.
        port: Port's rules; None for strict ones where the integration brings its blueprints along.
        entry: How the resync is started; None to use the settings.
    """

    directory: Path
    kind: str | None = None
    mapping: Path | None = None
    stubs: Sequence[str] | None = None
    config: Sequence[str] = ()
    port: Strictness | None = None
    entry: Entry | None = None


@dataclass(frozen=True)
class Read:
    """What the directory says now.

    Args:
        file: The mapping's file.
        mapping: The mapping, of all kinds or of the one that was asked for.
        folders: The stub folders that are laid over one another.
        stubs: Their stubs.
        config: Overrides of the integration's configuration.
        port: Port's rules.
    """

    file: Path
    mapping: dict[str, Any]
    folders: list[str]
    stubs: list[Stub]
    config: dict[str, Any]
    port: Strictness


@dataclass(frozen=True)
class Run:
    """A resync, and all that came of it.

    Args:
        directory: The integration's.
        read: What it was given.
        result: What it came to.
        entry: How it was started.
        stubs_root: The folder of all stub folders, if there is one.
        calls: Third-party calls in order, each with the stub that answered.
        port_calls: Calls to Port, in order.
        unanswered: The third-party requests that no stub answered, each once.
        began: When it began, seconds since the epoch.
        seconds: How long it took, with all that it waited for.
    """

    directory: Path
    read: Read
    result: ResyncResult
    entry: Entry = "resync"
    stubs_root: Path | None = None
    calls: list[ThirdPartyCall] = field(default_factory=list)
    port_calls: list[RequestLog] = field(default_factory=list)
    unanswered: list[Unanswered] = field(default_factory=list)
    began: float = 0.0
    seconds: float = 0.0


class DirectoryRun:
    """Resyncs a directory, as often as it is told to, each time in a sandbox that is empty.

    Args:
        asked: What to resync.
        settings: How the sandbox runs; from pyproject.toml and the environment by default.

    Attributes:
        asked: What to resync.
        directory: The integration's, as an absolute path.
        settings: How the sandbox runs.
    """

    def __init__(self, asked: Asked, settings: Settings | None = None) -> None:
        self.asked = asked
        self.directory = asked.directory.resolve()
        self.settings = settings or settings_in_force()
        self._harness: IntegrationTestHarness | None = None

    @property
    def stubs_root(self) -> Path | None:
        """The folder of all stub folders, if there is one."""
        try:
            return stub_files.find_root(self.directory, self.settings.mappings)
        except StubFileError:
            return None

    def folders(self) -> list[str]:
        """The stub folders, by the names that a test would give them; none if none is named after the directory."""
        return list(self.asked.stubs or stub_folders_of(self.directory, self.settings.mappings))

    def read(self) -> Read:
        """Read the mapping, the stubs, and what else the directory says.

        Raises:
            SandboxError: A file is not as it must be; the message names it.
        """
        file, mapping = mapping_of(self.directory, self.asked.mapping)
        if self.asked.kind is not None:
            mapping = {**mapping, "resources": _of_kind(mapping, self.asked.kind, file)}
        folders = self.folders()
        stubs = (
            stub_files.load(
                folders, self.directory, self.settings.mappings, are_templated=self.settings.global_templating
            )
            if folders
            else []
        )
        has_blueprints = (self.directory / RESOURCES / BLUEPRINTS).is_file()
        return Read(
            file,
            mapping,
            folders,
            stubs,
            config_of(self.directory, stubs, self.asked.config),
            self.asked.port or ("strict" if has_blueprints else "lenient"),
        )

    async def run(self, **given: Any) -> Run:
        """Resync once; arguments and errors as for :meth:`running`."""
        async with self.running(**given) as run:
            return run

    @asynccontextmanager
    async def running(
        self,
        *,
        read: Read | None = None,
        mapping: dict[str, Any] | None = None,
        port: Strictness | None = None,
        entry: Entry | None = None,
    ) -> AsyncIterator[Run]:
        """Resync once; the sandbox is given back when the block has ended, which takes a moment.

        Args:
            read: What the directory says; read now where it is not given.
            mapping: Instead of the directory's mapping.
            port: Instead of the rules that were asked for.
            entry: Instead of the entry that was asked for.

        Raises:
            SandboxError: A file is invalid, the integration does not start or dies, or there is no engine.
        """
        began, started = time.time(), time.monotonic()
        read = read or self.read()
        harness = IntegrationTestHarness(
            integration_path=str(self.directory),
            port_mapping_config=read.mapping if mapping is None else mapping,
            third_party_transport=InterceptTransport(strict=False),
            config_overrides=read.config,
            port=port or read.port,
            stubs=read.folders or None,
            sandbox_settings=self.settings,
            entry=entry or self.asked.entry,
        )
        self._harness = harness
        try:
            await harness.start()
            result = await harness.trigger_resync()
            yield self._run(read, harness, result, began, time.monotonic() - started)
        finally:
            self._harness = None
            await harness.shutdown()

    def cut(self) -> None:
        """Kill the running resync, if there is one: it ends with a ResyncCrashedError, unless it finishes in the meantime."""
        if self._harness is not None:
            self._harness.cut()

    def _run(
        self, read: Read, harness: IntegrationTestHarness, result: ResyncResult, began: float, seconds: float
    ) -> Run:
        return Run(
            self.directory,
            read,
            result,
            harness.entry,
            self.stubs_root,
            calls=result.calls,
            port_calls=list(harness.port_mock.transport.calls),
            unanswered=unanswered(result.unmatched, read.stubs),
            began=began,
            seconds=seconds,
        )


def _of_kind(mapping: dict[str, Any], kind: str, file: Path) -> list[dict[str, Any]]:
    kinds = [resource["kind"] for resource in mapping["resources"]]
    if kind not in kinds:
        raise MappingError(f"{file} has no resource of kind {kind!r}.", remedy=f"available kinds: {', '.join(kinds)}.")
    return [resource for resource in mapping["resources"] if resource["kind"] == kind]
