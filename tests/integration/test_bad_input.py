"""Bad input gets a message that names the file and the remedy."""

from pathlib import Path
from typing import Any

import pytest

from harness import MappingError, StubFileError
from sandbox import ImageError, IntegrationError

from .factories import integration, mapping, resync

pytestmark = [pytest.mark.integration, pytest.mark.asyncio]


async def test_no_main(tmp_path: Path) -> None:
    with pytest.raises(IntegrationError, match=r"it has no main\.py") as caught:
        await resync(tmp_path)
    assert str(tmp_path) in str(caught.value)
    assert "What to do: write one, or fix integration_path" in str(caught.value)


async def test_no_spec_and_a_broken_one(tmp_path: Path) -> None:
    with pytest.raises(IntegrationError, match=r"has no \.port/spec\.yaml") as caught:
        await resync(integration(tmp_path / "none", spec=None))
    assert f"write {tmp_path}/none/.port/spec.yaml" in str(caught.value)
    with pytest.raises(IntegrationError, match=r"read \.port/spec\.yaml") as caught:
        await resync(integration(tmp_path / "broken", spec="title: [unclosed"))
    assert f"{tmp_path}/broken/.port/spec.yaml" in str(caught.value)


async def test_a_configuration_that_the_spec_does_not_allow(tmp_path: Path) -> None:
    spec = "configurations:\n  - name: amount\n    type: integer\n    required: true\n"
    config = {"integration": {"identifier": "things", "type": "things", "config": {"amount": "many"}}}
    with pytest.raises(IntegrationError, match="amount") as caught:
        await resync(integration(tmp_path, spec=spec), config_overrides=config)
    assert "create_integration_config()" in str(caught.value)


def stub_folder(folder: Path, content: str) -> Path:
    (folder / "wiremock-mappings" / "things").mkdir(parents=True)
    (folder / "wiremock-mappings" / "things" / "list.json").write_text(content)
    return integration(folder / "things")


async def test_invalid_json_in_a_stub_file(tmp_path: Path) -> None:
    with pytest.raises(StubFileError, match=r"list\.json:3:"):
        await resync(stub_folder(tmp_path, '{\n "request": {},\n "response" {}\n}'), stubs="things")


async def test_a_stub_that_wiremock_refuses(tmp_path: Path) -> None:
    stub = '{"request": {"urlPath": "/things", "methud": "GET"}, "response": {}}'
    with pytest.raises(StubFileError, match=r"list\.json") as caught:
        await resync(stub_folder(tmp_path, stub), stubs="things")
    assert "methud" in str(caught.value)


async def test_an_unknown_stub_folder(tmp_path: Path) -> None:
    with pytest.raises(StubFileError, match="did you mean 'things'"):
        await resync(stub_folder(tmp_path, "{}"), stubs="thigns")


@pytest.mark.parametrize("wrong", [None, [], "resources", {"resources": None}])
async def test_a_mapping_that_is_none(tmp_path: Path, wrong: Any) -> None:
    with pytest.raises(MappingError, match="mapping of the integration at") as caught:
        await resync(integration(tmp_path), port_mapping_config=wrong)
    assert str(tmp_path) in str(caught.value)


async def test_a_selector_that_is_not_jq(tmp_path: Path) -> None:
    broken = mapping()
    broken["resources"][0]["selector"]["query"] = ".value |"
    with pytest.raises(MappingError, match=r"resources\[0\]\.selector\.query is not valid JQ") as caught:
        await resync(integration(tmp_path), port_mapping_config=broken)
    assert "'.value |'" in str(caught.value)


@pytest.mark.parametrize(
    ("pyproject", "words"),
    [
        (
            '[project]\nname = "x"\nversion = "1"\ndependencies = ["no-such-package-of-ours==99"]\n',
            "no-such-package-of-ours",
        ),
        ("[project\n", "not valid TOML"),
        ('[tool.poetry]\nname = "x"\nversion = "1"\n[tool.poetry.dependencies]\npython = "^9.9x"\n', "python"),
    ],
)
async def test_an_integration_that_does_not_install(tmp_path: Path, pyproject: str, words: str) -> None:
    directory = integration(tmp_path)
    (directory / "pyproject.toml").write_text(pyproject)
    with pytest.raises(ImageError, match="could not be installed") as caught:
        await resync(directory)
    assert words in str(caught.value)
    assert str(directory / "pyproject.toml") in str(caught.value)
