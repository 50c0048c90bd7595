"""A callable is named, whatever became of its file."""

import inspect
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from harness.routes.callables import source_of


def test_a_callable_whose_file_was_edited_since_is_named_by_its_place(tmp_path: Path) -> None:
    file = tmp_path / "edited.py"
    file.write_text("\n\ndef wanted(request):\n    return True\n", encoding="utf-8")
    spec = spec_from_file_location("edited", file)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    file.write_text("\n\ndef wanted(request, (\n", encoding="utf-8")

    assert source_of(module.wanted).startswith("wanted, ")


def test_the_source_of_a_callable_is_found_once(monkeypatch: pytest.MonkeyPatch) -> None:
    reads = []
    getsourcelines = inspect.getsourcelines
    monkeypatch.setattr(inspect, "getsourcelines", lambda each: reads.append(each) or getsourcelines(each))
    wanted = lambda request: request is None  # noqa: E731 # it is what routes have

    assert {source_of(wanted) for _ in range(50)} == {
        "lambda request: request is None # noqa: E731 # it is what routes have"
    }
    assert len(reads) == 1
