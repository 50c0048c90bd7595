"""Lets test files that import the in-process harness get this one, unchanged."""

import importlib.util
import sys
from types import ModuleType

import harness
import harness.base
import harness.harness
import harness.port_mock
import harness.transport

# Where the in-process harness is (port-ocean 0.55), and where its documentation has it.
_NAMES = ("port_ocean.integration_testing", "port_ocean.tests.integration")
_MODULES = {
    "": harness,
    ".base": harness.base,
    ".harness": harness.harness,
    ".port_mock": harness.port_mock,
    ".transport": harness.transport,
}


def install() -> None:
    """Make ``port_ocean.integration_testing`` this package, whether or not ``port_ocean`` is installed beside it.

    Call it before the first test file is imported.
    """
    harness.port_mock.answer_searches_as_in_process()
    for name in _NAMES:
        _provide(name.rpartition(".")[0])
        for suffix, module in _MODULES.items():
            sys.modules[name + suffix] = module


def _provide(package: str) -> None:
    """An empty package where there is none, so that what is in it can be imported."""
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
