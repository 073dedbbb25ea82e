"""From the objects of an OFD page to ink: text, ruling lines, and whether there are pictures.

Points on the page are in mm until the end; every object has a place of its own (its boundary) and
a matrix. Text is not clipped, for boundaries and clips are often drawn too tight; ruling lines are.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from models.disclosure.finding import Reason
from worker.errors import Refused
from worker.reading import ofd_path, ofd_text
from worker.reading.matrices import IDENTITY, Matrix, around, moved, moved_box, times
from worker.reading.ofd_book import Leaf
from worker.reading.ofd_values import Box, box_of, local, matrix_of, number
from worker.reading.package import Element
from worker.reading.pdf_allowance import Allowance
from worker.reading.pdf_ink import Glyph, Ink

_DEEPEST: Final = 300
_DEEPEST_UNIT: Final = 8
_POINTS: Final = 72 / 25.4
_LINE_WIDTH: Final = 0.353
_SLACK: Final = 1.0
"""How far (mm) a ruling line may reach beyond the boundary of its object."""
_ASLANT: Final = 0.25
_FALSE: Final = frozenset(("false", "0"))
_HOLDERS: Final = frozenset(("Layer", "PageBlock", "Content"))
_DRAWN: Final = frozenset(("PathObject", "ImageObject", "CompositeObject", "VideoObject"))


def ink_of(leaf: Leaf, number_: int, allowance: Allowance) -> Ink:
    """Return what stands on a page.

    Args:
        leaf: the page.
        number_: counted from 1.
        allowance: what the file may still hold; taken from.

    Raises:
        Refused: ``too_large``.
    """
    painter = _Painter(leaf, allowance)
    for drawn in leaf.drawn:
        painter.draw(drawn, IDENTITY)
    return painter.ink(number_)


@dataclass(slots=True)
class _Painter:
    """Draws objects; ``turns`` counts characters by the quarter turns that they are set at."""

    leaf: Leaf
    allowance: Allowance
    letters: list[ofd_text.Letter] = field(default_factory=list)
    rules: list[Box] = field(default_factory=list)
    turns: Counter[int] = field(default_factory=Counter)
    pictures: bool = False

    def draw(self, parent: Element, place: Matrix, depth: int = 0, units: int = 0) -> None:
        """Draw what is below an element: layers, blocks and composite units are opened."""
        if depth > _DEEPEST:
            raise Refused(Reason.UNREADABLE, "objects of the OFD are nested too deep")
        for child in parent:
            kind = local(child)
            if child.get("Visible", "").lower() in _FALSE:
                continue
            self.allowance.take(objects=1)
            self.pictures = self.pictures or kind in _DRAWN
            if kind in _HOLDERS:
                self.draw(child, place, depth + 1, units)
            elif kind == "TextObject":
                self._text(child, place)
            elif kind == "PathObject":
                self._path(child, place)
            elif kind == "CompositeObject" and units < _DEEPEST_UNIT:
                unit = self.leaf.shared.units.get(child.get("ResourceID", ""))
                if unit is not None:
                    self.draw(unit, _matrix(child, place), depth + 1, units + 1)

    def _text(self, element: Element, place: Matrix) -> None:
        matrix = _matrix(element, place)
        quarter = _quarter(matrix)
        if quarter is None:
            return
        quarter = (quarter + ofd_text.orientation(element)) % 4
        before = len(self.letters)
        for letter, box in ofd_text.letters(element):
            self.allowance.take(characters=1)
            self.letters.append(ofd_text.Letter(letter, moved_box(matrix, box)))
        self.turns[quarter] += len(self.letters) - before

    def _path(self, element: Element, place: Matrix) -> None:
        stroked = element.get("Stroke", "true").lower() not in _FALSE
        filled = element.get("Fill", "false").lower() not in _FALSE
        data = element.find("{*}AbbreviatedData")
        if data is None or not data.text or not (stroked or filled):
            return
        matrix = _matrix(element, place)
        parts = ofd_path.subpaths(data.text)
        self.allowance.take(objects=sum(len(part.points) for part in parts))
        for part in parts:
            part.points = [moved(matrix, x, y) for x, y in part.points]
        width = self._line_width(element) * _scale(matrix) if stroked else None
        clips = list(_clips(element, matrix, place))
        for box in ofd_path.rules(parts, width, filled=filled):
            for clip in clips:
                box = _clipped(box, clip)
            if box[0] <= box[2] and box[1] <= box[3]:
                self.rules.append(box)

    def _line_width(self, element: Element) -> float:
        said = number(element.get("LineWidth"))
        if said is None:
            said = self.leaf.shared.widths.get(element.get("DrawParam", ""))
        return _LINE_WIDTH if said is None else said

    def ink(self, page: int) -> Ink:
        """Return what was drawn, in points, the page turned so that most text is upright."""
        left, top, width, height = self.leaf.box
        quarter = self.turns.most_common(1)[0][0] if self.turns else 0
        turned = times((_POINTS, 0, 0, _POINTS, -left * _POINTS, -top * _POINTS), _turn(quarter))
        corner = moved_box(turned, (left, top, left + width, top + height))
        to_page = times(turned, (1, 0, 0, 1, -corner[0], -corner[1]))
        width, height = corner[2] - corner[0], corner[3] - corner[1]
        ink = Ink(page, width, height, [], [], [], pictures=self.pictures)
        for letter, box in self.letters:
            self._glyph(ink, letter, moved_box(to_page, box))
        for box in self.rules:
            ink.rule(*moved_box(to_page, box))
        return ink

    @staticmethod
    def _glyph(ink: Ink, letter: str, box: Box) -> None:
        left, top, right, bottom = box
        middle = (top + bottom) / 2
        if left + right >= 0 <= middle <= ink.height and left + right <= 2 * ink.width:
            ink.glyphs.append(Glyph(letter, left, top, right, bottom, middle))


def _turn(quarter: int) -> Matrix:
    """Return the matrix that sets text upright that is turned clockwise by quarter turns."""
    return ((1, 0, 0, 1, 0, 0), (0, -1, 1, 0, 0, 0), (-1, 0, 0, -1, 0, 0), (0, 1, -1, 0, 0, 0))[
        quarter
    ]


def _matrix(element: Element, place: Matrix) -> Matrix:
    """Return the way from the coordinates of an object to the page."""
    left, top, _, _ = box_of(element.get("Boundary")) or (0.0, 0.0, 0.0, 0.0)
    return times(times(matrix_of(element.get("CTM")), (1, 0, 0, 1, left, top)), place)


def _quarter(matrix: Matrix) -> int | None:
    """Return by how many quarter turns text is turned clockwise; ``None`` when it is aslant."""
    a, b = matrix[0], matrix[1]
    if min(abs(a), abs(b)) > _ASLANT * max(abs(a), abs(b)):
        return None
    if abs(a) >= abs(b):
        return 0 if a >= 0 else 2
    return 1 if b > 0 else 3


def _scale(matrix: Matrix) -> float:
    return float(abs(matrix[0] * matrix[3] - matrix[1] * matrix[2]) ** 0.5)


def _clips(element: Element, matrix: Matrix, place: Matrix) -> Iterator[Box]:
    """Yield the boxes that ruling lines are cut to: the boundary, and what clips draw."""
    boundary = box_of(element.get("Boundary"))
    if boundary is None or not (boundary[2] or boundary[3]):
        return
    left, top, width, height = boundary
    bound = moved_box(place, (left, top, left + width, top + height))
    yield bound
    for clip in element.iter("{*}Clip"):
        areas = [box for area in clip for box in _area(area, matrix)]
        if areas:
            drawn = around([point for box in areas for point in (box[:2], box[2:])])
            if _clipped(bound, drawn)[0] < _clipped(bound, drawn)[2]:
                yield drawn


def _area(area: Element, matrix: Matrix) -> Iterator[Box]:
    inner = times(matrix_of(area.get("CTM")), matrix)
    for path in area.iter("{*}Path"):
        data = path.find("{*}AbbreviatedData")
        parts = ofd_path.subpaths("" if data is None else data.text or "")
        points = [point for part in parts for point in part.points]
        if points:
            yield moved_box(_matrix(path, inner), around(points))


def _clipped(box: Box, clip: Box) -> Box:
    return (
        max(box[0], clip[0] - _SLACK),
        max(box[1], clip[1] - _SLACK),
        min(box[2], clip[2] + _SLACK),
        min(box[3], clip[3] + _SLACK),
    )
