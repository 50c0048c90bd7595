"""Determines why kinds have no entities in a directory's run: from their raw items, with another resync."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from harness.diagnosis.explain import raw_items
from harness.execution import dropped
from harness.integration.resync_warnings import ResyncWarning
from harness.running.directory_run import DirectoryRun, Run
from sandbox.errors import SandboxError


async def explained(directory: DirectoryRun, run: Run, items: Sequence[Sequence[Any]] | None = None) -> Run:
    """The run, with what the raw items say of kinds without entities; as it is where every kind has some.

    Args:
        directory: What was run.
        run: What came of it.
        items: The raw items of each resource after ``itemsToParse``, where they are known; otherwise another resync of the
            kinds without entities gets them, where the answers do not tell.
    """
    result, resources = run.result, run.read.mapping["resources"]
    with_items, unparsed = dropped.unknown(resources, result.kinds, result.logs, run.calls)
    if not (with_items or unparsed):
        return run
    found: dict[int, list[ResyncWarning]] = {}
    try:
        of = items if items is not None else await _items(directory, run, with_items, parsed=True)
        found |= {
            index: list(dropped.of_items(resources[index], index, of[index])) for index in with_items if of[index]
        }
        whole = await _items(directory, run, unparsed, parsed=False)
        found |= {index: list(dropped.of_unparsed(resources[index], index, whole[index])) for index in unparsed}
    except SandboxError:  # what the log says is there
        return run
    kept = [each for each in result.warnings if each.subject != "items" or each.place not in _places(resources, found)]
    certain = [warning for index in sorted(found) for warning in found[index]]
    return replace(run, result=replace(result, warnings=[*certain, *kept]))


async def _items(directory: DirectoryRun, run: Run, places: Iterable[int], *, parsed: bool) -> list[list[Any]]:
    """The raw items of some resources, by their place in the mapping; of the others, none."""
    resources, places = run.read.mapping["resources"], list(places)
    items: list[list[Any]] = [[] for _ in resources]
    if places:
        mapping = {**run.read.mapping, "resources": [resources[index] for index in places]}
        # Another object: the sandbox of this one may still be given back.
        again = DirectoryRun(directory.asked, directory.settings)
        for index, of in zip(
            places, await raw_items(again, replace(run.read, mapping=mapping), parsed=parsed), strict=True
        ):
            items[index] = of
    return items


def _places(resources: Sequence[dict[str, Any]], found: Iterable[int]) -> set[str]:
    return {dropped.place(resources[index], index) for index in found}
