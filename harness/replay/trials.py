"""Finds the shortest plan whose replay gives what was recorded, by trying."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from harness.replay import discriminators, replay_plan
from harness.replay.patterns import Pattern
from harness.replay.recording import Recorded, Recording
from harness.replay.replay_check import Tried, as_recorded
from harness.replay.replay_plan import Plan
from harness.replay.truncate import Cut
from harness.replay.volatile import Without
from sandbox.errors import ResyncCrashedError, ResyncTimeoutError
from sandbox.progress import say

# So often other discriminators are tried for one plan, and so many replays are made to find what cannot be cut.
_MOST_DISCRIMINATORS, _MOST_REPLAYS = 6, 16
Build = Callable[[], Plan]


class Trial(NamedTuple):
    """A plan, what its replay came to, and what is wrong with that."""

    plan: Plan
    tried: Tried
    wrong: list[str]


@dataclass
class Trials:
    """Tries plans.

    Args:
        recorded: The recording.
        attempt: Replays a plan.
        judge: Says what is wrong with a replay.
        is_full: Whether nothing may be cut.
    """

    recorded: Recording
    attempt: Callable[[Plan], Awaitable[Tried]]
    judge: Callable[[Tried], list[str]]
    is_full: bool = False
    _without: Without = frozenset()
    _is_chance_kept: bool = False

    def plan(self, cut: Cut, whole: Iterable[Pattern] = ()) -> Plan:
        """The plan that cuts so much."""
        return replay_plan.plan(
            self.recorded.requests,
            cut,
            self.recorded.recorded_at,
            {"config": self.recorded.config, "mapping": self.recorded.mapping},
            without=self._without,
            whole=tuple(whole),
            is_chance_kept=self._is_chance_kept,
        )

    def _keep_chance(self) -> None:
        """Take UUIDs that come from nowhere for constants, if otherwise the order of requests would tell them apart."""
        without = self.plan(Cut.NOTHING)
        self._is_chance_kept = True
        self._is_chance_kept = self.plan(Cut.NOTHING).orders() < without.orders()

    async def best(self) -> Trial:
        """The shortest that gives a part of what was recorded, or all of it.

        Raises:
            SandboxError: No replay finishes.
        """
        self._keep_chance()
        done: list[Trial] = []
        for build in self._lengths():
            try:
                done.append(await self._trial(build))
            except (ResyncTimeoutError, ResyncCrashedError) as error:
                if not done:
                    raise
                say("generate", f"a longer replay does not finish: {error.what}")
                break
            if not done[-1].wrong:
                break
            say("generate", f"that was not recorded: {done[-1].wrong[0]}")
        # What is wrong even where nothing was cut is not for cutting.
        unavoidable = set(done[-1].wrong)
        found = next(each for each in done if unavoidable.issuperset(each.wrong))
        if found.plan.cut is Cut.NOTHING and not self.is_full:
            return await self._cut_in_part(found) or found
        return found

    def _lengths(self) -> Iterator[Build]:
        """What to try, the shortest first."""
        if not self.is_full:
            yield lambda: self.plan(Cut.LISTS).reachable()
            plan = self.plan(Cut.LISTS)
            if len(plan.reachable().routes) < len(plan.routes):
                yield lambda: self.plan(Cut.LISTS)
            yield lambda: self.plan(Cut.OBJECTS)
        yield lambda: self.plan(Cut.NOTHING)

    async def _trial(self, build: Build) -> Trial:
        """Replay a plan; where requests go unanswered, with the next discriminators."""
        for _ in range(_MOST_DISCRIMINATORS):
            plan = build()
            say("generate", f"replaying {len(plan.routes)} routes ({plan.cut.value} is cut)")
            tried = await self.attempt(plan)
            unmatched = unmatched_of(tried)
            new = discriminators.to_leave_out(plan, unmatched, self.recorded.requests) - self._without
            if not new and not (unmatched and self._is_chance_kept):
                break
            if not new:
                self._is_chance_kept = False
                say("generate", "UUIDs differ in each run, and are not compared")
                continue
            self._without |= new
            named = ", ".join(sorted({f"{' '.join(key)} of {pattern}" for pattern, key in new}))
            say("generate", f"differs in each run, and is not compared: {named}")
        return Trial(plan, tried, self.judge(tried))

    async def _cut_in_part(self, uncut: Trial) -> Trial | None:
        """Leave whole only the endpoints that must be: each is found by halving. None where that takes too long."""
        unavoidable = set(uncut.wrong)
        endpoints = self._endpoints_that_are_cut()
        whole: list[Pattern] = []
        left = _MOST_REPLAYS

        async def trial(kept: Sequence[Pattern]) -> Trial | None:
            nonlocal left
            left -= 1
            try:
                done = await self._trial(lambda: self.plan(Cut.LISTS, kept))
            except (ResyncTimeoutError, ResyncCrashedError):
                return None
            return done if unavoidable.issuperset(done.wrong) else None

        while left > 0 and endpoints:
            fewest, most = 0, len(endpoints)
            best: Trial | None = None
            while fewest < most and left > 0:
                middle = (fewest + most) // 2
                if (done := await trial([*whole, *endpoints[:middle]])) is not None:
                    most, best = middle, done
                else:
                    fewest = middle + 1
            if most == 0 or left <= 0:
                return best
            whole.append(endpoints[most - 1])
            endpoints = endpoints[: most - 1]
            if (done := await trial(whole)) is not None:
                say("generate", f"nothing is cut of {', '.join(map(str, whole))}")
                return done
        return None

    def _endpoints_that_are_cut(self) -> list[Pattern]:
        cut: dict[Pattern, list[tuple[int, int]]] = {}
        whole: dict[Pattern, list[tuple[int, int]]] = {}
        for found, how in ((cut, Cut.LISTS), (whole, Cut.NOTHING)):
            for route in self.plan(how).routes:
                if route.group is not None:
                    sizes = [len(str(turn.answer.body)) for turn in route.turns]
                    found.setdefault(route.group, []).append((len(sizes), sum(sizes)))
        return [group for group in whole if sorted(cut.get(group, [])) != sorted(whole[group])]


def unmatched_of(tried: Tried) -> list[Recorded]:
    """The requests of a replay that no route was for."""
    return [as_recorded(call.request) for call in tried.result.unmatched]
