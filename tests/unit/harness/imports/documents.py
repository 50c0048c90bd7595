"""Makes small documents of the kinds that can be imported."""

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from harness import cli
from harness.imports import source
from harness.imports.imported import Imported, Options

API = "https://api.example.com"


def write(path: Path, content: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def openapi(paths: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"openapi": "3.0.3", "info": {}, "servers": [{"url": f"{API}/v2"}], "paths": paths, **more}


def operation(schema: Any = None, *, status: str = "200", **media: Any) -> dict[str, Any]:
    content = {"application/json": {**({"schema": schema} if schema is not None else {}), **media}}
    return {"responses": {status: {"description": "", "content": content}}}


def har(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"log": {"version": "1.2", "creator": {"name": "x", "version": "1"}, "entries": list(entries)}}


def entry(url: str, body: Any = None, method: str = "GET", status: int = 200, **more: Any) -> dict[str, Any]:
    text = body if isinstance(body, str) or body is None else json.dumps(body)
    headers = [{"name": "Content-Type", "value": "application/json"}]
    content = {"size": len(text or ""), "mimeType": "application/json", **({"text": text} if text is not None else {})}
    request = {"method": method, "url": url, "headers": [{"name": ":authority", "value": "x"}]}
    return {"request": request, "response": {"status": status, "headers": headers, "content": content}, **more}


def collection(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    schema = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
    return {"info": {"name": "c", "schema": schema}, "item": list(items), **more}


def item(name: str, url: Any, *answers: dict[str, Any], method: str = "GET", **request: Any) -> dict[str, Any]:
    asked = {"method": method, "url": url, "header": [], **request}
    return {"name": name, "request": asked, "response": [{"originalRequest": asked, **each} for each in answers]}


def answer(body: Any, code: int = 200, **more: Any) -> dict[str, Any]:
    headers = [{"key": "Content-Type", "value": "application/json"}]
    return {"name": f"answer {code}", "code": code, "header": headers, "body": json.dumps(body), **more}


def imported(path: Path, content: Any, **options: Any) -> Imported:
    """What comes of a document that is written to ``path``."""
    return source.read(write(path, content), Options(**options))


def stubs_of(found: Imported) -> list[dict[str, Any]]:
    return [stub for several in found.stubs.values() for stub in several]


def run(*arguments: object, code: int = 0) -> Result:
    done = CliRunner().invoke(cli.main, ["stubs", "import", *map(str, arguments)])
    assert done.exit_code == code, done.output
    return done
