"""Lets test files that import the in-process harness get this one, unchanged."""

import importlib.util
import sys
from types import ModuleType

import harness
from harness.execution import port_mock
from harness.pytest_plugin import base
from harness.routes import transport
from harness.testing import harness as testing

# Where the in-process harness is (port-ocean 0.55), and where its documentation has it.
_NAMES = ("port_ocean.integration_testing", "port_ocean.tests.integration")
_MODULES = {
    "": harness,
    ".base": base,
    ".harness": testing,
    ".port_mock": port_mock,
    ".transport": transport,
}


def install() -> None:
    """Make ``port_ocean.integration_testing`` this package, whether or not ``port_ocean`` is installed beside it.

    Call it before the first test file is imported.
    """
    port_mock.answer_searches_as_in_process()
    for name in _NAMES:
        _provide(name.rpartition(".")[0])
        for suffix, module in _MODULES.items():
            sys.modules[name + suffix] = module


def _provide(package: str) -> None:
    """An empty package if there is none, so that its contents can be imported."""
    parent = package.rpartition(".")[0]
    if parent:
        _provide(parent)
    if package not in sys.modules and (parent in sys.modules or not parent):
        try:
            found = importlib.util.find_spec(package)
        except ModuleNotFoundError:
            found = None
        if found is None:
            empty = ModuleType(package, "Stands for a package that is not installed beside pytest.")
            empty.__path__ = []
            sys.modules[package] = empty
