"""What holds of a container of one's own holds of a fork, and of a sandbox of a standing pool: the same tests say so."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.standing import ask

from .test_standing_pool import standing

pytestmark = [pytest.mark.integration, pytest.mark.slow]

HERE = Path(__file__).parent
EXAMPLE = HERE.parents[1] / "examples" / "oci-registry"
TESTS = ["test_closed.py", "test_isolation.py", "test_leftovers.py"]


@pytest.mark.parametrize(
    ("isolation", "stands"),
    [("fork", False), ("container", True), ("fork", True)],
    ids=["fork", "standing", "standing fork"],
)
def test_it_is_as_isolated(tmp_path: Path, isolation: str, *, stands: bool) -> None:
    with contextlib.ExitStack() as stack:
        environment = {**os.environ, "OCEAN_SANDBOX_ISOLATION": isolation}
        if stands:
            environment = stack.enter_context(standing(tmp_path, EXAMPLE, OCEAN_SANDBOX_ISOLATION=isolation))
        command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider"]
        done = subprocess.run(
            [*command, *(str(HERE / name) for name in TESTS)],
            cwd=HERE.parents[1],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-5000:]
        if stands:
            given = (ask(Path(environment["OCEAN_SANDBOX_CACHE"]), "hello") or {})["given"]
            assert given > len(TESTS), "the tests leased the pool's sandboxes"
