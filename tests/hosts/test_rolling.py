"""Two releases side by side: the newer migrates while the older works, and both work on.

The older is what is tested; the newer is a copy of it with one more migration, slow enough to be
met, which adds what a migration may add.
"""

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import inspect

from models import migrations
from models.session import Database
from tests.fault.accounts import settle
from tests.fault.material import Dropped, drop, expected, material
from tests.hosts.house import QUICK, at_rest, states, until
from tests.servers import PostgresServer, RedisServer
from worker.archive import Archive
from worker.inbox import Inbox
from worker.settings import Settings

pytestmark = [pytest.mark.process, pytest.mark.soak]

_LONG = 300.0
_HOME = Path(__file__).parents[2]
_PACKAGES = ("models", "watcher", "worker", "console")
_MIGRATION = """\
\"\"\"Remarks: what the next release might add.\"\"\"

import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{head}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("documents", sa.Column("remark", sa.String(9), server_default="", nullable=False))
    op.add_column("arrivals", sa.Column("remark", sa.String(9)))
    op.execute("SELECT pg_sleep(3)")
    op.create_table("remarks", sa.Column("id", sa.Integer, primary_key=True))
    op.create_index("ix_documents_remark", "documents", ["remark"])
"""
_COLUMN = '    remark: Mapped[str] = mapped_column(server_default="")\n'
_AFTER = "    queue: Mapped[str]"


@dataclass
class Release:
    """The parts of one release, over a database and a queue that both share."""

    name: str
    code: Path
    environment: dict[str, str]
    folder: Path
    parts: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def command(self, *words: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{self.name}.out").open("ab") as out:
            return subprocess.Popen(
                [sys.executable, "-P", "-m", "console.cli.main", *words],
                env=self.environment | {"PYTHONPATH": os.fspath(self.code)},
                cwd=self.folder,
                stdout=out,
                stderr=out,
            )

    def run(self, *words: str) -> None:
        assert self.command(*words).wait(_LONG) == 0, self.said()[-3000:]

    def start(self, part: str) -> None:
        self.parts[part] = self.command(part)

    def stop(self, part: str) -> None:
        process = self.parts.pop(part)
        process.terminate()
        assert process.wait(_LONG) == 0, self.said()[-3000:]

    def said(self) -> str:
        return (self.folder / f"{self.name}.out").read_text("utf-8", "replace")

    def stored(self) -> int:
        return self.said().count('"report.stored"')

    def end(self) -> None:
        for process in self.parts.values():
            process.kill()
            process.wait()


@pytest.fixture
def releases(tmp_path: Path) -> Iterator[tuple[Release, Release]]:
    """Return the older and the newer release."""
    for server in (PostgresServer, RedisServer):
        if not server.available() and not os.environ.get("CI"):
            pytest.skip(f"{server.kind} is not installed")
    newer = tmp_path / "newer"
    compiled = shutil.ignore_patterns("__pycache__")  # what others write there comes and goes
    for package in _PACKAGES:
        shutil.copytree(_HOME / package, newer / package, ignore=compiled)
    versions = newer / "models" / "migrations" / "versions"
    (versions / "9999_remarks.py").write_text(_MIGRATION.format(head=migrations.head()))
    ledger = newer / "models" / "ledger.py"
    source = ledger.read_text("utf-8")
    assert _AFTER in source
    ledger.write_text(source.replace(_AFTER, _COLUMN + _AFTER, 1), "utf-8")
    with PostgresServer(options=["-c", "fsync=off"]) as postgres, RedisServer() as redis:
        kept = {name: text for name, text in os.environ.items() if not name.startswith("GOUJI_")}
        own = {
            "DATA_DIR": os.fspath(tmp_path / "var"),
            "INBOX": os.fspath(tmp_path / "inbox"),
            "DATABASE_URL": postgres.url,
            "BROKER_URL": redis.url,
        }
        environment = kept | {f"GOUJI_{key}": text for key, text in (QUICK | own).items()}
        both = (
            Release("older", _HOME, environment, tmp_path),
            Release("newer", newer, environment, tmp_path),
        )
        try:
            yield both
        finally:
            for release in both:
                release.end()


def test_a_migration_under_way(releases: tuple[Release, Release], tmp_path: Path) -> None:
    older, newer = releases
    inbox, files = tmp_path / "inbox", material(random.Random(1), 160)
    inbox.mkdir()
    older.run("init")
    database = Database.at(older.environment["GOUJI_DATABASE_URL"])

    def come(batch: list[Dropped], so_far: int) -> None:
        drop(batch, inbox)
        until(lambda: at_rest(database, so_far), _LONG, lambda: states(database))

    # Given an older release at work
    older.start("watch")
    older.start("work")
    drop(files[:60], inbox)
    until(lambda: older.stored() >= 3, _LONG, older.said)

    # When the newer one migrates meanwhile
    newer.run("init")
    assert migrations.current(older.environment["GOUJI_DATABASE_URL"]) == "9999"
    assert inspect(database.engine).has_table("remarks")
    # And works beside it
    newer.start("work")
    with closing(Inbox(Settings(broker_url=older.environment["GOUJI_BROKER_URL"]))) as queue:
        until(lambda: queue.examine().workers == 2, _LONG, newer.said)
    for so_far in range(65, 96, 5):
        come(files[so_far - 5 : so_far], so_far)
    # And goes on without it, whichever of them was the quicker one until then
    older.stop("work")
    come(files[95:100], 100)
    until(lambda: newer.stored() > 0, _LONG, newer.said)
    # And an older one is started again, alone, and does not mind the database
    newer.stop("work")
    older.run("init")
    older.start("work")
    before = older.stored()
    come(files[100:130], 130)
    until(lambda: older.stored() > before, _LONG, older.said)
    # And the newer one takes over
    older.stop("watch")
    older.stop("work")
    newer.start("watch")
    newer.start("work")
    come(files[130:], 160)

    # Then nothing is lost or done twice
    archive = Archive(os.fspath(tmp_path / "var" / "archive"))
    accounts = settle(database, archive, expected(files, []))
    database.close()
    accounts.check()
    assert migrations.current(older.environment["GOUJI_DATABASE_URL"]) == "9999"
