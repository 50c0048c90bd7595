"""Locked means locked: what an index offers since then changes nothing."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.upstream.newer_packages import NEWER, make_newer_wheels, pinned

from .factories import FEW, PYTHON, ROOT, installed, make, make_clone


@pytest.mark.slow
def test_the_environments_have_what_is_locked_and_nothing_newer(tmp_path: Path) -> None:
    locks = {".venv": ROOT / "requirements.lock", ".venv-bench": ROOT / "requirements-bench.lock"}
    clone = make_clone(tmp_path / "clone", few=False)
    offer = make_newer_wheels(tmp_path / "offer", {**pinned(locks[".venv"]), **pinned(locks[".venv-bench"])})

    done = make(clone, "setup", ".venv-bench/.installed", f"PYTHON={PYTHON}", environment=offer)

    assert done.returncode == 0, done.stderr
    for environment, lock in locks.items():
        assert installed(clone / environment) == {**pinned(lock), "ocean-sandbox": "0.1.0"}
        assert subprocess.run([clone / environment / "bin" / "ocean-sandbox", "--help"], check=False).returncode == 0
    # The test could not fail if these did not look there.
    looked = [
        subprocess.run(
            command, input="coverage", env={**os.environ, **offer}, capture_output=True, text=True, check=True
        )
        for command in (
            [clone / ".venv/bin/uv", "pip", "compile", "--quiet", "-"],
            [clone / ".venv/bin/pip", "download", "--no-deps", "--dest", tmp_path, "coverage"],
        )
    ]
    assert all(f"coverage=={NEWER}" in done.stdout or f"coverage-{NEWER}" in done.stdout for done in looked)


@pytest.mark.slow
def test_where_uv_cannot_install_pip_installs_the_same(tmp_path: Path) -> None:
    clone = make_clone(tmp_path / "clone")
    offer = make_newer_wheels(tmp_path / "offer", FEW)

    done = make(
        clone,
        "setup",
        f"PYTHON={PYTHON}",
        environment={**offer, "UV_OFFLINE": "1", "UV_CACHE_DIR": str(tmp_path / "empty")},
    )

    assert done.returncode == 0, done.stderr
    assert "[setup] uv cannot install here, pip does: " in done.stderr
    assert installed(clone / ".venv") == {**pinned(clone / "requirements.lock"), "ocean-sandbox": "0.1.0"}
