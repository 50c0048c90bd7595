"""The runner's pipes, in real processes: what goes in, what comes out, what is told of the end, and what ends it all.

The program is the runner's own but for ``runner.serve``, which needs ``port_ocean``: each test says what serves instead.
No test may order ``end`` here: it removes whatever is in /tmp, which is right in a container only.
"""

import json
import os
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from sandbox.runner.jsonl import Lines, write
from tests.unit.sandbox.factories import ROOT

LIFELINE_CUT = 70
BOOT: dict[str, Any] = {"order": "boot"}
ECHO = """
while True:
    channel.answer(channel.order())
"""
BUSY = """
channel.answer({"event": "booted"})
while True:
    pass
"""
ASLEEP = """
channel.answer({"event": "booted"})
__import__("time").sleep(600)
"""


class Program:
    """A running runner.

    Args:
        process: Its process.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self.process = process
        self.stdin, self.stdout, self.stderr = process.stdin, process.stdout, process.stderr

    def send(self, *orders: dict[str, Any]) -> None:
        self.write(b"".join(json.dumps(order).encode() + b"\n" for order in orders))

    def write(self, data: bytes) -> None:
        self.stdin.write(data)
        self.stdin.flush()

    def answer(self) -> dict[str, Any]:
        """The next answer. Before it may be an empty line, which ends the half answer of a child that died; no more."""
        line = self.stdout.readline()
        answer: dict[str, Any] = json.loads(line if line != b"\n" else self.stdout.readline())
        return answer

    def boot(self) -> dict[str, Any]:
        """Have it fork; gives the first answer of the child."""
        self.send(BOOT)
        return self.answer()

    def end(self) -> tuple[int, float]:
        """Its exit code, and the seconds until it and all it started had ended."""
        started = time.monotonic()
        code = self.process.wait(20)
        self.stdout.read()  # its end is that of the last process that could write to it
        return code, time.monotonic() - started


@contextmanager
def running_runner(serve: str, head: str = "", threads: int = 0) -> Iterator[Program]:
    """The runner in a process of its own, where ``serve`` is the body of what serves its ``channel``."""
    code = "\n".join(
        [
            "import os, sys, types",
            textwrap.dedent(head),
            "def serve(channel):",
            textwrap.indent(textwrap.dedent(serve), "    "),
            "sys.modules['runner.serve'] = types.SimpleNamespace(serve=serve)",
            "from runner.__main__ import main",
            "main()",
        ]
    )
    with running_python("-c", code) as program:
        ready = program.answer()
        assert (ready["event"], len(ready["threads"])) == ("ready", threads)
        yield program


@contextmanager
def running_python(*arguments: str) -> Iterator[Program]:
    with subprocess.Popen(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT / "sandbox")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            yield Program(process)
        finally:
            process.kill()


@contextmanager
def pipe() -> Iterator[tuple[int, int]]:
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb", 0), os.fdopen(writer, "wb", 0):
        yield reader, writer


# Lines -------------------------------------------------------------------------------------------------------------


def test_a_large_line_is_whole_however_slowly_it_is_read() -> None:
    answer = {"event": "resynced", "text": "é" * 1_000_000}
    with pipe() as (reader, writer):
        sender = threading.Thread(target=write, args=[writer, answer], daemon=True)
        sender.start()
        received = b""
        while not received.endswith(b"\n"):
            received += os.read(reader, 100_000)
            time.sleep(0.001)
        sender.join(10)

    assert not sender.is_alive()
    assert json.loads(received) == answer
    assert received.count(b"\n") == 1


def test_what_json_has_no_word_for_is_written_as_a_text() -> None:
    with pipe() as (reader, writer):
        write(writer, {"event": "resynced", "path": ROOT})

        assert Lines(reader).read() == [{"event": "resynced", "path": str(ROOT)}]


def test_lines_are_given_when_they_are_complete_and_not_before() -> None:
    with pipe() as (reader, writer):
        lines = Lines(reader)
        read = []
        for piece in (b'{"n": 1', b"", b'1}\n{"n": 2}\n{"n"', b": ", b'3}\n{"n": 4}\n', b'{"n": 5'):
            if piece:
                os.write(writer, piece)
                read.append(lines.read())

    assert read == [[], [{"n": 11}, {"n": 2}], [], [{"n": 3}, {"n": 4}], []]


def test_the_end_of_the_lines_is_none() -> None:
    reader, writer = os.pipe()
    os.write(writer, b'{"n": 1}\n')
    os.close(writer)
    lines = Lines(reader)

    assert [lines.read(), lines.read()] == [[{"n": 1}], None]

    os.close(reader)


# Orders and answers ------------------------------------------------------------------------------------------------


def test_orders_arrive_in_their_order_and_answers_are_a_line_each() -> None:
    orders = [BOOT, *({"order": "resync", "n": number, "text": "a\nb é \u2028 😀"} for number in range(50))]

    with running_runner(ECHO) as program:
        program.send(*orders)

        assert [program.answer() for _ in orders] == orders


def test_an_order_in_pieces_arrives_whole() -> None:
    with running_runner(ECHO) as program:
        program.write(b'{"order": ')
        time.sleep(0.05)
        program.write(b'"boot"}\n')

        assert program.answer() == BOOT


def test_large_orders_and_answers_are_whole() -> None:
    boot, resync = ({"order": order, "archive": "x" * 8_000_000} for order in ("boot", "resync"))

    with running_runner(ECHO) as program:
        program.send(boot)
        assert program.answer() == boot
        program.send(resync, {"order": "last"})

        assert program.answer() == resync
        assert program.answer() == {"order": "last"}


def test_whatever_an_integration_prints_goes_to_stderr() -> None:
    serve = """
    print("printed", flush=True)
    os.write(1, b"written\\n")
    os.system("echo from a child")
    channel.answer({"event": "booted"})
    os._exit(0)
    """
    with running_runner(serve) as program:
        program.send(BOOT)
        assert [program.answer()["event"] for _ in range(2)] == ["booted", "died"]
        answers, errors = program.process.communicate(timeout=20)

    assert answers == b""
    mark = "\x1eanswer\x1e"  # before each answer, so that nobody reads the log too early
    lines = errors.decode().split("\n")
    assert lines == [mark, "printed", "written", "from a child", mark, mark, ""]


def test_an_integration_that_reads_stdin_finds_its_end_and_takes_no_orders() -> None:
    serve = """
    import subprocess
    channel.order()
    child = subprocess.run(["cat"], capture_output=True, check=True)
    channel.answer({"event": "read", "own": sys.stdin.read(), "child": child.stdout.decode()})
    channel.answer(channel.order())
    """
    with running_runner(serve) as program:
        program.send(BOOT, {"order": "resync"})

        assert program.answer() == {"event": "read", "own": "", "child": ""}
        assert program.answer() == {"order": "resync"}


# What is told of a child's end -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("last_words", "why"),
    [
        ("os._exit(3)", "exit code 3"),
        ("os._exit(0)", "exit code 0"),
        ("os.kill(os.getpid(), 9)", "SIGKILL"),
        ("os.kill(os.getpid(), 11)", "SIGSEGV"),
        ("os.abort()", "SIGABRT"),
        ("raise SystemExit(0)", "exit code 1"),
        ("pass", "exit code 0"),
    ],
)
def test_how_a_child_ended_is_told(last_words: str, why: str) -> None:
    with running_runner(last_words) as program:
        assert program.boot() == {"event": "died", "why": why, "oom": False}


def test_a_death_tells_what_was_tried_outside_and_the_next_child_starts_without() -> None:
    serve = """
        import socket
        from runner import egress
        order = channel.order()
        egress.watch(channel.record.path, [])
        if order["try"]:
            socket.socket(type=socket.SOCK_DGRAM).connect(("192.0.2.1", 5432))
        os.abort()
    """
    died = {"event": "died", "why": "SIGABRT", "oom": False}
    with running_runner(serve) as program:
        program.send({**BOOT, "try": True})
        assert program.answer() == {**died, "egress": [["192.0.2.1", 5432]]}
        program.send({**BOOT, "try": False})
        assert program.answer() == died


def test_after_a_childs_end_another_can_be_booted_and_knows_nothing_of_it() -> None:
    serve = """
    channel.answer({"event": "booted", "seen": getattr(sys, "seen", None), **channel.order()})
    sys.seen = "something"
    channel.order()
    os._exit(1)
    """
    with running_runner(serve) as program:
        for number in range(3):
            program.send({**BOOT, "n": number})
            assert program.answer() == {"event": "booted", "seen": None, **BOOT, "n": number}
            program.send({"order": "resync"})
            assert program.answer()["why"] == "exit code 1"


def test_without_a_child_an_order_is_refused() -> None:
    with running_runner(ECHO) as program:
        program.send({"order": "resync"})

        assert program.answer() == {"event": "died", "why": "no integration is booted", "oom": False}
        assert program.boot() == BOOT


def test_a_second_boot_is_the_childs_affair() -> None:
    with running_runner("while True: channel.answer({**channel.order(), 'pid': os.getpid()})") as program:
        first, second = program.boot(), program.boot()

    assert first == second
    assert first["pid"] != program.process.pid


def test_an_end_in_the_midst_of_an_answer_is_told_in_a_line_of_its_own() -> None:
    """As when memory runs out over a large answer."""
    with running_runner("os.write(channel._answers, b'{\"event\": '); os.kill(os.getpid(), 9)") as program:
        program.send(BOOT)

        assert program.stdout.readline() == b'{"event": \n'
        assert program.answer()["why"] == "SIGKILL"
        program.stdin.close()
        assert program.stdout.read() == b""


# Its own end -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("serve", [ECHO, BUSY, ASLEEP], ids=["waiting", "busy", "asleep"])
def test_closing_stdin_ends_it_and_its_child_within_a_second(serve: str) -> None:
    with running_runner(serve) as program:
        program.boot()
        program.stdin.close()

        code, seconds = program.end()

    assert code == LIFELINE_CUT
    assert seconds < 1


def test_where_threads_live_the_child_is_no_fork() -> None:
    """A fork has all that its parent has: here, what the parent wrote into ``sys``."""
    head = """
    if len(sys.argv) == 1:
        import threading, time
        sys.forked = True
        threading.Thread(target=time.sleep, args=[600], daemon=True).start()
    """
    serve = """
    while True:
        order = channel.order()
        channel.answer({"forked": hasattr(sys, "forked"), "got": order, "parent": os.getppid()})
    """
    with running_runner(serve, head, threads=1) as program:
        order = {**BOOT, "text": "é" * 1_000_000}
        program.send(order)
        assert program.answer() == {"forked": False, "got": order, "parent": program.process.pid}
        program.send({"order": "resync"})
        assert program.answer()["got"] == {"order": "resync"}
        program.stdin.close()

        code, seconds = program.end()

    assert (code, seconds < 1) == (LIFELINE_CUT, True)


def test_closing_stdin_ends_it_before_any_order() -> None:
    with running_runner(ECHO) as program:
        program.stdin.close()

        assert program.end()[0] == LIFELINE_CUT


def test_the_end_of_the_process_that_holds_its_stdin_ends_it_within_a_second() -> None:
    """As when the test process is killed: nobody says goodbye."""
    reader, writer = os.pipe()
    code = "import os; from runner.supervisor import Supervisor; Supervisor(0, 1, lambda channel: None).keep()"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "sandbox")}
    with (
        subprocess.Popen(["sleep", "60"], stdout=writer) as holder,
        subprocess.Popen([sys.executable, "-c", code], env=environment, stdin=reader, stdout=subprocess.PIPE) as runner,
    ):
        os.close(writer)
        os.close(reader)
        assert runner.stdout is not None
        assert json.loads(runner.stdout.readline())["event"] == "ready"
        assert runner.poll() is None
        holder.kill()

        assert runner.wait(1) == LIFELINE_CUT


@pytest.mark.parametrize(
    "line",
    [b"no JSON\n", b"\n", b'{"order": "boot"', b'{"no": "order"}\n', b"7\n", b"\xff\n"],
    ids=["text", "empty", "cut short", "no order", "no object", "no text"],
)
def test_what_is_no_order_ends_it(line: bytes) -> None:
    with running_runner(ASLEEP) as program:
        program.boot()
        program.write(line)
        if not line.endswith(b"\n"):
            program.stdin.close()

        code, seconds = program.end()

    assert code == LIFELINE_CUT
    assert seconds < 1


def test_what_is_no_order_is_said_to_be_none() -> None:
    with running_runner(ASLEEP) as program:
        program.write(b"no JSON\n")
        errors = program.process.communicate(timeout=20)[1]

    assert b"JSONDecodeError" in errors


def test_what_the_child_failed_of_is_said() -> None:
    with running_runner("channel.answer({7j: 'no key'})") as program:
        assert program.boot()["why"] == "exit code 1"
        errors = program.process.communicate(timeout=20)[1]

    assert b"TypeError" in errors


# Stacks ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("serve", ["spin()", "__import__('time').sleep(600)"], ids=["busy", "asleep"])
def test_stacks_are_printed_while_the_main_thread_is_busy(serve: str) -> None:
    code = f"""
    def spin():
        while True:
            pass
    def the_integration():
        channel.answer({{"event": "booted"}})
        {serve}
    the_integration()
    """
    with running_runner(code) as program:
        program.boot()
        program.send({"order": "stacks"})
        seen = ""
        while " in main" not in seen:
            line = program.stderr.readline().decode()
            assert line, seen
            seen += line

        assert "in the_integration" in seen
        assert "in _read" in seen  # every thread
        assert program.process.poll() is None


def test_stacks_show_the_tasks_of_its_loop_through_their_generators_and_it_goes_on() -> None:
    serve = """
    import asyncio
    async def fetch():
        await asyncio.sleep(600)
    async def pages():
        await fetch()
        yield 1
    async def resync():
        async for page in pages():
            pass
    async def main():
        waiting = asyncio.create_task(resync(), name="page 7")
        await asyncio.sleep(0)
        channel.answer({"event": "booted"})
        await asyncio.to_thread(channel.order)
        await asyncio.to_thread(channel.order)
        waiting.cancel()
    with asyncio.Runner() as runner:
        channel.loop = runner.get_loop()
        runner.run(main())
    channel.answer({"event": "resynced"})
    """
    with running_runner(serve) as program:
        program.boot()
        program.send({"order": "stacks"}, {"order": "resync"})
        assert program.answer() == {"event": "resynced"}
        program.stdin.close()
        errors = program.stderr.read().decode()

    assert "Thread 0x" in errors
    title = "Task page 7 waits at (most recent call last):\n"
    assert title in errors
    where = errors.partition(title)[2].partition("Task ")[0].splitlines()
    # resync, pages and fetch, which stand in this order in the program, and then asyncio's own sleep.
    lines = [int(line.rpartition(" ")[2]) for line in where if "<string>" in line]
    assert len(lines) == 3
    assert lines == sorted(lines, reverse=True)
    assert "asyncio" in where[3]


# The program -------------------------------------------------------------------------------------------------------


def test_a_program_that_cannot_import_port_ocean_says_so() -> None:
    """Without site-packages there is none, nor what else the runner needs of them."""
    with running_python("-S", "-m", "runner") as program:
        failure = program.answer()
        code, _ = program.end()

    assert (failure["event"], failure["phase"]) == ("failed", "import port_ocean")
    assert failure["errors"][0]["type"] == "ModuleNotFoundError"
    assert "runner/integration.py" in failure["errors"][0]["traceback"]
    assert code == 1
