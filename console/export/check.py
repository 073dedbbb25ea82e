"""Checking a package: is it whole, and are codebook and schema those of the form?

Checksums tell of what was changed after the package was made; that codebook and schema are derived
once more tells of a mistake even where somebody has made the checksums fit.
"""

import csv
import hashlib
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import orjson

from console.export import codebook, package
from console.export.codebook_text import codebook_text
from console.export.errors import NoPackage
from console.export.fields import ALL, CODEBOOK, Table
from console.export.formats.csv_file import CsvFile

_CHUNK: Final = 1 << 20
Place = Path | zipfile.Path


def check(path: Path) -> list[str]:
    """Return everything that is wrong with a package, nothing where it is as it was made.

    Args:
        path: its directory, or its ZIP archive.

    Raises:
        NoPackage: it is none of ours.
        OSError: it cannot be read.
    """
    if path.is_dir():
        return list(_problems(path))
    try:
        with zipfile.ZipFile(path) as archive:
            return list(_problems(zipfile.Path(archive)))
    except zipfile.BadZipFile as error:
        raise NoPackage(f"{path}: 不是数据包 is no data package: {error}") from error


def expected_codebook() -> bytes:
    """Return ``codebook.csv`` as the form has it."""
    out = io.BytesIO()
    writer = CsvFile(out, CODEBOOK)
    writer.write(CODEBOOK.name, codebook.rows())
    writer.close()
    return out.getvalue()


def _problems(place: Place) -> Iterator[str]:
    told = _descriptor(place)
    yield from _whole(place)
    yield from _differing(place, f"{CODEBOOK.name}.csv", expected_codebook())
    yield from _differing(place, package.CODEBOOK, codebook_text().encode())
    resources = {one.get("name"): one for one in told.get("resources", ())}
    for name, table in ALL.items():
        if name not in resources:
            yield f"{package.DESCRIPTOR}: 缺表 no resource {name}"
        else:
            yield from _resource(place, table, resources[name])
    for name in package.TEXTS.values():
        if name in resources:
            yield from _sums(place, resources[name])


def _descriptor(place: Place) -> dict[str, Any]:
    descriptor = place / package.DESCRIPTOR
    if not descriptor.is_file():
        raise NoPackage(f"{place}: 没有 there is no {package.DESCRIPTOR}")
    try:
        told = orjson.loads(descriptor.read_bytes())
        schema = told["gouji:schema"]
    except (ValueError, TypeError, KeyError) as error:
        message = f"{descriptor}: 不是 gouji 的数据包 is no package of gouji"
        raise NoPackage(message) from error
    if schema != package.SCHEMA:
        raise NoPackage(f"{descriptor}: 另一种数据包 a package of another kind: {schema}")
    return dict(told)


def _whole(place: Place) -> Iterator[str]:
    """Hold the files against the list of checksums."""
    names = {path.name for path in place.iterdir()}
    yield from (f"{name}: 缺文件 is missing" for name in package.names() if name not in names)
    yield from (f"{name}: 多余 does not belong" for name in sorted(names - {*package.names()}))
    if package.CHECKSUMS not in names:
        return
    lines = (place / package.CHECKSUMS).read_text("utf-8").splitlines()
    sums = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    for name in package.names():
        if name != package.CHECKSUMS and name in names and _digest(place / name) != sums.get(name):
            yield f"{name}: 与 {package.CHECKSUMS} 不符 is not what the checksum says"


def _differing(place: Place, name: str, wanted: bytes) -> Iterator[str]:
    file = place / name
    if not file.is_file():
        return
    found = file.read_bytes()
    if found == wanted:
        return
    pairs = enumerate(zip(found.splitlines(), wanted.splitlines(), strict=False), 1)
    line = next((number for number, (one, other) in pairs if one != other), None)
    where = f"第 {line} 行 line {line}: " if line else ""
    yield f"{name}: {where}与表式不符 is not what the form says"


def _resource(place: Place, table: Table, told: dict[str, Any]) -> Iterator[str]:
    if told.get("schema") != package.schema(table):
        yield f"{package.DESCRIPTOR}: {table.name}: 表结构不符 is not the schema of the table"
    if told.get("path") != f"{table.name}.csv":
        yield f"{package.DESCRIPTOR}: {table.name}: 路径不符 has another path"
        return
    yield from _sums(place, told)
    file = place / f"{table.name}.csv"
    if file.is_file() and (rows := _rows(file)) != told.get("gouji:rows"):
        yield f"{file.name}: {rows} 行，应为 rows, not {told.get('gouji:rows')}"


def _sums(place: Place, told: dict[str, Any]) -> Iterator[str]:
    file = place / str(told.get("path"))
    if file.is_file() and told.get("hash") != f"sha256:{_digest(file)}":
        yield f"{file.name}: 与 {package.DESCRIPTOR} 不符 is not what its hash says"


def _rows(file: Place) -> int:
    with file.open("r", encoding="utf-8", newline="") as text:
        return max(sum(1 for _ in csv.reader(text)) - 1, 0)


def _digest(file: Place) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
