"""A debugger in the integration's process: pdb at a terminal, and an editor with debugpy."""

import itertools
import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.integration.terminal import terminal

ROOT = Path(__file__).parents[2]
COMMAND = str(Path(sys.executable).with_name("ocean-sandbox"))
ISOLATIONS = ["container", "fork"]
pytestmark = pytest.mark.integration


def make_copy(folder: Path, line: str = "") -> Path:
    """The example and its stub files, with a line of code before the first request of its resync."""
    stubs = Path("wiremock-mappings", "oci-registry")
    shutil.copytree(ROOT / stubs, folder / stubs)
    directory = Path(shutil.copytree(ROOT / "examples" / "oci-registry", folder / "oci-registry"))
    main = directory / "main.py"
    begins = "async def check_access() -> None:\n"
    source = main.read_text()
    assert begins in source
    if line:
        main.write_text(source.replace(begins, f"{begins}    seen = 41\n    {line}\n"))
    return directory


def environment(isolation: str) -> dict[str, str]:
    return {**os.environ, "OCEAN_SANDBOX_ISOLATION": isolation}


@pytest.mark.parametrize("isolation", ISOLATIONS)
def test_a_breakpoint_is_reached_from_the_terminal(tmp_path: Path, isolation: str) -> None:
    directory = make_copy(tmp_path, "breakpoint()")

    # Less than a person takes, if it counted.
    with terminal(
        [COMMAND, "debug", str(directory)], tmp_path, {**environment(isolation), "OCEAN_SANDBOX_RESYNC_TIMEOUT": "1"}
    ) as t:
        assert "check_access" in t.expect("(Pdb) ", 120)
        t.press("p seen + 1\n")
        assert "42" in t.expect("(Pdb) ")
        t.press("!import time; time.sleep(1.5)\n")
        t.expect("(Pdb) ")
        t.press("c\n")
        t.expect("13 entities")
        assert t.process.wait(30) == 0


class Editor:
    """As much of the Debug Adapter Protocol as an editor needs to stop at a line and look at a variable."""

    def __init__(self, port: int) -> None:
        self._connection = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._from = self._connection.makefile("rb")
        self._numbers = itertools.count(1)
        self._events: list[dict[str, Any]] = []

    def ask(self, command: str, **arguments: Any) -> int:
        number = next(self._numbers)
        body = json.dumps({"seq": number, "type": "request", "command": command, "arguments": arguments}).encode()
        self._connection.sendall(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        return number

    def answer(self, number: int) -> dict[str, Any]:
        return dict(self._next(lambda said: said.get("request_seq") == number).get("body", {}))

    def event(self, name: str) -> dict[str, Any]:
        return dict(self._next(lambda said: said.get("event") == name).get("body", {}))

    def _next(self, fits: Any) -> dict[str, Any]:
        for said in self._events:
            if fits(said):
                self._events.remove(said)
                return said
        while True:
            size = 0
            while line := self._from.readline().strip():
                size = int(line.removeprefix(b"Content-Length: "))
            said = json.loads(self._from.read(size))
            if fits(said):
                assert said.get("success", True), said
                return dict(said)
            self._events.append(said)


@pytest.mark.parametrize("isolation", ISOLATIONS)
def test_a_breakpoint_is_reached_from_an_editor(tmp_path: Path, isolation: str) -> None:
    directory = make_copy(tmp_path)
    source = (directory / "main.py").read_text().splitlines()
    line = source.index("async def check_access() -> None:") + 4
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    run = subprocess.Popen(
        [COMMAND, "debug", str(directory), "--debug-port", str(port)],
        env=environment(isolation),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert run.stderr is not None
        assert any("attach your editor to 127.0.0.1" in said for said in iter(run.stderr.readline, ""))
        editor = Editor(port)
        editor.answer(editor.ask("initialize", adapterID="test", pathFormat="path"))
        attached = editor.ask(
            "attach", justMyCode=False, pathMappings=[{"localRoot": str(directory), "remoteRoot": "/app"}]
        )
        editor.event("initialized")
        editor.answer(
            editor.ask("setBreakpoints", source={"path": str(directory / "main.py")}, breakpoints=[{"line": line}])
        )
        editor.answer(editor.ask("configurationDone"))
        editor.answer(attached)
        thread = editor.event("stopped")["threadId"]
        top = editor.answer(editor.ask("stackTrace", threadId=thread))["stackFrames"][0]
        assert (top["source"]["path"], top["line"], top["name"]) == (str(directory / "main.py"), line, "check_access")
        asked = editor.ask("evaluate", expression="__name__ and 6 * 7", frameId=top["id"])
        assert editor.answer(asked)["result"] == "42"
        editor.answer(editor.ask("continue", threadId=thread))
        output, said = run.communicate(timeout=120)
        assert run.returncode == 0, output + said
        assert "13 entities" in output
    finally:
        run.kill()
        run.wait()
