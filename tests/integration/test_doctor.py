"""`doctor` accepts a working engine, and says what is missing there."""

import json
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from harness import cli
from sandbox.engine import engine

pytestmark = pytest.mark.integration

EXAMPLE = str(Path(__file__).parents[2] / "examples" / "oci-registry")


def doctor(**environment: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """Its exit code, and the last check of each subject."""
    done = CliRunner().invoke(cli.main, ["doctor", "--json", EXAMPLE], env=environment)
    return done.exit_code, {check["subject"]: check for check in json.loads(done.stdout)["checks"]}


def test_a_working_engine_is_fine() -> None:
    code, found = doctor()

    assert code == 0
    assert {subject: check["state"] for subject, check in found.items() if check["state"] == "wrong"} == {}
    assert found["images"]["says"].startswith(f"{EXAMPLE}: ocean-sandbox/integration-oci-registry:")
    assert "small networks in 172.30.0.0/16 are free" in found["network"]["says"]


def test_an_image_that_is_not_built_yet_is_a_note() -> None:
    code, found = doctor(OCEAN_SANDBOX_BASE_IMAGE="debian:of-nobody")

    assert code == 0
    assert found["images"]["state"] == "note"
    assert found["images"]["says"].endswith("is not built yet")
    assert found["images"]["remedy"] == f"`ocean-sandbox images {EXAMPLE}` builds it, and so does any test."


def bridge() -> Any:
    """The range of the engine's own bridge."""
    (found,) = (network for network in engine.client().client.networks.list() if network.name == "bridge")
    return ip_network(found.attrs["IPAM"]["Config"][0]["Subnet"])


def test_a_range_that_others_use_is_told() -> None:
    code, found = doctor(OCEAN_SANDBOX_SUBNETS=str(next(bridge().subnets(new_prefix=28))))

    assert code == 1
    assert found["network"]["state"] == "wrong"
    assert "OCEAN_SANDBOX_SUBNETS" in found["network"]["remedy"]


def test_one_of_which_others_use_a_part_is_a_note() -> None:
    code, found = doctor(OCEAN_SANDBOX_SUBNETS=str(bridge().supernet()))

    assert code == 0
    assert found["network"]["state"] == "note"
    assert "bridge" in found["network"]["says"]


def test_without_json_it_is_a_line_each() -> None:
    done = CliRunner().invoke(cli.main, ["doctor"])

    assert done.exit_code == 0
    assert all(line.startswith(("ok  ", "note  ")) for line in done.output.splitlines())
