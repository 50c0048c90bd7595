"""A recording is read, and an invalid one is reported with the place and the remedy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from harness import cli
from harness.recording.discovery_file import PLACE
from harness.replay.recording import RecordingError, read
from tests.unit.harness.recordings import API, MAPPING, discovery, get, integration, post, upserts

WHOLE = json.dumps(discovery(), indent=2)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        (" \n", "is empty"),
        (WHOLE[: len(WHOLE) // 2], "is cut off"),
        (WHOLE[:-2], "is cut off"),
        ('{"metadata": }', "is not valid JSON"),
        ("[]", "does not hold a JSON object"),
        ("{}", "has no 'metadata'"),
        (discovery(metadata={"version": 7}), "has version 7; this ocean-sandbox reads version 1"),
        (discovery(third_party_requests={}), "has no list as 'third_party_requests'"),
        (discovery(third_party_requests=[]), "has no third-party request"),
        (discovery(third_party_requests=[{"method": "GET"}]), "third_party_requests[0] has no url of type str"),
        (discovery(third_party_requests=["x"]), "third_party_requests[0] is not an object"),
        (discovery([get("/x"), get("nowhere://")]), "third_party_requests[1]: 'nowhere://' is not a complete URL"),
        (discovery(mapping_config=None), "has no object as 'mapping_config'"),
    ],
)
def test_a_recording_that_is_none_is_an_error_of_one_message(content: object, said: str, tmp_path: Path) -> None:
    directory = integration(tmp_path, content)
    done = CliRunner().invoke(cli.main, ["generate", "--full", "--no-replay", str(directory)])

    assert done.exit_code == 3
    assert said in done.output
    assert str(PLACE) in done.output
    assert "What to do: record it again" in done.output
    assert not (directory / "tests").exists()


def test_without_a_recording_it_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"does not exist\.\nWhat to do: record one: ocean-sandbox discover"):
        read(tmp_path)


def test_without_a_spec_it_says_so(tmp_path: Path) -> None:
    directory = integration(tmp_path, discovery())
    (directory / ".port" / "spec.yaml").unlink()
    done = CliRunner().invoke(cli.main, ["generate", str(directory)])
    assert done.exit_code == 3
    assert "has no .port/spec.yaml" in done.output


def test_what_the_original_wrote_can_be_read_too(tmp_path: Path) -> None:
    content: dict[str, Any] = discovery([get("/things", [{"id": 1}])], metadata={"integration_type": "things"})
    del content["third_party_requests"][0]["response_headers"]
    assert read(integration(tmp_path, content)).requests[0].headers == {}


def test_secrets_of_the_configuration_become_test_values_everywhere(tmp_path: Path) -> None:
    requests = [
        get("/things?key=redacted-00002", [{"url": f"{API}/x?key=redacted-00002"}]),
        get("/things?key=redacted-00003", [{"owner": "redacted-00009"}]),
    ]
    config = {"token": "redacted-00001", "api_key": "redacted-00002", "other": "a redacted-00003", "private": "plain"}
    recording = read(integration(tmp_path, discovery(requests, integration_config=config)))

    assert recording.config == {
        "token": "test-value",
        "api_key": "test-value",
        "other": "a test-value-2",
        "private": "test-value",
    }
    assert recording.requests[0].body == [{"url": f"{API}/x?key=test-value"}]
    assert [each.query for each in recording.requests] == ["key=test-value", "key=test-value-2"]
    assert recording.requests[1].body == [{"owner": "redacted-00009"}]


def test_the_entities_are_those_that_port_took(tmp_path: Path) -> None:
    calls = upserts({"identifier": "1"}, {"identifier": "2"})
    calls[0]["response_body"]["errors"] = [{"index": 1, "identifier": "2", "statusCode": 422}]
    calls += [
        {**calls[0], "url": "http://port/v1/entities/search"},
        {**upserts({"identifier": "3"})[0], "response_status": 500},
    ]
    recording = read(integration(tmp_path, discovery(port_requests=calls)))
    assert recording.entities == [{"blueprint": "thing", "identifier": "1"}]
    assert read(integration(tmp_path, discovery())).entities is None


def test_a_url_is_read_as_it_is_on_the_wire(tmp_path: Path) -> None:
    recording = read(integration(tmp_path, discovery([get("/ü?q=a b#part"), post("/", None)])))
    assert [each.url for each in recording.requests] == [f"{API}/%C3%BC?q=a%20b", f"{API}/"]
    assert recording.mapping == MAPPING
