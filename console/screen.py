"""What ``gouji up`` shows of the log: one line a document on a terminal, all of it elsewhere."""

import sys
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final, TextIO

import orjson

from models.event import EventName

_GREEN, _RED, _YELLOW, _DIM, _PLAIN = "\x1b[32m", "\x1b[31m", "\x1b[33m", "\x1b[2m", "\x1b[0m"
_CONTROL: Final = dict.fromkeys((*range(32), *range(127, 160)), " ")
_LONGEST: Final = 160
_REMEMBERED: Final = 10_000


def forward(_part: str, line: bytes) -> None:
    """Pass a line on to stderr as it is: for whoever collects the output of a service."""
    sys.stderr.buffer.write(line + b"\n")
    sys.stderr.buffer.flush()


class Screen:
    """Tells a person what matters: stored, dead, duplicate, and what is wrong with a part."""

    def __init__(self, stream: TextIO, *, colour: bool) -> None:
        self._stream = stream
        self._colour = colour
        self._names: OrderedDict[int, str] = OrderedDict()

    def line(self, part: str, line: bytes) -> None:
        """Show a log line if it is worth showing; what is not JSON always is."""
        try:
            event = orjson.loads(line)
        except orjson.JSONDecodeError:
            event = None
        if isinstance(event, dict):
            self._name(event)
        shown = _told(part, event) if isinstance(event, dict) else (_DIM, f"{part}: {_text(line)}")
        if shown is not None:
            self._show(*shown)

    def _name(self, event: dict[str, Any]) -> None:
        """Give an event of a document the name of its file, which only its first ones carry."""
        document_id, name = event.get("document_id"), event.get("file")
        if document_id is None:
            return
        if name is not None:
            self._names[document_id] = str(name)
            while len(self._names) > _REMEMBERED:
                self._names.popitem(last=False)
        else:
            event["file"] = self._names.get(document_id, f"document {document_id}")

    def _show(self, colour: str, text: str) -> None:
        text = text.translate(_CONTROL)[:_LONGEST].rstrip()
        mark, _, rest = text.partition(" ")
        line = f"{colour}{mark}{_PLAIN} {rest}" if self._colour else text
        self._stream.write(line + "\n")
        self._stream.flush()


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace")


def _told(part: str, event: dict[str, Any]) -> tuple[str, str] | None:
    teller = _TELLERS.get(str(event.get("event")))
    if teller is not None:
        return teller(event)
    if event.get("level") in ("warning", "error", "critical"):
        return _YELLOW, f"! {part} {event.get('event')} {_details(event)}"
    return None


def _stored(event: dict[str, Any]) -> tuple[str, str]:
    rules = event.get("rules") or ()
    notes = f" · 提示 notes: {', '.join(rules)}" if rules else ""
    return _GREEN, f"✓ 入库 stored  {_document(event)}{notes}"


def _dead(event: dict[str, Any]) -> tuple[str, str]:
    why = event.get("message") or ""
    return _RED, f"✗ 死信 dead    {_document(event)} · {event.get('reason', '?')}: {why}"


def _duplicate(event: dict[str, Any]) -> tuple[str, str]:
    return _DIM, f"= 重复 duplicate {_document(event)}"


def _died(event: dict[str, Any]) -> tuple[str, str]:
    wait = event.get("restart_in")
    return _RED, f"! {event.get('part')} 退出 died ({event.get('how')}); 重启 restart in {wait} s"


def _document(event: dict[str, Any]) -> str:
    name = event.get("file")
    known = " ".join(str(event[key]) for key in ("publisher", "year") if event.get(key))
    return f"{name} · {known}" if known else str(name)


_HIDDEN: Final = ("event", "level", "timestamp", "schema_version", "service.name", "service.part")


def _details(event: dict[str, Any]) -> str:
    return " ".join(f"{key}={value}" for key, value in event.items() if key not in _HIDDEN)


_TELLERS: Final[dict[str, Callable[[dict[str, Any]], tuple[str, str]]]] = {
    EventName.REPORT_STORED: _stored,
    EventName.DOCUMENT_DEAD: _dead,
    EventName.DOCUMENT_DUPLICATE: _duplicate,
    EventName.PART_DIED: _died,
}
