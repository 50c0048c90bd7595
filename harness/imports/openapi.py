"""Reads OpenAPI 3 documents: a stub for each operation, with its example as the answer, or one made from its schema."""

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urljoin

from harness.imports import references
from harness.imports.errors import SourceError
from harness.imports.imported import Imported, LeftOutError, Options
from harness.imports.redacted import redacted, responses
from harness.imports.references import BrokenReferenceError, Part
from harness.imports.requests import Server, generality, is_wanted, path_matcher, server_of_option, shape
from harness.imports.sample import fits_kind, sample
from harness.recording.account import Account, without_user
from harness.recording.exchange import Exchange

KIND = "OpenAPI document"
_METHODS = ("get", "post", "put", "patch", "delete", "head", "options")
_FINE = re.compile(r"2[0-9][0-9]")
_MOVED = re.compile(r"3[0-9][0-9]")
_JSON = re.compile(r"(?i)application/(?:.+\+)?json(?:;.*)?|text/json(?:;.*)?|\*/\*|application/\*")
_ONLY_ERRORS = "only errors are described as its answers"
_PAGED = frozenset(
    {"page", "offset", "cursor", "page_token", "pagetoken", "starting_after", "after", "start", "startat", "skip"}
)
_VARIABLE = re.compile(r"\{([^{}]*)\}")
# Its example names a page of which the document says nothing, and which a client would ask for.
_LINK = "link"


def read(path: Path, content: dict[str, Any], options: Options) -> Imported:
    """The stubs of a document.

    Args:
        path: Where it is.
        content: What is in it, with the key ``openapi``.
        options: What of it is wanted.

    Raises:
        SourceError: It is of a version that is not read here, or has no operations.
    """
    version = str(content.get("openapi"))
    if not version.startswith("3."):
        raise SourceError(
            f"{path}: /openapi: this is OpenAPI {version}; versions 3.0 to 3.2 can be read.",
            remedy="convert it to version 3.",
        )
    if not isinstance(content.get("paths"), dict) or not content["paths"]:
        raise SourceError(f"{path}: /paths: the document has no paths.", remedy="name the document that has them.")
    return _Reader(path, content, options).imported()


@dataclass(frozen=True)
class _Operation:
    """An operation as a stub: what it is asked, and its answer as an exchange, which is yet to be redacted."""

    server: Server
    path: str
    name: str
    request: dict[str, Any]
    exchange: Exchange


class _Reader:
    def __init__(self, path: Path, content: dict[str, Any], options: Options) -> None:
        self._document = references.root(path, content)
        self._options = options
        self._server = server_of_option(options.server) if options.server else None
        self._account = Account()
        self._found = 0

    def imported(self) -> Imported:
        operations = sorted(
            self._operations(), key=lambda each: (generality(each.path), "queryParameters" not in each.request)
        )
        operations = list(self._without_twins(operations))
        said = {"names": [each.name for each in operations]}
        recorded, told = redacted([each.exchange for each in operations], self._options, self._account, said=said)
        answers, bodies = responses(recorded)
        stubs: dict[str, list[dict[str, Any]]] = {}
        for operation, name, answer in zip(operations, told.get("names", ()), answers, strict=True):
            stub = {"name": name, "request": operation.request, "response": answer}
            stubs.setdefault(operation.server.name, []).append(stub)
        for name in ("webhooks", "x-webhooks"):
            events = self._document.value.get(name)
            for event in events if isinstance(events, dict) else ():
                self._account.leave_out(str(event), "a webhook is not a request to the API")
        return Imported(
            KIND, "operation", self._found, len(operations), self._account, dict(sorted(stubs.items())), bodies
        )

    def _operations(self) -> Iterator[_Operation]:
        for path, given in self._document.value["paths"].items():
            if path.startswith("x-"):
                continue
            try:
                item = self._document.part(given).followed()
            except BrokenReferenceError as error:
                self._account.leave_out(path, f"the path's {error}")
                continue
            if not isinstance(item.value, dict):
                self._account.leave_out(path, "the path is not an object")
                continue
            for method in item.value:
                if method.lower() in _METHODS:
                    self._found += 1
                    try:
                        yield self._operation(path, method, item)
                    except LeftOutError as error:
                        self._account.leave_out(f"{method.upper()} {path}", str(error))
                elif method.lower() in ("trace", "query", "additionaloperations"):
                    self._found += 1
                    self._account.leave_out(f"{method.upper()} {path}", "stubs of this method are not supported")

    def _operation(self, path: str, method: str, item: Part) -> _Operation:
        place = f"{method.upper()} {path}"
        try:
            operation = item.get(method)
        except BrokenReferenceError as error:
            raise LeftOutError(f"its {error}") from error
        if not isinstance(operation.value, dict):
            raise LeftOutError("the operation is not an object")
        if not path.startswith("/"):
            raise LeftOutError("its path does not begin with a slash")
        if "#" in path:
            raise LeftOutError("its path has a #, and what follows that is never sent")
        server = self._server_of(operation, item, place)
        bare, _, query = path.partition("?")
        url = server.url(server.path + bare)
        if not is_wanted(self._options.only, method.upper(), url):
            raise LeftOutError("--only leaves it out")
        try:
            status, headers, body = self._response(operation, place)
        except BrokenReferenceError as error:
            raise LeftOutError(f"its answer's {error}") from error
        self._note_pages(operation, item, place, body)
        asked = {"method": method.upper(), **server.request(), **path_matcher(server.path + bare)}
        if query:
            asked["queryParameters"] = {
                name: {"equalTo": value} for name, value in parse_qsl(query, keep_blank_values=True) if "{" not in value
            }
        exchange = Exchange(
            method.upper(), url.replace(" ", "%20"), status=status, response_headers=headers, response_content=body
        )
        return _Operation(server, server.path + bare, _name(operation.value, place), asked, exchange)

    def _server_of(self, operation: Part, item: Part, place: str) -> Server:
        if self._server:
            return self._server
        for part in (operation, item, self._document):
            servers = part.value.get("servers")
            if isinstance(servers, list) and servers and isinstance(servers[0], dict):
                break
        else:
            self._account.note(place, "the document names no server, so the stub answers for any host: see --server")
            return Server(None, None, None, "")
        url = str(servers[0].get("url") or "/")
        variables = servers[0].get("variables")
        known = variables if isinstance(variables, dict) else {}
        written = _VARIABLE.sub(lambda found: _default(known.get(found[1])) or found[0], url)
        if "{" in written:
            raise LeftOutError(f"the server {without_user(url)} has a variable without a default: see --server")
        if len(servers) > 1:
            self._account.note(
                place, f"of {len(servers)} servers, the first is taken: {without_user(written)} (see --server)"
            )
        try:
            server = Server.of(written if "://" in written else urljoin("/", written))
        except ValueError:
            raise LeftOutError(f"the server {without_user(written)} is not a URL: see --server") from None
        if server.host is None:
            self._account.note(place, "the document names no host, so the stub answers for any: see --server")
        return server

    def _without_twins(self, operations: list[_Operation]) -> Iterator[_Operation]:
        """The operations, without those whose requests another one takes already."""
        first: dict[str, str] = {}
        for each in operations:
            request = {name: value for name, value in each.request.items() if not name.startswith("url")}
            asked = json.dumps([request, shape(each.path)], sort_keys=True)
            place = f"{each.request['method']} {each.path}"
            if asked in first:
                self._account.leave_out(place, f"it takes the same requests as {first[asked]}")
            else:
                first[asked] = place
                yield each

    # The answer.

    def _response(self, operation: Part, place: str) -> tuple[int, list[tuple[str, str]], bytes]:
        """Status, headers and body of the answer that is taken."""
        described = operation.get("responses")
        if not isinstance(described.value, dict) or not described.value:
            raise LeftOutError("no answer is described")
        by_status = {str(status).upper(): status for status in described.value}
        fine = sorted(status for status in by_status if _FINE.fullmatch(status))
        moved = sorted(status for status in by_status if _MOVED.fullmatch(status))
        name = next(iter([*fine, *(each for each in ("2XX", "DEFAULT") if each in by_status), *moved]), None)
        if name is None or (name == "DEFAULT" and moved):
            name = moved[0] if moved else None
        if name is None:
            raise LeftOutError(_ONLY_ERRORS)
        for status in sorted(by_status.keys() - {name}):
            self._account.note(
                f"{place}: {status.lower()}", "other answers of an operation are not taken, such as its errors"
            )
        response = described.get(by_status[name])
        if not isinstance(response.value, dict):
            raise LeftOutError(f"its answer {name} is not an object")
        headers = list(self._headers(response, place))
        media, body = self._body(response, place)
        if media:
            headers.insert(0, ("content-type", media))
        return int(name) if name.isdigit() else 200, headers, body

    def _headers(self, response: Part, place: str) -> Iterator[tuple[str, str]]:
        described = response.get("headers")
        for name in described.value if isinstance(described.value, dict) else ():
            header = described.get(name)
            if not isinstance(header.value, dict) or name.lower() in (
                "content-type",
                "content-length",
                "content-encoding",
            ):
                continue
            if name.lower() == _LINK:
                self._account.note(
                    place, "Link headers are not taken, since the page that they name is not in the document"
                )
                continue
            value = _example(header)
            if value is None and (header.value.get("required") or name.lower() == "location"):
                value = sample(header.part(header.value.get("schema")), partial(self._note_of_sample, place))
            if value is not None:
                yield name, value if isinstance(value, str) else json.dumps(value)

    def _body(self, response: Part, place: str) -> tuple[str, bytes]:
        """The media type and the body; neither where there is none."""
        content = response.get("content")
        if not isinstance(content.value, dict) or not content.value:
            return "", b""
        name = min(content.value, key=lambda each: (not _JSON.fullmatch(each), not each.startswith("text/")))
        media = content.get(name)
        is_json = _JSON.fullmatch(name) is not None
        example = _example(media)
        examples = media.get("examples").value
        for other in itertools.islice(examples, 1, None) if isinstance(examples, dict) else ():
            self._account.note(f"{place}: {other}", "of several examples, the first is taken")
        for other in sorted(content.value.keys() - {name}):
            self._account.note(f"{place}: {other}", "of several media types, one is taken: JSON, where there is JSON")
        schema = media.part(media.value.get("schema") if isinstance(media.value, dict) else None)
        if example is None and schema.value is not None and (is_json or name.startswith("text/")):
            example = sample(schema, partial(self._note_of_sample, place))
            self._account.note(place, "its answer is made from the schema, since there is no example")
        if not is_json:
            if isinstance(example, str):
                return name, example.encode()
            self._account.note(place, f"there is no example that can be taken as {name}, so its body is empty")
            return name, b""
        if "*" in name:
            name = "application/json"
        if isinstance(example, str) and not fits_kind(example, _type_of(schema)):
            try:
                example = json.loads(example)
            except ValueError:
                self._account.note(place, "its example is not the JSON that its schema asks for; it is taken as it is")
                return name, str(example).encode("utf-8", "replace")
        return (
            (name, b"")
            if example is None and schema.value is None
            else (name, json.dumps(example, ensure_ascii=False).encode())
        )

    def _note_of_sample(self, place: str, what: str, detail: str) -> None:
        self._account.note(f"{place}: {detail}" if detail else place, what)

    def _note_pages(self, operation: Part, item: Part, place: str, body: bytes) -> None:
        given = (part.value.get("parameters") for part in (operation, item))
        for each in (each for several in given if isinstance(several, list) for each in several):
            try:
                parameter = operation.part(each).followed().value
            except BrokenReferenceError:
                continue
            name = str(parameter.get("name", "")).lower() if isinstance(parameter, dict) else ""
            if name in _PAGED and b"[" in body:
                self._account.note(
                    place, "every page has the same answer: add one for the last page, or a client may not stop"
                )


def _example(part: Part) -> Any:
    """What a media type or a header gives as its example; None without one."""
    if isinstance(part.value, dict) and part.value.get("example") is not None:
        return part.value["example"]
    examples = part.get("examples")
    for name in examples.value if isinstance(examples.value, dict) else ():
        example = examples.get(name).value
        if isinstance(example, dict) and "value" in example:
            return example["value"]
        if isinstance(example, dict) and "dataValue" in example:  # of version 3.2
            return example["dataValue"]
    return None


def _type_of(schema: Part) -> str | None:
    try:
        said = schema.followed().value
    except BrokenReferenceError:
        return None
    kind = said.get("type") if isinstance(said, dict) else None
    if kind is None and isinstance(said, dict) and ({"properties", "items", "allOf", "anyOf", "oneOf"} & said.keys()):
        return "array" if "items" in said else "object"
    return next((each for each in kind if each != "null"), None) if isinstance(kind, list) else kind


def _default(variable: Any) -> str:
    if not isinstance(variable, dict):
        return ""
    choices = variable.get("enum")
    return str(variable.get("default") or (choices[0] if isinstance(choices, list) and choices else ""))


def _name(operation: dict[str, Any], place: str) -> str:
    said = operation.get("summary") or operation.get("operationId")
    return " ".join(said.split())[:100] if isinstance(said, str) and said.strip() else place
