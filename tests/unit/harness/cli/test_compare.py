"""How `ocean-sandbox compare` handles errors, as far as that needs no engine."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from harness import cli
from harness.cli.compare import _pair
from sandbox.resync.environment import variables
from tests.unit.harness.factories import make_stub, write


def test_an_error_that_nobody_foresaw_does_not_pass_for_a_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    things = tmp_path / "things"
    things.mkdir()
    write(tmp_path / "wiremock-mappings" / "things" / "a.json", make_stub())
    write(tmp_path / "bin" / "git", "not to be executed")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    done = CliRunner().invoke(cli.main, ["compare", str(things), "--against", "git:v1"])

    assert done.exit_code == 3, done.output
    assert done.stderr.startswith("ocean-sandbox: Unexpected error in `ocean-sandbox compare`, at harness/")
    assert ": PermissionError: " in done.stderr
    assert "Traceback" not in done.output


@pytest.mark.parametrize("value", ["1.10", "0123", "yes", "null", "2024-01-01", "[1, 2]", "a: b", "", " x", "a=b"])
def test_a_value_is_the_text_that_it_is(value: str) -> None:
    name, taken = _pair(f"version={value}")

    assert variables({"integration": {"config": {name: taken}}}) == {"OCEAN__INTEGRATION__CONFIG__VERSION": value}
