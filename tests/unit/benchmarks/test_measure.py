import pytest

from tests.benchmarks.goals import Goal
from tests.benchmarks.measure import measure
from tests.benchmarks.rows import Measurement, Row


def counting(*values: float) -> Measurement:
    """A measurement that finds these values, one after the other."""
    left = iter(values)
    return lambda: {"value": next(left)}


def row(sandbox: Measurement, peer: Measurement, *, goal: Goal | None = None, more_is_better: bool = False) -> Row:
    goal = goal or Goal(2, "x", at_least=True, against="peer")
    return Row("a-row", "A row", "s", {"sandbox": sandbox, "peer": peer}, (goal,), more_is_better=more_is_better)


def test_the_figure_is_the_median_of_the_rounds() -> None:
    result = measure(row(counting(1, 9, 2), counting(1, 1, 1)), rounds=3)
    assert result.medians("sandbox") == {"value": 2}
    assert result.spread("sandbox") == (1, 9)


@pytest.mark.parametrize(("more_is_better", "times"), [(False, 3), (True, 1 / 3)])
def test_rounds_are_compared_each_with_itself(more_is_better: bool, times: float) -> None:  # noqa: FBT001 # a parameter
    result = measure(row(counting(1, 10, 2), counting(3, 30, 6), more_is_better=more_is_better), rounds=3)
    assert result.times_better("peer") == pytest.approx(times)


def test_a_missed_goal_is_a_figure_all_the_same() -> None:
    found = measure(row(counting(2), counting(3)), rounds=1).as_json()
    assert found["status"] == "measured"
    assert (found["goals"][0]["met"], found["goals"][0]["status"]) == (False, "MISSED by 0.5x")


def test_contenders_take_turns_at_going_first() -> None:
    order: list[str] = []

    def noting(name: str) -> Measurement:
        return lambda: order.append(name) or {"value": 1.0}  # type: ignore[func-returns-value]

    measure(row(noting("sandbox"), noting("peer")), rounds=2)
    assert order == ["sandbox", "peer", "peer", "sandbox"]


def test_what_fails_is_told_and_has_no_figures() -> None:
    found = measure(row(counting(1), counting()), rounds=2).as_json()
    assert found["status"] == "failed"
    assert "StopIteration" in found["reason"]
    assert found["goals"][0]["met"] is None
