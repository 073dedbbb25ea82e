"""Every rule that a verification holds the house to: what breaks it, and what to do then.

Codes are stable: programs may match them. ``python -m console.verification.catalogue`` prints the
table of ``docs/operation.md``.
"""

import sys
from collections.abc import Iterator, Mapping
from typing import Final

from console.verification import filed_rules, ledger_rules, outside_rules
from console.verification.rule import Rule

RULES: Final[Mapping[str, Rule]] = {
    rule.code: rule for rule in (*outside_rules.RULES, *ledger_rules.RULES, *filed_rules.RULES)
}
"""Every rule by its code, in the order of the manual."""


def as_markdown() -> str:
    """Return the table of the manual."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield "| code | severity | 含义 meaning | what to do | `--repair` |"
    yield "|---|---|---|---|---|"
    for rule in RULES.values():
        severity = f"{rule.severity}, info while nothing watches" if rule.idle else rule.severity
        advice = (
            f"`{rule.advice}`"
            if rule.advice.startswith("gouji ") and "; " not in rule.advice
            else rule.advice
        )
        yield f"| `{rule.code}` | {severity} | {rule.title} | {advice} | {rule.mending} |"


if __name__ == "__main__":
    sys.stdout.write(as_markdown() + "\n")
