"""pdfium's functions that are asked about every character and every object, row by row.

Handles are plain addresses, and answers are written side by side into one buffer, so that the
loop over a row runs without a line of Python. The caller holds the lock, and the interpreter's.
"""

import ctypes
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from ctypes import c_double, c_float, c_int, c_void_p
from itertools import repeat
from struct import iter_unpack
from typing import Any, Final

import pypdfium2.raw as pdfium  # type: ignore[import-untyped]

from worker.reading.matrices import Matrix

Numbers = tuple[float, float, float, float]

_FLOAT: Final = 4


def _bound(name: str, result: Any, *arguments: Any) -> Callable[..., Any]:
    where = ctypes.cast(getattr(pdfium, name), c_void_p).value
    prototype = ctypes.PYFUNCTYPE(result, *arguments)
    return prototype(where)  # type: ignore[arg-type]


_AT = (c_void_p, c_int)
_FOUR = (c_void_p,) * 4
_object_on_page = _bound("FPDFPage_GetObject", c_void_p, *_AT)
_object_in_form = _bound("FPDFFormObj_GetObject", c_void_p, *_AT)
_count_in_form = _bound("FPDFFormObj_CountObjects", c_int, c_void_p)
_object_of_character = _bound("FPDFText_GetTextObject", c_void_p, *_AT)
_map_error = _bound("FPDFText_HasUnicodeMapError", c_int, *_AT)
_origin = _bound("FPDFText_GetCharOrigin", c_int, *_AT, c_void_p, c_void_p)
_character_matrix = _bound("FPDFText_GetMatrix", c_int, *_AT, c_void_p)
_character_size = _bound("FPDFText_GetFontSize", c_double, *_AT)
_loose_box = _bound("FPDFText_GetLooseCharBox", c_int, *_AT, c_void_p)
_kind = _bound("FPDFPageObj_GetType", c_int, c_void_p)
_matrix = _bound("FPDFPageObj_GetMatrix", c_int, c_void_p, c_void_p)
_bounds = _bound("FPDFPageObj_GetBounds", c_int, c_void_p, *_FOUR)
_fill_colour = _bound("FPDFPageObj_GetFillColor", c_int, c_void_p, *_FOUR)
_render_mode = _bound("FPDFTextObj_GetTextRenderMode", c_int, c_void_p)
_font_size = _bound("FPDFTextObj_GetFontSize", c_int, c_void_p, c_void_p)
_segments = _bound("FPDFPath_CountSegments", c_int, c_void_p)
_draw_mode = _bound("FPDFPath_GetDrawMode", c_int, c_void_p, c_void_p, c_void_p)
_segment = _bound("FPDFPath_GetPathSegment", c_void_p, *_AT)
_segment_kind = _bound("FPDFPathSegment_GetType", c_int, c_void_p)
_segment_closes = _bound("FPDFPathSegment_GetClose", c_int, c_void_p)
_segment_point = _bound("FPDFPathSegment_GetPoint", c_int, *(c_void_p,) * 3)
_font = _bound("FPDFTextObj_GetFont", c_void_p, c_void_p)
_is_embedded = _bound("FPDFFont_GetIsEmbedded", c_int, c_void_p)
_transform = _bound("FPDFPageObj_Transform", None, c_void_p, *(c_double,) * 6)
_set_active = _bound("FPDFPageObj_SetIsActive", c_int, c_void_p, c_int)
_set_render_mode = _bound("FPDFTextObj_SetTextRenderMode", c_int, *_AT)
_set_stroke_width = _bound("FPDFPageObj_SetStrokeWidth", c_int, c_void_p, c_float)


def address(handle: Any) -> int:
    """Return a handle as the address it is."""
    return ctypes.cast(handle, c_void_p).value or 0


def objects_on(page: int, count: int) -> list[int]:
    """Return the objects of a page."""
    return list(map(_object_on_page, repeat(page), range(count)))


def count_in(form: int) -> int:
    """Return how many objects a form has."""
    return max(0, int(_count_in_form(form)))


def objects_in(form: int, count: int) -> list[int]:
    """Return the objects of a form."""
    return list(map(_object_in_form, repeat(form), range(count)))


def kinds(objects: Iterable[int]) -> list[int]:
    """Return what the objects are, as ``FPDF_PAGEOBJ_*``."""
    return list(map(_kind, objects))


def matrices(objects: Sequence[int]) -> list[Matrix]:
    """Return the matrix of each object; where it has none, only zeros."""
    rows, starts = _rows(len(objects), 6)
    _all(map(_matrix, objects, starts))
    return list(iter_unpack("6f", rows))


def bounds(objects: Sequence[int]) -> list[Numbers]:
    """Return left, bottom, right and top of each object, the width of its stroke included."""
    return _fours(_bounds, objects, "4f")


def fill_colours(objects: Sequence[int]) -> list[Numbers]:
    """Return red, green, blue and alpha of each object; what is not said is 0."""
    return _fours(_fill_colour, objects, "4I")


def render_modes(texts: Iterable[int]) -> list[int]:
    """Return how text objects are painted, as ``FPDF_TEXTRENDERMODE_*``."""
    return list(map(_render_mode, texts))


def font_sizes(texts: Sequence[int]) -> list[float]:
    """Return the size of the font of each text object, its matrix apart."""
    rows, starts = _rows(len(texts), 1)
    _all(map(_font_size, texts, starts))
    return [size for (size,) in iter_unpack("f", rows)]


def segment_counts(paths: Iterable[int]) -> list[int]:
    """Return of how many segments each path is."""
    return list(map(_segments, paths))


def draw_modes(paths: Sequence[int]) -> list[tuple[int, int]]:
    """Return of each path how it is filled, 0 if it is not, and whether it is stroked."""
    rows, starts = _rows(len(paths), 2)
    _all(map(_draw_mode, paths, starts, _next(starts, 1)))
    return list(iter_unpack("2i", rows))


def segments(path: int, count: int) -> list[tuple[int, tuple[float, float], bool]]:
    """Return of each segment its kind, where it ends, and whether it closes its part."""
    found = list(map(_segment, repeat(path), range(count)))
    rows, starts = _rows(count, 2)
    _all(map(_segment_point, found, starts, _next(starts, 1)))
    points: Iterable[Any] = iter_unpack("2f", rows)
    return [
        (_segment_kind(one), point, bool(_segment_closes(one)))
        for one, point in zip(found, points, strict=True)
    ]


def is_embedded(text: int) -> bool:
    """Tell whether the file holds the font of a text object."""
    return bool(_is_embedded(_font(text)) == 1)


def hide(drawn: int, *, hidden: bool) -> None:
    """Let an object be passed over, or no longer."""
    _set_active(drawn, not hidden)


def move(drawn: int, across: float) -> None:
    """Move an object within what draws it."""
    _transform(drawn, 1, 0, 0, 1, across, 0)


def outline(text: int, width: float) -> None:
    """Have a text object drawn with a stroke of this width around its characters."""
    _set_render_mode(text, pdfium.FPDF_TEXTRENDERMODE_FILL_STROKE)
    _set_stroke_width(text, width)
    move(text, 0)


def objects_of(text: int, characters: Iterable[int]) -> list[int | None]:
    """Return the text object of each character of a text page, ``None`` where there is none."""
    return list(map(_object_of_character, repeat(text), characters))


def any_map_error(text: int, characters: Iterable[int]) -> bool:
    """Tell whether a character is one that its font does not say."""
    return 1 in map(_map_error, repeat(text), characters)


def loose_boxes(text: int, characters: Sequence[int]) -> list[Numbers]:
    """Return left, top, right and bottom of each character; where it has no box, only zeros."""
    rows, starts = _rows(len(characters), 4)
    _all(map(_loose_box, repeat(text), characters, starts))
    return list(iter_unpack("4f", rows))


def origins(text: int, characters: Sequence[int]) -> list[tuple[float, float]]:
    """Return where on the line of writing each character stands."""
    rows, starts = _rows(len(characters), 4)
    ys = range(starts.start + 8, starts.stop + 8, starts.step)
    _all(map(_origin, repeat(text), characters, starts, ys))
    return list(iter_unpack("2d", rows))


def character_matrices(text: int, characters: Sequence[int]) -> list[Matrix]:
    """Return the matrix of each character; where it has none, only zeros."""
    rows, starts = _rows(len(characters), 6)
    _all(map(_character_matrix, repeat(text), characters, starts))
    return list(iter_unpack("6f", rows))


def character_sizes(text: int, characters: Iterable[int]) -> list[float]:
    """Return the size of the font of each character, its matrix apart."""
    return list(map(_character_size, repeat(text), characters))


def _fours(call: Callable[..., Any], objects: Sequence[int], layout: str) -> list[Numbers]:
    rows, starts = _rows(len(objects), 4)
    _all(map(call, objects, starts, *(_next(starts, at) for at in (1, 2, 3))))
    return list(iter_unpack(layout, rows))


def _rows(count: int, width: int) -> tuple[bytearray, range]:
    """Return a buffer of rows of numbers, and where each of them begins; to be kept as it is."""
    buffer = bytearray(count * width * _FLOAT)
    if not count:
        return buffer, range(0)
    start = ctypes.addressof(ctypes.c_char.from_buffer(buffer))
    return buffer, range(start, start + len(buffer), width * _FLOAT)


def _next(starts: range, at: int) -> range:
    return range(starts.start + at * _FLOAT, starts.stop + at * _FLOAT, starts.step)


def _all(answers: Iterable[int]) -> None:
    """Have every answer written."""
    deque(answers, maxlen=0)
