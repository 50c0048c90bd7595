"""Calls the real API again, and says what changed since the tests were generated: the nightly contract test."""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.integration import configuration
from harness.recording.discover import discover
from harness.replay import drift, recording, stub_index
from harness.replay.drift import Drift
from harness.replay.recording import Recording
from sandbox.errors import SandboxError
from sandbox.settings import Settings

# Default time limit of a resync against a real API.
SECONDS = 3600


class VerifyError(SandboxError):
    """There is nothing to compare."""


@dataclass(frozen=True)
class Verification:
    """What a comparison came to.

    Args:
        old: What the stubs were made of.
        fresh: What the API says today.
        drifts: What changed, by endpoint.
        stubs: How many routes and stubs were compared with it, besides the recording.
        warnings: What else there is to know of the resync of today, a sentence each.
    """

    old: Recording
    fresh: Recording
    drifts: list[Drift]
    stubs: int = 0
    warnings: list[str] = field(default_factory=list)

    @property
    def is_same(self) -> bool:
        """Whether nothing changed."""
        return not self.drifts

    def to_json(self) -> dict[str, Any]:
        """For machines; ``is_same`` says it all."""
        return {
            "is_same": self.is_same,
            "integration_type": self.old.kind,
            "recorded_at": self.old.recorded_at,
            "verified_at": self.fresh.recorded_at,
            "requests": {"recorded": len(self.old.requests), "fresh": len(self.fresh.requests)},
            "stubs": self.stubs,
            "warnings": self.warnings,
            "drift": [each.to_json() for each in self.drifts],
        }

    def report(self) -> str:
        """For people: a block for each endpoint that changed."""
        asked = f"{len(self.fresh.requests)} requests today, {len(self.old.requests)} in the recording"
        asked += f", {self.stubs} stubs" if self.stubs else ""
        when = f" ({self.old.recorded_at})" if self.old.recorded_at else ""
        warnings = [f"warning: {warning}" for warning in self.warnings]
        if self.is_same:
            return "\n".join(
                [f"The API of {self.old.kind} has not changed since the recording{when}: {asked}.", *warnings]
            )
        width = max(len(each.kind) for each in self.drifts)
        lines = [f"The API of {self.old.kind} has changed since the recording{when}: {asked}."]
        for endpoint in dict.fromkeys(each.endpoint for each in self.drifts):
            lines += ["", endpoint]
            lines += [f"  {each.kind:{width}}  {each}" for each in self.drifts if each.endpoint == endpoint]
        lines += [
            *(["", *warnings] if warnings else []),
            "",
            "What to do: if the integration copes with it, record it again (ocean-sandbox discover) and generate the",
            "tests again; if it does not, it is broken in production too.",
        ]
        return "\n".join(lines)


async def verify(directory: Path, settings: Settings) -> Verification:
    """Record a resync against the real API, beside the recording that is there, and compare the two.

    What is generated of the recording, routes or stub files, is compared, too: a person may have edited it since.

    Args:
        directory: Where the integration's ``main.py`` is; an absolute path.
        settings: How the sandbox runs.

    Raises:
        ConfigError: The spec, ``.env`` or the environment is wrong.
        VerifyError: There are no credentials.
        RecordingError: There is no recording to compare with.
        StubIndexError, StubFileError: The generated test, or a stub file, cannot be read.
        SandboxError: There is no fresh recording; see :func:`harness.recording.discover.discover`.
    """
    config = configuration.read(directory)
    old = recording.read(directory)
    if not config.is_real:
        raise VerifyError(
            f"There are no credentials for the real API, neither in {directory / '.env'} nor in the environment.",
            remedy="set OCEAN__INTEGRATION__CONFIG__… as for ocean-sandbox discover.",
        )
    stubs = stub_index.of(directory, old.kind, settings.mappings)
    with tempfile.TemporaryDirectory(prefix="ocean-sandbox-verify-") as name:
        file = Path(name, "fresh", "resources", "discovery.json")
        discovered = await discover(directory, settings, file=file, allowed=None)
        fresh = recording.read_file(file)
    found = drift.compare(old.requests, fresh.requests)
    told = {(each.kind, each.endpoint, each.place) for each in found}
    found += [
        each
        for each in stub_index.compare(stubs, old.requests, fresh.requests)
        if (each.kind, each.endpoint, each.place) not in told
    ]
    return Verification(old, fresh, found, len(stubs), discovered.warnings)
