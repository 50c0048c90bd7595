"""Tries a generated test before it is written: the same routes or stub files, in a sandbox."""

import json
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from harness.execution.result import ResyncResult
from harness.replay import test_file
from harness.replay.recording import Recorded
from harness.replay.source_of_test import BODIES, Expected
from harness.routes.transport import whole_url
from harness.stubs.folder import FOLDER
from harness.testing.declaration import Declaration
from harness.testing.harness import IntegrationTestHarness
from sandbox.settings import Settings

_LARGEST_SHOWN = 4_000


@dataclass(frozen=True)
class Drafts:
    """A test that is not written yet.

    Args:
        test: The test file's text.
        bodies: What it reads from files.
        stubs: Stub files by name; empty where the test has the routes.
        stub_bodies: What these read from files.
        folder: The name of the stub folder.
    """

    test: str
    bodies: dict[str, bytes]
    stubs: dict[str, str]
    stub_bodies: dict[str, bytes]
    folder: str


@dataclass(frozen=True)
class Tried:
    """What came of it.

    Args:
        asked: What the third party was asked.
        result: The resync's result.
    """

    asked: list[Recorded]
    result: ResyncResult

    @property
    def entities(self) -> list[dict[str, Any]]:
        """The upserted entities, sorted, with what is of the run masked."""
        found: list[dict[str, Any]] = self.result.as_snapshot()["upserted_entities"]
        return found

    def expected(self) -> Expected:
        """What a test of this may assert."""
        whole = {(json.dumps(each, sort_keys=True)) for each in self.result.upserted_entities}
        counts = Counter(blueprint for blueprint, _ in {_key(each) for each in self.entities})
        entities: list[dict[str, Any]] = []
        masked: list[dict[str, Any]] = []
        for blueprint in sorted(counts):
            of_it = [each for each in self.entities if str(each.get("blueprint")) == blueprint]
            # The last of several with one identifier is the one that a test finds.
            last = {_key(each): each for each in self.result.upserted_entities}
            steady = [
                each for each in of_it if json.dumps(each, sort_keys=True) in whole and last.get(_key(each)) == each
            ]
            (entities if steady else masked).append(_shown(steady or of_it))
        return Expected(
            dict(sorted(counts.items())),
            entities,
            masked,
            sorted(type(error).__name__ for error in self.result.errors),
            bool(self.result.egress_attempts),
        )


def _key(entity: dict[str, Any]) -> tuple[str, str]:
    return str(entity.get("blueprint")), str(entity.get("identifier"))


def _shown(entities: list[dict[str, Any]]) -> dict[str, Any]:
    """The first that one can read, or the smallest."""
    sized = [(len(json.dumps(each)), each) for each in entities]
    return next((each for size, each in sized if size <= _LARGEST_SHOWN), min(sized, key=lambda pair: pair[0])[1])


async def run(drafts: Drafts, directory: Path, settings: Settings) -> Tried:
    """Run the resync of the test.

    Args:
        drafts: The test.
        directory: The integration's directory.
        settings: How the sandbox runs.

    Raises:
        SandboxError: Something is wrong with the integration or the engine.
    """
    with _written(drafts) as (test, mappings):
        settings = settings.allowing(test.resync_timeout)
        harness = IntegrationTestHarness(
            str(directory),
            test.create_mapping_config(),
            test.create_third_party_transport(),
            config_overrides=test.create_integration_config(),
            stubs=test.stubs,
            sandbox_settings=settings.model_copy(update={"mappings": mappings}) if test.stubs else settings,
            fail_on_egress=False,
        )
        try:
            await harness.start()
            result = await harness.trigger_resync()
            asked = [as_recorded(call.request) for call in harness.third_party_transport.calls]
        finally:
            await harness.shutdown()
    return Tried(asked, result)


def as_recorded(request: httpx.Request) -> Recorded:
    """A request of a replay, as a recording would have it."""
    text = request.content.decode(errors="replace")
    try:
        body = json.loads(text) if text[:1] in ("{", "[") else text or None
    except ValueError:
        body = text
    headers = {name: request.headers.get_list(name) for name in request.headers}
    one = {name: values[0] if len(values) == 1 else values for name, values in headers.items()}
    return Recorded(request.method, whole_url(request), one, body)


@contextmanager
def _written(drafts: Drafts) -> Iterator[tuple[Declaration, Path]]:
    """The test as Python has it, with its files in a folder of their own."""
    with tempfile.TemporaryDirectory(prefix="ocean-sandbox-") as name:
        file = Path(name, "tests", "test_generated.py")
        mappings = Path(name, FOLDER)
        folder = mappings / drafts.folder
        contents: dict[Path, bytes] = {file: drafts.test.encode()}
        contents |= {file.parent / BODIES / each: content for each, content in drafts.bodies.items()}
        contents |= {folder / each: text.encode() for each, text in drafts.stubs.items()}
        contents |= {folder / "__files" / each: content for each, content in drafts.stub_bodies.items()}
        for path, content in contents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        (test,) = test_file.read(file)
        yield test, mappings
