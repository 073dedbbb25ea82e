"""What the content of a page draws, by kinds; a form on it has content of its own."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pypdfium2.raw as pdfium  # type: ignore[import-untyped]

from worker.reading import pdf_calls as calls
from worker.reading.matrices import IDENTITY, Matrix, moved_box, times
from worker.reading.pdf_allowance import Allowance
from worker.reading.pdf_ink import Box

_DEEPEST_FORM: Final = 8
RECTANGLE: Final = 5
"""A rectangle has no more segments."""


@dataclass(slots=True)
class Drawn:
    """The objects of one content by their addresses, in the order in which they are drawn.

    ``matrix`` takes them to the page. ``others`` tells that there are more than text.
    """

    matrix: Matrix
    texts: list[int]
    paths: list[int]
    images: list[int]
    others: bool

    def boxes(self, objects: list[int]) -> list[Box]:
        """Return (left, bottom, right, top) on the page of some of its objects."""
        found = calls.bounds(objects)
        if self.matrix is IDENTITY:
            return found
        return [moved_box(self.matrix, box) for box in found]

    def matrices(self, objects: list[int]) -> list[Matrix]:
        """Return what takes some of its objects to the page."""
        found = calls.matrices(objects)
        if self.matrix is IDENTITY:
            return found
        return [times(one, self.matrix) for one in found]


def drawn_on(page: Any, allowance: Allowance) -> list[Drawn]:
    """Return what a page draws, and the forms on it, inside one another to a depth.

    Raises:
        Refused: ``too_large``.
    """
    number = max(0, pdfium.FPDFPage_CountObjects(page))
    allowance.take(objects=number)
    return list(_drawn(calls.objects_on(calls.address(page), number), IDENTITY, 0, allowance))


def _drawn(objects: list[int], matrix: Matrix, depth: int, allowance: Allowance) -> Iterator[Drawn]:
    kinds = calls.kinds(objects)
    by_kind: dict[int, list[int]] = {kind: [] for kind in _KINDS}
    others = False
    for one, kind in zip(objects, kinds, strict=True):
        if kind in by_kind:
            by_kind[kind].append(one)
        else:
            others = True
    texts, paths, images, forms = by_kind.values()
    yield Drawn(matrix, texts, paths, images, others or bool(paths or images))
    if depth == _DEEPEST_FORM:
        return
    for form, own in zip(forms, calls.matrices(forms), strict=True):
        number = calls.count_in(form)
        allowance.take(objects=number)
        inner = calls.objects_in(form, number)
        yield from _drawn(inner, times(own, matrix), depth + 1, allowance)


_KINDS: Final = (
    pdfium.FPDF_PAGEOBJ_TEXT,
    pdfium.FPDF_PAGEOBJ_PATH,
    pdfium.FPDF_PAGEOBJ_IMAGE,
    pdfium.FPDF_PAGEOBJ_FORM,
)
