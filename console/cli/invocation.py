"""One run of the command line: the settings, and the database they name, opened when needed."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import click

from console.cli.errors import Unreachable

if TYPE_CHECKING:
    from models.session import Database
    from worker.settings import Settings


@dataclass
class Invocation:
    """What every subcommand is given: where the settings file is, and what it leads to."""

    config: Path | None = None

    @cached_property
    def settings(self) -> "Settings":
        """The settings, read once.

        Raises:
            SettingsError: they cannot be used.
        """
        from worker import settings

        return settings.load(self.config)

    @contextmanager
    def database(self) -> Iterator["Database"]:
        """The database, closed afterwards; it must be there already.

        Raises:
            Unreachable: nobody has created it yet.
        """
        from models.session import Database

        self.demand_database()
        database = Database.at(self.settings.database)
        try:
            yield database
        finally:
            database.close()

    def demand_database(self) -> None:
        """Make sure that there is a database, without opening it.

        Raises:
            Unreachable: nobody has created it yet.
            UnusableUrlError: its URL cannot be used.
        """
        from models.session import file_of

        # SQLite would create an empty file, and the next question would be "no such table"
        path = file_of(self.settings.database)
        if path is not None and not path.exists():
            raise Unreachable(
                f"there is no database yet at {path}",
                hint="gouji init  建立数据库 creates it; gouji up  一键运行 does too",
                code="database",
            )


pass_invocation = click.make_pass_decorator(Invocation, ensure=True)
