"""Every way a report is rendered, by name, and what each can express.

All renderers take a report and a source of chance and return the text of the whole document.
"""

import random
from collections.abc import Callable
from typing import Final

from models.disclosure.form import Edition
from tests.reports.cells import TruthReport
from tests.reports.layouts_markdown import markdown, markdown_cut, markdown_per_row
from tests.reports.layouts_mirrored import mirrored
from tests.reports.layouts_plain import single_spaced, trailing_pipe
from tests.reports.layouts_spaced import spaced
from tests.reports.layouts_tabbed import stacked_tabs, tabbed
from tests.reports.truth import MESS, random_report

Renderer = Callable[[TruthReport, random.Random], str]

RENDERERS: Final[dict[str, Renderer]] = {
    "stacked_tabs": stacked_tabs,
    "tabbed": tabbed,
    "markdown": markdown,
    "markdown_per_row": markdown_per_row,
    "markdown_cut": markdown_cut,
    "spaced": spaced,
    "trailing_pipe": trailing_pipe,
    "single_spaced": single_spaced,
    "mirrored": mirrored,
}

_ALL: Final = frozenset(MESS)
EXPRESSES: Final[dict[str, frozenset[str]]] = {
    "stacked_tabs": _ALL,
    "tabbed": _ALL,
    "markdown": _ALL,
    "markdown_per_row": _ALL,
    "markdown_cut": _ALL,
    "spaced": _ALL - {"spaces"},
    "trailing_pipe": _ALL,
    "single_spaced": _ALL - {"spaces", "blanks", "blank_row"},
    "mirrored": _ALL,
}
"""The mess options after which a reader can still tell every cell from the text alone."""


def random_document(
    rng: random.Random,
    *,
    renderer: str | None = None,
    edition: Edition | str | None = None,
    messy: bool = True,
) -> tuple[TruthReport, str, str]:
    """Return a random report, the name of its renderer and the rendered text.

    A messy report has a random choice of what the renderer can express.
    """
    name = renderer or rng.choice(list(RENDERERS))
    chosen = {option: rng.random() < 0.4 for option in sorted(EXPRESSES[name])} if messy else {}
    report = random_report(rng, edition=edition, messy=chosen)
    return report, name, RENDERERS[name](report, rng)
