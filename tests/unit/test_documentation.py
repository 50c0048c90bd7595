"""The documentation can be built and run: every page is in the menu, every block is run by a test."""

from pathlib import Path

import click
import pytest
import yaml

from harness.cli import main
from tests.documentation import DOCS, ROOT, Block, all_blocks, commands, tracker_with_tests

# What tests/integration/test_documentation.py runs; text is a listing, and shows nothing to run.
RUN = {"python", "console", "yaml", "text"}


def pages_of(menu: object) -> list[str]:
    if isinstance(menu, dict):
        return [page for each in menu.values() for page in pages_of(each)]
    return [page for each in menu for page in pages_of(each)] if isinstance(menu, list) else [str(menu)]


def test_every_page_is_in_the_menu() -> None:
    menu = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]
    assert sorted(pages_of(menu)) == sorted(page.name for page in DOCS.glob("*.md"))


def test_every_block_is_of_a_language_that_is_run() -> None:
    assert {block.language for block in all_blocks()} == RUN


@pytest.mark.parametrize(
    "block",
    [block for block in all_blocks() if block.language == "console"],
    ids=lambda block: f"{block.page}:{block.line}",
)
def test_every_command_has_the_options_that_are_shown(
    block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tracker_with_tests(tmp_path))
    for program, *words in commands(block):
        assert program == "ocean-sandbox"
        command: click.Command = main
        while isinstance(command, click.Group):
            name = words.pop(0)
            found = command.get_command(click.Context(command), name)
            assert found is not None, f"docs/{block.page}:{block.line}: no command {name!r}"
            command = found
        command.make_context(program, words)
