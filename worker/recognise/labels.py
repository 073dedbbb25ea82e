"""Labels: printed text becomes a comparable form, and is compared with the labels of a layout.

Similarity is the mean of Dice's coefficients (Dice 1945) over characters and over their bigrams,
through an inverted index of the latter; a label that is cut short or glued to its group still
counts by containment.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from math import ceil
from typing import Final, NamedTuple

from models.disclosure.form import LAYOUTS, SECTIONS, Column, Layout

# Traditional characters of the form's own vocabulary; scraped mirrors print them.
_TRADITIONAL: Final = str.maketrans(
    "規範許處罰強業費對務項採購發廢現數總決額單萬開請結轉區計這屬於國穩護權內類過執詢機關沒補後確訪舉報訴復複無認獲繳納續辦繼維糾審議訟經組織會構統間標題預條況職責從與門實衆眾財產製減動檔",
    "规范许处罚强业费对务项采购发废现数总决额单万开请结转区计这属于国稳护权内类过执询机关没补后确访举报诉复复无认获缴纳续办继维纠审议讼经组织会构统间标题预条况职责从与门实众众财产制减动档",
)
_ANY_TRADITIONAL: Final = re.compile(f"[{''.join(map(chr, _TRADITIONAL))}]")
_WIDE: Final = tuple(zip("（）：；　", "():; ", strict=True))
"""What NFKC would make of the commonest; a text that is normal already takes it no time."""
_NUMBERING: Final = re.compile(
    r"\s*(?:[（(【〔]\s*(?P<a>[一二三四五六七八九十\d]{1,2})\s*[）)】〕][、.．]?"
    r"|(?P<b>[一二三四五六七八九十]{1,2})\s*[、.．:：,，]"
    r"|(?P<c>\d{1,2})\s*[、.．:：,，）)]?(?=\s*[^\d\s.、．/年月日件个条项]))"
)
_FIGURES: Final = "0123456789 "
_NUMERALS: Final = frozenset("一二三四五六七八九十0123456789")
_LONGEST_NUMERAL: Final = 2
_INNER_NUMBERING: Final = re.compile(r"\D(?=\d{1,2}[.、．][^\d])|\S(?=[（(][一二三四五六七][）)])")
_REMARK: Final = re.compile(
    r"(?P<label>[^（(]{0,23}[^（(\s、，,。；;：:])\s*[（(][^（(]*(?:[（(].*)?"
)
_KEPT: Final = re.compile(r"[^\u3400-\u9fff\d]+")
_CONTAINED: Final = 0.85
_LEAST_CONTAINED: Final = 4
LEAST_ALIKE: Final = 0.45
"""Labels less alike are not alike at all."""
LEAST_HEADING: Final = 0.72
"""Headings less alike are none."""
_ROUNDING: Final = 1e-9
REMEMBERED: Final = 16384
"""So many texts are known again: labels repeat from report to report."""
_LENGTHS: Final = 256
"""So many lengths of texts are known again."""
LONGEST_FRAGMENT: Final = 48

Reading = tuple[str, str]
"""Numbering and label of a text."""


def simplified(text: str) -> str:
    """Return the text with the traditional characters of the form's vocabulary simplified."""
    return text if _ANY_TRADITIONAL.search(text) is None else text.translate(_TRADITIONAL)


@lru_cache(REMEMBERED)
def normalised(text: str) -> Reading:
    """Return (numbering, label) with the label reduced to its characters and digits.

    White space, punctuation, brackets, quotes and Latin letters (pinyin noise) are dropped, and
    traditional characters of the form's vocabulary become simplified ones.
    """
    plain = text.replace("，", "、")
    for wide, narrow in _WIDE:
        plain = plain.replace(wide, narrow)
    plain = simplified(unicodedata.normalize("NFKC", plain))
    found = _NUMBERING.match(plain)
    number = ""
    if found is not None and found.end() < len(plain):
        number = found["a"] or found["b"] or found["c"]
        plain = plain[found.end() :]
    return number, _KEPT.sub("", plain)


def beside(text: str) -> tuple[str, str]:
    """Return the normalised label of a text, and apart from it the digits that stand behind it.

    Together they are the label that :func:`normalised` returns. Figures differ from file to file,
    what stands before them does not, and is known again.
    """
    head = text.rstrip(_FIGURES)
    label = normalised(head)[1]
    if len(head) == len(text):
        return label, ""
    if len(label) <= _LONGEST_NUMERAL and _NUMERALS.issuperset(label):
        return normalised(text)[1], ""  # it may be the numbering of the figures
    return label, text[len(head) :].replace(" ", "")


def tails(text: str) -> Iterator[str]:
    """Yield a text, and what follows the last numbering inside it: a label beside its group.

    What stands before a bracket is a label too: some forms explain a row there, at length and in
    words of other rows (``其他文件（规范性文件除外）``).
    """
    yield text
    if (remark := _REMARK.fullmatch(text)) is not None:
        yield remark["label"]
    inner = None
    for inner in _INNER_NUMBERING.finditer(text):  # noqa: B007 - the last one is wanted
        pass
    if inner is not None:
        yield text[inner.start() + 1 :]


_NO_ROWS: Final[frozenset[int]] = frozenset()


class Likeness(NamedTuple):
    """How like a label is to the rows of a layout, in [0, 1].

    ``by_row`` leaves out rows that are less like it than :data:`LEAST_ALIKE`; ``certain`` are
    those whose label it is.
    """

    by_row: dict[int, float]
    certain: frozenset[int] = _NO_ROWS


_UNLIKE: Final = Likeness({})


class _Label(NamedTuple):
    """A label of a row: its characters, those that repeat and how often, how many bigrams."""

    row: int
    text: str
    characters: frozenset[str]
    repeated: dict[str, int]
    bigrams: int


class LabelIndex:
    """The labels of a layout, prepared for comparison; less than ``least`` is not alike."""

    def __init__(self, labels: dict[int, tuple[str, ...]], least: float = LEAST_ALIKE) -> None:
        self._least = least
        exact: dict[str, set[int]] = defaultdict(set)
        self._labels: list[_Label] = []
        self._bigrams: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for row, variants in labels.items():
            for text in dict.fromkeys(normalised(variant)[1] for variant in variants):
                exact[text].add(row)
                counts = _counted(_bigrams(text))
                for bigram, count in counts.items():
                    self._bigrams[bigram].append((len(self._labels), count))
                repeated = _repeated(_counted(text))
                self._labels.append(
                    _Label(row, text, frozenset(text), repeated, len(_bigrams(text)))
                )
        self._exact = {
            text: Likeness(dict.fromkeys(rows, 1.0), frozenset(rows))
            for text, rows in exact.items()
        }
        self._repeating = {len(text) for text in exact if len(set(text)) < len(text)}
        self._alphabet = frozenset("".join(exact))
        self.likeness = lru_cache(REMEMBERED)(self._likeness)
        """Compare a normalised label with every row; what was asked before is remembered."""
        self.holds = lru_cache(REMEMBERED)(self._holds)
        """Tell whether a text as printed is a label, word for word."""
        self._enough_for = lru_cache(_LENGTHS)(self._enough)
        self.begun = lru_cache(REMEMBERED)(self._begun)
        """Return the rows whose label begins with a text that is cut short."""

    def certain(self, text: str) -> frozenset[int]:
        """Return the rows whose label a normalised text is, without comparing it with others.

        Only a label that repeats a character has its bigrams in common with another text.
        """
        if (exact := self._exact.get(text)) is not None:
            return exact.certain
        return self.likeness(text).certain if len(text) in self._repeating else _NO_ROWS

    def _holds(self, text: str) -> bool:
        return bool(self.certain(normalised(text)[1]))

    def _begun(self, text: str) -> frozenset[int]:
        return frozenset([label.row for label in self._labels if label.text.startswith(text)])

    def _likeness(self, text: str) -> Likeness:
        if (exact := self._exact.get(text)) is not None:
            return exact
        found = self.compare(text)
        if not found:
            return _UNLIKE
        return Likeness(found, frozenset(row for row, alike in found.items() if alike >= 1.0))

    def compare(self, text: str) -> dict[int, float]:
        """Return how like a normalised text is to the rows that it is like, remembering nothing."""
        result: dict[int, float] = {}
        length, size = len(text), len(text) - 1
        # No label has more in common with the text than the characters that any label has.
        known = sum(map(self._alphabet.__contains__, text))
        if known * (2 - self._least) < length * self._least - _ROUNDING:
            return self._held(text) if known >= _LEAST_CONTAINED else {}
        characters, repeated = frozenset(text), _repeated(_counted(text))
        enough = self._enough_for(length)
        for index, common in self._shared(text).items():
            if common < enough[index]:
                continue
            row, label, of_label, twice, bigrams = self._labels[index]
            share, lengths = common / (size + bigrams), length + len(label)
            shorter = min(length, len(label))
            held = common == shorter - 1 and shorter >= _LEAST_CONTAINED
            both = len(of_label & characters) + (_overlap(twice, repeated) if twice else 0)
            score = share + both / lengths
            if held and (text in label or label in text):
                score = max(score, _CONTAINED)
            if score >= self._least and score > result.get(row, 0.0):
                result[row] = score
        return result

    def _enough(self, length: int) -> tuple[int, ...]:
        """Return how many bigrams a text so long must have in common with each label to be like it.

        They have no more characters in common than the shorter of them has.
        """
        found = []
        for _, label, _, _, bigrams in self._labels:
            shorter = min(length, len(label))
            share = self._least - shorter / (length + len(label)) - _ROUNDING
            enough = ceil(share * (length - 1 + bigrams))
            held = shorter - 1 if shorter >= _LEAST_CONTAINED else enough
            found.append(min(enough, held))
        return tuple(found)

    def _held(self, text: str) -> dict[int, float]:
        """Return the rows whose label stands in a text that is otherwise unlike any."""
        return {
            label.row: _CONTAINED
            for label in self._labels
            if len(label.text) >= _LEAST_CONTAINED and label.text in text
        }

    def _shared(self, text: str) -> dict[int, int]:
        """Return, by the labels that have any, how many bigrams a text has in common with them."""
        shared: dict[int, int] = {}
        for bigram, count in _counted(_bigrams(text)).items():
            for index, other in self._bigrams.get(bigram, ()):
                shared[index] = shared.get(index, 0) + (1 if count == 1 else min(count, other))
        return shared


def _bigrams(text: str) -> list[str]:
    return [text[at : at + 2] for at in range(len(text) - 1)]


def _counted(things: Iterable[str]) -> dict[str, int]:
    """Count, in a plain dictionary: making a ``Counter`` takes longer than counting a label."""
    counts: dict[str, int] = {}
    for thing in things:
        counts[thing] = counts.get(thing, 0) + 1
    return counts


def _repeated(counts: dict[str, int]) -> dict[str, int]:
    """Return the characters that repeat, with how often they do so."""
    return {character: count - 1 for character, count in counts.items() if count > 1}


def _overlap(one: dict[str, int], other: dict[str, int]) -> int:
    return sum(
        [min(count, other[character]) for character, count in one.items() if character in other]
    )


@cache
def index_of(layout_key: str) -> LabelIndex:
    """Return the prepared labels of a layout's rows."""
    layout: Layout = LAYOUTS[layout_key]
    return LabelIndex({at: row.labels for at, row in enumerate(layout.rows)})


@cache
def columns_of(layout_key: str) -> LabelIndex:
    """Return the prepared column labels of a layout's first row; one for layouts that share it."""
    return _columns(LAYOUTS[layout_key].rows[0].columns)


@cache
def _columns(columns: tuple[Column, ...]) -> LabelIndex:
    return LabelIndex({at: (c.label, *c.variants) for at, c in enumerate(columns)})


@cache
def sections() -> LabelIndex:
    """Return the prepared headings of the six sections."""
    texts = {at: (text, *_HEADINGS.get(key, ())) for at, (key, text) in enumerate(SECTIONS)}
    return LabelIndex(texts, LEAST_HEADING)


def headings() -> Iterator[str]:
    """Yield the headings of the six sections."""
    for key, text in SECTIONS:
        yield from (text, *_HEADINGS.get(key, ()))


_HEADINGS: Final = {
    "overview": ("总体情况", "基本情况", "概述", "政府信息公开工作总体情况"),
    "disclosure": ("主动公开政府信息公开情况", "主动公开情况", "主动公开政府信息的情况"),
    "applications": ("收到和处理政府信息公开申请的情况", "依申请公开政府信息情况"),
    "review": (
        "政府信息公开行政复议和行政诉讼情况",
        "因政府信息公开工作被申请行政复议提起行政诉讼情况",
        "行政复议和行政诉讼情况",
    ),
    "problems": (
        "存在的主要问题及改进措施",
        "政府信息公开工作存在的主要问题及改进情况",
        "存在的问题及改进情况",
        "存在的主要问题和改进情况",
        "存在问题及改进措施",
    ),
    "other_matters": ("其他需要报告的事项", "需要报告的其他事项", "其他事项", "其他需要说明的事项"),
}
