"""An OpenAPI document becomes a stub for each operation; whatever does not is named, with the reason."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.stubs.folder import load
from tests.unit.harness.imports.documents import API, imported, openapi, operation, run, stubs_of, write

ITEM = {"type": "object", "properties": {"id": {"type": "integer"}, "name": {"type": "string", "example": "atlas"}}}


def only(found: Any) -> dict[str, Any]:
    (stub,) = stubs_of(found)
    return dict(stub)


def test_an_operation_becomes_a_stub_of_its_server(tmp_path: Path) -> None:
    document = openapi({"/items/{item-id}": {"get": {"summary": "One item", **operation(ITEM)}}})

    assert only(imported(tmp_path / "a.json", document)) == {
        "name": "One item",
        "request": {
            "method": "GET",
            "scheme": "https",
            "host": {"equalTo": "api.example.com"},
            "urlPathTemplate": "/v2/items/{item_id}",
        },
        "response": {
            "status": 200,
            "headers": {"Content-Type": "application/json"},
            "jsonBody": {"id": 1, "name": "atlas"},
        },
    }


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        ({"url": "http://localhost:8080/"}, {"scheme": "http", "host": {"equalTo": "localhost"}, "port": 8080}),
        ({"url": "https://a.example:443"}, {"scheme": "https", "host": {"equalTo": "a.example"}}),
        ({"url": "/v9"}, {"urlPath": "/v9/x"}),
        ({"url": "v9/"}, {"urlPath": "/v9/x"}),
        (
            {"url": "https://{team}.example.com/{v}", "variables": {"team": {"default": "a"}, "v": {"enum": ["v1"]}}},
            {"scheme": "https", "host": {"equalTo": "a.example.com"}, "urlPath": "/v1/x"},
        ),
        ({"url": "https://[::1]:9/"}, {"scheme": "https", "host": {"equalTo": "::1"}, "port": 9}),
    ],
)
def test_servers(tmp_path: Path, server: dict[str, Any], expected: dict[str, Any]) -> None:
    found = imported(tmp_path / "a.json", openapi({"/x": {"get": operation()}}, servers=[server]))

    assert only(found)["request"] == {"method": "GET", "urlPath": "/x", **expected}


def test_the_nearest_server_counts_and_an_option_before_all(tmp_path: Path) -> None:
    path = {
        "servers": [{"url": "https://path.example"}],
        "get": {**operation(), "servers": [{"url": "https://op.example"}]},
    }
    document = openapi({"/x": path})

    assert list(imported(tmp_path / "a.json", document).stubs) == ["op.example"]
    found = imported(tmp_path / "a.json", document, server="https://other.example/api/")
    assert only(found)["request"]["urlPath"] == "/api/x"


@pytest.mark.parametrize(
    ("path", "matcher"),
    [
        ("/a/{id}/b", {"urlPathTemplate": "/v2/a/{id}/b"}),
        ("/a/{x}.{y}", {"urlPathPattern": r"/v2/a/[^/]+\.[^/]+"}),
        ("/a({id})", {"urlPathPattern": r"/v2/a\([^/]+\)"}),
        ("/a/{id}:start", {"urlPathPattern": r"/v2/a/[^/]+:start"}),
        ("/a b/{id}", {"urlPathTemplate": "/v2/a%20b/{id}"}),
        ("/ü", {"urlPath": "/v2/%C3%BC"}),
        ("/a?action=list", {"urlPath": "/v2/a", "queryParameters": {"action": {"equalTo": "list"}}}),
    ],
)
def test_paths(tmp_path: Path, path: str, matcher: dict[str, Any]) -> None:
    request = only(imported(tmp_path / "a.json", openapi({path: {"get": operation()}})))["request"]

    assert {name: value for name, value in request.items() if name not in ("method", "scheme", "host")} == matcher


def test_what_is_more_exact_has_its_turn_first(tmp_path: Path) -> None:
    paths = ("/{a}/{b}", "/users/{id}", "/{a}/me", "/users/me", "/users/x{id}")
    document = openapi({path: {"get": {"summary": path, **operation()}} for path in paths})

    names = [stub["name"] for stub in stubs_of(imported(tmp_path / "a.json", document))]
    assert names == ["/users/me", "/users/x{id}", "/users/{id}", "/{a}/me", "/{a}/{b}"]


@pytest.mark.parametrize(
    ("media", "body"),
    [
        ({"example": {"a": 1}}, {"a": 1}),
        ({"example": '{"a": 1}', "schema": {"type": "object"}}, {"a": 1}),
        ({"examples": {"first": {"value": [1]}, "second": {"value": [2]}}}, [1]),
        ({"examples": {"first": {"$ref": "#/components/examples/e"}}}, {"e": 1}),
        ({"examples": {"first": {"externalValue": "https://x.example"}}, "schema": {"type": "array"}}, []),
        ({"schema": {"$ref": "#/components/schemas/s"}}, {"s": "string"}),
    ],
)
def test_the_answer_is_the_example_or_made_from_the_schema(tmp_path: Path, media: dict[str, Any], body: Any) -> None:
    components = {
        "examples": {"e": {"value": {"e": 1}}},
        "schemas": {"s": {"type": "object", "properties": {"s": {"type": "string"}}}},
    }
    document = openapi({"/x": {"get": operation(**media)}}, components=components)

    assert only(imported(tmp_path / "a.json", document))["response"]["jsonBody"] == body


@pytest.mark.parametrize(
    ("statuses", "taken"),
    [
        (["404", "201", "200"], 200),
        (["default", "204"], 204),
        (["2XX", "400"], 200),
        (["default"], 200),
        (["302", "404"], 302),
        (["404", "500"], None),
    ],
)
def test_one_answer_is_taken_and_the_others_are_named(tmp_path: Path, statuses: list[str], taken: int | None) -> None:
    paths = {"/x": {"get": {"responses": {each: {"description": ""} for each in statuses}}}, "/y": {"get": operation()}}
    found = imported(tmp_path / "a.json", openapi(paths))

    assert [stub["response"]["status"] for stub in stubs_of(found) if "x" in stub["name"]] == ([taken] if taken else [])
    if taken is None:
        assert found.account.left_out == {"only errors are described as its answers": ["GET /x"]}
    else:
        assert sum(map(len, found.account.notes.values())) == len(statuses) - 1


def test_references_into_files_beside_it_are_followed_and_circles_end(tmp_path: Path) -> None:
    node = {
        "type": "object",
        "required": ["id"],
        "properties": {
            "id": {"type": "string"},
            "parent": {"$ref": "#/Node"},
            "children": {"type": "array", "items": {"$ref": "#/Node"}},
        },
    }
    write(tmp_path / "parts" / "node.yaml", yaml.safe_dump({"Node": node}))
    paths = {
        "/tree": {"get": operation({"$ref": "parts/node.yaml#/Node"})},
        "/endless": {"get": operation({"$ref": "#/components/schemas/endless"})},
        "/network": {"get": operation({"$ref": "https://schemas.example/x.json"})},
        "/itself": {"$ref": "#/paths/~1itself"},
    }
    endless = {"type": "object", "required": ["next"], "properties": {"next": {"$ref": "#/components/schemas/endless"}}}

    found = imported(tmp_path / "a.json", openapi(paths, components={"schemas": {"endless": endless}}))

    bodies = {stub["name"]: stub["response"].get("jsonBody", stub["response"].get("body")) for stub in stubs_of(found)}
    assert bodies == {"GET /tree": {"id": "string", "children": []}, "GET /endless": {}, "GET /network": {}}
    assert found.account.notes["the schema contains itself without end, so the answer is empty"] == ["GET /endless"]
    (why,) = found.account.notes["a reference of the schema leads nowhere"]
    assert "is on the network, where nothing is fetched from" in why
    (reason,) = found.account.left_out
    assert reason == "the path's $ref '#/paths/~1itself' leads to itself"


def test_what_cannot_be_a_stub_is_named_with_its_reason(tmp_path: Path) -> None:
    paths = {
        "/ok": {"get": operation(), "trace": operation()},
        "/#Action": {"post": operation()},
        "no-slash": {"get": operation()},
        "/nothing": {"get": {"responses": {}}},
        "/odd": [],
        "/a/{x}": {"get": operation()},
        "/a/{y}": {"get": operation()},
    }
    found = imported(tmp_path / "a.json", openapi(paths, webhooks={"created": {}}))

    assert found.found == 7
    assert {places[0]: reason for reason, places in found.account.left_out.items()} == {
        "TRACE /ok": "stubs of this method are not supported",
        "POST /#Action": "its path has a #, and what follows that is never sent",
        "GET no-slash": "its path does not begin with a slash",
        "GET /nothing": "no answer is described",
        "/odd": "the path is not an object",
        "GET /v2/a/{y}": "it takes the same requests as GET /v2/a/{x}",
        "created": "a webhook is not a request to the API",
    }


def test_headers_and_other_media_types(tmp_path: Path) -> None:
    headers = {
        "X-Total": {"schema": {"type": "integer"}, "example": 3},
        "X-Unknown": {"schema": {"type": "string"}},
        "Link": {"example": f'<{API}/x?page=2>; rel="next"'},
    }
    content = {"text/csv": {"example": "a,b\n"}, "application/pdf": {}}
    paths = {
        "/x": {"get": {"responses": {"200": {"headers": headers, "content": content}}}},
        "/pdf": {"get": {"responses": {"200": {"content": {"application/pdf": {"schema": {"type": "string"}}}}}}},
    }
    found = imported(tmp_path / "a.json", openapi(paths))

    pdf, csv = (stub["response"] for stub in sorted(stubs_of(found), key=lambda each: str(each["name"])))
    assert csv == {"status": 200, "headers": {"Content-Type": "text/csv", "X-Total": "3"}, "body": "a,b\n"}
    assert pdf == {"status": 200, "headers": {"Content-Type": "application/pdf"}}
    assert "there is no example that can be taken as application/pdf, so its body is empty" in found.account.notes
    assert any("Link headers" in what for what in found.account.notes)


def test_only_what_is_asked_for(tmp_path: Path) -> None:
    document = openapi({"/a/{id}": {"get": operation(), "post": operation()}, "/b": {"get": operation()}})

    def names(*only_: str) -> list[str]:
        return [stub["name"] for stub in stubs_of(imported(tmp_path / "a.json", document, only=only_))]

    assert names("/v2/a/*") == ["GET /a/{id}", "POST /a/{id}"]
    assert names("GET *", "/v2/a/*") == ["GET /b", "GET /a/{id}", "POST /a/{id}"]
    assert names(f"{API}/*/b") == ["GET /b"]


def test_secrets_and_people_are_replaced(tmp_path: Path) -> None:
    token = "ghp_" + "R4nd0mQwErTyUiOpAsDfGhJkLzXcVbNm9876"  # pragma: allowlist secret
    example = {"token": token, "memo": f"use {token}", "email": "grace.hopper@navy.mil"}
    document = openapi({"/x": {"get": operation(example=example)}})

    body = only(imported(tmp_path / "a.json", document))["response"]["jsonBody"]
    assert body["token"].startswith("redacted-")
    assert body["memo"] == f"use {body['token']}"
    assert body["email"].endswith("@example.org")
    kept = only(imported(tmp_path / "a.json", document, keep_personal_data=True))
    assert kept["response"]["jsonBody"]["email"] == "grace.hopper@navy.mil"


def test_yaml_with_anchors_numbers_as_keys_and_a_date(tmp_path: Path) -> None:
    text = f"""\
openapi: 3.1.0
info: {{version: 2024-01-01}}
servers: [url: {API}]
paths:
  /x: &x
    get: &get
      responses:
        200: {{content: {{application/json: {{example: {{at: 2024-01-01, ok: no}}}}}}}}
  /y:
    get: {{<<: *get, summary: The other}}
"""
    found = imported(tmp_path / "a.yaml", text)

    assert [stub["name"] for stub in stubs_of(found)] == ["GET /x", "The other"]
    assert stubs_of(found)[0]["response"]["jsonBody"] == {"at": "2024-01-01", "ok": "no"}


def test_the_command_writes_a_stub_folder_that_loads_and_says_what_it_left_out(tmp_path: Path) -> None:
    big = [{"id": number, "text": "x" * 50} for number in range(300)]
    paths = {"/x/{id}": {"get": operation(example=big)}, "/e": {"get": {"responses": {"404": {}}}}}
    source, target = write(tmp_path / "a.json", openapi(paths)), tmp_path / "wiremock-mappings" / "api"

    done = run(source, "-o", target)

    assert f"{target}/api.example.com.yaml: written" in done.stdout
    assert "OpenAPI document: 1 of 2 operations taken" in done.stdout
    assert "left out: only errors are described as its answers: GET /e" in done.stderr
    (stub,) = load("api", tmp_path, None)
    assert len(stub["response"]["body"]) > 10_000
    before = {path: path.read_bytes() for path in target.rglob("*") if path.is_file()}
    assert len(before) == 2
    assert "2 files unchanged" in run(source, "-o", target).stdout

    write(target / "api.example.com.yaml", "- url: /mine\n  response: {}\n")
    refused = run(source, "-o", target, code=3)
    assert "is there already; nothing was written" in refused.stderr
    run(source, "-o", target, "--force")
    assert {path: path.read_bytes() for path in target.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("secret", ["ghp_" + "aB3" * 12, "ada.lovelace@corp.com"])  # pragma: allowlist secret
def test_names_are_redacted(secret: str, tmp_path: Path) -> None:
    paths = {"/a": {"get": {**operation(example={"a": 1}), "summary": f"Ask {secret}"}}, f"/b/{secret}": {"get": {}}}
    found = imported(tmp_path / "a.json", openapi(paths))

    assert stubs_of(found)[0]["name"].startswith("Ask ")
    assert found.account.left_out
    assert secret not in str(found)


def test_places_are_named_in_order(tmp_path: Path) -> None:
    statuses = ["500", "404", "401", "422", "default", "403"]
    described = {**operation(example={})["responses"], **{each: {"description": ""} for each in statuses}}
    found = imported(tmp_path / "a.json", openapi({"/a": {"get": {"responses": described}}}))

    places = found.account.notes["other answers of an operation are not taken, such as its errors"]
    assert places == [f"GET /a: {each}" for each in sorted(statuses)]
