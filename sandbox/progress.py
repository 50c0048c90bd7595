"""Progress lines on stderr."""

import sys
import time

_started = time.monotonic()


def say(subject: str, message: str) -> None:
    """Print one line: seconds since the start, what it is about, what happens."""
    print(f"[{time.monotonic() - _started:5.1f} s] {subject}: {message}", file=sys.stderr, flush=True)  # noqa: T201 # it is what it is for
