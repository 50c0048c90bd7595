"""Runs the same stubs through two versions of an integration, side by side, each as it ships.

Each finds a Port that it has never been in, where a resync has nothing to delete. So where the later version no longer
makes some entities of the earlier, it resyncs once more, in a Port that has them, as the release will find it: what it
deletes there is what is told as deleted. Ocean deletes nothing where that were too much at once
(``entityDeletionThreshold`` of the mapping, port-ocean 0.55), and then nothing is told.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from harness.diagnosis.difference import Comparison, Outcome, compare
from harness.diagnosis.outcome import outcome_of
from harness.diagnosis.versions import Version
from harness.execution import snapshot
from harness.execution.result import ResyncResult
from harness.integration.configuration import read_spec
from harness.integration.dummy_values import dummies
from harness.routes.transport import InterceptTransport
from harness.testing.harness import IntegrationTestHarness
from sandbox.errors import IntegrationError, ResyncCrashedError, ResyncTimeoutError, SandboxError
from sandbox.resync.environment import snake_case
from sandbox.settings import Settings

# What a version may do in a release, and what is therefore told of it rather than of the comparison.
_OF_THE_VERSION = (IntegrationError, ResyncCrashedError, ResyncTimeoutError)
_SHOWN = 20


@dataclass(frozen=True)
class Same:
    """What both versions are given.

    Args:
        name: The integration's type, and what its identifier is made of.
        stubs: Stub folders.
        config: The integration's own configuration; what each version requires besides has a dummy value.
        address: What to use for a URL there; by default one that does not exist.
        mapping: The mapping that is in force for both; None for the one that each ships.
        settings: How the sandboxes run.
    """

    name: str
    stubs: Sequence[str]
    config: Mapping[str, Any] = field(default_factory=dict)
    mapping: dict[str, Any] | None = None
    settings: Settings = field(default_factory=Settings)
    address: str | None = None


async def run(before: Version, after: Version, same: Same) -> Comparison:
    """Resync both at once, and say what is different.

    Args:
        before: The version to compare with.
        after: The version to compare.
        same: What both versions get.

    Raises:
        SandboxError: It cannot be compared: neither version finishes or upserts anything, a stub file is wrong,
            there is no engine.
    """
    results = await asyncio.gather(*(_resync(version, same) for version in (before, after)))
    stuck = [result for result in results if isinstance(result, SandboxError)]
    if len(stuck) == len(results):
        raise SandboxError(
            "Neither version finished its resync, so there is nothing to compare.",
            remedy="give them the configuration that they need: --set NAME=VALUE, or --config FILE. "
            f"What happened to {after.name} is below.",
            detail=str(stuck[-1]),
        )
    outcomes = [_outcome(version, result) for version, result in zip((before, after), results, strict=True)]
    if left := left_behind(*results):
        outcomes[-1] = with_deletes(outcomes[-1], before, await _resync(after, same, left))
    if same.mapping is None and not any(outcome.resources.get("mapping", {}).get("resources") for outcome in outcomes):
        raise SandboxError(
            "Neither version ships a mapping with any resources, so neither resynced anything.",
            remedy=f"write {after.directory}/.port/resources/port-app-config.yml, or give one: --mapping FILE.",
        )
    check_worth(results)
    return compare(*outcomes)


def check_worth(results: Sequence[ResyncResult | SandboxError]) -> None:
    """Refuse to compare versions that did nothing: that they are the same then says nothing.

    Args:
        results: What became of each version.

    Raises:
        SandboxError: No resync completed, or nothing was upserted; the message has the requests that none answered.
    """
    ended = [result for result in results if isinstance(result, ResyncResult)]
    if not any(result.reconciliation_success for result in ended):
        what = "Neither version completed its resync, so there is nothing to compare."
    elif not any(result.upserted_entities for result in ended):
        what = "Neither version upserted anything, so there is nothing to compare."
    else:
        return
    asked = [
        dict.fromkeys(f"{each.request.method} {each.request.url}" for each in result.unmatched) for result in ended
    ]
    unanswered = [request for request in asked[0] if all(request in others for others in asked)] if asked else []
    said = [str(result.what) for result in results if isinstance(result, SandboxError)]
    said += dict.fromkeys(f"{type(error).__name__}: {error}" for result in ended for error in result.errors)
    raise SandboxError(
        what,
        remedy=f"add stubs for the requests below, which {'both versions' if len(ended) > 1 else 'it'} got no answer to, or "
        "name the folder that has them: --stubs FOLDER."
        if unanswered
        else "make sure that the stubs answer with items and that the mapping selects them: --stubs FOLDER, --mapping FILE.",
        detail="\n".join([*unanswered[:_SHOWN], *_more(unanswered), *said[:_SHOWN], *_more(said)]),
    )


def left_behind(before: ResyncResult | SandboxError, after: ResyncResult | SandboxError) -> list[dict[str, Any]]:
    """The entities that the earlier version makes, as Port has them, where the later makes some of them no more.

    Args:
        before: What became of the version to compare with.
        after: What became of the version to compare; where it fails, Ocean deletes nothing.
    """
    if not (isinstance(before, ResyncResult) and isinstance(after, ResyncResult) and after.reconciliation_success):
        return []
    made = {_key(entity): entity for entity in before.upserted_entities}
    if made.keys() <= {_key(entity) for entity in after.upserted_entities}:
        return []
    return [
        {
            # A mapping may make anything of them.
            **{part: entity[part] for part in ("properties", "relations") if isinstance(entity.get(part), dict)},
            "identifier": identifier,
            "blueprint": blueprint,
        }
        for (blueprint, identifier), entity in made.items()
        if blueprint and identifier
    ]


def with_deletes(outcome: Outcome, before: Version, result: ResyncResult | SandboxError) -> Outcome:
    """What came of the later version, with what it deletes of the earlier's entities.

    Args:
        outcome: What came of it in a Port that it has never been in.
        before: The earlier version.
        result: What became of it in a Port that has the earlier's entities.
    """
    if isinstance(result, ResyncResult) and result.reconciliation_success:
        return replace(outcome, deleted=snapshot.as_snapshot(result, ())["deleted_entities"])
    failed = f"the resync in a Port that has the entities of {before.name} did not complete"
    return replace(outcome, errors=[*outcome.errors, failed])


def _key(entity: dict[str, Any]) -> tuple[str, str]:
    identifier = entity.get("identifier")
    text = identifier if isinstance(identifier, str) else json.dumps(identifier, separators=(",", ":"))
    return str(entity.get("blueprint")), text


def _more(lines: Sequence[str]) -> list[str]:
    return [f"… and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []


async def _resync(
    version: Version, same: Same, entities: list[dict[str, Any]] | None = None
) -> ResyncResult | SandboxError:
    harness = IntegrationTestHarness(
        integration_path=str(version.directory),
        port_mapping_config=same.mapping,
        third_party_transport=InterceptTransport(strict=False),
        config_overrides={
            "integration": {
                "identifier": f"{same.name}-compared",
                "type": same.name,
                "config": _config(version.directory, same),
            }
        },
        stubs=same.stubs,
        port_entities=entities,
        sandbox_settings=same.settings.model_copy(update={"image": version.image}),
        entry="production",
    )
    try:
        await harness.start()
        return await harness.trigger_resync()
    except _OF_THE_VERSION as error:
        return error
    finally:
        await harness.shutdown()


def _config(directory: Path, same: Same) -> dict[str, Any]:
    """What is given, and dummies of what is required besides."""
    given = {snake_case(name): value for name, value in same.config.items()}
    return dummies(read_spec(directory), given, same.address)


def _outcome(version: Version, result: ResyncResult | SandboxError) -> Outcome:
    if isinstance(result, SandboxError):
        # The rest of it names folders, of which each version has its own.
        said = str(result.what).replace(str(version.directory), version.directory.name)
        return Outcome(version.name, errors=[f"{type(result).__name__}: {said}"])
    return outcome_of(version.name, result)


def default_name(directory: Path) -> str:
    """What an integration is called, and its stub folder with it: as its directory."""
    return directory.name.lower()
