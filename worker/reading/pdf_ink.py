"""What a page of fixed layout shows: characters where they stand, and ruling lines.

Coordinates are points from the top left corner of the page, turned so that its text is upright.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""

UNKNOWN: Final = "\ufffd"
"""The text of a glyph whose font does not say which character it is."""

_THICK: Final = 4.0
"""Greatest thickness of a ruling line in points; Word's thickest border has 6, its common 0.5."""


class Glyph(NamedTuple):
    """One character and its box, as high as its font and as wide as its advance.

    ``middle`` is the height of the middle of its box.
    """

    text: str
    left: float
    top: float
    right: float
    bottom: float
    middle: float


class Rule(NamedTuple):
    """A ruling line at ``at``, from ``start`` to ``end`` in the other direction."""

    at: float
    start: float
    end: float


@dataclass(slots=True)
class Ink:
    """One page: glyphs in the order in which they were drawn, rules across and down.

    ``scale`` is how many of its points the page's own unit has, 1 on all but odd pages;
    ``pictures`` tells that something else than text is drawn; ``photograph`` is the share of the
    page that its largest image takes.
    """

    page: int
    width: float
    height: float
    glyphs: list[Glyph]
    across: list[Rule]
    down: list[Rule]
    scale: float = 1.0
    pictures: bool = False
    photograph: float = 0.0

    def rule(self, left: float, top: float, right: float, bottom: float) -> bool:
        """Take a thin box as a ruling line; tell whether it was thin. A dot may be part of both.

        Only what is on the page is taken: some programs draw the whole of a cut table on each.
        """
        low, narrow = bottom - top <= _THICK, right - left <= _THICK
        if top > self.height or bottom < 0 or left > self.width or right < 0:
            return low or narrow
        if low:
            self.across.append(Rule((top + bottom) / 2, max(left, 0.0), min(right, self.width)))
        if narrow:
            self.down.append(Rule((left + right) / 2, max(top, 0.0), min(bottom, self.height)))
        return low or narrow
