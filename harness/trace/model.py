"""What a trace shows, before it becomes a page: plain data, with secrets still in it (see :mod:`harness.trace.cleaning`)."""

from dataclasses import dataclass, field
from typing import Any, Literal

from harness.integration.mapping_trace import ItemTrace, Step

Lane = Literal["third-party", "port"]
Outcome = Literal["passed", "failed", "finished"]
State = Literal["upserted", "refused", "deleted", "no entity"]
Pairs = list[tuple[str, str]]


@dataclass
class Body:
    """A body of a request or an answer.

    Args:
        content: Its bytes, as far as they are known.
        size: How many it had, in bytes; None if unknown.
        is_whole: Whether ``content`` is all of it.
    """

    content: bytes = b""
    size: int | None = None
    is_whole: bool = True


@dataclass
class Call:
    """A request and its answer.

    Args:
        lane: Who was asked.
        at: When, in seconds since the epoch.
        seconds: How long the answer took; None if unknown.
        method: The request's method.
        url: The request's URL; of a call to Port, from the path on.
        status: The answer's status; 0 where the connection was broken.
        request_headers: Its headers; None if they were not kept.
        request: Its body.
        response_headers: The answer's headers; None if they were not kept.
        response: The answer's body.
        stub: What answered, in words.
        is_wrong: Whether it was unmatched, or Port refused it.
        nearest: The nearest stub, in lines, if it was unmatched.
        paste: What would answer it, to be pasted.
        operation: Which of several operations of that URL it asked for.
        route: The beginning of a route that would answer it, up to the answer.
    """

    lane: Lane
    at: float
    method: str
    url: str
    status: int
    seconds: float | None = None
    request_headers: Pairs | None = None
    request: Body = field(default_factory=Body)
    response_headers: Pairs | None = None
    response: Body = field(default_factory=Body)
    stub: str = ""
    is_wrong: bool = False
    nearest: list[str] = field(default_factory=list)
    paste: str = ""
    operation: str = ""
    route: str = ""


@dataclass
class LogLine:
    """A line that the integration logged or printed.

    Args:
        at: When, in seconds since the epoch; of a line that does not say, when the one before it was.
        level: ``INFO`` and so on; empty for what it printed.
        text: What it said.
        is_noise: Whether Ocean says it in every sandbox.
    """

    at: float
    level: str
    text: str
    is_noise: bool = False


@dataclass
class Origin:
    """Where an entity is from.

    Args:
        found: ``item``: an item of a response becomes exactly this entity. ``part``: one becomes an entity of this
            identifier, but some parts differ: the integration adds to what it got. ``made``: the item is known,
            and no answer has it as it is: the integration made it. ``values``: no item does,
            and some responses hold values of the entity. ``nothing``: not even that.
        trace: The item's way through the mapping, if there is an item.
        steps: Without one: the expressions of the resource that makes such entities, with the values that the entity has.
        call: The number of the call that answered with it, in the run's list.
        path: Where in that answer it stands, in the words of jq.
        differs: Where the mapped item is not the entity, by path.
        holding: Where no answer has the item: calls whose answers hold values of it, or of the entity, and how many of
            them, the most first.
        values: How many values were looked for.
        why: Why each part that is null is null, by its path.
    """

    found: Literal["item", "part", "made", "values", "nothing"] = "nothing"
    trace: ItemTrace | None = None
    steps: list[Step] = field(default_factory=list)
    call: int | None = None
    path: str = ""
    differs: list[str] = field(default_factory=list)
    holding: list[tuple[int, int]] = field(default_factory=list)
    values: int = 0
    why: dict[str, str] = field(default_factory=dict)


@dataclass
class Entity:
    """An entity, or an item that became none.

    Args:
        state: What became of it.
        entity: The entity as the integration sent it; of an item that became none, what the mapping made of it.
        reason: Why it is not in Port.
        origin: Where it is from.
        otherwise: How it differs from the expected, as the lines of a diff.
    """

    state: State
    entity: dict[str, Any]
    reason: str = ""
    origin: Origin = field(default_factory=Origin)
    otherwise: list[str] = field(default_factory=list)


@dataclass
class Problem:
    """Something that is wrong.

    Args:
        kind: ``failure``, ``error``, ``unmatched``, ``outside``, ``refused``, ``unknown``, ``dropped``; ``empty``,
            ``warning`` or ``unused`` for what is only worth a look.
        title: It in one line.
        text: What there is to say of it.
        trace: Its traceback.
        paste: What fixes it, to be pasted.
        call: The number of the call that it is about.
        entity: The number of the entity that it is about.
    """

    kind: str
    title: str
    text: str = ""
    trace: str = ""
    paste: str = ""
    call: int | None = None
    entity: int | None = None


@dataclass
class Run:
    """One resync, event or action.

    Args:
        name: What it is called among the others.
        began: When it began, in seconds since the epoch.
        calls: What it asked, in order of time.
        logs: What it logged.
        entities: What came of it.
        problems: What is wrong.
        timings: Seconds by phase, in their order.
        kinds: A line for each resource of the mapping: name and counts.
        integration: Its directory.
    """

    name: str
    began: float
    calls: list[Call] = field(default_factory=list)
    logs: list[LogLine] = field(default_factory=list)
    entities: list[Entity] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    timings: dict[str, float] = field(default_factory=dict)
    kinds: list[dict[str, Any]] = field(default_factory=list)
    integration: str = ""


@dataclass
class Difference:
    """What differs from the expected.

    Args:
        title: What was compared with what.
        lines: The lines of a unified diff.
    """

    title: str
    lines: list[str]


@dataclass
class Trace:
    """All that a page shows.

    Args:
        title: The test's id, or the directory's name.
        outcome: How it ended.
        seconds: How long it took.
        runs: What it ran.
        problems: What is wrong with it as a whole: the test's own failure.
        differences: What was expected.
        made: When, for a reader: a moment in UTC.
    """

    title: str
    outcome: Outcome
    seconds: float = 0.0
    runs: list[Run] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    made: str = ""
