"""Kills at the doors of crawlers: feeds that grow, and documents that are pushed."""

import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from models import token
from tests.fault.fault import Fault
from tests.fault.running import until
from tests.fault.trial import Trial
from tests.servers import free_port
from worker.settings import load

_LINES: Final = 20
_WITHIN: Final = 60.0


def faults() -> Iterator[Fault]:
    """Yield them all."""
    yield Fault("SIGKILL at feed.taken", _killed_feeding, _with_feed, by_hand=True)
    yield Fault("SIGKILL at push.taken", _killed_pushing, _with_door, by_hand=True)


@contextmanager
def _with_feed(trial: Trial) -> Iterator[None]:
    _configure(trial, f'[[source]]\nkind = "feed"\npath = "{_feed(trial)}"\n')
    _feed(trial).touch()
    yield


@contextmanager
def _with_door(trial: Trial) -> Iterator[None]:
    _configure(trial, f'[[source]]\nkind = "push"\nport = {free_port()}\n')
    yield


def _configure(trial: Trial, sources: str) -> None:
    path = trial.running.directory / "gouji.toml"
    path.write_text(sources, "utf-8")
    trial.running.environment["GOUJI_CONFIG"] = os.fspath(path)
    trial.running.settings = load(path, trial.running.environment)


def _feed(trial: Trial) -> Path:
    return trial.running.directory / "crawl.jsonl"


def _killed_feeding(trial: Trial) -> None:
    """Items were taken, and their place in the feed was not written down: they come again."""
    with trial.striking("feed.taken"), _feed(trial).open("a", encoding="utf-8") as feed:
        for _ in range(_LINES):
            data, end = trial.traffic.text()
            url = f"http://example.gov.cn/{trial.injected}/{len(trial.traffic.expected.arrivals)}"
            trial.traffic.certain(url, data, end)
            feed.write(json.dumps({"url": url, "text": data.decode("utf-8")}) + "\n")


def _killed_pushing(trial: Trial) -> None:
    """Nobody was answered: the crawler pushes again, and is told the same address."""
    with trial.running.database.transaction() as session:
        name = f"crawler-{trial.injected}"
        given = token.issue(session, name)
    data, end = trial.traffic.text()
    url = f"http://example.gov.cn/pushed/{trial.injected}"
    trial.traffic.certain(url, data, end)
    answers: list[int] = []
    with trial.striking("push.taken"):
        until(lambda: _push(trial, url, data, given, answers), _WITHIN, trial.running.story)
    assert answers[-1] == 200, answers


def _push(trial: Trial, url: str, data: bytes, given: str, answers: list[int]) -> bool:
    """Push it once, and tell whether it is in."""
    door = trial.running.settings.pushed
    assert door is not None
    address = f"http://{door.host}:{door.port}/api/v1/documents"
    headers = {"Authorization": f"Bearer {given}", "X-Gouji-Url": url}
    request = urllib.request.Request(address, data, headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            answers.append(answer.status)
    except (urllib.error.URLError, ConnectionError):
        return False
    return True
