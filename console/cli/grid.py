"""Grids of text with rules between the columns, aligned by what a terminal really shows.

A Chinese character takes two columns of a terminal; the widths here count columns.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.cells import cell_len
from rich.text import Text

from console.cli.columns import centre, pad, wrap

RULE = "│"


@dataclass(frozen=True, slots=True)
class Figure:
    """One cell: its text, the one-column sign behind it, and the style of both."""

    text: str = ""
    sign: str = " "
    style: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """A heading that stands above several columns."""

    text: str
    columns: int = 1


@dataclass(slots=True)
class Grid:
    """A label column and columns of figures under one or more lines of headings.

    ``heads`` are lines of spans over the figure columns; ``widths`` the least width of each.
    """

    label_width: int
    widths: list[int]
    lines: list[Text] = field(default_factory=list)

    def fit(self, rows: Sequence[Sequence[Figure]]) -> None:
        """Widen the columns to hold every figure."""
        for figures in rows:
            for place, figure in enumerate(figures):
                self.widths[place] = max(self.widths[place], cell_len(figure.text))

    def head(self, spans: Sequence[Span], label: str = "") -> None:
        """Add a heading of as many lines as its longest wrapped text needs."""
        columns: list[list[str]] = []
        first = 0
        for span in spans:
            columns.append(wrap(span.text, self._room(first, span.columns)))
            first += span.columns
        for depth in range(max(len(lines) for lines in columns)):
            line = Text(pad(label if depth == 0 else "", self.label_width) + RULE)
            first = 0
            for span, texts in zip(spans, columns, strict=True):
                text = texts[depth] if depth < len(texts) else ""
                line.append(centre(text, self._room(first, span.columns) + 1) + RULE)
                first += span.columns
            line.rstrip()
            self.lines.append(line)

    def row(self, label: str, figures: Sequence[Figure], *, hang: int = 0) -> None:
        """Add a row; a long label is folded, its later lines ``hang`` columns to the right."""
        folded = wrap(label, self.label_width, hang=hang)
        for depth, part in enumerate(folded):
            line = Text(pad(part, self.label_width) + RULE)
            last = depth == len(folded) - 1
            for width, figure in zip(self.widths, figures, strict=True):
                if last:
                    line.append(" " * (width - cell_len(figure.text)))
                    line.append(figure.text + figure.sign, style=figure.style)
                else:
                    line.append(" " * (width + 1))
                line.append(RULE)
            self.lines.append(line)

    def note(self, label: str, remark: str = "", style: str = "") -> None:
        """Add a line without figures: a group's name, or a row that is not in the file."""
        line = Text(pad(label, self.label_width) + RULE if remark else label)
        line.append(f" {remark}" if remark else "", style=style)
        self.lines.append(line)

    def rule(self) -> None:
        """Add a horizontal line."""
        label = "─" * self.label_width + "┼" if self.label_width else "├"
        self.lines.append(Text(label + "┼".join("─" * (width + 1) for width in self.widths) + "┤"))

    def _room(self, first: int, columns: int) -> int:
        return sum(self.widths[first : first + columns]) + 2 * (columns - 1)
