"""Files that LibreOffice makes of generated reports: one call for each format, once a session."""

from collections.abc import Callable
from functools import cache

import pytest

from tests.budgets import CONVERTED
from tests.worker.reading import office_files

Converted = Callable[[str], dict[str, bytes]]


@pytest.fixture(scope="session")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Converted:
    """Return the Word reports and the file of Word's features, converted to a format."""
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
