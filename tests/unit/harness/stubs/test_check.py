"""`stubs check` finds what no test would reveal, at its line, with few false alarms."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given

from harness import cli
from harness.stubs.check import check, folders
from harness.stubs.cover import covers
from harness.stubs.leaks import leaks
from tests.unit.harness.factories import make_stub, write
from tests.unit.harness.short_entries import entries

ROOT = Path(__file__).parents[4]
# Made here, so that the file itself holds nothing that looks like one.
# pragma: allowlist nextline secret (made up)
GITHUB = "ghp_" + "R4nd0mQwErTyUiOpAsDfGhJkLzXcVbNm9876"
LOOKS_RANDOM = "q8Zr2Lx7Vb3Nw5Kt"


def findings(folder: Path, *beneath: Path) -> list[tuple[str, str, int]]:
    return [(each.kind, Path(each.file).name, each.line) for each in check(folder, beneath)]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.main, ["stubs", *arguments])


class TestUnreachable:
    def test_an_earlier_stub_that_always_wins_is_named(self, tmp_path: Path) -> None:
        write(
            tmp_path / "a.yaml",
            "- url: {matches: /items.*}\n  response: {}\n\n- url: /items\n  response: {status: 404}\n",
        )

        (found,) = check(tmp_path)
        assert str(found) == (
            f"{tmp_path}/a.yaml:4: the stub ANY /items never answers: {tmp_path}/a.yaml:1 (ANY /items.*) always does. "
            "Put it before that one, narrow that one, or remove it."
        )

    def test_across_files_in_the_order_in_which_they_are_read_and_by_priority(self, tmp_path: Path) -> None:
        write(tmp_path / "a.json", {"mappings": [make_stub("/1"), make_stub("/2", priority=9)]})
        write(tmp_path / "b.json", {"mappings": [make_stub("/1"), make_stub("/2")]})

        assert findings(tmp_path) == [("unreachable", "a.json", 1), ("unreachable", "b.json", 1)]

    def test_an_entry_with_times_is_told_once(self, tmp_path: Path) -> None:
        write(tmp_path / "a.yaml", "- url: /a\n  response: {}\n- url: /a\n  times: 3\n  response: {status: 429}\n")

        assert findings(tmp_path) == [("unreachable", "a.yaml", 3)]

    def test_what_comes_after_times_is_reached(self, tmp_path: Path) -> None:
        write(tmp_path / "a.yaml", "- url: /a\n  times: 2\n  response: {status: 429}\n- url: /a\n  response: {}\n")

        assert findings(tmp_path) == []

    @pytest.mark.parametrize(
        ("wide", "narrow"),
        [
            ({}, {"method": "GET", "urlPath": "/a"}),
            ({"method": "GET_OR_HEAD"}, {"method": "HEAD"}),
            ({"urlPath": "/a"}, {"url": "/a?b=1"}),
            ({"urlPathTemplate": "/a/{x}"}, {"urlPath": "/a/1"}),
            ({"urlPathPattern": "/a/[0-9]+"}, {"url": "/a/1?b"}),
            ({"urlPattern": ".*"}, {"urlPathPattern": "/x"}),
            ({"urlPattern": r"/a\?b=.*"}, {"url": "/a?b=1"}),
            ({"headers": {"Accept": {"contains": "json"}}}, {"headers": {"accept": {"equalTo": "application/json"}}}),
            ({"headers": {"a": {"contains": "x"}}}, {"headers": {"a": {"contains": "axb"}}}),
            ({"queryParameters": {"b": {"equalTo": "1"}}}, {"url": "/a?b=1&c=2"}),
            ({"queryParameters": {"b": {"matches": "[0-9]"}}}, {"queryParameters": {"b": {"equalTo": "1"}}}),
            ({"bodyPatterns": [{"contains": "a"}]}, {"bodyPatterns": [{"contains": "b"}, {"contains": "a"}]}),
        ],
    )
    def test_one_that_takes_all_that_the_other_takes(self, wide: dict[str, Any], narrow: dict[str, Any]) -> None:
        assert covers(wide, narrow)
        assert not covers(narrow, wide)

    @pytest.mark.parametrize(
        ("one", "other"),
        [({"urlPattern": ".*"}, {}), ({"host": {"equalTo": "H"}}, {"host": {"equalTo": "h"}})],
    )
    def test_two_that_take_the_same(self, one: dict[str, Any], other: dict[str, Any]) -> None:
        assert covers(one, other)
        assert covers(other, one)

    @pytest.mark.parametrize(
        ("wide", "narrow"),
        [
            ({"method": "GET"}, {"method": "POST"}),
            ({"urlPath": "/a"}, {"urlPath": "/b"}),
            ({"urlPath": "/a"}, {"urlPathPattern": "/a"}),
            ({"url": "/a"}, {"urlPath": "/a"}),
            ({"urlPattern": "/a"}, {"urlPath": "/a"}),
            ({"urlPathTemplate": "/a/{x}"}, {"urlPath": "/a/1/2"}),
            ({"urlPathPattern": "(?<java>a)++"}, {"urlPath": "/a"}),
            ({"scheme": "https"}, {}),
            ({"host": {"equalTo": "a"}}, {"host": {"contains": "a"}}),
            ({"headers": {"a": {"equalTo": "1"}}}, {}),
            ({"headers": {"a": {"equalTo": "1", "caseInsensitive": True}}}, {"headers": {"a": {"equalTo": "1"}}}),
            ({"headers": {"a": {"absent": True}}}, {"headers": {"a": {"equalTo": "1"}}}),
            ({"bodyPatterns": [{"contains": "a"}]}, {"bodyPatterns": [{"equalTo": "a"}]}),
            ({"customMatcher": {"name": "x"}}, {}),
        ],
    )
    def test_one_of_which_that_is_not_certain(self, wide: dict[str, Any], narrow: dict[str, Any]) -> None:
        assert not covers(wide, narrow)

    @given(entries)
    def test_each_covers_itself(self, entry: dict[str, Any]) -> None:
        from harness.stubs.short_form import to_stubs  # noqa: PLC0415

        assert covers(to_stubs(entry, "")[0]["request"], to_stubs(entry, "")[0]["request"])


class TestFiles:
    def test_body_files_that_nobody_names_and_that_are_missing(self, tmp_path: Path) -> None:
        write(tmp_path / "a.yaml", "- url: /a\n  response: {file: a.json}\n- url: /b\n  response: {file: b.json}\n")
        for name in ("a.json", "sub/c.json", ".gitkeep"):
            write(tmp_path / "__files" / name, "[]")

        assert findings(tmp_path) == [("unused-file", "c.json", 0), ("missing-file", "a.yaml", 3)]

    def test_those_of_the_folder_below_may_be_named(self, tmp_path: Path) -> None:
        write(tmp_path / "over" / "a.yaml", "- url: /a\n  response: {file: a.json}\n")
        write(tmp_path / "base" / "__files" / "a.json", "[]")

        assert findings(tmp_path / "over") == [("missing-file", "a.yaml", 1)]
        assert findings(tmp_path / "over", tmp_path / "base") == []

    def test_where_a_name_is_made_up_for_each_request_any_may_be_used(self, tmp_path: Path) -> None:
        templated = {"bodyFileName": "{{request.path.[0]}}.json", "transformers": ["response-template"]}
        write(tmp_path / "a.json", make_stub(response=templated))
        write(tmp_path / "__files" / "a.json", "[]")

        assert findings(tmp_path) == []

    def test_a_file_that_is_wrong_is_a_finding_and_the_others_are_looked_at(self, tmp_path: Path) -> None:
        write(tmp_path / "a.yaml", "- url: /a\n  respones: {}\n")
        write(tmp_path / "b.json", {"mappings": [make_stub(), make_stub()]})
        write(tmp_path / "__files" / "a.json", "[]")

        assert findings(tmp_path) == [("invalid", "a.yaml", 2), ("unreachable", "b.json", 1)]
        assert check(tmp_path)[0].message == "unknown key `respones`"

    def test_folders_are_found_below(self, tmp_path: Path) -> None:
        for name in ("a/x.json", "b/c/x.yaml", "b/d/__files/x.txt", "e/README.md"):
            write(tmp_path / name, "{}")

        assert [path.relative_to(tmp_path).as_posix() for path in folders(tmp_path)] == ["a", "b/c", "b/d"]


class TestLeaks:
    @pytest.mark.parametrize(
        "text",
        [
            f'{{"x": "{GITHUB}"}}',
            "AKIA" + "QWERTYUIOPASDFGH",
            "https://anna:" + "s3cr3tpaSs" + "@db.company.com/x",
            "-----BEGIN RSA " + "PRIVATE KEY-----",
            f'"client_secret": "{LOOKS_RANDOM}"',
            f"api_key: {LOOKS_RANDOM}",
            f"X-Auth-Token: {LOOKS_RANDOM}",
            f"{{apiKey: {LOOKS_RANDOM}}}",
            f"grant_type=x&refresh_token={LOOKS_RANDOM}&y=1",
            f"Authorization: Bearer {LOOKS_RANDOM}",
            "eyJ" + "hbGciOiJI.eyJ" + "zdWIiOiI5ODc2.SflKxwRJSMeKKF2QT4fwpMeJf36P",
        ],
    )
    def test_what_looks_like_a_secret(self, text: str) -> None:
        (leak,) = leaks(f"first line\n{text}")
        assert (leak.line, leak.is_personal) == (2, False)
        assert LOOKS_RANDOM[:3] not in leak.what
        assert GITHUB[:6] not in leak.what

    @pytest.mark.parametrize("text", ["anna.berg@company.com", '"phone": "+49 151 98765432"', "mobile: 0170-9876543"])
    def test_what_looks_like_a_persons(self, text: str) -> None:
        (leak,) = leaks(text)
        assert leak.is_personal

    @pytest.mark.parametrize(
        "text",
        [
            '"next_page_token": "q8Zr2Lx7Vb3Nw5Kt"',
            '"cursor": "eyJpZCI6MTIzfQ=="',
            '"author": "q8Zr2Lx7Vb3Nw5Kt", "key": "q8Zr2Lx7Vb3Nw5Kt"',
            # pragma: allowlist nextline secret (signed by nobody)
            "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.",
            "sha256:017468f643ee782787c79ad0b5abdeca30202389cf992b75cbb4648ff5f7db23",
            '"client_secret": "test-client-secret-1"',
            '"password": "hunter2"',
            '"api_key": "<redacted-0000001>"',
            "Authorization: Bearer fake-access-value-1",
            "Authorization: {matches: Bearer [a-z0-9]+}",
            "anna@example.com, bob@mail.example.org, c@things.example, d@x.test",
            "git@github.com:org/repo.git",
            "12345+anna@users.noreply.github.com",
            '"phone": "+1 202 555 0143"',
            '"created": "2024-01-01T10:00:00Z"',
            "https://api.example.com:8443/a@b",
            # pragma: allowlist nextline secret (no secret at all)
            '"secretary": "somebody else 1234567"',
        ],
    )
    def test_what_is_none(self, text: str) -> None:
        assert leaks(text) == []

    def test_they_are_found_in_stubs_body_files_and_base64(self, tmp_path: Path) -> None:
        write(tmp_path / "a.yaml", f"- url: /a\n  response:\n    json: {{access_token: {LOOKS_RANDOM}}}\n")
        write(
            tmp_path / "b.json",
            make_stub("/b", response={"base64Body": "YW5uYS5iZXJnQGNvbXBhbnkuY29t", "bodyFileName": "c"}),
        )
        write(tmp_path / "__files" / "c", "x\nanna.berg@company.com")
        write(tmp_path / "__files" / "d.png", b"\xff\xd8anna.berg@company.com")

        assert findings(tmp_path) == [
            ("personal-data", "c", 2),
            ("unused-file", "d.png", 0),
            ("secret", "a.yaml", 3),
            ("personal-data", "b.json", 1),
        ]


@pytest.mark.parametrize("folder", folders(ROOT / "wiremock-mappings"), ids=lambda folder: folder.name)
def test_our_own_folders_are_clean(folder: Path) -> None:
    assert check(folder) == []


class TestCommand:
    def test_nothing_found_is_0_and_something_is_1(self, tmp_path: Path) -> None:
        write(tmp_path / "a.json", make_stub())
        assert run("check", str(tmp_path)).exit_code == 0

        write(tmp_path / "b.json", make_stub())
        done = run("check", str(tmp_path))
        assert done.exit_code == 1
        assert "b.json:1: the stub GET /v2/items never answers" in done.output

    def test_it_says_so_to_machines(self, tmp_path: Path) -> None:
        write(tmp_path / "a.yaml", "- url: /a\n")
        done = run("check", "--json", str(tmp_path))

        assert done.exit_code == 1
        (found,) = json.loads(done.stdout)
        assert found == {
            "kind": "invalid",
            "file": str(tmp_path / "a.yaml"),
            "line": 1,
            "message": "there is no `response` in an entry",
            "remedy": "add response: …",
            "pointer": "",
            "is_warning": False,
        }

    def test_a_folder_that_is_not_there_is_a_message(self, tmp_path: Path) -> None:
        done = run("check", str(tmp_path / "none"))
        assert done.exit_code == 3
        assert "There is no folder" in done.output
        assert "There are no stubs in" in run("check", str(tmp_path)).output

    def test_a_file_is_converted_there_and_back(self, tmp_path: Path) -> None:
        catalog = ROOT / "wiremock-mappings" / "oci-registry" / "catalog.json"
        shutil.copy(ROOT / "harness" / "stubs" / "short_form.schema.json", tmp_path)
        short, back = tmp_path / "s" / "a.yaml", tmp_path / "s" / "a.json"
        short.parent.mkdir()

        assert run("convert", str(catalog), "-o", str(short)).exit_code == 0
        assert short.read_text().startswith(
            "# yaml-language-server: $schema=../short_form.schema.json\n\n- name: Catalog"
        )
        assert run("convert", str(short), "-o", str(back)).exit_code == 0
        assert json.loads(back.read_text()) == json.loads(catalog.read_text())
        assert run("convert", str(short)).stdout == back.read_text()

    def test_what_is_there_is_written_over_only_by_force(self, tmp_path: Path) -> None:
        source, target = write(tmp_path / "a.json", make_stub()), write(tmp_path / "a.yaml", "mine")

        done = run("convert", str(source), "-o", str(target))
        assert done.exit_code == 3
        assert "already exists" in done.output
        assert target.read_text() == "mine"
        assert run("convert", str(source), "-o", str(target), "--force").exit_code == 0
        assert target.read_text() == "- method: GET\n  url: /v2/items\n  response: {}\n"

    def test_the_schema_is_printed_or_written(self, tmp_path: Path) -> None:
        schema = (ROOT / "harness" / "stubs" / "short_form.schema.json").read_text()

        assert run("schema").stdout == schema
        assert run("schema", "-o", str(tmp_path / "s.json")).exit_code == 0
        assert (tmp_path / "s.json").read_text() == schema
