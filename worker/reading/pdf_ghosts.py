"""Text on a page that nobody reads: not painted, white on white, or a watermark set aslant."""

import ctypes
from typing import Any, Final

import pypdfium2.raw as pdfium  # type: ignore[import-untyped]

from worker.reading.pdf_ink import Box

_ASLANT: Final = 0.1
_WHITE: Final = 250
_PALE: Final = 230
_MOST_PAIRS: Final = 200_000

Matrix = tuple[float, float, float, float, float, float]


class Ghosts:
    """The text objects of a page that cannot be seen, by their addresses."""

    def __init__(self) -> None:
        self._found: set[int] = set()
        self._white: list[tuple[int, Box]] = []
        self._backdrops: list[Box] = []
        self._colour = [ctypes.c_uint() for _ in range(4)]

    def look(self, text: Any, matrix: Matrix) -> bool:
        """Take a text object, its matrix that of the page; tell whether it is white.

        White text waits until all that may stand behind it is known: ``wait`` says where.
        """
        a, b, *_ = matrix
        aslant = min(abs(a), abs(b)) > _ASLANT * max(abs(a), abs(b))
        if aslant or (
            pdfium.FPDFTextObj_GetTextRenderMode(text) == pdfium.FPDF_TEXTRENDERMODE_INVISIBLE
        ):
            self._found.add(address(text))
            return False
        return self._darkest(text) >= _WHITE

    def wait(self, text: Any, box: Box) -> None:
        """Take where white text stands."""
        self._white.append((address(text), box))

    def is_backdrop(self, path: Any) -> bool:
        """Tell whether a filled path is dark enough that white text shows on it."""
        return self._darkest(path) < _PALE

    def stand_behind(self, box: Box) -> None:
        """Take a dark area, or an image."""
        self._backdrops.append(box)

    def found(self) -> frozenset[int]:
        """Return the addresses of the text objects that nobody sees."""
        if len(self._white) * len(self._backdrops) <= _MOST_PAIRS:
            self._found |= {
                where
                for where, (left, bottom, right, top) in self._white
                if not any(
                    one[0] <= (left + right) / 2 <= one[2]
                    and one[1] <= (bottom + top) / 2 <= one[3]
                    for one in self._backdrops
                )
            }
        return frozenset(self._found)

    def _darkest(self, drawn: Any) -> int:
        """Return the darkest of the three colours it is filled with; black if that is not said."""
        if not pdfium.FPDFPageObj_GetFillColor(drawn, *self._colour):
            return 0
        return min(part.value for part in self._colour[:3])


def address(drawn: Any) -> int:
    """Return where pdfium keeps an object: what tells it from others."""
    return ctypes.cast(drawn, ctypes.c_void_p).value or 0
