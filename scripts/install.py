"""Makes a virtual environment hold what a lock file pins, and this project: that and nothing else.

``scripts/install.py ENVIRONMENT LOCK``, with the Python that the environment is to have, on a machine that need not have
anything else. Nothing is resolved: what the lock names is installed, from wheels, each with a hash that the lock has for
it. pip, as it is configured on this machine, installs the uv that is locked; uv does the rest in a tenth of the time.
Where uv cannot, pip does.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from sandbox.images import pip_settings  # noqa: E402 # nothing is installed yet, this project neither

# No source distribution: what builds it would have to be resolved.
WHEELS = ("--quiet", "--require-hashes", "--only-binary", ":all:")
OURS = ("--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--editable", str(ROOT))
FOR_PIP = {"PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def main(environment: Path, lock: Path) -> None:
    """Make ``environment``, or bring it up to date; ends with a message where it cannot."""
    stamp = environment / ".installed"
    usable = _is_usable(environment, stamp)
    stamp.unlink(missing_ok=True)  # an interrupted installation starts from nothing the next time
    try:
        if not usable:
            _create(environment)
        _install(environment, lock)
    except subprocess.CalledProcessError as error:
        sys.exit(f"{error.stderr or ''}[setup] {environment} is not complete: fix what is said above, then try again")
    stamp.write_text(f"{environment.resolve()}\n{os.environ.get('PYTHON', '')}\n")


def _is_usable(environment: Path, stamp: Path) -> bool:
    """Whether it is complete, where it was made (its programs name their Python by its path), and of this Python."""
    try:
        where = stamp.read_text().splitlines()[:1]
        version = _run([_python(environment), "-c", "import sys; print(sys.base_prefix, sys.version)"])
    except (OSError, subprocess.CalledProcessError):
        return False
    return where == [str(environment.resolve())] and version.strip() == f"{sys.base_prefix} {sys.version}"


def _create(environment: Path) -> None:
    if environment.exists():
        shutil.rmtree(environment)
    _run([sys.executable, "-m", "venv", "--without-pip", str(environment)])


def _install(environment: Path, lock: Path) -> None:
    python = _python(environment)
    pip = _find_pip(environment)
    settings = pip_settings.read(pip) if pip else {}
    # The variables of uv itself win.
    for_uv = {"UV_SYSTEM_CERTS": "1", **pip_settings.for_uv(settings), **os.environ}
    uv = _install_uv(environment, lock, pip)
    no_index = ["--no-index"] if settings.get("no-index", "").lower() in {"1", "true", "yes", "on"} else []
    try:
        _run([uv, "pip", "sync", "--python", python, *WHEELS, *no_index, str(lock)], for_uv)
        _run([uv, "pip", "install", "--python", python, *OURS], for_uv)
    except subprocess.CalledProcessError as error:
        if not pip:
            raise
        _say(f"uv cannot install here, pip does: {' '.join(error.stderr.split())}")
        _create(environment)  # pip would leave what the lock no longer names
        pip = _find_pip(environment)
        _run([*pip, "install", "--no-deps", *WHEELS, "--requirement", str(lock)])
        _run([*pip, "install", *OURS])


def _install_uv(environment: Path, lock: Path, pip: Sequence[str]) -> str:
    """The path of the uv that the lock pins; where it pins none, of the one beside this Python."""
    found = re.search(r"^uv==(\S+).*(?:\n .*)*", lock.read_text(), re.MULTILINE)
    if not found:
        return str(Path(sys.executable).with_name("uv"))
    uv = environment / "bin" / "uv"
    if not _prints([str(uv), "--version"], f"uv {found[1]} "):
        installer = [*pip, "install"] if pip else ["uv", "pip", "install", "--python", _python(environment)]
        _run([*installer, "--no-deps", *WHEELS, "--requirement", "/dev/stdin"], stdin=found[0])
    return str(uv)


def _find_pip(environment: Path) -> list[str]:
    """The command of a pip for ``environment``; empty where this machine has uv instead."""
    python = _python(environment)
    own = [python, "-m", "pip"]
    # Quicker than ensurepip, which comes last; --python is there since pip 22.3.
    for pip in (own, *([*each, "--python", python] for each in ([sys.executable, "-m", "pip"], ["pip3"], ["pip"]))):
        if _prints([*pip, "--version"], "pip "):
            return pip
    if importlib.util.find_spec("ensurepip"):
        _run([python, "-m", "ensurepip"])
    elif _prints(["uv", "--version"], "uv "):
        return []
    else:
        _install_ensurepip()
        _run([python, "-m", "ensurepip"])
    return own


def _install_ensurepip() -> None:
    """Debian has it in a package of its own."""
    package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    of_debian = sys.base_prefix == "/usr" and shutil.which("apt-get")
    if not (of_debian and os.geteuid() == 0):
        remedy = f"`sudo apt-get install {package}`" if of_debian else "install pip for it"
        sys.exit(
            f"[setup] {sys.executable} cannot install packages: it has no ensurepip, and there is no pip and no uv: "
            f"{remedy}, or name another Python: make PYTHON=/path/to/python3.13"
        )
    _say(f"installing {package}")
    options = ["-q", "-o", "DPkg::Lock::Timeout=120"]
    for command in (["update"], ["install", "-y", "--no-install-recommends", package]):
        _run(["apt-get", *options, *command], {**os.environ, "DEBIAN_FRONTEND": "noninteractive"})


def _python(environment: Path) -> str:
    return str(environment / "bin" / "python")


def _prints(command: Sequence[str], start: str) -> bool:
    """Whether the program is there, runs, and prints this; a shim of pyenv may be there and not run."""
    try:
        return _run(command).startswith(start)
    except (OSError, subprocess.CalledProcessError):
        return False


def _run(command: Sequence[str], environment: Mapping[str, str] = os.environ, stdin: str | None = None) -> str:
    done = subprocess.run(
        command, env={**environment, **FOR_PIP}, input=stdin, capture_output=True, text=True, check=True
    )
    return done.stdout


def _say(text: str) -> None:
    print(f"[setup] {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
