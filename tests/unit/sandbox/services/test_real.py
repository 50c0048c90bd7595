"""What a test class may declare as services."""

from typing import Any

import pytest
from testcontainers.core.container import DockerContainer

from sandbox.errors import SandboxError
from sandbox.services import postgres, real


@pytest.mark.parametrize(
    "name", ["wiremock", "port-mock", "resync", "localhost", "DB", "a_b", "-a", "a.b", "", "a" * 64, 7]
)
def test_a_name_that_the_integration_could_not_use_is_refused(name: Any) -> None:
    with pytest.raises(SandboxError, match=r"(?s)cannot be called .* host name"):
        real.declared({name: object()})  # type: ignore[dict-item]


@pytest.mark.parametrize("container", ["postgres:17", None, real.Service("postgres:17")])  # type: ignore[arg-type]
def test_what_is_no_container_is_refused(container: Any) -> None:
    with pytest.raises(SandboxError, match=r"(?s)service db is not a container.* give it one"):
        real.declared({"db": container})


def test_a_callable_that_makes_no_container_is_refused_when_it_is_called() -> None:
    (service,) = real.declared({"db": lambda: "postgres:17"}).values()  # type: ignore[arg-type, return-value]

    with pytest.raises(SandboxError, match=r"(?s)service db is not a container.* but 'postgres:17'.* give it one"):
        real.made("db", service)


def test_a_callable_makes_its_container_only_when_it_is_needed() -> None:
    calls = []

    def make() -> DockerContainer:
        calls.append(1)
        return DockerContainer("postgres:17")

    (service,) = real.declared({"db": make}).values()
    assert not calls
    assert real.made("db", service).image == "postgres:17"


@pytest.mark.parametrize(
    ("name", "as_name", "as_text"),
    [
        ("test", '"test"', "'test'"),
        ('a"b', '"a""b"', "'a\"b'"),
        ("a'b", '"a\'b"', "'a''b'"),
        ("a b", '"a b"', "'a b'"),
    ],
)
def test_names_and_texts_are_quoted_for_sql(name: str, as_name: str, as_text: str) -> None:
    assert postgres.quoted_name(name) == as_name
    assert postgres.quoted_text(name) == as_text
