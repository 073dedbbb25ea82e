"""The parts of OCR by themselves: pictures within limits, rules and cells drawn, decoding."""

import io
import random
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.disclosure.finding import Reason
from tests import budgets
from tests.sampling import sampled
from tests.worker.reading.scans import Image, cv2, noisy, np, skewed
from worker.errors import Refused
from worker.reading.ocr_decode import anything, figures, is_figure
from worker.reading.ocr_model import recogniser
from worker.reading.ocr_page import ink_of
from worker.reading.pdf_allowance import Allowance
from worker.reading.pdf_ink import Ink
from worker.reading.pdf_rulings import lattices
from worker.reading.scan_lines import lines_in, lines_outside
from worker.reading.scan_marks import mark
from worker.reading.scan_picture import Picture, pictures
from worker.reading.scan_rules import ruled
from worker.reading.scan_upright import skew

SCALE = 200 / 72


def _sheet(height: int = 1200, width: int = 1600) -> np.ndarray:
    return np.full((height, width), 255, np.uint8)


def _picture(page: np.ndarray) -> Picture:
    return Picture(page, page, SCALE)


def _ink(page: np.ndarray) -> Ink:
    found = ruled(_picture(page))
    height, width = page.shape
    return Ink(1, width / SCALE, height / SCALE, [], found.across, found.down)


@settings(max_examples=budgets.EXAMPLES, deadline=None)
@given(
    rows=st.lists(st.integers(45, 160), min_size=2, max_size=8),
    columns=st.lists(st.integers(70, 240), min_size=2, max_size=6),
    thickness=st.integers(2, 5),
    seed=st.integers(0, 1000),
)
def test_drawn_tables_are_found_through_noise(
    rows: list[int], columns: list[int], thickness: int, seed: int
) -> None:
    # Given
    page = _sheet()
    ys, xs = np.cumsum([60, *rows]).tolist(), np.cumsum([70, *columns]).tolist()
    for y in ys:
        cv2.line(page, (xs[0], y), (xs[-1], y), 60.0, thickness)
    for x in xs:
        cv2.line(page, (x, ys[0]), (x, ys[-1]), 60.0, thickness)

    # When
    found = lattices(_ink(noisy(page, random.Random(seed))), Allowance())

    # Then
    assert [(one.rows, one.columns) for one in found] == [(len(rows), len(columns))]
    assert np.allclose(found[0].xs, np.array(xs) / SCALE, atol=1.5)
    assert np.allclose(found[0].ys, np.array(ys) / SCALE, atol=1.5)


def test_a_dash_as_wide_as_its_cell_is_no_line_and_stays() -> None:
    page = _sheet()
    for y in (100, 160, 220):
        cv2.line(page, (100, y), (520, y), 0.0, 2)
    for x in (100, 180, 260, 520):
        cv2.line(page, (x, 100), (x, 220), 0.0, 2)
    cv2.line(page, (186, 130), (254, 130), 0.0, 3)
    found = ruled(_picture(page))
    assert [(one.rows, one.columns) for one in lattices(_ink(page), Allowance())] == [(2, 3)]
    (line,) = lines_in(found.ink, (184, 104, 257, 157), 27.0)
    assert mark(found.ink, line, 27.0) == "-"


def test_a_slash_is_told_from_a_one() -> None:
    page = _sheet(200, 400)
    cv2.line(page, (60, 80), (75, 50), 0.0, 3)
    cv2.line(page, (205, 50), (205, 80), 0.0, 3)
    found = ruled(_picture(page)).ink
    marks = [mark(found, line, 30.0) for line in lines_outside(found, (), 30.0)]
    assert sorted(marks) == ["", "/"]


@pytest.mark.parametrize("seed", sampled(range(4), 2))
def test_skew_is_measured(seed: int) -> None:
    page = _sheet()
    for y in range(100, 1100, 40):
        cv2.line(page, (100, y), (1500, y), 0.0, 2)
    turned = skewed(page, random.Random(seed))
    left = skew(_picture(turned))
    assert 0.4 < abs(left) < 2.1
    height, width = page.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), left, 1.0)
    assert abs(skew(_picture(turned).moved(np.asarray(matrix), (width, height)))) < 0.11


_CHARACTERS = ("", "0", "1", "2", "。", "其", ".", " ")


def _steps(*best: dict[str, float]) -> np.ndarray:
    found = np.full((len(best), len(_CHARACTERS)), 1e-4, np.float32)
    for row, shares in zip(found, best, strict=True):
        for character, share in shares.items():
            row[_CHARACTERS.index(character)] = share
    return found


def test_a_zero_alone_is_decoded_among_figures() -> None:
    steps = _steps({"": 0.9}, {"。": 0.9, "0": 0.08}, {"": 0.9})
    assert anything(steps, _CHARACTERS).text == "。"
    assert figures(steps, _CHARACTERS).text == "0"
    assert is_figure("。")
    assert not is_figure("其")


def test_how_sure_a_figure_is_is_told_among_figures() -> None:
    steps = _steps({"1": 0.5, "2": 0.4}, {"": 0.9})
    read = figures(steps, _CHARACTERS)
    assert read.text == "1"
    assert 0.5 < read.least < 0.56


def test_characters_twice_are_two_only_with_a_step_between() -> None:
    assert figures(_steps({"1": 0.9}, {"1": 0.9}), _CHARACTERS).text == "1"
    assert figures(_steps({"1": 0.9}, {"": 0.9}, {"1": 0.9}), _CHARACTERS).text == "11"


def _png_claiming(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0" * 4096))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("size", [(20_000, 20_000), (9_000, 9_000), (60_000, 60_000)])
def test_a_picture_that_claims_too_many_pixels_is_never_decoded(size: tuple[int, int]) -> None:
    with pytest.raises(Refused) as refused:
        list(pictures(_png_claiming(*size)))
    assert refused.value.reason is Reason.TOO_LARGE


def _saved(form: str, mode: str = "L", **options: object) -> bytes:
    held = io.BytesIO()
    Image.effect_noise((300, 400), 80).convert(mode).save(held, form, **options)
    return held.getvalue()


@pytest.mark.parametrize(
    ("form", "mode"),
    [
        ("PNG", "RGBA"),
        ("PNG", "1"),
        ("PNG", "P"),
        ("JPEG", "CMYK"),
        ("TIFF", "L"),
        ("BMP", "RGB"),
        ("GIF", "P"),
        ("WEBP", "RGB"),
    ],
)
def test_pictures_of_every_kind_are_decoded(form: str, mode: str) -> None:
    (picture,) = pictures(_saved(form, mode))
    assert picture.grey.shape == (400, 300)
    assert picture.dark.dtype == np.uint8


@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF"])
def test_a_picture_that_is_cut_is_refused(form: str) -> None:
    data = _saved(form)
    with pytest.raises(Refused) as refused:
        list(pictures(data[: len(data) // 2]))
    assert refused.value.reason in (Reason.TRUNCATED, Reason.UNREADABLE)


def test_red_stamps_fade_where_figures_are_read() -> None:
    page = np.full((100, 100, 3), 255, np.uint8)
    page[20:40] = (200, 30, 30)
    page[60:80] = 0
    held = io.BytesIO()
    Image.fromarray(page).save(held, "PNG")
    (picture,) = pictures(held.getvalue())
    assert picture.dark[30, 50] == 200
    assert picture.dark[70, 50] == 0
    assert picture.grey[30, 50] < 120


def _table(figures_: dict[int, int]) -> np.ndarray:
    """Return a table of one row and four cells with a figure in some, by how light it is."""
    page = _sheet(600, 900)
    for y in (100, 180, 260):
        cv2.line(page, (100, y), (700, y), 0.0, 2)
    for x in range(100, 701, 150):
        cv2.line(page, (x, 100), (x, 260), 0.0, 2)
    for cell, shade in figures_.items():
        cv2.putText(page, "8", (165 + 150 * cell, 232), cv2.FONT_HERSHEY_SIMPLEX, 1.0, shade, 3)
    return page


def test_faint_ink_is_unreadable_and_no_blank() -> None:
    # Given
    page = noisy(_table({0: 0, 1: 238}), random.Random(1))
    page[:90] = 255

    # When
    ink = ink_of(_picture(page), 1, recogniser())

    # Then
    row = [glyph for glyph in ink.glyphs if 180 / SCALE < glyph.middle < 260 / SCALE]
    found = [(g.text, getattr(g, "confidence", None)) for g in sorted(row, key=lambda g: g.left)]
    assert found[0][0] == "8"
    assert found[1] == ("?", 0.0)
    assert found[2:] == [(" ", 1.0), (" ", 1.0)]


def test_rows_under_a_stamp_are_not_sure() -> None:
    page = _table(dict.fromkeys(range(4), 0))
    cv2.circle(page, (400, 260), 120, 90.0, 8)
    ink = ink_of(_picture(page), 1, recogniser())
    inside = [g for g in ink.glyphs if 185 / SCALE < g.middle < 255 / SCALE]
    assert inside
    assert all(getattr(glyph, "confidence", 1.0) <= 0.3 for glyph in inside)


def test_the_model_tells_nobody_of_its_use(tmp_path: Path) -> None:
    # Given a process of its own, with a home where nothing is
    load = "from worker.reading.ocr_model import recogniser; recogniser()"

    # When the model is loaded
    subprocess.run([sys.executable, "-c", load], env={"HOME": str(tmp_path)}, check=True)

    # Then no telemetry was begun, which keeps what it is going to send and an id below the home
    assert list(tmp_path.rglob("*")) == []
