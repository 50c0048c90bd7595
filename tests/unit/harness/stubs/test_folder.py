"""Stub files are read as people write them, and every mistake is reported with its place and its remedy."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from harness import StubFileError
from harness.routes.transport import InterceptTransport
from harness.stubs.check import check, checked
from harness.stubs.folder import FOLDER, deploy, load
from harness.stubs.mappings import FILES_PRIORITY, from_routes
from sandbox.errors import ContainerDiedError, EngineError
from sandbox.services.wiremock import WireMock
from tests.unit.harness.factories import make_stub, write

MINE = "b8e4a3c2-5a1f-4c0e-9d3b-2f6a7c8d9e0f"
OLD = "b8e4a3c2-5a1f-4c0e-9d3b-2f6a7c8d9e00"


def folder(tmp_path: Path, **files: object) -> Path:
    """Make a project with a stub folder "registry"; keys are file names without their ending."""
    for name, content in files.items():
        write(tmp_path / FOLDER / "registry" / f"{name}.json", content)
    return tmp_path / FOLDER / "registry"


def loaded(tmp_path: Path) -> list[dict[str, Any]]:
    return load("registry", tmp_path, None)


def error_of(tmp_path: Path) -> StubFileError:
    with pytest.raises(StubFileError) as raised:
        loaded(tmp_path)
    return raised.value


class TestFinding:
    def test_the_folder_is_found_above_the_integration(self, tmp_path: Path) -> None:
        folder(tmp_path, a=make_stub())

        (stub,) = load("registry", tmp_path / "integrations" / "mine", None)
        assert stub["request"] == make_stub()["request"]

    def test_the_nearest_one_counts(self, tmp_path: Path) -> None:
        folder(tmp_path, a=make_stub("/far"))
        folder(tmp_path / "mine", a=make_stub("/near"))

        assert [stub["request"]["urlPath"] for stub in load("registry", tmp_path / "mine", None)] == ["/near"]

    def test_it_is_found_from_the_working_directory_too(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        folder(tmp_path / "project", a=make_stub())
        (tmp_path / "project" / "tests").mkdir()
        monkeypatch.chdir(tmp_path / "project" / "tests")

        assert len(load("registry", tmp_path / "elsewhere", None)) == 1

    def test_the_settings_can_name_it(self, tmp_path: Path) -> None:
        write(tmp_path / "mine" / "registry" / "a.json", make_stub())

        assert len(load("registry", tmp_path, tmp_path / "mine")) == 1

    def test_one_that_the_settings_name_must_be_there(self, tmp_path: Path) -> None:
        folder(tmp_path, a=make_stub())

        with pytest.raises(StubFileError) as raised:
            load("registry", tmp_path, tmp_path / "misspelt")
        assert raised.value.what == f"There is no folder {tmp_path / 'misspelt'}."
        assert raised.value.remedy == "fix OCEAN_SANDBOX_MAPPINGS, or mappings in pyproject.toml."

    def test_none_at_all_is_an_error_that_says_how_to_name_one(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        error = error_of(tmp_path / "mine")

        assert error.what == f"There is no folder {FOLDER} in {tmp_path}/mine, in {tmp_path}, or above them."
        assert "OCEAN_SANDBOX_MAPPINGS" in error.remedy

    def test_a_misspelt_folder_is_an_error_that_guesses(self, tmp_path: Path) -> None:
        write(tmp_path / FOLDER / "registry-v2" / "a.json", make_stub())
        error = error_of(tmp_path)

        assert error.what == f"There is no stub folder 'registry' in {tmp_path / FOLDER}."
        assert error.remedy == "did you mean 'registry-v2'?"

    def test_an_unknown_folder_is_an_error_that_lists_those_there_are(self, tmp_path: Path) -> None:
        for name in ("zebra", "ape"):
            write(tmp_path / FOLDER / name / "a.json", make_stub())
        write(tmp_path / FOLDER / "README.md", "no folder")

        assert error_of(tmp_path).remedy == "available folders: ape, zebra."

    def test_where_there_are_none_it_says_so(self, tmp_path: Path) -> None:
        (tmp_path / FOLDER).mkdir()

        assert error_of(tmp_path).remedy == "available folders: none."

    def test_a_folder_without_stubs_is_an_error(self, tmp_path: Path) -> None:
        registry = folder(tmp_path)
        write(registry / "__files" / "body.json", {})
        error = error_of(tmp_path)

        assert error.what == f"The stub folder {registry} holds no stubs."
        assert error.remedy == "put WireMock's JSON there, as *.json, or the short form, as *.yaml."


class TestReading:
    def test_a_file_holds_one_stub_or_several(self, tmp_path: Path) -> None:
        folder(tmp_path, a=make_stub("/1"), b={"mappings": [make_stub("/2"), make_stub("/3")]})

        assert [stub["request"]["urlPath"] for stub in loaded(tmp_path)] == ["/1", "/2", "/3"]

    def test_files_are_read_in_order_and_from_folders_below(self, tmp_path: Path) -> None:
        folder(tmp_path, c=make_stub("/c"), a=make_stub("/a"), **{"b/deep": make_stub("/b")})

        assert [stub["request"]["urlPath"] for stub in loaded(tmp_path)] == ["/a", "/b", "/c"]

    def test_what_a_person_wrote_stays_and_the_file_is_noted(self, tmp_path: Path) -> None:
        written = make_stub(name="list", scenarioName="s", metadata={"by": "hand"})
        registry = folder(tmp_path, a=written)

        (stub,) = loaded(tmp_path)
        assert stub.pop("metadata") == {"by": "hand", "file": str(registry / "a.json"), "line": 1}
        assert stub.pop("priority")
        assert stub.pop("id")
        del written["metadata"]
        assert stub == written

    def test_each_has_an_id_of_its_own_the_same_each_time_or_the_one_it_was_given(self, tmp_path: Path) -> None:
        folder(
            tmp_path,
            a={"mappings": [make_stub("/1"), make_stub("/1")]},
            b=make_stub(id=MINE.upper()),
            c=make_stub(uuid=OLD),
        )

        first = [stub["id"] for stub in loaded(tmp_path)]
        assert len(set(first)) == 4
        assert first[2:] == [MINE, OLD]
        assert first == [stub["id"] for stub in loaded(tmp_path)]

    def test_metadata_may_be_null(self, tmp_path: Path) -> None:
        registry = folder(tmp_path, a=make_stub(metadata=None))

        assert [stub["metadata"] for stub in loaded(tmp_path)] == [{"file": str(registry / "a.json"), "line": 1}]

    def test_files_rank_below_every_route_and_among_themselves_by_their_priority(self, tmp_path: Path) -> None:
        folder(tmp_path, a=make_stub(), b=make_stub(priority=1), c=make_stub(priority=9))
        transport = InterceptTransport()
        for _ in range(1000):
            transport.add_route("GET", "", {})

        default, first, last = (stub["priority"] for stub in loaded(tmp_path))
        assert from_routes(transport._routes)[-1]["priority"] < first < default < last
        assert (first, default) == (FILES_PRIORITY + 1, FILES_PRIORITY + 5)

    @pytest.mark.parametrize("priority", [None, 0, 100, 2000, 5_000_000])
    def test_of_two_folders_the_later_wins_whatever_its_priority(self, tmp_path: Path, priority: int | None) -> None:
        write(tmp_path / FOLDER / "base" / "a.json", make_stub(priority=1))
        write(tmp_path / FOLDER / "special" / "a.json", make_stub(priority=priority))

        base, special = load(["base", "special"], tmp_path, None)
        assert "base" in base["metadata"]["file"]
        assert special["priority"] < base["priority"]


class TestBodyFiles:
    def test_text_is_put_into_the_stub(self, tmp_path: Path) -> None:
        registry = folder(tmp_path, a=make_stub(response={"status": 201, "bodyFileName": "sub/list.json"}))
        write(registry / "__files" / "sub" / "list.json", '["é"]')

        assert [stub["response"] for stub in loaded(tmp_path)] == [{"status": 201, "body": '["é"]'}]

    def test_bytes_are_put_into_the_stub_as_base64(self, tmp_path: Path) -> None:
        registry = folder(tmp_path, a=make_stub(response={"bodyFileName": "blob.bin"}))
        write(registry / "__files" / "blob.bin", b"\xff\x00")

        assert [stub["response"] for stub in loaded(tmp_path)] == [{"base64Body": "/wA="}]

    def test_a_missing_one_is_an_error(self, tmp_path: Path) -> None:
        registry = folder(tmp_path, a=make_stub(response={"bodyFileName": "none.json"}))
        error = error_of(tmp_path)

        assert error.what == f"{registry / 'a.json'}:1: the body file 'none.json' is not in {registry / '__files'}."
        assert error.remedy == "fix the name, or add the file."


class TestMistakes:
    def test_invalid_json_is_named_with_line_and_column(self, tmp_path: Path) -> None:
        registry = folder(tmp_path, a='{\n  "request" {},\n}')
        error = error_of(tmp_path)

        assert error.what == f"{registry / 'a.json'}:2:13: this is not valid JSON: Expecting ':' delimiter."
        assert (error.remedy, error.detail) == ("fix that line.", '"request" {},')

    def test_a_file_that_ends_too_early_is_named_with_its_end(self, tmp_path: Path) -> None:
        registry = folder(tmp_path, a='{"request": {},\n')
        error = error_of(tmp_path)

        assert error.what.startswith(f"{registry / 'a.json'}:2:1: this is not valid JSON: ")
        assert error.detail == ""

    def test_an_empty_file_is_no_json(self, tmp_path: Path) -> None:
        registry = folder(tmp_path, a="")

        assert error_of(tmp_path).what == f"{registry / 'a.json'}:1:1: this is not valid JSON: Expecting value."

    def test_a_file_that_is_no_text_is_an_error(self, tmp_path: Path) -> None:
        registry = folder(tmp_path, a=b"\xff")
        error = error_of(tmp_path)

        assert error.what.startswith(f"{registry / 'a.json'} cannot be read: 'utf-8' codec can't decode")
        assert error.remedy == "save it as UTF-8 text."

    def test_a_file_that_cannot_be_read_is_an_error(self, tmp_path: Path) -> None:
        registry = folder(tmp_path)
        registry.mkdir(parents=True, exist_ok=True)
        (registry / "a.json").symlink_to(tmp_path / "nowhere")

        assert error_of(tmp_path).what.startswith(f"{registry / 'a.json'} cannot be read")

    @pytest.mark.parametrize("mappings", [{}, "text"])
    def test_mappings_must_be_a_list(self, tmp_path: Path, mappings: object) -> None:
        registry = folder(tmp_path, a={"mappings": mappings})

        assert error_of(tmp_path).what == f"{registry / 'a.json'}:1: mappings must be a list of stubs."

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ([], "stub 1 of 1 is not an object."),
            ({"mappings": [make_stub(), None]}, "stub 2 of 2 is not an object."),
        ],
    )
    def test_a_stub_is_an_object(self, tmp_path: Path, content: object, message: str) -> None:
        registry = folder(tmp_path, a=content)
        error = error_of(tmp_path)

        assert error.what == f"{registry / 'a.json'}:1: {message}"
        assert '"mappings": [ … ]' in error.remedy

    @pytest.mark.parametrize(
        ("fields", "message"),
        [
            ({"metadata": ["by hand"]}, '`metadata` must be an object, not ["by hand"] (/metadata).'),
            ({"priority": "high"}, '`priority` must be a whole number, not "high" (/priority).'),
            ({"request": []}, "`request` must be an object, not [] (/request)."),
            ({"response": {"body": {}}}, "`body` must be text, not {} (/response/body)."),
        ],
    )
    def test_parts_of_a_wrong_type_are_named(self, tmp_path: Path, fields: dict[str, Any], message: str) -> None:
        registry = folder(tmp_path, a=make_stub(**fields))

        assert error_of(tmp_path).what == f"{registry / 'a.json'}:1: {message}"

    def test_all_mistakes_of_a_file_are_told_at_once(self, tmp_path: Path) -> None:
        registry = folder(tmp_path, a={"mappings": [make_stub(id="x"), make_stub(nope=1)]})

        assert error_of(tmp_path).detail == (
            f"{registry / 'a.json'}:1: unknown key `nope` (/mappings/1/nope): put notes into `metadata`"
        )

    def test_two_stubs_of_a_folder_must_not_have_one_id(self, tmp_path: Path) -> None:
        registry = folder(tmp_path, a=make_stub("/1", id=MINE), b=make_stub("/2", id=MINE))

        assert error_of(tmp_path).what.startswith(
            f"{registry / 'b.json'}:1: this stub has the id of {registry / 'a.json'}:1"
        )

    def test_priorities_of_32_bits_keep_their_order(self, tmp_path: Path) -> None:
        own = [2**31 - 1, 2_000_000, 1_000_000, 5, 0, -(2**31)]
        folder(tmp_path, a={"mappings": [make_stub(priority=each) for each in own]})
        made = [stub["priority"] for stub in loaded(tmp_path)]

        assert made == sorted(set(made), reverse=True)
        assert all(abs(each - FILES_PRIORITY) < 500_000 for each in made)


class TestLinkedFolders:
    def test_they_are_read_body_files_too(self, tmp_path: Path) -> None:
        registry = folder(tmp_path, a=make_stub("/1"))
        write(tmp_path / "elsewhere" / "b.json", make_stub("/2", response={"bodyFileName": "shared/b.txt"}))
        write(tmp_path / "bodies" / "b.txt", "two")
        (registry / "linked").symlink_to(tmp_path / "elsewhere")
        (registry / "__files").mkdir()
        (registry / "__files" / "shared").symlink_to(tmp_path / "bodies")

        found = {stub["request"]["urlPath"]: stub for stub in loaded(tmp_path)}
        assert found.keys() == {"/1", "/2"}
        assert found["/2"]["response"]["body"] == "two"
        assert found["/2"]["metadata"]["file"].endswith("linked/b.json")

    def test_one_that_leads_back_is_read_once(self, tmp_path: Path) -> None:
        registry = folder(tmp_path, a=make_stub("/1"))
        (registry / "self").symlink_to(registry)
        (tmp_path / "other").mkdir()
        write(tmp_path / "other" / "b.json", make_stub("/2"))
        (registry / "other").symlink_to(tmp_path / "other")
        (tmp_path / "other" / "back").symlink_to(registry)

        assert sorted(stub["request"]["urlPath"] for stub in loaded(tmp_path)) == ["/1", "/2"]


class FussyWireMock(WireMock):
    """Stands in for the container: keeps what it is given, and refuses stubs as WireMock does."""

    def __init__(self, refused: str = "") -> None:
        self.refused = refused
        self.imports: list[list[dict[str, Any]]] = []

    def stub(self, mappings: list[dict[str, Any]]) -> None:
        if any(self.refused and self.refused in str(mapping) for mapping in mappings):
            message = "The wiremock container refused POST /__admin/mappings/import: 422 Unrecognized field"
            raise EngineError(message)
        self.imports.append(mappings)


class TestDeploying:
    def test_all_go_in_one_call(self, tmp_path: Path) -> None:
        folder(tmp_path, a=make_stub("/1"), b=make_stub("/2"))
        wiremock = FussyWireMock()
        deploy(loaded(tmp_path), wiremock)

        assert wiremock.imports == [loaded(tmp_path)]

    def test_a_refused_stub_is_named_by_its_file_with_wiremocks_words(self, tmp_path: Path) -> None:
        registry = folder(tmp_path, a=make_stub("/1"), b=make_stub("/2"))

        with pytest.raises(StubFileError) as raised:
            deploy(loaded(tmp_path), FussyWireMock(refused="'/2'"))
        assert raised.value.what == f"{registry / 'b.json'}:1: WireMock refuses this stub."
        assert re.search(r'"urlPath": "/2".*\n.*422 Unrecognized field', raised.value.detail)

    def test_a_wiremock_that_died_is_not_blamed_on_a_stub(self, tmp_path: Path) -> None:
        class Dead(FussyWireMock):
            def stub(self, mappings: list[dict[str, Any]]) -> None:
                del mappings
                message = "it ran out of memory"
                raise ContainerDiedError(message)

        folder(tmp_path, a=make_stub("/1"), b=make_stub("/2"))
        with pytest.raises(ContainerDiedError):
            deploy(loaded(tmp_path), Dead())

    def test_an_engine_that_fails_otherwise_is_not_blamed_on_a_file(self, tmp_path: Path) -> None:
        class Full(FussyWireMock):
            def stub(self, mappings: list[dict[str, Any]]) -> None:
                if len(mappings) > 1:
                    message = "too much at once"
                    raise EngineError(message)

        folder(tmp_path, a=make_stub("/1"), b=make_stub("/2"))

        with pytest.raises(EngineError, match="too much at once"):
            deploy(loaded(tmp_path), Full())


def test_with_global_templating_each_stub_of_a_file_is_a_template_once(tmp_path: Path) -> None:
    answers = [{"body": "{{now}}"}, {"transformers": ["response-template"]}, {"transformers": ["mine"]}]
    stubs = [{"request": {"url": f"/{number}"}, "response": answer} for number, answer in enumerate(answers)]
    write(tmp_path / "a.json", {"mappings": stubs})

    found = load([str(tmp_path)], tmp_path, tmp_path, are_templated=True)

    one = ["response-template"]
    assert [stub["response"]["transformers"] for stub in found] == [one, one, ["mine", *one]]
    assert [each.message.split(" is not")[0] for each in check(tmp_path)] == [
        "{{now}}",
        "there is no transformer 'mine'",
    ]
    assert [each.message for each in checked(tmp_path, are_templated=True).found] == ["there is no transformer 'mine'"]
