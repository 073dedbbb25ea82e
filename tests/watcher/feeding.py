"""Feeds as Scrapy writes them, and what became of their lines."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from sqlalchemy import select

from models.feed import FeedCheckpoint, FeedWaiting
from tests.watcher.station import Station
from worker.source import Source


def source(directory: Path, **options: Any) -> Source:
    chosen: dict[str, Any] = {"path": directory / "inbox" / "items.jl"} | options
    return Source("feed", kind="feed", files=directory / "files", mode="scan", **chosen)


def save(station: Station, path: str, data: bytes = b"pdf") -> dict[str, Any]:
    """Save a file as Scrapy does, and return what it writes into ``files``."""
    where = station.inbox.parent / "files" / path
    where.parent.mkdir(parents=True, exist_ok=True)
    where.write_bytes(data)
    return named(path, data)


def named(path: str, data: bytes = b"pdf") -> dict[str, Any]:
    checksum = hashlib.md5(data, usedforsecurity=False).hexdigest()
    url = f"http://example.gov.cn/{path}"
    return {"url": url, "path": path, "checksum": checksum, "status": "downloaded"}


def line(**item: Any) -> bytes:
    return json.dumps(item).encode() + b"\n"


def append(station: Station, *lines: bytes, name: str = "items.jl") -> Path:
    path = station.inbox / name
    with path.open("ab") as out:
        out.writelines(lines)
    return path


def contents(station: Station) -> list[bytes]:
    return [station.archive.get(document.sha256) for document in station.documents()]


def checkpoint(station: Station) -> FeedCheckpoint:
    with station.database.reading() as session:
        return session.scalars(select(FeedCheckpoint)).one()


def waiting(station: Station) -> list[str]:
    with station.database.reading() as session:
        rows = session.scalars(select(FeedWaiting).order_by(FeedWaiting.path))
        return [f"{os.fsdecode(row.path)}: {row.why}" for row in rows]
