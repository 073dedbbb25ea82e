"""Every edit: formula, clause, severity, and an example that the check has really judged."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final, NamedTuple

from console.reference import examples
from console.reference.markdown import texts_of
from models.disclosure.finding import Severity
from worker.check.rules import RULES, Rule


class _Words(NamedTuple):
    severity: str
    scope: str
    formula: str
    form: str
    clause: str
    example: str
    hard: str
    soft: str


_ENGLISH: Final = _Words(
    "Severity",
    "Applies to",
    "Formula",
    "In the words of the form",
    "Source",
    "Example",
    "hard: where it does not hold the report is a dead letter",
    "soft: stored with the report and shown",
)
_CHINESE: Final = _Words(
    "程度",
    "范围",
    "公式",
    "按表格用语",
    "依据",
    "示例",
    "硬性（hard）：不成立则成为死信",
    "软性（soft）：随报告入库并显示",
)


@cache
def _told() -> dict[str, Any]:
    return texts_of("edits")


def words(rule: Rule, *, chinese: bool) -> dict[str, str]:
    """Return what a page says of an edit: its ``scope``, ``clause`` and ``explanation``."""
    told = _told().get(rule.id, {}) if chinese else {}
    return {
        "scope": str(told.get("scope_zh", rule.scope)),
        "clause": str(told.get("clause_zh", rule.clause)),
        "explanation": str(told.get("explanation_zh", rule.explanation)),
    }


def block(chinese: bool) -> str:
    """Return a section for each edit, in the order in which findings are listed."""
    told = _told()
    return "\n".join(_section(rule, told[rule.id], chinese) for rule in RULES.values())


def _section(rule: Rule, told: Mapping[str, Any], chinese: bool) -> str:
    words = _CHINESE if chinese else _ENGLISH
    hard = rule.severity is Severity.HARD
    formula, clause = told["formula"], rule.clause
    if chinese:
        formula, clause = told.get("formula_zh", formula), told.get("clause_zh", clause)
    rows = (
        (words.severity, words.hard if hard else words.soft),
        (words.scope, told["scope_zh"] if chinese else rule.scope),
        (words.formula, formula),
        (words.form, rule.equation),
        (words.clause, clause),
    )
    title = rule.title_zh if chinese else f"{rule.title_en} {rule.title_zh}"
    colon, stop = ("：", "：") if chinese else (": ", ". ")
    facts = "".join(f"- **{name}**{colon}{text}\n" for name, text in rows)
    explanation = told["explanation_zh"] if chinese else rule.explanation
    note = told["note_zh" if chinese else "note_en"]
    lines = [f"### `{rule.id}`", title, facts, explanation, f"**{words.example}**{stop}{note}"]
    return "\n\n".join([*(line.rstrip("\n") for line in lines), _example(rule.id, told)]) + "\n"


def _example(rule: str, told: Mapping[str, Any]) -> str:
    findings, report = examples.found(rule, told)
    lines = [examples.shown(finding, report) for finding in findings]
    changes = [
        f"- {' '.join(old.split())}\n+ {' '.join(new.split())}"
        for old, new in told.get("change", ())
    ]
    return "```diff\n" + "\n".join([*changes, *(f"  {line}" for line in lines)]) + "\n```"
