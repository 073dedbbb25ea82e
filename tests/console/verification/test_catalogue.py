"""Codes, checks, repairs and the manual speak of the same rules."""

from collections import Counter
from pathlib import Path

from click import Choice

from console.cli.verify import command
from console.verification.catalogue import RULES, as_markdown
from console.verification.repair import MENDS
from console.verification.verify import AREAS
from tests.console.verification.planted import PLANTED

MANUAL = Path(__file__).parents[3] / "docs" / "operation.md"


def test_each_rule_is_looked_after_by_one_check() -> None:
    checked = Counter(code for checks in AREAS.values() for one in checks for code in one.codes)
    assert checked == Counter(dict.fromkeys(RULES, 1))


def test_the_catalogue_says_what_can_be_mended() -> None:
    assert {code for code, rule in RULES.items() if rule.mending} == set(MENDS)


def test_each_rule_is_broken_by_a_test() -> None:
    assert {code for planted in PLANTED.values() for code in planted.codes} == set(RULES)


def test_the_areas_that_can_be_left_out_are_those_that_there_are() -> None:
    (skip,) = (option for option in command.params if option.name == "skip")
    assert isinstance(skip.type, Choice)
    assert list(skip.type.choices) == list(AREAS)


def test_the_manual_has_the_table_of_rules() -> None:
    assert as_markdown() in MANUAL.read_text("utf-8")
