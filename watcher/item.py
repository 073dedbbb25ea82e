"""One line of a Scrapy feed becomes what it brings: files it names, a page it holds, or a fault.

A file is named by ``files`` (or ``images``) as Scrapy's pipelines write it: ``{"url": ...,
"path": "full/<sha1>.pdf", "checksum": "<md5>", "status": "downloaded"}``. A page is held as
``html`` or ``text``.
"""

import json
import os
import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from models.disclosure.hints import Hints
from watcher.hints import hints_of

_THERE: Final = (None, "downloaded", "uptodate", "cached")
_LONGEST_PATH: Final = 2000
"""Bytes that the key of a waiting file may have on PostgreSQL, with room for the source."""
_MD5: Final = re.compile(r"[0-9a-f]{32}")
_FOREIGN: Final = re.compile(r"<(?:meta|\?xml)\b[^>]*\b(?:charset|encoding)\b", re.IGNORECASE)
_MARK: Final = b"\xef\xbb\xbf"
_MOST_TRIES: Final = 100
_MOST_VALUES: Final = 2_000_000
"""Each takes some hundred bytes of memory; what pages hold between commas counts too."""
_SEPARATORS: Final = (b",", b"{", b"[")
_MOST_FILES: Final = 10_000
_LONGEST_NAME: Final = 255


class Named(NamedTuple):
    """A file that a feed names, relative to the files root, and its MD5 if the feed says it."""

    path: bytes
    checksum: str | None
    hints: Hints


class Held(NamedTuple):
    """A document whose bytes the feed itself holds."""

    data: bytes
    hints: Hints


class Bad(NamedTuple):
    """Something that cannot be used."""

    why: str


Entry = Named | Held | Bad


def entries(line: bytes) -> Iterator[Entry]:
    """Yield what a line brings; a line that brings nothing yields nothing."""
    if not line.strip():
        return
    item: dict[str, Any] | None
    try:
        item = _object(line)
    except _NoObjectError as fault:
        yield Bad(str(fault))
        item = _salvaged(line)
    if item is not None:
        hints = hints_of(item)
        yield from _files(item, hints)
        yield from _page(item, hints)


def is_whole(line: bytes) -> bool:
    """Tell whether a line without its newline is a whole object: nothing can follow it."""
    try:
        _object(line)
    except _NoObjectError:
        return False
    return True


class _NoObjectError(ValueError):
    pass


def _object(line: bytes) -> dict[str, Any]:
    if len(line) > _MOST_VALUES and sum(map(line.count, _SEPARATORS)) > _MOST_VALUES:
        raise _NoObjectError(f"more than {_MOST_VALUES:,} values")
    try:
        item = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise _NoObjectError(f"not JSON: {error}") from error
    if not isinstance(item, dict):
        raise _NoObjectError("not a JSON object")
    return item


def _salvaged(line: bytes) -> dict[str, Any] | None:
    """Return the object that ends a line which a killed crawl had begun and left torn."""
    at = line.find(b'{"', 1)
    for _ in range(_MOST_TRIES):
        if at < 0:
            return None
        if is_whole(line[at:]):
            return _object(line[at:])
        at = line.find(b'{"', at + 1)
    return None


def _files(item: dict[str, Any], hints: Hints) -> Iterator[Entry]:
    for field in ("files", "images"):
        files = item.get(field)
        if files is None:
            continue
        if not isinstance(files, list):
            yield Bad(f"{field}: not a list")
            continue
        if len(files) > _MOST_FILES:
            yield Bad(f"{field}: more than {_MOST_FILES:,}")
            continue
        for file in files:
            yield _file(file, hints) if isinstance(file, dict) else Bad(f"{field}: not an object")


def _file(file: dict[str, Any], hints: Hints) -> Entry:
    status, path, checksum = file.get("status"), file.get("path"), file.get("checksum")
    if status not in _THERE:
        return Bad(f"file: status {status!r}")
    if not isinstance(path, str):
        return Bad("file: without a path")
    if (why := _outside(path)) is not None:
        return Bad(f"file: {why}: {path[:200]!r}")
    if checksum is not None and not (isinstance(checksum, str) and _MD5.fullmatch(checksum)):
        return Bad(f"file: checksum {str(checksum)[:40]!r} is no MD5")
    return Named(os.fsencode(path), checksum, hints_of({"url": file.get("url")}).filled(hints))


def _outside(path: str) -> str | None:
    """Return why a path may not be followed; symlinks are refused when it is opened."""
    if not path or "\0" in path:
        return "no path"
    if path.startswith("/"):
        return "absolute path"
    parts = path.split("/")
    if ".." in parts:
        return "leaves the files root"
    if "" in parts or "." in parts:
        return "no plain path"
    try:
        encoded = os.fsencode(path)
    except UnicodeEncodeError:
        return "no file name"
    longest = max(map(len, encoded.split(b"/")))
    return "too long" if longest > _LONGEST_NAME or len(encoded) > _LONGEST_PATH else None


def _page(item: dict[str, Any], hints: Hints) -> Iterator[Entry]:
    for field in ("html", "text"):
        page = item.get(field)
        if page is None or page == "":
            continue
        if not isinstance(page, str):
            yield Bad(f"{field}: not text")
            continue
        data = page.encode("utf-8", "replace")
        # The page was decoded already: the mark overrules the encoding it still declares.
        yield Held(_MARK + data if _FOREIGN.search(page[:4096]) else data, hints)
        return
