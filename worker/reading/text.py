"""Plain text: see ``aligned`` for what its lines become."""

import re
from typing import Final

from models.disclosure.finding import Reason
from worker.errors import Refused
from worker.reading import aligned
from worker.reading.charset import decode
from worker.reading.pages import Pages

MEDIA_TYPE: Final = "text/plain"

MOST_LINES: Final = 200_000
MOST_CHARACTERS: Final = 20_000_000
MOST_CELLS: Final = 200_000
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


def is_text(data: bytes) -> bool:
    """Tell whether the bytes decode to text that holds next to no control characters."""
    sample, _ = decode(data[:65536])
    bad = len(_CONTROLS.findall(sample)) + sample.count("\ufffd")
    return bool(sample) and bad <= len(sample) // 200


def read(data: bytes) -> Pages:
    """Read plain text.

    Raises:
        Refused: ``empty`` when nothing but white space is in it, ``too_large`` for more than
            ``MOST_LINES``, ``MOST_CHARACTERS`` or ``MOST_CELLS``.
    """
    content, encoding = decode(data)
    _weigh(content)
    blocks = tuple(aligned.blocks(content))
    if not blocks:
        raise Refused(Reason.EMPTY, "the file holds nothing but white space")
    return Pages(blocks, MEDIA_TYPE, encoding)


def _weigh(content: str) -> None:
    if len(content) > MOST_CHARACTERS:
        raise Refused(Reason.TOO_LARGE, f"the file holds more than {MOST_CHARACTERS:,} characters")
    if max(map(content.count, "\n\r\f\v\x85\u2028\u2029")) > MOST_LINES:
        raise Refused(Reason.TOO_LARGE, f"the file holds more than {MOST_LINES:,} lines")
    if max(map(content.count, "\t|")) > MOST_CELLS:
        raise Refused(Reason.TOO_LARGE, f"the file holds more than {MOST_CELLS:,} cells")
