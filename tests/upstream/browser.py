"""Debian's Chromium in a container of ours, with no way out: opens pages as files, as a person does."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, Request, sync_playwright

from sandbox.engine import engine, network
from sandbox.engine.container import Container
from sandbox.engine.owner import Owner
from sandbox.images import base_image, images
from sandbox.settings import load

_PORT = 9223


@dataclass
class Opened:
    """A page that is open.

    Args:
        page: Playwright's.
        requests: The addresses that it asked for, its own among them.
        said: What it complained of: on the console, as an error, in a dialog.
    """

    page: Page
    requests: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


@dataclass
class Browser:
    """A browser that is up.

    Args:
        chromium: Playwright's.
        container: What it runs in.
    """

    chromium: Chromium
    container: Container

    @contextlib.contextmanager
    def open(self, html: str, *, width: int = 1280, height: int = 800, dark: bool = False) -> Iterator[Opened]:
        """Put a page into the container as a file, and open it there.

        Args:
            html: The page.
            width: Of the window, in CSS pixels.
            height: Likewise.
            dark: Whether the system prefers dark colours.
        """
        name = f"{time.time_ns()}.html"
        content = html.encode()
        self.container.send(f"{name} {len(content)}\n".encode() + content)
        context = self.chromium.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"
        )
        try:
            page = context.new_page()
            page.set_default_timeout(10_000)
            opened = Opened(page)
            page.on("request", lambda request: _note(opened, request))
            page.on("console", lambda message: opened.said.append(message.text))
            page.on("pageerror", lambda error: opened.said.append(str(error)))
            page.on("dialog", lambda dialog: (opened.said.append(dialog.message), dialog.dismiss()))
            self._wait_for(page, f"file:///tmp/pages/{name}")
            yield opened
        finally:
            context.close()

    def _wait_for(self, page: Page, url: str) -> None:
        deadline = time.monotonic() + 10
        while True:  # until the file is whole
            try:
                page.goto(url)
            except Exception:  # noqa: BLE001 # playwright's own, whatever the browser says of a file that is not there
                assert time.monotonic() < deadline, self.container.end_of_log()
                time.sleep(0.02)
            else:
                return


def _note(opened: Opened, request: Request) -> None:
    opened.requests.append(request.url)


@contextlib.contextmanager
def run_browser() -> Iterator[Browser]:
    """Run a browser."""
    settings = load()
    client = engine.ensure(settings)
    image = images.Image(
        "test-browser", Path(__file__).parent / "browser_image", parents={"BASE": base_image.BaseImage("trixie")}
    )
    (tag,) = images.ensure([image], settings, client)
    owner = Owner()
    front = network.create_published(client, owner, settings)
    container = Container(
        tag, role="browser", owner=owner, networks=[(front, [])], memory="1g", pids_limit=256, publish=[_PORT]
    )
    try:
        container.start()
        address = f"http://{container.address(_PORT)}"
        _wait(address, container)
        with sync_playwright() as playwright:
            yield Browser(playwright.chromium.connect_over_cdp(address), container)
    finally:
        container.stop()
        network.remove(front)


def _wait(address: str, container: Container) -> None:
    deadline = time.monotonic() + 30
    while True:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{address}/json/version", trust_env=False).status_code == httpx.codes.OK:
                return
        assert time.monotonic() < deadline, container.end_of_log()
        time.sleep(0.05)
