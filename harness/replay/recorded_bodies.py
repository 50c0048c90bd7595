"""Keeps recorded bodies that are too large for a source file, or not text, as files of their own."""

import base64
import hashlib
import json

from harness.replay.answers import Answer

INLINE = 10_000
# Of a long recording, only short bodies stay in the source.
_LONG, _INLINE_OF_LONG = 1_000_000, 1_000


class RecordedBodies:
    """The files, named by what is in them: a recording that has not changed gives the same ones.

    Args:
        answers: All answers, which decide what is too large.

    Attributes:
        files: The content by name.
    """

    def __init__(self, answers: list[Answer]) -> None:
        self.files: dict[str, bytes] = {}
        self._contents: dict[int, bytes | None] = {}
        total = 0
        for answer in answers:
            content = self._content(answer)
            self._contents[id(answer)] = content
            total += len(content) if len(content) <= INLINE else 0
        self._limit = _INLINE_OF_LONG if total > _LONG else INLINE

    def keep(self, answer: Answer) -> str | None:
        """The name of the file that has the answer's body, or None where it may stay in the source."""
        content = self._contents.get(id(answer)) or self._content(answer)
        if not (answer.is_binary or len(content) > self._limit):
            return None
        ending = "json" if answer.is_json else "bin" if answer.is_binary else "txt"
        name = f"{hashlib.sha256(content).hexdigest()[:16]}.{ending}"
        self.files[name] = content
        return name

    def _content(self, answer: Answer) -> bytes:
        if answer.body is None:
            return b""
        if answer.is_binary:
            return base64.b64decode(answer.body["$base64"])
        if answer.is_json:
            return json.dumps(answer.body, ensure_ascii=False).encode("utf-8", "surrogatepass")
        return str(answer.body).encode("utf-8", "surrogatepass")
