"""The archive with an integration's code: what is in it, what is not, and in what form."""

import io
import os
import tarfile
from pathlib import Path

import pytest

from sandbox.errors import IntegrationError
from sandbox.images.archive import LIMIT_BYTES, pack
from tests.unit.sandbox.factories import make_files, make_integration

MEGABYTE = 1024 * 1024


def open_archive(archive: bytes) -> tarfile.TarFile:
    return tarfile.open(fileobj=io.BytesIO(archive))


def names_of(directory: Path) -> list[str]:
    with open_archive(pack(directory)) as tar:
        return tar.getnames()


def make_large(path: Path, megabytes: int) -> None:
    """A sparse file: large, and nothing is written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.truncate(megabytes * MEGABYTE)


def test_the_code_is_in_it_below_no_folder(tmp_path: Path) -> None:
    directory = make_files(
        make_integration(tmp_path / "it"),
        {"client.py": "x = 1\n", "webhook/__init__.py": "", "webhook/events.py": "y = 2\n", "pyproject.toml": ""},
    )

    with open_archive(pack(directory)) as tar:
        content = {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]

    assert content == {
        ".port/spec.yaml": b"type: it\n",
        "client.py": b"x = 1\n",
        "main.py": b"app = None\n",
        "pyproject.toml": b"",
        "webhook/__init__.py": b"",
        "webhook/events.py": b"y = 2\n",
    }


@pytest.mark.parametrize(
    "left_out",
    [
        ".git/config",
        ".venv/lib/python3.13/site-packages/httpx/__init__.py",
        "venv/bin/python",
        "node_modules/a/index.js",
        "__pycache__/main.cpython-313.pyc",
        "webhook/__pycache__/events.pyc",
        ".mypy_cache/x.json",
        ".ruff_cache/x",
        ".pytest_cache/x",
        ".tox/py313/x",
        ".nox/tests/bin/python",
        ".terraform/providers/x",
        ".anything/of/a/tool.py",
        ".idea/workspace.xml",
        "build/lib/main.py",
        "build/bdist.linux-x86_64/x",
        "dist/it-1.0-py3-none-any.whl",
        "webhook/htmlcov/index.html",
        "it.egg-info/PKG-INFO",
        "tests/test_main.py",
        "integration_tests/conftest.py",
        "webhook/tests/fixtures/a.json",
        "webhook/node_modules/a/index.js",
        ".env",
        "webhook/.env",
        ".port/resources/discovery.json",
    ],
)
def test_it_leaves_out_what_is_no_code(left_out: str, tmp_path: Path) -> None:
    directory = make_files(make_integration(tmp_path / "it"), {left_out: "tp_test_secret", "kept.py": ""})

    assert sorted(names_of(directory)) == [".port/spec.yaml", "kept.py", "main.py"]


def test_what_only_sounds_like_it_stays(tmp_path: Path) -> None:
    directory = make_files(
        make_integration(tmp_path / "it"), {"venv.py": "", ".env.example": "", ".gitignore": "", "git/x.py": ""}
    )

    assert {"venv.py", ".env.example", ".gitignore", "git/x.py"} <= set(names_of(directory))


def test_modes_and_owners_are_the_same_whoever_packs(tmp_path: Path) -> None:
    directory = make_files(make_integration(tmp_path / "it"), {"run.sh": "", "private.py": "", "set-uid": ""})
    (directory / "main.py").chmod(0o664)
    (directory / "run.sh").chmod(0o710)
    (directory / "private.py").chmod(0o600)
    (directory / "set-uid").chmod(0o6755)
    if os.geteuid() == 0:
        os.chown(directory / "main.py", 4321, 4321)

    with open_archive(pack(directory)) as tar:
        members = {member.name: member for member in tar}

    assert {name: oct(member.mode) for name, member in members.items()} == {
        ".port/spec.yaml": "0o644",
        "main.py": "0o644",
        "private.py": "0o644",
        "run.sh": "0o755",
        "set-uid": "0o755",
    }
    assert {(each.uid, each.gid, each.uname, each.gname) for each in members.values()} == {(0, 0, "", "")}


def test_it_can_be_unpacked_as_the_runner_does(tmp_path: Path) -> None:
    directory = make_integration(tmp_path / "it")
    (directory / "alias.py").symlink_to("main.py")
    os.link(directory / "main.py", directory / "same.py")
    os.mkfifo(directory / "pipe")

    with open_archive(pack(directory)) as tar:
        tar.extractall(tmp_path / "app", filter="data")

    assert {
        name: (tmp_path / "app" / name).read_text() for name in ("alias.py", "main.py", "same.py")
    } == dict.fromkeys(("alias.py", "main.py", "same.py"), "app = None\n")
    assert not (tmp_path / "app" / "pipe").exists()


def test_no_such_directory_is_explained(tmp_path: Path) -> None:
    with pytest.raises(IntegrationError, match=f"{tmp_path / 'gone'}: no such directory") as raised:
        pack(tmp_path / "gone")

    assert "integration_path" in raised.value.remedy


def test_a_file_is_no_directory(tmp_path: Path) -> None:
    make_files(tmp_path, {"main.py": ""})

    with pytest.raises(IntegrationError, match="no such directory"):
        pack(tmp_path / "main.py")


def test_a_directory_without_main_is_explained(tmp_path: Path) -> None:
    make_files(tmp_path, {"app/main.py": ""})

    with pytest.raises(IntegrationError, match=r"has no main\.py") as raised:
        pack(tmp_path)

    assert "integration_path" in raised.value.remedy


def test_a_directory_without_a_spec_is_explained(tmp_path: Path) -> None:
    make_files(tmp_path, {"main.py": ""})

    with pytest.raises(IntegrationError, match=r"has no \.port/spec\.yaml"):
        pack(tmp_path)


def test_one_that_is_too_large_names_the_three_largest_in_it(tmp_path: Path) -> None:
    directory = make_integration(tmp_path / "it")
    for folder, megabytes in {"data": 40, "dumps/2024": 30, "small": 1, "docs": 2, ".venv": 500}.items():
        make_large(directory / folder / "x.bin", megabytes)

    with pytest.raises(IntegrationError, match="larger than 64 MB") as raised:
        pack(directory)

    assert str(directory) in raised.value.what
    assert raised.value.remedy.endswith("the largest are: data (40 MB), dumps (30 MB), docs (2 MB)")


def test_what_is_left_out_does_not_count(tmp_path: Path) -> None:
    directory = make_integration(tmp_path / "it")
    make_large(directory / ".venv" / "x.bin", 65)

    assert len(pack(directory)) < MEGABYTE


def test_the_limit_itself_is_not_too_large(tmp_path: Path) -> None:
    directory = make_files(tmp_path / "it", {"main.py": "", ".port/spec.yaml": ""})
    make_large(directory / "x.bin", LIMIT_BYTES // MEGABYTE)

    assert len(pack(directory)) > LIMIT_BYTES
    make_files(directory, {"y": "1"})
    with pytest.raises(IntegrationError, match="larger than 64 MB"):
        pack(directory)


def test_a_large_file_at_the_top_is_named(tmp_path: Path) -> None:
    directory = make_integration(tmp_path / "it")
    make_large(directory / "dump.json", 65)

    with pytest.raises(IntegrationError) as raised:
        pack(directory)

    assert "the largest are: dump.json (65 MB), " in raised.value.remedy


def test_the_sizes_of_folders_do_not_count_what_is_left_out(tmp_path: Path) -> None:
    directory = make_integration(tmp_path / "it")
    make_large(directory / "data" / "x.bin", 65)
    make_large(directory / "tools" / ".venv" / "x.bin", 300)

    with pytest.raises(IntegrationError) as raised:
        pack(directory)

    assert raised.value.remedy.endswith("the largest are: data (65 MB), main.py (0 MB), .port (0 MB)")


def test_code_behind_a_link_to_a_folder_is_in_it(tmp_path: Path) -> None:
    directory = make_integration(tmp_path / "it")
    make_files(tmp_path / "shared", {"client.py": "x = 1\n"})
    (directory / "shared").symlink_to("../shared")

    with open_archive(pack(directory)) as tar:
        tar.extractall(tmp_path / "app", filter="data")

    assert (tmp_path / "app" / "shared" / "client.py").read_text() == "x = 1\n"


def test_links_that_lead_back_are_followed_once(tmp_path: Path) -> None:
    directory = make_files(make_integration(tmp_path / "it"), {"webhook/events.py": ""})
    (directory / "webhook" / "back").symlink_to("..")

    assert sorted(names_of(directory)) == [".port/spec.yaml", "main.py", "webhook/events.py"]


def test_what_is_no_code_is_left_out_behind_a_link_too(tmp_path: Path) -> None:
    directory = make_integration(tmp_path / "it")
    make_files(tmp_path / "shared", {"client.py": "", ".env": "", "__pycache__/client.pyc": ""})
    (directory / "shared").symlink_to("../shared")
    (directory / ".venv").symlink_to("../shared")

    assert sorted(names_of(directory)) == [".port/spec.yaml", "main.py", "shared/client.py"]


def test_a_file_behind_a_link_to_the_outside_can_be_unpacked(tmp_path: Path) -> None:
    directory = make_integration(tmp_path / "it")
    make_files(tmp_path / "shared", {"client.py": "x = 1\n"})
    (directory / "client.py").symlink_to(tmp_path / "shared" / "client.py")

    with open_archive(pack(directory)) as tar:
        tar.extractall(tmp_path / "app", filter="data")

    assert (tmp_path / "app" / "client.py").read_text() == "x = 1\n"


@pytest.mark.parametrize("mark", ["pyvenv.cfg", "conda-meta/history"])
def test_an_environment_is_left_out_whatever_its_name(mark: str, tmp_path: Path) -> None:
    directory = make_files(
        make_integration(tmp_path / "it"), {f"my env/{mark}": "", "my env/lib/httpx.py": "", "tools/environment.py": ""}
    )

    assert sorted(names_of(directory)) == [".port/spec.yaml", "main.py", "tools/environment.py"]


@pytest.mark.parametrize(
    "code",
    [
        "import tests.helpers\n",
        "import os, tests.helpers as helpers\n",
        "from tests import helpers\n",
        "def later():\n    from tests.helpers import x\n",
        "from importlib import import_module\nimport_module('tests.helpers')\n",
        "open('tests/data.json')\n",
        "from pathlib import Path\nPath('tests')\n",
        "type Newer[T = int] = tests.helpers\n",  # the integration's Python may be newer than the one that packs
    ],
)
def test_tests_that_the_integration_names_are_in_it(code: str, tmp_path: Path) -> None:
    directory = make_files(make_integration(tmp_path / "it"), {"client.py": code, "tests/helpers.py": "x = 1\n"})

    assert "tests/helpers.py" in names_of(directory)


@pytest.mark.parametrize("code", ["# see tests\n", "'It runs the tests.'\n", "tests = latest = mytests = 1\n"])
def test_a_word_in_passing_names_no_tests(code: str, tmp_path: Path) -> None:
    directory = make_files(make_integration(tmp_path / "it"), {"client.py": code, "tests/helpers.py": ""})

    assert "tests/helpers.py" not in names_of(directory)


def test_what_is_in_it_names_more_in_turn(tmp_path: Path) -> None:
    directory = make_files(
        make_integration(tmp_path / "it"),
        {
            "client.py": "from tests import helpers\n",
            "tests/helpers.py": "open('.samples/a.json')\n",
            "tests/build/lib/x.py": "",
            ".samples/a.json": "{}",
            ".other/b.json": "{}",
        },
    )

    assert sorted(names_of(directory)) == [
        ".port/spec.yaml",
        ".samples/a.json",
        "client.py",
        "main.py",
        "tests/helpers.py",
    ]


def test_what_names_itself_alone_is_left_out(tmp_path: Path) -> None:
    directory = make_files(make_integration(tmp_path / "it"), {"tests/test_main.py": "from tests.helpers import x\n"})

    assert sorted(names_of(directory)) == [".port/spec.yaml", "main.py"]


@pytest.mark.parametrize(
    "path", ["build.py", "dist.py", "tests.py", "build/__init__.py", "exporters/build/runs.py", "dist/__init__.py"]
)
def test_a_module_named_as_build_output_is_in_it(path: str, tmp_path: Path) -> None:
    directory = make_files(make_integration(tmp_path / "it"), {path: ""})

    assert path in names_of(directory)


@pytest.mark.parametrize(
    ("pattern", "path", "is_in"),
    [
        ("samples", "samples/a.json", False),
        ("samples/", "samples/a.json", False),
        ("/samples", "samples/a.json", False),
        ("samples", "webhook/samples/a.json", True),
        ("**/samples", "webhook/samples/deep/a.json", False),
        ("*.json", "a.json", False),
        ("*.json", "webhook/a.json", True),
        ("**/*.json", "webhook/a.json", False),
        ("webhook/*/a.json", "webhook/x/a.json", False),
        ("# samples", "samples/a.json", True),
        ("  samples  ", "samples/a.json", False),
        ("a?.json", "ab.json", False),
        ("*\n!client.py", "client.py", True),
        ("*\n!client.py", "other.py", False),
        ("samples\n!samples/a.json", "samples/a.json", True),
        ("samples\n!samples/a.json", "samples/b.json", False),
        ("!a.json\n*.json", "a.json", False),
        ("../samples", "samples/a.json", False),
        ("\ufeffsamples", "samples/a.json", False),
        ("", "samples/a.json", True),
        (".", "samples/a.json", True),
    ],
)
def test_what_dockerignore_names_is_left_out(pattern: str, path: str, is_in: bool, tmp_path: Path) -> None:  # noqa: FBT001
    directory = make_files(make_integration(tmp_path / "it"), {path: "", ".dockerignore": f"{pattern}\n"})

    assert (path in names_of(directory)) is is_in


def test_dockerignore_does_not_take_what_no_integration_runs_without(tmp_path: Path) -> None:
    directory = make_files(make_integration(tmp_path / "it"), {".dockerignore": "*\n.port\n", "client.py": ""})

    assert sorted(names_of(directory)) == [".port/spec.yaml", "main.py"]
