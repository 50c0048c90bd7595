"""A mistake in a route is reported with the line of the test file that holds it, whatever pytest itself would show."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from .factories import integration

pytestmark = pytest.mark.integration

HEAD = """
import asyncio, functools, httpx, pytest, re
from harness import BaseIntegrationTest, InterceptTransport

class Things(BaseIntegrationTest):
    integration_path = {path!r}
    def create_mapping_config(self):
        return {{"resources": [{{"kind": "thing", "selector": {{"query": "true"}}, "port": {{"entity": {{"mappings":
                {{"identifier": ".id", "blueprint": '"thing"', "properties": {{"value": ".value"}}}}}}}}}}]}}
    @pytest.mark.asyncio
    async def test_things(self, harness):
        result = await harness.trigger_resync()
        assert [len(entity["properties"]["value"]) for entity in result.upserted_entities] == [50_000_000]
        assert len(harness.third_party_transport.calls[0].response.json()[0]["value"]) == 50_000_000

async def coroutine():
    return {{"json": []}}

class Answers:
    async def __call__(self, request):
        return {{"json": []}}
"""
SCENARIO = """
class Test{name}(Things):
    def create_third_party_transport(self):
        transport = InterceptTransport()
{body}
        return transport
"""
HERE = "  # here"


def scenario(name: str, body: str) -> str:
    return SCENARIO.format(name=name, body="\n".join(f"        {line}" for line in body.splitlines()))


def run(folder: Path, scenarios: dict[str, str]) -> tuple[str, dict[str, str]]:
    """Run a test file with these scenarios: its source, and what pytest reports of each."""
    source = HEAD.format(path=str(integration(folder / "things"))) + "\n".join(scenarios.values())
    (folder / "test_routes.py").write_text(source)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_routes.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)
    _, *parts = re.split(r"^_+ (?:ERROR at setup of )?Test(\w+)\.test_things _+$", done.stdout, flags=re.MULTILINE)
    reports = dict(zip(parts[::2], parts[1::2], strict=True))
    reports[""] = done.stdout
    return source, reports


def line_of(source: str, name: str) -> int:
    """The number of the line marked in one scenario."""
    lines = source.splitlines()
    start = lines.index(f"class Test{name}(Things):")
    return next(number for number, line in enumerate(lines[start:], start + 1) if line.endswith(HERE))


STATIC = {
    "Method": ("1, '/things', {}", "TypeError", "method must be a string such as 'GET', or None for any, not 1"),
    "NoMethod": ("'', '/things', {}", "TypeError", "method must be a string"),
    "Pattern": ("'GET', 5, {}", "TypeError", "url_pattern must be text, a regular expression or a predicate, not 5"),
    "BytePattern": ("'GET', re.compile(b'x'), {}", "TypeError", "url_pattern must be text"),
    "Expression": ("'GET', '/things(', {}", "ValueError", "'/things(' reads as a regular expression"),
    "NoAnswer": ("'GET', '/things', None", "TypeError", "the response must be a dict"),
    "List": ("'GET', '/things', [1]", "TypeError", "the response must be a dict"),
    "Key": (
        "'GET', '/things', {'jsn': []}",
        "ValueError",
        "has no key 'jsn'; available keys: body, delay, fault, headers",
    ),
    "Status": (
        "'GET', '/things', {'status_code': '200'}",
        "ValueError",
        "status_code must be a number from 200 to 599",
    ),
    "Json": ("'GET', '/things', {'json': {1, 2}}", "TypeError", "cannot be written as JSON: Object of type set"),
    "Body": (
        "'GET', '/things', {'body': {}}",
        "TypeError",
        "body must be str or bytes, not dict; for an object use json",
    ),
    "Headers": ("'GET', '/things', {'headers': 5}", "TypeError", "headers must be a dict"),
    "Fault": ("'GET', '/things', {'fault': 'slow'}", "ValueError", "fault must be one of"),
    "Delay": ("'GET', '/things', {'delay': '1'}", "ValueError", "delay must be a number of seconds"),
    "Zero": ("'GET', '/things', {}, times=0", "ValueError", "times must be 1 or more"),
    "Negative": ("'GET', '/things', {}, times=-1", "ValueError", "times must be 1 or more"),
    "True": ("'GET', '/things', {}, times=True", "ValueError", "times must be 1 or more"),
    "AsyncCallable": (
        "'GET', '/things', answer",
        "TypeError",
        "the callable is an async def, which cannot be awaited here",
    ),
    "AsyncPredicate": ("'GET', answer, {}", "TypeError", "the predicate is an async def, which cannot be awaited here"),
    "Generator": ("'GET', '/things', generator", "TypeError", "the callable is a generator; let it return its answer"),
}


def test_what_is_no_route_is_reported_at_the_line_that_adds_it(tmp_path: Path) -> None:
    functions = "async def answer(request): return {}\ndef generator(request): yield {}\n"
    source, reports = run(
        tmp_path,
        {
            name: scenario(name, f"{functions}transport.add_route({arguments}){HERE}")
            for name, (arguments, _, _) in STATIC.items()
        },
    )
    for name, (_, error, words) in STATIC.items():
        assert words in reports[name], name
        assert f"\ntest_routes.py:{line_of(source, name)}: {error}" in reports[name], reports[name]
        assert "harness/" not in reports[name], reports[name]
        assert "site-packages" not in reports[name], reports[name]


CALLABLES = {
    "Nothing": (f"def answer(request):{HERE}\n    {{'json': []}}", "answer", "not NoneType: None"),
    "Number": (f"answer = lambda request: 200{HERE}", "answer", "not int: 200"),
    "Unknown": (f"answer = lambda request: {{'jsn': []}}{HERE}", "answer", "no key 'jsn'; available keys: body, delay"),
    "Unserialisable": (
        f"answer = lambda request: {{'json': object()}}{HERE}",
        "answer",
        "Object of type object is not",
    ),
    "Coroutine": (
        f"answer = lambda request: coroutine(){HERE}",
        "answer",
        "returned a coroutine, which cannot be awaited here",
    ),
    "Yields": (f"answer = lambda request: (each for each in []){HERE}", "answer", "not generator"),
    "Partial": (f"answer = functools.partial(lambda x, request: None, 1){HERE}", "answer", "not NoneType"),
}


def test_what_a_callable_returns_is_reported_with_its_route_and_its_line(tmp_path: Path) -> None:
    source, reports = run(
        tmp_path,
        {
            name: scenario(name, f"{body}\ntransport.add_route('GET', '/things', {answer})")
            for name, (body, answer, _) in CALLABLES.items()
        }
        | {
            "Object": scenario("Object", "transport.add_route('GET', '/things', Answers())"),
            "Predicate": scenario("Predicate", f"transport.add_route('GET', lambda _: coroutine(), {{}}){HERE}"),
        },
    )
    for name, (_, _, words) in CALLABLES.items():
        assert "callable of the route GET '/things' (" in reports[name], reports[name]
        assert words in reports[name], reports[name]
        assert f", {tmp_path}/test_routes.py:{line_of(source, name)})" in reports[name], reports[name]
    assert "(Answers, " in reports["Object"]
    assert "returned a coroutine, which cannot be awaited here" in reports["Object"]
    assert "What to do: make it a plain def" in reports["Object"]
    assert f"predicate of the route GET (<lambda>, {tmp_path}/test_routes.py:" in reports["Predicate"]
    for report in [each.partition("- ocean-sandbox:")[0] for each in list(reports.values())[:-1]]:
        assert "harness/" not in report, report
        assert "site-packages" not in report, report
    assert "never awaited" not in reports[""]


RAISING = f"""
def answer(request):
    return {{'json': {{}}['no such']}}{HERE}
transport.add_route('GET', '/things', answer)
"""
FORGETS = """
class TestForgets(Things):
    def create_third_party_transport(self):
        InterceptTransport()
"""
OVERRIDES_NOTHING = """
class TestOverridesNothing(BaseIntegrationTest):
    @pytest.mark.asyncio
    async def test_things(self, resync):
        assert False
"""


def test_other_mistakes_are_reported_with_their_place(tmp_path: Path) -> None:
    source, reports = run(
        tmp_path,
        {
            "Raises": scenario("Raises", RAISING.strip()),
            "WrongArguments": scenario("WrongArguments", f"transport.add_route('GET', '/things', lambda: 1){HERE}"),
            "OverridesNothing": OVERRIDES_NOTHING,
            "Forgets": FORGETS,
        },
    )
    assert f"\ntest_routes.py:{line_of(source, 'Raises')}: KeyError" in reports["Raises"]
    assert "Raised by the callable of the route GET '/things' (answer, " in reports["Raises"]
    assert "takes 0 positional arguments but 1 was given" in reports["WrongArguments"]
    assert f"test_routes.py:{line_of(source, 'WrongArguments')})" in reports["WrongArguments"]
    line = source.splitlines().index("class TestOverridesNothing(BaseIntegrationTest):") + 1
    assert (
        f"TestOverridesNothing ({tmp_path}/test_routes.py:{line}) must implement create_mapping_config(): "
        "it returns the mapping that Port has." in reports["OverridesNothing"]
    )
    assert "return the transport from create_third_party_transport()" in reports["Forgets"]
    for name in ("OverridesNothing", "Forgets"):
        assert "site-packages" not in reports[name], reports[name]


@pytest.mark.slow
def test_fifty_megabytes_are_no_mistake(tmp_path: Path) -> None:
    answer = "{'json': [{'id': '1', 'value': 'x' * 50_000_000}]}"
    _, reports = run(
        tmp_path,
        {
            "Static": scenario("Static", f"transport.add_route('GET', '/things', {answer})"),
            "Callable": scenario("Callable", f"transport.add_route('GET', '/things', lambda _: {answer})"),
        },
    )
    assert "2 passed" in reports[""], reports[""][-3000:]
