"""The resync container, apart from the container itself: its environment, its messages, and how it reads reports."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sandbox.engine import engine
from sandbox.engine.attached import Attached
from sandbox.engine.owner import Owner
from sandbox.engine.parts import Parts
from sandbox.errors import EngineUnreachableError, IntegrationError, ResyncCrashedError, ResyncTimeoutError
from sandbox.images.images import Image, released
from sandbox.resync.container import ENVIRONMENT, ResyncContainer, _remedy, _why
from sandbox.resync.learned import Memory
from sandbox.resync.report import RemoteFailure
from sandbox.runner.report import describe
from sandbox.services.front import Front
from tests.unit.sandbox.factories import CLOSED, engine_at, fake_engine, make_files, make_settings

SOURCE = Path("/home/someone/jira")
PLAIN: dict[str, Any] = {
    "type": "RuntimeError",
    "module": "builtins",
    "message": "x",
    "arguments": None,
    "traceback": "",
    "kind": None,
    "exchange": None,
    "cause": None,
}
ENDED: dict[str, Any] = {"event": "ended", "left": []}
BRIDGE = {"IPAM": {"Config": [{"Gateway": "127.0.0.1"}]}}


@contextmanager
def resync_container(
    tmp_path: Path, *answers: dict[str, Any], image: Image | None = None, **options: Any
) -> Iterator[ResyncContainer]:
    """A resync container that is never started, of whose runner ``answers`` have come already, and its engine."""
    settings = make_settings(tmp_path, **options)
    image = image or Image("resync", make_files(tmp_path / "image", {"Dockerfile": ""}))
    tags = [image.tag(settings), *([image.front.tag(settings)] if image.front else [])]
    there = {f"GET /images/{tag}/json": (200, {"Id": "1"}) for tag in tags} | {"GET /networks/bridge": (200, BRIDGE)}
    with fake_engine(there, unix=True) as stand_in, engine_at(stand_in.address):
        client, owner = engine.client(), Owner()
        front = Front("front", owner, settings, CLOSED, token="none")
        container = ResyncContainer(
            image,
            owner,
            settings,
            client,
            front,
            Parts(client.client),
            directory=SOURCE,
            memory=Memory(settings.cache),
            refusals=list,
        )
        for answer in answers:
            container._container._on_line(json.dumps(answer).encode())
        yield container


def make_container(tmp_path: Path, *answers: dict[str, Any], **options: Any) -> ResyncContainer:
    """The same, whose engine has gone."""
    with resync_container(tmp_path, *answers, **options) as container:
        return container


def test_nothing_of_the_sandbox_is_in_its_environment() -> None:
    assert set(ENVIRONMENT) == {"HOME", "PYTHONDONTWRITEBYTECODE"}


@pytest.mark.parametrize(
    ("phase", "remedy"),
    [
        ("read .port/spec.yaml", f"fix {SOURCE}/.port/spec.yaml."),
        ("read the configuration and integration.py", "fix create_integration_config()"),
        ("load main.py", f"fix the line of {SOURCE}"),
        ("make the handlers", f"fix the line of {SOURCE}"),
    ],
)
def test_the_remedy_is_that_of_the_phase(phase: str, remedy: str) -> None:
    assert _remedy(phase, SOURCE).startswith(remedy)


@pytest.mark.parametrize(
    ("why", "oom", "words"),
    [
        ("SIGKILL", True, "it ran out of memory (its limit is 300m)"),
        ("SIGKILL", False, "killed (SIGKILL)"),
        ("SIGSEGV", False, "segmentation fault (SIGSEGV)"),
        ("SIGABRT", False, "aborted (SIGABRT)"),
        ("SIGBUS", False, "SIGBUS"),
        ("exit code 3", False, "exit code 3"),
    ],
)
def test_how_it_died_is_said_in_words(why: str, oom: bool, words: str, tmp_path: Path) -> None:  # noqa: FBT001
    assert _why({"event": "died", "why": why, "oom": oom}, make_settings(tmp_path, resync_memory="300m")) == words


def test_what_the_runner_describes_can_be_read() -> None:
    error = ValueError("x", 1)
    error.__cause__ = KeyError("id")
    error.__cause__.__cause__ = OSError(2, "gone")
    (reported,) = json.loads(json.dumps(describe(error)))

    failure = RemoteFailure.read(reported)

    assert (failure.type, failure.module, failure.arguments, failure.kind) == ("ValueError", "builtins", ["x", 1], None)
    assert failure.cause is not None
    assert (failure.cause.type, failure.cause.message) == ("KeyError", "'id'")
    assert failure.cause.cause is not None
    assert failure.cause.cause.type == "FileNotFoundError"
    assert failure.cause.cause.cause is None
    assert "direct cause" in failure.traceback


def test_the_cause_of_what_failed_brings_its_own_exchange_kind_and_arguments() -> None:
    cause = {**PLAIN, "type": "HTTPStatusError", "module": "httpx", "exchange": {"status": 429}, "kind": "issue"}

    failure = RemoteFailure.read({**PLAIN, "cause": {**cause, "arguments": ["slow down"]}})

    assert (failure.exchange, failure.kind, failure.arguments) == (None, None, None)
    assert isinstance(failure.cause, RemoteFailure)
    assert (failure.cause.module, failure.cause.kind) == ("httpx", "issue")
    assert (failure.cause.exchange, failure.cause.arguments) == ({"status": 429}, ["slow down"])
    assert failure.cause.cause is None


def test_a_failed_start_names_the_phase_and_shows_every_traceback_in_the_users_paths(tmp_path: Path) -> None:
    errors = [
        {**PLAIN, "type": "KeyError", "message": "'token'", "traceback": 'File "/app/main.py", line 3\nKeyError\n'},
        {**PLAIN, "type": "OSError", "message": "x", "traceback": 'File "/usr/lib/x.py"\nFile "/app/a/b.py", line 1\n'},
    ]

    error = make_container(tmp_path)._failed({"event": "failed", "phase": "load main.py", "errors": errors}, SOURCE)

    assert error.what == f"The integration at {SOURCE} does not start: could not load main.py: KeyError: 'token'"
    assert error.remedy == f"fix the line of {SOURCE} where the traceback below ends."
    assert [line for line in error.detail.splitlines() if line] == [
        f'File "{SOURCE}/main.py", line 3',
        "KeyError",
        'File "/usr/lib/x.py"',
        f'File "{SOURCE}/a/b.py", line 1',
    ]


def test_a_failed_start_tells_what_was_tried_outside_which_may_be_why(tmp_path: Path) -> None:
    tried = [["db.example.org", 5432], ["kafka.example.org", None]]

    error = make_container(tmp_path)._failed(
        {"event": "failed", "phase": "load main.py", "errors": [PLAIN], "egress": tried}, SOURCE
    )

    assert error.detail.endswith(
        "It had tried to reach what the sandbox does not answer: db.example.org:5432, kafka.example.org"
    )


@pytest.mark.parametrize("line", [b"", b'{"event": ', b"\xff"], ids=["empty", "cut short", "no text"])
def test_what_is_no_answer_is_passed_by(line: bytes, tmp_path: Path) -> None:
    container = make_container(tmp_path)
    container._container._on_line(line)
    container._container._on_line(b'{"event": "booted"}')

    assert container._ask(None, 1, SOURCE) == {"event": "booted"}


@pytest.mark.parametrize("isolation", ["container", "fork"])
def test_one_of_which_no_fork_is_known_to_be_safe_serves_once(isolation: str, tmp_path: Path) -> None:
    """The answer would have it serve again, if it were asked."""
    container = make_container(tmp_path, ENDED, isolation=isolation)

    assert container.end() is False


def test_one_whose_fork_is_safe_serves_again_once_it_has_ended_and_knows_nothing_of_before(tmp_path: Path) -> None:
    mine, engines = socket.socketpair()
    with mine, engines:
        answers = [{"event": "ready", "threads": []}, {"event": "booted"}, {"event": "resynced"}, ENDED]
        container = make_container(tmp_path, *answers, isolation="fork")
        container._container._attached = Attached(mine)
        container._container.log.append("of this one")
        container.boot(archive=b"", config={}, source=SOURCE)

        assert container.end() is True
        assert engines.recv(1 << 16).splitlines()[-1] == b'{"order": "end"}'
    assert container.logs == []


def test_one_in_which_something_is_left_does_not_serve_again(tmp_path: Path) -> None:
    mine, engines = socket.socketpair()
    with mine, engines:
        answers = [{"event": "ready", "threads": []}, {"event": "booted"}, {**ENDED, "left": ["shm 7"]}]
        container = make_container(tmp_path, *answers, isolation="fork")
        container._container._attached = Attached(mine)
        container.boot(archive=b"", config={}, source=SOURCE)

        assert container.end() is False


@pytest.mark.parametrize(
    ("isolation", "threads"), [("fork", ["pool-1"]), ("container", [])], ids=["threads", "not asked for"]
)
def test_one_that_is_not_to_fork_again_gets_no_order_to_end(isolation: str, threads: list[str], tmp_path: Path) -> None:
    mine, engines = socket.socketpair()
    with mine, engines:
        answers = [{"event": "ready", "threads": threads}, {"event": "booted"}, ENDED]
        container = make_container(tmp_path, *answers, isolation=isolation)
        container._container._attached = Attached(mine)
        container.boot(archive=b"", config={}, source=SOURCE)

        assert ("pool-1" in container.warning) == bool(threads)
        assert container.end() is False
        orders = engines.recv(1 << 16).splitlines()
    assert [json.loads(order)["order"] for order in orders] == ["code", "boot"]


def test_it_serves_the_same_image_under_the_same_settings(tmp_path: Path) -> None:
    image = Image("resync", make_files(tmp_path / "image", {"Dockerfile": ""}))
    container = make_container(tmp_path)

    assert container.serves(image, SOURCE, make_settings(tmp_path))
    assert not container.serves(image, SOURCE, make_settings(tmp_path, resync_memory="2g"))
    assert not container.serves(Image("other", image.folder), SOURCE, make_settings(tmp_path))
    make_files(tmp_path / "image", {"Dockerfile": "changed"})
    assert not container.serves(image, SOURCE, make_settings(tmp_path))


def test_only_a_released_image_brings_its_code(tmp_path: Path) -> None:
    ours, theirs = make_container(tmp_path), make_container(tmp_path, image=released("it:1"))

    assert "/app" in ours._container._options["tmpfs"]
    assert "/app" not in theirs._container._options["tmpfs"]


def test_it_has_the_least_power(tmp_path: Path) -> None:
    options = make_container(tmp_path, resync_memory="300m", pids_limit=7)._container._options

    assert {name: options[name] for name in ("cap_drop", "security_opt", "read_only", "auto_remove")} == {
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "read_only": True,
        "auto_remove": True,
    }
    assert not {"cap_add", "ports", "sysctls"} & options.keys()
    assert (options["mem_limit"], options["memswap_limit"], options["pids_limit"]) == ("300m", "300m", 7)


def test_an_answer_that_does_not_come_in_time_is_a_timeout_that_names_the_setting(tmp_path: Path) -> None:
    with (
        resync_container(tmp_path) as container,
        pytest.raises(ResyncTimeoutError, match=r"still starting after 0\.01 s") as raised,
    ):
        container._ask(None, 0.01, SOURCE)

    assert "OCEAN_SANDBOX_BOOT_TIMEOUT" in raised.value.remedy


@pytest.mark.parametrize("answers", [[], [{"event": "gone"}]], ids=["no answer comes", "it ends"])
def test_an_engine_that_has_gone_is_to_blame_and_not_the_integration(
    tmp_path: Path, answers: list[dict[str, Any]]
) -> None:
    with pytest.raises(EngineUnreachableError, match=r"The engine at unix:///\S+ does not answer") as raised:
        make_container(tmp_path, *answers)._ask({"order": "resync"}, 0.01, SOURCE)

    assert str(SOURCE) not in str(raised.value)


def test_a_death_is_a_crash_with_the_end_of_the_log(tmp_path: Path) -> None:
    container = make_container(tmp_path, {"event": "died", "why": "SIGKILL", "oom": True}, resync_memory="300m")
    container._container.log.extend(["first", "last words"])

    with pytest.raises(ResyncCrashedError, match=f"{SOURCE} died while starting: it ran out of memory") as raised:
        container._ask(None, 1, SOURCE)

    assert raised.value.detail == "first\nlast words"
    assert container.logs == ["first", "last words"]


def test_why_it_died_is_told_to_everyone_who_comes_later(tmp_path: Path) -> None:
    died = {"event": "died", "why": "SIGSEGV", "oom": False}
    nothing = {"event": "died", "why": "no integration is booted", "oom": False}
    container = make_container(tmp_path, died, nothing, {"event": "gone"})
    container._container.ended.set()

    for _ in range(3):
        with pytest.raises(ResyncCrashedError, match=r"segmentation fault \(SIGSEGV\)"):
            container._ask(None, 1, SOURCE)
    with pytest.raises(ResyncCrashedError, match=r"segmentation fault \(SIGSEGV\)"):
        container.live({"order": "deliver", "seconds": 1}, SOURCE)


def test_a_runner_that_cannot_import_port_ocean_is_an_error_that_says_so(tmp_path: Path) -> None:
    errors = describe(ModuleNotFoundError("No module named 'port_ocean'"))
    failed = {"event": "failed", "phase": "import port_ocean", "errors": errors}
    container = make_container(tmp_path, failed)

    with pytest.raises(IntegrationError, match="No module named 'port_ocean'"):
        container.boot(archive=b"", config={}, source=SOURCE)


# Production --------------------------------------------------------------------------------------------------------

READY: list[dict[str, Any]] = [{"event": "ready", "threads": []}, {"event": "booted"}]


def test_what_sails_gets_its_configuration_as_variables_and_is_waited_for(tmp_path: Path) -> None:
    mine, engines = socket.socketpair()
    with mine, engines:
        answers = [*READY, {"event": "sailing"}, {"event": "landed", "code": 0, "egress": [["db.test", 1]]}]
        container = make_container(tmp_path, *answers, log_level="DEBUG")
        container._container._attached = Attached(mine)
        config = {"port": {"client_id": "a", "base_url": "elsewhere"}, "event_listener": {"type": "ONCE"}}
        container.boot(archive=b"", config=config, source=SOURCE, entry="production")
        report = container.resync(SOURCE)
        _, boot, *others = map(json.loads, engines.recv(1 << 16).splitlines())

    assert boot["environment"] == {
        "APPLICATION__LOG_LEVEL": "DEBUG",
        "OCEAN__PORT__CLIENT_ID": "a",
        "OCEAN__PORT__BASE_URL": "http://port-mock:8000",
        "OCEAN__EVENT_LISTENER__TYPE": "ONCE",
    }
    assert "config" not in boot
    assert others == [{"order": "sail"}, {"order": "wait"}]
    assert (report.exit_code, report.egress, report.failures) == (0, [["db.test", 1]], [])


@pytest.mark.parametrize("call", ["sail", "wait"])
def test_what_cannot_sail_needs_the_command_of_port_ocean(call: str, tmp_path: Path) -> None:
    errors = describe(FileNotFoundError(2, "No such file or directory", "/opt/venv/bin/ocean"))
    mine, engines = socket.socketpair()
    with mine, engines:
        failed = {"event": "failed", "phase": "sail", "errors": errors}
        container = make_container(tmp_path, *READY, failed)
        container._container._attached = Attached(mine)
        container.boot(archive=b"", config={}, source=SOURCE, entry="production")
        with pytest.raises(IntegrationError, match="could not sail: FileNotFoundError") as raised:
            getattr(container, call)(SOURCE)

    assert (
        raised.value.remedy
        == f"let {SOURCE}/pyproject.toml depend on port-ocean[cli], as it must to run in production."
    )


def test_a_signal_that_kills_it_while_it_is_waited_for_is_a_crash_of_the_resync(tmp_path: Path) -> None:
    mine, engines = socket.socketpair()
    with mine, engines:
        container = make_container(tmp_path, *READY, {"event": "died", "why": "SIGSEGV", "oom": False})
        container._container._attached = Attached(mine)
        container.boot(archive=b"", config={}, source=SOURCE, entry="production")
        with pytest.raises(ResyncCrashedError, match=r"died while resyncing: segmentation fault \(SIGSEGV\)"):
            container.wait(SOURCE)
