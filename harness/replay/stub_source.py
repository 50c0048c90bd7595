"""Writes a plan's routes as stub files: WireMock's own JSON, large bodies in ``__files``."""

import itertools
import json
import re
from collections import defaultdict
from typing import Any
from urllib.parse import urlsplit

from harness.replay import request_features
from harness.replay.answers import Answer
from harness.replay.generated_files import UNMARKED
from harness.replay.recorded_bodies import RecordedBodies
from harness.replay.replay_plan import Plan, PlannedRoute
from harness.replay.request_features import TextPattern
from harness.replay.route_source import escaped

_AN_OBJECT = r"(?s)\s*\{.*"
_CATCH_ALL = 10  # below WireMock's default, which is 5
_AnyText = str | TextPattern
_PORTS = {"http": 80, "https": 443}


def write(plan: Plan) -> tuple[dict[str, str], dict[str, bytes]]:
    """The stub files by name, one for each host, and the bodies for ``__files``.

    Args:
        plan: The routes.
    """
    bodies = RecordedBodies([turn.answer for route in plan.routes for turn in route.turns])
    origins = {route.pattern.origin for route in plan.routes}
    by_host: dict[str, list[Any]] = defaultdict(list)
    for number, route in enumerate(plan.routes, 1):
        by_host[_file(route.pattern.origin, origins)] += _stubs(route, number, origins, bodies)
    files = {
        name: json.dumps({"meta": {"generated": UNMARKED}, "mappings": stubs}, indent=2, ensure_ascii=False) + "\n"
        for name, stubs in by_host.items()
    }
    return dict(sorted(files.items())), bodies.files


def _file(origin: str, origins: set[str]) -> str:
    parts = urlsplit(origin)
    several = [each for each in origins if urlsplit(each).hostname == parts.hostname]
    name = origin.replace("://", "-") if len(several) > 1 else parts.hostname or "stubs"
    return re.sub(r"[^\w.-]", "-", name) + ".json"


def _stubs(route: PlannedRoute, number: int, origins: set[str], bodies: RecordedBodies) -> list[dict[str, Any]]:
    request = _request(route, origins)
    stub: dict[str, Any] = {"name": _name(route), "request": request}
    if route.is_catch_all or route.is_rest:
        stub["priority"] = _CATCH_ALL
    if len(route.turns) == 1:
        return [{**stub, "response": _response(route.turns[0].answer, bodies)}]
    counts = [turn.times or 0 for turn in route.turns]
    states = ["Started", *(str(count) for count in range(1, sum(counts) + 1))]
    scenario = f"{_name(route)} ({number})"
    found = []
    steps = iter(itertools.pairwise(states))
    for turn in route.turns:
        response = _response(turn.answer, bodies)
        for state, following in itertools.islice(steps, turn.times or 0):
            found.append(
                {
                    **stub,
                    "scenarioName": scenario,
                    "requiredScenarioState": state,
                    "newScenarioState": following,
                    "response": response,
                }
            )
        if turn.times is None:
            found.append({**stub, "scenarioName": scenario, "requiredScenarioState": states[-1], "response": response})
    return found


def _name(route: PlannedRoute) -> str:
    told = ", ".join(f"{'.'.join(key[1:]) or key[0]}={_said(value)}" for key, value in route.telling)
    return f"{route.pattern}{f' ({told})' if told else ''}"


def _said(value: Any) -> str:
    texts = ("none",) if value is None else value if isinstance(value, tuple) else (value,)
    text = " ".join(map(str, texts))
    return text if len(text) <= 40 else f"{text[:40]}…"  # noqa: PLR2004 # a name, not the value


def _request(route: PlannedRoute, origins: set[str]) -> dict[str, Any]:
    parts = urlsplit(route.pattern.origin)
    found: dict[str, Any] = {
        "method": route.pattern.method,
        "scheme": parts.scheme,
        "host": {"equalTo": parts.hostname or ""},
    }
    if parts.port or any(urlsplit(each).port for each in origins if urlsplit(each).hostname == parts.hostname):
        found["port"] = parts.port or _PORTS.get(parts.scheme, 0)
    found |= _path(route)
    for key, value in route.telling:
        _tell(found, key, value)
    if not route.telling and not any(route.queries) and "urlPath" in found:
        found["url"] = found.pop("urlPath")
    return found


def _path(route: PlannedRoute) -> dict[str, str]:
    segments = route.pattern.segments
    if None not in segments and "%" not in (path := "/" + "/".join(each or "" for each in segments)):
        return {"urlPath": path}
    # WireMock compares decoded paths, but a pattern of path and query with what is on the wire.
    path = "".join(f"/{'[^/?]+' if each is None else escaped(each)}" for each in segments)
    return {"urlPattern": rf"{path}(\?.*)?" if any(route.queries) or route.telling else path}


def _tell(request: dict[str, Any], key: request_features.Key, value: Any) -> None:
    if key[0] in (request_features.QUERY, request_features.FORM, request_features.HEADER):
        place = {
            request_features.QUERY: "queryParameters",
            request_features.FORM: "formParameters",
            request_features.HEADER: "headers",
        }[key[0]]
        request.setdefault(place, {})[key[1]] = _values(value)
    else:
        request.setdefault("bodyPatterns", []).append(_body(key, value))


def _values(value: tuple[_AnyText, ...] | None) -> dict[str, Any]:
    if value is None:
        return {"absent": True}
    several = [{"matches": each.pattern} if isinstance(each, TextPattern) else {"equalTo": each} for each in value]
    return several[0] if len(several) == 1 else {"hasExactly": several}


def _body(key: request_features.Key, value: Any) -> dict[str, Any]:
    if key[0] == request_features.BODY:
        form, text = value
        if value == request_features.OBJECT:
            return {"matches": _AN_OBJECT}
        if isinstance(text, TextPattern):
            return {"matches": text.pattern}
        return {{"json": "equalToJson", "text": "equalTo", "base64": "binaryEqualTo", "none": "matches"}[form]: text}
    path = "$" + "".join(f"[{_quoted(name)}]" for name in key[1:])
    if value is None:
        return {"not": {"matchesJsonPath": path}}
    return {"matchesJsonPath": {"expression": path, **_json_value(value)}}


def _json_value(value: Any) -> dict[str, Any]:
    if value == request_features.EMPTY:
        return {"matches": _AN_OBJECT}
    if isinstance(value, TextPattern):
        return {"matches": value.pattern}
    read = json.loads(value)
    if isinstance(read, list | dict):
        return {"equalToJson": value}
    return {"equalTo": read if isinstance(read, str) else value}


def _quoted(name: str) -> str:
    return "'" + name.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _with_id(body: dict[str, Any]) -> str:
    """A JSON-RPC answer as a template that has the id of the call."""
    id_of_call = "{{jsonPath request.body '$.id'}}"
    text = json.dumps({"id": "", **{name: each for name, each in body.items() if name != "id"}}, ensure_ascii=False)
    if isinstance(body["id"], str):
        return text.replace('"id": ""', f'"id": "{id_of_call}"', 1)
    return text.replace('"id": ""', f'"id": {id_of_call}', 1)


def _response(answer: Answer, bodies: RecordedBodies) -> dict[str, Any]:
    found: dict[str, Any] = {"status": answer.status}
    if answer.headers:
        found["headers"] = answer.headers
    elif answer.is_json:
        found["headers"] = {"content-type": "application/json"}
    if answer.repeats_id and "{{" not in json.dumps(answer.body):
        return {**found, "body": _with_id(answer.body), "transformers": ["response-template"]}
    if (name := bodies.keep(answer)) is not None:
        found["bodyFileName"] = name
    elif answer.is_json:
        found["jsonBody"] = answer.body
    elif answer.body is not None:
        found["body"] = answer.body
    return found
