"""What stands on the pages of a PDF, in mm from the top left, by pdfium and nothing of ours."""

import ctypes
import math
from dataclasses import dataclass, field
from itertools import pairwise

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as raw  # type: ignore[import-untyped]

_MM = 25.4 / 72


@dataclass(frozen=True, slots=True)
class Sign:
    """A character: where its baseline begins, its size, and the degrees it is turned clockwise."""

    text: str
    x: float
    y: float
    size: float
    turned: int


@dataclass(slots=True)
class Sheet:
    """A page: its size, characters in the order drawn, and lines (x, y, x, y, thickness)."""

    width: float
    height: float
    signs: list[Sign] = field(default_factory=list)
    lines: list[tuple[float, float, float, float, float]] = field(default_factory=list)


def sheets(data: bytes) -> list[Sheet]:
    """Take a PDF apart; what its pages say of being turned is left out."""
    document = pdfium.PdfDocument(data)
    try:
        return [_sheet(document, at) for at in range(len(document))]
    finally:
        document.close()


def _sheet(document: pdfium.PdfDocument, at: int) -> Sheet:
    page = document[at]
    _, _, width, height = page.get_mediabox()
    sheet = Sheet(width * _MM, height * _MM)
    text = page.get_textpage()
    for number in range(text.count_chars()):
        if not raw.FPDFText_IsGenerated(text.raw, number):
            _sign(sheet, text.raw, number)
    for drawn in page.get_objects(filter=[raw.FPDF_PAGEOBJ_PATH], max_depth=3):
        _path(sheet, drawn)
    text.close()
    page.close()
    return sheet


def _sign(sheet: Sheet, text: object, number: int) -> None:
    letter = chr(raw.FPDFText_GetUnicode(text, number))
    x, y, matrix = ctypes.c_double(), ctypes.c_double(), raw.FS_MATRIX()
    raw.FPDFText_GetCharOrigin(text, number, x, y)
    raw.FPDFText_GetMatrix(text, number, matrix)
    size = raw.FPDFText_GetFontSize(text, number) * math.hypot(matrix.c, matrix.d) * _MM
    turned = round(math.degrees(math.atan2(-matrix.b, matrix.a))) % 360
    if not letter.isspace() and ord(letter) >= ord(" "):
        at = x.value * _MM, sheet.height - y.value * _MM
        sheet.signs.append(Sign(letter, *at, size, turned))


def _path(sheet: Sheet, drawn: pdfium.PdfObject) -> None:
    fill, stroke, width = ctypes.c_int(), ctypes.c_int(), ctypes.c_float()
    raw.FPDFPath_GetDrawMode(drawn.raw, fill, stroke)
    raw.FPDFPageObj_GetStrokeWidth(drawn.raw, width)
    matrix = drawn.get_matrix()
    outer = drawn.container
    while outer is not None:
        matrix = matrix.multiply(outer.get_matrix())
        outer = outer.container
    for part in _parts(drawn.raw):
        points = [matrix.on_point(*point) for point in part]
        if stroke.value:
            for (x, y), (x2, y2) in pairwise(points):
                _line(sheet, x, y, x2, y2, width.value)
        elif fill.value:
            _filled(sheet, points)


def _parts(path: object) -> list[list[tuple[float, float]]]:
    found: list[list[tuple[float, float]]] = []
    x, y = ctypes.c_float(), ctypes.c_float()
    for at in range(raw.FPDFPath_CountSegments(path)):
        segment = raw.FPDFPath_GetPathSegment(path, at)
        raw.FPDFPathSegment_GetPoint(segment, x, y)
        if raw.FPDFPathSegment_GetType(segment) == raw.FPDF_SEGMENT_MOVETO:
            found.append([])
        found[-1].append((x.value, y.value))
        if raw.FPDFPathSegment_GetClose(segment):
            found[-1].append(found[-1][0])
    return found


def _filled(sheet: Sheet, points: list[tuple[float, float]]) -> None:
    left, right = min(x for x, _ in points), max(x for x, _ in points)
    low, high = min(y for _, y in points), max(y for _, y in points)
    x, y = (left + right) / 2, (low + high) / 2
    if right - left >= high - low and high - low < 4:
        _line(sheet, left, y, right, y, high - low)
    elif right - left < 4:
        _line(sheet, x, low, x, high, right - left)


def _line(sheet: Sheet, x: float, y: float, x2: float, y2: float, thick: float) -> None:
    head = sheet.height
    sheet.lines.append((x * _MM, head - y * _MM, x2 * _MM, head - y2 * _MM, thick * _MM))
