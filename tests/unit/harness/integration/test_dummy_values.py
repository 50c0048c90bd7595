"""What an integration can start with if it is given nothing: settings like those of the public integrations."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.integration.configuration import read_spec
from harness.integration.dummy_key import private_key
from harness.integration.dummy_values import dummies
from tests.unit.harness.factories import write


def made(folder: Path, *entries: dict[str, Any], address: str | None = None, **given: Any) -> dict[str, Any]:
    write(folder / ".port" / "spec.yaml", yaml.safe_dump({"configurations": list(entries)}))
    return dummies(read_spec(folder), given, address)


def dummy(folder: Path, name: str, description: str = "", **entry: Any) -> Any:
    spec = {"name": name, "type": "string", "required": True, "description": description, **entry}
    (value,) = made(folder, spec).values()
    return value


@pytest.mark.parametrize(
    ("name", "description"),
    [
        ("serverUrl", ""),  # argocd
        ("serverURL", ""),
        ("wizTokenUrl", "The URL used to obtain an access token for the Wiz API"),
        ("graphqlEndpoint", ""),
        ("base_uri", ""),
        ("kubecostHost", "The URL of your Kubecost server, for example http://localhost:9090"),
        ("opencostHost", ""),
        ("server", ""),
        ("myDomain", "The URL of it"),
    ],
)
def test_what_is_named_as_a_url_has_a_scheme(tmp_path: Path, name: str, description: str) -> None:
    value = dummy(tmp_path, name, description)

    assert value.startswith("https://")
    assert value.endswith(".example.com")


def test_what_is_typed_as_a_url_has_a_scheme_and_is_where_the_stubs_are(tmp_path: Path) -> None:
    assert dummy(tmp_path, "jenkins", type="url") == "https://jenkins.example.com"
    assert dummy(tmp_path, "jenkins", format="uri") == "https://jenkins.example.com"
    entries = [
        {"name": "a", "type": "url", "required": True},
        {"name": "b", "type": "url"},
        {"name": "c", "type": "url", "required": True, "default": "https://c.example"},
        {"name": "organizationUrls", "type": "array", "required": True},
        {"name": "domain", "type": "string", "required": True},
    ]
    assert made(tmp_path, *entries, address="http://h:81") == {
        "a": "http://h:81",
        "c": "https://c.example",
        "organization_urls": ["http://h:81"],
        "domain": "h:81",
    }


@pytest.mark.parametrize(
    ("description", "url"),
    [
        # wiz takes a few URLs only, and says one of them
        (
            "The URL used to obtain a token, e.g https://auth.app.wiz.io/oauth/token. See",
            "https://auth.app.wiz.io/oauth/token",
        ),
        ('The base URL of the API (e.g., "https://api.us.wiz.io"). This is', "https://api.us.wiz.io"),
        ("The URL of your Jira, for example: https://example.atlassian.net", "https://example.atlassian.net"),
        ("For example, `https://dev12345.service-now.com`", "https://dev12345.service-now.com"),
        ('Such as "https://dev.azure.com/{your-organization}"', "https://a-url.example.com"),
        ("Such as https://<environment>.live.example", "https://a-url.example.com"),
        ("For example http://localhost:9090", "https://a-url.example.com"),
        ('See <a href="https://docs.example">', "https://a-url.example.com"),
    ],
)
def test_an_example_in_words_is_a_url_that_it_takes(tmp_path: Path, description: str, url: str) -> None:
    assert dummy(tmp_path, "aUrl", description) == url
    entry = {"name": "aUrl", "type": "url", "required": True, "description": description}
    assert made(tmp_path, entry, address="http://h:81") == {"a_url": "http://h:81"}


def test_a_host_name_has_no_scheme(tmp_path: Path) -> None:
    # okta writes `https://` in front of it
    assert dummy(tmp_path, "oktaDomain", "Your Okta domain (e.g., dev-123456.okta.com)") == "okta-domain.example.com"
    assert dummy(tmp_path, "redisHost", "Where Redis is, such as redis.internal") == "dummy-redis-host"


@pytest.mark.parametrize(
    ("name", "entry", "value"),
    [
        ("token", {}, "dummy-token"),
        ("webhookSecret", {}, "dummy-webhook-secret"),
        ("urlToken", {}, "dummy-url-token"),
        ("atlassianUserEmail", {}, "dummy-atlassian-user-email@example.com"),
        ("contact", {"format": "email"}, "dummy-contact@example.com"),
        ("authType", {"enum": ["none", "basic"]}, "none"),
        ("region", {"example": "eu"}, "eu"),
        ("pageSize", {}, "1"),
        ("pageSize", {"type": "integer"}, 1),
        ("ratio", {"type": "number"}, 1),
        ("verify", {"type": "boolean"}, False),
        ("groups", {"type": "array"}, []),
        ("extra", {"type": "object"}, {}),
        ("resyncCron", {}, "0 0 * * *"),
        ("since", {"format": "date"}, "2024-01-01"),
        ("tenantId", {"format": "uuid"}, "00000000-0000-4000-8000-000000000000"),
        (
            "tokenMapping",
            {"type": "object", "description": r"Example: {\"GROUP\":[\"a/**\"]}. See"},
            {"GROUP": ["a/**"]},
        ),
        ("tokenMapping", {"type": "object", "description": "Example: {GROUP: a} or so"}, {}),
        ("clusters", {"description": """JSON string. Example: '{"a":{"b": "c:9092"}}'"""}, '{"a": {"b": "c:9092"}}'),
        ("names", {"type": "array", "description": 'Such as ["a", "b"], or {"a": 1}'}, ["a", "b"]),
    ],
)
def test_each_kind_has_a_value_that_it_can_be(tmp_path: Path, name: str, entry: dict[str, Any], value: Any) -> None:
    assert dummy(tmp_path, name, **entry) == value


@pytest.mark.parametrize("on", ["on", True])
def test_what_another_setting_makes_required_has_a_dummy(tmp_path: Path, on: str | bool) -> None:  # noqa: FBT001 # YAML 1.1's
    def needs(values: dict[str, Any], **then: bool) -> list[dict[Any, Any]]:
        return [{on: "authMode", "when": values, "then": then or {"required": True}}]

    entries = [
        {"name": "authMode", "type": "string", "default": "App"},
        {"name": "appId", "type": "string", "dependencies": needs({"equals": "App"})},
        {"name": "token", "type": "string", "dependencies": needs({"in": ["Token", "Basic"]})},
        {"name": "user", "type": "string", "dependencies": needs({"equals": "Basic"})},
        {"name": "extra", "type": "string", "dependencies": needs({"equals": "App"}, required=False)},
    ]
    assert made(tmp_path, *entries) == {"auth_mode": "App", "app_id": "dummy-app-id"}
    assert made(tmp_path, *entries, auth_mode="Token") == {"auth_mode": "Token", "token": "dummy-token"}
    assert made(tmp_path, *entries, auth_mode="Basic", user="me") == {
        "auth_mode": "Basic",
        "token": "dummy-token",
        "user": "me",
    }


def test_a_private_key_is_one(tmp_path: Path) -> None:
    assert dummy(tmp_path, "githubAppPrivateKey") == private_key()
    done = subprocess.run(["openssl", "rsa", "-check", "-noout"], input=private_key().encode(), check=False)
    assert done.returncode == 0
