"""Finds the code blocks of the documentation, for the tests that run them."""

import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
TRACKER = DOCS / "tracker"
FIRST_TEST = "first-test.md"


@dataclass(frozen=True)
class Block:
    """A code block of a page.

    Args:
        page: The page's file name.
        line: The line of the page where its code begins.
        language: What the fence says it is.
        code: The code.
    """

    page: str
    line: int
    language: str
    code: str


def blocks(page: Path) -> list[Block]:
    """The code blocks of a page, in order."""
    tokens = MarkdownIt().parse(page.read_text(encoding="utf-8"))
    return [
        Block(page.name, token.map[0] + 2, token.info.strip(), token.content)
        for token in tokens
        if token.type == "fence" and token.map
    ]


def all_blocks() -> list[Block]:
    """The code blocks of all pages."""
    return [block for page in sorted(DOCS.glob("*.md")) for block in blocks(page)]


def commands(block: Block) -> list[list[str]]:
    """The commands of a console block, each as its words."""
    return [shlex.split(line.removeprefix("$ ")) for line in block.code.splitlines() if line.startswith("$ ")]


def tracker_with_tests(folder: Path) -> Path:
    """The documented integration in ``folder``, with the samples of each page as a test file and as stub files.

    A sample derives from the base class of the first page, so each file begins with that.
    """
    tracker = shutil.copytree(TRACKER, folder / "tracker", ignore=shutil.ignore_patterns("__pycache__"))
    stubs = tracker / "wiremock-mappings" / "tracker"
    stubs.mkdir(parents=True)
    (tracker / "tests").mkdir()
    base = next(block.code for block in blocks(DOCS / FIRST_TEST) if block.language == "python")
    for page in sorted(DOCS.glob("*.md")):
        samples = [block for block in blocks(page) if block.language == "python" and block.code != base]
        if samples:
            source = "\n\n".join([base, *(block.code for block in samples)])
            (tracker / "tests" / f"test_{page.stem.replace('-', '_')}.py").write_text(source, encoding="utf-8")
        for block in blocks(page):
            if block.language == "yaml":
                (stubs / "projects.yaml").write_text(block.code, encoding="utf-8")
    return tracker
