"""The configuration of an integration comes from its spec, ``.env`` and the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.integration.configuration import ConfigError, IntegrationConfig, read
from sandbox.resync.environment import snake_case
from tests.unit.harness.factories import write

PREFIX = "OCEAN__INTEGRATION__CONFIG__"
SETTINGS = [
    {"name": "apiUrl", "type": "url", "required": True},
    {"name": "apiToken", "type": "string", "required": True, "sensitive": True},
    {"name": "pageSize", "type": "integer", "default": 100},
    {"name": "verifySSL", "type": "boolean"},
    {"name": "teams", "type": "array"},
    {"name": "extra", "type": "object"},
]
GIVEN = {PREFIX + "API_URL": "https://a.example", PREFIX + "API_TOKEN": "t0ken"}


def make_integration(folder: Path, *, dotenv: str | bytes | None = None, spec: Any = None) -> Path:
    write(folder / ".port" / "spec.yaml", spec or yaml.safe_dump({"configurations": SETTINGS}))
    write(folder / "pyproject.toml", '[project]\nname = "things"\n')
    if dotenv is not None:
        write(folder / ".env", dotenv)
    return folder


def values_of(folder: Path, environment: dict[str, str] | None = None, **files: Any) -> dict[str, Any]:
    return read(make_integration(folder, **files), environment or {}).values


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("githubHost", "github_host"),
        ("apiURL", "api_url"),
        ("thirdPartyLatencyMS", "third_party_latency_ms"),
        ("token", "token"),
        ("already_snake", "already_snake"),
        ("HTTPProxy", "http_proxy"),
    ],
)
def test_names_of_the_spec_as_ocean_has_them(name: str, expected: str) -> None:
    assert snake_case(name) == expected


def test_the_environment_wins_over_dotenv_and_both_over_defaults(tmp_path: Path) -> None:
    dotenv = (
        f"# comment\n\nexport {PREFIX}API_URL=https://dotenv.example\n"
        f"{PREFIX}API_TOKEN='quoted # value'\nocean__integration__config__page_size=5\n"
    )
    assert values_of(tmp_path, {PREFIX + "API_URL": "https://environment.example"}, dotenv=dotenv) == {
        "api_url": "https://environment.example",
        "api_token": "quoted # value",
        "page_size": 5,
    }


def test_values_have_the_types_of_the_spec(tmp_path: Path) -> None:
    given = {PREFIX + "VERIFY_SSL": "False", PREFIX + "TEAMS": '["a", "b"]', PREFIX + "EXTRA": '{"a": 1}'}
    assert values_of(tmp_path, GIVEN | given) == {
        "api_url": "https://a.example",
        "api_token": "t0ken",
        "page_size": 100,
        "verify_ssl": False,
        "teams": ["a", "b"],
        "extra": {"a": 1},
    }


@pytest.mark.parametrize(
    ("name", "value"), [("PAGE_SIZE", "many"), ("VERIFY_SSL", "perhaps"), ("TEAMS", "a,b"), ("EXTRA", "[1]")]
)
def test_a_value_of_another_type_is_named_and_not_shown(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=PREFIX + name) as caught:
        values_of(tmp_path, GIVEN | {PREFIX + name: value})
    assert value not in str(caught.value)


def test_without_credentials_there_are_dummies(tmp_path: Path) -> None:
    config = read(make_integration(tmp_path), {"PATH": "/bin"})
    assert config == IntegrationConfig(
        "things",
        "discover-things",
        {"api_url": "https://api-url.example.com", "api_token": "dummy-api-token", "page_size": 100},
        is_real=False,
    )


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=rf"requires .* {PREFIX}API_TOKEN\."):
        values_of(tmp_path, dotenv=f"{PREFIX}API_URL=https://a.example\n")


def test_what_the_spec_does_not_have_is_passed_on_and_named(tmp_path: Path) -> None:
    config = read(make_integration(tmp_path), GIVEN | {PREFIX + "API_TOKE": "x"})
    assert config.values["api_toke"] == "x"
    assert config.unknown == {"api_toke": "api_token"}
    # Nobody says what it is, so that it is what it looks like.
    assert "api_toke" not in config.sensitive
    assert "pat" in read(make_integration(tmp_path), GIVEN | {PREFIX + "PAT": "ghp-0123456789abcdef"}).sensitive


def test_sensitive_are_those_that_the_spec_calls_so(tmp_path: Path) -> None:
    assert read(make_integration(tmp_path), GIVEN).sensitive == {"api_token"}


def test_secrets_for_port_are_secrets_too(tmp_path: Path) -> None:
    config = read(
        make_integration(tmp_path), GIVEN | {"OCEAN__PORT__CLIENT_SECRET": "test-p0rt", "OCEAN__PORT__BASE_URL": "u"}
    )
    assert config.secrets == ("test-p0rt",)


@pytest.mark.parametrize("line", ["NO SETTING sk-live-1234", "=sk-live-1234", "KEY='sk-live-1234", "sk-live-1234"])
def test_a_malformed_dotenv_names_the_line_and_does_not_show_it(tmp_path: Path, line: str) -> None:
    with pytest.raises(ConfigError, match=r"\.env, line 2, is not a setting") as caught:
        values_of(tmp_path, dotenv=f"A=1\n{line}\n")
    assert "sk-live-1234" not in str(caught.value)


def test_a_dotenv_that_is_no_text(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\.env cannot be read: it is not UTF-8"):
        values_of(tmp_path, dotenv=b"A=\xff\xfe\n")


def test_no_spec(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"has no \.port/spec\.yaml"):
        read(tmp_path, {})


@pytest.mark.parametrize(
    "spec", ["configurations: [}", "configurations: [1]", "[]", "configurations: [{type: string}]"]
)
def test_a_spec_that_is_none_is_named(tmp_path: Path, spec: str) -> None:
    with pytest.raises(ConfigError, match=r"spec\.yaml"):
        values_of(tmp_path, spec=spec)


@pytest.mark.parametrize(
    ("pyproject", "name"),
    [('[tool.poetry]\nname = "poet"\n', "poet"), ("no toml", "folder"), ("[project]\n", "folder")],
)
def test_the_type_is_the_projects_name_or_the_folders(tmp_path: Path, pyproject: str, name: str) -> None:
    folder = make_integration(tmp_path / "folder")
    write(folder / "pyproject.toml", pyproject)
    assert read(folder, GIVEN).kind == name
    assert (
        read(folder, GIVEN | {"OCEAN__INTEGRATION__TYPE": "other", "OCEAN__INTEGRATION__IDENTIFIER": "mine"}).kind
        == "other"
    )
