"""The pages of the manual, and what stands in them: code, headings, links."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
DOCS: Final = ROOT / "docs"
CHINESE: Final = ".zh-CN.md"

PAGES: Final = sorted(
    [
        *ROOT.glob("README*.md"),
        ROOT / "CONTRIBUTING.md",
        *DOCS.rglob("*.md"),
        *(ROOT / "deploy").rglob("*.md"),
    ]
)
"""Everything that a reader may come by; the changelog is history."""

FENCE: Final = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
_NOTE: Final = re.compile(r'(--note )"[^"\n]*"')
_SPAN: Final = re.compile(r"`([^`\n]+)`")
_HEADING: Final = re.compile(r"^(#+) (.+)$", re.MULTILINE)
_LINK: Final = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_PICTURE: Final = re.compile(r"^> \[.*?(screenshots/[\w/.-]+\.png)", re.MULTILINE)
_NOT_IN_AN_ANCHOR: Final = re.compile(r"[^\w\- ]")


def name(page: Path) -> str:
    """How a page is called in the list of tests."""
    return str(page.relative_to(ROOT))


def text(page: Path) -> str:
    """Return a page."""
    return page.read_text("utf-8")


def prose(page: Path) -> str:
    """Return a page without its code blocks."""
    return FENCE.sub("", text(page))


def fences(page: Path) -> list[tuple[str, str]]:
    """Return the code blocks of a page: language and content."""
    return FENCE.findall(text(page))


def spans(page: Path) -> list[str]:
    """Return what stands as code in the running text."""
    return _SPAN.findall(prose(page))


def code(page: Path) -> Iterator[str]:
    """Yield all that stands as code: spans of the text, and blocks that are not drawings."""
    yield from spans(page)
    yield from (block for language, block in fences(page) if language != "mermaid")


def without_notes(code: str) -> str:
    """Return commands without what an operator notes in them, which each language says itself."""
    return _NOTE.sub(r'\1""', code)


def headings(page: Path) -> list[tuple[int, str]]:
    """Return the headings of a page: how deep, and what they say."""
    return [(len(marks), said) for marks, said in _HEADING.findall(prose(page))]


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives the headings of a page."""
    found: set[str] = set()
    for _, said in headings(page):
        plain = said.replace("`", "").strip().lower()
        anchor = _NOT_IN_AN_ANCHOR.sub("", plain).replace(" ", "-")
        number = 0
        while (numbered := f"{anchor}-{number}" if number else anchor) in found:
            number += 1
        found.add(numbered)
    return found


def links(page: Path) -> list[str]:
    """Return where the links of a page lead, those to other sites left out."""
    bare = _SPAN.sub("", prose(page))
    return [target for target in _LINK.findall(bare) if "://" not in target]


def images(page: Path) -> list[str]:
    """Return the pictures that a page names; they are made, not kept, and so not shown in it."""
    return _PICTURE.findall(prose(page))
