"""Every rule that a verification holds the house to: what breaks it, and what to do then.

Codes are stable: programs may match them. ``make docs`` makes the table of the manual of them.
"""

from collections.abc import Mapping
from typing import Final

from console.verification import filed_rules, ledger_rules, outside_rules
from console.verification.rule import Rule

RULES: Final[Mapping[str, Rule]] = {
    rule.code: rule for rule in (*outside_rules.RULES, *ledger_rules.RULES, *filed_rules.RULES)
}
"""Every rule by its code, in the order of the manual."""
