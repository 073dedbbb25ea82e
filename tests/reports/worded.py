"""Reports in which words stand in cells for figures, as clerks write where they have none."""

import random
from dataclasses import replace
from typing import Final

from models.disclosure.report import Printed
from tests.reports.cells import TruthCell, TruthReport

_NUMERALS: Final = "一二三四五六七八九十百千壹贰叁肆伍陆柒捌玖拾两几"
_ABOUT: Final = ("约{}", "近{}", "{}余", "{}多件", "大约{}件", "不到{}", "{}左右", "超过{}")
_WORDS: Final = (
    "若干",
    "不详",
    "无统计",
    "未统计",
    "暂无数据",
    "数据待核",
    "待补",
    "见附件",
    "同上年",
    "详见说明",
    "以实际为准",
    "未单独列出",
    "不涉及",
    "保密",
)


def with_words(report: TruthReport, rng: random.Random, count: int) -> TruthReport:
    """Put words into so many cells; what else the report prints stays as it is."""
    cells = dict(report.cells)
    for key in rng.sample(sorted(cells), count):
        cells[key] = TruthCell(_word(rng), None, Printed.UNREADABLE)
    return replace(report, cells=cells)


def _word(rng: random.Random) -> str:
    kind = rng.random()
    if kind < 0.4:
        return rng.choice(_ABOUT).format(rng.randint(1, 999))
    if kind < 0.7:
        return "".join(rng.choice(_NUMERALS) for _ in range(rng.randint(1, 4)))
    return rng.choice(_WORDS)
