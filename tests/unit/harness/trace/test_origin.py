"""The raw item of an entity is found, and distinguished from similar ones."""

from typing import Any

from harness.trace import origin
from harness.trace.model import Entity
from tests.upstream.traces import make_entity, make_item, make_resource


def found_in(answers: list[Any], *entities: Entity, resource: dict[str, Any] | None = None) -> list[Entity]:
    """Look for the items of entities; gives the items that became none."""
    return origin.find([resource or make_resource()], list(entities), list(enumerate(answers)))


def places(entity: Entity) -> tuple[str, int | None, str]:
    """What was found, in which answer, and where there."""
    return entity.origin.found, entity.origin.call, entity.origin.path


def test_an_element_of_a_list_wherever_that_is() -> None:
    first, second, third = (make_entity(make_item(name)) for name in "abc")
    answers = [{"data": {"things": [make_item("x"), make_item("a")]}}, [make_item("b")], make_item("c")]
    found_in(answers, first, second, third)
    assert places(first) == ("item", 0, ".data.things[1]")
    assert places(second) == ("item", 1, ".[0]")
    assert places(third) == ("item", 2, ".")


def test_an_object_inside_an_element() -> None:
    entity = make_entity(make_item("a"))
    found_in([[{"id": "team", "members": [{"person": make_item("a")}]}]], entity)
    assert places(entity) == ("item", 0, ".[0].members[0].person")


def test_the_way_of_the_item_through_the_mapping() -> None:
    entity = make_entity(make_item("a", size=None))
    found_in([[make_item("a", size=None)]], entity)
    trace = entity.origin.trace
    assert trace is not None
    assert (trace.item, trace.selector.value) == (make_item("a", size=None), True)
    assert [(step.path, step.expression, step.value) for step in trace.steps] == [
        ("identifier", ".id", "a"),
        ("title", ".name", "Thing a"),
        ("blueprint", "'thing'", "thing"),
        ("properties.size", ".size", None),
        ("properties.owner", ".ownr.name", None),
    ]
    assert entity.origin.why["properties.size"] == "`.size` is null"
    assert entity.origin.why["properties.owner"].startswith("the item has no `ownr`")


def test_one_that_is_otherwise_in_parts_is_not_called_the_item() -> None:
    entity = make_entity(make_item("a", size=4))
    found_in([[make_item("a", size=3)]], entity)
    assert places(entity) == ("part", 0, ".[0]")
    assert entity.origin.differs == ["properties.size"]


def test_the_whole_one_wins_over_one_in_parts_and_the_first_over_the_second() -> None:
    entity = make_entity(make_item("a", size=4))
    found_in([[make_item("a", size=3)], [make_item("a", size=4)], [make_item("a", size=4)]], entity)
    assert places(entity) == ("item", 1, ".[0]")


def test_of_an_item_that_the_integration_makes_the_answers_that_hold_its_values() -> None:
    entity = Entity("upserted", {"identifier": "shop/web:1.0", "blueprint": "thing", "properties": {"size": 36169}})
    found_in([{"tags": ["1.0"]}, {"name": "shop/web:1.0", "bytes": 36169}, ["shop/web:1.0"]], entity)
    assert entity.origin.found == "values"
    assert (entity.origin.holding, entity.origin.values) == ([(1, 2), (2, 1)], 2)
    assert [(step.path, step.value) for step in entity.origin.steps][:1] == [("identifier", "shop/web:1.0")]


def test_one_of_which_nothing_is_known() -> None:
    entity = make_entity(make_item("nowhere"))
    found_in([{"things": [make_item("else")]}], entity)
    assert places(entity) == ("nothing", None, "")
    assert entity.origin.holding == []


def test_items_beside_it_that_became_nothing_say_why() -> None:
    answer = [
        make_item("a"),
        make_item("off", live=False),
        make_item("unsure", live="yes"),
        {"name": "anonymous", "live": True},
        make_item("dropped"),
    ]
    others = found_in([answer, [make_item("of another list")]], make_entity(make_item("a")))
    assert [(each.state, each.entity.get("identifier"), each.origin.path) for each in others] == [
        ("no entity", "off", ".[1]"),
        ("no entity", "unsure", ".[2]"),
        ("no entity", None, ".[3]"),
        ("no entity", "dropped", ".[4]"),
    ]
    assert [each.reason for each in others] == [
        "the selector `.live` is false: `.live` is false",
        'the selector `.live` must give true or false, but gives "yes"',
        "there is no identifier: `.id`: the item has no `id`; it has: name, live",
        "the mapping gives an entity, but the integration upserted none",
    ]


def test_an_item_that_another_resource_took_is_not_missing() -> None:
    dead = {**make_resource(), "selector": {"query": ".live | not"}}
    entities = [make_entity(make_item("a")), make_entity(make_item("b", live=False))]
    answers = [(0, [make_item("a"), make_item("b", live=False)])]
    assert origin.find([make_resource(), dead], entities, answers) == []
    assert [entity.origin.found for entity in entities] == ["item", "item"]
    assert [entity.origin.trace.index for entity in entities if entity.origin.trace] == [0, 1]


def test_a_part_that_items_to_parse_takes_out() -> None:
    resource = make_resource(identifier=".item.id", title=".id", properties={"size": ".item.size", "owner": ".parts"})
    resource["port"]["itemsToParse"] = ".parts"
    entity = Entity(
        "upserted",
        {"identifier": "p2", "title": "whole", "blueprint": "thing", "properties": {"size": 2, "owner": None}},
    )
    parts = [{"id": "p1", "size": 1}, {"id": "p2", "size": 2}]
    found_in([[{"id": "whole", "live": True, "parts": parts}]], entity, resource=resource)
    assert places(entity) == ("item", 0, ".[0] | .parts[1]")
    assert entity.origin.trace is not None
    assert entity.origin.trace.item == {"id": "whole", "live": True, "item": parts[1]}


def test_what_ocean_takes_for_null_is_null_here_too() -> None:
    """An expression that is none, one that fails for some items, and one that ends with a comment."""
    resource = make_resource(title=".name # theirs", properties={"size": ".size | tonumber", "owner": "nonsense("})
    first, second = make_entity(make_item("a")), make_entity(make_item("b", size=None))
    found_in([[make_item("a"), make_item("b", size="many")]], first, second, resource=resource)
    assert [places(each) for each in (first, second)] == [("item", 0, ".[0]"), ("item", 0, ".[1]")]
    broken = make_resource(blueprint="nonsense(")
    found_in([[make_item("a")]], entity := make_entity(make_item("a")), resource=broken)
    assert entity.origin.trace is None


def test_identifiers_that_port_looks_up_are_no_name_of_an_item() -> None:
    search = {"combinator": '"and"', "rules": [{"property": '"x"', "operator": '"="', "value": ".id"}]}
    entity = Entity("upserted", {"identifier": search, "blueprint": "thing", "properties": {}})
    found_in([[make_item("a")]], entity, resource=make_resource(identifier=search))
    assert entity.origin.trace is None


def test_deleted_entities_are_not_looked_for() -> None:
    entity = Entity("deleted", {"identifier": "a", "blueprint": "thing"})
    assert found_in([[make_item("a")]], entity) == []
    assert entity.origin.found == "nothing"


def test_known_items_are_looked_for_in_the_answers() -> None:
    as_it_is, made = make_item("a"), make_item("b", of="registry.example.com")
    entities = [make_entity(item) for item in (as_it_is, made)]
    answers = [(0, {"hosts": ["registry.example.com"]}), (1, [as_it_is]), (2, [make_item("b")])]
    off, unknown = make_item("off", live=False), "no object"
    others = origin.of_items([make_resource()], entities, answers, [[as_it_is, made, off, unknown]])
    assert [places(each) for each in (*entities, *others)] == [
        ("item", 1, ".[0]"),
        ("made", None, ""),
        ("made", None, ""),
    ]
    assert entities[1].origin.holding == [(0, 1), (2, 1)]
    assert entities[1].origin.trace is not None
    assert entities[1].origin.trace.item == made
    assert others[0].reason == "the selector `.live` is false: `.live` is false"


def test_what_an_integration_changes_after_the_mapping() -> None:
    entity = make_entity(make_item("a", size=4))
    origin.of_items([make_resource()], [entity], [(0, [make_item("a")])], [[make_item("a", size=3)]])
    assert places(entity) == ("part", 0, ".[0]")
    assert entity.origin.differs == ["properties.size"]
