"""Every link leads somewhere, every heading that is linked is there, every path is a path."""

import re
from pathlib import Path

import pytest

from tests.manual import pages

FOLDERS = ("models", "watcher", "worker", "console", "tests", "docs", "deploy", "requirements")
A_PATH = re.compile(rf"(?:{'|'.join(FOLDERS)})/[\w./\-\u4e00-\u9fff]*")


@pytest.mark.parametrize("page", pages.PAGES, ids=pages.name)
def test_every_link_leads_to_a_file(page: Path) -> None:
    files = [target.partition("#")[0] for target in pages.links(page)]
    assert [file for file in files if file and not (page.parent / file).exists()] == []


@pytest.mark.parametrize("page", pages.PAGES, ids=pages.name)
def test_no_picture_is_broken_in_a_fresh_clone(page: Path) -> None:
    shown = re.findall(r"!\[[^\]]*\]\(([^)\s]+)\)", pages.prose(page))
    assert [one for one in shown if not (page.parent / one).exists()] == []


def test_the_guide_names_its_pictures() -> None:
    assert len(pages.images(pages.DOCS / "operators.md")) > 10


@pytest.mark.parametrize("page", pages.PAGES, ids=pages.name)
def test_every_anchor_is_a_heading(page: Path) -> None:
    missing = []
    for target in pages.links(page):
        file, _, anchor = target.partition("#")
        there = page.parent / file if file else page
        if anchor and there.suffix == ".md" and anchor not in pages.anchors(there):
            missing.append(target)
    assert missing == []


@pytest.mark.parametrize("page", pages.PAGES, ids=pages.name)
def test_every_path_of_the_tree_exists(page: Path) -> None:
    # Given what stands as code and begins with a folder of the tree; to kubectl it is a name
    lines = (line for span in pages.code(page) for line in span.splitlines())
    named = [
        found[0].rstrip(".")
        for line in lines
        if "kubectl" not in line
        for found in A_PATH.finditer(line)
    ]

    # Then it is there, or is one of those that are made and not kept
    missing = {path for path in named if not (pages.ROOT / path).exists()}
    assert {path for path in missing if not path.startswith(made())} == set()


@pytest.mark.parametrize("index", [pages.DOCS / "README.md", pages.DOCS / f"README{pages.CHINESE}"])
def test_the_index_leads_to_every_page_of_its_language(index: Path) -> None:
    # Given the pages, and those that are there in both languages
    chinese = index.name.endswith(pages.CHINESE)
    found = {page.name for page in pages.DOCS.glob("*.md") if not page.name.startswith("README")}
    wanted = {name for name in found if name.endswith(pages.CHINESE) == chinese}

    # Then the index has them all
    assert wanted <= set(pages.links(index))


def made() -> tuple[str, ...]:
    """Return what is made beside the sources, as ``.gitignore`` has it."""
    lines = (pages.ROOT / ".gitignore").read_text("utf-8").splitlines()
    return tuple(line.strip("/") for line in lines if line.startswith("/"))
