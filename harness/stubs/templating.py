"""Which answers WireMock fills in templates of: those of stubs that ask for it, or of all."""

from typing import Any

from harness.stubs.mappings import Stub

TEMPLATING = "response-template"


def is_templated(response: dict[str, Any]) -> bool:
    """Whether WireMock fills in templates of the answer."""
    return TEMPLATING in (response.get("transformers") or [])


def templated(stub: Stub) -> Stub:
    """The stub as WireMock has it answer with ``--global-response-templating``.

    Args:
        stub: A stub of a file.
    """
    response = stub["response"]
    if is_templated(response):
        return stub
    return {**stub, "response": {**response, "transformers": [*(response.get("transformers") or []), TEMPLATING]}}
