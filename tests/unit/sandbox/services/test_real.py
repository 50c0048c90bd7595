"""What a test class may declare as services."""

from typing import Any

import pytest

from sandbox.errors import SandboxError
from sandbox.services import real


@pytest.mark.parametrize(
    "name", ["wiremock", "port-mock", "resync", "localhost", "DB", "a_b", "-a", "a.b", "", "a" * 64, 7]
)
def test_a_name_that_the_integration_could_not_use_is_refused(name: Any) -> None:
    with pytest.raises(SandboxError, match=r"(?s)cannot be called .* host name"):
        real.declared({name: object()})  # type: ignore[dict-item]


@pytest.mark.parametrize("container", ["postgres:17", None, object, real.Service("postgres:17")])  # type: ignore[arg-type]
def test_what_is_no_container_is_refused(container: Any) -> None:
    with pytest.raises(SandboxError, match=r"(?s)service db is not a container.* give it one"):
        real.declared({"db": container})


@pytest.mark.parametrize("name", ["test", 'a"b', "a'b", "a b"])
def test_names_and_texts_are_quoted_for_sql(name: str) -> None:
    assert real.identifier(name)[1:-1].replace('""', '"') == name
    assert real.literal(name)[1:-1].replace("''", "'") == name
