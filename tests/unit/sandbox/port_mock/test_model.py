"""Port against a model of it: random sequences of upserts, deletes and searches leave both with the same entities.

The model is what Port's documentation comes to for one blueprint with a required number, a required relation and one
that is not, in as few lines as it takes. `OCEAN_SANDBOX_EXAMPLES` says how many sequences to try;
`make test/random`, which CI runs, tries 1,000.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

import httpx
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sandbox.port_mock.api import create_app
from sandbox.port_mock.seeding import read_seed
from sandbox.port_mock.state import PortState

from .factories import BASE_URL

EXAMPLES = int(os.environ.get("OCEAN_SANDBOX_EXAMPLES", "40"))
RELATION = {"target": "thing", "many": False}
THING = {
    "identifier": "thing",
    "schema": {"properties": {"n": {"type": "number"}, "s": {"type": "string"}}, "required": ["n"]},
    "relations": {"friend": {**RELATION, "required": False}},
}
CHILD = {
    "identifier": "child",
    "schema": {"properties": {}},
    "relations": {"parent": {**RELATION, "required": True}, "others": {**RELATION, "many": True, "required": False}},
}
AGENT = "port-ocean/test/1/i/exporter"
Key = tuple[str, str]

names = st.sampled_from(["a", "b", "c", "d"])
numbers = st.sampled_from([1, 2, 2.5, None, "1", True])
things = st.fixed_dictionaries(
    {"identifier": names | st.sampled_from(["b ad", ".", 7])},
    optional={
        "title": names,
        "properties": st.fixed_dictionaries({}, optional={"n": numbers, "s": names, "other": names}),
        "relations": st.fixed_dictionaries({}, optional={"friend": names | st.none()}),
    },
).map(lambda entity: ("thing", entity))
children = st.fixed_dictionaries(
    {"identifier": names},
    optional={
        "relations": st.fixed_dictionaries({}, optional={"parent": names, "others": st.lists(names, max_size=2)})
    },
).map(lambda entity: ("child", entity))
# Most of what is random is refused: these go through, so that there is something to relate to and to delete.
good = st.one_of(
    st.tuples(names, st.sampled_from([1, 2]), names | st.none()).map(
        lambda drawn: (
            "thing",
            {"identifier": drawn[0], "properties": {"n": drawn[1]}, "relations": {"friend": drawn[2]}},
        )
    ),
    st.tuples(names, names).map(
        lambda drawn: ("child", {"identifier": drawn[0], "relations": {"parent": drawn[1], "others": [drawn[1]]}})
    ),
)
creating = st.just({"merge": False, "create_missing_related_entities": True})
flags = st.fixed_dictionaries({"merge": st.booleans(), "create_missing_related_entities": st.booleans()})
rules = st.one_of(
    st.tuples(st.sampled_from(["$identifier", "s", "$title"]), st.sampled_from(["=", "!=", "contains"]), names),
    st.tuples(
        st.sampled_from(["$identifier", "$blueprint"]), st.just("in"), st.lists(names | st.just("thing"), max_size=3)
    ),
    st.tuples(st.just("$blueprint"), st.just("="), st.sampled_from(["thing", "child"])),
    st.tuples(st.just("n"), st.sampled_from(["=", "!=", ">", "<="]), st.sampled_from([1, 2, 2.5])),
    st.tuples(st.sampled_from(["n", "s", "$title"]), st.sampled_from(["isEmpty", "isNotEmpty"]), st.none()),
)
queries = st.recursive(
    rules, lambda inner: st.tuples(st.sampled_from(["and", "or"]), st.lists(inner, max_size=3)), max_leaves=6
)
steps = st.one_of(
    st.tuples(st.just("upsert"), good.map(lambda entity: [entity]), creating),
    st.tuples(
        st.just("upsert"), st.lists(things, min_size=1, max_size=4) | st.lists(children, min_size=1, max_size=4), flags
    ),
    st.tuples(
        st.just("delete"),
        st.tuples(st.sampled_from(["thing", "child"]), st.lists(names, min_size=1, max_size=3)),
        st.booleans(),
    ),
    st.tuples(st.just("search"), st.tuples(st.sampled_from(["and", "or"]), st.lists(queries, max_size=3)), st.none()),
)


class Model:
    """What the documentation comes to."""

    def __init__(self) -> None:
        self.entities: dict[Key, dict[str, Any]] = {}

    def upsert(self, blueprint: str, entity: dict[str, Any], *, merge: bool, create: bool) -> bool:
        identifier = entity["identifier"]
        if identifier not in {"a", "b", "c", "d"}:
            return False
        old = self.entities.get((blueprint, identifier), {}) if merge else {}
        new = {
            "title": entity.get("title", old.get("title")),
            "properties": {**old.get("properties", {}), **entity.get("properties", {})},
            "relations": {**old.get("relations", {}), **entity.get("relations", {})},
        }
        given = {name: value for name, value in new["properties"].items() if value is not None}
        if blueprint == "thing" and (type(given.get("n")) not in {int, float}):
            return False
        if blueprint == "child" and not new["relations"].get("parent"):
            return False
        related = [
            each for value in new["relations"].values() for each in (value if isinstance(value, list) else [value])
        ]
        missing = [("thing", each) for each in related if each is not None and ("thing", each) not in self.entities]
        missing = [key for key in missing if key != (blueprint, identifier)]
        if missing and not create:
            return False
        for key in missing:
            self.entities[key] = {"title": None, "properties": {}, "relations": {}}
        self.entities[blueprint, identifier] = new
        return True

    def delete(self, blueprint: str, identifiers: list[str], *, dependents: bool) -> list[str]:
        there = [each for each in dict.fromkeys(identifiers) if (blueprint, each) in self.entities]
        if blueprint == "thing" and not dependents:
            required = {entity["relations"].get("parent") for key, entity in self.entities.items() if key[0] == "child"}
            if required & set(there):  # one that must stay keeps all
                return []
        for each in there:
            self._delete((blueprint, each), dependents=dependents)
        return there

    def _delete(self, key: Key, *, dependents: bool) -> None:
        if key not in self.entities:
            return
        related = [other for other in self.entities if key[0] == "thing" and key[1] in self._related(other)]
        if dependents:
            del self.entities[key]
            for other in related:
                self._delete(other, dependents=True)
            return
        for other in related:
            self.entities[other]["relations"] = {
                name: [each for each in value if each != key[1]]
                if isinstance(value, list)
                else None
                if value == key[1]
                else value
                for name, value in self.entities[other]["relations"].items()
            }
        del self.entities[key]

    def _related(self, key: Key) -> list[str]:
        values = self.entities[key]["relations"].values()
        return [each for value in values for each in (value if isinstance(value, list) else [value])]

    def search(self, combinator: str, inner: list[Any]) -> set[Key]:
        return {key for key in self.entities if self._is_true((combinator, inner), key)}

    def _is_true(self, query: Any, key: Key) -> bool:
        if len(query) == 2:
            results = [self._is_true(each, key) for each in query[1]]
            return any(results) if query[0] == "or" and results else all(results)
        name, operator, value = query
        entity = self.entities[key]
        meta = {"$identifier": key[1], "$blueprint": key[0], "$title": entity["title"]}
        own = meta[name] if name in meta else entity["properties"].get(name)
        return {
            "=": lambda: own == value,
            "!=": lambda: own != value,
            "in": lambda: own in value,
            "contains": lambda: own is not None and value in own,
            ">": lambda: own is not None and own > value,
            "<=": lambda: own is not None and own <= value,
            "isEmpty": lambda: own is None,
            "isNotEmpty": lambda: own is not None,
        }[operator]()


def query_of(query: Any) -> dict[str, Any]:
    if len(query) == 2:
        return {"combinator": query[0], "rules": [query_of(each) for each in query[1]]}
    name, operator, value = query
    return {"property": name, "operator": operator, **({} if operator.startswith("is") else {"value": value})}


async def take(port: httpx.AsyncClient, model: Model, step: Any) -> None:
    """Take one step with both, and see that both say the same of it."""
    action, what, how = step
    if action == "search":
        found = (await port.post("/v1/entities/search", json=query_of(what))).json()["entities"]
        assert {(each["blueprint"], each["identifier"]) for each in found} == model.search(*what), what
    elif action == "delete":
        blueprint, identifiers = what
        response = await port.post(
            f"/v1/blueprints/{blueprint}/bulk/entities/delete",
            params={"delete_dependents": str(how).lower()},
            json={"entities": identifiers},
        )
        assert response.json().get("deletedEntities", []) == model.delete(blueprint, identifiers, dependents=how)
    else:
        blueprint = what[0][0]
        response = await port.post(
            f"/v1/blueprints/{blueprint}/entities/bulk",
            params={"upsert": "true", **{name: str(value).lower() for name, value in how.items()}},
            json={"entities": [entity for _, entity in what]},
        )
        taken = [
            index
            for index, (_, entity) in enumerate(what)
            if model.upsert(blueprint, entity, merge=how["merge"], create=how["create_missing_related_entities"])
        ]
        answer = response.json()
        assert [each["index"] for each in answer["entities"]] == taken
        assert sorted([*taken, *(each["index"] for each in answer["errors"])]) == list(range(len(what)))
        assert response.status_code == (200 if len(taken) == len(what) else 207)


async def play(sequence: list[Any]) -> None:
    state, model = PortState(), Model()
    state.seed(read_seed({"strict": True, "blueprints": {"thing": THING, "child": CHILD}}))
    transport = httpx.ASGITransport(create_app(state))
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL, headers={"user-agent": AGENT}) as port:
        for step in sequence:
            await take(port, model, step)
            own = {"datasource_prefix": "port-ocean/test/", "datasource_suffix": "/i/exporter"}
            answer = (await port.post("/v1/blueprints/entities/datasource-entities", json=own)).json()["entities"]
            there = {
                (each["blueprint"], each["identifier"]): {
                    "title": each["title"],
                    "properties": each["properties"],
                    "relations": each["relations"],
                }
                for each in answer
            }
            assert there == model.entities, step


CREATING = {"merge": False, "create_missing_related_entities": True}
A_FRIEND = ("thing", {"identifier": "b", "properties": {"n": 1}, "relations": {"friend": "a"}})


@example([("upsert", [A_FRIEND], CREATING), ("delete", ("thing", ["a", "b"]), True)])
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(st.lists(steps, max_size=20))
def test_any_sequence_leaves_port_and_the_model_with_the_same_entities(sequence: list[Any]) -> None:
    asyncio.run(play(sequence))
