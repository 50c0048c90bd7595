"""An unmatched request: the nearest stub, and a stub in the short form that would answer it, to paste."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from harness.routes.operations import asked, label_of, operation_of
from harness.routes.transport import RequestLog
from harness.stubs.mappings import Stub
from harness.stubs.short_form import JSON_TYPE, Entry
from harness.stubs.unmatched import nearest, of_its_body

# Of so many the nearest stub is looked for: each takes some milliseconds.
_COMPARED = 50


@dataclass(frozen=True)
class Unanswered:
    """One request, however often it came.

    Args:
        call: The request, and the 404 that it got.
        times: How often it came.
        nearest: The nearest stub, and what differs, one per line.
    """

    call: RequestLog
    times: int
    nearest: list[str]

    def __str__(self) -> str:
        request = self.call.request
        return "\n".join(
            [
                f"No stub matched: {self.label}",
                *of_its_body(request),
                *self.nearest,
                "A stub that would answer it:",
            ]
            + [f"    {line}" for line in self.stub().splitlines()]
        )

    @property
    def label(self) -> str:
        """Method, URL and operation of the request."""
        return label_of(self.call.request)

    def entry(self) -> Entry:
        """An entry of the short form that answers it, with an empty object."""
        from harness.stubs import short_back  # noqa: PLC0415 # jsonschema takes its time to import

        (entry,) = short_back.from_stubs([_stub_for(self.call.request)])
        return entry

    def stub(self) -> str:
        """The entry as text for a stub file."""
        from harness.stubs import short_file  # noqa: PLC0415 # likewise yaml

        return short_file.write([self.entry()])

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON values."""
        request = self.call.request
        return {
            "method": request.method,
            "url": str(request.url),
            "operation": operation.label if (operation := operation_of(request)) else None,
            "times": self.times,
            "nearest": self.nearest,
            "stub": self.stub(),
        }


def unanswered(calls: Iterable[RequestLog], stubs: Sequence[Stub]) -> list[Unanswered]:
    """What there is to say of the requests that no stub answered, each once, in their order.

    Args:
        calls: The requests.
        stubs: The stubs that there are.
    """
    return list(_each(list(calls), stubs))


def _each(calls: list[RequestLog], stubs: Sequence[Stub]) -> Iterator[Unanswered]:
    times = Counter(asked(call.request) for call in calls)
    first = {asked(call.request): call for call in reversed(calls)}
    for number, key in enumerate(times):
        near = nearest(first[key].request, [], stubs) if number < _COMPARED else []
        yield Unanswered(first[key], times[key], near)


def _stub_for(request: httpx.Request) -> Stub:
    url = request.url
    operation = operation_of(request)
    query = {name: {"equalTo": value} for name, value in url.params.items()}
    return {
        "request": {
            "method": request.method,
            "scheme": url.scheme,
            "host": {"equalTo": url.host},
            **({"port": url.port} if url.port is not None else {}),
            "urlPath": url.raw_path.decode().partition("?")[0],
            **({"queryParameters": query} if query else {}),
            **(operation.as_wiremock() if operation else {}),
        },
        "response": {"status": 200, "headers": dict([JSON_TYPE]), "jsonBody": {}},
    }
