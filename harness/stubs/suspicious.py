"""Finds what WireMock takes of a stub and hardly anybody means: the stub never answers, or not with what it reads like.

Helpers, matchers and what becomes of each case are those of WireMock 3.13.2, as tests/integration/test_suspicious.py tries
them.
"""

import difflib
import re
from collections.abc import Iterator, Sequence
from typing import Any

from harness.stubs.json_places import Steps
from harness.stubs.mappings import Stub
from harness.stubs.templating import TEMPLATING, is_templated
from harness.stubs.wiremock_model import MATCHERS, Problem

# The first that a stub has counts, the others do not.
_URLS = ("url", "urlPattern", "urlPath", "urlPathPattern", "urlPathTemplate")
_NAMED = ("headers", "queryParameters", "pathParameters", "formParameters", "cookies")
_NESTED = ("and", "or", "hasExactly", "includes")
_MODIFIERS = frozenset(
    {
        *("caseInsensitive", "ignoreArrayOrder", "ignoreExtraElements", "enablePlaceholders", "exemptedComparisons"),
        *("placeholderOpeningDelimiterRegex", "placeholderClosingDelimiterRegex", "ignoreOrderOfSameNode"),
        *("namespaceAwareness", "xPathNamespaces", "schemaVersion", "actualFormat", "truncateExpected"),
        *("truncateActual", "applyTruncationLast", "expectedOffset", "expectedOffsetUnit", "variables", "expression"),
    }
)
ADD_TEMPLATING = f'add "transformers": ["{TEMPLATING}"] (in the short form, template: true)'
HELPERS = frozenset(
    {
        *(
            "each",
            "if",
            "unless",
            "with",
            "lookup",
            "log",
            "block",
            "partial",
            "embedded",
            "i18n",
            "i18nJs",
            "precompile",
        ),
        *("assign", "eq", "neq", "gt", "gte", "lt", "lte", "and", "or", "not", "isOdd", "capitalizeFirst", "center"),
        *("cut", "defaultIfEmpty", "join", "ljust", "rjust", "substring", "lower", "upper", "slugify", "stringFormat"),
        *("stripTags", "capitalize", "abbreviate", "wordWrap", "replace", "yesno", "dateFormat", "numberFormat", "now"),
        *("xPath", "soapXPath", "jsonPath", "randomValue", "hostname", "date", "parseDate", "truncateDate", "trim"),
        *("base64", "urlEncode", "formData", "regexExtract", "size", "pickRandom", "randomInt", "randomDecimal"),
        *("range", "array", "arrayAdd", "arrayRemove", "arrayJoin", "parseJson", "matches", "contains", "math", "val"),
        *("formatJson", "formatXml", "toJson", "jsonMerge", "jsonRemove", "jsonArrayAdd", "systemValue"),
    }
)
_DATA = ("request", "parameters")
_ALONE = frozenset({"now", "hostname", "randomInt", "randomDecimal"})
# Neither escaped, nor an expression of GitHub's.
_TAG = re.compile(r"(?<![\\$])\{\{[{~&]*\s*(?P<block>#?)\s*(?P<name>[A-Za-z_][\w.\[\]-]*)(?P<rest>[^{}]*)\}\}")
_INNER = re.compile(r"\(\s*([A-Za-z_]\w*)\s")
_LITERAL = re.compile(r"'[^']*'|\"[^\"]*\"")
_STARTED = "Started"


def suspicious(stub: Stub) -> Iterator[Problem]:
    """What is suspicious of one stub.

    Args:
        stub: The stub, as WireMock reads it.
    """
    yield from _of_url(stub["request"])
    yield from _of_matchers(stub["request"])
    yield from _of_response(stub["response"])
    for state in ("requiredScenarioState", "newScenarioState"):
        if state in stub and "scenarioName" not in stub:
            yield Problem((state,), f"`{state}` has no effect without `scenarioName`", "add scenarioName")


def states_nobody_sets(stubs: Sequence[Stub], others: Sequence[Stub] = ()) -> Iterator[tuple[int, Problem]]:
    """The stubs that wait for a state of a scenario that no stub sets, each by its number.

    Args:
        stubs: The stubs.
        others: Stubs that may set a state, too.
    """
    set_: dict[str, set[str]] = {}
    for stub in (*stubs, *others):
        if stub.get("newScenarioState") is not None:
            set_.setdefault(stub.get("scenarioName", ""), {_STARTED}).add(stub["newScenarioState"])
    for number, stub in enumerate(stubs):
        state, name = stub.get("requiredScenarioState"), stub.get("scenarioName")
        there = set_.get(name or "", {_STARTED})
        if name is None or state is None or state in there:
            continue
        close = difflib.get_close_matches(state, there, n=1)
        remedy = f"did you mean {close[0]!r}?" if close else f"set it as newScenarioState of a stub of {name!r}"
        what = f"the stub never answers: no stub sets the state {state!r} of the scenario {name!r}"
        yield number, Problem(("requiredScenarioState",), what, remedy)


def template_in(text: str) -> str | None:
    """What of a text is meant as a template of WireMock, as far as one can tell from outside; None where nothing is.

    Args:
        text: A body, or a header's value.
    """
    for tag in _TAG.finditer(text) if "{{" in text else ():
        name, rest = tag["name"], tag["rest"]
        is_call = name in HELPERS and (rest[:1].isspace() and bool(rest.strip(" ~")))
        is_data = name.partition(".")[0] in _DATA and "." in name and not rest.strip(" ~")
        if is_call or is_data or (name in _ALONE and not rest.strip(" ~")):
            return tag[0]
    return None


def _of_url(request: dict[str, Any]) -> Iterator[Problem]:
    given = [key for key in _URLS if key in request]
    for other in given[1:]:
        yield Problem(("request", other), f"`{other}` is ignored beside `{given[0]}`", "leave one of them out")
    for key in given[:1]:
        value = str(request[key])
        if wrong := _url(key, value):
            yield Problem(("request", key), f"the stub never answers: {wrong[0]}", wrong[1])


def _url(key: str, value: str) -> tuple[str, str] | None:
    is_pattern = key in ("urlPattern", "urlPathPattern")
    if is_pattern:
        if re.match(r"(?:\^?https?\??:|[A-Za-z0-9]+/)", value) and "|" not in value:
            return (
                f"`{key}` is matched without the host, so what it matches begins with /",
                "begin with /, and match `host` by itself",
            )
    elif "://" in value:
        return f"`{key}` cannot name a host", 'write what follows the host, and "host": {"equalTo": "…"}'
    elif not value.startswith("/"):
        return f"`{key}` must begin with /", f"write /{value}"
    if key == "urlPathPattern" and r"\?" in value:
        return "`urlPathPattern` is matched without the query", "write urlPattern, or queryParameters"
    if key in ("urlPath", "urlPathTemplate") and "?" in value:
        return (
            f"`{key}` is matched without the query",
            "write queryParameters" if key == "urlPathTemplate" else "write url, or queryParameters",
        )
    return None


def _of_matchers(request: dict[str, Any]) -> Iterator[Problem]:
    for key in ("host", "clientIp"):
        if key in request:
            yield from _of_matcher(request[key], ("request", key))
    for group in _NAMED:
        for name, matcher in (request.get(group) or {}).items():
            yield from _of_matcher(matcher, ("request", group, name))
    for number, matcher in enumerate(request.get("bodyPatterns") or []):
        yield from _of_matcher(matcher, ("request", "bodyPatterns", number))
    if "customMatcher" in request:
        name = request["customMatcher"].get("name")
        yield Problem(
            ("request", "customMatcher"), f"the stub never answers: there is no custom matcher {name!r}", "use others"
        )


def _of_matcher(matcher: dict[str, Any], steps: Steps) -> Iterator[Problem]:
    words = [key for key in matcher if key in MATCHERS]
    for key in matcher.keys() - {*words, *_MODIFIERS}:
        close = difflib.get_close_matches(key, [*MATCHERS, *_MODIFIERS], n=1)
        remedy = f"did you mean `{close[0]}`?" if close else "remove it"
        yield Problem((*steps, key), f"WireMock ignores `{key}`", remedy)
    for key in words[1:]:
        yield Problem((*steps, key), f"`{key}` is ignored beside `{words[0]}`", "put both into `and`")
    for key in words[:1]:
        inner = matcher[key]
        if key == "not":
            yield from _of_matcher(inner, (*steps, key))
        elif key in _NESTED:
            for number, each in enumerate(inner):
                yield from _of_matcher(each, (*steps, key, number))
        elif key == "matchesJsonPath" and isinstance(inner, dict):
            yield from _of_matcher(inner, (*steps, key))


def _of_response(response: dict[str, Any]) -> Iterator[Problem]:
    for number, name in enumerate(response.get("transformers") or []):
        if name != TEMPLATING:
            where = ("response", "transformers", number)
            yield Problem(where, f"there is no transformer {name!r}", f"the one there is: {TEMPLATING}")
    if "proxyBaseUrl" in response:
        yield Problem(
            ("response", "proxyBaseUrl"),
            f"the stub cannot answer: {response['proxyBaseUrl']} is outside the sandbox",
            "put the answer into the stub",
        )
    for steps, text in _texts(response):
        if is_templated(response):
            yield from (Problem(steps, what, remedy) for what, remedy in _of_template(text))
        elif not response.get("transformers") and (tag := template_in(text)):
            yield Problem(steps, f"{tag} is not rendered: the stub does not use templating", ADD_TEMPLATING)
            return


def _texts(response: dict[str, Any]) -> Iterator[tuple[Steps, str]]:
    for key in ("body", "bodyFileName", "proxyBaseUrl", "jsonBody", "headers"):
        if key in response:
            yield from _texts_in(response[key], ("response", key))


def _texts_in(value: Any, steps: Steps) -> Iterator[tuple[Steps, str]]:
    if isinstance(value, str):
        if "{{" in value:
            yield steps, value
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from _texts_in(each, (*steps, name))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _texts_in(each, (*steps, number))


def _of_template(text: str) -> Iterator[tuple[str, str]]:
    for tag in _TAG.finditer(text):
        rest = _LITERAL.sub("''", tag["rest"])
        called = [tag["name"]] if rest[:1].isspace() and rest.strip(" ~") else []
        for name in (*called, *_INNER.findall(rest)):
            if name not in HELPERS and name != "else":
                close = difflib.get_close_matches(name, HELPERS, n=1)
                remedy = f"did you mean {close[0]}?" if close else "WireMock's documentation lists those there are"
                yield f"{tag[0]} fails: there is no helper {name}", remedy
