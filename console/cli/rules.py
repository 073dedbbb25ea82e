"""``gouji rules``: the edits, and what each means."""

from difflib import get_close_matches
from typing import Any

import click

from console.cli import output
from console.cli.errors import NotFound


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

    print_list(
        ("规则 Rule", "程度 Severity", "名称 Title", "", "范围 Scope"),
        [(rule.id, rule.severity, rule.title_zh, rule.title_en, rule.scope) for rule in rules],
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
    for line in _lines(_as_dict(rule)):
        click.echo(line)
    output.hint(f"gouji dead list --rule {rule.id}", "因此未通过的 what failed it")


def _as_dict(rule: Any) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(rule)


def _lines(rule: dict[str, Any]) -> list[str]:
    head = f"{rule['id']}  {rule['title_zh']} {rule['title_en']}"
    rest = [
        ("程度 severity", rule["severity"]),
        ("范围 scope", rule["scope"]),
        ("等式 equation", rule["equation"]),
        ("依据 source", rule["clause"]),
    ]
    return [head, "", *(f"{name}: {value}" for name, value in rest), "", rule["explanation"]]
