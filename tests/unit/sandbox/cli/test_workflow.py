"""The workflows name only what there is, which neither of its linters looks at: targets, jobs, steps, and keys."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.cli import ci_matrix
from sandbox.settings import Settings
from tests.unit.sandbox.factories import ROOT

JOBS: dict[str, Any] = {
    name: job
    for file in sorted((ROOT / ".github/workflows").glob("*.yml"))
    for name, job in yaml.safe_load(file.read_text())["jobs"].items()
}
# A name's two parts, or four as in steps.<id>.outputs.<name>; the conditions of `if` stand without braces.
REFERENCE = re.compile(r"\b(matrix|steps|needs|env)\.([\w-]+)(?:\.outputs\.([\w-]+))?")
RESTORED = {"cache-hit", "cache-primary-key", "cache-matched-key"}  # the outputs of actions/cache/restore


def references(part: object) -> Iterator[tuple[str, str, str]]:
    """All that an expression somewhere in ``part`` refers to."""
    if isinstance(part, dict):
        for key, value in part.items():
            texts = (
                [str(value)] if key == "if" else re.findall(r"\$\{\{(.*?)\}\}", value if isinstance(value, str) else "")
            )
            yield from (found for text in texts for found in REFERENCE.findall(text))
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def outputs(step: dict[str, Any]) -> set[str]:
    if step.get("uses", "").startswith("actions/cache/restore@"):
        return RESTORED
    return set(re.findall(r'echo "([\w-]+)=.*>> "\$GITHUB_OUTPUT"', step.get("run", "")))


def matrix_keys(job: dict[str, Any]) -> set[str]:
    matrix = job.get("strategy", {}).get("matrix", {})
    if isinstance(matrix, str):  # made by the command
        return set(ci_matrix.matrix([ROOT / "examples"], target=300)["include"][0])
    return set(matrix)


@pytest.mark.parametrize("name", JOBS)
def test_what_expressions_refer_to_is_there(name: str) -> None:
    job = JOBS[name]
    needs = [job["needs"]] if isinstance(job.get("needs"), str) else job.get("needs", [])
    there = {
        *(("matrix", key, "") for key in matrix_keys(job)),
        *(("env", key, "") for key in job.get("env", {})),
        *(("steps", step["id"], output) for step in job["steps"] if "id" in step for output in outputs(step)),
        *(("needs", each, output) for each in needs for output in JOBS[each].get("outputs", {})),
    }

    assert set(references(job)) - there == set()


def test_the_job_of_the_integrations_uses_all_that_the_matrix_says() -> None:
    job = JOBS["integration"]

    assert {key for kind, key, _ in references(job) if kind == "matrix"} == matrix_keys(job)


@pytest.mark.parametrize("name", JOBS)
def test_what_is_made_is_a_target_and_what_is_given_to_it_a_variable(name: str) -> None:
    makefile = Path(ROOT, "Makefile").read_text()
    targets = re.findall(r"^([a-z/-]+):.*##", makefile, re.MULTILINE)
    variables = re.findall(r"^([A-Z_]+) \?=", makefile, re.MULTILINE)
    made = [target for step in JOBS[name]["steps"] for target in re.findall(r"\bmake ([\w/-]+)", step.get("run", ""))]

    assert made
    assert set(made) <= set(targets)
    settings = [f"OCEAN_SANDBOX_{field.upper()}" for field in Settings.model_fields]
    assert set(JOBS[name].get("env", {})) <= {*variables, *settings}


@pytest.mark.parametrize("name", JOBS)
def test_no_job_has_more_rights_than_to_read_and_a_failure_ends_no_other(name: str) -> None:
    assert JOBS[name]["permissions"] == {"contents": "read"}
    assert JOBS[name].get("strategy", {"fail-fast": False})["fail-fast"] is False
