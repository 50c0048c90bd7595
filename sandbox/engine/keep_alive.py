"""Keeps sandboxes running for inspection after the process that started them has ended.

A container lives as long as somebody holds its stdin. What is kept is handed over to a small program that does nothing
else, for an hour at most, and that removes everything in the end. A file says what it keeps, so that the janitor lets
it; the program holds a lock on that file while it lives.
"""

import contextlib
import fcntl
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from platformdirs import user_cache_path

from sandbox.errors import EngineError
from sandbox.process import program_of

SECONDS = 3600
_CHUNK = 1 << 16
_HOLDS = "holds"


def hold(descriptors: Sequence[int], address: str, *, containers: Sequence[str], networks: Sequence[str]) -> None:
    """Hand over the lifelines of a sandbox; returns when they are held.

    Args:
        descriptors: The sockets that hold the containers' stdin; they may be closed here afterwards.
        address: The engine's, whatever the docker context is when they are removed.
        containers: The containers' identifiers.
        networks: The networks' identifiers.

    Raises:
        EngineError: The program that is to hold them does not start.
    """
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    things = json.dumps({"containers": list(containers), "networks": list(networks)})
    holder = subprocess.Popen(
        program_of("sandbox.engine.keep_alive", str(folder), things, *map(str, descriptors)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        pass_fds=descriptors,
        start_new_session=True,  # what ends this process must not end it
        cwd="/",
        env={**os.environ, "DOCKER_HOST": address},
    )
    if holder.stdout is None or holder.stdout.readline().decode().strip() != _HOLDS:
        holder.kill()
        raise EngineError("A sandbox cannot be kept: the program that holds it did not start.")
    holder.stdout.close()  # it says no more
    holder.returncode = 0  # it is meant to outlive us: no warning that it does


def identifiers() -> set[str]:
    """The containers and networks that somebody keeps now."""
    return {each for _, things in _holders() for each in (*things["containers"], *things["networks"])}


def let_go() -> int:
    """Ask every holder to remove what it keeps; returns how many there were."""
    holders = [pid for pid, _ in _holders()]
    for pid in holders:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    return len(holders)


def _folder() -> Path:
    """One for all of this user's processes, whatever cache they are told to use: the janitor of any must know."""
    return user_cache_path("ocean-sandbox") / "kept"


def _holders() -> Iterator[tuple[int, dict[str, list[str]]]]:
    """The holders that are alive, by their pid; files of dead ones are removed on the way."""
    for path in _folder().glob("*.json"):
        with contextlib.suppress(OSError, ValueError), path.open() as file:  # just being written or removed
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                yield int(path.stem), json.load(file)
            else:
                path.unlink(missing_ok=True)


def main(folder: str, things: str, *descriptors: str) -> None:
    """Hold on until the time is over, until told to stop, or until all containers have ended."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    path = Path(folder) / f"{os.getpid()}.json"
    new = path.with_suffix(".new")
    try:
        with new.open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.write(things)
            file.flush()
            new.replace(path)
            print(_HOLDS, flush=True)  # noqa: T201 # who started this program waits for it
            _drain([int(descriptor) for descriptor in descriptors])
    finally:
        _remove(json.loads(things))
        path.unlink(missing_ok=True)


def _drain(descriptors: list[int]) -> None:
    """Read what the containers write, or they would wait for a reader, until all have ended or the time is over."""
    deadline = time.monotonic() + SECONDS
    with selectors.DefaultSelector() as selector:
        for descriptor in descriptors:
            selector.register(descriptor, selectors.EVENT_READ)
        while selector.get_map() and (left := deadline - time.monotonic()) > 0:
            for key, _ in selector.select(left):
                if not os.read(key.fd, _CHUNK):
                    selector.unregister(key.fd)


def _remove(things: dict[str, list[str]]) -> None:
    from sandbox.engine import removal  # noqa: PLC0415 # Docker's client takes a while to import, and holding is urgent

    removal.outlast(lambda client: removal.remove(things["containers"], things["networks"], client))


if __name__ == "__main__":
    main(*sys.argv[1:])
