"""Derives from a recording the routes that replay it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import unquote

from harness.replay import request_features, truncate, volatile
from harness.replay.answers import Answer, Turn, signatures, turns
from harness.replay.origins import Origins
from harness.replay.patterns import Group, Pattern, group, order
from harness.replay.recording import Recorded
from harness.replay.request_features import Features, Key, Question, TextPattern
from harness.replay.truncate import Cut
from harness.replay.volatile import Volatile, Without

Values = tuple[Any, ...]
# In place of a value that may be any.
_ANY = object()


@dataclass(frozen=True, eq=False)
class PlannedRoute:
    """Which requests are answered with what.

    Args:
        pattern: By method, host and path.
        telling: By what else they ask: features and their values, None where there must be none.
        turns: The answers, in order.
        queries: The raw queries of the recorded requests.
        endpoint: The number of the group that it belongs to.
        is_catch_all: Whether it stands for requests that were not recorded.
        wild: The segments of its path that the catch-all of its endpoint has wildcards for; none without a catch-all.
        group: The pattern of its endpoint.
        is_rest: Whether it stands for all pages but those of routes before it.
    """

    pattern: Pattern
    telling: tuple[tuple[Key, Any], ...]
    turns: list[Turn]
    queries: frozenset[str]
    endpoint: int
    is_catch_all: bool = False
    wild: tuple[str, ...] = ()
    group: Pattern | None = None
    is_rest: bool = False

    def matches(self, request: Recorded) -> bool:
        """Whether it is for ``request``."""
        if not self.pattern.matches(request):
            return False
        asked = request_features.features_of(request) if self.telling else {}
        return all(request_features.fits(value, asked.get(key)) for key, value in self.telling)


@dataclass(frozen=True)
class Plan:
    """The routes of a replay.

    Args:
        routes: In their order; no two but a catch-all and a specific one before it are for the same request.
        requests: How many requests were recorded.
        cut: How much was cut.
        whole: The endpoints of which nothing was cut, where something was of others.
    """

    routes: list[PlannedRoute]
    requests: int
    cut: Cut
    whole: tuple[Pattern, ...] = ()

    def orders(self) -> int:
        """How many questions are answered by their order alone: each time with something else."""
        return sum(len(route.turns) > 1 for route in self.routes)

    def only(self, asked: Iterable[Recorded]) -> "Plan":
        """The plan without routes that a replay had no use for, but with at least one for each endpoint.

        Args:
            asked: What the replay asked.
        """
        finder = Finder(self.routes)
        used = {id(route) for request in asked if (route := finder.find(request)) is not None}
        by_endpoint: dict[int, list[PlannedRoute]] = defaultdict(list)
        for route in self.routes:
            by_endpoint[route.endpoint].append(route)
        kept = set(used)
        for several in by_endpoint.values():
            kept |= {id(route) for route in several if route.is_catch_all}
            if not any(id(route) in kept for route in several):
                kept.add(id(_best(several)))
        return replace(self, routes=[route for route in self.routes if id(route) in kept])

    def reachable(self) -> "Plan":
        """The plan without what no answer that is left speaks of: of a thousand things, the two that are listed.

        It is a guess, which makes the first replay quick: an integration may make up a path in another way.
        """
        kept = [route for route in self.routes if route.is_catch_all or not route.wild]
        open_ = [route for route in self.routes if not (route.is_catch_all or not route.wild)]
        known: set[str] = set()
        new = kept
        while new:
            for route in new:
                for turn in route.turns:
                    _collect(turn.answer.body, known)
            new = [route for route in open_ if all(unquote(segment) in known for segment in route.wild)]
            found = set(map(id, new))
            open_ = [route for route in open_ if id(route) not in found]
            kept = kept + new
        ids = set(map(id, kept))
        return replace(self, routes=[route for route in self.routes if id(route) in ids])


def _collect(value: Any, known: set[str]) -> None:
    """Take note of what an answer speaks of: its values, and the parts of what is a path or an address."""
    if isinstance(value, dict):
        known.update(value)
        for each in value.values():
            _collect(each, known)
    elif isinstance(value, list):
        for each in value:
            _collect(each, known)
    elif value is not None:
        text = str(value)
        known.add(text)
        if "/" in text:
            known.update(unquote(text).partition("?")[0].split("/"))


class Finder:
    """Finds the route for a request, quickly where there are thousands.

    Args:
        routes: The routes, in order.
    """

    def __init__(self, routes: Sequence[PlannedRoute]) -> None:
        self._literal: dict[Any, dict[tuple[Key, ...], dict[Values, PlannedRoute]]] = {}
        self._wild: dict[Any, list[PlannedRoute]] = defaultdict(list)
        self._patterns: dict[Any, list[Values]] = defaultdict(list)
        for route in routes:
            pattern = route.pattern
            if pattern.wildcards:
                self._wild[pattern.method, pattern.origin, len(pattern.segments)].append(route)
                continue
            by_keys = self._literal.setdefault((pattern.method, pattern.origin, pattern.segments), {})
            keys, values = tuple(key for key, _ in route.telling), tuple(value for _, value in route.telling)
            by_keys.setdefault(keys, {}).setdefault(values, route)
            if _has_pattern(values):
                self._patterns[pattern.method, pattern.origin, pattern.segments, keys].append(values)

    def find(self, request: Recorded) -> PlannedRoute | None:
        """The route that answers; the specific ones come before those with wildcards."""
        by_keys = self._literal.get((request.method, request.origin, request.segments), {})
        asked = request_features.features_of(request) if by_keys else {}
        for keys, by_values in by_keys.items():
            given = tuple(asked.get(key) for key in keys)
            if (found := by_values.get(given)) is not None:
                return found
            for values in self._patterns.get((request.method, request.origin, request.segments, keys), ()):
                if all(map(request_features.fits, values, given)):
                    return by_values[values]
        wild = self._wild.get((request.method, request.origin, len(request.segments)), [])
        return next((route for route in wild if route.matches(request)), None)


def _has_pattern(values: Values) -> bool:
    return any(isinstance(each, TextPattern) for value in values for each in _parts(value))


def _parts(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def plan(
    requests: Sequence[Recorded],
    how: Cut,
    recorded_at: str = "",
    config: Mapping[str, Any] | None = None,
    *,
    without: Without = frozenset(),
    whole: Collection[Pattern] = (),
    is_chance_kept: bool = False,
) -> Plan:
    """The routes that replay ``requests``.

    Args:
        requests: The recorded requests, in order.
        how: How much to cut.
        recorded_at: When they were recorded, in ISO 8601.
        config: What the integration was told then: its configuration and its mapping.
        without: What must not tell requests apart.
        whole: The endpoints of which nothing is cut.
        is_chance_kept: Whether UUIDs and the like that come from nowhere tell requests apart.
    """
    origins = Origins(requests, config)
    of_run = partial(Volatile, origins=origins, recorded_at=recorded_at, without=without, is_chance_kept=is_chance_kept)
    requests = of_run(requests).generalised()
    planner = _Planner(requests, how, origins, of_run(requests))
    routes = []
    kept = []
    for number, each in enumerate(group(requests)):
        pattern = replace(each.pattern, segments=volatile.in_path(each.pattern.segments))
        is_whole = pattern in whole
        kept += [pattern] if is_whole else []
        for route in planner.routes(each, number, Cut.NOTHING if is_whole else how):
            segments = volatile.in_path(route.pattern.segments)
            routes.append(replace(route, pattern=replace(route.pattern, segments=segments), group=pattern))
    return Plan(sorted(routes, key=_order), len(requests), how, tuple(kept))


def _order(route: PlannedRoute) -> tuple[Any, ...]:
    told = [(key, [] if value is None else _natural(value)) for key, value in route.telling]
    return (*order(route.pattern), route.is_rest, told)


def _natural(value: Any) -> list[tuple[bool, int, str]]:
    """Sorts page 2 before page 10."""
    texts = list(map(str, _parts(value)))
    return [(not text.isdecimal(), int(text) if text.isdecimal() else 0, text) for text in texts]


def _best(routes: Sequence[PlannedRoute]) -> PlannedRoute:
    return next((route for route in routes if _is_fine(route.turns)), routes[0])


def _is_fine(given: Sequence[Turn]) -> bool:
    return 200 <= given[-1].answer.status < 300  # noqa: PLR2004 # statuses


@dataclass(frozen=True)
class _Served:
    """What one path answers to one question."""

    telling: tuple[tuple[Key, Any], ...]
    turns: list[Turn]
    queries: frozenset[str]
    is_rest: bool = False


class _Planner:
    def __init__(self, requests: Sequence[Recorded], how: Cut, origins: Origins, volatile: Volatile) -> None:
        self._requests = requests
        self._how = how
        self._origins = origins
        self._volatile = volatile
        self._answers = [Answer.of(request, whole=how is Cut.NOTHING) for request in requests]

    def routes(self, endpoint: Group, number: int, how: Cut) -> list[PlannedRoute]:
        """The routes of one endpoint."""
        self._how = how
        pattern = replace(endpoint.pattern, segments=volatile.in_path(endpoint.pattern.segments))
        asked = self._volatile.steady(pattern, endpoint.members)
        by_path: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for each in endpoint.members:
            by_path[self._requests[each].segments].append(each)
        served = {path: self._served(members, asked) for path, members in by_path.items()}
        first, *others = served
        if not others or self._are_same(served.values()):
            several = [frozenset(self._requests[each].query for each in endpoint.members)] if others else []
            return self._made(served[first], endpoint.pattern, number, *several)
        literal = [
            route
            for path, one in served.items()
            for route in self._made(one, replace(endpoint.pattern, segments=path), number)
        ]
        if self._how is Cut.NOTHING or not endpoint.is_uniform:
            return literal
        representative = next(
            (each for each in served.values() if all(_is_fine(one.turns) for one in each)), served[first]
        )
        catch_all = self._made(representative, endpoint.pattern, number)
        wild = [position for position, segment in enumerate(endpoint.pattern.segments) if segment is None]
        return [
            *(replace(route, wild=tuple(str(route.pattern.segments[each]) for each in wild)) for route in literal),
            *(replace(route, is_catch_all=True) for route in catch_all),
        ]

    def _made(
        self, served: list["_Served"], pattern: Pattern, number: int, queries: frozenset[str] | None = None
    ) -> list[PlannedRoute]:
        return [
            PlannedRoute(
                pattern,
                each.telling,
                each.turns,
                each.queries if queries is None else queries,
                number,
                is_rest=each.is_rest,
            )
            for each in served
        ]

    def _served(self, members: Sequence[int], asked: dict[int, Features]) -> list["_Served"]:
        """What is asked of one path, and answered."""
        paging = self._origins.paging(members, asked)
        keys = request_features.telling(self._questions(members, asked), paging)
        several: dict[Values, list[int]] = defaultdict(list)
        for each in members:
            several[tuple(asked[each].get(key) for key in keys)].append(each)
        return [
            _Served(
                tuple(pair for pair in zip(keys, values, strict=True) if pair[1] is not _ANY),
                given,
                # Of a page that stands for others, the query is not what tells.
                frozenset(self._requests[each].query for each in several.get(values, members)),
                _ANY in values,
            )
            for values, given in self._cut(several, keys, paging).items()
        ]

    def _questions(self, members: Sequence[int], asked: dict[int, Features]) -> list[Question]:
        several: dict[Any, list[int]] = defaultdict(list)
        for each in members:
            several[self._requests[each].segments, frozenset(asked[each].items())].append(each)
        found = []
        for (path, _), some in several.items():
            said = signatures(turns(self._answers[each] for each in some))
            # One whose answers changed must not be mixed up with another that changed at other times.
            told: Any = said[0][0] if len(said) == 1 else some[0]
            found.append(Question(path, asked[some[0]], told))
        return found

    def _cut(
        self, several: dict[Values, list[int]], keys: Sequence[Key], paging: Collection[Key]
    ) -> dict[Values, list[Turn]]:
        """The answers to what was asked of one path, cut, without the pages between the first and the last."""
        if self._how is Cut.NOTHING:
            return {values: turns(self._answers[each] for each in some) for values, some in several.items()}
        cut = {
            values: turns(truncate.cut(self._answers[each], self._how) for each in some)
            for values, some in several.items()
        }
        if self._how is Cut.OBJECTS:
            return cut
        for chain in self._chains(several, keys, paging):
            first, second, last = chain[0], chain[1], chain[-1]
            model = self._answers[several[last][-1]]
            cut[first] = turns(self._as_last(self._answers[each], model) for each in several[first])
            cut[second] = cut[last]
            if any(key in paging for key in keys):
                # What leads on is in the items, of which others are now the last: any other page is the last page.
                anything = tuple(_ANY if key in paging else value for key, value in zip(keys, second, strict=True))
                cut[anything] = cut.pop(second)
            for between in chain[2:]:
                del cut[between]
        return cut

    def _as_last(self, answer: Answer, model: Answer) -> Answer:
        cut = truncate.cut(answer, self._how, is_all=True)
        return truncate.end(cut, model) if 200 <= answer.status < 300 else cut  # noqa: PLR2004 # statuses

    def _chains(
        self, several: dict[Values, list[int]], keys: Sequence[Key], followed: Collection[Key]
    ) -> list[list[Values]]:
        """The questions that are pages of one collection, in order."""
        paging = [key in followed or request_features.is_paging(key) for key in keys]
        chains: dict[Values, list[Values]] = defaultdict(list)
        for values in sorted(several, key=lambda each: several[each][0]):
            rest = tuple(value for value, is_page in zip(values, paging, strict=True) if not is_page)
            chains[rest].append(values)
        return [chain for chain in chains.values() if len(chain) > 1] if any(paging) else []

    def _are_same(self, served: Iterable[list["_Served"]]) -> bool:
        return len({frozenset((each.telling, signatures(each.turns)) for each in one) for one in served}) == 1
