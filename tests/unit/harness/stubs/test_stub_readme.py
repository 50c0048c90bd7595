"""The samples in the README of the stub files work."""

import re
from pathlib import Path

from harness.stubs.folder import FOLDER, load
from tests.unit.harness.factories import write

README = Path(__file__).parents[4] / FOLDER / "README.md"


def test_its_example_is_valid(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    write(tmp_path / FOLDER / "mine" / "a.yaml", example)
    write(tmp_path / FOLDER / "mine" / "__files" / "items-2.json", "[]")

    stubs = load("mine", tmp_path, None)
    assert [stub["metadata"]["line"] for stub in stubs] == [3, 11, 21, 25]
    assert stubs[1]["response"]["body"] == "[]"


def test_it_names_each_recipe() -> None:
    named = re.findall(r"^\| ([a-z, -]+) \| [^-]", README.read_text(encoding="utf-8"), re.MULTILINE)
    there = {folder.name for folder in (README.parent / "recipes").iterdir()}

    assert {name for names in named for name in names.split(", ")} - {"recipe"} == there
