"""Radicals that stand for whole characters: what a font's map gives where both share a glyph."""

import unicodedata
from typing import Final

_SIMPLIFIED: Final = dict(
    zip(
        "⺠⻅⻆⻉⻋⻓⻔⻘⻚⻛⻜⻝⻢⻣⻥⻦⻨⻩⻬⻮⻰⼾",
        "民见角贝车长门青页风飞食马骨鱼鸟麦黄齐齿龙户",
        strict=True,
    )
)
READ: Final = {
    letter: _SIMPLIFIED.get(letter) or unicodedata.normalize("NFKC", letter)
    for letter in map(chr, range(0x2E80, 0x2FD6))
}
"""How each is read."""
