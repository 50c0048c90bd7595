"""An index of tomorrow: a folder of wheels with a newer release of each package that a lock pins, and nothing in it."""

import re
import zipfile
from collections.abc import Iterable
from pathlib import Path

from packaging.requirements import Requirement

NEWER = "9999"


def pinned(lock: Path) -> dict[str, str]:
    """The version of each package that the lock pins for the Python and the machine that this runs on, by its name."""
    requirements = [Requirement(line.rstrip(" \\")) for line in lock.read_text().splitlines() if line[:1].isalnum()]
    return {
        requirement.name: next(iter(requirement.specifier)).version
        for requirement in requirements
        if not requirement.marker or requirement.marker.evaluate()
    }


def entries(lock: Path, *names: str) -> str:
    """What the lock says of these packages."""
    found = [re.search(rf"^{name}==.*(?:\n .*)*\n", lock.read_text(), re.MULTILINE) for name in names]
    return "".join(match[0] for match in found if match)


def make_newer_wheels(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """Offer a newer release of each package in ``folder``; gives the variables that have pip and uv look there, too."""
    folder.mkdir(parents=True)
    for name in names:
        stem = f"{name.replace('-', '_')}-{NEWER}"
        metadata = {
            "METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {NEWER}\n",
            "WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            "RECORD": "",
        }
        with zipfile.ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as wheel:
            for file, content in metadata.items():
                wheel.writestr(f"{stem}.dist-info/{file}", content)
    return {"PIP_FIND_LINKS": str(folder), "UV_FIND_LINKS": str(folder)}
