"""What is dropped: reports, rubbish, duplicates, odd names; and what must become of it."""

import errno
import gzip
import hashlib
import io
import os
import random
import re
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from tests.reports.layouts import RENDERERS, random_document
from tests.reports.truth import break_cell
from tests.worker.unpacking.archives import (
    patched,
    sevenzipped,
    tarred,
    zipped,
    zipped_in_gbk,
)
from worker.inspection import inspect
from worker.spool import Allowance, Spool, in_process, spooled

SEEDS = sorted((Path(__file__).parents[1] / "data" / "seeds").glob("*.txt"))
_LICENCES = re.compile(r"(行政许可\s+)\d+")
_NEW_REQUESTS = re.compile(r"(一、\s*本年新收政府信息\s*公开申请数量\s+)(\d+)")
_IGNORED = ("._{}.txt", "~${}.doc", "{}.part", ".{}.swp")
_PIECES = 8
_PAUSE = 0.03


@dataclass(frozen=True, slots=True)
class Dropped:
    """One file: its name as raw bytes relative to the inbox, and its content."""

    name: bytes
    data: bytes

    @property
    def sha256(self) -> str:
        """The digest the ledger knows the content by."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True, slots=True)
class Expected:
    """What an undisturbed run makes of the material, worked out without running anything.

    ``documents`` maps digest → (state, reason); ``arrivals`` and ``ignored`` are raw names.
    """

    documents: dict[str, tuple[str, str | None]]
    arrivals: frozenset[bytes]
    ignored: frozenset[bytes]

    @property
    def duplicates(self) -> int:
        """How many arrivals bring nothing new."""
        return len(self.arrivals) - len(self.documents)


def expected(files: list[Dropped], ignored: list[Dropped]) -> Expected:
    """Work out the end state of a run."""
    documents: dict[str, tuple[str, str | None]] = {}
    arrivals: list[bytes] = []
    waiting = list(files)
    for file in waiting:
        arrivals.append(file.name)
        if file.sha256 in documents:
            continue
        seen = inspect(file.data, "report")
        documents[file.sha256] = (seen.outcome, seen.reason and str(seen.reason))
        if seen.outcome == "unpacked":
            held = _held(file)
            waiting += held or []
            if held is None:
                documents[file.sha256] = ("dead", "unreadable")
    assert len(set(arrivals)) == len(arrivals)
    return Expected(documents, frozenset(arrivals), frozenset(file.name for file in ignored))


def _held(file: Dropped) -> list[Dropped] | None:
    """Return what an archive holds, ``None`` for a damaged one."""
    with tempfile.TemporaryFile() as scratch:
        spool = Spool(scratch, Allowance(len(file.data)))
        if spooled(file.data, spool, in_process) is not None:
            return None
        return [
            Dropped(file.name + b"!/" + one.member.name, spool.open(one).read())
            for one in spool.sections
        ]


def material(rng: random.Random, count: int) -> list[Dropped]:
    """Return ``count`` files: of ten, five reports, an archive, an imbalance, three oddities."""
    makers = [_seed, _seed, archive, _report, _report, _gbk, _imbalanced, _empty, _rubbish]
    files: list[Dropped] = []
    for number in range(count):
        if number % 10 == 9:
            # which of two arrivals of an archive its members name is a matter of chance
            alone = [file for file in files if b"archive" not in file.name]
            files.append(_again(rng.choice(alone), number))
        else:
            files.append(makers[number % 10](rng, number))
    return files


def empty_scan(number: int) -> bytes:
    """Return a PDF of one picture in which there is nothing to read."""
    from PIL import Image  # comes with the extra for scans

    held = io.BytesIO()
    Image.new("L", (300, 200), 255).save(held, "PDF", title=str(number))
    return held.getvalue()


def ignorable(count: int) -> list[Dropped]:
    """Return files that nobody may read, by their names."""
    return [
        Dropped(_IGNORED[number % len(_IGNORED)].format(number).encode(), b"not yet whole")
        for number in range(count)
    ]


def _seed(rng: random.Random, number: int) -> Dropped:
    path = SEEDS[number % len(SEEDS)]
    text, found = _LICENCES.subn(rf"\g<1>{rng.randint(0, 10**6)}", path.read_text("utf-8"))
    assert found
    return Dropped(f"{number:04d}-{path.name}".encode(), text.encode())


def archive(rng: random.Random, number: int) -> Dropped:
    """Reports with names in GBK, litter, an archive in the archive; of three one is damaged."""
    kind = ("zip", "7z", "tar")[number // 10 % 3]
    inner = zipped([("内/年报.txt", _report(rng, number).data), ("空.txt", b"")])
    makers = (_seed, _imbalanced, _rubbish)
    files = [(f"{n}.txt", make(rng, number).data) for n, make in enumerate(makers)]
    files += [("inner.zip", inner), ("__MACOSX/._0.txt", b"litter")]
    if kind == "7z":
        data = sevenzipped(files)
    elif kind == "tar":
        data = gzip.compress(tarred(files))
    elif number // 30 % 2:
        data = patched(zipped([*files, ("z", b"zyxzyx")], 0), b"zyxzyx", b"zyxzzx")
    else:
        data = zipped_in_gbk([(f"报表{name}", content) for name, content in files])
    return Dropped(f"{number:04d}-archive.{kind}".encode(), data)


def _imbalanced(rng: random.Random, number: int) -> Dropped:
    if rng.random() < 0.5:
        text = rng.choice(SEEDS).read_text("utf-8")
        text, found = _NEW_REQUESTS.subn(lambda m: f"{m[1]}{int(m[2]) + number + 1}", text)
        assert found
    else:
        report, layout, _ = random_document(rng, messy=False)
        text = RENDERERS[layout](break_cell(report, rng)[0], rng)
    return Dropped(f"{number:04d}-不平衡.txt".encode(), text.encode())


def _report(rng: random.Random, number: int) -> Dropped:
    _, _, text = random_document(rng, messy=False)
    return Dropped(f"{number:04d}-年报.txt".encode(), text.encode())


def _gbk(rng: random.Random, number: int) -> Dropped:
    _, _, text = random_document(rng, messy=False)
    return Dropped(f"{number:04d}-政府信息公开年报.txt".encode("gbk"), text.encode("gb18030"))


def _empty(rng: random.Random, number: int) -> Dropped:
    return Dropped(f"{number:04d}-empty.txt".encode(), b"")


def _rubbish(rng: random.Random, number: int) -> Dropped:
    suffix = rng.choice((".txt", ".pdf", ".dat"))
    return Dropped(f"{number:04d}-rubbish{suffix}".encode(), rng.randbytes(rng.randint(1, 5000)))


def _again(file: Dropped, number: int) -> Dropped:
    return Dropped(b"%04d-again-%s" % (number, file.name), file.data)


def drop(files: list[Dropped], inbox: Path) -> None:
    """Drop files, each at once."""
    for file in files:
        write(file, inbox)


def write(file: Dropped, folder: Path) -> None:
    """Write one file under its raw name, at once where what lies beside the folder allows it.

    A writer that a busy machine holds between opening and writing is the slow writer's trial.
    """
    path = folder / os.fsdecode(file.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder.parent, prefix=".staged-", delete=False) as staged:
        staged.write(file.data)
    try:
        Path(staged.name).chmod(0o644)
        Path(staged.name).rename(path)
    except OSError as error:
        Path(staged.name).unlink()
        if error.errno != errno.EXDEV:  # an inbox may be a mount of its own
            raise
        path.write_bytes(file.data)


def move_in_whole(files: list[Dropped], inbox: Path, aside: Path, name: str) -> list[Dropped]:
    """Fill a directory elsewhere and move it into the inbox; return the files as they lie then."""
    inner = [Dropped(b"part-%d/%s" % (n % 3, file.name), file.data) for n, file in enumerate(files)]
    drop(inner, aside / name)
    (aside / name).rename(inbox / name)
    return [Dropped(name.encode() + b"/" + file.name, file.data) for file in inner]


def write_slowly(files: list[Dropped], inbox: Path, go_on: threading.Event) -> threading.Thread:
    """Write files in pieces with pauses between them, in a thread that is returned running.

    It stops with the first of them whole but open, until it may go on.
    """

    def run() -> None:
        for start in range(0, len(files), _PIECES):
            _slowly(files[start : start + _PIECES], inbox, go_on)

    thread = threading.Thread(target=run, name="slow-writer")
    thread.start()
    return thread


def _slowly(files: list[Dropped], inbox: Path, go_on: threading.Event) -> None:
    outs = [(inbox / os.fsdecode(file.name)).open("wb") for file in files]
    for piece in range(_PIECES):
        for file, out in zip(files, outs, strict=True):
            step = -(-len(file.data) // _PIECES)
            out.write(file.data[piece * step : (piece + 1) * step])
            out.flush()
        time.sleep(_PAUSE)
    go_on.wait()
    for out in outs:
        out.close()
