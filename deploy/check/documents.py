"""YAML files as data, and what is looked for in them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml  # type: ignore[import-untyped]

from worker.settings import Settings

_PATH: Final = re.compile(r"(?<![\w/.:$-])/[\w.-]+(?:/[\w.-]+)*")


def one(path: Path) -> Any:
    """Return the only document of a file, with its anchors and merges resolved.

    Raises:
        yaml.YAMLError: it is no YAML.
    """
    return yaml.safe_load(path.read_text("utf-8"))


def several(text: str) -> list[Any]:
    """Return the documents of a text, without empty ones."""
    return [document for document in yaml.safe_load_all(text) if document]


def strings(data: Any) -> Iterator[str]:
    """Yield every text in some data, however deep; keys of mappings are none."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for value in data.values():
            yield from strings(value)
    elif isinstance(data, list):
        for value in data:
            yield from strings(value)


def paths(text: str) -> list[str]:
    """Return the absolute paths in a text; those of URLs and of variables are none."""
    return _PATH.findall(text)


def is_under(path: str, roots: Iterable[str]) -> bool:
    """Tell whether a path is one of some folders, or lies below one."""
    return any(path == root or path.startswith(f"{root}/") for root in roots)


def grace(variables: Mapping[str, str]) -> float:
    """Return the seconds that gouji takes to end; the default where nothing usable is said."""
    try:
        return float(variables["GOUJI_GRACE"])
    except (KeyError, ValueError):
        return Settings().grace


def seconds(text: str | float) -> float:
    """Return a duration as Compose and systemd write it (``60s``, ``2m``, ``120``) in seconds."""
    units = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
    value = str(text)
    number = value.rstrip("abcdefghijklmnopqrstuvwxyz")
    return float(number) * units[value[len(number) :] or "s"]
