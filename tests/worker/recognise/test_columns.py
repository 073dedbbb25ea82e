"""Columns: which figure of a row goes where when cells are blank."""

from worker.reading.pages import Shape
from worker.recognise.columns import place
from worker.recognise.positions import Positions
from worker.recognise.records import Piece, Record


def _piece(text: str, column: int, *, label: bool = False, span: int = 1) -> Piece:
    return Piece(text, not label, column, float(column), float(column + span), None, span)


def _record(
    pieces: list[Piece], shape: Shape, *, stacked: bool = False, spacing: tuple[int, ...] = ()
) -> Record:
    own = tuple(piece for piece in pieces if not piece.is_value)
    values = [piece for piece in pieces if piece.is_value]
    return Record(own, values, shape, 0, 0, stacked, len(pieces), spacing)


def _placed(record: Record, size: int, positions: Positions) -> list[list[str | None]]:
    placement = place([record], record.values, size, positions)
    return [[piece.text if piece else None for piece in slots] for slots in placement.candidates]


def test_a_wide_cell_of_a_true_grid_shifts_no_figure() -> None:
    # Given a row without label whose first cell is blank and whose fourth spans two columns
    texts = ("", "4", "0", "4", "7")
    columns = (0, 1, 2, 3, 5)
    row = _record([_piece(t, c) for t, c in zip(texts, columns, strict=True)], Shape.CELLS)

    # Then every cell counts as one column
    assert _placed(row, 5, Positions(5)) == [[None, "4", "0", "4", "7"]]


def test_figures_stand_right_behind_their_label_where_they_always_do() -> None:
    # Given complete rows, each with its figures right behind its label, in whichever column
    positions = Positions(3)
    for label in (0, 0, 1):
        pieces = [_piece("标签", label, label=True)]
        pieces += [_piece("1", label + 1 + at) for at in range(3)]
        complete = _record(pieces, Shape.RAGGED)
        positions.learn(complete, complete.values)

    # When a row whose label stands elsewhere has blank cells, and filling after it
    row = [_piece("组", 0, label=True), _piece("标签", 2, label=True)]
    row += [_piece(text, 3 + at) for at, text in enumerate(("", "5", "5", "", ""))]

    # Then it begins behind its label as well
    assert _placed(_record(row, Shape.RAGGED), 3, positions) == [[None, "5", "5"]]


def _stacked(texts: tuple[str, ...], spacing: tuple[int, ...]) -> Record:
    return _record([_piece(text, 0) for text in texts], Shape.SPACED, stacked=True, spacing=spacing)


def test_empty_lines_tell_where_blank_cells_are() -> None:
    # Given rows with one cell every other line, and one line more for each blank cell
    positions = Positions(3)
    rows = [
        _stacked(("1", "2", "3"), (2, 2, 2, 2)),
        _stacked(("1", "3"), (2, 3, 2)),
        _stacked(("3",), (4, 2)),
    ]
    for row in rows:
        positions.learn(row, row.values)

    # Then
    assert positions.blank_lines() == (2, 1)
    assert _placed(rows[1], 3, positions) == [["1", None, "3"]]
    assert _placed(rows[2], 3, positions) == [[None, None, "3"]]


def test_empty_lines_that_do_not_add_up_tell_nothing() -> None:
    # Given a row whose lines are too few for its blank cells
    positions = Positions(3)
    complete, odd = _stacked(("1", "2", "3"), (2, 2, 2, 2)), _stacked(("3",), (3, 2))
    for row in (complete, odd):
        positions.learn(row, row.values)

    # Then every column is as likely as another
    assert len(_placed(odd, 3, positions)) == 3
