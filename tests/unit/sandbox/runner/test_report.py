"""What the runner says of an error: enough to raise it again, and never an error of its own."""

import asyncio
import json
from base64 import b64decode, b64encode
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from sandbox.runner.report import CAUSES_LIMIT, MESSAGE_LIMIT, describe


def describe_one(error: BaseException) -> dict[str, Any]:
    (description,) = describe(error)
    sent: dict[str, Any] = json.loads(json.dumps(description))  # it goes over a pipe
    return sent


def raised_by(call: Any, *arguments: Any) -> BaseException:
    """What ``call`` raises, with the frames it passed through."""
    try:
        call(*arguments)
    except BaseException as error:  # noqa: BLE001 # whatever it is
        return error
    pytest.fail("nothing was raised")


def fail(error: BaseException) -> None:
    raise error


def process_resource(resource: object, inner: Any) -> None:  # noqa: ARG001 # its frame is the point
    """A frame such as port_ocean's, which holds the resource."""
    inner()


def generator_of(kind: object, inner: Any) -> None:  # noqa: ARG001 # its frame is the point
    """A frame such as that of the wrapper around an integration's generator, which holds the kind."""
    inner()


# What it is --------------------------------------------------------------------------------------------------------


def test_an_error_is_its_type_its_message_and_its_arguments() -> None:
    arguments = ["no such project", 7, None, True, 1.5]

    description = describe_one(ValueError(*arguments))

    assert (description["type"], description["module"]) == ("ValueError", "builtins")
    assert description["arguments"] == arguments
    assert description["message"] == str(tuple(arguments))
    assert (description["kind"], description["exchange"], description["cause"]) == (None, None, None)


def test_a_class_within_another_has_its_qualified_name() -> None:
    class InnerError(Exception):
        pass

    description = describe_one(InnerError())

    assert description["type"].endswith("_qualified_name.<locals>.InnerError")
    assert description["module"] == __name__


def test_the_file_of_an_os_error_is_among_its_arguments() -> None:
    assert describe_one(FileNotFoundError(2, "gone", "a.json"))["arguments"] == [2, "gone", "a.json"]
    assert describe_one(FileNotFoundError(2, "gone"))["arguments"] == [2, "gone"]


@pytest.mark.parametrize("argument", [{"a": 1}, ["x"], object(), b"x", ValueError("x")])
def test_arguments_that_are_not_plain_are_left_out(argument: object) -> None:
    assert describe_one(ValueError("plain", argument))["arguments"] is None


def test_the_traceback_is_as_python_prints_it() -> None:
    error = raised_by(fail, KeyError("id"))

    assert describe_one(error)["traceback"].startswith("Traceback (most recent call last):\n")
    assert "in fail\n    raise error\nKeyError: 'id'\n" in describe_one(error)["traceback"]


def test_the_traceback_shows_the_causes() -> None:
    def wrap() -> None:
        try:
            fail(KeyError("id"))
        except KeyError as error:
            raise RuntimeError("wrapped") from error

    assert "KeyError: 'id'\n\nThe above exception was the direct cause" in describe_one(raised_by(wrap))["traceback"]


def test_a_str_that_fails_is_said_to() -> None:
    class BrokenError(Exception):
        def __str__(self) -> str:
            raise AttributeError("no body")

    description = describe_one(raised_by(fail, BrokenError()))

    assert description["message"] == "<its __str__ failed: AttributeError('no body')>"
    assert "BrokenError" in description["traceback"]


def test_a_long_message_is_cut() -> None:
    assert describe_one(ValueError("x" * (MESSAGE_LIMIT + 1)))["message"] == "x" * MESSAGE_LIMIT


def test_a_description_of_a_huge_error_is_not_huge() -> None:
    description = describe_one(raised_by(fail, ValueError("x" * 10_000_000)))

    assert len(json.dumps(description)) < 10 * MESSAGE_LIMIT


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), asyncio.CancelledError("stop")])
def test_what_is_no_exception_is_described_too(error: BaseException) -> None:
    assert describe_one(error)["type"] == type(error).__qualname__


# Groups ------------------------------------------------------------------------------------------------------------


def test_groups_are_taken_apart_in_their_order() -> None:
    group = ExceptionGroup(
        "resync",
        [
            ValueError("a"),
            ExceptionGroup("kinds", [KeyError("b"), ExceptionGroup("c", [OSError("c")])]),
            TypeError("d"),
        ],
    )

    assert [each["type"] for each in describe(group)] == ["ValueError", "KeyError", "OSError", "TypeError"]


def test_groups_of_what_is_no_exception_are_taken_apart_too() -> None:
    assert [each["type"] for each in describe(BaseExceptionGroup("g", [SystemExit(1)]))] == ["SystemExit"]


# Causes ------------------------------------------------------------------------------------------------------------


def chain(length: int) -> BaseException:
    """An error that was raised from another, and so on, ``length`` in all."""
    error = ValueError(1)
    for number in range(2, length + 1):
        error, error.__cause__ = ValueError(number), error
    return error


def causes_of(description: dict[str, Any]) -> list[int]:
    found: list[int] = description["arguments"]
    return found + (causes_of(description["cause"]) if description["cause"] else [])


def test_the_cause_is_described_and_its_cause_too() -> None:
    assert causes_of(describe_one(chain(3))) == [3, 2, 1]


def test_causes_are_described_as_far_as_one_reads() -> None:
    assert causes_of(describe_one(chain(100))) == list(range(100, 100 - CAUSES_LIMIT - 1, -1))


def test_the_cause_of_each_error_in_a_group_is_its_own() -> None:
    first, second = chain(2), chain(1)

    assert [causes_of(each) for each in describe(ExceptionGroup("resync", [first, second]))] == [[2, 1], [1]]


def test_a_cause_in_a_task_group_has_the_kind_of_the_frames_that_the_group_passed_through() -> None:
    group = raised_by(generator_of, "issue", lambda: fail(ExceptionGroup("tasks", [chain(2)])))

    (description,) = describe(group)

    assert (description["kind"], description["cause"]["kind"]) == ("issue", "issue")


def test_a_cause_that_is_a_group_is_described_as_one() -> None:
    error = ValueError("x")
    error.__cause__ = ExceptionGroup("tasks", [KeyError("id")])

    cause = describe_one(error)["cause"]

    assert (cause["type"], cause["message"]) == ("ExceptionGroup", "tasks (1 sub-exception)")
    assert cause["arguments"] is None
    assert "KeyError: 'id'" in cause["traceback"]


def test_a_cause_has_its_own_exchange() -> None:
    error = ValueError("x")
    error.__cause__ = error_of("/items")

    description = describe_one(error)

    assert description["exchange"] is None
    assert description["cause"]["type"] == "HTTPStatusError"
    assert description["cause"]["exchange"]["status"] == 429


def test_what_was_merely_being_handled_is_no_cause() -> None:
    error = ValueError("x")
    error.__context__ = KeyError("y")

    assert describe_one(error)["cause"] is None


# Kinds -------------------------------------------------------------------------------------------------------------


def test_the_kind_is_that_of_the_resource_in_a_frame() -> None:
    resource = SimpleNamespace(kind="repository")

    error = raised_by(process_resource, resource, lambda: fail(ValueError("x")))

    assert describe_one(error)["kind"] == "repository"


def test_the_kind_is_that_of_a_frame_that_holds_it_by_name() -> None:
    error = raised_by(generator_of, "issue", lambda: fail(ValueError("x")))

    assert describe_one(error)["kind"] == "issue"


def test_the_outermost_frame_that_knows_counts() -> None:
    """An integration may call other things a kind; port_ocean's frames are further out."""
    resource = SimpleNamespace(kind="repository")

    error = raised_by(process_resource, resource, lambda: generator_of("of drink", lambda: fail(ValueError("x"))))

    assert describe_one(error)["kind"] == "repository"


@pytest.mark.parametrize("resource", [{"kind": "of drink"}, "a text", None, SimpleNamespace(kind=7)])
def test_a_resource_without_a_kind_is_passed_by(resource: object) -> None:
    error = raised_by(process_resource, resource, lambda: generator_of("issue", lambda: fail(ValueError("x"))))

    assert describe_one(error)["kind"] == "issue"


def test_a_kind_that_is_no_text_is_none() -> None:
    error = raised_by(generator_of, 7, lambda: fail(ValueError("x")))

    assert describe_one(error)["kind"] is None


@pytest.mark.parametrize("explicit", [True, False])
def test_the_kind_may_be_known_to_the_cause_alone(explicit: bool) -> None:  # noqa: FBT001 # a parameter
    def wrap() -> None:
        try:
            generator_of("issue", lambda: fail(ValueError("x")))
        except ValueError as error:
            if explicit:
                raise RuntimeError("wrapped") from error
            raise RuntimeError("wrapped")  # noqa: B904 # that is the other case

    assert describe_one(raised_by(wrap))["kind"] == "issue"


def test_each_error_of_a_group_has_its_own_kind() -> None:
    errors = [raised_by(generator_of, kind, lambda: fail(ValueError("x"))) for kind in ("issue", "project")]

    group = raised_by(fail, BaseExceptionGroup("resync", errors))

    assert [each["kind"] for each in describe(group)] == ["issue", "project"]


def test_an_error_of_a_task_group_has_the_kind_of_the_frames_that_the_group_passed_through() -> None:
    async def fetch() -> None:
        raise ValueError("x")

    async def resync(kind: str) -> None:  # noqa: ARG001 # its frame is the point
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(fetch())

    error = raised_by(asyncio.run, resync("issue"))

    assert [each["kind"] for each in describe(error)] == ["issue"]


def test_an_error_that_is_its_own_cause_is_described() -> None:
    error = ValueError("x")
    error.__cause__ = error  # as `raise error from error` does

    assert describe_one(error)["message"] == "x"
    assert describe_one(error)["cause"]["message"] == "x"


def test_an_error_at_the_end_of_a_long_chain_is_described() -> None:
    """A client that tries again for hours, each time while it handles the last failure."""
    error = ValueError("x")
    for _ in range(2000):
        error, error.__context__ = ValueError("x"), error

    assert describe_one(error)["message"] == "x"


def test_a_resource_of_another_kind_that_has_no_truth_does_no_harm() -> None:
    class Array:
        def __bool__(self) -> bool:
            raise ValueError("the truth of an array is ambiguous")  # as numpy's arrays say

    error = raised_by(process_resource, Array(), lambda: fail(KeyError("id")))

    assert describe_one(error)["type"] == "KeyError"


# The exchange of an httpx error ------------------------------------------------------------------------------------


def answer(request: httpx.Request) -> httpx.Response:
    if request.url.path == "/down":
        raise httpx.ConnectError("refused", request=request)
    headers = [("x-limit", "1"), ("set-cookie", "a=1"), ("set-cookie", "b=2")]
    return httpx.Response(429, text="slow down", headers=headers)


def error_of(path: str) -> BaseException:
    with httpx.Client(transport=httpx.MockTransport(answer), base_url="https://api.example.com") as client:
        return raised_by(lambda: client.post(path, params={"q": "é"}).raise_for_status())


def test_a_status_error_tells_the_request_and_the_response() -> None:
    exchange = describe_one(error_of("/items"))["exchange"]

    assert {**exchange, "headers": None} == {
        "method": "POST",
        "url": "https://api.example.com/items?q=%C3%A9",
        "status": 429,
        "headers": None,
        "body": b64encode(b"slow down").decode(),
    }
    assert [header for header in exchange["headers"] if header[0] in {"x-limit", "set-cookie"}] == [
        ["x-limit", "1"],
        ["set-cookie", "a=1"],
        ["set-cookie", "b=2"],
    ]


def test_a_transport_error_tells_the_request_alone() -> None:
    description = describe_one(error_of("/down"))

    assert (description["type"], description["module"].partition(".")[0]) == ("ConnectError", "httpx")
    assert description["exchange"] == {
        "method": "POST",
        "url": "https://api.example.com/down?q=%C3%A9",
        "status": None,
        "headers": [],
        "body": "",
    }


def test_a_body_that_nobody_read_is_empty() -> None:
    with (
        httpx.Client(transport=httpx.MockTransport(answer)) as client,
        client.stream("GET", "https://api.example.com/items") as response,
    ):
        streamed = httpx.Response(500, stream=_Unread(), request=response.request)
        error = raised_by(streamed.raise_for_status)

    assert describe_one(error)["exchange"]["body"] == ""
    assert describe_one(error)["exchange"]["status"] == 500


class _Unread(httpx.SyncByteStream):
    pass


def test_a_long_body_is_cut() -> None:
    response = httpx.Response(500, text="x" * (MESSAGE_LIMIT + 1), request=httpx.Request("GET", "https://a.example"))

    body = describe_one(raised_by(response.raise_for_status))["exchange"]["body"]

    assert b64decode(body) == b"x" * MESSAGE_LIMIT


def test_an_httpx_error_without_a_request_has_no_exchange() -> None:
    assert describe_one(httpx.InvalidURL("no host"))["exchange"] is None
    assert describe_one(httpx.ReadTimeout("slow"))["exchange"] is None


def test_another_librarys_error_with_a_response_has_no_exchange() -> None:
    error = ValueError("x")
    error.response = httpx.Response(500, request=httpx.Request("GET", "https://a.example"))  # type: ignore[attr-defined]

    assert describe_one(error)["exchange"] is None
