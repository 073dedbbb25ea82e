"""What the benchmarks read: the five seeds and random reports in every layout."""

import random
import re
from pathlib import Path
from typing import Final

from tests.reports.layouts import RENDERERS, random_document

_SEEDS: Final = sorted((Path(__file__).parents[1] / "data" / "seeds").glob("*.txt"))
_LICENCES: Final = re.compile(r"(行政许可\s+)\d+")


def seeds() -> list[bytes]:
    """Return the five seeds as they are."""
    return [path.read_bytes() for path in _SEEDS]


def rendered(rng: random.Random, count: int) -> list[bytes]:
    """Return random reports that would be stored, as many of each layout as of any other."""
    layouts = list(RENDERERS)
    return [
        random_document(rng, renderer=layouts[n % len(layouts)], messy=False)[2].encode()
        for n in range(count)
    ]


def distinct(rng: random.Random, count: int) -> list[bytes]:
    """Return reports that all differ and would be stored: half varied seeds, half random ones."""
    half = count // 2
    figures = rng.sample(range(10**7), count - half)
    texts = [path.read_text("utf-8") for path in _SEEDS]
    varied = [
        _LICENCES.sub(rf"\g<1>{figure}", texts[n % len(texts)]).encode()
        for n, figure in enumerate(figures)
    ]
    documents = varied + rendered(rng, half)
    rng.shuffle(documents)
    assert len(set(documents)) == count
    return documents
