"""A stub that WireMock recorded says that it is to persist; nothing in a sandbox does, and the sandbox is used again."""

from typing import Any

import httpx
import pytest

from sandbox.services.wiremock import USER

from .test_same_answers import leased

pytestmark = pytest.mark.integration

STUB: dict[str, Any] = {
    "id": "b8e4a3c2-5a1f-4c0e-9d3b-2f6a7c8d9e0f",
    "persistent": True,
    "request": {"url": "/a"},
    "response": {"body": "x"},
}


@pytest.mark.parametrize("by", ["files", "the admin API"])
def test_the_sandbox_is_empty_after_it_and_leased_again(by: str) -> None:
    with leased() as sandbox:
        wiremock = sandbox.wiremock
        if by == "files":
            wiremock.stub([STUB, {**STUB, "id": "b8e4a3c2-5a1f-4c0e-9d3b-2f6a7c8d9e10"}])
        else:
            url = f"http://{wiremock.address}/__admin/mappings"
            httpx.post(url, json=STUB, auth=(USER, wiremock.password), trust_env=False).raise_for_status()
        assert httpx.get(f"http://{wiremock.address}/a", trust_env=False).text == "x"
        wiremock.reset()
        assert wiremock.is_empty()
        wiremock.stub([STUB])
    with leased() as again:
        assert again.wiremock.address == wiremock.address
        assert again.wiremock.is_empty()
