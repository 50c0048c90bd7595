"""What a test class may declare as services."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from testcontainers.community.postgres import PostgresContainer
from testcontainers.core.container import DockerContainer

from sandbox.engine import engine
from sandbox.engine.owner import Owner
from sandbox.errors import ImageError, SandboxError
from sandbox.services import postgres, real
from tests.unit.sandbox.factories import engine_at, fake_engine, make_settings


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


SILENT = 'Get "https://registry.example/v2/": dial tcp: lookup registry.example: no such host'


def pulls(image: str, answer: tuple[int, Any], folder: Path, *, tries: int = 1) -> tuple[str, list[str]]:
    """What is said of a PostgreSQL whose image the registry does not give, and the calls that asked for it."""
    with fake_engine({"POST /images/create": answer}) as stand_in, engine_at(stand_in.address):
        service = real.Service(PostgresContainer(image))
        nowhere: Any = None  # it gets no further than its image
        for _ in range(tries):
            started = real.Started(
                "db", service, Owner(), make_settings(folder), engine.client(), nowhere, nowhere, "tools"
            )
            with pytest.raises(ImageError) as raised:
                started.restore()
        return str(raised.value), [call for call in stand_in.calls if "/images/create" in call]


@pytest.mark.parametrize(
    "answer",
    [
        (404, {"message": "manifest for postgres:99 not found: manifest unknown"}),
        (500, {"message": 'Get "https://registry.example/v2/": unauthorized: incorrect username or password'}),
        (500, {"message": 'Head "https://registry.example/v2/p": toomanyrequests: You have reached your rate limit'}),
        (500, {"message": "unexpected status from HEAD request: 403 Forbidden"}),
    ],
)
def test_nothing_stands_in_for_an_image_that_a_registry_refuses(answer: tuple[int, Any], tmp_path: Path) -> None:
    said, _ = pulls("postgres:99", answer, tmp_path)

    assert "The image postgres:99 of the service db is not on the engine and cannot be pulled" in said
    assert answer[1]["message"] in said


@pytest.mark.parametrize("image", ["postgis/postgis:17-3.5", "registry.example/postgres:17", "mine/postgres", "pg:1"])
def test_nothing_stands_in_for_another_image_than_the_official_one(image: str, tmp_path: Path) -> None:
    said, asked = pulls(image, (500, {"message": SILENT}), tmp_path, tries=3)

    assert f"The image {image} of the service db is not on the engine and cannot be pulled" in said
    assert len(asked) == 1  # not once for each test


def test_a_digest_is_pulled_as_one(tmp_path: Path) -> None:
    digest = f"sha256:{'a' * 64}"

    _, (asked,) = pulls(f"example/pg@{digest}", (500, {"message": SILENT}), tmp_path)

    assert set(parse_qsl(urlsplit(asked).query)) == {("fromImage", "example/pg"), ("tag", digest)}
