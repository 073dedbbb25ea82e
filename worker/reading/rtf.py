r"""Rich Text Format: control words, groups, code pages; tables by ``\trowd`` and ``\cellx``.

Left out: headers, footers, notes, field codes, pictures, hidden and deleted text, and every group
that a reader may skip (``\*``) but text boxes and the definitions of inner tables.
"""

import codecs
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from models.disclosure.finding import Reason
from worker.errors import Refused
from worker.reading import nested
from worker.reading.nested import Flow
from worker.reading.pages import Pages
from worker.reading.rtf_words import (
    BRACE,
    CHARSETS,
    CODE_PAGES,
    LATIN,
    MARKS,
    OPENED,
    SKIPPED,
    TEXTS,
    WORD,
    Frame,
    Rows,
    State,
    token_pattern,
)

MEDIA_TYPE: Final = "application/rtf"

_MOST_GROUPS: Final = 1000


def read(data: bytes) -> Pages:
    """Read an RTF file.

    Raises:
        Refused: ``empty``, ``truncated`` when groups stay open, ``too_large`` or ``unreadable``.
    """
    document = _Document(data)
    document.run()
    return Pages(nested.blocks(document.flow()), MEDIA_TYPE, document.code_page)


class _Document:
    """Reads token by token."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self.state = State()
        self.states: list[State] = []
        self.frames = [Frame()]
        self.raw = bytearray()
        self.spare = 0
        self.code_page = LATIN
        self.charsets: dict[int, int] = {}

    def flow(self) -> Flow:
        """Return the document."""
        self.paragraph()
        return self.frames[0].assembly.flow()

    def run(self) -> None:
        """Read to the end of the outermost group.

        Raises:
            Refused: ``truncated`` without one, ``unreadable`` for too deep nesting.
        """
        while self.at < len(self.data):
            token = _TOKEN.match(self.data, self.at)
            if token is None:
                break
            self.at = token.end()
            if not self._token(token):
                return
        raise Refused(Reason.TRUNCATED, "the RTF file ends inside a group")

    def _token(self, token: re.Match[bytes]) -> bool:
        """Take one token; return whether the document goes on."""
        kind = token.lastgroup
        if kind == "plain":
            self._bytes(token["plain"])
        elif kind == "hex":
            self._bytes(bytes.fromhex(token["hex"].decode()))
        elif kind == "group":
            return self._group(opens=token["group"] == b"{")
        elif kind == "mark":
            self._mark(token["mark"])
        elif token["word"]:
            self._word(token["word"].decode(), token["number"])
        return True

    def _group(self, *, opens: bool) -> bool:
        self._decode()
        self.spare = 0
        if opens:
            self.states.append(self.state)
            self.state = replace(self.state, frame=False)
            if len(self.states) > _MOST_GROUPS:
                raise Refused(Reason.UNREADABLE, "the RTF file nests its groups too deep")
            return True
        if not self.states:
            return False
        if self.state.frame and len(self.frames) > 1:
            self.paragraph()
            closed = self.frames.pop()
            self.frames[-1].boxes.extend(closed.assembly.flow())
        self.state = self.states.pop()
        return bool(self.states)

    def _mark(self, mark: bytes) -> None:
        if mark == b"*":
            word = WORD.match(self.data, self.at)
            if word is not None and word[1].decode() not in OPENED:
                self._skip_group()
        elif mark in b"\r\n":
            self._decode()
            self.paragraph()
        elif mark in MARKS:
            self._decode()
            self._text(MARKS[mark])

    def _word(self, word: str, number: bytes | None) -> None:
        if word == "bin":
            self.at += max(0, int(number or 0))
            return
        if word == "u" and number is not None:
            self._decode()
            self._text(chr(int(number) & 0xFFFF))
            self.spare = self.state.alternatives
            return
        if word in SKIPPED:
            self._skip_group()
            return
        self._decode()
        self.spare = 0
        if word in TEXTS:
            self._text(TEXTS[word])
        elif word in _ACTS:
            _ACTS[word](self, None if number is None else int(number))

    def _skip_group(self) -> None:
        """Go to the brace that ends this group."""
        open_groups = 1
        for found in iter(lambda: BRACE.search(self.data, self.at), None):
            self.at = found.end()
            if found[1] is not None:
                self.at += int(found[1])
            elif found.group() == b"{":
                open_groups += 1
            elif found.group() == b"}":
                open_groups -= 1
                if not open_groups:
                    self.at -= 1
                    return
        self.at = len(self.data)

    def _bytes(self, content: bytes) -> None:
        spared = min(self.spare, len(content))
        self.spare -= spared
        self.raw += content[spared:]

    def _decode(self) -> None:
        """Turn the bytes at hand into text by the font in use, else by the code page."""
        if self.raw:
            content = bytes(self.raw)
            self.raw.clear()
            if not self.state.fonts:
                self._text(content.decode("ascii") if content.isascii() else self._decoded(content))

    def _decoded(self, content: bytes) -> str:
        fonts = (self.state.wide_font, self.state.font)
        wanted = [CHARSETS.get(self.charsets.get(font, 0), "") for font in fonts]
        for encoding in (*wanted, self.code_page):
            if encoding:
                try:
                    return content.decode(encoding)
                except UnicodeDecodeError:
                    continue
        return content.decode(self.code_page, "replace")

    def _text(self, text: str) -> None:
        if not (self.state.hidden or self.state.deleted or self.state.fonts):
            self.frames[-1].texts.append(text)

    @property
    def depth(self) -> int:
        """How deep in tables the paragraph at hand stands."""
        return max(self.state.depth, int(self.state.in_table))

    def paragraph(self, depth: int | None = None) -> None:
        """End a paragraph; the text boxes that hang on it follow."""
        frame = self.frames[-1]
        text = "".join(frame.texts)
        if not text.isascii():
            text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        depth = self.depth if depth is None else depth
        frame.assembly.text([*nested.lines(text), *frame.boxes], depth)
        frame.texts, frame.boxes = [], []

    def cell(self, depth: int) -> None:
        """End a cell."""
        self.paragraph(depth)
        self.frames[-1].assembly.cell(depth)

    def row(self, depth: int, rows: Rows) -> None:
        """End a row as it was defined; what stands before its end is no text."""
        self.frames[-1].texts.clear()
        self.frames[-1].assembly.row(depth, rows.definition())

    @property
    def rows(self) -> Rows:
        """The row that is being defined."""
        return self.frames[-1].inner if self.state.inner else self.frames[-1].outer

    def begin_row(self) -> None:
        """Forget how the last row was defined."""
        rows = self.rows
        rows.left, rows.cells, rows.down, rows.across = 0, [], "", ""

    def begin_frame(self) -> None:
        """A text box is put together apart; it may hold tables of its own."""
        self.frames.append(Frame())
        _set(self, frame=True, in_table=False, depth=0)

    def asian_font(self, number: int) -> None:
        """Take the font of Asian characters; the same word names others too."""
        if self.state.wide_font == -2:
            self.state.wide_font = number

    def charset(self, number: int | None) -> None:
        """Take the character set of a font in the font table."""
        if self.state.fonts:
            self.charsets[self.state.font] = number or 0

    def set_code_page(self, number: int | None) -> None:
        """Take the code page of the document."""
        name = CODE_PAGES.get(number or 1252, f"cp{number}")
        try:
            self.code_page = codecs.lookup(name).name
        except LookupError:
            self.code_page = LATIN


def _set(document: _Document, **changes: bool | int) -> None:
    for name, value in changes.items():
        setattr(document.state, name, value)


_ACTS: Final[dict[str, Callable[[_Document, int | None], None]]] = {
    "par": lambda d, _: d.paragraph(),
    "sect": lambda d, _: d.paragraph(),
    "cell": lambda d, _: d.cell(1),
    "nestcell": lambda d, _: d.cell(max(2, d.depth)),
    "row": lambda d, _: d.row(1, d.frames[-1].outer),
    "nestrow": lambda d, _: d.row(max(2, d.depth), d.frames[-1].inner),
    "trowd": lambda d, _: d.begin_row(),
    "trleft": lambda d, n: setattr(d.rows, "left", n or 0),
    "cellx": lambda d, n: d.rows.cell(n or 0),
    "clvmgf": lambda d, _: setattr(d.rows, "down", "restart"),
    "clvmrg": lambda d, _: setattr(d.rows, "down", "continue"),
    "clmgf": lambda d, _: setattr(d.rows, "across", "restart"),
    "clmrg": lambda d, _: setattr(d.rows, "across", "continue"),
    "pard": lambda d, _: _set(d, in_table=False, depth=0),
    "intbl": lambda d, _: _set(d, in_table=True),
    "itap": lambda d, n: _set(d, depth=n or 0),
    "plain": lambda d, _: _set(d, hidden=False, deleted=False, wide_font=-1),
    "v": lambda d, n: _set(d, hidden=n != 0),
    "deleted": lambda d, n: _set(d, deleted=n != 0),
    "uc": lambda d, n: _set(d, alternatives=max(0, min(n or 0, 8))),
    "f": lambda d, n: _set(d, font=n or 0, wide_font=-1),
    "dbch": lambda d, _: _set(d, wide_font=-2),
    "af": lambda d, n: d.asian_font(n or 0),
    "fcharset": _Document.charset,
    "ansicpg": _Document.set_code_page,
    "fonttbl": lambda d, _: _set(d, fonts=True),
    "nesttableprops": lambda d, _: _set(d, inner=True),
    "shptxt": lambda d, _: d.begin_frame(),
}
_TOKEN: Final = token_pattern((*_ACTS, "u", "bin"))
