"""What users read is there in both languages, and says the same in the same places."""

import re
from pathlib import Path
from typing import Final

import pytest

from tests.manual import pages

CHINESE = [page for page in pages.PAGES if page.name.endswith(pages.CHINESE)]
ENGLISH = [
    page
    for page in (pages.ROOT / "README.md", *sorted(pages.DOCS.glob("*.md")))
    if not page.name.endswith(pages.CHINESE)
]

FIGURES_OF_THEIR_OWN: Final = {
    "crawlers": "十万 for 100,000",
    "localisation": "the results file by file stand in the English page only",
    "performance": "what was tried and measured earlier stands in the English page only",
    "scaling": "its figures are held by their formula",
}
"""Pages whose figures need not be the English one's, and why."""
FIGURE: Final = re.compile(r"(?<![\w.,])\d(?:[\d,]*\d)?(?:\.\d+)?")
NOT_PROSE: Final = re.compile(r"<!-- generated.*?<!-- end -->|`[^`\n]*`|\]\([^)]*\)", re.DOTALL)


def english(page: Path) -> Path:
    """Return the English page that a Chinese one is beside."""
    return page.with_name(page.name.removesuffix(pages.CHINESE) + ".md")


def test_every_page_is_there_in_both_languages() -> None:
    assert len(ENGLISH) > 18
    assert {english(page) for page in CHINESE} == set(ENGLISH)


@pytest.mark.parametrize("page", CHINESE, ids=pages.name)
def test_each_page_names_the_other(page: Path) -> None:
    assert english(page).name in pages.links(page)
    assert page.name in pages.links(english(page))


@pytest.mark.parametrize("page", CHINESE, ids=pages.name)
def test_both_have_the_same_headings(page: Path) -> None:
    # Given how deep each heading is, and the code in it, which no language changes
    def outline(one: Path) -> list[tuple[int, list[str]]]:
        return [(depth, said.split("`")[1::2]) for depth, said in pages.headings(one)]

    # Then it is the same in both
    assert outline(page) == outline(english(page))


@pytest.mark.parametrize("page", CHINESE, ids=pages.name)
def test_both_have_the_same_code_blocks(page: Path) -> None:
    # Given code blocks without comments and notes, which may be translated, and without room
    def code(one: Path) -> list[tuple[str, list[str]]]:
        found = []
        for language, block in pages.fences(one):
            if language == "mermaid":
                continue
            typed = pages.without_notes(block).splitlines()
            lines = (f" {line}".partition(" #")[0].split() for line in typed)
            found.append((language, [" ".join(words) for words in lines]))
        return [(language, [line for line in lines if line]) for language, lines in found]

    # Then they are the same in both
    assert code(page) == code(english(page))


@pytest.mark.parametrize("page", CHINESE, ids=pages.name)
def test_every_figure_of_the_english_page_is_in_the_chinese_one(page: Path) -> None:
    if page.name.removesuffix(pages.CHINESE) in FIGURES_OF_THEIR_OWN:
        return
    assert figures(english(page)) - figures(page) == set()


def figures(page: Path) -> set[str]:
    """Return the numbers that the text and the tables of a page tell, generated parts left out."""
    return set(FIGURE.findall(NOT_PROSE.sub("", pages.prose(page))))


@pytest.mark.parametrize("page", CHINESE, ids=pages.name)
def test_both_show_the_same_pictures(page: Path) -> None:
    def shown(one: Path) -> list[str]:
        return [picture.replace("/zh/", "/en/") for picture in pages.images(one)]

    assert shown(page) == shown(english(page))
