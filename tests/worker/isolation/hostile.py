"""What a child loads in tests in place of ``worker.reading.choose``: a file says what it does."""

import ctypes
import mmap
import os
import re
import resource
import signal
import socket
import sys
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Final, NoReturn, cast

from models.disclosure.finding import Reason
from models.disclosure.report import Place
from worker.errors import Refused
from worker.isolation import child
from worker.isolation.messages import Kind
from worker.reading import choose
from worker.reading.pages import Grid, GridCell, GridRow, Pages, Paragraph, Shape
from worker.unpacking.members import Member, Sink

GOOD: Final = Pages(
    (
        Paragraph("标题", Place(1, 1), gap=True),
        Grid(
            (
                GridRow((GridCell("一", 0, 0.5, 7.25, 2, 3, Place(page=1, box=(0, 1, 2, 3))),)),
                GridRow((), gap=True),
            ),
            Shape.CELLS,
        ),
    ),
    "text/hostile",
    "utf-8",
    ("a warning",),
)
_LIBC: Final = ctypes.CDLL(None)
_FOR_EVER: Final = 1000


def media_type(data: bytes) -> str:
    """Return one type for every file, unless the file is about that."""
    if data == b"type hangs":
        time.sleep(_FOR_EVER)
    if data == b"type is refused":
        raise Refused(Reason.TRUNCATED, "no end of the directory")
    return "text/hostile"


def read(data: bytes) -> Pages:
    """Do what the file says; read one that says nothing."""
    name, _, rest = data.decode().partition(":")
    deed = _DEEDS.get(name)
    return choose.read(data) if deed is None else deed(rest)


again = read


def unpack(data: bytes, sink: Sink) -> None:
    """Hand over what the file says; unpack one that says nothing."""
    name, _, rest = data.decode("latin-1").partition(":")
    deed = _UNPACKINGS.get(name)
    if deed is None:
        choose.unpack(data, sink)
    else:
        deed(sink, rest)


def _good(_rest: str) -> Pages:
    return GOOD


def _told(rest: str) -> Pages:
    """Yield one thing about this process."""
    facts: dict[str, Callable[[], object]] = {
        "pid": os.getpid,
        "parent": os.getppid,
        "environment": lambda: sorted(os.environ),
        "niceness": lambda: os.nice(0),
        "core": lambda: resource.getrlimit(resource.RLIMIT_CORE),
        "modules": lambda: sorted(sys.modules),
    }
    return Pages((Paragraph(str(facts[rest]())),), "text/hostile")


def _loop(_rest: str) -> NoReturn:
    while True:
        pass


def _touch_and_sleep(rest: str) -> NoReturn:
    """Leave a file, empty since nothing can be written, with the numbers of child and keeper."""
    (Path(rest) / f"begun-{os.getpid()}-{os.getppid()}").touch()
    _c_sleep("")


def _regex(_rest: str) -> NoReturn:
    re.fullmatch(r"(a+)+b", "a" * 64)
    raise AssertionError


def _c_sleep(_rest: str) -> NoReturn:
    ctypes.PyDLL(None).sleep(_FOR_EVER)  # holds the lock of the interpreter
    raise AssertionError


def _stop(_rest: str) -> Pages:
    os.kill(os.getpid(), signal.SIGSTOP)
    return GOOD


def _deaf(_rest: str) -> NoReturn:
    for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN)
    _loop("")


def _memory(_rest: str) -> NoReturn:
    hoard = []
    while True:
        hoard.append(b"x" * (1 << 24))


def _mapped_memory(_rest: str) -> NoReturn:
    """Fill memory that Python does not count, then fall over as a library would."""
    hoard = []
    try:
        while True:
            block = mmap.mmap(-1, 1 << 24)
            block.write(b"x" * (1 << 24))
            hoard.append(block)
    except (OSError, MemoryError):
        os.abort()


def _rust_memory(_rest: str) -> NoReturn:
    os.write(2, b"memory allocation of 4398046511104 bytes failed\n")
    os.abort()


def _segfault(_rest: str) -> NoReturn:
    ctypes.string_at(0)
    raise AssertionError


def _abort(_rest: str) -> NoReturn:
    os.abort()


def _c_stack(_rest: str) -> NoReturn:
    sys.setrecursionlimit(10**9)
    deep: object = None
    for _ in range(200_000):
        deep = (deep,)
    repr(deep)
    raise AssertionError


def _recursion(rest: str) -> Pages:
    return _recursion(rest)


def _signal(rest: str) -> NoReturn:
    os.kill(os.getpid(), int(rest))
    raise AssertionError


def _exit(rest: str) -> NoReturn:
    os._exit(int(rest))


def _sys_exit(rest: str) -> NoReturn:
    sys.exit(int(rest))


def _interrupt(_rest: str) -> NoReturn:
    raise KeyboardInterrupt


class _Unspeakable(Exception):  # noqa: N818
    """Cannot be pickled, nor told."""

    def __init__(self) -> None:
        super().__init__(lambda: None)

    def __str__(self) -> str:
        raise RuntimeError

    def __reduce__(self) -> NoReturn:
        raise RuntimeError


def _raise(rest: str) -> NoReturn:
    if rest == "unspeakable":
        raise _Unspeakable
    if rest == "long":
        raise ValueError("x" * 10**7)
    if rest == "surrogates":
        raise ValueError("\ud800")
    raise Refused(Reason.ENCRYPTED, "a password is needed")


def _cells(rest: str) -> Pages:
    row = GridRow(tuple(GridCell("1", n, 0, 1) for n in range(100)))
    return Pages((Grid((row,) * (int(rest) // 100), Shape.CELLS),), "text/hostile")


def _rows(rest: str) -> Pages:
    return Pages((Grid((GridRow(()),) * int(rest), Shape.CELLS),), "text/hostile")


def _characters(rest: str) -> Pages:
    return Pages((Paragraph("字" * int(rest)),), "text/hostile")


def _sheet(rest: str) -> Pages:
    return Pages((Paragraph("", Place(sheet="x" * int(rest))),), "text/hostile")


def _surrogate(_rest: str) -> Pages:
    return Pages((Paragraph("a\ud800b"),), "text/hostile", warnings=("\udfff",))


def _garbage(rest: str) -> Pages:
    garbage = {
        "none": None,
        "text": "no pages",
        "number": Pages((Paragraph(cast("str", 7)),), "text/hostile"),
        "object": Pages((Paragraph(cast("str", object())),), "text/hostile"),
    }
    return cast("Pages", garbage[rest])


def _print(_rest: str) -> Pages:
    for stream in (sys.stdout, sys.stderr, sys.__stdout__):
        print("x" * 10**6, file=stream, flush=True)
    os.write(1, b"y" * 10**6)
    os.write(2, b"y" * 10**6)
    _LIBC.perror(b"z" * 1000)
    warnings.warn("w", stacklevel=1)
    return GOOD


def _standard_input(_rest: str) -> Pages:
    return Pages((Paragraph(repr(os.read(0, 1))),), "text/hostile")


def _write(rest: str) -> Pages:
    Path(rest).write_text("x")
    return GOOD


def _connect(rest: str) -> Pages:
    with socket.create_connection(("127.0.0.1", int(rest)), timeout=5):
        return GOOD


def _fork(rest: str) -> Pages:
    """Leave a process behind that ignores signals and holds every pipe, and do as is said."""
    told, tell = os.pipe()
    if os.fork() == 0:
        if "away" in rest:
            os.setsid()
            if os.fork():
                os._exit(0)
        os.write(tell, str(os.getpid()).encode())
        time.sleep(_FOR_EVER)
    pid = os.read(told, 20).decode()
    if "loop" in rest:
        _loop("")
    if "abort" in rest:
        os.abort()
    return Pages((Paragraph(pid),), "text/hostile")


def _kill_keeper(_rest: str) -> NoReturn:
    os.kill(os.getppid(), signal.SIGKILL)
    _loop("")


def _close_all(_rest: str) -> Pages:
    os.closerange(0, 64)
    return GOOD


def _babble(_rest: str) -> Pages:
    for end in range(3, 64):
        try:
            os.write(end, b"\xff" * 100)
        except OSError:
            continue
    return GOOD


def _later(_rest: str) -> Pages:
    """Read well, and crash a moment after that was told, however long the telling takes."""
    send = child._send

    def crash() -> None:
        time.sleep(0.05)
        os.abort()

    def telling(pipes: child.Pipes, kind: Kind, payload: bytes = b"") -> None:
        send(pipes, kind, payload)
        threading.Thread(target=crash, daemon=True).start()

    child._send = telling
    return GOOD


def _slow(rest: str) -> Pages:
    time.sleep(float(rest))
    return GOOD


_DEEDS: Final[dict[str, Callable[[str], Pages]]] = {
    name.removeprefix("_"): deed
    for name, deed in list(globals().items())
    if name.startswith("_") and callable(deed) and getattr(deed, "__module__", "") == __name__
}


def _flood(sink: Sink, _rest: str) -> None:
    sink.begin(Member(b"a"))
    while True:
        sink.write(bytes(1 << 20))


def _crowd(sink: Sink, _rest: str) -> None:
    while True:
        sink.begin(Member(b"a"))


def _litter(sink: Sink, _rest: str) -> None:
    while True:
        sink.begin(Member(b"a", why="litter"))


def _no_member(sink: Sink, _rest: str) -> None:
    sink.write(b"x")
    time.sleep(_FOR_EVER)


def _garbled(sink: Sink, _rest: str) -> None:
    sink.begin(Member(b"a", cast("int", "many")))


def _half(then: Callable[[str], object]) -> Callable[[Sink, str], None]:
    def deed(sink: Sink, rest: str) -> None:
        sink.begin(Member(b"a"))
        sink.write(b"1")
        then(rest)

    return deed


def _raise_half(_rest: str) -> NoReturn:
    raise ValueError("half")


def _once(sink: Sink, rest: str) -> None:
    sink.begin(Member(b"a"))
    sink.write(b"1")
    if not Path(rest).exists():
        Path(rest).touch()
        os.abort()
    sink.begin(Member(b"b"))
    sink.write(b"2")


_UNPACKINGS: Final[dict[str, Callable[[Sink, str], None]]] = {
    "flood": _flood,
    "crowd": _crowd,
    "litter": _litter,
    "no member": _no_member,
    "garbage": _garbled,
    "half, then crash": _half(_segfault),
    "half, then hang": _half(lambda _: time.sleep(_FOR_EVER)),
    "half, then fail": _half(_raise_half),
    "half, then bloat": _half(_memory),
    "once": _once,
}
