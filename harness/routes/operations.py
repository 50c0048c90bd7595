"""Tells requests to one URL apart by the operation that they ask for: GraphQL's, JSON-RPC's, AWS's, SOAP's."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import parse_qs

import httpx

_NAMED = re.compile(r"\b(query|mutation|subscription)\s+([_A-Za-z]\w*)")
_COMMENT = re.compile(r"#[^\n]*")
_FIELD = re.compile(r"\{\s*(?:[_A-Za-z]\w*\s*:\s*)?([_A-Za-z]\w*)")
_KIND = re.compile(r"(query|mutation|subscription)?")
_HEADERS = ("x-amz-target", "soapaction")


@dataclass(frozen=True)
class Operation:
    """What a request asks for, besides its URL.

    Args:
        label: What to call it: ``query Teams``.
        part: Which part of the request names it.
        value: What that part has: a part of the JSON body; or the name and value of a header, or of a form's field.
    """

    label: str
    part: Literal["json", "header", "form"]
    value: Any

    def as_asks(self, pattern: str) -> str:
        """The source of a predicate that matches requests for it.

        Args:
            pattern: The source of the URL's regular expression.
        """
        if isinstance(self.value, list):  # of a batch: each part has more than names it
            parts = [re.escape(json.dumps(part)[1:-1]) for part in self.value]
            return f"asks({pattern}, json=re.compile({'.*'.join(['', *parts, ''])!r}))"
        if self.part == "json":
            return f"asks({pattern}, json={self.value!r})"
        return f"asks({pattern}, {'headers' if self.part == 'header' else 'form'}={dict([self.value])!r})"

    def as_wiremock(self) -> dict[str, Any]:
        """The same as a part of WireMock's request."""
        if self.part == "json":
            return {"bodyPatterns": [{"equalToJson": self.value, "ignoreExtraElements": True}]}
        name, value = self.value
        return {"headers" if self.part == "header" else "formParameters": {name: {"equalTo": value}}}


def operation_of(request: httpx.Request) -> Operation | None:
    """The operation that a request asks for; None where its URL says it all.

    Args:
        request: The request.
    """
    return next(_operations(request), None)


def label_of(request: httpx.Request) -> str:
    """Method, URL and, in parentheses, the operation of a request.

    Args:
        request: The request.
    """
    operation = operation_of(request)
    return f"{request.method} {request.url}" + (f" ({operation.label})" if operation else "")


def asked(request: httpx.Request) -> tuple[str, str, str]:
    """What makes a request the same as another: method, URL, operation.

    Args:
        request: The request.
    """
    operation = operation_of(request)
    return request.method, str(request.url), repr(operation.value) if operation else ""


def _operations(request: httpx.Request) -> Iterator[Operation]:
    for name in _HEADERS:
        if value := request.headers.get(name):
            yield Operation(value.strip('"').rpartition("/")[2] or value, "header", (name, value))
    body = _parsed(request.content)
    yield from _of_json(body)
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        for action in parse_qs(request.content.decode(errors="replace")).get("Action", ()):
            yield Operation(action, "form", ("Action", action))


def _of_json(body: Any) -> Iterator[Operation]:
    if isinstance(body, dict) and isinstance(body.get("query"), str) and _is_graphql(body):
        name, query = body.get("operationName"), body["query"]
        if isinstance(name, str) and name:
            yield Operation(_label(query, name), "json", {"operationName": name})
        else:
            yield Operation(_label(query), "json", {"query": query})
    elif isinstance(body, dict) and "jsonrpc" in body and isinstance(body.get("method"), str):
        yield Operation(body["method"], "json", {"method": body["method"]})
    elif isinstance(body, list) and body and (operations := _of_batch(body)):
        yield Operation(
            ", ".join(operation.label for operation in operations),
            "json",
            [operation.value for operation in operations],
        )


def _of_batch(body: Sequence[Any]) -> list[Operation]:
    """The operations of a batch; none unless each of its parts is one."""
    found = [operation for part in body for operation in _of_json(part)]
    return found if len(found) == len(body) else []


def _is_graphql(body: dict[str, Any]) -> bool:
    """Whether an object with a ``query`` is GraphQL's: a search has one, too."""
    return body.keys() <= {"query", "operationName", "variables", "extensions"} and "{" in body["query"]


def _label(query: str, name: str = "") -> str:
    """``query Teams``; of an operation without a name, its first field: ``query { viewer }``."""
    text = _COMMENT.sub("", query).lstrip()
    operations = {found[2]: found[1] for found in _NAMED.finditer(text)}
    if name:
        return f"{operations.get(name, 'query')} {name}"
    if operations and (named := _NAMED.match(text)):
        return f"{named[1]} {named[2]}"
    kind, field = _KIND.match(text), _FIELD.search(text)
    return f"{kind[1] if kind and kind[1] else 'query'} {{ {field[1] if field else '…'} }}"


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None
