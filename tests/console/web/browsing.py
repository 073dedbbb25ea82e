"""A real browser on a real console: Debian's Chromium, driven by Playwright."""

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect

from console.web.serve import ConsoleServer
from models.session import Database
from worker.settings import Settings

CHROMIUM: Final = shutil.which("chromium")
_STARTS_WITHIN: Final = 120_000.0
_EXPECTED_WITHIN: Final = 30_000.0
"""Milliseconds: machines are busy with others."""
_ASKING: Final = "[hx-get], [hx-post]"
_POWERED: Final = "[data-htmx-powered]"
"""What htmx marks an element with once it heeds it."""

expect.set_options(timeout=_EXPECTED_WITHIN)


def demand_chromium() -> str:
    """Return where Chromium is; where it is missing, skip at the desk and fail in CI."""
    if CHROMIUM is None:
        why = "needs Debian's chromium"
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)
    return CHROMIUM


def launched(playwright: Playwright) -> Browser:
    """Start a Chromium without a screen."""
    rooted = ["--no-sandbox"] if os.geteuid() == 0 else []
    return playwright.chromium.launch(
        executable_path=demand_chromium(), args=rooted, timeout=_STARTS_WITHIN
    )


def attended(page: Page) -> Page:
    """Wait until the scripts of a page heed what is done on it; returns the page.

    A click that leads to a page is over when that begins to come. What is typed or pasted before
    its scripts listen is heeded by none; and htmx begins in a task of its own, after ours.
    """
    page.wait_for_load_state()
    if page.locator(_ASKING).count():
        page.locator(_POWERED).first.wait_for(state="attached")
    return page


@contextmanager
def served(settings: Settings) -> Iterator[str]:
    """Serve a console on any free port for as long as the block runs; yields its address."""
    database = Database.at(settings.database)
    server = ConsoleServer(settings, database)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server.address
    finally:
        server.stop()
        thread.join(30)
        database.close()
        assert not thread.is_alive()


@dataclass
class Watched:
    """A page, and everything on it that should not be."""

    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, context: BrowserContext, address: str) -> "Watched":
        """Open a page that is watched: for requests off the host, errors, violations."""
        watched = cls(context.new_page(), address)
        watched.page.on("request", lambda request: watched._look(request.url))
        watched.page.on("pageerror", lambda error: watched.complaints.append(f"error: {error}"))
        watched.page.on("console", watched._listen)
        return watched

    def go(self, path: str) -> Page:
        """Go to a page of the console, and wait until its scripts listen."""
        self.page.goto(self.address + path)
        return attended(self.page)

    def violations(self) -> list[str]:
        """Return what axe-core finds wrong with the page as it is."""
        self.page.evaluate(axe())
        # what passed is long, and nobody reads it
        found: list[dict[str, Any]] = self.page.evaluate(
            "async () => (await axe.run({resultTypes: ['violations']})).violations"
        )
        return [
            f"{one['id']}: {node['target']} {node['html'][:120]}"
            for one in found
            for node in one["nodes"]
        ]

    def _look(self, url: str) -> None:
        if not url.startswith((self.address, "data:")):
            self.complaints.append(f"off the host: {url}")

    def _listen(self, message: Any) -> None:
        expected = "the server responded with a status of 4" in message.text
        if message.type in ("error", "warning") and not expected:
            self.complaints.append(f"{message.type}: {message.text}")


def axe() -> str:
    """Return axe-core's script; evaluated from outside, so that no policy is in its way."""
    return files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
