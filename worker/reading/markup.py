"""HTML before it is parsed: whether a parser can bear it, and whether its end is missing.

The parser is quadratic in nesting, and opens formatting elements left open anew in every block.
What is counted here is linear in the length of the page.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from models.disclosure.finding import Reason
from worker.errors import Refused
from worker.reading.charset import decode

DEEPEST: Final = 300
"""Elements inside one another; a browser's own limit is 512, a page of a portal has 20 to 40."""
MOST_TAGS: Final = 400_000
MOST_REOPENED: Final = 500_000
MOST_BRACKETS: Final = 2_000_000
MOST_CHARACTERS: Final = 64_000_000
"""Of markup; pictures may be inside, written as text."""
_FEW_TAGS: Final = 5000
"""So few tags take a parser some seconds at worst, however they are nested."""
_SOME_TAGS: Final = 15_000
"""So many in a page of sane formatting take it no longer."""


def tags(names: str) -> frozenset[str]:
    """Return a set of tags."""
    return frozenset(names.split())


_UNBEARABLE: Final = (
    f"elements are nested more than {DEEPEST} deep, or formatting is left open in every block"
)
_TOKEN: Final = re.compile(
    r"<(?:(?P<comment>!--)|/(?P<close>[a-zA-Z][^\s/>]*)|(?P<open>[a-zA-Z][^\s/>]*)"
    r"(?P<attributes>(?:[^>=]++|=\s*\"[^\"]*\"|=\s*'[^']*'|=)*+))"
)
_SNIFFED: Final = 65536
_BEGINNING: Final = re.compile(
    r"[\s\ufeff]*+(?:<!--.*?-->\s*+|<\?xml[^>]*>\s*+|<%.*?%>\s*+|<!\[[^>]*>\s*+)*+"
    r"<(?:!doctype\s+html|(?:html|head|body|meta|title|link|script|style|base|table|tr|td|div|p|span"
    r"|h[1-6]|center|font|ul|ol|section|article|a|img|br|b|strong)(?![\w:-]))",
    re.IGNORECASE | re.DOTALL,
)
_TABLE: Final = re.compile(
    r"<(?:table|tr)\b[^<>]*>\s*(?:<[^<>]*>\s*)*<t[dhr]\b|</td\s*>", re.IGNORECASE
)
_MAIL: Final = re.compile(
    r"\s*(?:[\w-]+:[^\n]*\n[ \t]*)*?(?:MIME-Version:|Content-Type:\s*multipart/related)",
    re.IGNORECASE,
)
_CUT_TAG: Final = re.compile(r"<[/!a-zA-Z][^<>]*\Z")
_LONGEST_TAG: Final = 4096
_COMMENT_END: Final = re.compile("-->")
# What they hold is no markup.
_RAW: Final = {
    name: re.compile(f"</{name}", re.IGNORECASE)
    for name in ("script", "style", "textarea", "title", "xmp", "iframe", "noembed")
}
_VOID: Final = tags(
    "area base basefont bgsound br col embed frame hr img input keygen link meta param source"
    " track wbr"
)
# A new one closes the one before: they nest only with the elements that hold them.
_CLOSED_BY_NEXT: Final = tags(
    "a p li dd dt td th tr tbody thead tfoot option optgroup colgroup caption html head body"
)
_FOREIGN: Final = tags("svg math")
# A new link closes the one before it.
_FORMATTING: Final = tags("b big code em font i s small strike strong tt u")
_FORMATTING_TAG: Final = re.compile(rf"<(?:{'|'.join(sorted(_FORMATTING))})\b", re.IGNORECASE)
_ENDS: Final = ("</body", "</html", "</BODY", "</HTML", "</Body", "</Html")
_NESTING_APART: Final = _CLOSED_BY_NEXT | _FORMATTING


@dataclass(slots=True)
class Markup:
    """The tags of a page, and what is still open at its end."""

    opened: Counter[str] = field(default_factory=Counter)
    closed: Counter[str] = field(default_factory=Counter)
    left_open: Counter[str] = field(default_factory=Counter)
    cut_in_tag: bool = False
    cut_in_text: bool = False
    tags: int = 0
    reopened: int = 0
    deepest: int = 0
    _depth: int = 0
    _formatting: int = 0
    _foreign: bool = False

    @property
    def endless(self) -> bool:
        """Whether it began with ``<html>`` and neither ``</body>`` nor ``</html>`` came."""
        return bool(self.opened["html"]) and not self.closed["html"] and not self.closed["body"]

    @property
    def cut(self) -> bool:
        """Whether it ends inside a tag, or inside text or a table of a kind it closes elsewhere."""
        in_table = self.left_open["table"] > 0 and self.closed["tr"] + self.closed["table"] > 0
        in_text = self.cut_in_text and self.in_block
        return self.endless and (self.cut_in_tag or in_table or in_text)

    @property
    def in_block(self) -> bool:
        """Whether a block is open at the end of a kind that the page closes elsewhere."""
        return any(self.left_open[name] and self.closed[name] for name in ("p", "div", "td", "li"))

    def open(self, name: str) -> None:
        """Note a start tag."""
        self.opened[name] += 1
        if name not in _VOID:
            self._foreign = self._foreign or name in _FOREIGN
            self._step(name, 1)

    def close(self, name: str) -> None:
        """Note an end tag; one that closes nothing changes nothing."""
        self.closed[name] += 1
        if self.left_open[name] > 0:
            self._step(name, -1)

    def _step(self, name: str, by: int) -> None:
        self.left_open[name] += by
        self._formatting += by * (name in _FORMATTING)
        self.reopened += self._formatting
        self._depth += by * (self._foreign or name not in _NESTING_APART)
        self.deepest = max(self.deepest, self._depth)

    @property
    def bearable(self) -> bool:
        """Whether a parser can take what has been seen so far."""
        return self.deepest <= DEEPEST and self.reopened <= MOST_REOPENED


def wants_survey(content: str) -> bool:
    """Tell whether a page has no end, or so many tags that their nesting matters."""
    count = content.count("<")
    if count > _SOME_TAGS or not any(end in content for end in _ENDS):
        return True
    if count <= _FEW_TAGS:
        return False
    return len(_FORMATTING_TAG.findall(content)) * count > MOST_REOPENED


def weigh(content: str) -> None:
    """Check the size of a page before it is parsed.

    Raises:
        Refused: ``too_large`` for more than ``MOST_CHARACTERS``, or ``MOST_BRACKETS`` of ``<``.
    """
    if len(content) > MOST_CHARACTERS:
        raise Refused(Reason.TOO_LARGE, f"the page has {len(content):,} characters")
    if (brackets := content.count("<")) > MOST_BRACKETS:
        raise Refused(Reason.TOO_LARGE, f"the page opens a tag {brackets:,} times")


def survey(content: str) -> Markup:
    """Count the tags of a page.

    Raises:
        Refused: ``too_large`` for more than ``MOST_TAGS`` tags, and ``unreadable`` for elements
            nested deeper than ``DEEPEST`` or formatting elements left open by the thousand.
    """
    found = Markup()
    at = 0
    while (token := _TOKEN.search(content, at)) is not None:
        at = token.end()
        if token["comment"]:
            at = _after(content, _COMMENT_END, at)
        elif token["close"]:
            found.close(token["close"].lower())
        else:
            name = token["open"].lower()
            found.open(name)
            if name in _RAW:
                at = _after(content, _RAW[name], at)
        found.tags += 1
        if not found.bearable:
            raise Refused(Reason.UNREADABLE, _UNBEARABLE)
        if found.tags > MOST_TAGS:
            raise Refused(Reason.TOO_LARGE, f"the page has more than {MOST_TAGS} tags")
        if at < 0:
            break
    tail = content[-_LONGEST_TAG:]
    found.cut_in_tag = at < 0 or _CUT_TAG.search(tail) is not None
    found.cut_in_text = not tail.rstrip().endswith(">")
    return found


def _after(content: str, mark: re.Pattern[str], start: int) -> int:
    """Return where the mark stands from ``start`` on, or -1."""
    found = mark.search(content, start)
    return found.start() if found else -1


def media_type(data: bytes) -> str | None:
    """Return ``text/html`` or, for a page saved with its parts, ``multipart/related``.

    A page begins with a tag of HTML, whatever stands before it of comments, declarations and
    server-side leftovers; Markdown that holds tables as HTML counts as one.
    """
    head, _ = decode(data[:_SNIFFED])
    if _MAIL.match(head):
        return "multipart/related"
    if _BEGINNING.match(head) or _TABLE.search(head):
        return "text/html"
    late = "\0" not in head and (b"</td" in data[_SNIFFED:] or b"</TD" in data[_SNIFFED:])
    return "text/html" if late else None
