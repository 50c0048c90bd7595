"""Makes recorded requests, recordings, and a client that pages as integrations do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from harness.recording.discovery_file import PLACE
from harness.replay.recording import Recorded
from harness.replay.replay_plan import Finder, Plan

API = "https://api.example.com"
MAPPING = {
    "resources": [
        {
            "kind": "thing",
            "selector": {"query": "true"},
            "port": {"entity": {"mappings": {"identifier": ".id | tostring", "blueprint": '"thing"'}}},
        }
    ]
}


def get(url: str, body: Any = None, status: int = 200, **fields: Any) -> Recorded:
    """A recorded GET."""
    return Recorded("GET", url if "://" in url else f"{API}{url}", status=status, body=body, **fields)


def post(url: str, asked: Any, body: Any = None, **fields: Any) -> Recorded:
    """A recorded POST."""
    return Recorded("POST", f"{API}{url}", request_body=asked, body=body, **fields)


def documented() -> list[Recorded]:
    """The example of the reference document."""
    file = {"name": "file", "content": "text"}
    return [
        get("/repos/my-org/repo-1/contents/README.md", file),
        get("/repos/my-org/repo-2/contents/README.md", file),
        get("/repos/my-org/repo-1/contents/CODEOWNERS", {"message": "Not Found"}, 404),
        get("/orgs/my-org/repos", [{"id": 1, "name": "repo-1"}]),
        get("/orgs/my-org/installation", {"app_id": 1, "permissions": {}}),
    ]


def entry(request: Recorded) -> dict[str, Any]:
    """The request as a `discovery.json` has it."""
    return {
        "method": request.method,
        "url": request.url,
        "request_headers": request.request_headers,
        "request_body": request.request_body,
        "response_status": request.status,
        "response_headers": request.headers,
        "response_body": request.body,
    }


def discovery(requests: Sequence[Recorded] = (), **fields: Any) -> dict[str, Any]:
    """A `discovery.json` as a value."""
    return {
        "metadata": {"integration_type": "things", "generated_at": "2026-11-21T10:30:00+00:00", "version": 1},
        "integration_config": {"api_url": API, "token": "redacted-00001"},
        "mapping_config": MAPPING,
        "blueprints": [],
        "third_party_requests": [entry(each) for each in requests or [get("/things", [{"id": 1}])]],
        "port_requests": [],
        **fields,
    }


def upserts(*entities: dict[str, Any]) -> list[dict[str, Any]]:
    """The `port_requests` of a bulk upsert."""
    return [
        {
            "method": "POST",
            "url": "http://port-mock:8000/v1/blueprints/thing/entities/bulk?upsert=true",
            "request_body": {"entities": list(entities)},
            "response_status": 200,
            "response_body": {"ok": True, "entities": [], "errors": []},
        }
    ]


def integration(folder: Path, content: object) -> Path:
    """An integration with a recording: a value, or the text of the file."""
    file = folder / PLACE
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content if isinstance(content, str) else json.dumps(content, indent=2), encoding="utf-8")
    (folder / "main.py").write_text("")
    (folder / ".port" / "spec.yaml").write_text("title: Things\n")
    return folder


def answer_of(plan: Plan, request: Recorded) -> Any:
    """What the plan's first turn for a request is."""
    route = Finder(plan.routes).find(request)
    return None if route is None else route.turns[0].answer


class Pager:
    """Pages through a collection in one of the ways that integrations do, on a server or on a plan.

    Args:
        style: The way.
        size: How many items a page has.
    """

    STYLES = ("link", "offset", "cursor", "short", "empty", "pages", "graphql")

    def __init__(self, style: str, size: int) -> None:
        self.style = style
        self.size = size

    def served(self, items: int) -> Iterator[Recorded]:
        """What a server with so many items is asked, and answers."""
        asked: Recorded | None = self._first()
        start = 0
        while asked is not None:
            done = self._answered(asked, start, items)
            yield done
            asked = self._next(done.body, done.headers, asked)
            start += self.size

    def read(self, plan: Plan, most: int) -> tuple[list[Any], bool]:
        """The items that a plan gives, and whether it came to an end without asking what nobody answers."""
        finder = Finder(plan.routes)
        asked: Recorded | None = self._first()
        items: list[Any] = []
        for _ in range(most):
            if asked is None:
                return items, True
            route = finder.find(asked)
            if route is None:
                return items, False
            answer = route.turns[0].answer
            items += self._items(answer.body)
            asked = self._next(answer.body, answer.headers, asked)
        return items, False

    def _first(self) -> Recorded:
        if self.style == "graphql":
            return post("/graphql", {"query": "q", "variables": {"after": None}})
        first = {"offset": f"?offset=0&limit={self.size}", "cursor": "", "link": f"?per_page={self.size}"}
        return get(f"/things{first.get(self.style, f'?page=1&size={self.size}')}")

    def _answered(self, asked: Recorded, start: int, items: int) -> Recorded:
        page = [{"id": number} for number in range(start, min(start + self.size, items))]
        more = start + self.size < items
        headers: dict[str, Any] = {}
        body: Any = page
        if self.style == "link" and more:
            url = f"{API}/things?per_page={self.size}&page={start // self.size + 2}"
            headers = {"link": f'<{url}>; rel="next", <{API}/things?page=1>; rel="first"'}
        elif self.style == "offset":
            body = {"items": page, "offset": start, "limit": self.size, "total": items}
        elif self.style == "cursor":
            body = {"items": page, "meta": {"next_cursor": f"c{start + self.size}" if more else None}}
        elif self.style == "pages":
            body = {"data": page, "page": start // self.size + 1, "total_pages": -(-items // self.size)}
        elif self.style == "graphql":
            info = {"hasNextPage": more, "endCursor": str(start + self.size)}
            body = {"data": {"things": {"nodes": page, "totalCount": items, "pageInfo": info}}}
        return Recorded(asked.method, asked.url, asked.request_headers, asked.request_body, 200, headers, body)

    def _items(self, body: Any) -> list[Any]:
        if self.style == "graphql":
            body = body["data"]["things"]
        found: list[Any] = body if isinstance(body, list) else body.get("items", body.get("data", body.get("nodes")))
        return found

    def _next(self, body: Any, headers: Any, asked: Recorded) -> Recorded | None:  # noqa: PLR0911 # a way each
        page = int(asked.query.partition("page=")[2].partition("&")[0] or 1)
        following = get(f"/things?page={page + 1}&size={self.size}")
        if self.style == "link":
            link = str(headers.get("link", ""))
            return get(link.partition("<")[2].partition(">")[0]) if 'rel="next"' in link else None
        if self.style == "offset":
            after = body["offset"] + len(body["items"])
            return get(f"/things?offset={after}&limit={self.size}") if after < body["total"] else None
        if self.style == "cursor":
            cursor = body["meta"]["next_cursor"]
            return get(f"/things?cursor={cursor}") if cursor else None
        if self.style == "short":
            return following if len(body) == self.size else None
        if self.style == "empty":
            return following if body else None
        if self.style == "pages":
            return following if page < body["total_pages"] else None
        info = body["data"]["things"]["pageInfo"]
        asks = {"query": "q", "variables": {"after": info["endCursor"]}}
        return post("/graphql", asks) if info["hasNextPage"] else None
