"""Large answers reach WireMock in parts, in their order, and do not end it: 100 MB in one call did."""

import base64
from collections.abc import Iterator

import httpx
import pytest

from harness.options import settings_in_force
from harness.stubs.folder import deploy
from harness.stubs.mappings import Stub
from sandbox.services.lone_wiremock import lone_wiremock
from sandbox.services.wiremock import WireMock

pytestmark = [pytest.mark.integration, pytest.mark.slow]

MEGABYTE = "lorem ipsum dolor sit amet, " * 37_000


@pytest.fixture(scope="module")
def wiremock() -> Iterator[WireMock]:
    with lone_wiremock(settings_in_force()) as made:
        yield made


def make_stub(number: int, path: str) -> Stub:
    return {
        "id": f"00000000-0000-4000-8000-{number:012d}",
        "metadata": {"file": "a.json", "line": number},
        "request": {"urlPath": path},
        "response": {"body": f"{number} {MEGABYTE}"},
    }


def asked(wiremock: WireMock, path: str) -> str:
    with httpx.Client(trust_env=False, timeout=60) as client:
        return client.send(wiremock.addressed(client.build_request("GET", f"https://api.example.com{path}"))).text


def test_a_hundred_megabytes_are_loaded_and_answered(wiremock: WireMock) -> None:
    wiremock.reset()
    deploy([make_stub(number, f"/{number}") for number in range(100)], wiremock)

    assert [asked(wiremock, f"/{number}").split()[0] for number in (0, 50, 99)] == ["0", "50", "99"]
    assert len(asked(wiremock, "/50")) > len(MEGABYTE)


def test_the_first_of_several_still_answers_across_parts(wiremock: WireMock) -> None:
    wiremock.reset()
    deploy([make_stub(number, "/same") for number in range(12)], wiremock)

    assert asked(wiremock, "/same").startswith("0 ")


@pytest.mark.parametrize("body", [bytes(range(256)).hex() * 2_000, "QUJD" * 262_144], ids=["hex", "base64"])
def test_a_megabyte_of_one_word(wiremock: WireMock, body: str) -> None:
    wiremock.reset()
    deploy([{**make_stub(1, "/word"), "response": {"body": body}}], wiremock)

    assert asked(wiremock, "/word") == body


def test_large_bodies_are_kept_once_outside_the_heap_and_go_with_the_stubs(wiremock: WireMock) -> None:
    wiremock.reset()
    deploy([make_stub(1, "/large")], wiremock)

    assert asked(wiremock, "/large") == f"1 {MEGABYTE}"
    (kept,) = wiremock.mappings()
    assert "body" not in kept["response"]
    (entry,) = wiremock.first_journaled(10)
    assert base64.b64decode(entry["stubMapping"]["response"]["base64Body"]).decode() == f"1 {MEGABYTE}"

    name = kept["response"]["bodyFileName"]
    wiremock.reset()
    deploy([{**make_stub(1, "/gone"), "response": {"bodyFileName": name}}], wiremock)
    assert f"Not found in blob store: {name}" in asked(wiremock, "/gone")
