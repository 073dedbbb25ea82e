"""The child: takes one file after another, reads it within its limits, and writes the outcome."""

import ctypes
import faulthandler
import os
import resource
import signal
import socket
import sys
import traceback
from contextlib import suppress
from typing import Final, NamedTuple, NoReturn, Protocol

from models.disclosure.finding import Reason
from worker.errors import Refused, Scanned
from worker.isolation import wire
from worker.isolation.limits import Limits
from worker.isolation.messages import Kind, Task, message
from worker.isolation.reading import Reading, Refusal
from worker.reading.pages import Pages
from worker.unpacking.members import Member, Sink

_PR_SET_PDEATHSIG: Final = 1
_OPEN_FILES: Final = 64
_NICER: Final = 5
_BLOATED: Final = 0.25
_FRAMES: Final = 30
_LONGEST_MESSAGE: Final = 500
_LONGEST_TRACEBACK: Final = 16_000


class Format(Protocol):
    """What ``worker.reading.choose`` is to the child; another module in tests."""

    def media_type(self, data: bytes) -> str:
        """Return the media type that the content shows."""

    def read(self, data: bytes) -> Pages:
        """Read a document."""

    def again(self, data: bytes) -> Pages:
        """Read a document by another route."""

    def unpack(self, data: bytes, sink: Sink) -> None:
        """Hand over the members of an archive."""


class Pipes(NamedTuple):
    """The child's ends: files come in by ``requests``, outcomes leave by ``replies``.

    What C libraries print stays in ``last_words`` (its reading end is at hand too) for the keeper.
    """

    requests: socket.socket
    replies: int
    last_words: tuple[int, int]


def live(format_: Format, limits: Limits, pipes: Pipes, keeper: int) -> NoReturn:
    """Read documents until there are no more, or enough; called in a process just forked."""
    _settle_in(limits, pipes, keeper)
    for left in range(limits.documents - 1, -1, -1):
        taken = _take(pipes)
        if taken is None:
            break
        outcome, sound = _outcome(format_, *taken, limits, pipes)
        if not sound:
            _send(pipes, Kind.DOUBT, outcome)
            break
        if not left or _bloated(limits) or not _childless():
            _send(pipes, Kind.FAREWELL, outcome)
            break
        _send(pipes, Kind.OUTCOME, outcome)
    os._exit(0)


def _settle_in(limits: Limits, pipes: Pipes, keeper: int) -> None:
    os.setsid()  # what it forks can be killed as a group
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != keeper:
        os._exit(0)
    os.dup2(pipes.last_words[1], 2)
    sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - for ever
    faulthandler.enable(2)
    os.nice(_NICER)
    for what, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_AS, limits.memory),
    ):
        _, hard = resource.getrlimit(what)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))


def _take(pipes: Pipes) -> tuple[Task, int] | None:
    """Wait for a file; ``None`` when the parent is gone or wants no more."""
    task, files, _, _ = socket.recv_fds(pipes.requests, 1, 1)
    if not files:
        return None
    with suppress(BlockingIOError):
        os.read(pipes.last_words[0], 1 << 16)  # what earlier documents left there
    _send(pipes, Kind.TAKEN)
    return Task(task), files[0]


def _send(pipes: Pipes, kind: Kind, payload: bytes = b"") -> None:
    left = memoryview(message(kind, payload))
    try:
        while left:
            left = left[os.write(pipes.replies, left) :]
    except BrokenPipeError:
        os._exit(0)


def _outcome(
    format_: Format, task: Task, file: int, limits: Limits, pipes: Pipes
) -> tuple[bytes, bool]:
    """Return what came of a file, and whether this process is as good as before."""
    _limit_cpu(limits.seconds)
    media_type = None
    try:
        data = _contents(file)
        if data:
            media_type = format_.media_type(data)
            _send(pipes, Kind.TYPE, media_type.encode())
        if task is Task.UNPACK:
            format_.unpack(data, _Upwards(pipes))
            return wire.encode(Reading(media_type), limits), True
        pages = format_.again(data) if task is Task.AGAIN else format_.read(data)
        wire.weigh(pages, limits)
        return wire.encode(Reading(media_type, pages), limits), True
    except Refused as refused:
        scanned = isinstance(refused, Scanned)
        refusal = Refusal(refused.reason, refused.message[:_LONGEST_MESSAGE], scanned=scanned)
        return wire.encode(Reading(media_type, refusal=refusal), limits), True
    except MemoryError:
        refusal = Refusal(Reason.TOO_LARGE, limits.out_of_memory)
    # whatever a reader fails with costs the file, and this process
    except BaseException as error:  # noqa: BLE001
        refusal = _unforeseen(error)
    return wire.encode(Reading(media_type, refusal=refusal), limits), False


class _Upwards:
    """Sends members to the parent as they come, which is what bounds them."""

    def __init__(self, pipes: Pipes) -> None:
        self._pipes = pipes

    def restart(self) -> None:
        raise NotImplementedError("a child begins but once")

    def begin(self, member: Member) -> None:
        _send(self._pipes, Kind.MEMBER, wire.encode_member(member))

    def write(self, data: bytes) -> None:
        _send(self._pipes, Kind.PIECE, data)


def _contents(file: int) -> bytes:
    with open(file, "rb") as stream:
        stream.seek(0)
        return stream.read()


def _unforeseen(error: BaseException) -> Refusal:
    what = "".join(traceback.format_exception_only(error)).strip()
    traced = "".join(traceback.format_exception(error, limit=-_FRAMES))
    if isinstance(error, RecursionError):
        what = f"it is nested too deeply ({what})"
    told = f"the reader failed: {what}"[:_LONGEST_MESSAGE]
    return Refusal(Reason.UNREADABLE, told, traced[-_LONGEST_TRACEBACK:])


def _limit_cpu(seconds: float) -> None:
    """Bound the processor time from now on, should nobody be left who looks at the clock."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = int(used.ru_utime + used.ru_stime + seconds) + 2
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def _bloated(limits: Limits) -> bool:
    """Tell whether a document has swollen this process: memory is seldom given back."""
    return peak(resource.getrusage(resource.RUSAGE_SELF)) > limits.memory * _BLOATED


def peak(usage: resource.struct_rusage) -> int:
    """Return the most memory that was resident, in bytes."""
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _childless() -> bool:
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return True
    return False
