"""Writes a test that replays a recording."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from harness.replay.generated_files import UNMARKED
from harness.replay.python_literals import literal, string
from harness.replay.recorded_bodies import RecordedBodies
from harness.replay.recording import Recording
from harness.replay.replay_plan import Plan
from harness.replay.route_source import RouteSource
from harness.replay.truncate import ITEMS, Cut

BODIES = "recorded"
# Seconds that a request of a replay may take on a machine that does much else; the class says so where there are many.
_EACH, _STEP, _BY_DEFAULT = 0.1, 60, 120
_AT_ONCE = 40  # statements in one function; linters find more too many


_CONTRACT_TEST = (
    "    @pytest.mark.contract",
    "    @pytest.mark.asyncio",
    "    async def test_the_real_api_is_as_recorded(self) -> None:",
    '        """Call it again, with the credentials of .env; only with `-m contract`."""',
    "        found = await self.verify()",
    "        assert found.is_same, found.report()",
    "",
)
_WITH_ID = (
    "def with_id(answer: dict[str, Any]) -> Callable[[Any], dict[str, Any]]:",
    '    """Answer a JSON-RPC call with the id of the call."""',
    "",
    "    def respond(request: Any) -> dict[str, Any]:",
    '        body = {**answer["json"], "id": json.loads(request.content)["id"]}',
    '        return {**answer, "json": body}',
    "",
    "    return respond",
    "",
    "",
)


@dataclass(frozen=True)
class Expected:
    """What the test asserts.

    Args:
        counts: Entities by blueprint, each identifier once.
        entities: One whole entity of each blueprint.
        masked: The same, where every entity has something of the run in it; that is masked.
        errors: The names of the resync's errors.
        has_egress: Whether it tries to reach what the sandbox does not answer, as it did when it was recorded.
    """

    counts: dict[str, int] = field(default_factory=dict)
    entities: list[dict[str, Any]] = field(default_factory=list)
    masked: list[dict[str, Any]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    has_egress: bool = False


def write(recording: Recording, plan: Plan, expected: Expected, stubs: str | None) -> tuple[str, dict[str, bytes]]:
    """The test, and the bodies that it reads from files beside it.

    Args:
        recording: What was recorded.
        plan: The routes.
        expected: What to assert.
        stubs: The folder of the stub files that hold the routes; None to write them into the test.
    """
    bodies = RecordedBodies([turn.answer for route in plan.routes for turn in route.turns])
    source = RouteSource(plan.routes, bodies)
    statements = [] if stubs else list(_statements(plan, source))
    text = "\n".join(
        [
            *_head(recording, plan, stubs, source, has_bodies=bool(bodies.files)),
            *_expectations(expected),
            *(_WITH_ID if source.has_ids else ()),
            *_functions(statements),
            *_class(recording, statements, stubs, list(_attributes(plan, expected, stubs))),
            *_test(expected),
            *_CONTRACT_TEST,
        ]
    )
    return text, bodies.files


def _statements(plan: Plan, source: RouteSource) -> Iterator[str]:
    is_short = sum(len(route.turns) for route in plan.routes) <= _AT_ONCE
    for route in plan.routes:
        yield from source.statements(route, 8 if is_short else 4)


def _head(
    recording: Recording, plan: Plan, stubs: str | None, source: RouteSource, *, has_bodies: bool
) -> Iterator[str]:
    day = recording.recorded_at[:10]
    yield f'"""Replays what the third party of {_word(recording.kind)} answered{f" on {day}" if day else ""}.'
    yield ""
    yield f"Written by `ocean-sandbox generate{_options(plan, stubs)}` from {_word(recording.source)}:"
    yield f"{plan.requests} recorded requests, {len(plan.routes)} routes, {_what_was_cut(plan)}."
    yield "Edit it freely: once edited, it is overwritten only with --force."
    yield ""
    yield f"Generated as {UNMARKED}"
    yield '"""'
    yield ""
    if source.has_ids:
        yield "import json"
    if source.has_patterns:
        yield "import re"
    yield "from collections import Counter"
    if source.has_ids:
        yield "from collections.abc import Callable"
    if has_bodies:
        yield "from pathlib import Path"
    yield "from typing import Any"
    yield ""
    yield "import pytest"
    yield ""
    yield "# isort: split"
    names = (
        ["BaseIntegrationTest", "ResyncResult"]
        if stubs
        else ["BaseIntegrationTest", "InterceptTransport", "ResyncResult"]
    )
    yield f"from harness import {', '.join([*names, *(['asks'] if source.has_asks else [])])}"
    yield ""
    if has_bodies:
        yield f'RECORDED = Path(__file__).parent / "{BODIES}"'


def _options(plan: Plan, stubs: str | None) -> str:
    return (" --full" if plan.cut is Cut.NOTHING else "") + (" --as stubs" if stubs else "")


def _what_was_cut(plan: Plan) -> str:
    if plan.cut is Cut.NOTHING:
        return "nothing was cut"
    return f"lists were cut to {ITEMS} items{', but for some' if plan.whole else ''}"


def _expectations(expected: Expected) -> Iterator[str]:
    yield f"COUNTS: dict[str, int] = {literal(expected.counts, 0, len('COUNTS: dict[str, int] = '))}"
    for name, value in (("ENTITIES", expected.entities), ("MASKED", expected.masked)):
        if value or name == "ENTITIES":
            begins = f"{name}: list[dict[str, Any]] = "
            yield begins + literal(value, 0, len(begins))
    if expected.errors:
        yield f"ERRORS = {literal(expected.errors, 0, len('ERRORS = '))}"
    yield ""
    yield ""


def _functions(statements: list[str]) -> Iterator[str]:
    if any("recorded(" in each for each in statements):
        yield "def recorded(name: str) -> bytes:"
        yield '    """Read a body that is too large for this file, or not text."""'
        yield "    return (RECORDED / name).read_bytes()"
        yield ""
        yield ""
    if len(statements) <= _AT_ONCE:
        return
    for number, start in enumerate(range(0, len(statements), _AT_ONCE), 1):
        yield f"def add_routes_{number}(transport: InterceptTransport) -> None:"
        yield f'    """Add routes {start + 1} to {min(start + _AT_ONCE, len(statements))}."""'
        yield from statements[start : start + _AT_ONCE]
        yield ""
        yield ""


def _attributes(plan: Plan, expected: Expected, stubs: str | None) -> Iterator[str]:
    if expected.has_egress:
        yield "fail_on_egress = False"
    if (seconds := _STEP * math.ceil(plan.requests * _EACH / _STEP)) > _BY_DEFAULT:
        yield f"resync_timeout = {seconds}"
    if stubs:
        yield f"stubs = {string(stubs)}"


def _class(recording: Recording, statements: list[str], stubs: str | None, attributes: list[str]) -> Iterator[str]:
    words = re.findall(r"[A-Za-z0-9]+", recording.kind)
    yield f"class Test{''.join(word[:1].upper() + word[1:] for word in words)}Replay(BaseIntegrationTest):"
    yield '    """A resync against the recording."""'
    yield ""
    for each in attributes:
        yield f"    {each}"
    if attributes and not stubs:
        yield ""
    if not stubs:
        yield "    def create_third_party_transport(self) -> InterceptTransport:"
        yield '        """Answer as the third party did."""'
        yield "        transport = InterceptTransport()"
        if len(statements) <= _AT_ONCE:
            yield from statements
        else:
            for function in _chunks(len(statements)):
                yield f"        {function}(transport)"
        yield "        return transport"
    yield ""
    yield "    def create_mapping_config(self) -> dict[str, Any]:"
    yield '        """Map as in the recording."""'
    yield f"        return {literal(recording.mapping, 8, 15)}"
    yield ""
    kind = recording.kind
    integration = {"identifier": f"test-{kind}", "type": kind, "config": recording.config}
    yield "    def create_integration_config(self) -> dict[str, Any]:"
    yield '        """Configure as in the recording, without its secrets."""'
    yield f"        return {literal({'integration': integration}, 8, 15)}"
    yield ""


def _chunks(count: int) -> list[str]:
    return [f"add_routes_{number}" for number, _ in enumerate(range(0, count, _AT_ONCE), 1)]


def _test(expected: Expected) -> Iterator[str]:
    yield "    @pytest.mark.asyncio"
    yield "    async def test_entities_of_the_recording(self, resync: ResyncResult) -> None:"
    yield '        """Compare the number of entities of each blueprint, and one of each in full."""'
    if expected.errors:
        yield "        errors = sorted(type(error).__name__ for error in resync.errors)"
        yield "        assert errors == ERRORS"
    else:
        yield "        assert resync.errors == []"
    yield "        entities = resync.upserted_entities"
    yield '        upserted = {(each["blueprint"], str(each["identifier"])) for each in entities}'
    yield "        assert Counter(blueprint for blueprint, _ in upserted) == COUNTS"
    yield "        for entity in ENTITIES:"
    yield '            found = resync.entity(entity["blueprint"], entity["identifier"])'
    yield "            assert found == entity"
    if expected.masked:
        yield '        snapshot = resync.as_snapshot()["upserted_entities"]'
        yield "        for entity in MASKED:"
        yield "            assert entity in snapshot"
    yield ""


def _word(text: str) -> str:
    """A name that cannot end the docstring which it is in."""
    return re.sub(r"[^\w ./-]", "", text)
