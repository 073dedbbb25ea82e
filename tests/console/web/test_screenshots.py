"""The pictures of the operator's guide, taken of a real ``gouji up`` with the samples.

``make screenshots`` keeps them in ``docs/screenshots``, where the guide looks for them; otherwise
they are taken all the same, so that the guide is known to show what there is.
"""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson
import pytest
from playwright.sync_api import FloatRect, Page, ViewportSize, expect, sync_playwright
from sqlalchemy import select

from console.samples import samples
from models.dead_letter import DeadLetter
from models.filing import StoredReport
from tests import budgets
from tests.console.web.browsing import attended, launched
from tests.fault.running import Running, until
from tests.manual.pages import DOCS, images

pytestmark = [pytest.mark.process, pytest.mark.soak]

LANGUAGES = {"en": "en-GB", "zh": "zh-CN"}
GUIDES = {"en": DOCS / "operators.md", "zh": DOCS / "operators.zh-CN.md"}
_SCREEN: Final[ViewportSize] = {"width": 1280, "height": 860}
_MARGIN: Final = 20
PASSWORD = "correct horse battery staple"  # noqa: S105
NOTICE = "关于印发2024年政务公开工作要点的通知\n各科室：\n现将要点印发给你们，请认真贯彻执行。\n"


@dataclass
class Desk:
    """A ``gouji up`` with samples: its console, the letter that does not balance, a report."""

    running: Running
    address: str
    letter: int
    report: int
    change: dict[str, Any]

    def gouji(self, *words: str, typed: str = "") -> str:
        """Run a command beside it."""
        return _gouji(self.running, *words, typed=typed)


def _gouji(running: Running, *words: str, typed: str = "") -> str:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "console.cli.main", *words],
        env=running.environment,
        cwd=running.directory,
        input=typed,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


def _address(running: Running) -> str:
    log = running.data / "logs" / "console.log"

    def said() -> list[str]:
        lines = log.read_bytes().splitlines() if log.exists() else []
        told = [orjson.loads(line) for line in lines if line.startswith(b"{")]
        return [one["address"] for one in told if one["event"] == "console.listening"]

    until(said, 60, running.story)
    return said()[-1]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    running = Running(tmp_path_factory.mktemp("desk"))
    try:
        running.start("--samples")
        (running.inbox / "要点通知.txt").write_text(NOTICE, "utf-8")
        running.wait_until_at_rest(len(samples()) + 1, 120)
        with running.database.reading() as session:
            letters = session.scalars(select(DeadLetter).order_by(DeadLetter.id)).all()
            report = session.scalars(select(StoredReport.id).where(StoredReport.year == 2023)).one()
        [letter] = [one for one in letters if one.reason == "imbalanced"]
        [notice, *_] = [one for one in letters if one.reason == "not_a_report"]
        assert letter.inspection is not None
        change = letter.inspection["candidates"][0]["changes"][0]
        _gouji(running, "user", "add", "anna", "--role", "admin", typed=PASSWORD)
        by = ("--operator", "anna", "--note")
        _gouji(running, "dead", "comment", str(letter.id), *by, "已去电区政府办核实，待回复。")
        _gouji(running, "dead", "discard", str(notice.id), *by, "是通知，不是年报")
        yield Desk(running, _address(running), letter.id, report, change)
        assert running.stop() == 0
    finally:
        running.end()


@dataclass
class Camera:
    """Takes pictures of a page, as a guide names them."""

    page: Page
    desk: Desk
    folder: Path

    def go(self, path: str) -> None:
        """Go to a page of the console, and wait until its scripts listen."""
        self.page.goto(self.desk.address + path)
        attended(self.page)

    def take(self, name: str, of: str = "") -> None:
        """Take a picture of what is on the screen, or of one part of the page."""
        path = self.folder / f"{name}.png"
        if of:
            self.page.locator(of).screenshot(path=path)
            return
        filled: float = self.page.evaluate(
            "Math.max(...[...document.querySelectorAll('main > *, dialog[open]')]"
            ".map(one => one.getBoundingClientRect().bottom))"
        )
        height = min(filled + _MARGIN, _SCREEN["height"])
        clip: FloatRect = {"x": 0, "y": 0, "width": _SCREEN["width"], "height": height}
        self.page.screenshot(path=path, clip=clip)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_picture_of_the_guide_is_taken(desk: Desk, tmp_path: Path, language: str) -> None:
    # Given a browser of that language
    folder = Path(budgets.SCREENSHOTS or tmp_path).absolute() / language
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = launched(playwright)
        context = browser.new_context(
            locale=LANGUAGES[language],
            timezone_id="Asia/Shanghai",
            viewport=_SCREEN,
        )
        camera = Camera(context.new_page(), desk, folder)

        # When somebody works through a day
        _log_in(camera)
        _look_around(camera)
        _correct(camera)
        _decide_about_many(camera)
        browser.close()

    # Then every picture that the guide shows has been taken, and no other
    shown = {Path(picture).name for picture in images(GUIDES[language])}
    assert {path.name for path in folder.glob("*.png")} == shown
    assert all(
        picture.startswith(f"screenshots/{language}/") for picture in images(GUIDES[language])
    )


def _log_in(camera: Camera) -> None:
    camera.go("/login")
    camera.page.locator("[name=name]").fill("anna")
    camera.take("login")
    camera.page.locator("[name=password]").fill(PASSWORD)
    camera.page.locator("[name=password]").press("Enter")
    expect(camera.page.locator(".tile").first).to_be_visible()
    camera.take("overview")


def _look_around(camera: Camera) -> None:
    letter, report = camera.desk.letter, camera.desk.report
    for name, path in {
        "letters": "/dead",
        "original": f"/dead/{letter}/original",
        "timeline": f"/dead/{letter}/timeline",
        "reports": "/reports",
        "report": f"/reports/{report}",
        "sources": "/sources",
        "workers": "/workers",
        "audit": "/audit",
        "rule": "/rules/T3.FLOW",
    }.items():
        camera.go(path)
        camera.take(name)


def _correct(camera: Camera) -> None:
    page, change = camera.page, camera.desk.change
    camera.go(f"/dead/{camera.desk.letter}")
    camera.take("letter")
    camera.take("judgement", "aside.judgement")
    camera.take("comments", "#comments")
    field = page.locator(f'[data-cell="{change["cell"]}"] input')
    field.fill(str(change["proposed"]))
    expect(page.locator(".figure.hard")).to_have_count(0)
    field.scroll_into_view_if_needed()
    camera.take("corrected")
    page.locator('[formaction$="/prepare"]').click()
    note = page.get_by_role("dialog").locator("[name=note]")
    expect(note).to_be_visible()
    note.fill("核对原件" if camera.folder.name == "zh" else "compared with the original")
    camera.take("decide")
    page.keyboard.press("Escape")


def _decide_about_many(camera: Camera) -> None:
    camera.go("/dead?reason=not_a_report")
    camera.page.locator("button[name=all][value=discard]").click()
    expect(camera.page.locator("[name=note]")).to_be_visible()
    camera.take("bulk")
