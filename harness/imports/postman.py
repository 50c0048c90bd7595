"""Reads Postman collections of version 2: a stub for each saved example, with the collection's variables filled in."""

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from harness.imports.errors import SourceError
from harness.imports.imported import Imported, LeftOutError, Options
from harness.imports.redacted import redacted, responses
from harness.imports.requests import Server, generality, is_wanted, path_matcher, shape
from harness.recording.account import Account
from harness.recording.exchange import Exchange
from harness.redaction.credential_names import is_credential_setting
from harness.replay.recording import Recorded

KIND = "Postman collection"
_VARIABLE = re.compile(r"\{\{([^{}]*)\}\}")
# A value that stands for others: a variable without one, or what Postman writes of a schema.
_ANYTHING = re.compile(r"\{\{|\A<\w+>\Z")
_URL_CHARACTERS = "%!$&'()*+,;=:@/?-._~{}[]"
_DEEPEST = 50
_OF_THE_WIRE = frozenset({"content-encoding", "content-length", "transfer-encoding"})
_SHORTEST_SECRET = 8
_NO_EXAMPLE = "no example is saved with it: in Postman, send it and choose Save as example"
_FIRST_ERROR = 300


def read(path: Path, content: dict[str, Any], options: Options) -> Imported:
    """The stubs of a collection.

    Args:
        path: Where it is.
        content: What is in it, with the keys ``info`` and ``item``.
        options: What of it is wanted.

    Raises:
        SourceError: It has no requests.
    """
    if not isinstance(content.get("item"), list) or not content["item"]:
        raise SourceError(f"{path}: /item: the collection has no requests.", remedy="name another one.")
    return _Reader(content, options).imported()


def variables_of(path: Path, content: Any) -> dict[str, str]:
    """The values of an exported environment.

    Args:
        path: Where it is.
        content: What is in it.

    Raises:
        SourceError: It is no environment.
    """
    if not isinstance(content, dict) or not isinstance(content.get("values"), list):
        raise SourceError(f"{path}: /values: this is not a Postman environment.", remedy="export one from Postman.")
    return _values(content["values"])


@dataclass(frozen=True)
class _Example:
    """A saved example, which is yet to be redacted.

    Args:
        place: The folders and names that lead to it.
        name: What its stub is called.
        server: Where it asks.
        exchange: The request and the answer; its URL has ``{parameters}`` in its path.
        given: Values of the parameters in the path.
    """

    place: str
    name: str
    server: Server
    exchange: Exchange
    given: Mapping[str, str]


class _Reader:
    def __init__(self, content: dict[str, Any], options: Options) -> None:
        self._content = content
        self._options = options
        self._account = Account()
        self._found = 0
        self._variables = {
            **_values(content.get("variable")),
            **{name: str(value) for name, value in options.variables.items()},
        }

    def imported(self) -> Imported:
        examples = list(self._examples(self._content["item"], [], 0))
        secrets = [
            value
            for name, value in self._variables.items()
            if is_credential_setting(name) and len(value) >= _SHORTEST_SECRET
        ]
        # The values of parameters are not in the URLs, which have {parameters}.
        said: dict[str, Any] = {
            "names": [each.name for each in examples],
            "given": [dict(each.given) for each in examples],
        }
        recorded, told = redacted([each.exchange for each in examples], self._options, self._account, secrets, said)
        examples = [
            replace(each, name=name, given=dict(zip(each.given, given.values(), strict=True)))
            for each, name, given in zip(examples, told.get("names", ()), told.get("given", ()), strict=True)
        ]
        answers, bodies = responses(recorded)
        asked = list(map(_Asked.of, recorded))
        stubs: dict[str, list[dict[str, Any]]] = {}
        chosen = self._chosen(list(zip(examples, asked, answers, strict=True)))
        for example, request, answer in chosen:
            stub = {"name": example.name, "request": request, "response": answer}
            stubs.setdefault(example.server.name, []).append(stub)
        taken = len({id(example) for example, _, _ in chosen})
        named = {stub["response"].get("bodyFileName") for several in stubs.values() for stub in several}
        bodies = {name: body for name, body in bodies.items() if name in named}
        return Imported(KIND, "request", self._found, taken, self._account, dict(sorted(stubs.items())), bodies)

    # What is saved.

    def _examples(self, items: list[Any], above: list[str], depth: int) -> Iterator[_Example]:
        for item in items:
            if not isinstance(item, dict):
                self._account.leave_out(" / ".join(above) or "/item", "an item is not an object")
                continue
            names = [*above, str(item.get("name") or "unnamed")]
            place = " / ".join(names)
            if isinstance(item.get("item"), list):
                if depth < _DEEPEST:
                    yield from self._examples(item["item"], names, depth + 1)
                continue
            saved = (
                [each for each in item.get("response") or [] if isinstance(each, dict)]
                if isinstance(item.get("response"), list)
                else []
            )
            if not saved:
                self._found += 1
                self._account.leave_out(place, _NO_EXAMPLE)
            for example in saved:
                self._found += 1
                where = f"{place} / {example.get('name') or 'example'}"
                try:
                    yield self._example(item, example, where)
                except LeftOutError as error:
                    self._account.leave_out(where, str(error))

    def _example(self, item: dict[str, Any], example: dict[str, Any], place: str) -> _Example:
        request = example.get("originalRequest") or item.get("request")
        if isinstance(request, str):
            request = {"url": request, "method": "GET"}
        if not isinstance(request, dict):
            raise LeftOutError("it has no request")
        status = example.get("code")
        if not isinstance(status, int) or not 200 <= status <= 599:  # noqa: PLR2004 # HTTP's statuses
            raise LeftOutError("its answer has no status")
        local = {**self._variables, **_values(item.get("variable"))}
        method = self._filled(str(request.get("method") or "GET"), local).upper()
        url = self._url(request.get("url"), local)
        server, path, query, given = url
        if not re.fullmatch(r"[A-Z]+", method):
            raise LeftOutError(f"its method {method!r} is not one of HTTP")
        whole = server.url(path) + (f"?{query}" if query else "")
        if not is_wanted(self._options.only, method, whole):
            raise LeftOutError("--only leaves it out")
        body = example.get("body")
        text = self._filled(body, local) if isinstance(body, str) else ""
        if _VARIABLE.search(text):
            self._account.note(place, "its answer has {{variables}} without a value, which are left as they are")
        headers = [(name, self._filled(value, local)) for name, value in _headers(example.get("header"))]
        exchange = Exchange(
            method,
            whole,
            [(name, self._filled(value, local)) for name, value in _headers(request.get("header"))],
            self._sent(request.get("body"), local),
            status,
            [pair for pair in headers if pair[0].lower() not in _OF_THE_WIRE],
            text.encode("utf-8", "replace"),
        )
        return _Example(
            place, f"{item.get('name') or ''}: {example.get('name') or status}".strip(": "), server, exchange, given
        )

    def _url(self, url: Any, local: Mapping[str, str]) -> tuple[Server, str, str, dict[str, str]]:
        """Server, path with ``{parameters}``, query, and the parameters' values."""
        parts = url if isinstance(url, dict) else {}
        raw = parts.get("raw") if isinstance(url, dict) else url
        if not isinstance(raw, str) or not raw:
            raw = _joined(parts)
        if not raw:
            raise LeftOutError("its request has no URL")
        given = {name: self._filled(value, local) for name, value in _values(parts.get("variable")).items()}
        query = parts.get("query")
        bare, _, raw_query = raw.partition("#")[0].partition("?")
        pairs = (
            [
                (str(each.get("key") or ""), str(each.get("value") or ""))
                for each in query
                if isinstance(each, dict) and not each.get("disabled")
            ]
            if isinstance(query, list)
            else parse_qsl(raw_query, keep_blank_values=True)
        )
        filled = self._filled(bare.strip(), local)
        if not re.match(r"https?://", filled):
            filled = f"{'' if filled.startswith(('{{', '/')) else 'http://'}{filled}"
        # What is left is a host that nobody knows, or a part of the path that may be anything.
        filled = re.sub(r"\A(https?://)?\{\{[^{}]*\}\}(:\d+)?", "", filled) or "/"
        filled = _VARIABLE.sub(lambda found: "{" + re.sub(r"\W", "_", found[1].strip("$ ")) + "}", filled)
        try:
            server = (
                Server.of(re.sub(r"\A(https?://[^/]*).*", r"\1", filled, flags=re.DOTALL)) if "://" in filled else None
            )
        except ValueError:
            raise LeftOutError("its URL is not one") from None
        if server is not None and "{" in (server.host or ""):
            server = server._replace(host=None)
        path = "/" + re.sub(r"\Ahttps?://[^/]*", "", filled).lstrip("/")
        path = re.sub(r"/:([A-Za-z_][\w-]*)", lambda found: f"/{{{found[1]}}}", path)
        query_text = urlencode([(name, self._filled(value, local)) for name, value in pairs if name])
        return server or Server(None, None, None, ""), quote(path, safe=_URL_CHARACTERS), query_text, given

    def _sent(self, body: Any, local: Mapping[str, str]) -> bytes:
        if not isinstance(body, dict) or body.get("disabled"):
            return b""
        mode = body.get("mode")
        if mode == "raw":
            return self._filled(str(body.get("raw") or ""), local).encode("utf-8", "replace")
        if mode == "urlencoded":
            fields = body.get("urlencoded")
            return urlencode(_values(fields)).encode() if isinstance(fields, list) else b""
        if mode == "graphql" and isinstance(asked := body.get("graphql"), dict):
            variables = asked.get("variables")
            with contextlib.suppress(ValueError):
                variables = json.loads(variables) if isinstance(variables, str) and variables.strip() else variables
            return json.dumps({"query": asked.get("query"), "variables": variables or {}}).encode()
        return b""

    def _filled(self, text: str, local: Mapping[str, str]) -> str:
        """The text with values for variables, of which a value may have some, too."""
        for _ in range(5):
            filled = _VARIABLE.sub(lambda found: local.get(found[1].strip(), found[0]), text)
            if filled == text or len(filled) > 10_000_000:  # noqa: PLR2004 # one that names itself twice doubles each time
                break
            text = filled
        return text

    # Which of them answer.

    def _chosen(self, saved: list["_Saved"]) -> list[tuple[_Example, dict[str, Any], dict[str, Any]]]:
        """The stubs, of which no two are for the same requests: those with most conditions first."""
        by_path: dict[tuple[str, str, str], list[_Saved]] = {}
        for each in saved:
            by_path.setdefault((each[0].server.name, each[0].exchange.method, shape(each[1].path)), []).append(each)
        found = []
        for several in by_path.values():
            several.sort(key=lambda each: each[2]["status"] >= _FIRST_ERROR)
            by_question: dict[str, _Saved] = {}
            # As in a recording that is made into a test, only what tells them apart is asked for.
            queries_differ = len({each[1].query for each in several}) > 1
            bodies_differ = len({each[1].body for each in several}) > 1
            values_differ = len({json.dumps(each[0].given, sort_keys=True) for each in several}) > 1
            for each in several:
                request = each[1].request(
                    each[0], with_query=queries_differ, with_body=bodies_differ, with_values=values_differ
                )
                question = json.dumps(request, sort_keys=True)
                if question in by_question:
                    other = by_question[question][0].place
                    self._account.leave_out(
                        each[0].place, "another example answers the same request, a successful one first"
                    )
                    self._account.note(
                        f"{other} answers for {each[0].place}", "of several examples of one request, one is taken"
                    )
                    continue
                by_question[question] = each
                found.append(
                    (each[0], request, each[2], generality(each[1].literal(each[0]) if values_differ else each[1].path))
                )
            if values_differ:  # for values that no example has
                first = several[0]
                request = first[1].request(first[0], with_query=False, with_body=False, with_values=False)
                found.append((first[0], request, first[2], generality(first[1].path)))
        found.sort(key=lambda each: (each[3], -_conditions(each[1])))
        return [(example, request, answer) for example, request, answer, _ in found]


@dataclass(frozen=True)
class _Asked:
    """A request without secrets: its path with ``{parameters}``, its query, its body."""

    path: str
    query: tuple[tuple[str, str], ...]
    body: str

    @classmethod
    def of(cls, recorded: Recorded) -> "_Asked":
        parts = urlsplit(recorded.url)
        body = recorded.request_body
        text = (
            body
            if isinstance(body, str)
            else ""
            if body is None or "$base64" in body
            else json.dumps(body, sort_keys=True)
        )
        return cls(parts.path or "/", tuple(parse_qsl(parts.query, keep_blank_values=True)), text)

    def literal(self, example: _Example) -> str:
        """The path with the values that the example gives its parameters."""
        return re.sub(
            r"\{([^{}]*)\}", lambda found: quote(example.given.get(found[1]) or "", safe="") or found[0], self.path
        )

    def request(self, example: _Example, *, with_query: bool, with_body: bool, with_values: bool) -> dict[str, Any]:
        """What a stub for it asks for."""
        path = self.literal(example) if with_values else self.path
        said: dict[str, Any] = {"method": example.exchange.method, **example.server.request(), **path_matcher(path)}
        values: dict[str, list[str]] = {}
        for name, value in self.query if with_query else ():
            if not _ANYTHING.search(value):
                values.setdefault(name, []).append(value)
        if values:
            said["queryParameters"] = {
                name: {"equalTo": one[0]} if len(one) == 1 else {"hasExactly": [{"equalTo": each} for each in one]}
                for name, one in values.items()
            }
        if with_body and self.body and not _VARIABLE.search(self.body):
            said["bodyPatterns"] = [_body_pattern(self.body)]
        return said


def _body_pattern(text: str) -> dict[str, Any]:
    """What a stub says of a body: equal as JSON, if it is."""
    with contextlib.suppress(ValueError, RecursionError):
        if isinstance(read := json.loads(text), dict | list):
            return {"equalToJson": read}
    return {"equalTo": text}


_Saved = tuple[_Example, _Asked, dict[str, Any]]


def _conditions(request: dict[str, Any]) -> int:
    return len(request.get("queryParameters", ())) + len(request.get("bodyPatterns", ()))


def _joined(parts: dict[str, Any]) -> str:
    """A URL of its parts."""
    host, path = parts.get("host"), parts.get("path")
    name = ".".join(map(str, host)) if isinstance(host, list) else str(host or "")
    segments = (
        "/".join(str(each.get("value", "") if isinstance(each, dict) else each) for each in path)
        if isinstance(path, list)
        else str(path or "")
    )
    if not name and not segments:
        return ""
    protocol, port = parts.get("protocol"), parts.get("port")
    return f"{f'{protocol}://' if protocol and name else ''}{name}{f':{port}' if port else ''}/{segments.lstrip('/')}"


def _values(given: Any) -> dict[str, str]:
    """Variables, or fields of a form, by name; without those that are switched off."""
    if isinstance(given, dict):
        return {str(name): str(value) for name, value in given.items() if value is not None}
    found = {}
    for each in given if isinstance(given, list) else ():
        if isinstance(each, dict) and not each.get("disabled") and each.get("enabled") is not False:
            name, value = each.get("key") or each.get("id"), each.get("value")
            if name and value is not None and not isinstance(value, dict | list):
                found[str(name)] = str(value)
    return found


def _headers(given: Any) -> list[tuple[str, str]]:
    if isinstance(given, str):
        lines = (line.partition(":") for line in given.splitlines() if ":" in line)
        return [(name.strip(), value.strip()) for name, _, value in lines if name.strip()]
    return [
        (str(each["key"]), str(each.get("value") or ""))
        for each in (given if isinstance(given, list) else [])
        if isinstance(each, dict) and each.get("key") and not each.get("disabled")
    ]
