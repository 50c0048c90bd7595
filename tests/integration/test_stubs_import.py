"""What is imported answers in WireMock: with the document's answers, and from a folder of WireMock's as it did there."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from harness.imports import source, writing
from harness.imports.imported import Options
from harness.stubs.folder import deploy, load
from harness.stubs.mappings import UNMATCHED
from sandbox.resync.sandbox import Sandbox
from sandbox.services.wiremock import USER, WireMock
from tests.unit.harness.imports.documents import API, answer, collection, entry, har, item, openapi, operation, write

from .test_same_answers import leased

pytestmark = pytest.mark.integration

PATHS = ["/a", "/a/1", "/a/2", "/b", "/a?q=1"]
ASKED = [
    *({"urlPath": "/a"}, {"urlPath": "/a/1"}, {"urlPathPattern": "/a/.*"}, {"url": "/b"}, {"urlPattern": ".*"}),
    *({"urlPathTemplate": "/a/{x}"}, {"url": "/a?q=1"}, {"urlPath": "/a", "queryParameters": {"q": {"equalTo": "1"}}}),
    *({"urlPattern": "/a.*"}, {"urlPath": "/a", "headers": {"X-A": {"absent": True}}}),
]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with leased() as made:
        yield made


def deployed(wiremock: WireMock, path: Path, content: Any, **options: Any) -> None:
    """Import a document into a stub folder, and give it to WireMock."""
    folder = path.parent / "wiremock-mappings" / "api"
    document = path if content is None else write(path, content)
    writing.write(source.read(document, Options(**options)), folder, "yaml")
    wiremock.reset()
    deploy([*load("api", path.parent, None), UNMATCHED], wiremock)


def asked(wiremock: WireMock, method: str, url: str, **options: Any) -> httpx.Response:
    with httpx.Client(trust_env=False) as client:
        return client.send(wiremock.addressed(client.build_request(method, url, **options)))


def test_an_openapi_document(sandbox: Sandbox, tmp_path: Path) -> None:
    paths = {
        "/users/{id}": {"get": operation(example={"is": "any"}), "delete": {"responses": {"204": {}}}},
        "/users/me": {"get": operation(example={"is": "me"})},
        "/files/{name}.{ending}": {"get": operation(example=[1])},
        "/big": {"get": operation(example=["x" * 20_000])},
    }
    deployed(sandbox.wiremock, tmp_path / "a.json", openapi(paths))

    def get(path: str) -> httpx.Response:
        return asked(sandbox.wiremock, "GET", f"{API}/v2{path}")

    assert get("/users/7").json() == {"is": "any"}
    assert get("/users/me").json() == {"is": "me"}
    assert get("/users/me").headers["content-type"] == "application/json"
    assert get("/files/a.txt").json() == [1]
    assert get("/big").json() == ["x" * 20_000]
    assert asked(sandbox.wiremock, "DELETE", f"{API}/v2/users/7").status_code == 204
    assert get("/users/7/more").status_code == 404
    assert asked(sandbox.wiremock, "GET", "https://other.example/v2/users/7").status_code == 404


def test_a_har_file(sandbox: Sandbox, tmp_path: Path) -> None:
    entries = [entry(f"{API}/items?page={page}", [page]) for page in (1, 2)]
    entries += [entry(f"{API}/job", {"done": done}) for done in (False, True)]
    deployed(sandbox.wiremock, tmp_path / "a.har", har(*entries))

    bodies = [asked(sandbox.wiremock, "GET", each["request"]["url"]).json() for each in entries]
    assert bodies == [[1], [2], {"done": False}, {"done": True}]


def test_a_postman_collection(sandbox: Sandbox, tmp_path: Path) -> None:
    def at(value: str) -> dict[str, Any]:
        url = {"raw": "{{base}}/items/:id", "variable": [{"key": "id", "value": value}]}
        return {"originalRequest": {"method": "GET", "url": url}, **answer({"is": value})}

    content = collection(item("one", "x", at("1"), at("2")), variable=[{"key": "base", "value": API}])
    deployed(sandbox.wiremock, tmp_path / "a.json", content)

    bodies = [asked(sandbox.wiremock, "GET", f"{API}/items/{each}").json()["is"] for each in ("1", "2", "3")]
    assert bodies == ["1", "2", "1"]


@pytest.mark.parametrize("seed", range(40))
def test_a_folder_of_wiremocks_answers_as_there(sandbox: Sandbox, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 # no secret
    stubs = [
        {
            "request": {"method": chance.choice(["GET", "ANY", "POST"]), **chance.choice(ASKED)},
            "response": {"body": f"stub {number}"},
            **({"priority": chance.choice([4, 5, 6])} if chance.random() < 0.4 else {}),  # more without than with
        }
        for number in range(chance.randint(2, 7))
    ]
    middle = chance.randint(0, len(stubs))
    for name, some in (("a.json", stubs[:middle]), ("b.json", stubs[middle:])):
        if some:
            write(tmp_path / "wiremock" / "mappings" / name, {"mappings": some})
    wiremock = sandbox.wiremock

    def answers() -> list[str]:
        found = [asked(wiremock, method, f"http://any.example{path}") for method in ("GET", "POST") for path in PATHS]
        return [each.text if each.status_code == httpx.codes.OK else "" for each in found]

    wiremock.reset()
    with httpx.Client(auth=(USER, wiremock.password), trust_env=False) as client:
        for stub in stubs:  # as WireMock reads files: the later, the newer
            client.post(f"http://{wiremock.address}/__admin/mappings", content=json.dumps(stub)).raise_for_status()
    theirs = answers()
    deployed(wiremock, tmp_path / "wiremock", None)

    assert answers() == theirs
