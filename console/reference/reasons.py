"""Every reason of a dead letter."""

from functools import cache
from typing import Any, Final

from console import labels
from console.reference.markdown import table, texts_of
from models.disclosure.finding import Reason

_HEADS: Final = {False: ("reason", "meaning", "what to do"), True: ("原因", "含义", "如何处置")}


@cache
def _told() -> dict[str, Any]:
    return texts_of("reasons")


def advice(reason: str, *, chinese: bool) -> str:
    """Return what an operator does about a reason, code in backticks; empty for one unknown."""
    return str(_told().get(reason, {}).get("do_zh" if chinese else "do_en", ""))


def block(chinese: bool) -> str:
    """Return the table of reasons."""
    told = _told()
    language = "zh" if chinese else "en"
    rows = [
        (
            f"`{reason}` {labels.REASONS[reason]}",
            told[reason][language],
            told[reason][f"do_{language}"],
        )
        for reason in Reason
    ]
    return table(_HEADS[chinese], rows)
