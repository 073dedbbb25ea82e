"""The architecture page: its house is the tree's, and its drawing is the same in both languages."""

import re
from pathlib import Path

import pytest

from tests.manual import pages

PAGES = [pages.DOCS / "architecture.md", pages.DOCS / "architecture.zh-CN.md"]
MODULE = re.compile(r"(?:models|watcher|worker|console)/[\w./]*")


def packages() -> set[str]:
    """Return every package of the tree, as the page names it."""
    found = set()
    for top in ("models", "watcher", "worker", "console"):
        for path in (pages.ROOT / top).rglob("__init__.py"):
            found.add(f"{path.parent.relative_to(pages.ROOT)}/")
    return found


def drawing(page: Path) -> str:
    """Return what is drawn."""
    [block] = [block for language, block in pages.fences(page) if language == "mermaid"]
    return block


@pytest.mark.parametrize("page", PAGES, ids=pages.name)
def test_every_package_is_in_the_house_and_nothing_else(page: Path) -> None:
    rows = re.findall(
        r"^\| `((?:models|watcher|worker|console)/[\w/]*)` \|", pages.text(page), re.MULTILINE
    )
    assert set(rows) == packages()
    assert len(rows) == len(set(rows))


@pytest.mark.parametrize("page", PAGES, ids=pages.name)
def test_every_module_that_is_drawn_exists(page: Path) -> None:
    drawn = MODULE.findall(drawing(page))
    assert drawn
    assert [one for one in drawn if not (pages.ROOT / one).exists()] == []


def test_both_languages_draw_the_same() -> None:
    # Given the arrows, and which module each box is, without the words
    def shape(page: Path) -> list[str]:
        lines = (re.sub(r"-- \S.*? -->", "-->", line) for line in drawing(page).splitlines())
        arrows = [line.strip() for line in lines if "-->" in line]
        return arrows + MODULE.findall(drawing(page))

    # Then they are the same
    assert shape(PAGES[0]) == shape(PAGES[1])
