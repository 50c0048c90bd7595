"""Says that pytest runs in another environment than the integration's, where that is why a conftest.py cannot be imported."""

import sys
from importlib.util import find_spec
from pathlib import Path

from harness.integration.own_environment import how_to_install


def why_not_imported(conftest: Path, cause: BaseException) -> str:
    """What to say of a conftest.py that could not be imported; empty where its own code is wrong.

    Args:
        conftest: The file.
        cause: What its import raised.
    """
    if not isinstance(cause, ModuleNotFoundError) or not cause.name:
        return ""
    directory = next((each for each in conftest.parents if (each / ".port").is_dir()), None)
    if directory is None:
        return ""
    package = cause.name.partition(".")[0]
    if find_spec(package) is not None:  # it is a module of it that there is not
        return ""
    return (
        f"ocean-sandbox: {conftest} needs {package}, which is not installed for this pytest ({sys.executable}).\n"
        f"What to do: run it in the integration's environment. {how_to_install(directory)}\n"
        "Or put the sandbox's tests into integration_tests, where pytest does not import that conftest.py."
    )
