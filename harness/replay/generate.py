"""Generates a test from a recording."""

import json
import tempfile
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from harness.execution.result import ResyncResult
from harness.recording import from_har
from harness.recording.from_har import Taken
from harness.replay import (
    discriminators,
    generated_files,
    recording,
    replay_check,
    replay_plan,
    source_of_test,
    stub_source,
)
from harness.replay.generated_files import Files, Written
from harness.replay.recording import Recording
from harness.replay.replay_check import Drafts, Tried
from harness.replay.replay_plan import Plan
from harness.replay.source_of_test import Expected
from harness.replay.trials import Trials, unmatched_of
from harness.replay.truncate import Cut
from harness.stubs import folder as stub_files
from sandbox.errors import SandboxError
from sandbox.images import archive
from sandbox.settings import Settings
from sandbox.sizes import count

Form = Literal["python", "stubs", "auto"]
# A test with more answers is one that nobody reads: they become stub files.
_MOST_IN_A_TEST = 1_000
TEST = Path("tests", "test_integration_resync.py")
_SHOWN, _LISTED = 5, 20


class GenerateError(SandboxError):
    """A recording cannot be made into a test."""


@dataclass(frozen=True)
class Wanted:
    """How a test is wanted.

    Args:
        form: Routes in Python, or stub files; by default stub files if there are many.
        full: Whether nothing is cut.
        force: Whether files that a person edited are overwritten.
        replay: Whether the test is tried in a sandbox, which says what it may assert. Without, only what the recording
            says of the entities can be asserted, and only where nothing is cut.
        folder: The stub folder; by default named as the integration.
        archive: A HAR to replay in place of the recording.
        allowed: Places of the archive where what looks like a secret is not one.
    """

    form: Form = "auto"
    full: bool = False
    force: bool = False
    replay: bool = True
    folder: str | None = None
    archive: Path | None = None
    allowed: Collection[str] = ()


@dataclass(frozen=True)
class Generation:
    """What was generated.

    Args:
        files: What became of the files.
        requests: How many requests were recorded.
        routes: How many routes replay them.
        cut: How much was cut.
        counts: Entities by blueprint that the test asserts.
        warnings: What there is to know, a sentence each.
        taken: What became of the archive that was replayed in place of the recording.
    """

    files: Written
    requests: int
    routes: int
    cut: Cut
    counts: dict[str, int]
    warnings: list[str] = field(default_factory=list)
    taken: Taken | None = None


async def generate(directory: Path, wanted: Wanted, settings: Settings) -> Generation:
    """Write a test that replays the recording of the integration in ``directory``.

    Args:
        directory: Where its ``main.py`` is; an absolute path.
        wanted: How it is wanted.
        settings: How the sandbox runs.

    Raises:
        RecordingError: The recording cannot be used.
        EditedError: A person edited a file that would be written.
        GenerateError: Nothing that replays can be made of it.
        SandboxError: Anything else; nothing was written.
    """
    archive.pack(directory)  # whatever is wrong with it is said before anything runs
    recorded, taken = (recording.read(directory), None) if wanted.archive is None else _of_archive(directory, wanted)
    maker = _Maker(directory, recorded, wanted, settings)
    if wanted.replay:
        plan, expected, warnings = await maker.tried()
    else:
        plan, expected, warnings = maker.untried()
    files = generated_files.write(maker.files(maker.drafts(plan, expected)), force=wanted.force)
    return Generation(files, len(recorded.requests), len(plan.routes), plan.cut, expected.counts, warnings, taken)


def _of_archive(directory: Path, wanted: Wanted) -> tuple[Recording, Taken]:
    archive = wanted.archive or Path()
    with tempfile.TemporaryDirectory(prefix="ocean-sandbox-har-") as name:
        file = Path(name, "recording.json")
        taken = from_har.record(directory, archive, file, wanted.allowed)
        return replace(recording.read_file(file), source=archive.name), taken


class _Maker:
    def __init__(self, directory: Path, recorded: Recording, wanted: Wanted, settings: Settings) -> None:
        self._directory = directory
        self._recorded = recorded
        self._wanted = wanted
        self._settings = settings
        self._folder = wanted.folder or recorded.kind

    def untried(self) -> tuple[Plan, Expected, list[str]]:
        """By what the recording says."""
        if not self._wanted.full:
            raise GenerateError(
                "Only a replay can tell which entities are left when lists are cut.",
                remedy="leave out --no-replay, or add --full.",
            )
        if not self._recorded.entities:
            raise GenerateError(
                "The recording does not have the entities that Port got, so only a replay can tell which they are.",
                remedy="leave out --no-replay, or record it again.",
            )
        plan = replay_plan.plan(self._recorded.requests, Cut.NOTHING, self._recorded.recorded_at, self._recorded.config)
        return plan, expected_of(self._recorded.entities), []

    async def tried(self) -> tuple[Plan, Expected, list[str]]:
        """By what replays in a sandbox give: the shortest that gives a part of what was recorded."""
        trials = Trials(
            self._recorded, lambda plan: self._try(plan, Expected()), self._what_is_wrong, self._wanted.full
        )
        plan, tried, wrong = await trials.best()
        _see_that_all_was_answered(plan, tried)
        warnings = [*wrong[:_SHOWN], *self._differences(tried, plan.cut)]
        if plan.cut is not Cut.NOTHING:
            plan = plan.only(tried.asked)
        expected = tried.expected()
        again = await self._try(plan, expected)
        _see_that_all_was_answered(plan, again)
        if again.expected().counts != expected.counts:
            raise GenerateError(
                f"Two replays gave different entities: {expected.counts} and {again.expected().counts}.",
                remedy="the integration is not deterministic; check what it makes depend on time or randomness.",
            )
        return plan, _in_both(expected, again), warnings

    async def _try(self, plan: Plan, expected: Expected) -> Tried:
        return await replay_check.run(self.drafts(plan, expected), self._directory, self._settings)

    def drafts(self, plan: Plan, expected: Expected) -> Drafts:
        many = sum(len(route.turns) for route in plan.routes) > _MOST_IN_A_TEST
        is_stubs = self._wanted.form == "stubs" or (self._wanted.form == "auto" and many)
        text, bodies = source_of_test.write(self._recorded, plan, expected, self._folder if is_stubs else None)
        stubs, stub_bodies = stub_source.write(plan) if is_stubs else ({}, {})
        return Drafts(text, {} if is_stubs else bodies, stubs, stub_bodies, self._folder)

    def files(self, drafts: Drafts) -> Files:
        """Where the drafts go.

        Raises:
            GenerateError: The stub folder is a person's.
        """
        test = self._directory / TEST
        texts = {test: drafts.test}
        bodies = {test.parent / source_of_test.BODIES: drafts.bodies}
        if drafts.stubs:
            folder = stub_files.place_for(self._directory, self._settings.mappings) / drafts.folder
            self._see_that_it_is_ours(folder, drafts)
            texts |= {folder / name: text for name, text in drafts.stubs.items()}
            bodies[folder / "__files"] = drafts.stub_bodies
        return Files(self._directory, texts, bodies)

    def _see_that_it_is_ours(self, folder: Path, drafts: Drafts) -> None:
        others = [
            path.name
            for path in sorted(folder.glob("*.json"))
            if path.name not in drafts.stubs
            and generated_files.is_generated(path.read_text(encoding="utf-8", errors="replace")) is None
        ]
        if others and not self._wanted.force:
            raise GenerateError(
                f"{folder} has stub files that were not generated, and a test loads the whole folder: "
                f"{', '.join(others[:_SHOWN])}.",
                remedy="choose another folder with --folder, or mix them with --force.",
            )

    def _what_is_wrong(self, tried: Tried) -> list[str]:
        """Why a replay does not match the recording."""
        wrong = [
            f"unmatched request: {call.request.method} {call.request.url}" for call in tried.result.unmatched[:_SHOWN]
        ]
        wrong += [
            f"the resync raised {type(error).__name__}: {str(error)[:200]}" for error in tried.result.errors[:_SHOWN]
        ]
        if self._recorded.entities is not None:
            had = {_text(each) for each in _masked(self._recorded.entities)}
            new = [each for each in _masked(tried.entities) if _text(each) not in had]
            wrong += [f"{each.get('blueprint')} {each.get('identifier')!r} differs from the recording" for each in new]
        return wrong

    def _differences(self, tried: Tried, cut: Cut) -> list[str]:
        """What is missing from a replay of everything."""
        if cut is not Cut.NOTHING or self._recorded.entities is None:
            return []
        gone = Counter(_text(each) for each in _unique(self._recorded.entities)) - Counter(
            _text(each) for each in _unique(tried.result.upserted_entities)
        )
        if not gone:
            return []
        return [f"{gone.total()} recorded entities are missing from the replay, or different in it"]


def _see_that_all_was_answered(plan: Plan, tried: Tried) -> None:
    """See that the replay asked nothing that was not recorded.

    Raises:
        GenerateError: It did. The message names the requests, and says in what they differ from the recorded ones.
    """
    if not (unmatched := unmatched_of(tried)):
        return
    said = list(dict.fromkeys(discriminators.describe(plan, each) for each in unmatched))
    more = f"\n… and {len(said) - _LISTED} more" if len(said) > _LISTED else ""
    raise GenerateError(
        f"{count(len(said), 'request')} of the replay {'has' if len(said) == 1 else 'have'} "
        f"no recorded answer, the first: {said[0]}.",
        remedy="record it again, if answers were lost then. If a value of these requests depends on the day or on chance in a "
        "way that ocean-sandbox does not find out, add a route for them by hand.",
        detail="\n".join(said[:_LISTED]) + more,
    )


def expected_of(entities: Sequence[dict[str, Any]]) -> Expected:
    """What a test may assert of recorded entities."""
    return Tried([], ResyncResult(upserted_entities=list(entities))).expected()


def _in_both(expected: Expected, again: Tried) -> Expected:
    """What holds in both replays."""
    second = {_text(each) for each in again.result.upserted_entities}
    masked = {_text(each) for each in again.entities}
    return Expected(
        expected.counts,
        [each for each in expected.entities if _text(each) in second],
        [each for each in expected.masked if _text(each) in masked],
        expected.errors,
        expected.has_egress or again.expected().has_egress,
    )


def _unique(entities: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({(str(each.get("blueprint")), str(each.get("identifier"))): each for each in entities}.values())


def _masked(entities: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without what an entity says of the run that made it."""
    return [each for each in entities if "<now>" not in (text := _text(each)) and "<uuid>" not in text]


def _text(entity: dict[str, Any]) -> str:
    return json.dumps(entity, sort_keys=True)
