"""Pictures of pages: decoded from image files or rendered from a PDF, within limits.

A file of a few kilobytes may claim more pixels than there is memory: sizes are read from the
header and checked before anything is decoded.
"""

import io
import warnings
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from math import sqrt
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from models.disclosure.finding import Reason
from worker.errors import Refused

Grey = npt.NDArray[np.uint8]
"""Height × width, 0 black to 255 white."""

MOST_PAGES: Final = 200
_FORMATS: Final = ("PNG", "JPEG", "TIFF", "BMP", "GIF", "WEBP")
_MOST_PIXELS: Final = 60_000_000
_POINTS: Final = 72.0
_RENDERED_DPI: Final = 200.0
_FINEST_DPI: Final = 300.0
_DPI: Final = (60.0, 1300.0)
_A4_WIDTH, _A4_HEIGHT = 595.0, 842.0
_WIDEST, _NARROWEST = 1250.0, 250.0
"""Sheets from A6 to A2, in points: a resolution that makes others of a page is not believed."""


@dataclass(slots=True)
class Picture:
    """One page: ``grey`` as it looks, ``dark`` without colour, and pixels for each point.

    In ``dark`` only what is dark in every colour stays dark: red stamps and blue pens fade.
    """

    grey: Grey
    dark: Grey
    scale: float

    def moved(self, matrix: npt.NDArray[np.float64], size: tuple[int, int]) -> "Picture":
        """Return the picture under an affine map, on white."""
        grey, dark = (
            cv2.warpAffine(one, matrix, size, flags=cv2.INTER_LINEAR, borderValue=255.0)
            for one in (self.grey, self.dark)
        )
        return Picture(np.asarray(grey, np.uint8), np.asarray(dark, np.uint8), self.scale)

    def turned(self, quarter: int) -> "Picture":
        """Return the picture turned to the left by so many quarters."""
        grey, dark = (np.ascontiguousarray(np.rot90(p, quarter)) for p in (self.grey, self.dark))
        return Picture(grey, dark, self.scale)


def pictures(data: bytes) -> Iterator[Picture]:
    """Yield the pages of an image file.

    Raises:
        Refused: ``too_large`` (pages, pixels), ``truncated``, or ``unreadable``.
    """
    try:
        with warnings.catch_warnings(), Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            warnings.simplefilter("ignore")
            frames = getattr(image, "n_frames", 1)
            if image.format in ("GIF", "WEBP", "PNG"):
                frames = 1  # An animation is one picture.
            if frames > MOST_PAGES:
                raise Refused(Reason.TOO_LARGE, f"{frames} pages; at most {MOST_PAGES} are read")
            for frame in range(frames):
                image.seek(frame)
                _check(image.size)
                yield _of_image(image)
    except Image.DecompressionBombError as error:
        raise Refused(Reason.TOO_LARGE, f"the picture is too large: {error}") from error
    except UnidentifiedImageError as error:
        raise Refused(Reason.UNREADABLE, f"not a picture that can be decoded: {error}") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        cut = "truncated" in str(error).lower() or isinstance(error, EOFError)
        reason = Reason.TRUNCATED if cut else Reason.UNREADABLE
        raise Refused(reason, f"the picture cannot be decoded: {error}") from error


def rendered(data: bytes, wanted: Sequence[int]) -> Iterator[Picture]:
    """Yield pages of a PDF as they look, by their numbers from 0.

    Raises:
        Refused: ``unreadable``, when a page cannot be drawn.
    """
    from pypdfium2 import (  # type: ignore[import-untyped]
        PdfDocument,
        PdfiumError,
    )

    try:
        with closing(PdfDocument(data)) as document:
            for at in wanted:
                with closing(document[at]) as page:
                    yield _drawn(page)
    except PdfiumError as error:
        raise Refused(Reason.UNREADABLE, f"pdfium cannot draw a page: {error}") from error


def _drawn(page: Any) -> Picture:
    width, height = page.get_size()
    scale = min(_RENDERED_DPI / _POINTS, sqrt(_MOST_PIXELS / max(1.0, width * height)))
    shown = page.render(scale=scale, may_draw_forms=False).to_numpy()
    colours = np.ascontiguousarray(shown[:, :, :3])
    return Picture(_grey(cv2.cvtColor(colours, cv2.COLOR_BGR2GRAY)), _dark(colours), scale)


def _check(size: tuple[int, int]) -> None:
    width, height = size
    if width * height > _MOST_PIXELS:
        message = f"a picture of {width:,} × {height:,} pixels; {_MOST_PIXELS:,} are read at most"
        raise Refused(Reason.TOO_LARGE, message)


def _of_image(image: Image.Image) -> Picture:
    scale = _scale(image)
    upright = ImageOps.exif_transpose(image)
    if upright.mode in ("1", "L"):
        grey = np.array(upright.convert("L"), np.uint8)
        picture = Picture(grey, grey, scale)
    else:
        colours = np.array(_on_white(upright), np.uint8)
        picture = Picture(_grey(cv2.cvtColor(colours, cv2.COLOR_RGB2GRAY)), _dark(colours), scale)
    return _no_finer(picture)


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):
        low, high = image.getextrema()
        wide = (float(high) - float(low)) or 1.0  # type: ignore[arg-type]
        values = (np.asarray(image, np.float64) - float(low)) * 255.0 / wide  # type: ignore[arg-type]
        return Image.fromarray(values.astype(np.uint8)).convert("RGB")
    if "A" not in image.getbands() and "transparency" not in image.info:
        return image.convert("RGB")
    over = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", over.size, "white"), over).convert("RGB")


def _scale(image: Image.Image) -> float:
    """Return pixels for each point: as the file says where that makes a page, else as for A4."""
    width, height = image.size
    told = image.info.get("dpi")
    dpi = float(told[0]) if isinstance(told, tuple) and told and told[0] else 0.0
    if _DPI[0] <= dpi <= _DPI[1]:
        longest = max(width, height) / dpi * _POINTS
        shortest = min(width, height) / dpi * _POINTS
        if shortest >= _NARROWEST and longest <= _WIDEST:
            return dpi / _POINTS
    if max(width, height) > 2 * min(width, height):
        return width / _A4_WIDTH  # A long picture of several screens, or a strip of a page.
    return max(width, height) / _A4_HEIGHT


def _no_finer(picture: Picture) -> Picture:
    """Return a picture no finer than digits need: time and memory go with its pixels."""
    finest = _FINEST_DPI / _POINTS
    if picture.scale <= finest:
        return picture
    share = finest / picture.scale
    size = (round(picture.grey.shape[1] * share), round(picture.grey.shape[0] * share))
    grey, dark = (
        _grey(cv2.resize(one, size, interpolation=cv2.INTER_AREA))
        for one in (picture.grey, picture.dark)
    )
    return Picture(grey, dark, finest)


def _grey(pixels: Any) -> Grey:
    return np.asarray(pixels, np.uint8)


def _dark(colours: npt.NDArray[np.uint8]) -> Grey:
    """Return the lightest of the colours of each pixel."""
    return np.ascontiguousarray(colours.max(axis=2))
