"""The lifeline: its end ends the program, in an orderly way if there is time for it."""

from __future__ import annotations

import os
import queue
import threading

from sandbox.port_mock.lifeline import Lifeline


def test_eof_ends_the_program_in_an_orderly_way() -> None:
    reader, writer = os.pipe()
    ended, exits = threading.Event(), queue.Queue[int]()
    lifeline = Lifeline(ended.set, descriptor=reader, grace=30, exit_now=exits.put)
    lifeline.hold()

    os.write(writer, b"whatever is written is thrown away\n")
    assert not ended.wait(0.05)
    os.close(writer)

    assert ended.wait(5)
    lifeline.release()
    assert exits.empty()
    os.close(reader)


def test_a_program_that_does_not_end_in_time_is_ended() -> None:
    reader, writer = os.pipe()
    exits = queue.Queue[int]()
    os.close(writer)

    Lifeline(lambda: None, descriptor=reader, grace=0.01, exit_now=exits.put).hold()

    assert exits.get(timeout=5) == 0
    os.close(reader)


def test_a_stdin_that_is_not_open_is_an_end() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    os.close(writer)
    ended = threading.Event()
    lifeline = Lifeline(ended.set, descriptor=1_000_000, grace=30, exit_now=lambda _status: None)

    lifeline.hold()

    assert ended.wait(5)
    lifeline.release()


def test_a_released_lifeline_ends_nothing() -> None:
    reader, writer = os.pipe()
    ended, exits = threading.Event(), queue.Queue[int]()
    lifeline = Lifeline(ended.set, descriptor=reader, grace=0, exit_now=exits.put)
    before = threading.enumerate()  # those of other tests may still be ending
    lifeline.hold()
    (thread,) = (thread for thread in threading.enumerate() if thread.name == "lifeline" and thread not in before)

    lifeline.release()
    os.close(writer)
    thread.join(5)

    assert not ended.is_set()
    assert exits.empty()
    os.close(reader)
