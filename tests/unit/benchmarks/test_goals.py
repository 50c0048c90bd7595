import pytest

from tests.benchmarks.goals import Goal, figure


@pytest.mark.parametrize(
    ("goal", "value", "status"),
    [
        (Goal(2.5, "s"), 2.5, "met"),
        (Goal(2.5, "s"), 3.25, "MISSED by 0.75 s"),
        (Goal(2.0, "tests/s", at_least=True), 2.0, "met"),
        (Goal(2.0, "tests/s", at_least=True), 1.5, "MISSED by 0.5 tests/s"),
        (Goal(11, "x", at_least=True, against="naive"), 8.0, "MISSED by 3x"),
    ],
)
def test_a_goal_is_met_or_missed_by_so_much(goal: Goal, value: float, status: str) -> None:
    assert goal.status(value) == status


@pytest.mark.parametrize(
    ("goal", "text"),
    [
        (Goal(220, "MB"), "≤ 220 MB"),
        (Goal(11, "x", at_least=True, against="naive"), "≥ 11x the naive peer"),
        (Goal(1.1, "x", key="growth"), "growth ≤ 1.1x"),
    ],
)
def test_a_goal_in_words(goal: Goal, text: str) -> None:
    assert goal.text == text


@pytest.mark.parametrize(
    ("value", "shown"), [(0, "0 s"), (0.042, "0.04 s"), (2.504, "2.5 s"), (36.85, "36.9 s"), (12345.6, "12,346 s")]
)
def test_three_digits_that_matter(value: float, shown: str) -> None:
    assert figure(value, "s") == shown
