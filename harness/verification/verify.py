"""Asks the real API again, and says what is otherwise than when the tests were made: the nightly contract test."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import integration_config
from harness.discovery.discover import discover
from harness.generation import recording
from harness.generation.recording import Recording
from harness.verification import drift, stand_ins
from harness.verification.drift import Drift
from sandbox.errors import SandboxError
from sandbox.settings import Settings

# What a resync against a real API may take, unless somebody says otherwise.
SECONDS = 3600


class VerifyError(SandboxError):
    """There is nothing to compare."""


@dataclass(frozen=True)
class Verification:
    """What a comparison came to.

    Args:
        old: What the stubs were made of.
        fresh: What the API says today.
        drifts: What is otherwise, by endpoint.
        stubs: How many routes and stubs were compared with it, besides the recording.
    """

    old: Recording
    fresh: Recording
    drifts: list[Drift]
    stubs: int = 0

    @property
    def is_same(self) -> bool:
        """Whether nothing is otherwise."""
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
            "drift": [each.to_json() for each in self.drifts],
        }

    def report(self) -> str:
        """For people: a block for each endpoint that is otherwise."""
        asked = f"{len(self.fresh.requests)} requests today, {len(self.old.requests)} when it was recorded"
        asked += f", {self.stubs} stubs" if self.stubs else ""
        when = f" ({self.old.recorded_at})" if self.old.recorded_at else ""
        if self.is_same:
            return f"The API of {self.old.kind} is as it was recorded{when}: {asked}."
        width = max(len(each.kind) for each in self.drifts)
        lines = [f"The API of {self.old.kind} is not as it was recorded{when}: {asked}."]
        for endpoint in dict.fromkeys(each.endpoint for each in self.drifts):
            lines += ["", endpoint]
            lines += [f"  {each.kind:{width}}  {each}" for each in self.drifts if each.endpoint == endpoint]
        lines += [
            "",
            "What to do: where the integration copes with it, record it anew (ocean-sandbox discover) and generate the",
            "tests again; where it does not, it is broken in production, too.",
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
        StandInError, StubFileError: The generated test, or a stub file, cannot be read.
        SandboxError: There is no fresh recording; see :func:`harness.discovery.discover.discover`.
    """
    config = integration_config.read(directory)
    old = recording.read(directory)
    if not config.is_real:
        raise VerifyError(
            f"There are no credentials for the real API, neither in {directory / '.env'} nor in the environment.",
            remedy="set OCEAN__INTEGRATION__CONFIG__… as for ocean-sandbox discover.",
        )
    stubs = stand_ins.of(directory, old.kind, settings.mappings)
    with tempfile.TemporaryDirectory(prefix="ocean-sandbox-verify-") as name:
        file = Path(name, "fresh", "resources", "discovery.json")
        await discover(directory, settings, file=file)
        fresh = recording.read_file(file)
    found = drift.compare(old.requests, fresh.requests)
    told = {(each.kind, each.endpoint, each.place) for each in found}
    found += [
        each
        for each in stand_ins.compare(stubs, old.requests, fresh.requests)
        if (each.kind, each.endpoint, each.place) not in told
    ]
    return Verification(old, fresh, found, len(stubs))
