"""Whatever JSON comes, to either app, is answered: with a clear 4xx where it makes no sense, and never with a 500."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.port_mock.api import create_app
from sandbox.port_mock.control import create_control_app
from sandbox.port_mock.state import PortState

from .factories import BASE_URL, TOKEN

EXAMPLES = int(os.environ.get("OCEAN_SANDBOX_EXAMPLES", "40"))
KEYS = [
    *("identifier", "blueprint", "blueprints", "entities", "properties", "relations", "schema", "required", "target"),
    *("integration", "mapping", "strict", "faults", "search_entities_response", "expired_token", "$datasource"),
    *("path", "status", "times", "latency", "reset", "retry_after", "method", "kind", "run", "id", "action", "limit"),
    *("combinator", "rules", "property", "operator", "value", "from", "before", "datasource_prefix", "exclude", "team"),
    *("type", "enum", "format", "pattern", "default", "many", "ownership", "runId", "message", "logs", "thing"),
]
WORDS = ["", "a", "thing", "and", "or", "=", "in", "between", "string", "number", "url", "date-time", "/", "POST", "("]
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 600),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(WORDS),
    st.text(max_size=3),
)
bodies = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=12,
)
entity = st.fixed_dictionaries(
    {"identifier": scalars | bodies},
    optional={"properties": bodies, "relations": bodies, "team": bodies, "blueprint": bodies},
)
seeds = st.fixed_dictionaries(
    {"strict": st.booleans()},
    optional={
        "blueprints": st.dictionaries(
            st.just("thing"),
            st.fixed_dictionaries({}, optional={"schema": bodies, "relations": bodies, "ownership": bodies}),
        ),
        "entities": st.lists(entity, max_size=2) | bodies,
        "search_entities_response": bodies,
        "faults": bodies,
    },
)
CONTROL = [("PUT", "/seed"), ("POST", "/faults"), ("POST", "/runs")]
PORT = [
    ("POST", "/v1/blueprints/thing/entities/bulk"),
    ("POST", "/v1/blueprints/thing/entities?upsert=true&merge=true&create_missing_related_entities=true"),
    ("POST", "/v1/blueprints/thing/bulk/entities/delete"),
    ("POST", "/v1/blueprints/thing/bulk/entities/delete?delete_dependents=true"),
    ("DELETE", "/v1/blueprints/thing/entities/a"),
    ("POST", "/v1/entities/search?include=identifier&include=properties.a"),
    ("POST", "/v1/entities/search"),
    ("POST", "/v1/blueprints/entities/datasource-entities"),
    ("POST", "/v1/blueprints"),
    ("PATCH", "/v1/blueprints/thing"),
    ("POST", "/v1/actions/runs/claim-pending"),
    ("PATCH", "/v1/actions/runs/ack"),
    ("PATCH", "/v1/actions/runs/a"),
    ("POST", "/v1/workflows/nodes/runs/a/logs"),
    ("POST", "/v1/organization/secrets"),
]
READS = ["/captures", "/entities", "/state", "/faults", "/calls", "/empty"]
calls = st.one_of(
    st.tuples(st.just("control"), st.sampled_from(CONTROL), bodies),
    st.tuples(st.just("port"), st.sampled_from(PORT), bodies),
    st.tuples(
        st.just("port"), st.sampled_from(PORT[:1]), st.fixed_dictionaries({"entities": st.lists(entity, max_size=3)})
    ),
    st.tuples(st.just("port"), st.sampled_from(PORT[1:2]), entity),
)


async def make(seed: dict[str, Any], sequence: list[Any]) -> None:
    state = PortState()
    apps = {"port": create_app(state), "control": create_control_app(state, TOKEN)}
    clients = {
        name: httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url=BASE_URL, headers={"authorization": f"Bearer {TOKEN}"}
        )
        for name, app in apps.items()
    }
    await answered(clients["control"], ("PUT", "/seed"), seed)
    for name, call, body in sequence:
        state.kept.faults.clear()  # latency and 500s are what some of them are about
        await answered(clients[name], call, body)
    for path in READS:
        assert (await clients["control"].get(path)).status_code == 200, path


async def answered(client: httpx.AsyncClient, call: tuple[str, str], body: object) -> None:
    response = await client.request(call[0], call[1], json=body)
    assert response.status_code < 500, (call, body, response.text)
    if response.is_error:
        refusal = response.json()
        assert refusal["ok"] is False, (call, body)
        assert refusal["error"], (call, body)
        assert refusal["message"], (call, body)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(seeds, st.lists(calls, max_size=6))
def test_any_body_is_answered(seed: dict[str, Any], sequence: list[Any]) -> None:
    asyncio.run(make(seed, sequence))
