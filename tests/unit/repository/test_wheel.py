"""The wheel contains everything that the commands need, without a checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from email import message_from_string
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that this tree makes."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir"]
    subprocess.run([*pip, folder, ROOT], check=True, capture_output=True)
    (built,) = folder.iterdir()
    return built


def test_it_has_what_git_has_below_its_folders_and_nothing_else(wheel: Path) -> None:
    folders = {"docker": "sandbox/_docker", "harness": "harness", "sandbox": "sandbox"}
    folders |= {each: f"harness/_bundled/{each}" for each in ("examples", "wiremock-mappings")}
    git = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *folders]
    tracked = subprocess.run(git, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    files = {file for file in tracked if (ROOT / file).is_file()}
    wanted = {folders[file.partition("/")[0]] + "/" + file.partition("/")[2] for file in files}

    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert names == wanted


def test_its_page_has_no_link_into_the_repository(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (each for each in archive.namelist() if each.endswith("METADATA"))
        page = str(message_from_string(archive.read(name).decode()).get_payload())

    links = [part.partition(")")[0] for part in page.split("](")[1:]]
    assert links
    assert [link for link in links if not link.startswith("https://")] == []
    assert "CONTRIBUTING.md: how to build" in page


def test_installed_it_copies_recipes_and_examples_and_builds_the_same_images(wheel: Path, tmp_path: Path) -> None:
    site, work = tmp_path / "site", tmp_path / "work"
    zipfile.ZipFile(wheel).extractall(site)
    work.mkdir()

    def run(*args: str, cwd: Path = work, path: Path = site) -> str:
        code = "from harness.cli import main; main()"
        environment = {**os.environ, "PYTHONPATH": str(path)}
        command = [sys.executable, "-P", "-c", code, *args]
        return subprocess.run(command, cwd=cwd, env=environment, check=True, capture_output=True, text=True).stdout

    assert "rate-limit" in run("stubs", "recipes")
    run("stubs", "recipes", "rate-limit", "--output", "wiremock-mappings/mine")
    run("stubs", "check")
    run("init", "--example", "oci-registry")
    # A tag is a hash of all that an image is built of.
    tags = run("images", "--tags", "oci-registry")
    assert tags == run("images", "--tags", str(ROOT / "examples" / "oci-registry"), path=ROOT)
    assert tags.count("ocean-sandbox/") == len(tags.splitlines()) > 3
