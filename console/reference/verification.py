"""Every discrepancy that ``gouji verify`` names."""

from typing import Final

from console import sentences
from console.reference.markdown import table
from console.verification.catalogue import RULES
from console.verification.rule import Rule

_HEADS: Final = {
    False: ("code", "severity", "meaning", "what to do", "`--repair`"),
    True: ("代码", "级别", "含义", "怎么办", "`--repair`"),
}
_IDLE: Final = {False: "{}, info while nothing watches", True: "{}；无人监视时为 info"}


def block(chinese: bool) -> str:
    """Return the table of discrepancies."""
    rows = [
        (
            f"`{rule.code}`",
            _IDLE[chinese].format(rule.severity) if rule.idle else str(rule.severity),
            rule.chinese if chinese else rule.english,
            _advice(rule, chinese=chinese),
            sentences.chinese(rule.mending) if chinese else rule.mending,
        )
        for rule in RULES.values()
    ]
    return table(_HEADS[chinese], rows)


def _advice(rule: Rule, *, chinese: bool) -> str:
    if rule.advice.startswith("gouji "):
        return f"`{rule.advice}`"
    return sentences.chinese(rule.advice) if chinese else rule.advice
