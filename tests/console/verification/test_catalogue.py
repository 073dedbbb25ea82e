"""Codes, checks, repairs and the manual speak of the same rules."""

from collections import Counter

from click import Choice

from console.cli.verify import command
from console.sentences import is_known
from console.verification.catalogue import RULES
from console.verification.repair import MENDS
from console.verification.verify import AREAS
from tests.console.verification.planted import PLANTED


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


def test_what_to_do_is_told_in_chinese_too() -> None:
    told = {text for rule in RULES.values() for text in (rule.advice, rule.mending) if text}
    sentences_only = {text for text in told if not text.startswith("gouji ")}
    assert {text for text in sentences_only if not is_known(text)} == set()
