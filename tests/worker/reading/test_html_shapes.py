"""Pages whose article is not plain markup: typed tables, loose rows, text kept for scripts."""

import json
import random
from collections.abc import Callable
from html import escape
from urllib.parse import quote

import pytest

from models.disclosure.form import RESULTS_GROUP
from tests.reports.cells import TruthReport
from tests.reports.layouts import RENDERERS
from tests.reports.truth import random_report
from tests.worker.reading.html_pages import page
from tests.worker.reading.office_files import wrong_cells
from worker.inspection import inspect
from worker.reading import html

_SHELL = (
    "<!DOCTYPE html><html><head><title>政府信息公开年报</title></head><body>"
    "<div class=nav><a href=/>首页</a></div>{}</body></html>"
)


def _fragment(report: TruthReport, rng: random.Random) -> str:
    return page(report, rng, rng.choice(("plain", "word", "broken")), "fragment")


def _text(report: TruthReport, rng: random.Random, layout: str) -> str:
    return escape(RENDERERS[layout](report, rng))


def _pre(report: TruthReport, rng: random.Random) -> str:
    return _SHELL.format(f"<pre>{_text(report, rng, 'spaced')}</pre>")


def _pre_in_spans(report: TruthReport, rng: random.Random) -> str:
    return _SHELL.format(f"<pre><span>{_text(report, rng, 'tabbed')}</span></pre>")


def _typed(report: TruthReport, rng: random.Random) -> str:
    lines = _text(report, rng, "single_spaced").splitlines()
    return _SHELL.format("".join(f"<p>{line}</p>" for line in lines))


def _pipes(report: TruthReport, rng: random.Random) -> str:
    return _SHELL.format("<br>\n".join(_text(report, rng, "markdown_per_row").splitlines()))


def _loose_rows(report: TruthReport, rng: random.Random) -> str:
    text = page(report, rng, "by_row", "fragment")
    return text.replace("<table border=1><tbody>", "").replace("</tbody></table>", "")


def _textarea(report: TruthReport, rng: random.Random) -> str:
    return _SHELL.format(f"<textarea id=c hidden>{escape(_fragment(report, rng))}</textarea>")


def _srcdoc(report: TruthReport, rng: random.Random) -> str:
    return _SHELL.format(f'<iframe srcdoc="{escape(_fragment(report, rng))}"></iframe>')


def _template(report: TruthReport, rng: random.Random) -> str:
    return _SHELL.format(f"<template>{_fragment(report, rng)}</template>")


def _json(report: TruthReport, rng: random.Random) -> str:
    data = json.dumps({"id": 7, "content": _fragment(report, rng)})
    return _SHELL.format(f"<script>var data = {data.replace('<', chr(92) + 'u003c')};</script>")


def _written(report: TruthReport, rng: random.Random) -> str:
    lines = _fragment(report, rng).splitlines()
    said = "\n".join(
        f"document.write({json.dumps(line).replace('</', '<' + chr(92) + '/')});" for line in lines
    )
    return _SHELL.format(f"<script>{said}</script>")


def _quoted(report: TruthReport, rng: random.Random) -> str:
    return _SHELL.format(f"<script>show(unescape('{quote(_fragment(report, rng))}'))</script>")


def _entities(report: TruthReport, rng: random.Random) -> str:
    text = page(report, rng, "plain", "portal")
    return "".join(one if one.isascii() else f"&#x{ord(one):X};" for one in text)


def _zero_width(report: TruthReport, rng: random.Random) -> str:
    text = page(report, rng, "plain", "portal")
    return "".join(f"{one}\u200b" if one > "\u4e00" and rng.random() < 0.2 else one for one in text)


def _vertical(report: TruthReport, rng: random.Random) -> str:
    text = page(report, rng, "plain", "portal")
    label = report.wording.groups[RESULTS_GROUP]
    column = "".join(f"<p align=center>{escape(one)}</p>\n" for one in label)
    return text.replace(f">{escape(label)}</td>", f">{column}</td>")


def _sections_of_xml(report: TruthReport, rng: random.Random) -> str:
    text = page(report, rng, "plain", "bare").replace("<!DOCTYPE html>", "<?xml version='1.0'?>")
    return text.replace("<p>", "<p><![CDATA[").replace("</p>", "]]></p>")


_SHAPES: tuple[Callable[[TruthReport, random.Random], str], ...] = (
    _pre,
    _pre_in_spans,
    _typed,
    _pipes,
    _loose_rows,
    _textarea,
    _srcdoc,
    _template,
    _json,
    _written,
    _quoted,
    _entities,
    _zero_width,
    _vertical,
    _sections_of_xml,
)


@pytest.mark.parametrize("shape", _SHAPES)
def test_every_cell_is_read(shape: Callable[[TruthReport, random.Random], str]) -> None:
    for seed in range(4):
        # Given
        rng = random.Random(seed)
        truth = random_report(rng)

        # When
        inspection = inspect(shape(truth, rng).encode(), "page.html")

        # Then
        assert inspection.file.media_type == "text/html"
        assert [wrong for wrong in wrong_cells(inspection, truth) if "." in wrong] == [], seed


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("<p>附件：<a href='/u/2023.pdf'>2023年年报.pdf</a></p>", "2023年年报.pdf"),
        ("<p><a title=x href=files/a.docx><img src=i.gif></a></p>", "files/a.docx"),
        ("<p><img src='/t/1.png'><img src='data:image/png;base64,x'></p>", "2"),
    ],
)
def test_a_page_without_tables_says_where_they_may_be(body: str, told: str) -> None:
    # Given a report whose tables are not on the page
    text = f"<h1>甲县水利局2023年政府信息公开工作年度报告</h1><p>一、总体情况</p><p>无。</p>{body}"

    # When
    inspection = inspect(_SHELL.format(text).encode(), "x")

    # Then
    assert (inspection.outcome, str(inspection.reason)) == ("dead", "incomplete")
    assert told in inspection.message


def test_a_page_with_tables_does_not_speak_of_its_attachments() -> None:
    rng = random.Random(1)
    text = page(random_report(rng), rng, "plain", "bare")
    text = text.replace("</body>", "<a href=a.pdf>附件</a></body>")
    assert html.read(text.encode()).warnings == ()
