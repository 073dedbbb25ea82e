"""Ruling lines become lattices: the columns and rows they draw, and where a wall stands between."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from worker.reading.pdf_allowance import Allowance
from worker.reading.pdf_ink import Box, Ink, Rule

_ONE: Final = 0.8
"""Pieces of one line, drawn cell by cell, are no further from each other."""
_SAME: Final = 2.5
"""Lines nearer than this are one edge: double borders."""
_NARROWEST: Final = 3.5
"""No column is narrower than this, in points."""
_LOWEST, _SHARE = 5.0, 0.4
"""No row is lower than this, in points and as a share of the height of the text."""
_TOUCHING: Final = 3.0
_SHORTEST: Final = 5.0
_OPEN: Final = 6.0
"""Lines that reach further than this beyond the last crossing one make a cell without a border."""
_SAMPLES: Final = 100
_MOST_CROSSINGS: Final = 400_000
_MOST_CELLS: Final = 100_000


Wall = tuple[float, float] | None
"""Where the first and the last line of a wall stand: cells may have borders of their own."""


@dataclass(slots=True)
class Lattice:
    """Columns between ``xs``, rows between ``ys``, and the walls drawn between their places.

    ``right[row][column]`` is the wall to the right of that place, ``left[row]`` that to the left
    of the first place; ``below`` tells that a line stands under a place, and its first row is the
    line above the lattice.
    """

    xs: list[float]
    ys: list[float]
    right: list[list[Wall]] = field(default_factory=list)
    below: list[list[bool]] = field(default_factory=list)
    left: list[Wall] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return len(self.ys) - 1

    @property
    def columns(self) -> int:
        """How many columns it has."""
        return len(self.xs) - 1

    @property
    def box(self) -> Box:
        """Its left, top, right and bottom."""
        return self.xs[0], self.ys[0], self.xs[-1], self.ys[-1]


def lattices(ink: Ink, allowance: Allowance) -> list[Lattice]:
    """Return the lattices of a page, smallest first; one that is a mere box holds no table.

    Raises:
        Refused: ``too_large``: too many lines cross.
    """
    across, down = _joined(ink.across), _joined(ink.down)
    if len(across) * len(down) > _MOST_CROSSINGS:
        return []  # A drawing or a map, not a table.
    found = []
    least = _least(ink)
    for rows, columns in _meeting(across, down, allowance):
        lattice = Lattice(_edges(columns, rows, _NARROWEST), _edges(rows, columns, least))
        if 1 < lattice.rows * lattice.columns <= _MOST_CELLS:
            allowance.take(crossings=lattice.rows * lattice.columns)
            _build(lattice, rows, columns)
            found.append(lattice)
    return sorted(found, key=lambda t: (t.xs[-1] - t.xs[0]) * (t.ys[-1] - t.ys[0]))


def _joined(rules: Iterable[Rule]) -> list[Rule]:
    """Join pieces of one line."""
    found: list[Rule] = []
    for same in _clusters(sorted(rules), _ONE):
        at = sum(rule.at for rule in same) / len(same)
        start, end = None, 0.0
        for rule in sorted(same, key=lambda rule: rule.start):
            if start is None:
                start, end = rule.start, rule.end
            elif rule.start <= end + _TOUCHING:
                end = max(end, rule.end)
            else:
                found.append(Rule(at, start, end))
                start, end = rule.start, rule.end
        if start is not None:
            found.append(Rule(at, start, end))
    return [rule for rule in found if rule.end - rule.start >= _SHORTEST]


def _clusters(rules: Sequence[Rule], least: float) -> Iterable[list[Rule]]:
    cluster: list[Rule] = []
    for rule in rules:
        if cluster and rule.at - cluster[0].at > least:
            yield cluster
            cluster = []
        cluster.append(rule)
    if cluster:
        yield cluster


def _meeting(
    across: list[Rule], down: list[Rule], allowance: Allowance
) -> Iterable[tuple[list[Rule], list[Rule]]]:
    """Yield the lines that hang together: each set draws one table."""
    groups = list(range(len(across) + len(down)))

    def root(at: int) -> int:
        while groups[at] != at:
            groups[at] = groups[groups[at]]
            at = groups[at]
        return at

    down = sorted(down)
    ats = [column.at for column in down]
    for first, row in enumerate(across):
        left = bisect_left(ats, row.start - _TOUCHING)
        right = bisect_right(ats, row.end + _TOUCHING)
        allowance.take(crossings=right - left)
        own, at = root(first), row.at
        for second in range(left, right):
            if down[second].start - _TOUCHING <= at <= down[second].end + _TOUCHING:
                other = root(len(across) + second)
                if other != own:
                    groups[other] = own
    sets: dict[int, tuple[list[Rule], list[Rule]]] = {}
    for at, rule in enumerate([*across, *down]):
        sets.setdefault(root(at), ([], []))[at >= len(across)].append(rule)
    return [pair for pair in sets.values() if pair[0] and pair[1]]


def _least(ink: Ink) -> float:
    """Return how far apart lines across are, at least, that have a row between them.

    Nearer ones are the ends of cells that a page cut, or of neighbours whose lines do not agree.
    """
    if not ink.glyphs:
        return _SAME
    some = ink.glyphs[:: max(1, len(ink.glyphs) // _SAMPLES)]
    heights = sorted([glyph.bottom - glyph.top for glyph in some])
    return max(_SAME, min(_LOWEST, _SHARE * heights[len(heights) // 2]))


def _build(lattice: Lattice, across: list[Rule], down: list[Rule]) -> None:
    """Put up the walls that the lines draw."""
    xs, ys = lattice.xs, lattice.ys
    lattice.right = [[None] * lattice.columns for _ in range(lattice.rows)]
    lattice.below = [[False] * lattice.columns for _ in range(lattice.rows + 1)]
    lattice.left = [None] * lattice.rows
    middles = _middles(ys)
    for rule in down:
        column = _nearest(xs, rule.at) - 1
        for row in _covered(middles, rule):
            walls, place = (lattice.left, row) if column < 0 else (lattice.right[row], column)
            walls[place] = _thicker(walls[place], rule.at)
    middles = _middles(xs)
    for rule in across:
        row = _nearest(ys, rule.at)
        for column in _covered(middles, rule):
            lattice.below[row][column] = True


def _edges(rules: list[Rule], crossing: list[Rule], least: float) -> list[float]:
    """Return where lines stand, and the open ends of those that cross them."""
    ats = [sum(r.at for r in same) / len(same) for same in _clusters(sorted(rules), least)]
    start, end = min(rule.start for rule in crossing), max(rule.end for rule in crossing)
    if start < ats[0] - _OPEN:
        ats.insert(0, start)
    if end > ats[-1] + _OPEN:
        ats.append(end)
    return [round(at, 1) for at in ats]


def _nearest(edges: list[float], at: float) -> int:
    right = min(bisect_left(edges, at), len(edges) - 1)
    left = max(right - 1, 0)
    return left if at - edges[left] < edges[right] - at else right


def _thicker(wall: Wall, at: float) -> Wall:
    return (at, at) if wall is None else (min(wall[0], at), max(wall[1], at))


def _middles(edges: list[float]) -> list[float]:
    return [(one + other) / 2 for one, other in pairwise(edges)]


def _covered(middles: list[float], rule: Rule) -> range:
    """Return the places whose middle the line runs along."""
    return range(bisect_left(middles, rule.start), bisect_right(middles, rule.end))
