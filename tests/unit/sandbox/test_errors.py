"""An error says what happened, what to do, and shows what explains it."""

import pytest

import sandbox
from sandbox.errors import SandboxError


def test_it_says_what_then_the_remedy_then_the_detail() -> None:
    error = SandboxError("It broke.", remedy="fix it.", detail="\nfirst\n\nlast\n\n")

    assert str(error) == "It broke.\nWhat to do: fix it.\n  | first\n  | \n  | last"


def test_its_parts_can_be_had_one_by_one() -> None:
    error = SandboxError("It broke.", remedy="fix it.", detail="\nwhy\n")

    assert (error.what, error.remedy, error.detail) == ("It broke.", "fix it.", "why")


@pytest.mark.parametrize("detail", ["", " \n\t\n"])
def test_what_is_empty_is_left_out(detail: str) -> None:
    assert str(SandboxError("It broke.", detail=detail)) == "It broke."


@pytest.mark.parametrize("name", [name for name in sandbox.__all__ if name.endswith("Error")])
def test_each_error_is_a_sandbox_error(name: str) -> None:
    with pytest.raises(SandboxError, match="It broke") as raised:
        raise getattr(sandbox, name)("It broke.", remedy="fix it.")

    assert type(raised.value).__name__ == name
