"""What ``gouji up`` shows of the log: one line a document on a terminal, all of it elsewhere."""

import sys
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final, TextIO

import orjson

from console import labels, titles
from console.fields import SPOKEN
from console.messages import in_both
from models.event import EventName

_GREEN, _RED, _YELLOW, _DIM, _PLAIN = "\x1b[32m", "\x1b[31m", "\x1b[33m", "\x1b[2m", "\x1b[0m"
_CONTROL: Final = dict.fromkeys((*range(32), *range(127, 160)), " ")
_LONGEST: Final = 160
_REMEMBERED: Final = 10_000
_OUTAGE_OVER: Final = 30.0
"""Seconds without a word about the queue after which an outage counts as over."""


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
        self._outage: float | None = None

    def line(self, part: str, line: bytes) -> None:
        """Show a log line if it is worth showing; what is not JSON always is."""
        try:
            event = orjson.loads(line)
        except orjson.JSONDecodeError:
            event = None
        if isinstance(event, dict):
            if self._repeats(event):
                return
            self._name(event)
        shown = _told(part, event) if isinstance(event, dict) else (_DIM, f"{part}: {_text(line)}")
        if shown is not None:
            self._show(*shown)

    def _repeats(self, event: dict[str, Any]) -> bool:
        """Tell whether an event says once more that the queue is away: one line an outage.

        Workers and watcher notice it each for themselves, libraries with every attempt.
        """
        if event.get("event") == EventName.BROKER_STARTED:
            self._outage = None
        if not _tells_of_outage(event):
            return False
        before, self._outage = self._outage, time.monotonic()
        return before is not None and self._outage - before < _OUTAGE_OVER

    def _name(self, event: dict[str, Any]) -> None:
        """Give an event of a document the name of its file, which only its first ones carry."""
        document_id, name = event.get("document_id"), event.get("file")
        if document_id is None or event.get("event") == EventName.DOCUMENT_DUPLICATE:
            return  # a duplicate has a name of its own, which is not its document's
        if name is None:
            event["file"] = self._names.get(document_id, f"document {document_id}")
        elif document_id not in self._names:
            self._names[document_id] = str(name)
            while len(self._names) > _REMEMBERED:
                self._names.popitem(last=False)

    def _show(self, colour: str, text: str) -> None:
        text = _shortened(text.translate(_CONTROL).rstrip())
        mark, _, rest = text.partition(" ")
        line = f"{colour}{mark}{_PLAIN} {rest}" if self._colour else text
        self._stream.write(line + "\n")
        self._stream.flush()


def _shortened(text: str) -> str:
    """Cut a text that is too long, between words where there is one nearby, and show that."""
    if len(text) <= _LONGEST:
        return text
    cut = text[: _LONGEST - 1]
    words, _, rest = cut.rpartition(" ")
    return f"{words if len(rest) < _LONGEST // 4 else cut}…"


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace")


def _told(part: str, event: dict[str, Any]) -> tuple[str, str] | None:
    teller = _TELLERS.get(str(event.get("event")))
    if teller is not None:
        return teller(event)
    if _tells_of_outage(event):
        return _outage(event)
    if event.get("level") in ("warning", "error", "critical"):
        return _warning(part, event)
    return None


def _warning(part: str, event: dict[str, Any]) -> tuple[str, str]:
    """Tell of what has no line of its own: what it is, of which file, what was said, the rest."""
    name = str(event.get("event"))
    said = [in_both(str(event[key])) for key in SPOKEN if event.get(key)]
    named = [str(event["file"])] if event.get("file") and "document_id" not in event else []
    rest = " ".join(
        f"{key}={value}" for key, value in event.items() if key not in (*_HIDDEN, *SPOKEN, "file")
    )
    what = " ".join(filter(None, (titles.title(name), name)))
    return _YELLOW, " · ".join(filter(None, (f"! {part} {what}", *named, *said, rest)))


def _tells_of_outage(event: dict[str, Any]) -> bool:
    if event.get("event") == EventName.BROKER_UNREACHABLE:
        return True
    logger = str(event.get("logger"))
    return logger.startswith(("dramatiq", "redis")) and "connection" in str(event).lower()


def _outage(event: dict[str, Any]) -> tuple[str, str]:
    why = event.get("error") or event.get("message") or ""
    return _YELLOW, f"! {labels.queue_away(why)}"


def _stored(event: dict[str, Any]) -> tuple[str, str]:
    rules = event.get("rules") or ()
    notes = f" · 提示 notes: {', '.join(rules)}" if rules else ""
    return _GREEN, f"✓ 入库 stored  {_document(event)}{notes}"


def _unpacked(event: dict[str, Any]) -> tuple[str, str]:
    named = {"accepted": "新 new", "duplicate": "重复 duplicate", "ignored": "忽略 ignored"}
    counts = " · ".join(f"{name} {event[key]}" for key, name in named.items() if event.get(key))
    return _GREEN, f"+ 拆包 unpacked {_document(event)} · {counts}"


def _dead(event: dict[str, Any]) -> tuple[str, str]:
    why = in_both(str(event.get("message") or ""))
    reason = labels.reason(str(event.get("reason", "?")))
    return _RED, f"✗ 死信 dead    {_document(event)} · {reason}: {why}"


def _duplicate(event: dict[str, Any]) -> tuple[str, str]:
    return _DIM, f"= 重复 duplicate {_document(event)}"


def _ignored(event: dict[str, Any]) -> tuple[str, str]:
    return _DIM, f"- 忽略 ignored {event.get('file')} · {in_both(str(event.get('why') or ''))}"


def _died(event: dict[str, Any]) -> tuple[str, str]:
    how, wait = in_both(str(event.get("how") or "")), event.get("restart_in")
    return _RED, f"! {event.get('part')} 退出 died ({how}); {wait} 秒后重启 restart in {wait} s"


def _document(event: dict[str, Any]) -> str:
    name = event.get("file")
    known = " ".join(str(event[key]) for key in ("publisher", "year") if event.get(key))
    return f"{name} · {known}" if known else str(name)


_HIDDEN: Final = (
    *("event", "level", "timestamp", "schema_version", "service.name", "service.part"),
    *("trace_id", "span_id", "message_id", "traceback", "exc_info"),
)
"""Fields that say nothing to a person; the log file has them."""

_TELLERS: Final[dict[str, Callable[[dict[str, Any]], tuple[str, str]]]] = {
    EventName.REPORT_STORED: _stored,
    EventName.DOCUMENT_UNPACKED: _unpacked,
    EventName.DOCUMENT_DEAD: _dead,
    EventName.DOCUMENT_DUPLICATE: _duplicate,
    EventName.FILE_IGNORED: _ignored,
    EventName.PART_DIED: _died,
}
