"""``gouji prune``."""

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from models.base import now
from models.event import Event
from tests.console.cli.conftest import Place
from worker.archive import Archive


@pytest.fixture
def aged(seeded: Place) -> Place:
    """What has a thousand useless old events."""
    with seeded.database.transaction() as session:
        data = {"worker": "w" * 200}
        told = [Event(name="attempt.started", document_id=1, data=data) for _ in range(1000)]
        session.add_all(told)
        session.flush()
        session.execute(update(Event).values(at=now() - timedelta(days=400)))
    return seeded


def counts(told: dict[str, Any]) -> dict[str, int]:
    return {row["kind"]: row["count"] for row in told["pruned"]}


def test_what_is_past_its_time_goes(aged: Place) -> None:
    # When looked at only
    told = aged.json("prune", "--dry-run")
    # Then nothing goes
    assert told["dry_run"] is True
    useless = counts(told)["events"]
    assert useless >= 999
    assert counts(told) == {"events": useless, "attempts": 0, "done": 0, "orphans": 0}
    assert counts(aged.json("prune", "--dry-run")) == counts(told)
    # When pruned
    assert counts(aged.json("prune")) == counts(told)
    assert counts(aged.json("prune"))["events"] == 0


def test_one_kind_alone(aged: Place) -> None:
    assert counts(aged.json("prune", "--only", "orphans")) == {"orphans": 0}
    assert counts(aged.json("prune", "--only", "events"))["events"] >= 999


def test_room_is_given_back(aged: Place, bare: Path) -> None:
    told = aged.json("prune", "--vacuum")
    assert told["vacuumed_bytes"] > 100_000
    assert (bare / "var" / "gouji.db").stat().st_size < told["vacuumed_bytes"] * 3
    assert aged.run("prune", "--vacuum", "--dry-run").exit_code == 2


def test_people_are_told(aged: Place, bare: Path) -> None:
    Archive(str(bare / "var" / "archive")).put(io.BytesIO(b"young"), limit=100)
    result = aged.run("prune", "--dry-run")
    assert result.exit_code == 0
    assert "永久 for ever" in result.stdout  # originals
    assert "经过明细" in result.stdout
