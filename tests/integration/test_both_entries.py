"""For the same stubs, both entries give the same entities, deletes, refusals and kinds; how they differ is said here.

- ``on_start`` handlers run in production only, and so do the requests that they make.
- Default resources are made in production only, and raw examples of each kind are sent.
- The runner hands over the exceptions themselves. Production tells of them in text: of those that a resync handler
  raised, type, message, kind, cause and traceback are the same; of a response, it is the one in WireMock's journal. Where
  the record of one is lost, or has no traceback, there is a ``RemoteError`` that says so.
- With the runner, what fails before the first kind (``on_resync_start``) is raised as it is; so it is in production.
- Port is told the state of the resync in production only, by its event listener.
"""

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness import IntegrationTestHarness, InterceptTransport, RemoteError, ResyncResult
from sandbox.settings import load

from .factories import integration as make_integration
from .factories import mapping, resync

pytestmark = [pytest.mark.integration, pytest.mark.asyncio]

ROOT = Path(__file__).resolve().parent.parent.parent
CHECKOUT = os.environ.get("OCEAN_SANDBOX_PUBLIC_OCEAN", "")
public = pytest.mark.skipif(not CHECKOUT, reason="OCEAN_SANDBOX_PUBLIC_OCEAN names no checkout of Ocean's repository")
TWO_KINDS = """
@ocean.on_resync("broken")
async def broken(kind):
    yield [{"id": 9, "value": "of the broken kind"}]
    response = await http_async_client.get("https://api.things.example/broken")
    response.raise_for_status()
@ocean.on_resync("odd")
async def odd(kind):
    raise LookupError("odd", 7)
"""


def said(result: ResyncResult) -> dict[str, Any]:
    """What must be the same: all that came of a resync."""
    kinds = ("kind", "index", "raw", "filtered", "mapped", "upserted", "failed", "skipped", "state")
    return {
        **result.as_snapshot(),
        "errors": sorted(map(error_said, result.errors)),
        "kinds": [[getattr(counts, name) for name in kinds] for counts in result.kinds],
    }


def error_said(error: BaseException) -> str:
    own = error.name if isinstance(error, RemoteError) else type(error).__name__
    cause = error_said(error.__cause__) if error.__cause__ else ""
    response = getattr(error, "response", None)
    answer = f" {response.request.method} {response.status_code} {response.text}" if response is not None else ""
    return f"{own}: {str(error).partition(chr(10))[0]}{answer} ({getattr(error, 'kind', None)}) < {cause}"


async def both(
    directory: Path,
    transport: Any,
    config: dict[str, Any],
    overrides: dict[str, Any] | None = None,
    **options: Any,
) -> tuple[ResyncResult, ...]:
    """The results of both entries, each with a transport of its own."""
    results = []
    for entry in ("resync", "production"):
        harness = IntegrationTestHarness(
            str(directory),
            config,
            transport(),
            config_overrides=overrides,
            entry=entry,  # type: ignore[arg-type]
            **options,
        )
        try:
            await harness.start()
            results.append(await harness.trigger_resync())
        finally:
            await harness.shutdown()
    return tuple(results)


async def test_a_made_integration_with_kinds_that_fail(tmp_path: Path) -> None:
    directory = make_integration(tmp_path, head=TWO_KINDS)

    def transport() -> InterceptTransport:
        things = [{"id": number, "value": number} for number in range(25)]
        return (
            InterceptTransport(strict=False)
            .add_route("GET", "/things", {"json": things})
            .add_route("GET", "/broken", {"status_code": 403, "json": {"why": "forbidden"}})
        )

    (resource,) = mapping()["resources"]
    resources = [resource, *({**resource, "kind": kind} for kind in ("broken", "odd"))]
    stale = {"identifier": "stale", "blueprint": "thing", "properties": {}, "relations": {}}
    by_runner, shipped = await both(directory, transport, {"resources": resources}, port_entities=[stale])

    assert said(by_runner) == said(shipped)
    assert len(shipped.errors) == 2, "one of each kind that fails"
    assert len(shipped.upserted_entities) == 26
    assert shipped.deleted_entities == [], "a resync that failed deletes nothing"


async def test_a_made_integration_that_deletes_and_is_refused(tmp_path: Path) -> None:
    properties = {"value": {"type": "number"}}
    thing = {"identifier": "thing", "title": "Thing", "schema": {"properties": properties}, "relations": {}}
    directory = make_integration(tmp_path, "yield [{'id': 1, 'value': 1}, {'id': 2, 'value': 'two'}]")
    stale = {"identifier": "stale", "blueprint": "thing", "properties": {}, "relations": {}}
    options: dict[str, Any] = {"port": "strict", "port_blueprints": {"thing": thing}, "port_entities": [stale]}
    config = {**mapping(), "entityDeletionThreshold": 1}
    by_runner, shipped = await both(directory, InterceptTransport, config, **options)

    assert said(by_runner) == said(shipped)
    assert shipped.deleted_entities == [{"identifier": "stale", "blueprint": "thing"}]
    assert [entity.identifier for entity in shipped.rejected_entities] == ["2"]


async def test_what_fails_before_the_first_kind_is_raised_as_it_is(tmp_path: Path) -> None:
    head = "@ocean.on_resync_start()\nasync def first():\n    raise PermissionError(13, 'Permission denied', '/token')"
    directory = make_integration(tmp_path, "yield []", head=head)
    for entry in ("resync", "production"):
        result = await resync(directory, entry=entry)
        (error,) = result.errors
        assert isinstance(error, PermissionError)
        assert (error.errno, error.filename, result.reconciliation_success) == (13, "/token", False)


def shipped_mapping(directory: Path) -> dict[str, Any]:
    (file,) = (directory / ".port" / "resources").glob("port-app-config.y*ml")
    config: dict[str, Any] = yaml.safe_load(file.read_text())
    return config


async def test_the_example_integration() -> None:
    directory = ROOT / "examples" / "oci-registry"
    config = {"registry_url": "https://registry.example.com"}
    overrides = {"integration": {"identifier": "test-registry", "type": "oci-registry", "config": config}}
    settings = load(mappings=ROOT / "wiremock-mappings")
    options: dict[str, Any] = {"stubs": "oci-registry", "sandbox_settings": settings}
    by_runner, shipped = await both(directory, InterceptTransport, shipped_mapping(directory), overrides, **options)

    assert said(by_runner) == said(shipped)
    assert (len(shipped.upserted_entities) > 3, shipped.errors) == (True, [])
    assert shipped.default_resources.blueprints.keys() >= {entity["blueprint"] for entity in shipped.upserted_entities}
    assert by_runner.default_resources.blueprints == {}


@public
async def test_fake_integration() -> None:
    directory = Path(CHECKOUT, "integrations", "fake-integration")

    def transport() -> InterceptTransport:
        person = {"id": "p1", "email": "p1@test.example", "name": "P One", "status": "WORKING", "age": 30, "bio": ""}
        lead = {"email": "lead@test.example", "name": "Lead"}
        team = {"id": "t1", "name": "One", "lead": lead, "department": {"id": "hr", "name": "hr"}}
        return (
            InterceptTransport(strict=False)
            .add_route("GET", "localhost:8000/integration/department/", {"json": {"results": [person]}})
            .add_route("GET", "localhost:8000/integration/teams", {"json": {"results": [team]}})
        )

    config = shipped_mapping(directory)
    wanted = {"fake-department", "fake-person", "fake-team"}
    config["resources"] = [resource for resource in config["resources"] if resource["kind"] in wanted]
    overrides = {"integration": {"identifier": "fake", "type": "fake-integration", "config": {}}}
    by_runner, shipped = await both(directory, transport, config, overrides)

    # As it ships, it serves what it asks for on its own port 8000; the runner serves nothing, and the stubs answer.
    for each in (by_runner, shipped):
        assert {entity["blueprint"] for entity in each.upserted_entities} == wanted
    assert len(shipped.upserted_entities) > len(by_runner.upserted_entities)


@public
async def test_pagerduty() -> None:
    directory = Path(CHECKOUT, "integrations", "pagerduty")

    def transport() -> InterceptTransport:
        page = {"more": False, "offset": 0, "limit": 100, "total": None}
        policy = {"id": "E1", "name": "Escalation", "summary": "Escalation", "escalation_rules": [{"id": "R1"}]}
        return (
            InterceptTransport(strict=False)
            .add_route("GET", "/oncalls", {"json": {**page, "oncalls": []}})
            .add_route("GET", "/escalation_policies", {"json": {**page, "escalation_policies": [policy]}})
            .add_route("GET", "/users", {"json": {**page, "users": []}})
        )

    by_runner, shipped = await both(directory, transport, *pagerduty("escalation_policies", "users"))

    assert said(by_runner) == said(shipped)
    assert [entity["identifier"] for entity in shipped.upserted_entities] == ["E1"]


def pagerduty(*kinds: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The mapping that it ships, with these kinds of it, and a configuration."""
    config = shipped_mapping(Path(CHECKOUT, "integrations", "pagerduty"))
    config["resources"] = [resource for resource in config["resources"] if resource["kind"] in kinds]
    own = {"token": "pagerduty-test-token", "api_url": "https://api.pagerduty.com"}
    return config, {"integration": {"identifier": "pagerduty", "type": "pagerduty", "config": own}}


@public
async def test_pagerduty_with_a_token_that_is_refused() -> None:
    """Ocean retries a 401 ten times, which takes 102 s for each kind, unless the answer says ``Retry-After: 0``."""
    transports: list[InterceptTransport] = []

    def transport() -> InterceptTransport:
        refused = {"status_code": 401, "json": {"error": "no"}, "headers": {"Retry-After": "0"}}
        transports.append(InterceptTransport(strict=False).add_route(None, "api.pagerduty.com", refused))
        return transports[-1]

    directory = Path(CHECKOUT, "integrations", "pagerduty")
    by_runner, shipped = await both(directory, transport, *pagerduty("escalation_policies", "users"))

    assert said(by_runner) == said(shipped)
    assert ["401 Unauthorized" in str(error) for error in shipped.errors] == [True, True]
    assert [len(each.calls) for each in transports] == [22, 22], "for each kind the first, and ten retries"
