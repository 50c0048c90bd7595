"""What WireMock 3.13 accepts as a stub, and how it reads it: a number in quotes, for example, is the number.

It follows WireMock's own parser, against which tests/integration/test_stub_parsing.py holds it. What only Java can tell,
whether it reads a regular expression or a JSONPath, is looked at for what it certainly cannot read.
"""

import base64
import binascii
import difflib
import json
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from harness.stubs import java_regex, json_path
from harness.stubs.json_places import Steps
from harness.stubs.mappings import Stub

_INT = 2**31
_WHOLE = re.compile(r"\s*[-+]?[0-9]+\s*")
_FAULTS = ("EMPTY_RESPONSE", "MALFORMED_RESPONSE_CHUNK", "RANDOM_DATA_THEN_CLOSE", "CONNECTION_RESET_BY_PEER")
_DISTRIBUTIONS = ("lognormal", "uniform", "fixed")
# Of matchers; beside them may be what modifies them.
_TEXT_MATCHERS = (
    "equalTo",
    "contains",
    "doesNotContain",
    "matches",
    "doesNotMatch",
    "before",
    "after",
    "equalToDateTime",
)
MATCHERS = (
    *_TEXT_MATCHERS,
    "absent",
    "equalToJson",
    "equalToXml",
    "matchesXPath",
    "matchesJsonPath",
    "matchesJsonSchema",
    "matchesPathTemplate",
    "binaryEqualTo",
    "equalToNumber",
    "greaterThanNumber",
    "greaterThanEqualNumber",
    "lessThanNumber",
    "lessThanEqualNumber",
    "and",
    "or",
    "not",
    "hasExactly",
    "includes",
    "anything",
)
_MEANT = {
    "equals": "equalTo",
    "regex": "matches",
    "pattern": "matches",
    "jsonPath": "matchesJsonPath",
    "xPath": "matchesXPath",
    "json": "equalToJson",
    "statusCode": "status",
    "bodyFile": "bodyFileName",
    "delay": "fixedDelayMilliseconds",
    "query": "queryParameters",
    "queryParams": "queryParameters",
    "path": "urlPath",
    "scenario": "scenarioName",
}


@dataclass(frozen=True)
class Problem:
    """One thing that WireMock refuses.

    Args:
        steps: Where in the stub.
        what: What is wrong.
        remedy: What to write instead.
    """

    steps: Steps
    what: str
    remedy: str


class _RefusedError(Exception):
    def __init__(self, steps: Steps, what: str, remedy: str) -> None:
        super().__init__(what)
        self.problem = Problem(steps, what, remedy)


_Field = Callable[[Any, Steps], Any]


def as_wiremock_means(stub: Any) -> tuple[Stub, list[Problem]]:
    """The stub as WireMock reads it, with request and response and each value of its type; and what it would refuse.

    Args:
        stub: What the file has.
    """
    if not isinstance(stub, dict):
        what = f"a stub must be an object, not {_shown(stub)}"
        return {}, [Problem((), what, 'a stub is {"request": {…}, "response": {…}}')]
    problems: list[Problem] = []
    made: Stub = {}
    for key, value, steps in _known(stub, _STUB, (), problems):
        made |= _read(_STUB[key], key, value, steps, problems)
    if "uuid" in made:  # the older name, which wins
        made["id"] = made.pop("uuid")
    for part, fields in (("request", _REQUEST), ("response", _RESPONSE)):
        given = made.get(part) or {}
        made[part] = {}
        for key, value, steps in _known(given, fields, (part,), problems):
            made[part] |= _read(fields[key], key, value, steps, problems)
    return made, problems


def _known(
    part: dict[str, Any], fields: dict[str, _Field], steps: Steps, problems: list[Problem]
) -> Iterator[tuple[str, Any, Steps]]:
    for key, value in part.items():
        if key in fields:
            yield key, value, (*steps, key)
        else:
            problems.append(Problem((*steps, key), f"unknown key `{key}`", _meant(key, fields, steps)))


def _meant(key: str, fields: dict[str, _Field], steps: Steps) -> str:
    close = difflib.get_close_matches(_MEANT.get(key, key), fields, n=1)
    if close:
        return f"did you mean `{close[0]}`?"
    for name, others in (("the stub itself", _STUB), ("`request`", _REQUEST), ("`response`", _RESPONSE)):
        if key in others:
            return f"it belongs to {name}"
    return "put notes into `metadata`" if not steps else f"available keys: {', '.join(fields)}"


def _read(field: _Field, key: str, value: Any, steps: Steps, problems: list[Problem]) -> dict[str, Any]:
    if value is None:
        return {}
    try:
        made = field(value, steps)
    except _RefusedError as refused:
        problems.append(refused.problem)
        return {}
    return {} if made is None else {key: made}


# What each field takes.


def _text(value: Any, steps: Steps) -> str:
    if isinstance(value, dict | list):
        remedy = "write jsonBody for JSON" if steps[-1:] == ("body",) else "write it in quotes"
        raise _RefusedError(steps, f"`{steps[-1]}` must be text, not {_shown(value)}", remedy)
    return value if isinstance(value, str) else json.dumps(value)


def _only_text(value: Any, steps: Steps) -> str:
    if not isinstance(value, str):
        raise _RefusedError(steps, f"`{steps[-1]}` must be text, not {_shown(value)}", "write it in quotes")
    return value


def _whole(value: Any, steps: Steps) -> int | None:
    if value == "":
        return None
    if isinstance(value, bool) or not (
        isinstance(value, int | float) or (isinstance(value, str) and _WHOLE.fullmatch(value))
    ):
        raise _RefusedError(steps, f"`{steps[-1]}` must be a whole number, not {_shown(value)}", "write a number")
    if not -_INT <= (number := int(value)) < _INT:
        raise _RefusedError(steps, f"`{steps[-1]}` is out of range: {_shown(value)}", "a number has 32 bits")
    return number


def _flag(value: Any, steps: Steps) -> bool:
    if isinstance(value, str) and value in ("true", "false", "True", "False", "TRUE", "FALSE"):
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise _RefusedError(steps, f"`{steps[-1]}` must be true or false, not {_shown(value)}", "write true or false")
    return value


def _object(value: Any, steps: Steps) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _RefusedError(steps, f"`{steps[-1]}` must be an object, not {_shown(value)}", "write {…}")
    return value


def _any(value: Any, _: Steps) -> Any:
    return value


def _nothing(_: Any, __: Steps) -> None:
    """WireMock reads it and leaves it out."""


def _list(value: Any, steps: Steps) -> list[Any]:
    if not isinstance(value, list):
        raise _RefusedError(steps, f"`{steps[-1]}` must be a list, not {_shown(value)}", "write […]")
    return value


def _texts(value: Any, steps: Steps) -> list[str]:
    return [_text(each, (*steps, number)) for number, each in enumerate(_list(value, steps))]


def _actions(value: Any, steps: Steps) -> Any:
    return value if isinstance(value, dict) else _list(value, steps)


def _uuid(value: Any, steps: Steps) -> str | None:
    text = value.strip() if isinstance(value, str) else value
    if text == "":
        return None
    try:
        if isinstance(text, str) and re.fullmatch(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", text):
            return str(uuid.UUID(text))
    except ValueError:
        pass
    remedy = f"leave it out, or write a UUID: {uuid.uuid5(uuid.NAMESPACE_URL, str(value))}"
    raise _RefusedError(steps, f"`{steps[-1]}` must be a UUID, not {_shown(value)}", remedy)


def _base64(value: Any, steps: Steps) -> str:
    text = _text(value, steps)
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise _RefusedError(steps, f"`{steps[-1]}` is not base64", "encode it, or write it as body") from None
    return text


def _fault(value: Any, steps: Steps) -> str:
    if value in _FAULTS:
        return str(value)
    close = difflib.get_close_matches(str(value).upper(), _FAULTS, n=1, cutoff=0.4)
    remedy = f"did you mean {close[0]}?" if close else f"available faults: {', '.join(_FAULTS)}"
    raise _RefusedError(steps, f"there is no fault {_shown(value)}", remedy)


def _headers(value: Any, steps: Steps) -> dict[str, Any]:
    if value == []:
        return {}
    for name, values in _object(value, steps).items():
        for each in values if isinstance(values, list) else [values]:
            _only_text(each, (*steps, name))
    return dict(value)


def _distribution(value: Any, steps: Steps) -> dict[str, Any]:
    kind = _object(value, steps).get("type")
    if kind not in _DISTRIBUTIONS:
        raise _RefusedError(
            steps,
            f"there is no delay distribution of type {_shown(kind)}",
            f"available types: {', '.join(_DISTRIBUTIONS)}",
        )
    return dict(value)


def _dribble(value: Any, steps: Steps) -> dict[str, Any]:
    for key in _object(value, steps):
        if key not in ("numberOfChunks", "totalDuration"):
            raise _RefusedError((*steps, key), f"unknown key `{key}`", "available keys: numberOfChunks, totalDuration")
    return dict(value)


def _regex(value: Any, steps: Steps) -> str:
    text = _text(value, steps)
    if wrong := java_regex.refusal(text):
        raise _RefusedError(steps, f"{_shown(text)} is not a regular expression of Java: {wrong[0]}", wrong[1])
    return text


def _method(value: Any, steps: Steps) -> str:
    return _only_text(value, steps)


def _matchers(value: Any, steps: Steps) -> dict[str, Any]:
    given = _object(value, steps).items()
    return {name: _matcher(each, (*steps, name)) for name, each in given if each is not None}


def _matcher(value: Any, steps: Steps) -> dict[str, Any]:
    if isinstance(value, str):
        raise _RefusedError(
            steps,
            f"`{steps[-1]}` must be a matcher, not the text {_shown(value)}",
            f'write {{"equalTo": {_shown(value)}}}',
        )
    words = [key for key in _object(value, steps) if key in MATCHERS]
    if not words:
        key = next(iter(value), "")
        close = difflib.get_close_matches(_MEANT.get(key, key), MATCHERS, n=1)
        remedy = f"did you mean `{close[0]}`?" if close else f"available matchers: {', '.join(MATCHERS)}"
        raise _RefusedError((*steps, key) if value else steps, f"there is no matcher `{key}`", remedy)
    for word in words:
        where = (*steps, word)
        if word in _TEXT_MATCHERS:
            _only_text(value[word], where)
        if word in _ARGUMENTS:
            _ARGUMENTS[word](value[word], where)
    return dict(value)


def _patterns(value: Any, steps: Steps) -> list[Any]:
    return [_matcher(each, (*steps, number)) for number, each in enumerate(_list(value, steps))]


def _several(value: Any, steps: Steps) -> list[Any]:
    made = _patterns(value, steps)
    if len(made) < 2:  # noqa: PLR2004 # two
        raise _RefusedError(steps, f"`{steps[-1]}` must have at least two matchers", "use the single matcher directly")
    return made


def _json_text(value: Any, steps: Steps) -> None:
    if not isinstance(value, str) or "${" in value:  # ${json-unit.…} need not be JSON
        return
    from harness.stubs.json_places import as_strict_json  # noqa: PLC0415 # as WireMock reads it

    try:
        json.JSONDecoder().raw_decode(as_strict_json(value).lstrip())
    except (ValueError, RecursionError) as error:
        raise _RefusedError(steps, f"`{steps[-1]}` is not valid JSON: {error}", "fix it") from None


def _json_path(value: Any, steps: Steps) -> None:
    path = value
    if isinstance(value, dict):
        if "expression" not in value:
            raise _RefusedError(steps, "there is no `expression` in `matchesJsonPath`", 'add "expression": "$.…"')
        path = value["expression"]
        _matcher({key: each for key, each in value.items() if key != "expression"}, steps)
    text = _only_text(path, steps)
    if wrong := json_path.refusal(text):
        raise _RefusedError(steps, f"{_shown(text)} is not a JSONPath: {wrong[0]}", wrong[1])


_ARGUMENTS: dict[str, _Field] = {
    "matches": _regex,
    "doesNotMatch": _regex,
    "matchesJsonPath": _json_path,
    "binaryEqualTo": _base64,
    "equalToJson": _json_text,
    "not": _matcher,
    "and": _several,
    "or": _several,
    "hasExactly": _patterns,
    "includes": _patterns,
}


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:60]}…"  # noqa: PLR2004 # characters of a line


_STUB: dict[str, _Field] = {
    "id": _uuid,
    "uuid": _uuid,
    "name": _text,
    "request": _object,
    "response": _object,
    "persistent": _flag,
    "priority": _whole,
    "scenarioName": _text,
    "requiredScenarioState": _text,
    "newScenarioState": _text,
    "postServeActions": _actions,
    "serveEventListeners": _actions,
    "metadata": _object,
    "insertionIndex": _whole,
    "$schema": _nothing,
    "mappings": _nothing,
}
_REQUEST: dict[str, _Field] = {
    "scheme": _text,
    "host": _matcher,
    "port": _whole,
    "clientIp": _matcher,
    "method": _method,
    "url": _text,
    "urlPath": _text,
    "urlPathPattern": _regex,
    "urlPattern": _regex,
    "urlPathTemplate": _text,
    "pathParameters": _matchers,
    "queryParameters": _matchers,
    "formParameters": _matchers,
    "headers": _matchers,
    "cookies": _matchers,
    "basicAuthCredentials": _object,
    "basicAuth": _object,
    "bodyPatterns": _patterns,
    "customMatcher": _object,
    "multipartPatterns": _list,
}
_RESPONSE: dict[str, _Field] = {
    "status": _whole,
    "statusMessage": _text,
    "headers": _headers,
    "additionalProxyRequestHeaders": _headers,
    "removeProxyRequestHeaders": _texts,
    "body": _text,
    "jsonBody": _any,
    "base64Body": _base64,
    "bodyFileName": _text,
    "fault": _fault,
    "fixedDelayMilliseconds": _whole,
    "delayDistribution": _distribution,
    "chunkedDribbleDelay": _dribble,
    "fromConfiguredStub": _flag,
    "proxyBaseUrl": _text,
    "proxyUrlPrefixToRemove": _text,
    "transformerParameters": _object,
    "transformers": _texts,
}
