"""What is HTML, what a parser can bear, and what was cut."""

import pytest

from worker.errors import Refused
from worker.reading.markup import media_type, survey


@pytest.mark.parametrize(
    "text",
    [
        "<!DOCTYPE html><p>x",
        "\ufeff \n<HTML>",
        '<?xml version="1.0" encoding="gb2312"?>\n<!DOCTYPE html PUBLIC "x">',
        "<!-- a --><!-- b -->\n<html>",
        '<%@ page language="java" %>\n<html>',
        "<div class=content>甲</div>",
        "<table><tr><td>1</td></tr></table>",
        "# 年度报告\n\n<table><tr><td>1</td></tr></table>",
        "x" * 70_000 + "<td>1</td>",
    ],
)
def test_pages_and_pieces_of_pages_are_html(text: str) -> None:
    assert media_type(text.encode()) == "text/html"


@pytest.mark.parametrize(
    "text",
    ["", "政府信息公开", "a < b", "|一|二<br>三|", "<w:document>", "<?xml version='1.0'?><a:b/>"],
)
def test_what_is_no_page(text: str) -> None:
    assert media_type(text.encode()) is None


def test_utf_16_pages_are_html() -> None:
    assert media_type("<html><p>政府信息公开".encode("utf-16")) == "text/html"


@pytest.mark.parametrize(
    "text", ["MIME-Version: 1.0\r\n", "From: x\r\nContent-Type: multipart/related"]
)
def test_pages_saved_with_their_parts(text: str) -> None:
    assert media_type(text.encode()) == "multipart/related"


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("<html><p>a</p></html>", False),
        ("<html><p>a</p>", False),
        ("<p>a<p>b", False),
        ("<html><p>a</p><p>b", True),
        ("<html><p>a</p><p cla", True),
        ("<html><p>a</p></", True),
        ("<html><table><tr><td>1</tr><tr><td>2</td>", True),
        ("<html><table><tr><td>1<tr><td>2", False),
        ("<html><!-- never ends <p>", True),
        ("<html><script>if (a < b) '</p>'</script></body>", False),
        ("<html><p title='a > b'>x</p></body><", False),
    ],
)
def test_only_what_was_clearly_cut_is_cut(text: str, cut: bool) -> None:
    assert survey(text).cut is cut


def test_end_tags_of_others_do_not_hide_depth() -> None:
    with pytest.raises(Refused):
        survey("<div></span></p>" * 400)


def test_siblings_are_not_deep() -> None:
    assert survey("<p>x<li>y<tr><td>z" * 5000).bearable
    assert survey("<div><a href=x>y</a></div>" * 5000).bearable
