"""Small disks of their own that can be filled, for what must survive a full one."""

import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

_BALLAST: Final = ".ballast"
_PIECE: Final = 1 << 16


@contextmanager
def mounted(directory: Path, megabytes: int) -> Iterator[Path]:
    """Have a disk of so many megabytes at a directory for as long as the block runs.

    Skips the test where nothing can be mounted, but not in CI.
    """
    options = f"size={megabytes}m,mode=0700"
    with _mounted(directory, "-t", "tmpfs", "-o", options, "tmpfs"):
        yield directory


@contextmanager
def bound(source: Path, target: Path) -> Iterator[None]:
    """Let a directory be seen at another one too, for as long as the block runs."""
    with _mounted(target, "--bind", os.fspath(source)):
        yield


@contextmanager
def _mounted(directory: Path, *how: str) -> Iterator[None]:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        _run("mount", *how, os.fspath(directory))
    except subprocess.CalledProcessError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"nothing can be mounted here: {error.stderr.decode().strip()}")
    try:
        yield
    finally:
        _run("umount", "--lazy", os.fspath(directory))


@contextmanager
def full(directory: Path) -> Iterator[None]:
    """Leave no byte free on the disk of a directory for as long as the block runs."""
    ballast = directory / _BALLAST
    with ballast.open("wb", buffering=0) as out:
        try:
            while True:
                out.write(bytes(_PIECE))
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
        while shutil.disk_usage(directory).free:
            try:
                out.write(b"\0")
            except OSError:
                break
    try:
        yield
    finally:
        ballast.unlink()


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
