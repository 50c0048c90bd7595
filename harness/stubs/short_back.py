"""WireMock's own JSON, made into the short form: see :mod:`harness.short_form` for the way there.

Every entry is tried before it is given out: only where it comes back the same it says the same. So nothing here looks
for what it has no words for; a stub that it does not understand is an entry as it is.
"""

import itertools
import json
from collections.abc import Sequence
from typing import Any

from harness.stubs.mappings import Stub
from harness.stubs.short_form import (
    FAULTS,
    GROUPS,
    JSON_TYPE,
    MATCHERS,
    PLACEHOLDER,
    SCENARIO,
    Entry,
    ShortFormError,
    to_stubs,
)
from harness.stubs.short_schema import fits

_OWN_METADATA = {"file", "line"}
# What a copy from WireMock has besides what a person says: where and when it was kept there.
_KEPT_BY_WIREMOCK = {"id", "uuid", "persistent", "insertionIndex"}


def from_stubs(stubs: Sequence[Stub]) -> list[Entry]:
    """The entries that say what ``stubs`` say, in their order.

    Left out are ``id``, ``uuid``, ``persistent`` and ``insertionIndex``, with which WireMock keeps a stub.
    """
    entries: list[Entry] = []
    for scenario, group in itertools.groupby(stubs, _chain):
        chain = list(group)
        if scenario is None or (entry := _entry_of_chain(chain, scenario)) is None:
            entries += [_entry(stub) for stub in chain]
        else:
            entries.append(entry)
    return entries


def _chain(stub: Stub) -> str | None:
    name = stub.get("scenarioName")
    return name.removeprefix(SCENARIO) if isinstance(name, str) and name.startswith(SCENARIO) else None


def _entry_of_chain(chain: list[Stub], scenario: str) -> Entry | None:
    plain = {key: value for key, value in chain[0].items() if "cenario" not in key}
    entry = _entry(plain)
    if "wiremock" in entry:
        return None
    response = entry.pop("response")
    entry = {**entry, "times": len(chain), "response": response}
    made = to_stubs(entry, scenario)
    return entry if [_comparable(stub) for stub in made] == [_comparable(stub) for stub in chain] else None


def _entry(stub: Stub) -> Entry:
    """The entry of a stub, which is tried: only if it comes back the same, it says the same."""
    kept = {key: value for key, value in stub.items() if key not in _KEPT_BY_WIREMOCK}
    if not (
        metadata := {
            name: value for name, value in (kept.pop("metadata", None) or {}).items() if name not in _OWN_METADATA
        }
    ):
        try:
            entry = _short(kept)
            if fits([entry]) and [_comparable(made) for made in to_stubs(entry, "")] == [_comparable(kept)]:
                return entry
        except (ShortFormError, KeyError, TypeError, ValueError, AttributeError):
            pass  # it has what the form has no words for
    return {"wiremock": {**kept, **({"metadata": metadata} if metadata else {})}}


def _comparable(stub: Stub) -> Stub:
    """The stub with everything said that goes without saying, so that equal means the same."""
    request, response = dict(stub["request"]), dict(stub["response"])
    request["method"] = str(request.get("method", "ANY")).upper()
    for group in GROUPS.values():
        if not request.get(group, True):
            del request[group]
    if "bodyPatterns" in request:
        request["bodyPatterns"] = [_comparable_body(pattern) for pattern in request["bodyPatterns"]]
    response.setdefault("status", 200)
    headers = response.pop("headers", None) or {}
    response["headers"] = {name: value if isinstance(value, list) else [value] for name, value in headers.items()}
    if "fault" in response:
        response.pop("status")
    rest = {key: value for key, value in stub.items() if key not in _KEPT_BY_WIREMOCK and key != "metadata"}
    return {**rest, "request": request, "response": response}


def _comparable_body(pattern: dict[str, Any]) -> dict[str, Any]:
    if isinstance(text := pattern.get("equalToJson"), str):
        pattern = {**pattern, "equalToJson": json.loads(text)}
    return {key: value for key, value in pattern.items() if not (key.startswith("ignore") and value is False)}


def _short(stub: Stub) -> Entry:
    request = stub["request"]
    entry: Entry = {"name": stub["name"]} if "name" in stub else {}
    if (method := str(request.get("method", "ANY")).upper()) != "ANY":
        entry["method"] = method
    entry |= _short_url(request)
    for word, group in GROUPS.items():
        if matchers := request.get(group):
            entry[word] = {name: _short_matcher(matcher) for name, matcher in matchers.items()}
    bodies = [_short_body(pattern) for pattern in request.get("bodyPatterns", [])]
    if "formParameters" in request:
        fields = request["formParameters"].items()
        bodies.append({"form": {name: _short_matcher(matcher) for name, matcher in fields}})
    if bodies:
        entry["body"] = bodies[0] if len(bodies) == 1 else bodies
    if "priority" in stub:
        entry["priority"] = stub["priority"]
    return {**entry, "response": _short_response(stub["response"])}


def _short_url(request: dict[str, Any]) -> Entry:
    entry: Entry = {"scheme": request["scheme"]} if "scheme" in request else {}
    if "host" in request:
        host = _short_matcher(request["host"])
        entry["host"] = f"{host}:{request['port']}" if "port" in request else host
    if "urlPath" in request:
        entry["url"] = request["urlPath"]
        if PLACEHOLDER.search(request["urlPath"]):
            entry["url"] = {"equals": request["urlPath"]}
    elif "url" in request:
        entry["url"] = request["url"] if "?" in request["url"] else {"equals": request["url"], "with_query": True}
    elif "urlPathTemplate" in request:
        entry["url"] = request["urlPathTemplate"]
    elif "urlPathPattern" in request:
        entry["url"] = {"matches": request["urlPathPattern"]}
    elif "urlPattern" in request:
        entry["url"] = {"matches": request["urlPattern"], "with_query": True}
    if isinstance(entry.get("host"), str) and isinstance(entry.get("url"), str) and "scheme" in entry:
        return {"url": f"{entry['scheme']}://{entry['host']}{entry['url']}"}
    return entry


def _short_matcher(matcher: dict[str, Any]) -> Any:
    ((word, argument),) = matcher.items()
    if word == "equalTo":
        return _text(argument)
    (found,) = (short for short, wiremock in MATCHERS.items() if wiremock == word)
    return {found: argument if found == "absent" else _text(argument)}


def _short_body(pattern: dict[str, Any]) -> Any:
    pattern = _comparable_body(pattern)
    if "equalToJson" in pattern:
        partial = {"partial": True} if pattern.get("ignoreExtraElements") else {}
        return {"json": pattern["equalToJson"], **partial}
    if "matchesJsonPath" in pattern:
        path = pattern["matchesJsonPath"]
        if isinstance(path, str):
            return {"jsonpath": path}
        inner = _short_matcher({word: argument for word, argument in path.items() if word != "expression"})
        return {"jsonpath": path["expression"], **(inner if isinstance(inner, dict) else {"equals": inner})}
    return _short_matcher(pattern)


def _short_response(response: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    if response.get("status", 200) != 200:  # noqa: PLR2004 # HTTP's OK
        answer["status"] = response["status"]
    headers = {name: _short_header(value) for name, value in (response.get("headers") or {}).items()}
    answer |= _short_content(response, headers)
    if headers:
        answer["headers"] = headers
    if "fixedDelayMilliseconds" in response:
        delay = response["fixedDelayMilliseconds"] / 1000
        answer["delay"] = int(delay) if delay.is_integer() else delay
    if "fault" in response:
        (answer["fault"],) = (word for word, fault in FAULTS.items() if fault == response["fault"])
    if response.get("transformers") == ["response-template"]:
        answer["template"] = True
    return answer


def _short_header(value: Any) -> Any:
    values = value if isinstance(value, list) else [value]
    return _text(values[0]) if len(values) == 1 else [_text(each) for each in values]


def _short_content(response: dict[str, Any], headers: dict[str, Any]) -> dict[str, Any]:
    """The body, and ``headers`` without the content type that goes without saying."""
    if "jsonBody" in response or _is_plain_json(response, headers):
        if headers.get(JSON_TYPE[0]) == JSON_TYPE[1]:
            del headers[JSON_TYPE[0]]
        elif not any(name.lower() == "content-type" for name in headers):
            headers[JSON_TYPE[0]] = None
        return {"json": response["jsonBody"] if "jsonBody" in response else json.loads(response["body"])}
    if "bodyFileName" in response:
        return {"file": response["bodyFileName"]}
    return {"body": response["body"]} if "body" in response else {}


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)  # a number would come back as a text
    return value


def _is_plain_json(response: dict[str, Any], headers: dict[str, Any]) -> bool:
    """Whether the body is such JSON as ``jsonBody`` does not hold: a number, a text, true, null."""
    if headers.get(JSON_TYPE[0]) != JSON_TYPE[1] or not isinstance(body := response.get("body"), str):
        return False
    try:
        value = json.loads(body)
    except ValueError:
        return False
    return not isinstance(value, dict | list) and json.dumps(value) == body
