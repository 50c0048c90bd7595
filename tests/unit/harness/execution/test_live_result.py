"""An action or an event that failed is not ok."""

import pytest

from harness.execution.live_result import ActionResult, LiveEventResult


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (ActionResult(action="restart", status="FAILURE"), "restart: FAILURE"),
        (ActionResult(status="FAILED"), "the action: FAILED"),
        (LiveEventResult(status=500, body="no"), "answered with 500 'no'"),
    ],
)
def test_what_failed_is_not_ok_and_says_so(result: ActionResult | LiveEventResult, said: str) -> None:
    assert said in repr(result)
    with pytest.raises(AssertionError, match=said):
        result.assert_ok()


@pytest.mark.parametrize("result", [ActionResult(status="SUCCESS"), LiveEventResult(status=202)])
def test_what_succeeded_is_ok(result: ActionResult | LiveEventResult) -> None:
    result.assert_ok()
