"""With the setting, a stub answers as in a WireMock with global templating, body files included."""

from pathlib import Path

import httpx
import pytest

from harness.options import settings_in_force
from harness.stubs.folder import deploy, load
from sandbox.services.lone_wiremock import lone_wiremock
from tests.unit.harness.factories import write

pytestmark = pytest.mark.integration


def test_each_answer_is_filled_in_unless_it_is_a_file_that_is_to_stay(tmp_path: Path) -> None:
    text = "{{request.path}}"
    answers = {
        "/inline": ({"body": text}, "/inline"),
        "/file": ({"bodyFileName": "a.txt"}, "/file"),
        "/kept": ({"bodyFileName": "a.txt", "transformerParameters": {"disableBodyFileTemplating": True}}, text),
    }
    stubs = [{"request": {"url": url}, "response": answer} for url, (answer, _) in answers.items()]
    write(tmp_path / "a.json", {"mappings": stubs})
    write(tmp_path / "__files" / "a.txt", text)

    with lone_wiremock(settings_in_force()) as wiremock, httpx.Client(trust_env=False, timeout=60) as client:
        deploy(load([str(tmp_path)], tmp_path, tmp_path, are_templated=True), wiremock)
        asked = {
            url: client.send(wiremock.addressed(client.build_request("GET", f"https://api.example.com{url}"))).text
            for url in answers
        }

    assert asked == {url: expected for url, (_, expected) in answers.items()}
