"""Entries of the short form, as hypothesis makes them: in the form in which they come back."""

import re
from typing import Any

from hypothesis import strategies as st

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12) | st.sampled_from(
    [
        "1",
        "010",
        "true",
        "yes",
        "null",
        "~",
        "1e3",
        "0o7",
        "2024-01-01",
        " a ",
        "a: b",
        "- x",
        "#",
        "{{x}}",
        "a\nb",
        "\n",
        "a\n\n",
        "\n a\n",
        "a\n#b\n",
        "\u2028",
        "\x85",
    ]
)
names = st.sampled_from(["page", "q", "a b", "X-One", "Link", "json", "absent", "form", "1", "yes"])
matchers = st.one_of(
    texts,
    texts.map(lambda text: {"contains": text}),
    texts.map(lambda text: {"matches": re.escape(text)}),
    st.just({"absent": True}),
)
named_matchers = st.dictionaries(names, matchers, min_size=1, max_size=3)
hosts = st.sampled_from(["api.example.com", "h:8443", "[::1]", "127.0.0.1:80"])
paths = st.sampled_from(["/", "/v2/items", "/a%20b", "/a.b;c=1", "/v2/{id}/x"])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
urls = st.one_of(
    st.fixed_dictionaries({}),
    paths.map(lambda path: {"url": path}),
    st.builds(
        lambda scheme, host, path: {"url": f"{scheme}://{host}{path}"}, st.sampled_from(["http", "https"]), hosts, paths
    ),
    st.builds(lambda host, path: {"host": host, "url": path}, hosts | st.just({"contains": "example"}), paths),
    st.sampled_from(
        [
            {"url": "/a?b=1"},
            {"url": {"equals": "/a", "with_query": True}},
            {"scheme": "https", "host": "h", "url": {"matches": "/a/[0-9]+"}},
            {"url": {"matches": "/a.*", "with_query": True}},
            {"scheme": "http"},
        ]
    ),
)
bodies = st.one_of(
    texts,
    json_values.filter(lambda value: not isinstance(value, str)).map(lambda value: {"json": value}),
    st.just({"json": {"a": 1}, "partial": True}),
    st.just({"jsonpath": "$.a"}),
    texts.map(lambda text: {"jsonpath": "$.operationName", "equals": text}),
    texts.map(lambda text: {"contains": text}),
)
requests = st.builds(
    lambda url, rest: {**url, **rest},
    urls,
    st.fixed_dictionaries(
        {},
        optional={
            "method": st.sampled_from(["GET", "POST", "GET_OR_HEAD"]),
            "query": named_matchers,
            "headers": named_matchers,
            "body": bodies | st.lists(bodies, min_size=2, max_size=3) | named_matchers.map(lambda form: {"form": form}),
        },
    ),
)
headers = st.dictionaries(names, texts | st.lists(texts, min_size=2, max_size=3), min_size=1, max_size=3)
delays = st.integers(1, 100_000).map(lambda milliseconds: {"delay": milliseconds / 1000})
contents = st.one_of(
    st.just({}),
    json_values.map(lambda value: {"json": value}),
    texts.map(lambda text: {"body": text}),
    st.just({"file": "a/b.json"}),
    st.just({"json": {}, "headers": {"Content-Type": None}}),
)
responses = st.one_of(
    st.builds(
        lambda status, content, more, delay: {**status, **more, **content, **delay},
        st.just({}) | st.integers(201, 599).map(lambda status: {"status": status}),
        contents,
        st.just({}) | headers.map(lambda some: {"headers": some}),
        st.just({}) | delays | st.just({"template": True}),
    ),
    st.sampled_from(["connection_reset", "empty", "garbage"]).map(lambda fault: {"fault": fault}),
)


def _entry(request: dict[str, Any], rest: dict[str, Any], response: dict[str, Any]) -> dict[str, Any]:
    return {**request, **rest, "response": response}


entries = st.builds(
    _entry,
    requests,
    st.fixed_dictionaries({}, optional={"name": texts, "times": st.integers(1, 4), "priority": st.integers(1, 9)}),
    responses,
)
