"""Every event of the log and the timeline."""

from itertools import groupby
from typing import Final

from console.reference.markdown import codes, table, texts_of
from models.event import EventName

_HEADS: Final = {
    False: ("event", "level", "fields", "meaning"),
    True: ("事件", "级别", "字段", "含义"),
}


def block(chinese: bool) -> str:
    """Return a table for each family of events, in the order of the registry."""
    told = texts_of("events")
    parts = []
    for family, names in groupby(map(str, EventName), key=lambda name: name.partition(".")[0]):
        rows = [
            (
                f"`{name}`",
                told[name]["level"],
                codes(told[name]["fields"]),
                told[name]["zh" if chinese else "en"],
            )
            for name in names
        ]
        parts.append(f"### {family}\n\n{table(_HEADS[chinese], rows)}")
    return "\n".join(parts)
