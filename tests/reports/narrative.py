"""Everything of a report but its tables: title, headings, sections, signature."""

import random
from collections.abc import Callable, Mapping
from datetime import date

from models.disclosure.form import SECTIONS
from tests.reports.cells import TruthReport

_NUMERALS = "一二三四五六"
_DIGITS = "〇一二三四五六七八九"
_TITLES = (
    "{p}{y}年政府信息公开工作年度报告",
    "{p}{y}年政府信息公开工作年度报告",
    "{p}\n{y}年政府信息公开工作年度报告",
    "{p} {y} 年政府信息公开工作年度报告",
    "{p}\n{y} 年政府信息公开工作年度报告",
    "{p}{y}年政府信息公开年度报告",
    "{p}{y}年度政府信息公开工作年度报告",
    "{p}政府信息公开工作年度报告（{y}年）",
)
_OPENINGS = (
    (
        "根据《中华人民共和国政府信息公开条例》（国务院令第711号）要求，现公布{p}{y}年政府信息公开工作年度报告。"
        "本报告中所列数据的统计期限自{start}起，至{end}止。"
    ),
    (
        "本报告依据《中华人民共和国政府信息公开条例》编制，统计期限为{start}至{end}。"
        "如对本报告有疑问，请与{p}办公室联系（电话：0317-3083110）。"
    ),
    "按照《条例》规定，现将{p}{start}至{end}政府信息公开工作情况报告如下。",
)
_PUBLISHING = (
    "{y}年，通过门户网站公开信息{a}条，政务新媒体发布信息{b}条，政策解读{c}篇。",
    "坚持以公开为常态、不公开为例外，全年主动公开各类信息{a}条，官方微信发布{b}条，开展政策解读{c}次。",
)
_STATED = {
    "received": (
        "共收到政府信息公开申请{n}件",
        "全年新收政府信息公开申请{n}件",
        "共受理政府信息公开申请{n}件",
    ),
    "carried_in": ("上年结转{n}件", "上年度结转申请{n}件"),
    "processed": ("办结{n}件", "已按期答复{n}件"),
    "carried_out": ("结转下年度继续办理{n}件", "结转下年度{n}件"),
}
_DISPUTED = {
    "reconsideration": ("因政府信息公开引发行政复议{n}件", "发生行政复议{n}件"),
    "litigation": ("行政诉讼{n}件", "发生行政诉讼{n}件"),
}
_NORMATIVE = ("全年制发行政规范性文件{n}件", "本年制发规范性文件{n}件")
_PROBLEMS = (
    "存在的主要问题：一是公开内容有待进一步细化，二是工作人员业务能力有待提升。",
    "信息发布内容较为单一，政策解读形式不够丰富，与群众期待还有差距。",
    "下一步，我们将加强学习培训，丰富公开形式，不断提升政务公开工作水平。",
)
_OTHER_MATTERS = ("无。", "{y}年未收取信息处理费。", "本年度未产生信息处理费，无其他报告事项。")


def document(
    report: TruthReport,
    rng: random.Random,
    tables: Mapping[str, str],
    *,
    gap: str = "\n",
    heading: str = "{}",
    paragraph: Callable[[str], str] = str,
) -> str:
    """Return the whole report around its rendered tables.

    ``gap`` stands between paragraphs, ``heading`` is the form of a section heading,
    ``paragraph`` sets every paragraph of running text.
    """
    texts = {
        "overview": overview(report, rng),
        "problems": rng.sample(_PROBLEMS, rng.randint(1, 2)),
        "other_matters": [rng.choice(_OTHER_MATTERS).format(y=report.year)],
    }
    parts = [title(report, rng), paragraph(opening(report, rng))]
    for (key, name), numeral in zip(SECTIONS, _NUMERALS, strict=True):
        parts.append(heading.format(f"{numeral}、{name}"))
        parts += [paragraph(text) for text in texts.get(key, ())]
        parts += [tables[key].strip("\n")] if key in tables else []
    return gap.join([*parts, signature(report, rng)]) + "\n"


def title(report: TruthReport, rng: random.Random) -> str:
    """Return a title of one or two lines."""
    return rng.choice(_TITLES).format(p=report.publisher, y=report.year)


def opening(report: TruthReport, rng: random.Random) -> str:
    """Return the opening paragraph; it names the statistics period."""
    start, end = (_day(day) for day in (report.period.start, report.period.end))
    words = {"p": report.publisher, "y": report.year, "start": start, "end": end}
    return rng.choice(_OPENINGS).format(**words)


def overview(report: TruthReport, rng: random.Random) -> list[str]:
    """Return the paragraphs of section 一: other counts, then those of ``report.facts``."""
    published = rng.choice(_PUBLISHING).format(
        y=report.year, a=rng.randint(30, 4000), b=rng.randint(10, 3000), c=rng.randint(1, 40)
    )
    asked = _clauses(report, rng, _STATED)
    disputed = _clauses(report, rng, _DISPUTED)
    paragraphs = [f"（一）主动公开。{published}{_normative(report, rng)}"]
    paragraphs.append(f"（二）依申请公开。{asked or '依法依规做好依申请公开工作。'}{disputed}")
    paragraphs.append("（三）监督保障。加强日常监管，未发生责任追究情况。")
    return paragraphs


def signature(report: TruthReport, rng: random.Random) -> str:
    """Return the signing body and the date, set to the right as often as not."""
    day = _day(report.signed_on) if rng.random() < 0.85 else _chinese_day(report.signed_on)
    indent = rng.choice(("", " " * 29))
    return f"{indent}{report.publisher}\n{indent}{day}"


def _normative(report: TruthReport, rng: random.Random) -> str:
    if "normative" not in report.facts:
        return ""
    return rng.choice(_NORMATIVE).format(n=report.facts["normative"]) + "。"


def _clauses(
    report: TruthReport, rng: random.Random, wordings: Mapping[str, tuple[str, ...]]
) -> str:
    said = [
        rng.choice(words).format(n=report.facts[name])
        for name, words in wordings.items()
        if name in report.facts
    ]
    return "，".join(said) + "。" if said else ""


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _chinese_day(day: date) -> str:
    year = "".join(_DIGITS[int(digit)] for digit in str(day.year))
    return f"{year}年{_chinese(day.month)}月{_chinese(day.day)}日"


def _chinese(number: int) -> str:
    tens, units = divmod(number, 10)
    lead = ("", "十", "二十", "三十")[tens]
    return lead + (_DIGITS[units] if units else "")
