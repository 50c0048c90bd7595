"""What is known of an integration from its last resync: kept, found again, never more than a hint."""

import base64
import io
import os
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.resync.learned import Learned, Memory, with_bytecode

LEARNED = Learned("abc", "", ("json", "yaml"), ("client",))
THINGS = Path("/integrations/things")


def tar(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(content), 1_000_000
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def contents(archive: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        return {each.name: file.read() for each in opened if (file := opened.extractfile(each))}


def test_another_process_knows_it_too(tmp_path: Path) -> None:
    Memory(tmp_path).learn("image:1", THINGS, LEARNED)

    assert Memory(tmp_path).of("image:1", THINGS) == LEARNED


def test_it_is_of_one_image_and_one_directory(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    memory.learn("image:1", THINGS, LEARNED)

    assert memory.of("image:2", THINGS) is None
    assert memory.of("image:1", THINGS.parent / "others") is None


def test_what_is_learned_last_counts(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    memory.learn("image:1", THINGS, LEARNED)
    memory.learn("image:1", THINGS, replace(LEARNED, is_tried=True))

    assert [each.of("image:1", THINGS) for each in (memory, Memory(tmp_path))] == [replace(LEARNED, is_tried=True)] * 2


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"code": "a", "bytecode": "", "installed": 1, "own": []}', "\udcff"], ids=repr
)
def test_a_file_that_makes_no_sense_is_as_none(text: str, tmp_path: Path) -> None:
    Memory(tmp_path).learn("image:1", THINGS, LEARNED)
    (file,) = (tmp_path / "learned").iterdir()
    file.write_bytes(text.encode(errors="surrogateescape"))

    assert Memory(tmp_path).of("image:1", THINGS) is None


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(tmp_path: Path) -> None:
    (tmp_path / "learned").write_text("in the way")
    memory = Memory(tmp_path)
    memory.learn("image:1", THINGS, LEARNED)

    assert memory.of("image:1", THINGS) == LEARNED
    assert Memory(tmp_path).of("image:1", THINGS) is None


def test_what_was_not_used_for_longest_is_forgotten(tmp_path: Path) -> None:
    for number in range(60):
        Memory(tmp_path).learn(f"image:{number}", THINGS, LEARNED)
        for file in (tmp_path / "learned").iterdir():
            os.utime(file, (file.stat().st_mtime - 1, file.stat().st_mtime - 1))

    known = [Memory(tmp_path).of(f"image:{number}", THINGS) is not None for number in range(60)]
    assert known == [False] * 10 + [True] * 50


def test_bytecode_comes_beside_the_code() -> None:
    code = tar(**{"main.py": b"x", "client.py": b"y" * 3000})
    compiled = base64.b64encode(tar(**{"__pycache__/main.cpython-313.pyc": b"z"})).decode()

    assert contents(with_bytecode(code, "abc", replace(LEARNED, bytecode=compiled))) == {
        "main.py": b"x",
        "client.py": b"y" * 3000,
        "__pycache__/main.cpython-313.pyc": b"z",
    }


@pytest.mark.parametrize(
    "learned",
    [None, LEARNED, replace(LEARNED, code="other", bytecode="Zm9v")],
    ids=["nothing known", "nothing compiled", "compiled of other code"],
)
def test_without_bytecode_of_its_own_the_code_is_as_it_was(learned: Learned | None) -> None:
    code = tar(**{"main.py": b"x"})

    assert with_bytecode(code, "abc", learned) == code
