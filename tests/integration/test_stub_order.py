"""WireMock decides otherwise where `stubs check` says so, and nowhere else, whatever the stubs."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from harness.stubs.check import check
from harness.stubs.folder import deploy, load
from sandbox.resync.sandbox import Sandbox
from sandbox.services.wiremock import USER

from .test_same_answers import leased

pytestmark = pytest.mark.integration

URLS = ["/a", "/a/1", "/a/2", "/b"]
# Of two patterns, other than of all URLs, nothing is said: whether one covers the other is not certain.
ASKED = [{"urlPath": "/a"}, {"urlPath": "/a/1"}, {"urlPathPattern": "/a/.*"}, {"url": "/b"}, {"urlPattern": ".*"}]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with leased() as made:
        yield made


def answers(sandbox: Sandbox) -> list[str]:
    with httpx.Client(base_url=f"http://{sandbox.wiremock.address}", trust_env=False) as client:
        return [client.get(url).text if client.get(url).status_code == httpx.codes.OK else "" for url in URLS]


def made_by(chance: random.Random) -> list[dict[str, Any]]:
    return [
        {
            "request": {"method": "GET", **chance.choice(ASKED)},
            "response": {"body": f"stub {number}"},
            **({"priority": chance.choice([4, 5, 6])} if chance.random() < 0.5 else {}),  # half of them
        }
        for number in range(chance.randint(2, 5))
    ]


@pytest.mark.parametrize("seed", range(40))
def test_a_warning_or_the_same_answers(sandbox: Sandbox, tmp_path: Path, seed: int) -> None:
    stubs = made_by(random.Random(seed))  # noqa: S311 # no secret
    folder = tmp_path / "wiremock-mappings" / "a"
    folder.mkdir(parents=True)
    (folder / "a.json").write_text(json.dumps({"mappings": stubs}))
    wiremock = sandbox.wiremock

    wiremock.reset()
    deploy(load("a", tmp_path, None), wiremock)
    ours = answers(sandbox)
    wiremock.reset()
    with httpx.Client(auth=(USER, wiremock.password), trust_env=False) as client:
        for stub in stubs:  # as WireMock reads files: the later, the newer
            client.post(f"http://{wiremock.address}/__admin/mappings", json=stub).raise_for_status()
    theirs = answers(sandbox)

    said = [each for each in check(folder) if each.kind == "order" or "plain WireMock" in each.message]
    assert said or ours == theirs
