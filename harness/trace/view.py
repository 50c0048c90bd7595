"""The data of a page: a summary that is available at once, and everything else in a pack (see :mod:`harness.trace.pack`).

Everything passes the cleaner here, and nothing gets into a page by another way.
"""

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from harness.integration.mapping_trace import Step
from harness.trace.cleaning import Cleaner
from harness.trace.model import Body, Call, Entity, Origin, Problem, Run, Trace
from harness.trace.pack import Pack

_MILLISECONDS = 1000
# Of a longer line of the log, the list has the beginning.
_LINE = 400
_ROW = 300


@dataclass(frozen=True)
class Limits:
    """How much of what is large is kept.

    Args:
        body: Characters of a body, or of an item.
        details: So many entities have what they are made of; those of which something is wrong come first.
    """

    body: int = 65_536
    details: int = 1_000_000


class View:
    """Makes the data of a page.

    Args:
        trace: What to show.
        cleaner: Takes the secrets out.
        limits: How much of it.
    """

    def __init__(self, trace: Trace, cleaner: Cleaner, limits: Limits) -> None:
        self._trace = trace
        self._clean = cleaner
        self._limits = limits
        self.pack = Pack()

    def summary(self) -> dict[str, Any]:
        """What is there at once; fills the pack."""
        trace, clean = self._trace, self._clean
        return {
            "title": clean.text(trace.title),
            "outcome": trace.outcome,
            "seconds": trace.seconds,
            "made": trace.made,
            "problems": [self._problem(problem) for problem in trace.problems],
            "differences": [
                {"title": clean.text(each.title), "lines": [clean.text(line) for line in each.lines]}
                for each in trace.differences
            ],
            "runs": [self._run(run) for run in trace.runs],
            "secrets": clean.count,
            "body_limit": self._limits.body,
        }

    def _run(self, run: Run) -> dict[str, Any]:
        states = Counter(entity.state for entity in run.entities)
        lanes = Counter(call.lane for call in run.calls)
        problems = Counter(problem.kind for problem in run.problems)
        zero = min([run.began, *(call.at for call in run.calls), *(line.at for line in run.logs)])
        return {
            "name": self._clean.text(run.name),
            "integration": run.integration,
            "counts": {
                "entities": states["upserted"],
                "refused": states["refused"],
                "deleted": states["deleted"],
                "lost": states["no entity"],
                "calls": lanes["third-party"],
                "port": lanes["port"],
                "logs": len(run.logs),
                "unmatched": sum(call.is_wrong for call in run.calls if call.lane == "third-party"),
                "errors": problems["error"] + problems["outside"] + problems["unknown"],
            },
            "timings": [[phase, seconds] for phase, seconds in run.timings.items()],
            "kinds": self._clean.texts(run.kinds),
            "problems": [self._problem(problem) for problem in run.problems],
            # Rows are short lists: 5,000 objects would repeat their names 5,000 times.
            "calls": self.pack.add([self._call(call, zero) for call in run.calls]),
            "logs": self.pack.add(
                [
                    [
                        _since(line.at, zero),
                        self._clean.text(line.level),
                        self._line(line.text),
                        len(line.text),
                        int(line.is_noise),
                    ]
                    for line in run.logs
                ]
            ),
            "entities": self.pack.add(self._entities(run.entities)),
        }

    def _problem(self, problem: Problem) -> dict[str, Any]:
        texts = {name: self._clean.text(getattr(problem, name)) for name in ("title", "text", "trace", "paste")}
        return {"kind": problem.kind, **texts, "call": problem.call, "entity": problem.entity}

    def _line(self, text: str) -> Any:
        """A line of the log: the number of all of it comes after the beginning of a long one."""
        cleaned = self._clean.text(text)
        return cleaned if len(cleaned) <= _LINE else [cleaned[:_LINE], self.pack.add(cleaned[: self._limits.body])]

    def _call(self, call: Call, zero: float) -> list[Any]:
        url = self._clean.text(call.url)
        detail = self.pack.add(
            {
                "url": url,
                "stub": self._clean.text(call.stub),
                "nearest": [self._clean.text(line) for line in call.nearest],
                "paste": self._clean.text(call.paste),
                "route": self._clean.text(call.route),
                "request": self._side(call.request_headers, call.request),
                "response": self._side(call.response_headers, call.response),
            }
        )
        return [
            _since(call.at, zero),
            call.lane,
            self._clean.text(call.method),
            url if len(url) <= _ROW else f"{url[: _ROW // 2]}…{url[-_ROW // 2 :]}",
            call.status,
            None if call.seconds is None else round(call.seconds * _MILLISECONDS, 1),
            int(call.is_wrong),
            detail,
            self._clean.text(call.operation),
        ]

    def _side(self, headers: list[tuple[str, str]] | None, body: Body) -> dict[str, Any]:
        text = self._clean.body(body)
        kept = "" if text is None else text[: self._limits.body]
        return {
            "headers": None if headers is None else self._clean.headers(headers),
            "body": self.pack.add(kept),
            "size": body.size,
            "is_text": text is not None,
            # Either who recorded it kept the beginning alone, or it is too long for a page.
            "is_whole": body.is_whole and text is not None and len(text) <= self._limits.body,
        }

    def _entities(self, entities: list[Entity]) -> list[list[Any]]:
        by_need = sorted(range(len(entities)), key=lambda number: entities[number].state == "upserted")
        detailed = set(by_need[: self._limits.details])
        return [self._entity(entity, has_detail=number in detailed) for number, entity in enumerate(entities)]

    def _entity(self, entity: Entity, *, has_detail: bool) -> list[Any]:
        origin, row = entity.origin, self._clean.value({key: _short(entity.entity.get(key)) for key in _COLUMNS})
        return [
            entity.state,
            *row.values(),
            origin.found,
            self._clean.text(entity.reason)[:_ROW],
            origin.call,
            self.pack.add(self._detail(entity, origin)) if has_detail else None,
        ]

    def _detail(self, entity: Entity, origin: Origin) -> dict[str, Any]:
        trace = origin.trace
        steps = [trace.selector, *trace.steps] if trace else origin.steps
        item = None if trace is None else self._json(trace.item)
        return {
            "entity": self._json(entity.entity),
            "reason": self._clean.text(entity.reason),
            "otherwise": [self._clean.text(line) for line in entity.otherwise],
            "kind": self._clean.text(trace.kind) if trace else "",
            "item": item,
            "path": self._clean.text(origin.path),
            "differs": [self._clean.text(each) for each in origin.differs],
            "holding": origin.holding,
            "values": origin.values,
            "steps": [self._step(step, origin) for step in steps],
        }

    def _step(self, step: Step, origin: Origin) -> list[str]:
        value = self._clean.named(step.path.rpartition(".")[2], step.value)
        why = step.error or origin.why.get(step.path, "")
        path, expression = self._clean.text(step.path), self._clean.text(step.expression)
        return [path, expression, _cut(_dumped(value), self._limits.body), self._clean.text(why)]

    def _json(self, value: Any) -> str:
        return _cut(_dumped(self._clean.value(value)), self._limits.body)


_COLUMNS = ("blueprint", "identifier", "title")


def _short(value: Any) -> Any:
    """What a row has of a value."""
    text = value if isinstance(value, str) or value is None else _dumped(value)
    return None if text is None else text[:_ROW]


def _since(at: float, zero: float) -> float:
    return round((at - zero) * _MILLISECONDS, 1)


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text):,} characters)"
