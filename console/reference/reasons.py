"""Every reason of a dead letter."""

from typing import Final

from console import labels
from console.reference.markdown import table, texts_of
from models.disclosure.finding import Reason

_HEADS: Final = {False: ("reason", "meaning", "what to do"), True: ("原因", "含义", "如何处置")}


def block(chinese: bool) -> str:
    """Return the table of reasons."""
    told = texts_of("reasons")
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
