"""A folder's ignore list excuses findings that are meant to be there, each with a reason; what is wrong with it is said."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from harness import cli
from harness.stubs.check import check, checked
from harness.stubs.folder import IGNORED, load
from tests.unit.harness.factories import make_stub, write

ENTRY = "- url: /1\n  response: {}\n"


def make_folder(root: Path, text: str) -> Path:
    """A folder with two findings: a stub that never answers, and an e-mail address."""
    folder = root / "wiremock-mappings" / "a"
    write(folder / "a.json", {"mappings": [make_stub("/1"), make_stub("/1")]})
    write(folder / "sub" / "b.yaml", "- url: /2\n  response: {body: grace.hopper@navy.mil}\n")
    write(folder / IGNORED, text)
    return folder


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli.main, ["stubs", "check", *map(str, arguments)])


@pytest.mark.parametrize(
    ("entry", "left"),
    [
        ("kind: personal-data", ["unreachable"]),
        ("kind: personal-data, file: sub/b.yaml", ["unreachable"]),
        ("kind: personal-data, file: 'sub/*', contains: navy", ["unreachable"]),
        ("kind: unreachable, file: a.json, contains: GET /1", ["personal-data"]),
        ("kind: unreachable, file: b.yaml", ["unused-ignore", "unreachable", "personal-data"]),
        ("kind: secret", ["unused-ignore", "unreachable", "personal-data"]),
        ("kind: personal-data, contains: army", ["unused-ignore", "unreachable", "personal-data"]),
    ],
)
def test_entries_excuse_what_they_name_and_are_named_if_they_excuse_nothing(
    tmp_path: Path, entry: str, left: list[str]
) -> None:
    folder = make_folder(tmp_path, f"- {{{entry}, reason: as it is}}\n")

    found = checked(folder)

    assert [each.kind for each in found.found] == left
    assert len(found.ignored) == (0 if len(left) == 3 else 1)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("# nothing yet\n", None, ""),
        ("- {kind: personal-data}", 1, "the entry has no reason"),
        ("\n- {kind: personal-data, reason: ''}", 2, "the entry has no reason"),
        ("- {kind: personal-data, reason: ' '}", 1, "the entry has no reason"),
        ("- {reason: so}", 1, "the entry has no kind"),
        ("- {kind: invalid, reason: so}", 1, "'invalid' is not a kind of finding that can be ignored"),
        ("- {kind: [a], reason: so}", 1, "`kind` is not a text"),
        ("- {kind: secret, reason: so, path: x}", 1, "unknown key `path`"),
        ("- secret", 1, "an entry of the ignore list is not an object"),
        ("kind: secret", 1, "the ignore list is not a list"),
        ("- {kind: secret", 0, "this is not valid YAML"),
    ],
)
def test_what_is_wrong_with_the_list_is_an_error(tmp_path: Path, text: str, line: int | None, message: str) -> None:
    folder = make_folder(tmp_path, text)

    found = [each for each in check(folder) if each.file.endswith(IGNORED)]

    if line is None:
        assert not found
    else:
        assert message in " ".join(each.message for each in found)
        assert (found[0].kind, found[0].line, found[0].is_warning) == ("invalid", line, False)
        assert run(folder).exit_code == 1


def test_the_list_is_no_stub_file_and_is_counted(tmp_path: Path) -> None:
    entries = [f"- {{kind: {kind}, reason: so}}\n" for kind in ("unreachable", "personal-data")]
    folder = make_folder(tmp_path, "".join(entries))

    assert len(load("a", tmp_path, None)) == 3
    done = run(folder)
    assert (done.exit_code, done.stderr) == (0, "0 findings, 2 ignored\n")
    assert json.loads(run(folder, "--json").stdout) == []


def test_many_findings_of_one_sort_are_one_line(tmp_path: Path) -> None:
    write(tmp_path / "a.yaml", ENTRY * 30)
    write(tmp_path / "b.json", {**make_stub("/3"), "oops": 1})

    done = run(tmp_path)

    many, invalid = sorted(done.stdout.splitlines(), key=lambda line: "oops" in line)
    assert f"{tmp_path}/a.yaml:3: the stub ANY /1 never answers" in many
    assert "[and 28 more like it: :5, :7, " in many
    assert "unknown key `oops`" in invalid
    assert done.stderr == "30 findings\n"
    assert len(run(tmp_path, "--each").stdout.splitlines()) == 30
    assert len(json.loads(run(tmp_path, "--json").stdout)) == 30


def test_a_few_of_one_sort_have_a_line_each(tmp_path: Path) -> None:
    write(tmp_path / "a.yaml", ENTRY * 4)
    assert len(run(tmp_path).stdout.splitlines()) == 3
