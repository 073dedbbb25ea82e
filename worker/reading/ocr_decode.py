"""Decoding what the recogniser says: any text, or nothing but the characters of figures.

An isolated ``0`` looks like ``。`` or ``O`` to a model of running text. Where only figures can
stand, the steps are decoded over the characters of figures alone (greedy decoding of Graves et
al. 2006 on the restricted distribution, scaled to 1 at each step), and how sure that is comes
from the same restricted distribution.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from worker.reading.ocr_model import Steps

FIGURES: Final = "0123456789.,-/"
_NONE: Final = 0.02
_LOOKALIKES: Final = {
    "0": "OoQDＯ〇○。°º口ㅇО",
    "1": "lI|丨!亅",
    "-": "一—–－―─",
    ".": "·．•、",
    ",": "，",
    "/": "／丿",
}
_PLAIN: Final = {like: figure for figure, likes in _LOOKALIKES.items() for like in likes}


@dataclass(frozen=True, slots=True)
class Read:
    """What a line says: its characters, how sure each is (0 to 1), the step where each stands."""

    text: str
    sure: tuple[float, ...]
    at: tuple[int, ...]
    steps: int

    @property
    def least(self) -> float:
        """How sure the least sure character is; 0 where none was read."""
        return min(self.sure, default=0.0)


def anything(steps: Steps, characters: Sequence[str]) -> Read:
    """Decode any text."""
    return _greedy(steps, characters)


def figures(steps: Steps, characters: Sequence[str]) -> Read:
    """Decode nothing but figures."""
    groups = _groups(tuple(characters))
    few = np.stack([steps[:, group].sum(axis=1) for group in groups], axis=1)
    # Where hardly any of it speaks for a figure, there is none.
    few[:, 0] += _NONE
    few /= few.sum(axis=1, keepdims=True)
    return _greedy(few, ("", *FIGURES))


def _greedy(steps: Steps, characters: Sequence[str]) -> Read:
    text: list[str] = []
    sure: list[float] = []
    where: list[int] = []
    best = steps.argmax(axis=1)
    last = 0
    for at, index in enumerate(best.tolist()):
        if index and index == last:
            sure[-1] = max(sure[-1], float(steps[at, index]))
        elif index:
            text.append(characters[index])
            sure.append(float(steps[at, index]))
            where.append(at)
        last = index
    return Read("".join(text), tuple(sure), tuple(where), len(steps))


_KNOWN: Final[dict[tuple[str, ...], list[npt.NDArray[np.int64]]]] = {}


def _groups(characters: tuple[str, ...]) -> list[npt.NDArray[np.int64]]:
    """Return the indices that count as no character, and as each character of figures."""
    if characters not in _KNOWN:
        index = {character: at for at, character in enumerate(characters)}
        groups = [np.array([0, index[" "]])]
        for figure in FIGURES:
            wide = chr(ord(figure) + 0xFEE0) if figure.isdigit() else ""
            alike = {figure, wide, *_LOOKALIKES.get(figure, "")}
            groups.append(np.array(sorted(index[c] for c in alike if c in index), np.int64))
        _KNOWN[characters] = groups
    return _KNOWN[characters]


def is_figure(text: str) -> bool:
    """Tell whether a text, read as any text, is one that figures are taken for."""
    plain = "".join(_PLAIN.get(c, c) for c in unicodedata.normalize("NFKC", text) if c != " ")
    return all(_PLAIN.get(c, c) in FIGURES for c in plain)
