"""How long somebody who watches waits: from the save of a stub to the difference on the screen."""

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from shutil import copytree

from tests.integration.terminal import Terminal, terminal

from .runs import INTEGRATIONS, MeasureError

_URL = "https://api.things.example/things"
_MAPPING = {
    "resources": [
        {
            "kind": "thing",
            "selector": {"query": "true"},
            "port": {
                "entity": {
                    "mappings": {
                        "identifier": ".id",
                        "blueprint": '"thing"',
                        "properties": {"value": ".value"},
                    }
                }
            },
        }
    ]
}


def save_to_screen(saves: int, environment: Mapping[str, str]) -> dict[str, float]:
    """Watch an integration in a terminal, and save its stub again and again.

    Args:
        saves: How often.
        environment: What the command must know, such as where a pool daemon is.

    Returns:
        ``value``: the median of seconds from a save to its difference on the screen; ``worst``: the longest.

    Raises:
        MeasureError: A difference was not shown.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copytree(INTEGRATIONS / "things", folder / "things")
        resources = folder / "things" / ".port" / "resources"
        resources.mkdir(parents=True)
        (resources / "port-app-config.yml").write_text(json.dumps(_MAPPING))
        stub = folder / "wiremock-mappings" / "things" / "things.yaml"
        stub.parent.mkdir(parents=True)
        _save(stub, 0)
        command = [str(Path(sys.executable).with_name("ocean-sandbox")), "watch", "things"]
        with terminal(command, folder, {**os.environ, **environment}) as person:
            try:
                person.expect("q quit")
                seconds = [_seconds(person, stub, number) for number in range(1, saves + 1)]
            except AssertionError as error:
                raise MeasureError(str(error)) from error
            person.press("q")
            person.process.wait()
    return {"value": statistics.median(seconds), "worst": max(seconds)}


def _seconds(person: Terminal, stub: Path, value: int) -> float:
    began = time.monotonic()
    _save(stub, value)
    person.expect(f"→ {value}")
    shown = time.monotonic()
    person.expect("q quit")
    return shown - began


def _save(stub: Path, value: int) -> None:
    entry = {"url": _URL, "response": {"json": [{"id": "a", "value": value}]}}
    stub.write_text(json.dumps([entry]))  # JSON is YAML
