"""What the third party answers, in the form that each client expects: whom it believes to be."""

from __future__ import annotations

import json
from typing import Any


def answer(path: str, host: str) -> bytes:
    """The body of the answer to a request.

    Args:
        path: Of its URL.
        host: As the third party sees it.
    """
    found: dict[str, Any] = {"seen": host}
    if path == "/v1/messages":
        content, usage = [{"type": "text", "text": host}], {"input_tokens": 1, "output_tokens": 1}
        kind = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude", "stop_reason": "end_turn"}
        found = {**kind, "stop_sequence": None, "content": content, "usage": usage}
    elif path == "/token":
        found = {"access_token": host, "expires_in": 3600, "token_type": "Bearer"}
    return json.dumps(found).encode()
