"""Imports, before an integration is forked, what it imported the last time: installed modules, and its own.

A module is imported ahead only where that does what it does in the integration. A child tries first, and is thrown away.
What shows there that it would not, stays out: a module that looks at Ocean's context, which has neither app nor
configuration yet; one that is not found, or is another one, without what the integration brings; one that starts a
thread, after which no fork is safe; one that asks the network, starts a program, or writes a file.
"""

import contextlib
import importlib
import json
import os
import signal
import sys
import sysconfig
from collections.abc import Callable, Collection, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

_TRIAL_SECONDS = 5
# In port_ocean.context.ocean (port-ocean 0.55).
_CONTEXT = "_port_ocean"
_DEEDS = frozenset(
    {
        *("socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.bind"),
        *("subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.exec", "os.system"),
        *("os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.link", "os.symlink", "os.truncate"),
        *("os.putenv", "os.unsetenv"),
    }
)
_PLACES = ("stdlib", "platstdlib", "purelib", "platlib")


@dataclass(frozen=True)
class Modules:
    """Names of modules.

    Args:
        installed: Of installed packages and of the standard library, in the order in which their import began.
        own: The integration's, likewise.
    """

    installed: list[str] = field(default_factory=list)
    own: list[str] = field(default_factory=list)


def imported_since(known: Collection[str], directory: Path) -> Modules:
    """The modules that are not ``known``: those of an integration in a directory, and those that are installed."""
    places = tuple(f"{sysconfig.get_path(place)}{os.sep}" for place in _PLACES)
    new = {name: _origin(name) for name in list(sys.modules) if name not in known}
    # A virtual environment may lie in the directory.
    installed = [name for name, origin in new.items() if origin.startswith(places)]
    own = [name for name, origin in new.items() if origin.startswith(f"{directory}{os.sep}") and name not in installed]
    return Modules(installed, own)


def preload(wanted: Modules, directory: Path, threads: Callable[[], list[str]], *, is_tried: bool) -> Modules | None:
    """Import modules here.

    Args:
        wanted: What to import.
        directory: Where the integration's own are.
        threads: Names the threads of this process but the first.
        is_tried: Whether ``wanted`` is what this function returned before, with the same image and code.

    Returns:
        What is imported now: of the installed modules all or none, and the integration's own only beside them. None
        where the trial did not come to an end.
    """
    with _nothing_shown(), _found_first(directory):
        good = wanted if is_tried else _trial(wanted, directory, threads)
        if good is not None:
            _import(good.installed)
            _import(good.own)
    return good


def _trial(wanted: Modules, directory: Path, threads: Callable[[], list[str]]) -> Modules | None:
    """What of ``wanted`` can be imported ahead, as a child found out; None where it did not come to an end."""
    # Not a pipe: a process that a module starts would hold its end.
    with os.fdopen(os.memfd_create("trial"), "w+") as told:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                signal.alarm(_TRIAL_SECONDS)
                json.dump(asdict(_good(wanted, directory, threads)), told)
                told.flush()
                code = 0
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
        if status != 0:
            return None
        told.seek(0)
        return Modules(**json.load(told))


def _good(wanted: Modules, directory: Path, threads: Callable[[], list[str]]) -> Modules:
    before = set(sys.modules)
    with _context_watched() as touched:
        _watch_what_is_done(touched)
        _import(wanted.installed)
        found = imported_since(before, directory)
        if touched or threads() or found.own or not _are_there(wanted.installed):
            return Modules()
        if not set(found.installed) <= set(wanted.installed):
            return Modules()
        own = []
        for name in reversed(wanted.own):  # those whose import began last need the fewest of the others
            touched.clear()
            known = set(sys.modules)
            _import([name])
            new = imported_since(known, directory)
            if threads() or not set(new.installed) <= set(wanted.installed):
                return Modules(wanted.installed)
            if not touched and _are_there([name]) and set(new.own) <= set(wanted.own):
                own += [name]
            else:
                for each in new.own:
                    sys.modules.pop(each, None)
        return Modules(wanted.installed, own)


def _watch_what_is_done(touched: list[str]) -> None:
    """Note, and prevent, what a module does besides defining things; for ever, so only in a process that is thrown away.

    A request at import would reach the sandbox of the test that is running, and no other; a file would be gone for the next.
    """

    def note(event: str, arguments: tuple[Any, ...]) -> None:
        if event in _DEEDS or (event == "open" and _writes(arguments)):
            touched.append(event)
            message = f"{event}: not while a module is only tried"
            raise PermissionError(message)

    sys.addaudithook(note)


def _writes(opened: tuple[Any, ...]) -> bool:
    path, _, flags = opened
    return path != os.devnull and isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


def _are_there(names: list[str]) -> bool:
    return all(name in sys.modules for name in names)


def _import(names: list[str]) -> None:
    for name in names:
        with contextlib.suppress(Exception):
            importlib.import_module(name)


def _origin(name: str) -> str:
    """The file of a module; empty for one that has none."""
    try:
        return str(getattr(getattr(sys.modules.get(name), "__spec__", None), "origin", None) or "")
    except Exception:  # noqa: BLE001 # whatever stands there in place of a module raises what it likes
        return ""


@contextlib.contextmanager
def _context_watched() -> Iterator[list[str]]:
    """What is asked of Ocean's context meanwhile: the proxy ``ocean`` looks it up in its module each time."""
    from port_ocean.context import ocean  # noqa: PLC0415 # imported long since, but not in every program of ours

    touched: list[str] = []

    class Watched(ocean.PortOceanContext):  # type: ignore[misc] # this environment has no port_ocean
        def __getattribute__(self, name: str) -> Any:
            touched.append(name)
            return super().__getattribute__(name)

    before = getattr(ocean, _CONTEXT)
    setattr(ocean, _CONTEXT, Watched(None))
    try:
        yield touched
    finally:
        setattr(ocean, _CONTEXT, before)


@contextlib.contextmanager
def _found_first(directory: Path) -> Iterator[None]:
    """Be where the integration is, and look for modules there first, as it does."""
    here = Path.cwd()
    os.chdir(directory)
    sys.path.insert(0, str(directory))
    try:
        yield
    finally:
        with contextlib.suppress(ValueError):  # a module has taken it out
            sys.path.remove(str(directory))
        os.chdir(here)
        importlib.invalidate_caches()


@contextlib.contextmanager
def _nothing_shown() -> Iterator[None]:
    """Leave what the imports print out of the log, which is that of a resync; its own imports print it there."""
    kept = [os.dup(descriptor) for descriptor in (1, 2)]
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        for descriptor in (1, 2):
            os.dup2(nowhere, descriptor)
        yield
    finally:
        for descriptor, before in zip((1, 2), kept, strict=True):
            os.dup2(before, descriptor)
            os.close(before)
        os.close(nowhere)
