"""Labels: printed text becomes a comparable form, and is compared with the labels of a layout.

Similarity is the mean of Dice's coefficients (Dice 1945) over characters and over their bigrams,
through an inverted index of the latter; a label that is cut short or glued to its group still
counts by containment.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

from models.disclosure.form import LAYOUTS, SECTIONS, Layout

# Traditional characters of the form's own vocabulary; scraped mirrors print them.
_TRADITIONAL: Final = str.maketrans(
    "規範許處罰強業費對務項採購發廢現數總決額單萬開請結轉區計這屬於國穩護權內類過執詢機關沒補後確訪舉報訴復複無認獲繳納續辦繼維糾審議訟經組織會構統間標題預條況職責從與門實衆眾財產",
    "规范许处罚强业费对务项采购发废现数总决额单万开请结转区计这属于国稳护权内类过执询机关没补后确访举报诉复复无认获缴纳续办继维纠审议讼经组织会构统间标题预条况职责从与门实众众财产",
)
_NUMBERING: Final = re.compile(
    r"\s*(?:[（(【〔]\s*(?P<a>[一二三四五六七八九十\d]{1,2})\s*[）)】〕][、.．]?"
    r"|(?P<b>[一二三四五六七八九十]{1,2})\s*[、.．:：,，]"
    r"|(?P<c>\d{1,2})\s*[、.．:：,，）)]?(?=\s*[^\d\s.、．/年月日件个条项]))"
)
_INNER_NUMBERING: Final = re.compile(r"\D(?=\d{1,2}[.、．][^\d])|\S(?=[（(][一二三四五六七][）)])")
_KEPT: Final = re.compile(r"[^\u3400-\u9fff\d]+")
_CONTAINED: Final = 0.85
_LEAST_CONTAINED: Final = 4
LONGEST_FRAGMENT: Final = 48


def simplified(text: str) -> str:
    """Return the text with the traditional characters of the form's vocabulary simplified."""
    return text.translate(_TRADITIONAL)


@lru_cache(maxsize=16384)
def normalised(text: str) -> tuple[str, str]:
    """Return (numbering, label) with the label reduced to its characters and digits.

    White space, punctuation, brackets, quotes and Latin letters (pinyin noise) are dropped, and
    traditional characters of the form's vocabulary become simplified ones.
    """
    plain = unicodedata.normalize("NFKC", text.replace("，", "、")).translate(_TRADITIONAL)
    found = _NUMBERING.match(plain)
    number = ""
    if found is not None and found.end() < len(plain):
        number = found["a"] or found["b"] or found["c"]
        plain = plain[found.end() :]
    return number, _KEPT.sub("", plain)


def tails(text: str) -> Iterator[str]:
    """Yield a text, and what follows the last numbering inside it: a label beside its group."""
    yield text
    inner = None
    for inner in _INNER_NUMBERING.finditer(text):  # noqa: B007 - the last one is wanted
        pass
    if inner is not None:
        yield text[inner.start() + 1 :]


@dataclass(frozen=True, slots=True)
class Likeness:
    """How like a label is to each row of a layout, in [0, 1]; rows that are unlike are left out."""

    by_row: dict[int, float]

    @property
    def best(self) -> float:
        """The highest similarity to any row."""
        return max(self.by_row.values(), default=0.0)


class LabelIndex:
    """The labels of a layout, prepared for comparison."""

    def __init__(self, labels: dict[int, tuple[str, ...]]) -> None:
        self._exact: dict[str, set[int]] = defaultdict(set)
        self._texts: list[tuple[int, str]] = []
        self._bigrams: dict[str, list[tuple[int, int]]] = defaultdict(list)
        self._sizes: list[int] = []
        for row, variants in labels.items():
            for text in dict.fromkeys(normalised(variant)[1] for variant in variants):
                self._exact[text].add(row)
                counts = _bigrams(text)
                for bigram, count in counts.items():
                    self._bigrams[bigram].append((len(self._texts), count))
                self._texts.append((row, text))
                self._sizes.append(counts.total())
        self._known: dict[str, Likeness] = {}

    def likeness(self, text: str) -> Likeness:
        """Compare a normalised label with every row."""
        known = self._known.get(text)
        if known is None:
            known = Likeness(self._compare(text))
            if len(self._known) < 20000:
                self._known[text] = known
        return known

    def begun(self, text: str) -> set[int]:
        """Return the rows whose label begins with a text that is cut short."""
        return {row for row, label in self._texts if label.startswith(text)}

    def _compare(self, text: str) -> dict[int, float]:
        exact = self._exact.get(text)
        if exact:
            return dict.fromkeys(exact, 1.0)
        counts, characters = _bigrams(text), Counter(text)
        shared: Counter[int] = Counter()
        for bigram, count in counts.items():
            for index, other in self._bigrams.get(bigram, ()):
                shared[index] += min(count, other)
        result: dict[int, float] = {}
        size = counts.total()
        for index, common in shared.items():
            row, label = self._texts[index]
            alike = sum((characters & Counter(label)).values())
            score = common / (size + self._sizes[index]) + alike / (len(text) + len(label))
            if min(len(text), len(label)) >= _LEAST_CONTAINED and (text in label or label in text):
                score = max(score, _CONTAINED)
            if score > result.get(row, 0.0):
                result[row] = score
        return result


def _bigrams(text: str) -> Counter[str]:
    return Counter(text[at : at + 2] for at in range(len(text) - 1))


@cache
def index_of(layout_key: str) -> LabelIndex:
    """Return the prepared labels of a layout's rows."""
    layout: Layout = LAYOUTS[layout_key]
    return LabelIndex({at: row.labels for at, row in enumerate(layout.rows)})


@cache
def columns_of(layout_key: str) -> LabelIndex:
    """Return the prepared column labels of a layout's first row."""
    columns = LAYOUTS[layout_key].rows[0].columns
    return LabelIndex({at: (c.label, *c.variants) for at, c in enumerate(columns)})


@cache
def sections() -> LabelIndex:
    """Return the prepared headings of the six sections."""
    return LabelIndex(
        {at: (heading, *_HEADINGS.get(key, ())) for at, (key, heading) in enumerate(SECTIONS)}
    )


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
