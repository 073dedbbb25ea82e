"""What a real ``gouji up`` logs and keeps is what the reference of events tells."""

import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import select

from console.reference.markdown import texts_of
from console.samples import samples
from models.dead_letter import DeadLetter
from models.event import Event
from tests.fault.running import Running
from tests.manual.pages import DOCS, text

pytestmark = [pytest.mark.process, pytest.mark.soak]

OF_LIBRARIES = "library.logged"
IDS = {"document_id", "arrival_id", "attempt_id"}


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A day of ``gouji up``: reports, an archive, a duplicate, broken files, every decision."""
    running = Running(tmp_path_factory.mktemp("day"), LOG_LEVEL="debug")
    try:
        running.start("--samples")
        running.wait_until_at_rest(len(samples()), 120)
        _drop(running.inbox)
        running.wait_until_at_rest(len(samples()) + 4, 120)
        _decide(running)
        assert running.stop() == 0
        yield running
    finally:
        running.end()


def _drop(inbox: Path) -> None:
    first = samples()[0].path
    shutil.copy(first, inbox / "again.txt")
    (inbox / "broken.docx").write_bytes(b"PK\x03\x04 and nothing else")
    (inbox / "notice.txt").write_text("关于放假的通知\n", "utf-8")
    (inbox / "~$left.docx").write_bytes(b"lock")
    draft = inbox / ".packed.part"
    with zipfile.ZipFile(draft, "w") as packed:
        packed.write(first, "again.txt")
        packed.writestr("Thumbs.db", b"nothing")
        packed.writestr("letter.txt", "另一份通知\n")
    draft.rename(inbox / "packed.zip")


def _decide(running: Running) -> None:
    with running.database.reading() as session:
        letters = session.execute(select(DeadLetter.id, DeadLetter.reason)).all()
    [wrong] = [str(one.id) for one in letters if one.reason == "imbalanced"]
    notices = [str(one.id) for one in letters if one.reason == "not_a_report"]
    note = ("--note", "a test", "--operator", "anna")
    for words in (
        ("comment", wrong, *note),
        ("correct", wrong, "--candidate", "1.1", *note),
        ("discard", notices[0], *note),
        ("retry", notices[1], *note),
    ):
        command = [sys.executable, "-P", "-m", "console.cli.main", "dead", *words]
        done = subprocess.run(
            command, env=running.environment, cwd=running.directory, timeout=60, check=False
        )
        assert done.returncode == 0, words


def logged(running: Running) -> list[dict[str, Any]]:
    """Return every line of every log."""
    lines = [
        orjson.loads(line)
        for path in sorted((running.data / "logs").glob("*.log"))
        for line in path.read_bytes().splitlines()
        if line.startswith(b"{")
    ]
    return [line for line in lines if line["event"] != OF_LIBRARIES]


def test_a_line_of_the_log_has_what_the_reference_tells_and_nothing_else(lived: Running) -> None:
    # Given what stands on the page before the tables
    before = text(DOCS / "events.md").partition("## All events")[0]
    everywhere = set(re.findall(r"`(\S+)`", before))
    told = texts_of("events")

    # Then every line has an event of it, at a level of it, with fields of it
    lines = logged(lived)
    assert len({line["event"] for line in lines}) > 20
    for line in lines:
        entry = told[line["event"]]
        assert line["level"] in entry["level"].split(", "), line
        assert set(line) - set(entry["fields"]) <= everywhere, line


def test_a_row_of_the_timeline_has_what_the_reference_tells_and_nothing_else(
    lived: Running,
) -> None:
    told = texts_of("events")
    with lived.database.reading() as session:
        rows = session.execute(select(Event.name, Event.level, Event.data)).all()
    for row in rows:
        entry = told[row.name]
        assert row.level in entry["level"].split(", "), row
        assert set(row.data) - IDS - {"trace_id", "span_id"} <= set(entry["fields"]), row
