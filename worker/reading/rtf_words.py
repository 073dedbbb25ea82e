"""The vocabulary of Rich Text Format, and the state that its groups set and take back."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from worker.reading.nested import Flow
from worker.reading.rowwise import Assembly, Definition, Edge

MOST_CELLS: Final = 256
WORD: Final = re.compile(rb"\\([A-Za-z]{1,32})")
BRACE: Final = re.compile(rb"\\bin(\d{1,10}) ?|\\.|[{}]", re.DOTALL)
SKIPPED: Final = frozenset(
    (
        *("colortbl", "stylesheet", "info", "pict", "object", "footnote", "annotation", "fldinst"),
        *("header", "headerl", "headerr", "headerf", "footer", "footerl", "footerr", "footerf"),
        *("listtable", "listoverridetable", "listtext", "pntext", "themedata", "datastore"),
        *(
            "nonshppict",
            "ftnsep",
            "ftnsepc",
            "aftnsep",
            "aftnsepc",
            "shprslt",
            "sp",
            "nonesttables",
        ),
    )
)
OPENED: Final = frozenset(("shpinst", "shptxt", "nesttableprops", "shp"))
TEXTS: Final = {
    **dict.fromkeys(("line", "page", "column"), "\n"),
    **dict.fromkeys(("emspace", "enspace", "qmspace"), " "),
    "tab": "\t",
    "emdash": "—",
    "endash": "–",
    "lquote": "‘",
    "rquote": "’",
    "ldblquote": "“",
    "rdblquote": "”",
    "bullet": "•",
}
MARKS: Final = {b"~": " ", b"_": "-", b"\\": "\\", b"{": "{", b"}": "}", b"\t": "\t"}
CHARSETS: Final = {128: "cp932", 129: "cp949", 134: "gb18030", 136: "cp950"}
CODE_PAGES: Final = {936: "gb18030", 54936: "gb18030", 65001: "utf-8"}
LATIN: Final = "cp1252"


@dataclass(slots=True)
class State:
    """What a group sets and its end takes back."""

    font: int = -1
    wide_font: int = -1
    alternatives: int = 1
    hidden: bool = False
    deleted: bool = False
    in_table: bool = False
    depth: int = 0
    inner: bool = False
    fonts: bool = False
    frame: bool = False


@dataclass(slots=True)
class Rows:
    """The definition of rows, as far as it is written."""

    left: int = 0
    cells: list[Edge] = field(default_factory=list)
    down: str = ""
    across: str = ""

    def cell(self, right: int) -> None:
        """End the definition of a cell at its right edge."""
        if len(self.cells) < MOST_CELLS:
            self.cells.append(Edge(right, self.down, self.across))
        self.down = self.across = ""

    def definition(self) -> Definition:
        """Return the row as defined so far."""
        return Definition(self.left, tuple(self.cells))


@dataclass(slots=True)
class Frame:
    """The body, or a text box: what is put together, the text at hand, the boxes that hang on."""

    assembly: Assembly = field(default_factory=Assembly)
    texts: list[str] = field(default_factory=list)
    boxes: Flow = field(default_factory=list)
    outer: Rows = field(default_factory=Rows)
    inner: Rows = field(default_factory=Rows)


def token_pattern(words: Iterable[str]) -> re.Pattern[bytes]:
    """Return the pattern of one token; a run of control words but these is one token, noise."""
    known = "|".join(sorted({*words, *SKIPPED, *TEXTS})).encode()
    return re.compile(
        rb"(?:\\(?!(?:%s)(?![A-Za-z]))[A-Za-z]{1,32}(?:-?\d{1,10})?[ ]?)+"
        rb"|\\(?:(?P<word>[A-Za-z]{1,32})(?P<number>-?\d{1,10})?[ ]?|'(?P<hex>[0-9A-Fa-f]{2})"
        rb"|(?P<mark>[^A-Za-z]))|(?P<group>[{}])|(?P<plain>[^\\{}\r\n\x00]+)|." % known,
        re.DOTALL,
    )
