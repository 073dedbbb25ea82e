"""The locks: every dependency has a version that satisfies what is asked for, and its hashes."""

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT: Final = Path(__file__).parents[1]
PROJECT: Final[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
RUN: Final[list[str]] = PROJECT["project"]["dependencies"]
OCR: Final[list[str]] = PROJECT["project"]["optional-dependencies"]["ocr"]
EXPORT: Final[list[str]] = PROJECT["project"]["optional-dependencies"]["export"]
NOTIFY: Final[list[str]] = PROJECT["project"]["optional-dependencies"]["notify"]
OTEL: Final[list[str]] = PROJECT["project"]["optional-dependencies"]["otel"]
DEV: Final[list[str]] = PROJECT["dependency-groups"]["dev"]
BUILD: Final = (ROOT / "requirements" / "build.in").read_text("utf-8").splitlines()
PIN: Final = re.compile(
    r"^(?P<pin>\S+==\S+)(?: ; (?P<marker>.*?))?(?P<rest>(?: \\\n .*)*)$", re.MULTILINE
)
HASH: Final = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def locked(name: str) -> dict[str, list[tuple[Requirement, int]]]:
    """Return what a lock pins by name, each with how many hashes it has."""
    text = (ROOT / "requirements" / f"{name}.lock").read_text("utf-8")
    pins: dict[str, list[tuple[Requirement, int]]] = {}
    for found in PIN.finditer(text):
        one = Requirement(found["pin"])
        pins.setdefault(canonicalize_name(one.name), []).append(
            (one, len(HASH.findall(found["rest"])))
        )
    return pins


def asked(lines: Iterable[str]) -> list[Requirement]:
    """Return what is asked for, without comments."""
    plain = (line.partition("#")[0].strip() for line in lines)
    return [Requirement(line) for line in plain if line]


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        ("run", RUN),
        ("ocr", [*RUN, *OCR]),
        ("export", [*RUN, *EXPORT]),
        ("notify", [*RUN, *NOTIFY]),
        ("otel", [*RUN, *OTEL]),
        ("dev", [*RUN, *OCR, *EXPORT, *NOTIFY, *OTEL, *DEV]),
    ],
)
def test_a_lock_has_everything_that_is_asked_for(lock: str, wanted: list[str]) -> None:
    pins = locked(lock)
    for requirement in asked([*wanted, *BUILD]):
        found = pins.get(canonicalize_name(requirement.name))
        assert found is not None, f"{requirement.name}: make lock"
        versions = [str(pin.specifier).removeprefix("==") for pin, _ in found]
        assert any(map(requirement.specifier.contains, versions)), f"{requirement}: make lock"


@pytest.mark.parametrize("lock", ["run", "ocr", "export", "notify", "otel", "dev"])
def test_every_pin_has_its_hashes(lock: str) -> None:
    pins = [one for pins in locked(lock).values() for one in pins]
    assert len(pins) > 20
    assert [str(pin) for pin, hashes in pins if hashes == 0] == []
    # And nothing stands in the lock that is no pin
    text = (ROOT / "requirements" / f"{lock}.lock").read_text("utf-8")
    heads = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert len(heads) == len(pins)


def test_the_locks_agree() -> None:
    run, dev = locked("run"), locked("dev")
    extras = [locked(name) for name in ("ocr", "export", "notify", "otel")]
    for smaller, larger in [pair for one in extras for pair in ((run, one), (one, dev))]:
        for name, pins in smaller.items():
            versions = {str(pin.specifier) for pin, _ in larger[name]}
            assert {str(pin.specifier) for pin, _ in pins} <= versions, name
