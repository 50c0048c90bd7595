"""`stubs try` shows which stub answers a request, and with what, as the real WireMock makes it; it leaves nothing behind."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from harness import cli
from sandbox.engine import engine
from sandbox.engine.owner import PROCESS, process_name

pytestmark = pytest.mark.integration

API = "https://api.example.com"
STUBS = f"""\
- url: {API}/items
  query: {{page: '2'}}
  response: {{json: [{{id: 2}}]}}

- method: POST
  url: {API}/items
  headers: {{X-Team: blue}}
  body: {{json: {{name: a}}, partial: true}}
  response:
    status: 201
    headers: {{Location: '/items/{{{{jsonPath request.body "$.id"}}}}'}}
    body: "{{{{request.host}}}} {{{{request.query.q}}}}"
    template: true

- url: {API}/broken
  response: {{body: "{{{{uper 'x'}}}}", template: true}}

- url: {API}/gone
  response: {{fault: empty}}

- url: {API}/big
  response: {{body: "{"x" * 6_000}"}}
"""


def make_folder(root: Path) -> Path:
    folder = root / "wiremock-mappings" / "tracker"
    folder.mkdir(parents=True)
    (folder / "items.yaml").write_text(STUBS)
    return folder


def attempt(*arguments: object, code: int = 0) -> Result:
    done = CliRunner().invoke(cli.main, ["stubs", "try", *map(str, arguments)])
    assert done.exit_code == code, done.output
    return done


def left() -> set[str]:
    api = engine.client().client.api
    filters = {"label": f"{PROCESS}={process_name(os.getpid())}"}
    return {each["Id"] for each in api.containers(all=True, filters=filters) + api.networks(filters=filters)}


def test_the_stub_and_its_answer(tmp_path: Path) -> None:
    folder, before = make_folder(tmp_path), left()

    said = attempt(folder, "get", f"{API}/items?page=2").stdout

    assert f"GET {API}/items?page=2\nanswered by {folder}/items.yaml:1 in " in said
    assert "\n200 OK\n" in said
    assert '\n[{"id":2}]\n' in said
    assert left() <= before


def test_templates_are_filled_in_for_headers_and_a_body(tmp_path: Path) -> None:
    body = tmp_path / "body.json"
    body.write_text('{"name": "a", "id": 7}')
    options = ["--header", "X-Team: blue", "--header", "Content-Type: application/json", "--body", f"@{body}", "--json"]

    told: dict[str, Any] = json.loads(attempt(make_folder(tmp_path), "POST", f"{API}/items?q=ü", *options).stdout)

    assert (told["status"], told["body"]) == (201, "api.example.com ü")
    assert ["location", "/items/7"] in told["headers"]
    assert told["stub"].endswith("items.yaml:5")
    assert (told["failures"], told["unmatched"]) == ([], None)


def test_where_none_answers_the_nearest_is_named(tmp_path: Path) -> None:
    said = attempt(make_folder(tmp_path), "GET", f"{API}/items?page=3", code=1).stdout

    assert f"No stub matched: GET {API}/items?page=3" in said
    assert "items.yaml:1:" in said
    assert "differs: query parameter 'page' is '3'" in said
    assert "        page: 3\n" in said


def test_an_answer_that_fails_is_said_with_its_place(tmp_path: Path) -> None:
    said = attempt(make_folder(tmp_path), "GET", f"{API}/broken", code=1).stdout
    assert "items.yaml:15: WireMock failed to answer GET https://api.example.com/broken" in said
    assert "could not find helper: 'uper'" in said


def test_a_fault_and_a_long_answer(tmp_path: Path) -> None:
    folder = make_folder(tmp_path)
    assert "breaks the connection" in attempt(folder, "GET", f"{API}/gone").stdout
    assert "1,000 more characters" in attempt(folder, "GET", f"{API}/big").stdout


def test_an_integrations_directory_stands_for_its_folder_and_a_path_for_its_host(tmp_path: Path) -> None:
    make_folder(tmp_path)
    (tmp_path / "integrations" / "tracker" / ".port").mkdir(parents=True)

    said = attempt(tmp_path / "integrations" / "tracker", "GET", "/items?page=2").stdout

    assert f"GET {API}/items?page=2\nanswered by " in said


def test_a_folder_laid_over_another_answers_first(tmp_path: Path) -> None:
    base, over = make_folder(tmp_path), tmp_path / "wiremock-mappings" / "over"
    over.mkdir()
    (over / "a.yaml").write_text(f"- url: {API}/items\n  response: {{body: mine}}\n")

    assert f"answered by {over}/a.yaml:1" in attempt(over, "GET", "/items?page=2", "--over", base).stdout
    assert "items.yaml:18" in attempt(over, "GET", "/gone", "--over", base).stdout


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        (["GET", "ftp://a/b"], 2, "is not a URL"),
        (["GET", "items"], 2, "write https://host/path, or /path"),
        (["GET", "/items", "--header", "nope"], 2, "has no colon"),
        (["GET", "/items", "--body", "@/nope/there"], 3, "cannot be read"),
    ],
)
def test_what_cannot_be_asked(tmp_path: Path, given: list[str], code: int, said: str) -> None:
    assert said in attempt(make_folder(tmp_path), *given, code=code).output


def test_of_several_folders_one_is_to_be_named(tmp_path: Path) -> None:
    make_folder(tmp_path)
    (tmp_path / "wiremock-mappings" / "other").mkdir()
    (tmp_path / "wiremock-mappings" / "other" / "a.yaml").write_text(STUBS)
    assert "holds several stub folders" in attempt(tmp_path / "wiremock-mappings", "GET", "/", code=3).output
