"""The English labels: one for everything that the form prints, and no others."""

from collections.abc import Iterator

from models.disclosure import english
from models.disclosure.form import TABLES, Column, Row
from models.disclosure.sources import NOTICES, clause


def rows() -> Iterator[tuple[str, Row]]:
    for table in TABLES.values():
        for layout in table.layouts:
            for row in layout.rows:
                yield table.key, row


def columns() -> Iterator[tuple[str, Column]]:
    for table, row in rows():
        for column in row.columns:
            yield table, column


def test_every_label_of_the_form_is_there_in_english() -> None:
    assert set(english.TABLES) == set(TABLES)
    assert set(english.GROUPS) == {row.group for _, row in rows() if row.group}
    assert set(english.ROWS) == {f"{table}.{row.key}" for table, row in rows()}
    assert set(english.COLUMNS) == {f"{table}.{column.key}" for table, column in columns()}


def test_no_two_rows_that_stand_together_have_one_label() -> None:
    for table in TABLES.values():
        for layout in table.layouts:
            named = [(row.group, english.ROWS[f"{table.key}.{row.key}"]) for row in layout.rows]
            assert len(set(named)) == len(named)


def test_every_row_goes_back_to_a_clause_and_every_edition_to_a_notice() -> None:
    assert {
        edition for table in TABLES.values() for one in table.layouts for edition in one.editions
    } == set(NOTICES)
    for table, row in rows():
        assert clause(table, row.key).startswith("政府信息公开条例 第五十条第（")
    assert clause("disclosure", "fees").endswith("第二十条第（八）项")
