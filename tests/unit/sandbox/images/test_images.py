"""What an image is made of, and so when it is built again. Where an engine must answer, a server stands in for it."""

import io
import os
import re
import tarfile
from pathlib import Path
from typing import Any

import pytest
from pytest import CaptureFixture  # noqa: PT013

from sandbox.engine import engine
from sandbox.errors import ImageError
from sandbox.images import images
from sandbox.images.base_image import BaseImage, _import
from sandbox.images.images import Image
from tests.unit.sandbox.factories import engine_at, fake_engine, make_files, make_program, make_settings

DEPENDENCIES = "[project]\nname = 'it'\ndependencies = ['port-ocean']\n"


def make_image(tmp_path: Path, **options: Any) -> Image:
    """An image of two files, with a folder and a file from elsewhere, an argument, and a parent."""
    files = {"Dockerfile": "FROM scratch\n", "site/customize.py": ""}
    folder = make_files(tmp_path / "image", files)
    make_files(tmp_path / "elsewhere", {"runner/serve.py": "", "runner/deep/x.py": "", "lock": "1"})
    parts: dict[str, Any] = {
        "parents": {"BASE": Image("parent", make_files(tmp_path / "parent", {"Dockerfile": "FROM scratch\n"}))},
        "extra": {"runner": tmp_path / "elsewhere" / "runner", "project/lock": tmp_path / "elsewhere" / "lock"},
        "arguments": {"RELEASED": "it:1"},
    }
    return Image("it", folder, **{**parts, **options})


def tag_of(tmp_path: Path, **options: Any) -> str:
    return make_image(tmp_path, **options).tag(make_settings(tmp_path))


# The tag -----------------------------------------------------------------------------------------------------------


def test_the_tag_is_a_name_that_docker_takes_and_stays(tmp_path: Path) -> None:
    assert re.fullmatch(r"ocean-sandbox/it:[0-9a-f]{16}", tag_of(tmp_path))
    assert tag_of(tmp_path) == tag_of(tmp_path)


@pytest.mark.parametrize(
    "path",
    [
        "image/Dockerfile",
        "image/site/customize.py",
        "elsewhere/runner/serve.py",
        "elsewhere/runner/deep/x.py",
        "elsewhere/lock",
        "parent/Dockerfile",
    ],
)
def test_the_tag_changes_with_each_file(path: str, tmp_path: Path) -> None:
    image, settings = make_image(tmp_path), make_settings(tmp_path)
    before = image.tag(settings)

    make_files(tmp_path, {path: "changed"})

    assert image.tag(settings) != before


@pytest.mark.parametrize("path", ["image/new", "elsewhere/runner/new.py", "parent/new"])
def test_the_tag_changes_when_a_file_comes_and_is_as_before_when_it_goes(path: str, tmp_path: Path) -> None:
    image, settings = make_image(tmp_path), make_settings(tmp_path)
    before = image.tag(settings)

    make_files(tmp_path, {path: ""})
    assert image.tag(settings) != before

    (tmp_path / path).unlink()
    assert image.tag(settings) == before


def test_the_tag_changes_when_a_file_has_another_name(tmp_path: Path) -> None:
    image, settings = make_image(tmp_path), make_settings(tmp_path)
    before = image.tag(settings)

    (tmp_path / "image/site/customize.py").rename(tmp_path / "image/site/customise.py")

    assert image.tag(settings) != before


@pytest.mark.parametrize(
    "options",
    [
        {"arguments": {"RELEASED": "it:2"}},
        {"arguments": {"OTHER": "it:1"}},
        {"arguments": {}},
        {"parents": {}},
        {"parents": {"BASE": BaseImage("trixie")}},
    ],
    ids=str,
)
def test_the_tag_changes_with_arguments_and_parents(options: dict[str, Any], tmp_path: Path) -> None:
    assert tag_of(tmp_path, **options) != tag_of(tmp_path)


def test_the_tag_changes_with_the_base_that_the_user_names(tmp_path: Path) -> None:
    tags = {images.resync().tag(make_settings(tmp_path, base_image=base)) for base in (None, "a:1", "a:2")}
    other = {images.resync().tag(make_settings(tmp_path, base_image_bookworm=base)) for base in (None, "a:1")}

    assert len(tags) == 3
    assert len(other) == 1  # it does not stand on bookworm


@pytest.mark.parametrize(
    "path",
    [
        "image/__pycache__/x.cpython-313.pyc",
        "image/x.pyc",
        "image/requirements.in",
        "elsewhere/runner/__pycache__/serve.txt",
        "elsewhere/runner/deep/__pycache__/y.pyc",
        "elsewhere/other",
    ],
)
def test_the_tag_does_not_change_with_what_is_no_input(path: str, tmp_path: Path) -> None:
    before = tag_of(tmp_path)

    make_files(tmp_path, {path: "x"})

    assert tag_of(tmp_path) == before


def test_the_tag_does_not_change_with_times_and_owners(tmp_path: Path) -> None:
    before = tag_of(tmp_path)
    (tmp_path / "image/Dockerfile").touch()
    (tmp_path / "image/Dockerfile").chmod(0o600)

    assert tag_of(tmp_path) == before


# The images --------------------------------------------------------------------------------------------------------


def test_the_dockerfile_of_each_image_knows_its_arguments_and_uses_its_files() -> None:
    ours = [
        images.wiremock(),
        images.port_mock(),
        images.front(),
        images.resync(),
        images.released("it:1"),
        images._builder(),
    ]

    for image in ours:
        dockerfile = image.files()["Dockerfile"].decode()
        for name in [*image.parents, *image.arguments]:
            assert re.search(rf"^ARG {name}$", dockerfile, re.MULTILINE), (image.name, name)
        for name in image.extra:
            assert re.search(rf"^COPY .*{name}", dockerfile, re.MULTILINE), (image.name, name)


def test_names_are_those_of_what_runs_in_them(tmp_path: Path) -> None:
    everything = (images.wiremock(), images.port_mock(), images.front(), images.resync(), images.released("x"))
    names = [image.name for image in everything]

    assert names == ["wiremock", "port-mock", "front", "resync", "released"]
    assert images.released("x").tag(make_settings(tmp_path)) != images.released("y").tag(make_settings(tmp_path))


@pytest.mark.parametrize(
    ("directory", "name"),
    [
        ("jira", "integration-jira"),
        ("My Integration_2", "integration-my-integration-2"),
        ("--odd--", "integration-odd"),
        ("größe", "integration-gr--e"),
        ("...", "integration-unnamed"),
    ],
)
def test_an_integrations_image_is_named_after_its_directory(directory: str, name: str, tmp_path: Path) -> None:
    image = images.integration(make_files(tmp_path / f"{directory}", {"pyproject.toml": DEPENDENCIES}))

    assert image.name == name
    # Docker's own grammar of a path component (distribution/reference)
    assert re.fullmatch(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*", image.name)


def test_an_integrations_image_has_its_project_and_its_lock_and_none_of_its_code(tmp_path: Path) -> None:
    directory = make_files(tmp_path / "it", {"pyproject.toml": DEPENDENCIES, "poetry.lock": "# 1\n", "main.py": ""})
    image, settings = images.integration(directory), make_settings(tmp_path)
    before = image.tag(settings)

    assert {name for name in image.files() if name.startswith("project/")} == {
        "project/pyproject.toml",
        "project/poetry.lock",
    }
    make_files(directory, {"main.py": "changed", "new.py": "", ".venv/x": ""})
    assert images.integration(directory).tag(settings) == before
    make_files(directory, {"poetry.lock": "# 2\n"})
    assert images.integration(directory).tag(settings) != before


def test_two_integrations_with_the_same_dependencies_have_an_image_each(tmp_path: Path) -> None:
    tags = [
        images.integration(make_files(tmp_path / name, {"pyproject.toml": DEPENDENCIES})).tag(make_settings(tmp_path))
        for name in ("a", "b")
    ]

    assert tags[0].rpartition(":")[2] == tags[1].rpartition(":")[2]
    assert tags[0] != tags[1]


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"poetry.lock": "# of another project\n"},
        {"pyproject.toml/x": "a folder"},
        {"pyproject.toml": "[tool.ruff]\nline-length = 120\n"},
        {"pyproject.toml": "[project]\nname = 'it'\n[tool.poetry.group.dev.dependencies]\npytest = '*'\n"},
    ],
    ids=["nothing", "a lock alone", "a folder", "a tool's settings", "no dependencies to run"],
)
def test_without_dependencies_of_its_own_an_integration_runs_in_the_common_image(
    files: dict[str, str], tmp_path: Path
) -> None:
    assert images.integration(make_files(tmp_path, files)) == images.resync()


@pytest.mark.parametrize(
    "content",
    [
        DEPENDENCIES,
        "[project]\ndependencies = []\n",
        "[tool.poetry.dependencies]\npython = '^3.12'\n",
        "[project\n",
        b"# Zo\xeb\n",
    ],
    ids=["pep 621", "an empty list", "poetry", "no toml", "no utf-8"],
)
def test_with_a_project_that_names_them_or_cannot_be_read_it_has_its_own(content: str | bytes, tmp_path: Path) -> None:
    assert images.integration(make_files(tmp_path / "it", {"pyproject.toml": content})).name == "integration-it"


# Building ----------------------------------------------------------------------------------------------------------


def make_stream(*events: dict[str, str]) -> tuple[dict[str, str], ...]:
    """What the engine says while it builds, an object each."""
    return events


def files_in(context: bytes) -> dict[str, tuple[bytes, str]]:
    with tarfile.open(fileobj=io.BytesIO(context)) as tar:
        return {member.name: (tar.extractfile(member).read(), oct(member.mode)) for member in tar}  # type: ignore[union-attr]


def test_an_image_that_the_engine_has_is_not_built(tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    image = make_image(tmp_path, parents={})
    tag = image.tag(settings)
    with fake_engine({f"GET /images/{tag}/json": (200, {"Id": "sha256:1"})}) as stand_in, engine_at(stand_in.address):
        assert images.ensure([image, image], settings, engine.client()) == [tag, tag]

    assert not any("build" in call for call in stand_in.calls)


def test_an_image_that_is_missing_is_built_from_its_files(tmp_path: Path, capsys: CaptureFixture[str]) -> None:
    settings = make_settings(tmp_path)
    image = make_image(tmp_path, parents={})
    make_files(tmp_path, {"image/start.sh": "exec true\n"})
    stream = make_stream({"stream": "Step 1/1 : FROM scratch"}, {"stream": "\n"}, {"stream": "Successfully built 1\n"})
    with fake_engine({"POST /build": (200, stream)}) as stand_in, engine_at(stand_in.address):
        assert images.ensure([image], settings, engine.client()) == [image.tag(settings)]

    ((call, context),) = [(call, body) for call, body in stand_in.seen if "/build" in call]
    assert image.tag(settings).replace("/", "%2F").replace(":", "%3A") in call
    assert "RELEASED" in call
    assert "remote" not in call
    files = files_in(context)
    assert {name: mode for name, (_, mode) in files.items()} == {
        "Dockerfile": "0o644",
        "ca-bundle.pem": "0o644",
        "project/lock": "0o644",
        "runner/deep/x.py": "0o644",
        "runner/serve.py": "0o644",
        "site/customize.py": "0o644",
        "start.sh": "0o755",
    }
    assert files["project/lock"][0] == b"1"
    assert "it: Step 1/1 : FROM scratch" in capsys.readouterr().err


def test_a_parent_is_built_first(tmp_path: Path) -> None:
    settings, image = make_settings(tmp_path), make_image(tmp_path)
    with (
        fake_engine({"POST /build": (200, make_stream({"stream": "ok"}))}) as stand_in,
        engine_at(stand_in.address),
    ):
        images.ensure([image], settings, engine.client())

    builds = [call for call in stand_in.calls if "/build" in call]
    assert [re.findall(r"t=ocean-sandbox%2F(\w+)%3A", call) for call in builds] == [["parent"], ["it"]]
    assert image.parents["BASE"].tag(settings).rpartition(":")[2] in builds[1]


def test_a_build_says_how_long_it_took_the_last_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings, image = make_settings(tmp_path), make_image(tmp_path, parents={})
    record = settings.cache / "it.build-seconds"
    with (
        fake_engine({"POST /build": (200, make_stream({"stream": "Step 1/1 : FROM x\n"}))}) as stand_in,
        engine_at(stand_in.address),
    ):
        for before, building, step in (
            (None, "", ""),
            ("75.4", " (about 75 s)", " (about 75 s to go)"),
            ("soon", "", ""),
        ):
            if before:
                record.write_text(before)
            images.ensure([image], settings, engine.client())
            said = capsys.readouterr().err.splitlines()
            assert said[0].endswith(f"building {image.tag(settings)}{building}")
            assert said[1].endswith(f"it: Step 1/1 : FROM x{step}")
            assert float(record.read_text()) < 75


def test_a_build_that_fails_is_explained_by_its_end(tmp_path: Path) -> None:
    settings, image = make_settings(tmp_path), make_image(tmp_path, parents={})
    stream = make_stream(*({"stream": f"line {number}\n"} for number in range(40)), {"error": "exit code 2"})
    with (
        fake_engine({"POST /build": (200, stream)}) as stand_in,
        engine_at(stand_in.address),
        pytest.raises(ImageError, match="The image it could not be built") as raised,
    ):
        images.ensure([image], settings, engine.client())

    assert raised.value.detail.splitlines() == [*(f"line {number}" for number in range(15, 40)), "exit code 2"]


def test_dependencies_that_cannot_be_installed_are_the_projects_fault(tmp_path: Path) -> None:
    directory = make_files(tmp_path / "it", {"pyproject.toml": DEPENDENCIES, "poetry.lock": ""})

    failure = images._failure(images.integration(directory), "no such version", ["resolving"])

    assert failure.what == f"The dependencies of the integration in {directory} could not be installed."
    assert f"{directory}/pyproject.toml or {directory}/poetry.lock" in failure.remedy
    assert failure.detail == "resolving\nno such version"


def test_an_engine_that_refuses_to_build_is_explained(tmp_path: Path) -> None:
    settings, image = make_settings(tmp_path), make_image(tmp_path, parents={})
    with (
        fake_engine({"POST /build": (500, {"message": "no space left on device"})}) as stand_in,
        engine_at(stand_in.address),
        pytest.raises(ImageError, match="no space left on device"),
    ):
        images.ensure([image], settings, engine.client())


def test_an_image_can_be_removed_so_that_it_is_built_again(tmp_path: Path) -> None:
    settings, image = make_settings(tmp_path), make_image(tmp_path, parents={})
    with (
        fake_engine({f"DELETE /images/{image.tag(settings)}": (200, [])}) as stand_in,
        engine_at(stand_in.address),
    ):
        images.remove(image, settings, engine.client())
        images.remove(make_image(tmp_path), settings, engine.client())  # one that is not there

    removals = [call.partition("?")[0] for call in stand_in.calls if call.startswith("DELETE")]
    assert removals[0] == f"DELETE /images/{image.tag(settings)}"
    assert len(removals) == 2


# A full disk -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        "write /usr/lib/libc.so.6: no space left on device",
        "The command '/bin/sh -c pip install' returned a non-zero code: 1\nOSError: [Errno 28] No space left on device",
        "E: You don't have enough free space in /var/cache/apt/archives/.",
        "npm ERR! nospc ENOSPC: no space left on device, write",
        "error: failed to write: Disk quota exceeded (os error 122)",
    ],
)
def test_a_disk_that_is_full_in_mid_build_is_told_with_what_makes_room(said: str, tmp_path: Path) -> None:
    settings, image = make_settings(tmp_path), make_image(tmp_path, parents={})
    stored = {"Id": "sha256:1", "RepoTags": ["ocean-sandbox/old:1"], "Size": 2 * 1000**3, "Created": 1, "ParentId": ""}
    answers = {
        "POST /build": (200, make_stream({"stream": f"{said}\n"}, {"error": said.splitlines()[-1]})),
        "GET /info": (200, {"ID": "A", "DockerRootDir": "/data", "SystemTime": "2026-01-02T03:04:05.123456789Z"}),
        "GET /images/json": (200, [{**stored, "Labels": {"ocean-sandbox.image": "old"}}]),
        "GET /images/sha256:1/json": (200, {"Id": "sha256:1", "Metadata": {"LastTagTime": "2025-01-01T00:00:00Z"}}),
        "GET /containers/json": (200, []),
    }
    with fake_engine(answers) as stand_in, engine_at(stand_in.address), pytest.raises(ImageError) as raised:
        images.ensure([image], settings, engine.client())

    assert raised.value.what == "The engine's disk is full: the image it could not be built."
    assert (
        "free some space in /data: `ocean-sandbox images --prune` frees 2.0 GB of the 2.0 GB that our images use"
        in (raised.value.remedy)
    )
    assert said.splitlines()[-1] in raised.value.detail


def test_a_cache_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with (
        fake_engine() as stand_in,
        engine_at(stand_in.address),
        pytest.raises(ImageError, match="is not writable") as raised,
    ):
        images.ensure([make_image(tmp_path, parents={})], make_settings(tmp_path), engine.client())

    assert "OCEAN_SANDBOX_CACHE" in raised.value.remedy


def test_an_import_that_fails_after_the_engine_has_begun_to_answer_is_an_error(tmp_path: Path) -> None:
    archive = tmp_path / "base.tar"
    archive.write_bytes(b"")
    answers = {"POST /images/create": (200, b'{"status": "reading"}\r\n{"error": "no space left on device"}\r\n')}
    with (
        fake_engine(answers) as stand_in,
        engine_at(stand_in.address),
        pytest.raises(ImageError, match="The engine's disk is full: there is no room for it:1") as raised,
    ):
        _import(archive, "it:1", make_settings(tmp_path), engine.client())

    assert "`ocean-sandbox images --prune`" in raised.value.remedy


def test_a_pull_that_fails_after_the_engine_has_begun_to_answer_is_no_registry_that_is_silent(
    tmp_path: Path, capsys: CaptureFixture[str]
) -> None:
    settings = make_settings(tmp_path)
    answers = {
        "POST /images/create": (200, make_stream({"status": "Extracting"}, {"error": "no space left on device"}))
    }
    with (
        fake_engine(answers) as stand_in,
        engine_at(stand_in.address),
        pytest.raises(ImageError, match="The engine's disk is full: there is no room for debian"),
    ):
        BaseImage("trixie").ensure(settings, engine.client())

    assert "no registry answers" not in capsys.readouterr().err


def test_a_machine_whose_own_disk_is_full_is_told_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = make_settings(tmp_path)
    programs = make_program(tmp_path / "bin", "mmdebstrap", "echo 'tar: write error: No space left on device'; exit 2")
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    with (
        fake_engine() as stand_in,
        engine_at(stand_in.address),
        pytest.raises(
            ImageError, match=r"This machine's disk is full: .* no room to bootstrap Debian trixie"
        ) as raised,
    ):
        BaseImage("trixie").ensure(settings, engine.client())

    assert "TMPDIR" in raised.value.remedy
    assert "No space left on device" in raised.value.detail
