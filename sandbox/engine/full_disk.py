"""Distinguishes a full disk from other faults, and says how to free space."""

import errno
import shutil
from pathlib import Path

from sandbox.sizes import gigabytes

# The kernel's words, apt's, and those of what knows the error only by its name; and the quota of a user or a volume.
_WORDS = (
    "no space left on device",
    "you don't have enough free space",
    "not enough free disk space",
    "enospc",
    "disk quota exceeded",
    "database or disk is full",
)
_NUMBERS = (errno.ENOSPC, errno.EDQUOT)
PRUNE = "`ocean-sandbox images --prune`"
AGAIN = "Then run this again: nothing was left half done."
ENGINE_REMEDY = (
    f"free some space where the engine keeps its data: {PRUNE} removes our images that nothing needs, `docker system df` shows "
    f"what else uses it. {AGAIN}"
)


def is_full(error: BaseException | str) -> bool:
    """Whether an error, or what a program printed, says that a disk is full."""
    if isinstance(error, OSError) and error.errno in _NUMBERS:
        return True
    return any(words in str(error).lower() for words in _WORDS)


def host_remedy(folder: Path, setting: str) -> str:
    """What to do about a full disk of this machine.

    Args:
        folder: What is on it.
        setting: The variable that names another folder.
    """
    there = next(each for each in (folder, *folder.parents) if each.is_dir())
    try:
        free = f", where {gigabytes(shutil.disk_usage(there).free)} are free"
    except OSError:
        free = ""
    return f"free some space in {folder}{free}, or choose another folder with {setting}. {AGAIN}"
