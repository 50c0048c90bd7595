"""The settings: where they come from, which wins, and what a wrong one says."""

import os
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pydantic
import pytest
from pytest import MonkeyPatch  # noqa: PT013

from sandbox.errors import SandboxError
from sandbox.images.pruning import limits
from sandbox.images.retention import Limits
from sandbox.settings import Settings, load

from .factories import make_files


def go_to(folder: Path, monkeypatch: MonkeyPatch, pyproject: str | None = None) -> None:
    """Work in ``folder``, with that table in its pyproject.toml and no setting in the environment."""
    if pyproject is not None:
        make_files(folder, {"pyproject.toml": f"[tool.ocean-sandbox]\n{pyproject}\n"})
    monkeypatch.chdir(folder)
    for variable in [name for name in os.environ if name.upper().startswith("OCEAN_SANDBOX_")]:
        monkeypatch.delenv(variable)


def test_without_any_the_defaults_hold(tmp_path: Path, monkeypatch: MonkeyPatch) -> None:
    go_to(tmp_path, monkeypatch)

    settings = load()

    assert (settings.resync_timeout, settings.log_level, settings.image) == (120, "INFO", None)
    assert settings.cache.name == "ocean-sandbox"


def test_each_source_wins_over_the_one_before_and_leaves_the_rest(tmp_path: Path, monkeypatch: MonkeyPatch) -> None:
    go_to(tmp_path, monkeypatch, 'resync_timeout = 1\nboot_timeout = 1\npids_limit = 1\nresync_memory = "2g"')
    monkeypatch.setenv("OCEAN_SANDBOX_RESYNC_TIMEOUT", "2")
    monkeypatch.setenv("OCEAN_SANDBOX_BOOT_TIMEOUT", "2")

    settings = load(resync_timeout=3)

    assert (settings.resync_timeout, settings.boot_timeout, settings.pids_limit) == (3, 2, 1)
    assert settings.resync_memory == "2g"


def test_an_option_that_is_none_is_no_option(tmp_path: Path, monkeypatch: MonkeyPatch) -> None:
    go_to(tmp_path, monkeypatch)
    monkeypatch.setenv("OCEAN_SANDBOX_IMAGE", "registry.example/port-ocean-jira:1.2.3")

    assert load(image=None).image == "registry.example/port-ocean-jira:1.2.3"


def test_zero_forbids_to_install_an_engine(tmp_path: Path, monkeypatch: MonkeyPatch) -> None:
    go_to(tmp_path, monkeypatch)
    monkeypatch.setenv("OCEAN_SANDBOX_INSTALL_ENGINE", "0")

    assert load().install_engine is False


def test_a_pyproject_of_someone_else_is_no_matter(tmp_path: Path, monkeypatch: MonkeyPatch) -> None:
    make_files(tmp_path, {"pyproject.toml": "[tool.other]\nresync_timeout = 1\n"})
    go_to(tmp_path, monkeypatch)

    assert load().resync_timeout == 120


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("resync_timeout", "soon"),
        ("resync_timeout", 0),
        ("boot_timeout", -1),
        ("pids_limit", 1.5),
        ("log_level", "LOUD"),
        ("install_engine", "perhaps"),
    ],
)
def test_a_wrong_option_is_named(name: str, value: Any, tmp_path: Path, monkeypatch: MonkeyPatch) -> None:
    go_to(tmp_path, monkeypatch)

    with pytest.raises(SandboxError, match=f"setting: {name}: ") as raised:
        load(**{name: value})

    assert "[tool.ocean-sandbox]" in raised.value.remedy


def test_a_wrong_value_in_the_environment_is_named(tmp_path: Path, monkeypatch: MonkeyPatch) -> None:
    go_to(tmp_path, monkeypatch)
    monkeypatch.setenv("OCEAN_SANDBOX_RESYNC_TIMEOUT", "two minutes")

    with pytest.raises(SandboxError, match="resync_timeout: Input should be a valid number"):
        load()


def test_a_wrong_value_in_pyproject_is_named(tmp_path: Path, monkeypatch: MonkeyPatch) -> None:
    go_to(tmp_path, monkeypatch, 'log_level = "LOUD"')

    with pytest.raises(SandboxError, match="log_level: Input should be 'DEBUG'"):
        load()


def test_all_that_is_wrong_is_named_at_once(tmp_path: Path, monkeypatch: MonkeyPatch) -> None:
    go_to(tmp_path, monkeypatch, "pids_limit = 0")

    with pytest.raises(SandboxError, match=r"(?s)(?=.*pids_limit)(?=.*boot_timeout)"):
        load(boot_timeout=-1)


def test_an_unknown_option_is_named(tmp_path: Path, monkeypatch: MonkeyPatch) -> None:
    go_to(tmp_path, monkeypatch)

    with pytest.raises(SandboxError, match="resync_timeuot: Extra inputs are not permitted"):
        load(resync_timeuot=1)


def test_an_unknown_name_in_pyproject_is_named(tmp_path: Path, monkeypatch: MonkeyPatch) -> None:
    go_to(tmp_path, monkeypatch, "resync_timeuot = 1")

    with pytest.raises(SandboxError, match="resync_timeuot: Extra inputs are not permitted"):
        load()


def test_an_unknown_name_in_the_environment_is_named(tmp_path: Path, monkeypatch: MonkeyPatch) -> None:
    go_to(tmp_path, monkeypatch)
    monkeypatch.setenv("OCEAN_SANDBOX_RESYNC_TIMEUOT", "1")

    with pytest.raises(SandboxError, match="sets OCEAN_SANDBOX_RESYNC_TIMEUOT") as raised:
        load()

    assert raised.value.remedy == "did you mean OCEAN_SANDBOX_RESYNC_TIMEOUT?"


def test_a_name_in_the_environment_that_is_like_none_gets_the_list_of_all(
    tmp_path: Path, monkeypatch: MonkeyPatch
) -> None:
    go_to(tmp_path, monkeypatch)
    monkeypatch.setenv("ocean_sandbox_" + 30 * "xyz", "1")

    with pytest.raises(SandboxError, match="sets ocean_sandbox_xyz") as raised:
        load()

    assert "OCEAN_SANDBOX_BASE_IMAGE, " in raised.value.remedy
    assert "OCEAN_SANDBOX_WIREMOCK_MEMORY" in raised.value.remedy


@pytest.mark.parametrize(
    "variable", ["OCEAN_SANDBOX_PUBLIC_OCEAN", "ocean_sandbox_boot_timeout", "OCEANS", "SANDBOX_X"]
)
def test_names_in_the_environment_that_are_known_or_no_matter_of_ours_are_let_be(
    variable: str, tmp_path: Path, monkeypatch: MonkeyPatch
) -> None:
    go_to(tmp_path, monkeypatch)
    monkeypatch.setenv(variable, "7")

    assert load().boot_timeout == (7 if variable.endswith("timeout") else 60)


def test_a_pyproject_that_is_no_toml_is_explained(tmp_path: Path, monkeypatch: MonkeyPatch) -> None:
    go_to(tmp_path, monkeypatch, "resync_timeout = ")

    with pytest.raises(SandboxError, match=r"pyproject\.toml is not valid TOML: .*line 2") as raised:
        load()

    assert str(tmp_path) in raised.value.what


@pytest.mark.parametrize("subnets", ["10.0.0.0/33", "somewhere", "172.30.0.1/16", "10.0.0.0/29"])
def test_subnets_that_no_network_can_be_cut_from_are_named(
    subnets: str, tmp_path: Path, monkeypatch: MonkeyPatch
) -> None:
    go_to(tmp_path, monkeypatch)

    with pytest.raises(SandboxError, match="setting: subnets: "):
        load(subnets=subnets)


@pytest.mark.parametrize("subnets", ["10.0.0.0/8", "192.168.7.16/28"])
def test_subnets_that_hold_a_sandbox_are_a_network(subnets: str, tmp_path: Path, monkeypatch: MonkeyPatch) -> None:
    go_to(tmp_path, monkeypatch)
    monkeypatch.setenv("OCEAN_SANDBOX_SUBNETS", subnets)

    assert load().subnets == IPv4Network(subnets)


def test_each_resync_has_a_container_unless_a_fork_is_asked_for(tmp_path: Path, monkeypatch: MonkeyPatch) -> None:
    go_to(tmp_path, monkeypatch)
    assert load().isolation == "container"

    make_files(tmp_path, {"pyproject.toml": '[tool.ocean-sandbox]\nisolation = "fork"\n'})
    assert load().isolation == "fork"

    monkeypatch.setenv("OCEAN_SANDBOX_ISOLATION", "container")
    assert load().isolation == "container"
    assert load(isolation="fork").isolation == "fork"


@pytest.mark.parametrize("isolation", ["process", "FORK", ""])
def test_another_isolation_is_refused(isolation: str, tmp_path: Path, monkeypatch: MonkeyPatch) -> None:
    go_to(tmp_path, monkeypatch)
    monkeypatch.setenv("OCEAN_SANDBOX_ISOLATION", isolation)

    with pytest.raises(SandboxError, match="isolation: Input should be 'container' or 'fork'"):
        load()


def test_settings_do_not_change_under_those_who_hold_them(tmp_path: Path, monkeypatch: MonkeyPatch) -> None:
    go_to(tmp_path, monkeypatch)

    with pytest.raises(pydantic.ValidationError, match="frozen"):
        load().resync_timeout = 1


def test_every_setting_says_what_it_is_for() -> None:
    assert [name for name, each in Settings.model_fields.items() if not each.description] == []


def test_a_working_directory_that_is_gone_is_explained(tmp_path: Path, monkeypatch: MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    go_to(gone, monkeypatch)
    gone.rmdir()

    with pytest.raises(SandboxError, match="The working directory no longer exists") as raised:
        load()

    assert raised.value.remedy


@pytest.mark.parametrize("size", ["much", "-1g", "5 apples", ""])
def test_a_size_of_images_that_is_none_is_named(size: str, tmp_path: Path, monkeypatch: MonkeyPatch) -> None:
    go_to(tmp_path, monkeypatch)

    with pytest.raises(SandboxError, match="setting: images_size: "):
        load(images_size=size)


@pytest.mark.parametrize(("size", "number"), [("5g", 5 * 1024**3), ("2.5K", 2560), ("100", 100), ("0", 0)])
def test_the_limits_of_images_are_settings(size: str, number: int, tmp_path: Path, monkeypatch: MonkeyPatch) -> None:
    go_to(tmp_path, monkeypatch)
    monkeypatch.setenv("OCEAN_SANDBOX_IMAGES_SIZE", size)
    monkeypatch.setenv("OCEAN_SANDBOX_IMAGES_DAYS", "0.5")

    assert limits(load()) == Limits(0.5, number)
