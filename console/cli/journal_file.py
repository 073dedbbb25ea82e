"""What operators decide, and its log: ``<data_dir>/logs/console.log``, beside those of parts."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from console.cli.invocation import Invocation
    from worker.settings import Settings


@contextmanager
def transaction(invocation: "Invocation") -> Iterator["Session"]:
    """Write something down in one transaction, with its log."""
    with (
        invocation.database() as database,
        logging(invocation.settings),
        database.transaction() as session,
    ):
        yield session


@contextmanager
def logging(settings: "Settings") -> Iterator[None]:
    """Write the log of this process to the file while the block runs, and not to the terminal."""
    import structlog

    from console.journal import Journal
    from worker import logs

    directory = settings.data_dir / "logs"
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    journal = Journal(directory)
    try:
        with journal.stream("console") as stream:
            logs.configure("console", form="json", level=settings.log_level, stream=stream)
            yield
    finally:
        structlog.reset_defaults()
        journal.close()
