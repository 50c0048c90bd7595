"""Debian's current registry answers like the recorded one: checked nightly, since its next release may not."""

import json
from pathlib import Path

import pytest

from harness.recording.discovery_file import PLACE
from tests.upstream.registry import Registry, run_registry

from .test_discover import make_example
from .test_verify import command

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.contract]

RECORDING = Path(__file__).parents[1] / "upstream" / "registry_recording.json"
# The address that the recording has; a registry of ours has another each time.
RECORDED_AT = "http://registry.example:5000"


def filled(registry: Registry) -> str:
    """Push what was recorded; gives a digest."""
    for tag in ("1.0", "1.1"):
        registry.push("shop/api", tag, layers=2)
    return registry.push("shop/web", "2.0", architecture="arm64")


def recorded(folder: Path, url: str) -> Path:
    """The example with the recording, as if of the registry at ``url``."""
    directory = make_example(folder)
    (directory / ".env").write_text(f"OCEAN__INTEGRATION__CONFIG__REGISTRY_URL={url}\n")
    (directory / PLACE).write_text(RECORDING.read_text().replace(RECORDED_AT, url))
    return directory


def test_the_registry_of_today_is_as_recorded(tmp_path: Path) -> None:
    with run_registry() as registry:
        filled(registry)
        directory = recorded(tmp_path, registry.url)
        assert "has not changed since the recording" in command("verify", directory)


def test_a_registry_that_lost_an_image_is_not(tmp_path: Path) -> None:
    report = tmp_path / "reports" / "drift.json"
    with run_registry() as registry:
        registry.delete("shop/web", filled(registry))
        directory = recorded(tmp_path, registry.url)
        said = command("verify", directory, "--output", str(report), code=1)
    drift = json.loads(report.read_text())["drift"]
    assert drift
    assert all(each["endpoint"] in said for each in drift)
