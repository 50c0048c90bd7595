"""Stubs that WireMock takes and nobody means, with a request that they are to answer; and some that are meant."""

from typing import Any

TEMPLATED = {"transformers": ["response-template"]}


def asks(**request: Any) -> dict[str, Any]:
    return {"request": request, "response": {}}


def has(header: dict[str, Any]) -> dict[str, Any]:
    return asks(headers={"X": header})


# The stub, the URL of a request with the header `X: a`, the pointer of what is wrong, what it says.
NEVER = [
    (asks(urlPath="/a?b=1"), "/a?b=1", "/request/urlPath", "is matched without the query"),
    (asks(urlPathTemplate="/{x}?b=1"), "/a?b=1", "/request/urlPathTemplate", "is matched without the query"),
    (asks(urlPathPattern=r"/a\?b=1"), "/a?b=1", "/request/urlPathPattern", "is matched without the query"),
    (asks(url="a"), "/a", "/request/url", "must begin with /"),
    (asks(url=""), "/", "/request/url", "must begin with /"),
    (asks(urlPath="a"), "/a", "/request/urlPath", "must begin with /"),
    (asks(urlPathTemplate="{x}"), "/a", "/request/urlPathTemplate", "must begin with /"),
    (asks(url="https://api.example.com/a"), "/a", "/request/url", "cannot name a host"),
    (asks(urlPattern="https?://.*"), "/a", "/request/urlPattern", "matched without the host"),
    (asks(urlPathPattern="api/.*"), "/api/a", "/request/urlPathPattern", "matched without the host"),
    (asks(url="/b", urlPath="/a"), "/a", "/request/urlPath", "ignored beside `url`"),
    (asks(urlPath="/b", urlPattern="/c"), "/b", "/request/urlPath", "ignored beside `urlPattern`"),
    (asks(customMatcher={"name": "mine"}), "/a", "/request/customMatcher", "no custom matcher 'mine'"),
    ({**asks(), "scenarioName": "s", "requiredScenarioState": "x"}, "/a", "/requiredScenarioState", "no stub sets"),
    (has({"contains": "b", "equalTo": "a"}), "/a", "/request/headers/X/equalTo", "beside `contains`"),
    (has({"equalTo": "A", "caseInsensitve": True}), "/a", "/request/headers/X/caseInsensitve", "WireMock ignores"),
    (
        has({"and": [{"equalTo": "A", "nope": 1}, {"absent": False}]}),
        "/a",
        "/request/headers/X/and/0/nope",
        "WireMock ignores",
    ),
    (has({"not": {"equalTo": "a", "nope": 1}}), "/a", "/request/headers/X/not/nope", "WireMock ignores"),
]
# The answer's definition, the pointer, what it says; what is sent instead of an answer.
NOT_AS_MEANT: list[tuple[dict[str, Any], str, str, str]] = [
    ({"body": "at {{now}}"}, "/response/body", "{{now}} is not rendered", "at {{now}}"),
    ({"body": "{{request.path}}"}, "/response/body", "{{request.path}} is not rendered", "{{request.path}}"),
    ({"jsonBody": {"a": ["{{upper 'x'}}"]}}, "/response/jsonBody/a/0", "is not rendered", "{{upper 'x'}}"),
    ({"body": "{{#each (range 1 2) as |x|}}{{x}}{{/each}}"}, "/response/body", "is not rendered", "{{#each"),
    ({"body": "{{request.url}}", "transformers": ["mine"]}, "/response/transformers/0", "no transformer", "{{request"),
    (
        {"body": "{{uper 'x'}}", **TEMPLATED},
        "/response/body",
        "there is no helper uper",
        "could not find helper: 'uper'",
    ),
    (
        {"body": "{{#mine 'x'}}{{/mine}}", **TEMPLATED},
        "/response/body",
        "no helper mine",
        "could not find helper: 'mine'",
    ),
    ({"jsonBody": {"a": "{{upper (mine 'x')}}"}, **TEMPLATED}, "/response/jsonBody/a", "no helper mine", "'mine'"),
    (
        {"body": "{{request.path default='x'}}", **TEMPLATED},
        "/response/body",
        "no helper request.path",
        "'request.path'",
    ),
    ({"proxyBaseUrl": "https://api.example.com"}, "/response/proxyBaseUrl", "outside the sandbox", ""),
]
MEANT: list[dict[str, Any]] = [
    asks(),
    asks(url="/a?b=1"),
    asks(urlPattern=".*"),
    asks(urlPattern="(https?://x)?/a.*"),
    asks(urlPathPattern="/ab?"),
    asks(urlPathTemplate="/{x}"),
    has({"equalTo": "A", "caseInsensitive": True}),
    has({"or": [{"contains": "a"}, {"absent": True}]}),
    {"request": {}, "response": {"body": "{{request.path}}", **TEMPLATED}},
    {"request": {}, "response": {"body": "{{#if request.path}}y{{else if request.url}}n{{/if}}", **TEMPLATED}},
    {"request": {}, "response": {"body": "{{#each (range 1 2) as |x|}}{{upper 'nope (x'}}{{/each}}", **TEMPLATED}},
    {"request": {}, "response": {"body": "{{nope}} {{#nope}}{{/nope}}", **TEMPLATED}},
    # Other people's templates, in answers that are what they are.
    {"request": {}, "response": {"body": "${{ matrix.python }} {{ name }} {{.Values.x}} {{lookup('env')}} {{ size }}"}},
]
