from typing import Any

import pytest

from tests.benchmarks.runs import MeasureError, Run


def result(*calls: tuple[float, str], code: int = 0, outcome: str = "passed") -> dict[str, Any]:
    """What the clock says of a run from 100 s to 200 s, with a call's report at each time, by each worker."""
    reports = [
        {"at": at, "worker": worker, "when": "call", "outcome": outcome, "properties": {"phases": {"boot": at}}}
        for at, worker in calls
    ]
    setups = [{"at": 100.0, "worker": "", "when": "setup", "outcome": "passed"}]
    return {
        "began": 100.0,
        "ended": 200.0,
        "code": code,
        "output": "the output",
        "reports": setups + reports,
        "most_memory": 1,
    }


def test_times_begin_with_the_process() -> None:
    run = Run.read(result((106, ""), (107, "")), tests=2)
    assert (run.first_result, run.total) == (6, 100)


def test_one_worker_is_steady_after_its_first_test() -> None:
    assert Run.read(result((110, "gw0"), (111, "gw0"), (114, "gw0")), tests=3).seconds_per_test() == 2


def test_several_are_steady_once_each_has_had_one() -> None:
    calls = [(110, "gw0"), (111, "gw0"), (120, "gw1"), (121, "gw0"), (122, "gw1")]
    assert Run.read(result(*calls), tests=5).seconds_per_test() == 1


def test_too_few_tests_have_no_steady_state() -> None:
    with pytest.raises(MeasureError, match="too few"):
        Run.read(result((110, "gw0"), (120, "gw1")), tests=2).seconds_per_test()


@pytest.mark.parametrize(
    "broken", [result((1, ""), code=1), result((1, ""), outcome="failed"), result(), result((1, ""), (2, ""))]
)
def test_a_run_in_which_something_failed_is_no_figure(broken: dict[str, Any]) -> None:
    with pytest.raises(MeasureError, match="the output"):
        Run.read(broken, tests=1)


def test_phases_are_medians_of_the_tests() -> None:
    assert Run.read(result((1, ""), (9, ""), (2, "")), tests=3).phases() == {"boot": 2}
