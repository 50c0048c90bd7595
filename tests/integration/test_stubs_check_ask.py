"""`stubs check --ask` has WireMock itself read each stub, and finds what only Java can tell, at its place."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from harness import cli

pytestmark = pytest.mark.integration


def test_what_only_wiremock_can_tell_is_a_finding_at_its_place(tmp_path: Path) -> None:
    stubs = [
        {"request": {"urlPath": f"/{number}"}, "response": {"transformers": ["response-template"]}}
        for number in range(250)
    ]
    stubs[3]["request"] = {"urlPathPattern": "/[z-a]"}
    stubs[240]["request"] = {"url": "/a", "bodyPatterns": [{"matchesJsonPath": "$.a b"}]}
    (tmp_path / "a.json").write_text(json.dumps({"mappings": stubs}, indent=1))
    (tmp_path / "b.yaml").write_text("- wiremock:\n    request:\n      urlPattern: /\\p{Nope}\n    response: {}\n")

    assert CliRunner().invoke(cli.main, ["stubs", "check", str(tmp_path)]).exit_code == 0
    done = CliRunner().invoke(cli.main, ["stubs", "check", "--ask", "--json", str(tmp_path)])

    assert done.exit_code == 1
    found = json.loads(done.stdout)
    assert [(Path(each["file"]).name, each["kind"]) for each in found] == [("a.json", "invalid")] * 2 + [
        ("b.yaml", "invalid")
    ]
    assert found[1]["pointer"] == "/mappings/240/request/bodyPatterns/0"
    assert "Use bracket notion" in found[1]["message"]
    lines = (tmp_path / "a.json").read_text().splitlines()
    assert "bodyPatterns" in lines[found[1]["line"] - 2]
    assert found[2]["pointer"].startswith("/0/wiremock")
