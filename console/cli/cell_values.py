"""What ``gouji dead correct`` is to set: cells given one by one, and those of a table of them."""

import csv
import io
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import click

_CELL, _VALUE = "cell", "value"
_STANDARD_INPUT: Final = "-"
_SET: Final = "--set"
_SET_FROM: Final = "--set-from"


def values(settings: Iterable[str], table: Path | None) -> dict[str, str]:
    """Return what is typed for each cell; a cell given with ``--set`` counts for more.

    Args:
        settings: ``CELL=VALUE`` each.
        table: a CSV file of cells and values, ``-`` for standard input.

    Raises:
        click.BadParameter: a setting or a line cannot be understood, or a cell is set twice.
    """
    found = {} if table is None else _collected(_SET_FROM, _lines(table))
    return found | _collected(_SET, map(_setting, settings))


def _setting(setting: str) -> tuple[str, str]:
    address, sign, value = setting.partition("=")
    if not sign or not address.strip():
        raise click.BadParameter(f"{setting!r} is not CELL=VALUE", param_hint=_SET)
    return address, value


def _lines(table: Path) -> Iterator[tuple[str, str]]:
    """Yield the cells and values of a CSV file.

    They are its first two columns, or those that its first line calls ``cell`` and ``value``. A
    cell without a value is left as it is; ``空`` or ``blank`` make it blank.
    """
    at = (0, 1)
    for number, fields in enumerate(csv.reader(io.StringIO(_text(table), newline="")), 1):
        line = [field.strip() for field in fields]
        if number == 1 and _CELL in line and _VALUE in line:
            at = (line.index(_CELL), line.index(_VALUE))
        elif len(line) > max(at) and line[at[0]]:
            if line[at[1]]:
                yield line[at[0]], line[at[1]]
        elif any(line):
            message = f"line {number} is not CELL,VALUE: {','.join(line)[:60]!r}"
            raise click.BadParameter(message, param_hint=_SET_FROM)


def _text(table: Path) -> str:
    try:
        if str(table) == _STANDARD_INPUT:
            return sys.stdin.buffer.read().decode("utf-8-sig")
        return table.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise click.BadParameter(f"it is not UTF-8: {error}", param_hint=_SET_FROM) from error


def _collected(option: str, given: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for address, value in given:
        if address.strip() in found:
            raise click.BadParameter(f"{address} is set twice", param_hint=option)
        found[address.strip()] = value
    return found
