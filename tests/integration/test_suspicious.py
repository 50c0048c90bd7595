"""What `stubs check` calls suspicious, WireMock does not do as it reads; and the helpers that there are, it knows."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from harness.stubs.suspicious import HELPERS
from sandbox.resync.sandbox import Sandbox
from tests.unit.harness.suspicious_stubs import MEANT, NEVER, NOT_AS_MEANT, TEMPLATED

from .test_same_answers import leased

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with leased() as made:
        yield made


def answer(sandbox: Sandbox, stub: dict[str, Any], url: str = "/a") -> httpx.Response:
    sandbox.wiremock.reset()
    sandbox.wiremock.stub([stub])
    return httpx.get(f"http://{sandbox.wiremock.address}{url}", headers={"X": "a"}, trust_env=False)


@pytest.mark.parametrize(("stub", "url"), [each[:2] for each in NEVER])
def test_it_never_answers(sandbox: Sandbox, stub: dict[str, Any], url: str) -> None:
    # 403 is WireMock's own word for a request to itself that no stub answers.
    assert answer(sandbox, stub, url).status_code in (403, 404)


@pytest.mark.parametrize(("response", "sent"), [(each[0], each[3]) for each in NOT_AS_MEANT])
def test_it_answers_something_else(sandbox: Sandbox, response: dict[str, Any], sent: str) -> None:
    received = answer(sandbox, {"request": {"url": "/a"}, "response": response})
    assert sent in received.text
    assert (received.status_code == 200) == (
        "could not find helper" not in received.text and "proxyBaseUrl" not in response
    )


@pytest.mark.parametrize("stub", MEANT)
def test_what_is_meant_answers(sandbox: Sandbox, stub: dict[str, Any]) -> None:
    assert answer(sandbox, stub, "/a?b=1" if "?b" in stub["request"].get("url", "") else "/a").status_code == 200


def test_these_helpers_there_are(sandbox: Sandbox) -> None:
    def is_known(name: str) -> bool:
        stub = {"request": {"url": "/a"}, "response": {"body": f"{{{{{name} 'a' 'b'}}}}", **TEMPLATED}}
        return "could not find helper" not in answer(sandbox, stub).text

    others = ["jsonSort", "concat", "split", "random", "jwt", "state", "include", "systemvalue", "let", "mine"]
    assert [name for name in sorted(HELPERS) if not is_known(name)] == []
    assert [name for name in others if is_known(name)] == []
