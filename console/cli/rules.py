"""``gouji rules``: the edits, and what each means."""

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

import click

from console.cli import output
from console.cli.errors import NotFound

if TYPE_CHECKING:
    from worker.check.rules import Rule


@click.group("rules")
def command() -> None:
    """勾稽规则 List and explain the rules."""


@command.command("list")
@output.json_option
def list_rules(as_json: bool) -> None:
    """规则一览 List the rules."""
    from worker.check.rules import RULES

    rules = list(RULES.values())
    if as_json:
        output.emit([_as_dict(rule) for rule in rules])
        return
    from console.cli.listing import print_list
    from console.reference.edits import words

    def scope(rule: "Rule") -> str:
        return f"{words(rule, chinese=True)['scope']} {rule.scope}"

    print_list(
        ("规则 Rule", "程度 Severity", "名称 Title", "", "范围 Scope"),
        [(rule.id, _severity(rule), rule.title_zh, rule.title_en, scope(rule)) for rule in rules],
        folding=("名称 Title", "", "范围 Scope"),
    )
    output.hint("gouji rules explain T3.FLOW", "解释一条规则 explains one")


@command.command("explain")
@click.argument("rule_id", metavar="RULE")
@output.json_option
def explain(rule_id: str, as_json: bool) -> None:
    """解释规则 Explain one rule: equation, source, what counts and what does not."""
    from worker.check.rules import RULES

    rule = RULES.get(rule_id.upper())
    if rule is None:
        near = get_close_matches(rule_id.upper(), RULES, n=1)
        hint = f"gouji rules explain {near[0]}" if near else "gouji rules list"
        raise NotFound(f"没有这条规则 there is no rule {rule_id!r}", hint=hint)
    if as_json:
        output.emit(_as_dict(rule))
        return
    for line in _lines(rule):
        click.echo(line)
    output.hint(f"gouji dead list --rule {rule.id}", "因此未通过的 what failed it")


def _as_dict(rule: Any) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(rule)


def _severity(rule: "Rule") -> str:
    return f"{_SEVERITIES.get(rule.severity, '')} {rule.severity}".strip()


def _lines(rule: "Rule") -> list[str]:
    from console.reference.edits import words

    chinese = words(rule, chinese=True)
    rest = [
        ("程度 severity", _severity(rule)),
        ("范围 scope", f"{chinese['scope']} {rule.scope}"),
        ("等式 equation", rule.equation),
        ("依据 source", chinese["clause"]),
    ]
    return [
        f"{rule.id}  {rule.title_zh} {rule.title_en}",
        "",
        *(f"{name}: {value}" for name, value in rest),
        "",
        chinese["explanation"],
        rule.explanation,
    ]


_SEVERITIES: Final = {"hard": "硬性", "soft": "软性"}
