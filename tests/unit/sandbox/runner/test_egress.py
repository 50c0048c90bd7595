"""What counts as an attempt to leave the sandbox: seen by a real audit hook, in a Python of its own, on real sockets.

Addresses are of the ranges that RFC 5737 and 3849 keep for documentation: a datagram socket "connects" to one without
sending anything.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from sandbox.runner import egress
from tests.unit.sandbox.factories import ROOT

PROGRAM = """
import asyncio, contextlib, json, multiprocessing, os, socket, subprocess, sys, threading
from {package} import egress

def udp(family=socket.AF_INET):
    return socket.socket(family, socket.SOCK_DGRAM)

def tried(call, *arguments):
    with contextlib.suppress(OSError):
        return call(*arguments)

record = egress.Record()
egress.watch(record.path, ["wiremock", "192.0.2.100"])
{code}
print(json.dumps(record.attempts()))
"""
NAME = "db.example.invalid"


def attempts_of(
    code: str, *, package: str = "runner", path: str = str(ROOT / "sandbox")
) -> list[tuple[str, int | None]]:
    """What the record holds when ``code`` has run where an audit hook watches."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(package=package, code=textwrap.dedent(code))],
        # The host's own name server may be out of reach.
        env={**os.environ, "PYTHONPATH": path, "RES_OPTIONS": "timeout:1 attempts:1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [(host, port) for host, port in json.loads(done.stdout.splitlines()[-1])]


SEEN: dict[str, tuple[str, list[tuple[str, int | None]]]] = {
    "a connection by address": ("udp().connect(('192.0.2.1', 5432))", [("192.0.2.1", 5432)]),
    "one that answers with a number": ("udp().connect_ex(('192.0.2.1', 5432))", [("192.0.2.1", 5432)]),
    "IPv6": (
        "tried(lambda: udp(socket.AF_INET6).connect(('2001:DB8:0::1', 443, 0, 0)))",
        [("2001:db8::1", 443)],
    ),
    "a datagram": ("tried(udp().sendto, b'x', ('192.0.2.1', 514))", [("192.0.2.1", 514)]),
    "a datagram with flags": ("tried(udp().sendto, b'x', 0, ('192.0.2.1', 514))", [("192.0.2.1", 514)]),
    "a message": ("tried(udp().sendmsg, [b'x'], [], 0, ('192.0.2.1', 514))", [("192.0.2.1", 514)]),
    "a thread": (
        "thread = threading.Thread(target=udp().connect, args=[('192.0.2.1', 1)]); thread.start(); thread.join()",
        [("192.0.2.1", 1)],
    ),
    "forks, beside their parent and each other": (
        """
        udp().connect(('192.0.2.1', 1))
        def child(port):
            udp().connect(('192.0.2.1', 1))
            udp().connect(('192.0.2.1', port))
        children = [multiprocessing.get_context('fork').Process(target=child, args=[port]) for port in (2, 3)]
        for each in children:
            each.start()
            each.join()
        """,
        [("192.0.2.1", 1), ("192.0.2.1", 2), ("192.0.2.1", 3)],
    ),
    "a fork that closes all descriptors, and crashes": (
        """
        if (child := os.fork()) == 0:
            os.closerange(3, 1000)
            udp().connect(('192.0.2.1', 1))
            os.abort()
        os.waitpid(child, 0)
        """,
        [("192.0.2.1", 1)],
    ),
    "the same ten times": ("for _ in range(10): udp().connect(('192.0.2.1', 1))", [("192.0.2.1", 1)]),
    "nothing but what stays here": (
        """
        for host in ('127.0.0.1', '127.9.9.9', '0.0.0.0', 'localhost'):
            tried(udp().connect, (host, 9))
            tried(socket.getaddrinfo, host, 9)
        tried(lambda: udp(socket.AF_INET6).connect(('::1', 9)))
        tried(socket.socket(socket.AF_UNIX).connect, '/nowhere')
        tried(socket.socket(socket.AF_UNIX).connect, b'/nowhere')
        socket.getaddrinfo(None, 80)
        tried(socket.getaddrinfo, '', 80)
        socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).connect((0, 0))
        one, other = socket.socketpair()
        one.sendmsg([b'x'])
        """,
        [],
    ),
    "nothing but what is ours": (
        "udp().connect(('192.0.2.100', 22))",
        [],
    ),
    "no connection, which reaches the front": ("tried(socket.create_connection, ('192.0.2.1', 443), 0.01)", []),
    "no look-up of a name, whoever is asked": (
        f"tried(socket.getaddrinfo, '{NAME}', 443); udp().connect(('192.0.2.1', 53))",
        [],
    ),
}


@pytest.mark.parametrize("case", SEEN)
def test_it_sees(case: str) -> None:
    code, expected = SEEN[case]

    assert attempts_of(code) == expected


def test_a_python_that_is_started_is_watched_too(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "sandbox" / "runner", tmp_path / "ocean_sandbox_runner")
    site = ROOT / "docker" / "resync" / "site"

    assert attempts_of(
        """
        code = "import socket; socket.socket(type=socket.SOCK_DGRAM).connect(('192.0.2.%s', 7))"
        for last in (1, 100):
            subprocess.run([sys.executable, "-c", code % last], check=True)
        """,
        package="ocean_sandbox_runner",
        path=f"{site}{os.pathsep}{tmp_path}",
    ) == [("192.0.2.1", 7)]


def test_what_is_wrong_with_a_call_is_for_the_call_to_say() -> None:
    assert (
        attempts_of("""
        for call, arguments in [
            (socket.getaddrinfo, (object(), 80)),
            (socket.getaddrinfo, ('\\udcff', 80)),
            (udp().connect, (('192.0.2.1',),)),
            (udp().connect, (('192.0.2.1', 'http'),)),
        ]:
            try:
                call(*arguments)
            except (TypeError, UnicodeError):
                continue
            raise AssertionError(call)
        """)
        == []
    )


def test_a_record_that_is_gone_disturbs_nobody() -> None:
    assert attempts_of("os.close(int(record.path.rpartition(chr(47))[2])); udp().connect(('192.0.2.1', 1))") == []


def test_who_tries_without_end_fills_no_memory() -> None:
    found = attempts_of("for port in range(1001, 4000): udp().connect(('192.0.2.1', port))")

    assert found == [("192.0.2.1", port) for port in range(1001, 2001)]


def test_a_cleared_record_is_empty_and_goes_on() -> None:
    record = egress.Record()
    for port in (1, 2):
        record.clear()
        egress._write(record.path, ("db.example", port))

    assert record.attempts() == [("db.example", 2)]


WRITTEN: dict[str, tuple[tuple[Any, Any], egress.Attempt | None]] = {
    "capitals and the last dot": (("DB.Example.", 1), ("db.example", 1)),
    "bytes": ((b"db.example", 443), ("db.example", 443)),
    "another script": (("bücher.example", 8125), ("xn--bcher-kva.example", 8125)),
    "a service by its name": (("db.example", "no-such-service"), ("db.example", None)),
    "port 0, which is none": (("db.example", 0), ("db.example", None)),
    "a name below localhost": (("db.localhost", 1), None),
    "an address with its interface": (("fe80::1%eth0", 1), ("fe80::1", 1)),
}


@pytest.mark.parametrize("case", WRITTEN)
def test_a_host_is_written_in_one_way_only(case: str) -> None:
    target, expected = WRITTEN[case]

    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        assert egress._attempt((sock, target)) == expected


def test_an_ipv4_address_in_ipv6_is_the_ipv4_address() -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        assert egress._attempt((sock, ("::ffff:192.0.2.1", 1, 0, 0))) == ("192.0.2.1", 1)
        assert egress._attempt((sock, ("::ffff:127.0.0.1", 1, 0, 0))) is None


def test_own_addresses_are_those_that_names_have() -> None:
    assert "127.0.0.1" in egress.own_addresses(["localhost", "", "127.0.0.1"])
