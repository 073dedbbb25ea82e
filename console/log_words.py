"""What a part that runs by itself writes to a terminal, in Chinese before English."""

from typing import Any

from structlog.typing import EventDict

from console import messages, titles
from console.fields import SPOKEN


def in_both(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Put its title before the name of an event, and what was said in Chinese before itself.

    A processor of structlog, for lines that people read; programs are given the names alone.
    """
    name = str(event.get("event"))
    event["event"] = f"{titles.title(name)} {name}".strip()
    for key in SPOKEN:
        if isinstance(said := event.get(key), str):
            event[key] = messages.in_both(said)
    return event
