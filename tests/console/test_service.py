"""What ``gouji up`` goes on without."""

from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from console.service import Service
from models.session import Database
from worker.settings import Settings


def test_a_database_that_is_away_is_told_once_and_ends_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Given something to be shown that needs the database, which is away, back, and away again
    answers = [True, True, False, True, True]

    def show(_database: Database) -> None:
        if answers.pop(0):
            raise OperationalError("SELECT", {}, Exception("away"))

    service = Service(
        Settings(data_dir=tmp_path),
        config=None,
        pretty=False,
        with_samples=True,
        on_ready=lambda: None,
        meanwhile=show,
    )
    database = Database.at("sqlite://")
    # When it is looked on
    while answers:
        service._look_on(database)
    database.close()
    # Then it went on, and each outage was told once
    assert capsys.readouterr().out.count("intake.failed") == 2
