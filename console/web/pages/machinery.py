"""What runs: the sources and how far behind they are, the workers, the queues, the settings."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from starlette.responses import Response

from console import configuration
from console.queries import activity, backlog, counts
from console.web.visit import Page, Visit
from models import migrations
from models.base import now
from worker.broker import QUEUES
from worker.inspection import PARSER_VERSION
from worker.secrecy import without_secrets
from worker.settings import PREFIX, SECRET, Settings

_LATELY: Final = timedelta(hours=1)
_A_DAY: Final = timedelta(days=1)
_SILENT: Final = timedelta(minutes=5)


def sources(visit: Visit) -> Response:
    """Show where files come from: how each is watched, when it was last heard of, what waits."""
    at = now()
    with visit.reading() as session:
        rows = counts.sources(session)
        waiting = backlog.by_source(session)
        unsettled = backlog.unsettled(session, at - _A_DAY)
        ignored = backlog.ignored(session, at - _A_DAY)
    return visit.render(
        "sources.html",
        sources=rows,
        waiting=waiting,
        unsettled=unsettled,
        ignored=ignored,
        late=at - _SILENT,
    )


def workers(visit: Visit) -> Response:
    """Show who works, on what, and how many messages each queue holds."""
    at = now()
    with visit.reading() as session:
        rows = activity.workers(session, at - _LATELY)
        stuck = backlog.at_work(session)
        waiting = backlog.by_queue(session)
        oldest = activity.oldest_waiting(session)
    return visit.render(
        "workers.html",
        workers=rows,
        documents=stuck,
        waiting=waiting,
        oldest=oldest,
        queues=QUEUES,
        queue=visit.site.queue.backlog(),
        condition=visit.site.queue.condition(),
        now=at,
    )


def settings(visit: Visit) -> Response:
    """Show every setting as it is in force; passwords and keys in addresses are hidden."""
    chosen = visit.site.settings
    return visit.render(
        "settings.html",
        rows=list(_settings(chosen)),
        sources=[_source(source) for source in chosen.sources],
        facts=_facts(chosen),
    )


def _settings(chosen: Settings) -> Iterator[dict[str, Any]]:
    for name, default, meaning in configuration.explained():
        value = getattr(chosen, name)
        hidden = name in SECRET and value
        yield {
            "name": name,
            "value": "***" if hidden else _shown(value),
            "default": _shown(default),
            "changed": value != default,
            "from_environment": f"{PREFIX}{name.upper()}" in os.environ,
            "english": meaning.english,
            "chinese": meaning.chinese,
        }


def _source(source: Any) -> dict[str, str]:
    names = (field.name for field in fields(source))
    return {name: _shown(getattr(source, name)) for name in names}


def _shown(value: object) -> str:
    return "–" if value in (None, "") else without_secrets(str(value))


def _facts(chosen: Settings) -> dict[str, str]:
    disk = _existing(chosen.data_dir)
    return {
        "parser": PARSER_VERSION,
        "database": without_secrets(chosen.database),
        "revision": migrations.head(),
        "archive": without_secrets(chosen.archive),
        "free": f"{shutil.disk_usage(disk).free / 2**30:.1f} GiB" if disk else "–",
    }


def _existing(path: Path) -> Path | None:
    return path if path.exists() else None


PAGES: Final = (
    Page("/sources", sources),
    Page("/workers", workers),
    Page("/settings", settings),
)
