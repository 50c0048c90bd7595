"""`watch` shows what each save changes, survives whatever happens to the files, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from harness.options import settings_in_force
from sandbox.engine import engine
from sandbox.engine.owner import PROCESS, process_name
from sandbox.pool import pool

from .factories import API, integration, mapping
from .terminal import terminal

pytestmark = [pytest.mark.integration, pytest.mark.slow]

COMMAND = [str(Path(sys.executable).with_name("ocean-sandbox")), "watch", "things"]
SAVES = 200
CTRL_C = "\x03"


def environment() -> dict[str, str]:
    return {**os.environ, "OCEAN_SANDBOX_STANDING_POOL": "0"}


def make_things(folder: Path) -> Path:
    """An integration with a mapping and a stub; returns the stub's file."""
    things = integration(folder / "things")
    resources = things / ".port" / "resources"
    resources.mkdir(parents=True)
    (resources / "port-app-config.yml").write_text(yaml.safe_dump(mapping()))
    stub = folder / "wiremock-mappings" / "things" / "things.yaml"
    stub.parent.mkdir(parents=True)
    save(stub, 0)
    # The first to need an image builds it, for longer than a person is waited for here.
    pool.build([things], settings_in_force())
    return stub


def save(stub: Path, value: int, path: str = "/things") -> None:
    stub.write_text(
        yaml.safe_dump([{"url": f"{API}{path}", "response": {"json": [{"id": 1, "value": value}]}}], sort_keys=False)
    )


def left_of(pid: int) -> list[object]:
    """The containers and networks of a process, once they had time to go."""
    api = engine.client().client.api
    deadline = time.monotonic() + 15
    filters = {"label": f"{PROCESS}={process_name(pid)}"}
    while (left := api.containers(all=True, filters=filters) + api.networks(filters=filters)) and (
        time.monotonic() < deadline
    ):
        time.sleep(0.1)
    return list(left)


def test_a_day_of_a_person_who_watches(tmp_path: Path) -> None:
    stub = make_things(tmp_path)
    main = tmp_path / "things" / "main.py"
    with terminal(COMMAND, tmp_path, environment()) as person:
        person.expect("ok: 1 entity, 1 call")
        person.expect("r re-run · a accept the entities · q quit")
        save(stub, 1)
        assert "things/things.yaml" in person.expect("properties.value: 0 → 1")
        person.expect("ok: ")

        # Quick saves: the last one is shown in the end, whatever was shown of the others.
        for value in range(2, SAVES + 2):
            save(stub, value)
            time.sleep(0.005)
        person.expect(f"→ {SAVES + 1}\n")
        person.expect("ok: ")

        stub.write_text(f"- url: {API}/things\n  response: {{json: [")
        person.expect(f"not run: {stub}:3:1: this is not valid YAML")
        save(stub, 1)
        person.expect(f"properties.value: {SAVES + 1} → 1")

        shutil.move(stub.parent, tmp_path / "away")
        person.expect("not run: There is no stub folder 'things'")
        shutil.move(tmp_path / "away", stub.parent)
        person.expect("no difference from the previous run")

        whole = main.read_text()
        main.write_text(f"{whole}\ndef broken(:\n")
        person.expect("SyntaxError: invalid syntax")
        main.write_text(whole)
        person.expect("no difference from the previous run")

        # A resync that hangs is cut when something changes, and the change is not missed.
        main.write_text(whole.replace("yield response", "await asyncio.sleep(3600)\n    yield response"))
        person.expect("resyncing")
        time.sleep(5)  # until the code is in the container
        main.write_text(whole)
        person.expect("stopped: something changed")
        person.expect("no difference from the previous run")

        person.press("a")
        person.expect("accepted: tests/snapshots/things.json")
        save(stub, 3)
        person.expect("Different from the snapshot tests/snapshots/things.json")
        person.expect("properties.value: 1 → 3")
        person.press("r")
        person.expect("requested")
        person.expect("no difference from the previous run")
        accepted = json.loads((tmp_path / "things" / "tests" / "snapshots" / "things.json").read_text())
        assert [entity["properties"] for entity in accepted["entities"]] == [{"value": 1}]

        save(stub, 3, "/thingz")
        person.expect(f"No stub matched GET {API}/things")
        person.expect("s write the missing stubs")
        person.press("s")
        person.expect("written to things/unanswered.yaml")
        person.expect("+ GET https://api.things.example/things → 200")

        person.press(CTRL_C)
        assert person.process.wait(20) == 0
        assert left_of(person.process.pid) == []


def test_without_a_terminal_there_are_lines(tmp_path: Path) -> None:
    stub = make_things(tmp_path)
    with subprocess.Popen(
        COMMAND, cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        lines = iter(process.stdout.readline, "")
        assert [next(lines).rstrip() for _ in range(2)][1] == "thing: 1 upserted, 0 deleted, 0 refused"
        save(stub, 1)
        assert any(line == "    properties.value: 0 → 1\n" for line in lines)
        process.send_signal(signal.SIGTERM)
        rest = process.stdout.read() + process.stderr.read()
        assert process.wait(20) == 0
        assert "\x1b" not in rest
        assert "Traceback" not in rest
    assert left_of(process.pid) == []
