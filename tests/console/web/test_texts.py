"""The texts: Chinese for every one of them, compiled as kept; files of others as they are."""

import gettext
import hashlib
import re

import pytest

from console.web import languages
from console.web.app import STATIC
from console.web.locale import gather
from tests.console.web.conftest import Console


def test_the_chinese_texts_are_those_of_the_source() -> None:
    # Given every text in templates and modules
    gathered = {message.id for message in gather.gathered() if message.id}

    # Then each has a Chinese one, and there is none besides
    kept = {message.id: message for message in gather.kept() if message.id}
    assert set(kept) == gathered, "make texts"
    assert [text for text, message in kept.items() if not message.string or message.fuzzy] == []


def test_what_is_filled_in_stands_in_both_languages() -> None:
    for message in gather.kept():
        if message.id:
            wanted = set(re.findall(r"%\((\w+)\)", str(message.id)))
            assert set(re.findall(r"%\((\w+)\)", str(message.string))) == wanted, message.id


def test_the_compiled_texts_are_those_that_are_kept() -> None:
    # Given
    with gather.MO.open("rb") as file:
        compiled = gettext.GNUTranslations(file)

    # Then
    for message in gather.kept():
        if message.id:
            assert compiled.gettext(str(message.id)) == message.string, "make texts"
    assert gather.as_po(gather.kept()) == gather.PO.read_bytes(), "make texts"


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("en;q=0.5, zh-Hant;q=0.7", "zh"),
        ("fr, de;q=0.9", "en"),
        ("zh;q=0, en;q=0.1", "en"),
        ("zh;q=x", "en"),
        ("*", "en"),
    ],
)
def test_the_language_is_what_the_browser_likes_best(accepted: str, language: str) -> None:
    assert languages.wanted(accepted) == language


def test_a_chosen_language_and_theme_stay(stocked: Console) -> None:
    # Given a browser that asks for Chinese
    browser = stocked.browser()
    chinese = browser.get("/", **{"accept-language": "zh-CN"})
    assert 'lang="zh-CN"' in chinese
    assert "概览" in chinese

    # When English and dark are chosen on a page
    chosen = {"language": "en", "theme": "dark", "next": "/dead?reason=imbalanced"}
    assert browser.post("/preferences", chosen, page="/") == "/dead?reason=imbalanced"

    # Then every page has them
    english = browser.get("/", **{"accept-language": "zh-CN"})
    assert 'lang="en" data-theme="dark"' in english
    assert "Overview" in english
    assert "概览" not in english


def test_files_of_others_are_as_their_authors_published_them() -> None:
    # Given what is written beside them
    told = (STATIC / "README.md").read_text("utf-8")

    # Then
    digest = hashlib.sha256((STATIC / "htmx.min.js").read_bytes()).hexdigest()
    assert digest in told
    version = re.search(r"\| version \| ([\d.]+) \|", told)
    assert version is not None
    assert f"version='{version[1]}'".encode() in (STATIC / "htmx.min.js").read_bytes().replace(
        b'"', b"'"
    )
    assert "0BSD" in told


def test_no_template_has_a_script_or_a_style_of_its_own() -> None:
    for path in (STATIC.parent / "templates").glob("*.html"):
        text = path.read_text("utf-8")
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", text), path.name
        assert not re.search(r"(?:src|href)=\"(?:https?:)?//", text), path.name
        assert "|safe" not in text.replace(" ", ""), path.name
