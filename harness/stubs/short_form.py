"""Converts the short form of stubs to WireMock's own JSON; :mod:`harness.stubs.short_back` converts it back.

An entry of the short form says of a request ``method``, ``scheme``, ``host``, ``url``, ``query``, ``headers`` and
``body``, and what it is answered with: ``response``, ``times``. Whatever the form cannot say, an entry holds as it is,
under ``wiremock``; so any stub can be an entry, and comes back from it the same.

Of entries that fit a request the first answers it, as of routes; so does WireMock with stubs of one import.
``times`` is a chain of scenario states, which two requests at once may overdraw by one: a route's ``times`` may not.
"""

import itertools
import json
import re
from typing import Any

from harness.stubs.mappings import Stub

Entry = dict[str, Any]
FAULTS = {
    "connection_reset": "CONNECTION_RESET_BY_PEER",
    "empty": "EMPTY_RESPONSE",
    "garbage": "RANDOM_DATA_THEN_CLOSE",
}

MATCHERS = {"equals": "equalTo", "contains": "contains", "matches": "matches", "absent": "absent"}
GROUPS = {"query": "queryParameters", "headers": "headers"}
_WHOLE_URL = re.compile(r"(https?)://([^/?#]*)(.*)", re.DOTALL)
_HOST = re.compile(r"([A-Za-z0-9.\-_~%]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?")
_TARGET = re.compile(r"/[A-Za-z0-9\-._~%!$&'()*+,;=:@/]*(\?[A-Za-z0-9\-._~%!$&'()*+,;=:@/?\[\]]*)?")
PLACEHOLDER = re.compile(r"\{[A-Za-z0-9_]+\}")
JSON_TYPE = ("Content-Type", "application/json")
SCENARIO = "times of "


class ShortFormError(ValueError):
    """An entry that fits the schema and yet says nothing.

    Args:
        steps: Where in the entry.
        what: What is wrong.
        remedy: What to write instead.
    """

    def __init__(self, steps: tuple[str | int, ...], what: str, remedy: str) -> None:
        super().__init__(what)
        self.steps, self.what, self.remedy = steps, what, remedy


def to_stubs(entry: Entry, scenario: str) -> list[Stub]:
    """WireMock's stubs for an entry: one, or with ``times`` one for each.

    Args:
        entry: The entry, which fits the schema.
        scenario: What no other entry with ``times`` is called, such as its file and its number there.

    Raises:
        ShortFormError: It says nothing.
    """
    if "wiremock" in entry:
        return [entry["wiremock"]]
    stub: Stub = {name: entry[name] for name in ("name", "priority") if name in entry}
    stub |= {"request": _request(entry), "response": _response(entry["response"])}
    if "times" not in entry:
        return [stub]
    states = ["Started", *(str(count) for count in range(1, entry["times"] + 1))]
    return [
        {**stub, "scenarioName": f"{SCENARIO}{scenario}", "requiredScenarioState": state, "newScenarioState": following}
        for state, following in itertools.pairwise(states)
    ]


# The request.


def _request(entry: Entry) -> dict[str, Any]:
    request: dict[str, Any] = {"method": entry.get("method", "ANY")}
    if "scheme" in entry:
        request["scheme"] = entry["scheme"]
    if "host" in entry:
        request |= _host(entry["host"], ("host",))
    if "url" in entry:
        request |= _url(entry["url"], entry)
    for word, group in GROUPS.items():
        if word in entry:
            request[group] = {name: _matcher(value) for name, value in entry[word].items()}
    if "body" in entry:
        bodies = entry["body"] if isinstance(entry["body"], list) else [entry["body"]]
        for number, body in enumerate(bodies):
            _add_body(request, body, ("body", number) if isinstance(entry["body"], list) else ("body",))
    return request


def _host(host: Any, steps: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(host, str):
        return {"host": _matcher(host)}
    if not (parts := _HOST.fullmatch(host)):
        raise ShortFormError(
            steps, f"{host!r} is not a host", "write a name, with or without a port: api.example.com:8443"
        )
    name, port = parts.groups()
    return {"host": {"equalTo": name}, **({"port": int(port)} if port else {})}


def _url(url: Any, entry: Entry) -> dict[str, Any]:
    if isinstance(url, dict):
        ways = [way for way in ("equals", "matches") if way in url]
        if len(ways) != 1:
            raise ShortFormError(("url",), "url needs either equals or matches", "write one of them")
        if ways == ["equals"]:
            _see_target(url["equals"])
            return {"url" if "with_query" in url else "urlPath": url["equals"]}
        return {"urlPattern" if "with_query" in url else "urlPathPattern": url["matches"]}
    found: dict[str, Any] = {}
    if whole := _WHOLE_URL.fullmatch(url):
        scheme, host, url = whole.groups()
        if twice := [word for word in ("scheme", "host") if word in entry]:
            raise ShortFormError((twice[0],), f"the url names the {twice[0]} already", f"leave out {twice[0]}")
        found, url = {"scheme": scheme, **_host(host, ("url",))}, url or "/"
    if PLACEHOLDER.search(url):
        _see_target(PLACEHOLDER.sub("x", url))
        if "?" in url:
            raise ShortFormError(("url",), "a url with {placeholders} cannot have a query", "move the query to query")
        return {**found, "urlPathTemplate": url}
    _see_target(url)
    return {**found, "url" if "?" in url else "urlPath": url}


def _see_target(url: str) -> None:
    if _TARGET.fullmatch(url):
        return
    if not url.startswith("/"):
        remedy = f"did you mean /{url}, or https://{url}?" if _HOST.match(url) else "it must begin with / or https://"
    elif "#" in url:
        remedy = "leave out # and what follows: it is never sent"
    elif re.search(r"[\\^|*\[\]{}]", url):
        remedy = "for a regular expression write url: {matches: …}"
    else:
        remedy = "write it as it is sent: /caf%C3%A9"
    raise ShortFormError(("url",), f"{url!r} is not the path of a URL", remedy)


def _matcher(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        return {"equalTo": value}
    return {MATCHERS[word]: argument for word, argument in value.items()}


def _add_body(request: dict[str, Any], body: Any, steps: tuple[str | int, ...]) -> None:
    body = {"equals": body} if isinstance(body, str) else body
    patterns = request.setdefault("bodyPatterns", [])
    words = set(body)
    if words == {"form"}:
        del request["bodyPatterns"]
        request["formParameters"] = {name: _matcher(value) for name, value in body["form"].items()}
        if patterns:
            request["bodyPatterns"] = patterns
    elif words in ({"json"}, {"json", "partial"}):
        patterns.append({"equalToJson": body["json"], **({"ignoreExtraElements": True} if "partial" in body else {})})
    elif words == {"jsonpath"}:
        patterns.append({"matchesJsonPath": body["jsonpath"]})
    elif "jsonpath" in words and len(words) == 2 and words & {"equals", "contains", "matches"}:  # noqa: PLR2004 # two
        inner = {word: value for word, value in body.items() if word != "jsonpath"}
        patterns.append({"matchesJsonPath": {"expression": body["jsonpath"], **_matcher(inner)}})
    elif len(words) == 1 and words < {"equals", "contains", "matches"}:
        patterns.append(_matcher(body))
    else:
        raise ShortFormError(
            steps,
            f"{', '.join(sorted(words))} do not go together",
            "a body has one of json (with partial: true), jsonpath (with equals, contains or matches), form, equals, "
            "contains, matches; of a list of bodies all must hold",
        )


# The response.


def _response(answer: dict[str, Any]) -> dict[str, Any]:
    response: dict[str, Any] = {}
    if (delay := answer.get("delay")) is not None:
        response["fixedDelayMilliseconds"] = milliseconds = round(delay * 1000)
        if abs(delay * 1000 - milliseconds) > 1e-6:  # noqa: PLR2004 # what floats cannot say
            raise ShortFormError(("response", "delay"), f"{delay} s is not a whole number of milliseconds", "round it")
    if "fault" in answer:
        return {**response, "fault": FAULTS[answer["fault"]]}
    response["status"] = answer.get("status", 200)
    headers = {name: value for name, value in (answer.get("headers") or {}).items() if value is not None}
    if "json" in answer:
        # WireMock takes a null here for no body at all.
        is_plain = not isinstance(answer["json"], dict | list)
        response |= {"body": json.dumps(answer["json"])} if is_plain else {"jsonBody": answer["json"]}
        if not any(name.lower() == "content-type" for name in answer.get("headers") or {}):
            headers |= [JSON_TYPE]
    elif "file" in answer:
        response["bodyFileName"] = answer["file"]
    elif answer.get("body"):
        response["body"] = answer["body"]
    if headers:
        response["headers"] = headers
    if "template" in answer:
        response["transformers"] = ["response-template"]
    return response
