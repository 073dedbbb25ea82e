"""The parent's side of one keeper: sends a file, waits for its outcome or for a death."""

import os
import select
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, BinaryIO, Final, cast

import orjson

from models.disclosure.finding import Reason
from worker.isolation.death import Death
from worker.isolation.limits import Limits
from worker.isolation.messages import HEADER, Kind, Task
from worker.isolation.reading import Reading, Refusal

if TYPE_CHECKING:
    from worker.unpacking.members import Sink

_LOOK_UP_EVERY: Final = 0.2  # s: an interrupt of this thread is heeded only in between
_BEGIN_WITHIN: Final = 60.0
"""Seconds until a child must have taken a file, on a machine that is slow to start processes.

Only then does the time begin that the file itself may take.
"""
_END_WITHIN: Final = 2.0
_CHUNK: Final = 1 << 18
_PASSED_ON: Final = ("PATH", "LANG", "LC_", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "PYTHON")


class Lost(Exception):  # noqa: N818 - it tells what became of the keeper
    """The keeper, or a child that waited for a file, was ended from outside, or never began.

    ``taken`` tells whether a file was in hand.
    """

    def __init__(self, *, taken: bool) -> None:
        super().__init__()
        self.taken = taken


@dataclass(slots=True)
class _Progress:
    """How far the reading of one document has come; ``last`` is the kind of its outcome.

    ``allowed`` are the seconds from the moment that a child has taken it; ``None`` where the
    deadline stands whenever that is.
    """

    deadline: float
    allowed: float | None = None
    sink: "Sink | None" = None
    unheard: bytearray = field(default_factory=bytearray)
    taken: bool = False
    media_type: str | None = None
    outcome: Reading | None = None
    last: Kind | None = None
    death: Death | None = None

    @property
    def done(self) -> bool:
        return self.death is not None or self.last is Kind.OUTCOME

    @property
    def doubtful(self) -> bool:
        """Whether a file that the same child read before may be at fault."""
        return self.last is Kind.DOUBT or (self.last is None and self.death is not None)


class Ward:
    """One keeper with its child; making this starts it.

    ``usable`` becomes ``False`` when it must be ended, and another started in its place.
    """

    def __init__(self, entry: str, limits: Limits) -> None:
        self.usable = True
        self._limits = limits
        self._served = 0  # by the child that there is now
        self._requests, theirs = socket.socketpair()
        self._replies, replies = os.pipe()
        self._deaths, deaths = os.pipe()
        os.set_blocking(self._replies, False)
        given = (theirs.fileno(), replies, deaths)
        settings = orjson.dumps(asdict(limits)).decode()
        module = ("-P", "-m", "worker.isolation.keeper", entry, settings)
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, *module, *map(str, given)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=given,
                env=_environment(),
                start_new_session=True,
            )
        except BaseException:
            self._close()
            raise
        finally:
            theirs.close()
            os.close(replies)
            os.close(deaths)

    @property
    def lives(self) -> bool:
        """Whether the keeper runs, and no child of it died while it was idle."""
        poll = select.poll()
        poll.register(self._deaths, select.POLLIN)
        return self._process.poll() is None and not poll.poll(0)

    def read(self, data: bytes, sink: "Sink | None" = None) -> Reading:
        """Read a document, for as long as the limits say at most, or unpack an archive.

        The time begins when a child has taken it: the start of a process is no fault of the file.
        A crash is believed of a child that has read nothing else; else it is tried again.

        Args:
            data: the bytes.
            sink: where the members of an archive go; without one it is a document.

        Raises:
            Lost: the reading process was ended by something else.
            Exception: whatever the sink raises; this must be ended then.
        """
        with _file(data) as file:
            progress = self._send(file, sink)
            if progress.doubtful and self._served:
                self._served = 0
                progress = self._send(file, sink)
        self._served = self._served + 1 if progress.last is Kind.OUTCOME else 0
        return self._reading(progress)

    def read_once(self, data: bytes, task: Task, seconds: float) -> Reading:
        """Read a document that need not be read: for so many seconds, and no crash is tried again.

        Args:
            data: the bytes.
            task: by which route.
            seconds: that it may take.

        Raises:
            Lost: the reading process was ended by something else.
        """
        with _file(data) as file:
            progress = self._send(file, None, task, seconds)
        self._served = self._served + 1 if progress.last is Kind.OUTCOME else 0
        return self._reading(progress)

    def _send(
        self,
        file: BinaryIO,
        sink: "Sink | None",
        task: Task = Task.READ,
        seconds: float | None = None,
    ) -> _Progress:
        allowed, moment = self._limits.seconds, time.monotonic()
        if seconds is None:
            progress = _Progress(moment + _BEGIN_WITHIN, allowed, sink)
        else:
            progress = _Progress(moment + min(seconds, allowed), None, sink)
        if sink is not None:
            sink.restart()
            task = Task.UNPACK
        with suppress(BrokenPipeError):  # the keeper is dead: its pipe says so below
            socket.send_fds(self._requests, [task.value], [file.fileno()])
        try:
            self._follow(progress)
        except ValueError as error:
            # what follows in the pipe cannot be understood either
            self.usable = False
            refusal = Refusal(Reason.UNREADABLE, f"the reader failed: {error}")
            progress.outcome = Reading(progress.media_type, refusal=refusal)
        return progress

    def _reading(self, progress: _Progress) -> Reading:
        if progress.outcome is not None:
            return progress.outcome
        if progress.death is None:
            if progress.allowed is not None and not progress.taken:
                raise Lost(taken=False)
            message = f"reading it takes more than {self._limits.seconds:g} s"
            refusal = Refusal(Reason.TIMEOUT, message)
        elif not progress.taken:
            raise Lost(taken=False)
        else:
            refusal = progress.death.refusal(self._limits)
        return Reading(progress.media_type, refusal=refusal)

    def end(self) -> None:
        """End the keeper with all it has forked: it does so itself when its pipes are closed."""
        self._close()
        try:
            self._process.wait(_END_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _follow(self, progress: _Progress) -> None:
        """Listen until there is an outcome, a death, or the time is up."""
        poll = select.poll()
        poll.register(self._replies, select.POLLIN)
        poll.register(self._deaths, select.POLLIN)
        while not progress.done:
            left = progress.deadline - time.monotonic()
            if left <= 0:
                self.usable = False
                return
            for end, _ in poll.poll(min(left, _LOOK_UP_EVERY) * 1000):
                if end == self._replies:
                    self._hear(progress)
                else:
                    self._mourn(progress)

    def _hear(self, progress: _Progress) -> None:
        """Take in what the child has written so far."""
        with suppress(BlockingIOError):
            while chunk := os.read(self._replies, _CHUNK):
                progress.unheard += chunk
                while self._understand(progress):
                    pass
            raise Lost(taken=progress.taken)

    def _understand(self, progress: _Progress) -> bool:
        """Take one message off what was heard, if a whole one is there."""
        unheard = progress.unheard
        if len(unheard) < HEADER.size:
            return False
        kind, size = HEADER.unpack_from(unheard)
        if size > self._limits.reply_bytes:
            raise ValueError(f"a reply of {size:,} bytes")
        if len(unheard) < HEADER.size + size:
            return False
        from worker.isolation import wire  # by now the child is at work

        payload = bytes(unheard[HEADER.size : HEADER.size + size])
        del unheard[: HEADER.size + size]
        match Kind(kind):
            case Kind.TAKEN:
                if progress.allowed is not None and not progress.taken:  # it may say so again
                    progress.deadline = time.monotonic() + progress.allowed
                progress.taken = True
            case Kind.TYPE:
                progress.media_type = payload.decode()
            case Kind.MEMBER | Kind.PIECE if progress.sink is None:
                raise ValueError("members of what is no archive")
            case Kind.MEMBER:
                cast("Sink", progress.sink).begin(wire.decode_member(payload))
            case Kind.PIECE:
                cast("Sink", progress.sink).write(payload)
            case last:
                progress.outcome = wire.decode(payload)
                progress.last = last
        return True

    def _mourn(self, progress: _Progress) -> None:
        told = os.read(self._deaths, _CHUNK)
        if not told:
            raise Lost(taken=progress.taken)
        self._hear(progress)  # it may have finished before it died
        progress.death = Death.told(told)

    def _close(self) -> None:
        for end in (self._deaths, self._replies):
            with suppress(OSError):
                os.close(end)
        self._requests.close()


def _environment() -> dict[str, str]:
    """What the reader needs of the environment; the rest may hold passwords."""
    return {name: value for name, value in os.environ.items() if name.startswith(_PASSED_ON)}


def _file(data: bytes) -> BinaryIO:
    """Return an anonymous file, in memory where the system has such."""
    if sys.platform == "linux":
        file: BinaryIO = os.fdopen(os.memfd_create("document"), "wb", buffering=0)
    else:
        file = cast("BinaryIO", tempfile.TemporaryFile(buffering=0))  # noqa: SIM115 - returned
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]
    return file
