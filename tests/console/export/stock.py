"""Random reports, stored as they would be: some of them corrected, accepted, copied, replaced."""

import random
from typing import Final

from console.desk import decisions
from tests.reports.layouts import EXPRESSES, RENDERERS
from tests.reports.truth import TruthReport, break_cell, random_report
from tests.worker.house import House
from worker import inspection
from worker.desk.errors import StillWrong, Unacceptable, UnfitChanges
from worker.desk.order import Changes, Given

BY: Final = Given("王", "核对原件")
_BROKEN: Final = 8
"""One of so many is published with a wrong figure."""


def stock(home: House, count: int, seed: int = 1) -> int:
    """Bring reports in until so many are stored; return how many are corrected.

    Half of them have blanks, slashes, dashes and notes in their cells.
    """
    rng = random.Random(seed)
    layouts = list(RENDERERS)
    pipeline = home.pipeline(inspection.inspect)
    stored = corrected = number = 0
    while stored < count:
        number += 1
        layout = layouts[number % len(layouts)]
        messy = {mess: rng.random() < 0.4 for mess in sorted(EXPRESSES[layout])}
        report = random_report(rng, messy=messy if number % 2 else False)
        is_broken = number % _BROKEN == 0
        published = break_cell(report, rng)[0] if is_broken else report
        text = RENDERERS[layout](published, rng)
        document = home.arrive(text.encode(), f"{number}.txt")
        pipeline.run(document)
        letters = home.letters(document)
        if not letters:
            stored += 1
        elif is_broken and _decide(home, letters[-1].id, report, published):
            stored, corrected = stored + 1, corrected + 1
    return corrected


def _decide(home: House, letter: int, meant: TruthReport, published: TruthReport) -> bool:
    """Correct the figure that is wrong, if that is all."""
    wrong = [key for key, cell in published.cells.items() if cell != meant.cells[key]]
    changes = Changes({key: str(meant.cells[key].value) for key in wrong})
    try:
        decisions.correct(home.database, letter, BY, changes)
    except (StillWrong, Unacceptable, UnfitChanges):
        return False
    return True
