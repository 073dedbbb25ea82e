"""pdfium's text of a page, and what it leaves out of it or should leave out.

pdfium takes text for printed twice where the same characters stand within nearly a character's
width of each other, and measures that width in a unit of its own: on a page drawn in a small one
it takes ``44`` for ``4``. And it cannot tell text that is not painted from text that is.
"""

from collections.abc import Sequence
from math import hypot
from typing import Any, Final

import pypdfium2.raw as pdfium  # type: ignore[import-untyped]

from worker.reading import pdf_calls as calls
from worker.reading.pdf_calls import Numbers
from worker.reading.pdf_drawn import Drawn
from worker.reading.pdf_ghosts import ghosts

_LOOKED_BACK: Final = 6
"""pdfium compares text with the five objects of text before it."""
_TWICE: Final = 0.07
"""Text printed twice for weight is no further apart, in ems."""
_NO_WIDTH: Final = 0.01
_AGREEING: Final = 0.02
_OUTLINE: Final = 0.05
_LEAST_SEEN: Final = 0.25
"""Where less of the text is painted, it is that of a scanned page, or a mark on one."""


class TextPage:
    """The characters that can be seen on a page.

    ``handle`` is pdfium's; ``count`` its characters. ``moved`` are the objects that had to be
    moved to be taken in, and how far (across, up) on the page. ``owners`` are the text objects of
    the characters, ``None`` where pdfium made a character up.
    """

    def __init__(self, page: Any) -> None:
        self._page = page
        self.moved: dict[int, tuple[float, float]] = {}
        self.owners: list[int | None] = []
        self.handle: Any = None
        self.count = self.address = 0
        self._load()

    def _load(self) -> None:
        self.close()
        self.handle = pdfium.FPDFText_LoadPage(self._page)
        if self.handle:
            self.address = calls.address(self.handle)
            self.count = max(0, pdfium.FPDFText_CountChars(self.handle))

    def close(self) -> None:
        """Give pdfium's text back."""
        if self.handle:
            pdfium.FPDFText_ClosePage(self.handle)
        self.handle = None

    def look(self, contents: Sequence[Drawn]) -> None:
        """Take out what nobody sees, and take in what was taken for printed twice."""
        self._own()
        hidden = ghosts(contents)
        if hidden:
            self._leave_out(hidden)
        named: set[int | None] = {*hidden, *self.owners}
        missing = [
            drawn
            for drawn in contents
            if not named.issuperset(drawn.texts) and self._find(drawn, named)
        ]
        if missing:
            self._load()
            self._own()

    def _own(self) -> None:
        self.owners = calls.objects_of(self.address, range(self.count))

    def _leave_out(self, hidden: set[int]) -> None:
        """Leave out what is hidden, unless that leaves too little.

        The text under a scanned page is invisible as a whole: it is the page's text layer.
        """
        before = self._written()
        self._hide(hidden)
        if self._written() < _LEAST_SEEN * before:
            self._hide(hidden, hide=False)
            hidden.clear()

    def _hide(self, hidden: set[int], *, hide: bool = True) -> None:
        for one in hidden:
            calls.hide(one, hidden=hide)
        self._load()
        self._own()

    def _written(self) -> int:
        return len(self.owners) - self.owners.count(None)

    def _find(self, drawn: Drawn, known: set[int | None]) -> bool:
        """Change what pdfium left out so that it takes it in; tell whether there is any."""
        if not self._any_lost([text for text in drawn.texts if text not in known]):
            return False
        boxes, matrices = calls.bounds(drawn.texts), calls.matrices(drawn.texts)
        sizes = calls.font_sizes(drawn.texts)
        far = 2 * max(*map(abs, sizes), *(max(map(abs, box)) for box in boxes), 1.0)
        changed = moves = 0
        for at, text in enumerate(drawn.texts):
            if text in known:
                continue
            if abs(boxes[at][2] - boxes[at][0]) < _NO_WIDTH:
                if not calls.is_embedded(text):
                    calls.outline(text, _OUTLINE)
                    changed += 1
                continue
            least = _TWICE * abs(sizes[at]) * hypot(*matrices[at][2:4])
            near = [
                hypot(*(matrices[at][to] - matrices[one][to] for to in (4, 5)))
                for one in range(max(0, at - _LOOKED_BACK), at)
                if _overlap(boxes[one], boxes[at])
            ]
            if near and min(near) > least:
                changed, moves = changed + 1, moves + 1
                # Those that pdfium compares with each other must not meet again.
                across = far * (1 + moves % (_LOOKED_BACK + 1))
                calls.move(text, across)
                self.moved[text] = across * drawn.matrix[0], across * drawn.matrix[1]
        return changed > 0

    @staticmethod
    def _any_lost(texts: list[int]) -> bool:
        """Tell whether more than blanks are left out, which have no width in a font at hand."""
        return any(
            abs(right - left) >= _NO_WIDTH or not calls.is_embedded(text)
            for text, (left, _, right, _) in zip(texts, calls.bounds(texts), strict=True)
        )


def _overlap(one: Numbers, other: Numbers) -> bool:
    """Tell whether two boxes of the same width overlap."""
    width = other[2] - other[0]
    return (
        abs(one[2] - one[0] - width) <= _AGREEING * width
        and min(one[2], other[2]) > max(one[0], other[0])
        and min(one[3], other[3]) > max(one[1], other[1])
    )
