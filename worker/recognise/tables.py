"""The three statutory tables: aligned rows become cells."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from models.disclosure.form import (
    APPLICATIONS,
    DISCLOSURE,
    REVIEW_ACROSS,
    REVIEW_DOWN,
    Kind,
    Layout,
    Row,
    Table,
)
from models.disclosure.report import ABSENT, Cell, Printed, ReadTable
from models.tuples import maker
from worker.reading.pages import Shape
from worker.recognise import figures, heads, settle
from worker.recognise.align import Alignment, Match, align
from worker.recognise.columns import Placement, Slots, place
from worker.recognise.fitting import LEAST_SCORE, extent, fitting
from worker.recognise.labels import columns_of, index_of, normalised, simplified, tails
from worker.recognise.positions import Positions, Spacing
from worker.recognise.readings import Readings
from worker.recognise.records import Piece, Record, Strip, overlap
from worker.recognise.worth import Worth

_SURE: Final = 0.95
_YUAN: Final = re.compile(r"单位[:：]?元|[（(]元[）)]")
# Halves, because narrow columns cut every label over two lines.
_REVIEW_WORDS: Final = ("维持", "纠正", "审结", "复议", "起诉")
_LEAST_REVIEW_WORDS: Final = 3
_REVIEW_HEADING: Final = ("复议", "诉讼")
_REVIEW_REACH: Final = 14
_LONGEST_LABEL: Final = 120
_RUNNING_TEXT: Final = 40
_NEXT_SECTION: Final = re.compile(r"\s*[五六]\s*[、.．]")
_WRAPPED: Final = 4
_FOOT_LINES: Final = 12


_made: Final = maker(Cell)


@dataclass(frozen=True, slots=True)
class Found:
    """A table as read, the strips (first, last) it stands on, and how far apart its cells are."""

    table: ReadTable
    first: int
    last: int
    spacings: tuple[Spacing, ...] = ()


def applications(lines: Sequence[Strip], records: Sequence[Record]) -> Found | None:
    """Read table 三, or return ``None`` when it is not there."""
    return _labelled(APPLICATIONS, lines, records)


def disclosure(
    lines: Sequence[Strip], records: Sequence[Record], below: Found | None
) -> Found | None:
    """Read table 二 above table 三, whose many rows tell how cells are spaced, or ``None``."""
    if below is None:
        return _labelled(DISCLOSURE, lines, records)
    inside = [record for record in records if record.last < below.first]
    return _labelled(DISCLOSURE, lines, inside, below.spacings)


def _labelled(
    table: Table,
    lines: Sequence[Strip],
    records: Sequence[Record],
    known: Sequence[Spacing] = (),
) -> Found | None:
    best = fitting(table, lines, records)
    if best is None:
        return None
    certain = tuple(match for match in best.matches if not match.doubtful)
    return _read(replace(best, matches=certain), lines, records, known) if certain else None


def _read(
    alignment: Alignment,
    lines: Sequence[Strip],
    records: Sequence[Record],
    known: Sequence[Spacing] = (),
) -> Found:
    layout = alignment.layout
    spacings = list(known)
    placements = _placements(alignment, lines, records, spacings)
    chosen = settle.choose(layout, {k: p for k, (p, _) in placements.items()})
    first, last = extent(alignment, records)
    in_yuan = any(
        _YUAN.search(figures.folded(line.text))
        for line in lines[first : last + 1]
        if "元" in line.text
    )
    near = lines[max(0, first - heads.LINES) : last + _FOOT_LINES]
    cells: dict[str, Cell] = {}
    missing: list[str] = []
    for row in layout.rows:
        if row.key in placements:
            slots, values = chosen.slots.get(row.key), placements[row.key][1]
            cells |= _row_cells(layout, row, slots, values, in_yuan=in_yuan, chosen=chosen)
        elif (where := _label_seen(layout, row, near)) is not None:
            cells |= _blank_row(layout, row, where)
        else:
            missing.append(row.key)
    untaken = _untaken(alignment, records)
    read = ReadTable(
        layout.key,
        cells,
        tuple(missing),
        tuple(_line(records[at]) for at in untaken),
        chosen.unplaced,
        chosen.chosen,
        _lost(alignment, records, untaken) if untaken else (),
    )
    return Found(read, first, last, tuple(spacings))


def _placements(
    alignment: Alignment,
    lines: Sequence[Strip],
    records: Sequence[Record],
    spacings: list[Spacing],
) -> dict[str, tuple[Placement, list[Piece]]]:
    rows, alike = alignment.layout.rows, alignment.layout.alike
    learnt: dict[int, Positions] = {}
    taken: list[tuple[Match, list[Record], list[Piece]]] = []
    for match in alignment.matches:
        whole = records[match.first : match.last]
        parts = [record for record in whole if record.printed] or list(whole[:1])
        values = _values(match, parts)
        taken.append((match, parts, values))
        if alike[match.row] not in learnt:
            columns = rows[match.row].columns
            # Above table 三 merged cells shift the column labels against the figures.
            merged = alignment.layout.table == "applications"
            look = partial(heads.headed, lines, columns, parts[0].first, merged=merged)
            learnt[alike[match.row]] = Positions(len(columns), look, spacings=spacings)
        if len(parts) == 1 and match.stop is None:
            learnt[alike[match.row]].learn(parts[0], values)
    found: dict[str, tuple[Placement, list[Piece]]] = {}
    for match, parts, values in taken:
        row = rows[match.row]
        placement = place(parts, values, len(row.columns), learnt[alike[match.row]])
        found[row.key] = placement, values
    return found


def _values(match: Match, parts: Sequence[Record]) -> list[Piece]:
    if match.stop is not None:
        return parts[0].printed[match.start : match.stop]
    if len(parts) == 1:
        return parts[0].values
    return [piece for part in parts for piece in part.values]


def _row_cells(
    layout: Layout,
    row: Row,
    slots: Slots | None,
    values: Sequence[Piece],
    *,
    in_yuan: bool,
    chosen: settle.Choice,
) -> dict[str, Cell]:
    addresses = layout.addresses[row.key]
    if slots is None:
        raw = " ".join(piece.text for piece in values if not piece.blank)
        unknown = Cell(
            None, raw, Printed.UNREADABLE, values[0].place, confidence=_least_sure(values)
        )
        return dict.fromkeys(addresses, unknown)
    here = row.key in chosen.chosen
    near = _blank_cell(values, slots, here) if None in slots else ABSENT
    cells: dict[str, Cell] = {}
    for address, column, piece in zip(addresses, row.columns, slots, strict=True):
        if piece is None:
            cells[address] = near
            continue
        text, _, _, _, _, place, _, sure = piece
        read = _with_unit(text, column.kind) if in_yuan else text
        value, printed, note = figures.read(read, column.kind)
        cells[address] = _made((value, text, printed, place, note, here, sure, None))
    return cells


def _blank_cell(values: Sequence[Piece], slots: Slots, chosen: bool) -> Cell:
    place = values[0].place if values else None
    sure = _sure_of_blanks(values, slots)
    return Cell(None, "", Printed.BLANK, place, chosen=chosen, confidence=sure)


def _sure_of_blanks(values: Sequence[Piece], slots: Slots) -> float | None:
    """Return how sure the blanks of a row are; in a scan not at all where cells are not seen."""
    blanks = [piece for piece in values if piece.blank]
    if len(blanks) < sum(piece is None for piece in slots):
        return None if _least_sure(values) is None else 0.0
    return _least_sure(blanks)


def _least_sure(pieces: Iterable[Piece]) -> float | None:
    return min((p.confidence for p in pieces if p.confidence is not None), default=None)


def _with_unit(text: str, kind: Kind) -> str:
    """Return an amount that the table gives in 元 with its unit."""
    return f"{text}元" if kind is Kind.AMOUNT and figures.folded(text)[-1:].isdigit() else text


def _label_seen(layout: Layout, row: Row, lines: Sequence[Strip]) -> Piece | None:
    """Return the label of a row that has no figures at all; it may be wrapped."""
    for number, line in enumerate(lines):
        for piece in (piece for piece in line.pieces if not piece.is_value):
            texts = _wrapped(piece, lines[number + 1 : number + _WRAPPED])
            if any(_is_label(layout, row, tail) for text in texts for tail in tails(text)):
                return piece
    return None


def _wrapped(piece: Piece, below: Iterable[Strip]) -> Iterable[str]:
    """Yield the text of a piece, then with what stands under it, line by line."""
    text = piece.text
    yield text
    for line in below:
        text += "".join(p.text for p in line.pieces if not p.is_value and overlap(piece, p))
        yield text


def _is_label(layout: Layout, row: Row, text: str) -> bool:
    at = layout.row_keys.index(row.key)
    alike = index_of(layout.key).likeness(normalised(text)[1]).by_row.get(at, 0.0)
    return alike >= _SURE and not _is_column_label(layout, text, row)


def _is_column_label(layout: Layout, text: str, row: Row) -> bool:
    """``其他`` and ``总计`` are rows and columns; only numbering tells a row without figures."""
    number, label = normalised(text)
    columns = {
        normalised(text)[1]
        for column in layout.rows[0].columns
        for text in (column.label, *column.variants)
    }
    return label in columns and number != row.number


def _blank_row(layout: Layout, row: Row, label: Piece) -> dict[str, Cell]:
    """Return a row of which only the label was seen; in a scan its cells may have been missed."""
    confidence = None if label.confidence is None else 0.0
    blank = Cell(None, "", Printed.BLANK, label.place, confidence=confidence)
    return dict.fromkeys(layout.addresses[row.key], blank)


def _untaken(alignment: Alignment, records: Sequence[Record]) -> list[int]:
    """Return the records with figures between the first and last match that no row took."""
    taken = {at for match in alignment.matches for at in range(match.first, match.last)}
    inside = range(min(taken), max(taken))
    return [at for at in inside if at not in taken and records[at].printed]


def _lost(
    alignment: Alignment, records: Sequence[Record], untaken: Sequence[int]
) -> tuple[str, ...]:
    """Return the lines of those next to a row without figures: a page may have cut it in two."""
    blank = {
        at
        for match in alignment.matches
        if not any(records[at].printed for at in range(match.first, match.last))
        for at in (match.first - 1, match.last)
    }
    return tuple(_line(records[at]) for at in untaken if at in blank)


def _line(record: Record) -> str:
    return " ".join(piece.text for piece in (*record.own, *record.printed))


def review(lines: Sequence[Strip], records: Sequence[Record], above: Found | None) -> Found | None:
    """Read table 四 below table 三, or return ``None``."""
    start = above.last if above else None
    after = [record for record in records if start is None or record.first > start]
    if len(after) >= len(REVIEW_DOWN.rows):
        readings = Readings(after, columns_of(REVIEW_DOWN.key))
        down = align(Worth(readings, REVIEW_DOWN))
        labelled = [match for match in down.matches if match.stop is None]
        if down.score >= LEAST_SCORE["review"] and len(labelled) == len(down.layout.rows):
            return _read(down, lines, after)
    return _across(lines, after, start, above.spacings if above else ())


def _across(
    lines: Sequence[Strip],
    records: Sequence[Record],
    start: int | None,
    spacings: Sequence[Spacing],
) -> Found | None:
    """All fifteen figures on one line, or cut into a few lines, below their column labels."""
    size = len(REVIEW_ACROSS.cells)
    parts: list[Record] = []
    for record in records:
        if not record.printed:
            continue
        if parts and _is_past_review(lines[parts[-1].last : record.first]):
            break
        if not parts and not _below_review_labels(lines, record, start):
            continue
        if len(record.printed) == size or _is_row(record, size):
            parts = [record]
            break
        parts.append(record)
        if sum(len(part.printed) for part in parts) >= size:
            break
    return _fifteen(lines, parts, spacings) if parts else None


def _is_past_review(between: Sequence[Strip]) -> bool:
    """Tell whether too much stands between figures, or running text, for them to be one row."""
    return len(between) > _REVIEW_REACH or any(
        len(line.text) > _RUNNING_TEXT or _NEXT_SECTION.match(line.text) for line in between[1:]
    )


def _is_row(record: Record, size: int) -> bool:
    """Tell whether a row of a true grid has a cell for every figure, some of them empty."""
    return record.shape is Shape.CELLS and len(record.values) == size


def _below_review_labels(lines: Sequence[Strip], record: Record, start: int | None) -> bool:
    above = lines[max(record.first - 40, (start or 0)) : record.first + 1]
    text = "".join([line.text for line in above if len(line.text) < _LONGEST_LABEL])
    # Narrow columns set their labels vertically: text that has lost the cells mixes them.
    mixed = len(record.printed) == len(REVIEW_ACROSS.cells)
    if mixed and all(word in simplified(text) for word in _REVIEW_HEADING):
        return True  # no other table has so many figures on a line, whatever its labels have lost
    return _of_review(text, mixed) or _of_review(normalised(text)[1], mixed)


def _of_review(text: str, mixed: bool) -> bool:
    """Tell whether a text holds enough words of table 四, or at least their characters."""
    if mixed:
        characters = set(text)
        words = [characters.issuperset(word) for word in _REVIEW_WORDS]
    else:
        words = [word in text for word in _REVIEW_WORDS]
    return sum(words) >= _LEAST_REVIEW_WORDS


def _fifteen(lines: Sequence[Strip], parts: list[Record], spacings: Sequence[Spacing]) -> Found:
    layout = REVIEW_ACROSS
    values = [piece for part in parts for piece in part.values]
    size = len(layout.cells)
    columns = [column for row in layout.rows for column in row.columns]
    look = partial(heads.headed, lines, columns, parts[0].first)
    positions = Positions(size, look, spacings=list(spacings))
    placement = place(parts, values, size, positions)
    choice = settle.choose_across(layout, placement)
    cells: dict[str, Cell] = {}
    for at, row in enumerate(layout.rows):
        count = len(row.columns)
        slots = None if choice.across is None else choice.across[at * count : (at + 1) * count]
        cells |= _row_cells(layout, row, slots, values, in_yuan=False, chosen=choice)
    read = ReadTable(layout.key, cells, (), (), choice.unplaced, choice.chosen)
    return Found(read, parts[0].first, parts[-1].last)


def read_all(lines: Sequence[Strip], records: Sequence[Record]) -> Mapping[str, Found]:
    """Read every table that is there, by key, in the order of the form."""
    middle = applications(lines, records)
    found = {
        "disclosure": disclosure(lines, records, middle),
        "applications": middle,
        "review": review(lines, records, middle),
    }
    return {key: table for key, table in found.items() if table is not None}
