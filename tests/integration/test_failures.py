"""What the report of a failing test shows, and what is kept of it."""

import os
import re
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import httpx
import pytest

from sandbox.engine import engine

from .factories import integration

pytestmark = pytest.mark.integration

HEAD = """
import pytest
from harness import BaseIntegrationTest, InterceptTransport

class Things(BaseIntegrationTest):
    integration_path = {path!r}
    routes = []
    def create_third_party_transport(self):
        transport = InterceptTransport(strict=False).add_route("GET", "/things", {{"json": [{{"id": "1", "value": 1}}]}})
        for method, pattern in self.routes:
            transport.add_route(method, pattern, {{"json": []}})
        return transport
    def create_mapping_config(self):
        return {{"resources": [{{"kind": "thing", "selector": {{"query": "true"}}, "port": {{"entity": {{"mappings":
                {{"identifier": ".id", "blueprint": '"thing"', "properties": {{}}}}}}}}}}]}}
"""

REACHES_OUT = """
    try:
        with socket.create_connection(("db.example.org", 5432)) as connection:
            connection.sendall(bytes([0, 0, 0, 8, 4, 210, 22, 47]))
            connection.recv(1)
    except OSError:
        yield [{"id": "1"}]
"""


# Where CI is set, pytest prints each failure's whole message once more, in its summary.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in {"CI", "BUILD_NUMBER"}}


def run(folder: Path, tests: str, *options: str, handler: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run tests in a pytest of their own, one after the other."""
    things = integration(folder / "things", handler) if handler else integration(folder / "things")
    (folder / "test_things.py").write_text(HEAD.format(path=str(things)) + textwrap.dedent(tests))
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "asyncio_mode=auto", *options, "."],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**ENVIRONMENT, "COLUMNS": "200"},
    )


def section(output: str, title: str) -> str:
    """The text of a section of the report."""
    found = re.search(rf"-+ ocean-sandbox: {re.escape(title)} -+\n(.*?)\n[-_=]{{10}}", output, re.DOTALL)
    assert found, output
    return found[1]


def test_the_report_of_a_failing_test_says_what_happened(tmp_path: Path) -> None:
    handler = """
        await http_async_client.get("https://api.things.example/members?page=1")
        print("printed by the handler")
        yield (await http_async_client.get("https://api.things.example/things")).json()
        raise ValueError("the handler's own")
    """
    tests = """
        class TestThings(Things):
            routes = [("POST", "/members")]
            async def test_it(self, resync):
                assert resync.upserted_entities == []
    """
    output = run(tmp_path, tests, handler=handler).stdout

    first = [line.strip() for line in output.partition("TestThings.test_it ___")[2].splitlines()[1:13]]
    assert first[:2] == [
        "What went wrong in the resync:",
        "No route matched: GET https://api.things.example/members?page=1",
    ]
    assert re.fullmatch(r"The nearest stub is route 2 of the test \(test_things.py:\d+\):", first[2])
    assert "differs: method GET is not POST" in first
    assert 'transport.add_route("GET", "api.things.example/members", {"json": {}})' in first
    assert "thing: ValueError: the handler's own" in first
    assert re.search(r"main\.py:\d+ in things: raise ValueError", "\n".join(first))
    assert output.count("GET https://api.things.example/members?page=1\n") == 1
    assert re.search(r'File "\S+/main\.py", line', section(output, "tracebacks"))
    assert not re.search(r"^[ |]*[~^]+$", output, re.MULTILINE)
    assert section(output, "kinds").startswith("thing[0]: 1 raw, 1 mapped, 1 upserted")
    assert "GET https://api.things.example/things → 200" in section(output, "calls")
    assert "entities/bulk → 200" in section(output, "calls")
    assert "Event finished" in section(output, "end of the integration's log")
    assert "--sandbox-keep" in section(output, "a closer look")


def test_a_resync_that_does_not_end_is_reported_with_its_calls(tmp_path: Path) -> None:
    handler = 'await http_async_client.get("https://api.things.example/things")\nos.abort()\nyield []'
    tests = """
        class TestThings(Things):
            async def test_it(self, resync):
                pass
    """
    output = run(tmp_path, tests, handler=handler).stdout

    assert "ResyncCrashedError" in output
    assert "GET https://api.things.example/things → 200" in section(output, "calls")


UNUSED = """
    class TestThings(Things):
        routes = [("GET", "/nobody-asks")]
        fail_on_unused_stubs = {by_class}
        async def test_it(self, resync):
            assert len(resync.upserted_entities) == 1
            assert [stub.request for stub in resync.unused_stubs] == ["GET /nobody-asks"]
"""


@pytest.mark.parametrize(
    ("by_class", "options", "fails"),
    [
        (None, [], 0),
        (True, [], 1),
        (None, ["--sandbox-fail-on-unused-stubs"], 1),
        (None, ["-o", "sandbox_fail_on_unused_stubs=true"], 1),
        (False, ["--sandbox-fail-on-unused-stubs"], 0),
    ],
)
def test_unused_stubs_fail_a_test_that_asked_for_it(
    tmp_path: Path, by_class: object, options: list[str], fails: int
) -> None:
    done = run(tmp_path, textwrap.dedent(UNUSED).format(by_class=by_class), *options)

    assert done.returncode == fails, done.stdout
    assert bool(re.search(r"route 2 of the test \(test_things.py:\d+\): GET /nobody-asks", done.stdout)) == fails


def test_an_attempt_to_reach_the_outside_fails_a_test_that_does_not_allow_it(tmp_path: Path) -> None:
    tests = """
        class TestThings(Things):
            async def test_it(self, resync):
                assert len(resync.upserted_entities) == 1
            async def test_two_resyncs(self, harness):
                await harness.trigger_resync()
                await harness.trigger_resync()
        class TestAllowed(TestThings):
            fail_on_egress = False
    """
    output = run(tmp_path, tests, handler=REACHES_OUT).stdout

    assert re.search("2 failed, 2 passed", output), output
    told = re.findall(
        r"^    db\.example\.org:5432 \(PostgreSQL, .*\)\nWhat to do: the sandbox answers HTTP", output, re.MULTILINE
    )
    assert len(told) == 2, output


def test_a_sandbox_that_is_kept_can_be_looked_into_and_let_go(tmp_path: Path) -> None:
    tests = """
        class TestThings(Things):
            async def test_it(self, resync):
                assert resync.upserted_entities == []
            async def test_that_passes(self, resync):
                pass
    """
    look = section(run(tmp_path, tests, "--sandbox-keep").stdout, "a closer look")

    user, password, journal = re.search(r"curl -u (\w+):(\S+) (\S+)", look).groups()  # type: ignore[union-attr]
    token, captures = re.search(r"Bearer (\S+)' (\S+)", look).groups()  # type: ignore[union-attr]
    container = re.search(r"docker exec -it (\S+) sh", look)[1]  # type: ignore[index]
    assert len(httpx.get(journal, auth=(user, password), trust_env=False).json()["requests"]) == 1
    found = httpx.get(captures, headers={"Authorization": f"Bearer {token}"}, trust_env=False).json()
    assert [entity["identifier"] for entity in found["upserted_entities"]] == ["1"]
    client = engine.client().client
    owner = client.containers.get(container).labels["ocean-sandbox.owner"]
    of_owner = {"filters": {"label": f"ocean-sandbox.owner={owner}"}}
    assert len(client.api.containers(**of_owner)) == 4, "WireMock, Port mock, front, resync container"

    command = [str(Path(sys.executable).with_name("ocean-sandbox")), "reap", "--kept"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert re.search(r"released [1-9]\d* kept sandboxes", done.stdout)
    deadline = time.monotonic() + 20
    while (left := client.api.containers(all=True, **of_owner) + client.api.networks(**of_owner)) and (
        time.monotonic() < deadline
    ):
        time.sleep(0.1)
    assert left == []


def test_faults_that_meet_no_call_are_told_and_fail_a_test_that_asked_for_it(tmp_path: Path) -> None:
    tests = """
        class TestThings(Things):
            async def test_that_fails(self, harness):
                harness.port.fail("POST", "/entities/bulk", status=503, times=1)
                harness.port.fail("POST", "/entitys/bulk", status=503)
                result = await harness.trigger_resync()
                assert result.unused_faults == []
        class TestStrict(Things):
            fail_on_unused_stubs = True
            async def test_that_passes(self, harness):
                harness.port.fail("POST", "/entities", entities=["8", "9"])
                assert len((await harness.trigger_resync()).unused_faults) == 1
    """
    done = run(tmp_path, tests)

    assert "2 failed" in done.stdout
    told = section(done.stdout, "faults of Port that matched no call")
    assert re.fullmatch(r"fault 2 of Port \(test_things.py:\d+\): POST /entitys/bulk", told)
    missed = r"fault 1 of Port \(test_things.py:\d+\): POST /entities with any of the entities 8, 9"
    assert re.search(
        rf"Faults of Port that matched no call \(1\):\n +{missed}\nWhat to do: remove them", done.stdout
    ), done.stdout


def test_a_harness_answers_for_its_own_test_only(tmp_path: Path) -> None:
    tests = """
        import pytest_asyncio
        from harness import IntegrationTestHarness

        class TestShared(Things):
            routes = [("GET", "/nobody-asks")]
            fail_on_unused_stubs = True
            @pytest_asyncio.fixture(scope="class", loop_scope="class")
            async def shared(self):
                harness = IntegrationTestHarness(
                    self.integration_path, self.create_mapping_config(), self.create_third_party_transport(),
                    fail_on_unused_stubs=True,
                )
                await harness.start()
                yield harness
                await harness.shutdown()
            @pytest.mark.asyncio(loop_scope="class")
            async def test_that_reaches_out(self, shared):
                await shared.trigger_resync()
            @pytest.mark.asyncio(loop_scope="class")
            async def test_that_does_not(self, shared):
                pass
        class TestInnocent:
            def test_it(self):
                pass
    """
    output = run(tmp_path, tests, handler=REACHES_OUT).stdout

    assert re.search("1 failed, 2 passed,.* 1 error", output), output
    assert re.search("FAILED .*test_that_reaches_out", output)
    assert re.search(r"ERROR .*test_that_does_not.*Unused stubs \(2\)", output)


@pytest.mark.parametrize("isolation", ["container", "fork"])
def test_keeping_does_not_change_what_tests_do(tmp_path: Path, isolation: str) -> None:
    handler = """
        listener = socket.create_server(("127.0.0.1", 5555))
        main.listeners = [*getattr(main, "listeners", []), listener]
        yield [{"id": "1"}]
    """
    tests = """
        class TestThings(Things):
            async def test_it(self, harness):
                for _ in range(3):
                    assert (await harness.trigger_resync()).errors == []
                await harness.shutdown()
                await harness.start()
                assert (await harness.trigger_resync()).errors == []
            async def test_again(self, harness):
                assert (await harness.trigger_resync()).errors == []
    """
    handler = f"main = sys.modules['__main__']\n{textwrap.dedent(handler)}"
    done = run(tmp_path, tests, "--sandbox-keep", f"--sandbox-isolation={isolation}", handler=handler)

    assert done.returncode == 0, done.stdout


def test_a_boot_that_fails_is_kept_too(tmp_path: Path) -> None:
    tests = """
        class TestThings(Things):
            async def test_it(self, resync):
                pass
    """
    (tmp_path / "cache").mkdir()
    things = integration(tmp_path / "things", head="raise ValueError('mine')")
    (tmp_path / "test_things.py").write_text(HEAD.format(path=str(things)) + textwrap.dedent(tests))
    options = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-o",
        "asyncio_mode=auto",
        "--sandbox-keep",
    ]
    environment = {
        **ENVIRONMENT,
        "OCEAN_SANDBOX_CACHE": "cache",
        "COLUMNS": "200",
    }  # relative, as somebody may well have it
    done = subprocess.run(options, cwd=tmp_path, capture_output=True, text=True, check=False, env=environment)
    container = re.search(r"docker exec -it (\S+) sh", section(done.stdout, "a closer look"))[1]  # type: ignore[index]

    assert engine.client().client.containers.get(container).status == "running"
    command = [str(Path(sys.executable).with_name("ocean-sandbox")), "reap", "--kept"]
    assert (
        "released 1 kept"
        in subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True, env=environment).stdout
    )
