"""Files that LibreOffice makes of generated reports: one call for each format, once a session.

Where it is to make none, those are read that are kept in ``tests/data``: its start takes as long as
fifty files.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from tests.budgets import CONVERTED
from tests.worker.reading import office_files

Converted = Callable[[str], dict[str, bytes]]
_DATA: Final = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="session")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Converted:
    """Return the Word reports and the file of Word's features, converted to a format."""
    if not CONVERTED:
        return _kept
    sources = {
        f"{seed}.docx": office_files.word(report, seed)
        for seed, report in enumerate(office_files.reports(CONVERTED))
    }
    sources[office_files.FEATURES] = office_files.features()
    sources[office_files.NUMBERED] = office_files.numbered(office_files.numbered_report())
    folder = tmp_path_factory.mktemp("office")

    @cache
    def convert(target: str) -> dict[str, bytes]:
        return office_files.convert(sources, target, folder)

    return convert


def _kept(target: str) -> dict[str, bytes]:
    names = (office_files.FEATURES, office_files.NUMBERED)
    files = {name: _DATA / "converted" / name for name in names}
    files["0.docx"] = _DATA / "office" / "report-0.docx"
    return {name: path.with_suffix(f".{target}").read_bytes() for name, path in files.items()}
