"""How long anybody waits for a host that has gone silent: not for ever, on either side."""

import sys

import pytest
from sqlalchemy import text

from models.ledger import Document
from tests.hosts.house import House, Site, until
from tests.hosts.network import WAYS

pytestmark = [pytest.mark.process, pytest.mark.soak]

_LONGEST = 150.0
_DATABASE = """
from sqlalchemy import text
from models.session import Database
database = Database.at(os.environ["GOUJI_DATABASE_URL"])
with database.transaction() as session:
    session.execute(text("SELECT id FROM documents FOR UPDATE"))
    measure(lambda: session.execute(text("SELECT 1")))
"""
_QUEUE = """
from worker.inbox import Inbox
from worker.settings import load
inbox = Inbox(load())
inbox.ping()
measure(inbox.ping)
"""
_ARCHIVE = """
import io
from worker.archive import Archive
from worker.settings import load
archive = Archive.of(load())
archive.probe()
measure(lambda: archive.put(io.BytesIO(b"x"), limit=9))
"""
_MEASURE = """
import os, pathlib, time
def measure(ask):
    pathlib.Path("ready").touch()
    while not pathlib.Path("cut").exists():
        time.sleep(0.05)
    begun = time.monotonic()
    try:
        ask()
    finally:
        pathlib.Path("waited").write_text(f"{time.monotonic() - begun:.1f}")
"""


def ready(house: House, site: Site) -> None:
    until((site.folder / "ready").exists, 300, house.story)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("what", "program"), [("database", _DATABASE), ("queue", _QUEUE), ("archive", _ARCHIVE)]
)
def test_who_is_cut_off_notices(house: House, what: str, program: str, way: str) -> None:
    # Given a client in the middle of its work
    site = house.site()
    client = site.python(_MEASURE + program)
    ready(house, site)
    # When its host is cut off, and it asks for something
    site.host.cut_off(way)
    (site.folder / "cut").touch()
    # Then that fails
    assert client.wait(_LONGEST) != 0
    waited = (site.folder / "waited").read_text()
    sys.stderr.write(f"{what}, {way}: {waited} s\n")  # the figures of the manual


@pytest.mark.parametrize("way", WAYS)
def test_what_is_locked_by_who_is_cut_off_is_freed(house: House, way: str) -> None:
    # Given a host that has locked a document
    with house.database.transaction() as session:
        session.add(Document(sha256="0" * 64, size=1, name="a", queue="fast"))
    site = house.site()
    site.python(_MEASURE + _DATABASE)
    ready(house, site)
    # When it is cut off
    site.host.cut_off(way)
    # Then another gets the document
    with house.database.transaction() as session:
        session.execute(text(f"SET LOCAL lock_timeout = {round(_LONGEST * 1000)}"))
        assert session.execute(text("SELECT id FROM documents FOR UPDATE")).all() == [(1,)]
