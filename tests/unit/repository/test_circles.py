"""No module imports one that imports it, by whatever way: imports inside functions and for types are counted."""

from graphlib import CycleError, TopologicalSorter

import grimp
import pytest


@pytest.mark.parametrize("package", ["sandbox", "harness"])
def test_there_is_no_circle_of_modules(package: str) -> None:
    graph = grimp.build_graph(package, cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}

    try:
        order = list(TopologicalSorter(imports).static_order())
    except CycleError as circle:
        pytest.fail(f"these modules import each other in a circle: {' → '.join(circle.args[1])}")
    assert len(order) > 50
