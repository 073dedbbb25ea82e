"""Whose fault an error is."""

import errno

import pytest
from dramatiq.middleware import TimeLimitExceeded
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from models.disclosure.finding import Reason
from worker.errors import ArchiveError, BrokerUnreachable, Refused
from worker.judge import judge, plain, told, traced


@pytest.mark.parametrize(
    "error",
    [
        ArchiveError("away"),
        BrokerUnreachable("away"),
        MemoryError(),
        OSError(errno.ENOSPC, "full"),
        OSError(errno.EMFILE, "too many"),
        TimeoutError(errno.ETIMEDOUT, "slow"),
        OperationalError("SELECT 1", {}, Exception("locked")),
        ProgrammingError("SELECT 1", {}, Exception("no such table")),
        PoolTimeout("no connection left"),
        TimeLimitExceeded(),
    ],
)
def test_the_environment_passes(error: BaseException) -> None:
    assert judge(error) is None


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Refused(Reason.EMPTY, "-"), Reason.EMPTY),
        (OSError("not an image"), Reason.UNREADABLE),
        (RecursionError(), Reason.UNREADABLE),
        (KeyError("x"), Reason.UNREADABLE),
        (IntegrityError("INSERT", {}, Exception("unique")), Reason.UNREADABLE),
    ],
)
def test_the_content_is_refused(error: BaseException, reason: Reason) -> None:
    assert judge(error) is reason


def test_an_error_is_told_without_what_the_file_says() -> None:
    # Given a failed statement with a secret among its parameters
    error = OperationalError("INSERT", {"title": "机密"}, Exception("database is locked"))

    # When it is told, then only the database's own words are
    assert told(error) == "OperationalError: database is locked"
    assert told(Refused(Reason.EMPTY, "the file is empty")) == "the file is empty"
    assert told(MemoryError()) == "MemoryError"


def test_only_bugs_leave_a_traceback() -> None:
    # Given a refusal and a bug
    # When they are traced, then a verdict has nothing to trace
    assert traced(Refused(Reason.EMPTY, "-")) is None
    assert "KeyError" in (traced(KeyError("x")) or "")


def test_plain_text_fits_any_database() -> None:
    # Given text with what databases refuse
    # When it is made plain, then it can be kept
    assert plain("a\ud800b\0c") == "a?b�c"
