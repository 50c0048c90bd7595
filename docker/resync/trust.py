"""Adds the sandbox's CA to every bundle of CAs that an image holds, as its builder: ``trust.py CA``.

A bundle is a file of PEM certificates, many of them: the system's, and those that packages bring along (certifi, botocore,
grpc, pip). Nothing is taken away, so what was trusted before still is, and nothing else is trusted. It runs again on what
a later layer adds, and adds the CA to no file twice.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

_BEGIN = b"-----BEGIN CERTIFICATE-----"
_SUFFIXES = (".pem", ".crt", ".cer", ".cert", ".bundle", ".txt")
# A chain or a single CA has a few; the smallest bundle in use has more than a hundred.
_FEWEST = 20
_SMALLEST = 10_000
_ELSEWHERE = ("/proc", "/sys", "/dev")
_SYSTEM = Path("/usr/local/share/ca-certificates")


def main(ca: Path) -> None:
    """Add ``ca`` to the system's trust, by the system's own means, and then to all other bundles."""
    if update := shutil.which("update-ca-certificates"):
        _SYSTEM.mkdir(parents=True, exist_ok=True)
        shutil.copy(ca, _SYSTEM / "ocean-sandbox.crt")
        subprocess.run([update], check=True, stdout=subprocess.DEVNULL)
    certificate = ca.read_bytes()
    for bundle in bundles():
        content = bundle.read_bytes()
        if certificate not in content:
            bundle.write_bytes(content.rstrip(b"\n") + b"\n\n# The CA of ocean-sandbox\n" + certificate)
            print(f"trusted in {bundle}")


def bundles() -> list[Path]:
    """Every bundle of the image, links aside."""
    found = []
    for folder, folders, files in os.walk("/"):
        if folder in _ELSEWHERE:
            folders.clear()
        paths = (Path(folder, name) for name in files if name.endswith(_SUFFIXES))
        found += [path for path in paths if not path.is_symlink() and _is_bundle(path)]
    return found


def _is_bundle(path: Path) -> bool:
    return path.stat().st_size >= _SMALLEST and path.read_bytes().count(_BEGIN) >= _FEWEST


if __name__ == "__main__":
    main(Path(sys.argv[1]))
