"""What need not be aligned: it would have come out the same."""

import random
from collections.abc import Iterator

import pytest

from models.disclosure.form import APPLICATIONS, DISCLOSURE, REVIEW, Table
from tests.budgets import EXAMPLES
from tests.reports.layouts import RENDERERS, random_document
from worker.reading import choose
from worker.recognise.align import Alignment, align
from worker.recognise.fitting import LEAST_SCORE, fitting
from worker.recognise.labels import columns_of
from worker.recognise.readings import Readings
from worker.recognise.records import Record, Strip, records, strips
from worker.recognise.straight import most, most_by_labels, straight
from worker.recognise.worth import Worth

_TABLES = {table.key: table for table in (DISCLOSURE, APPLICATIONS, REVIEW)}
_DOCUMENTS = EXAMPLES


def _documents(renderer: str, seed: int) -> Iterator[tuple[list[Strip], list[Record]]]:
    """Reports as they are, messy, and damaged by lines lost, repeated and put elsewhere."""
    rng = random.Random(seed)
    for number in range(_DOCUMENTS):
        _, _, text = random_document(rng, renderer=renderer, messy=number % 2 == 1)
        lines = text.split("\n")
        for _ in range(rng.choice((0, 0, 1, 4))):
            line = lines.pop(rng.randrange(len(lines)))
            for _ in range(rng.choice((0, 1, 2))):
                lines.insert(rng.randrange(len(lines)), line)
        read = strips(choose.read("\n".join(lines).encode()))
        yield read, records(read)


def _worths(found: list[Record], table: Table) -> list[Worth]:
    return [
        Worth(Readings(found, columns_of(layout.key)), layout)
        for layout in table.layouts
        if not layout.across
    ]


def _told(alignment: Alignment | None) -> object:
    return alignment and (alignment.layout.key, alignment.score, alignment.matches)


@pytest.mark.parametrize("renderer", sorted(RENDERERS))
@pytest.mark.parametrize("table", sorted(_TABLES))
def test_what_stands_straight_down_is_aligned_as_by_trying_all(renderer: str, table: str) -> None:
    for _, found in _documents(renderer, 1):
        for worth, again in zip(
            _worths(found, _TABLES[table]), _worths(found, _TABLES[table]), strict=True
        ):
            for told in (straight(worth), straight(worth, wholly=False)):
                assert told is None or _told(told) == _told(align(again))


@pytest.mark.parametrize("renderer", sorted(RENDERERS))
def test_no_alignment_scores_more_than_the_most(renderer: str) -> None:
    for _, found in _documents(renderer, 2):
        for table in _TABLES.values():
            for worth in _worths(found, table):
                assert align(worth).score <= min(most(worth), most_by_labels(worth))


@pytest.mark.parametrize("renderer", sorted(RENDERERS))
def test_layouts_are_left_out_only_where_another_fits_better(renderer: str) -> None:
    for lines, found in _documents(renderer, 3):
        # When every layout of table 三 is aligned with
        tried = [align(worth) for worth in _worths(found, APPLICATIONS)]
        enough = [one for one in tried if one.score >= LEAST_SCORE["applications"]]
        best = max(enough, key=lambda one: one.score, default=None)

        # Then the best of them is what is taken
        assert _told(fitting(APPLICATIONS, lines, found)) == _told(best)


def test_many_reports_stand_straight_down() -> None:
    counted = [
        any(straight(worth) for worth in _worths(found, APPLICATIONS))
        for renderer in ("tabbed", "markdown", "stacked_tabs")
        for _, found in _documents(renderer, 4)
    ]
    assert sum(counted) > len(counted) / 3
