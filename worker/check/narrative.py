"""``TEXT.COUNTS``: the counts that section 一 states against the cells they speak of."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from models.disclosure.finding import Finding, Severity
from models.disclosure.report import Report

_SENTENCE: Final = re.compile(r"[^。！？\n]+")
_DIGIT: Final = re.compile(r"\d")
_N: Final = r"(?P<n>\d{1,6})(?:余)?(?:件|项|份|宗|起|个|条|部)(?:次)?"
_GAP: Final = r"[^，,。；;、\d]"


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A kind of count: how it is worded, what it needs in its sentence, and its cells.

    Each entry of ``sums`` is one way to count it: cells to add up. Agreement with one is enough.
    """

    scope: str
    pattern: re.Pattern[str]
    needs: re.Pattern[str]
    sums: tuple[tuple[str, ...], ...]


def _cells(*keys: str) -> tuple[str, ...]:
    return tuple(f"applications.{key}.total" for key in keys)


_REQUESTS: Final = re.compile(r"申请")
_CARRIED: Final = re.compile(r"结转")
_DISCLOSURE: Final = re.compile(r"信息公开|依申请|政务公开")
_MADE: Final = re.compile(r"制定|制发|印发|出台|发布|公开|新增|形成")
_NORMATIVE: Final = "disclosure.normative_documents."
_PATTERNS: Final = (
    _Pattern(
        "received",
        re.compile(rf"(?:新收|收到|受理|接收|接到){_GAP}{{0,25}}申请{_GAP}{{0,12}}?{_N}"),
        _REQUESTS,
        (_cells("new_requests"), _cells("new_requests", "carried_in")),
    ),
    _Pattern(
        "received",
        re.compile(rf"(?:新收|收到|受理)(?:的)?{_N}{_GAP}{{0,12}}(?:信息公开申请|依申请公开)"),
        _REQUESTS,
        (_cells("new_requests"), _cells("new_requests", "carried_in")),
    ),
    _Pattern(
        "carried_in",
        re.compile(rf"(?:上年度?|上一年度?|去年){_GAP}{{0,8}}结转{_GAP}{{0,12}}?{_N}"),
        _CARRIED,
        (_cells("carried_in"),),
    ),
    _Pattern(
        "carried_out",
        re.compile(
            rf"{_N}{_GAP}{{0,6}}结转(?:至|到)?(?:下年|下一年|次年|20\d\d年)"
            rf"|结转(?:至|到)?(?:下年|下一年|次年)度?{_GAP}{{0,10}}?{_N.replace('<n>', '<m>')}"
        ),
        _CARRIED,
        (_cells("carried_out"),),
    ),
    _Pattern(
        "processed",
        re.compile(
            rf"(?:已?答复|办结|办理答复)(?:政府信息公开|依申请公开|信息公开)?(?:申请)?(?:共)?{_N}"
            rf"|{_N.replace('<n>', '<m>')}(?:均)?(?:已)?(?:全部)?"
            rf"(?:在法定期限内|按期|依法)*(?:予以)?(?:答复|办结)"
        ),
        _REQUESTS,
        (
            _cells("processed_total"),
            _cells("new_requests"),
            _cells("new_requests", "carried_in"),
        ),
    ),
    _Pattern(
        "reconsideration",
        re.compile(rf"行政复议(?:案件|申请)?{_GAP}{{0,6}}?{_N}"),
        _DISCLOSURE,
        (("review.reconsideration.total",),),
    ),
    _Pattern(
        "litigation",
        re.compile(rf"(?:行政诉讼|行政应诉)(?:案件)?{_GAP}{{0,6}}?{_N}"),
        _DISCLOSURE,
        (
            ("review.litigation_direct.total", "review.litigation_after_reconsideration.total"),
            ("review.litigation_direct.total",),
        ),
    ),
    _Pattern(
        "normative_documents",
        re.compile(rf"规范性文件{_GAP}{{0,6}}?{_N}"),
        _MADE,
        tuple(
            (_NORMATIVE + column,)
            for column in (
                "made",
                "repealed",
                "in_force",
                "created",
                "newly_published",
                "published_total",
            )
        ),
    ),
)

CELLS: Final = frozenset(cell for pattern in _PATTERNS for cells in pattern.sums for cell in cells)
"""The cells that a narrative may speak of."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What section 一 says of one kind of count: (number, quote) each time it does.

    ``sums`` are the ways to count it in the tables, as for the pattern that found it.
    """

    scope: str
    quotes: tuple[tuple[int, str], ...]
    sums: tuple[tuple[str, ...], ...]

    @property
    def numbers(self) -> frozenset[int]:
        """What would agree: each number, or their sum, since reports also list parts of a count."""
        numbers = [number for number, _ in self.quotes]
        return frozenset((*numbers, sum(numbers)))


def statements(report: Report) -> Iterator[Statement]:
    """Yield what the narrative states of the counts in the tables."""
    text = "".join(report.section("overview").replace("\u3000", " ").split(" "))
    sentences = [said for said in _SENTENCE.findall(text) if _DIGIT.search(said) is not None]
    for pattern in _PATTERNS:
        quotes = tuple(_stated(pattern, sentences))
        if quotes:
            yield Statement(pattern.scope, quotes, pattern.sums)


def narrative(report: Report) -> Iterator[Finding]:
    """Yield a soft finding for each kind of count that the narrative states differently."""
    seen: set[str] = set()
    for statement in statements(report):
        if statement.scope not in seen and (finding := _compared(report, statement)) is not None:
            seen.add(statement.scope)
            yield finding


def _stated(statement: _Pattern, sentences: list[str]) -> Iterator[tuple[int, str]]:
    for sentence in sentences:
        if statement.needs.search(sentence) is None:
            continue
        for found in statement.pattern.finditer(sentence):
            number = found.groupdict().get("n") or found.groupdict().get("m")
            if number is not None:
                yield int(number), found.group()


def _compared(report: Report, statement: Statement) -> Finding | None:
    """Any statement that agrees settles it.

    The first way to count it is what the statement speaks of: where those cells are not printed,
    the others can agree with it but not disprove it (办结 71 件 beside 新收 78 is no difference).
    """
    sums = [total for keys in statement.sums if (total := _sum(report, keys)) is not None]
    spoken_of = _sum(report, statement.sums[0])
    if spoken_of is None or statement.numbers & set(sums):
        return None
    number, quote = statement.quotes[0]
    cells = tuple(key for key in statement.sums[0] if report.cell(key).value is not None)
    message = f"正文 {number}, 表中 {spoken_of} (text {number}, table {spoken_of})"
    return Finding(
        "TEXT.COUNTS",
        Severity.SOFT,
        statement.scope,
        message,
        cells,
        number,
        spoken_of,
        number - spoken_of,
        evidence=quote,
    )


def _sum(report: Report, keys: tuple[str, ...]) -> int | None:
    values = [report.cell(key).value for key in keys]
    known = [int(value) for value in values if value is not None]
    return sum(known) if known else None
