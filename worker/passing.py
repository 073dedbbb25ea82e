"""What passes by itself: how an error of the environment is let go, and whom it is told.

A time limit and a stop strike anywhere in a thread that works, also between two of its lines.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from traceback import clear_frames

import structlog
from dramatiq.middleware import TimeLimitExceeded

from models.disclosure.finding import Reason
from worker.claim import Claim
from worker.errors import NotBegun, Refused, Stopping, Transient
from worker.judge import judge, told


def let_go(error: BaseException) -> None:
    """Give up what the frames of an error hold; where it was raised stays known.

    A time limit strikes anywhere, also where a transaction has begun that nobody knows of yet: its
    connection would hold the one lock of SQLite for as long as the error is kept.
    """
    seen: set[int] = set()
    left: list[BaseException | None] = [error]
    while left:
        one = left.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            clear_frames(one.__traceback__)
            left += [one.__cause__, one.__context__]
            if isinstance(one, TimeLimitExceeded):
                gc.collect()  # a session and its transaction hold one another


@contextmanager
def may_pass() -> Iterator[None]:
    """Tell the queue to bring the message back where trying again may help."""
    try:
        yield
    except Stopping:
        raise
    except (Exception, TimeLimitExceeded) as error:
        if judge(error) is None:
            raise NotBegun(told(error)) from error
        raise


@contextmanager
def in_time(claim: Claim) -> Iterator[None]:
    """Blame the content for a time limit, but only when it strikes again on another try."""
    try:
        yield
    except TimeLimitExceeded as error:
        if claim.retries == 0:
            raise Transient("it took too long; this machine may have been slow") from error
        raise Refused(Reason.TIMEOUT, "it took too long, more than once") from error


@contextmanager
def of_nobody() -> Iterator[None]:
    """Let no line that is logged meanwhile be about the message that brought it on."""
    bound = structlog.contextvars.get_contextvars()
    structlog.contextvars.clear_contextvars()
    try:
        yield
    finally:
        structlog.contextvars.bind_contextvars(**bound)
