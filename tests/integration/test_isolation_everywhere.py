"""What holds for a container holds for a fork and for a pool daemon's sandbox: the same tests say so."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.pool.pool_client import ask

from .test_standing_pool import standing

pytestmark = [pytest.mark.integration, pytest.mark.slow]

HERE = Path(__file__).parent
EXAMPLE = HERE.parents[1] / "examples" / "oci-registry"
_RESYNCS = 10  # fewer than any of these take
# Those that name their isolation themselves are the same with and without an isolation in the environment.
TESTS = {
    ("fork", False): ["test_closed.py"],
    ("container", True): [
        "test_closed.py",
        "test_isolation.py::test_rounds_in_parallel[container]",
        "test_leftovers.py",
    ],
    ("fork", True): ["test_closed.py", "test_isolation.py::test_rounds_in_parallel[fork]"],
}


@pytest.mark.parametrize(("isolation", "stands"), list(TESTS), ids=["fork", "standing", "standing fork"])
def test_it_is_as_isolated(tmp_path: Path, isolation: str, *, stands: bool) -> None:
    with contextlib.ExitStack() as stack:
        environment = {**os.environ, "OCEAN_SANDBOX_ISOLATION": isolation}
        if stands:
            environment = stack.enter_context(standing(tmp_path, EXAMPLE, OCEAN_SANDBOX_ISOLATION=isolation))
        command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider"]
        done = subprocess.run(
            [*command, *(str(HERE / name) for name in TESTS[isolation, stands])],
            cwd=HERE.parents[1],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-5000:]
        if stands:
            given = (ask(Path(environment["OCEAN_SANDBOX_CACHE"]), "hello") or {})["given"]
            assert given > _RESYNCS, "the tests leased the pool's sandboxes"
