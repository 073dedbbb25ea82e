"""Every command, option, setting, metric, event, reason and edit is in the manual, as it is."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from inspect import signature
from pathlib import Path

import pytest

from console import configuration
from console.cli.errors import ExitCode
from console.cli.main import cli
from console.metrics.catalogue import METRICS
from console.reference import commands, pages
from console.reference.blocks import BLOCKS
from console.reference.examples import NotAnExample, found
from console.reference.markdown import split, texts_of
from models.disclosure.finding import Reason
from models.event import EventName
from tests.manual.pages import DOCS, ROOT, spans
from worker import logs
from worker.check.rules import RULES

ARGUMENTS = set(signature(logs.record).parameters)
"""What a line is written with that is no field of its own: ids, level, trace."""
LANGUAGES = (".md", pages.CHINESE)


@pytest.fixture(params=LANGUAGES)
def ending(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def named(page: str, ending: str) -> set[str]:
    return set(spans(DOCS / f"{page}{ending}"))


def test_no_page_is_stale() -> None:
    """``make docs`` makes them anew."""
    assert [path.name for path, _ in pages.stale(BLOCKS)] == []


def test_every_generated_part_has_its_place_in_both_languages() -> None:
    assert pages.asked_for() == {(name, chinese) for name in BLOCKS for chinese in (False, True)}


def test_a_page_that_is_not_as_the_code_has_it_is_found(tmp_path: Path) -> None:
    # Given a page with another table than today's
    page = tmp_path / "page.md"
    page.write_text("# A\n\n<!-- generated: reasons; make docs -->\nold\n<!-- end -->\n\nB\n")

    # When it is looked at, written, and looked at again
    ((path, fresh),) = pages.stale(BLOCKS, tmp_path)
    path.write_text(fresh, "utf-8")

    # Then it was stale once, and what stands around is as it was
    assert "\nold\n" not in fresh
    assert fresh.startswith("# A\n")
    assert fresh.endswith("<!-- end -->\n\nB\n")
    assert list(pages.stale(BLOCKS, tmp_path)) == []


def test_every_command_and_option(ending: str) -> None:
    code = named("cli", ending)
    for path, command, _ in commands.walk():
        assert path in code
        for option in commands.options(command):
            assert {name for name in option.opts if name.startswith("-")} <= code, path


def test_every_exit_code(ending: str) -> None:
    assert {str(code.value) for code in ExitCode} <= named("cli", ending)


def test_every_setting(ending: str) -> None:
    assert set(configuration.MEANINGS) <= named("configuration", ending)


def test_every_metric(ending: str) -> None:
    assert {metric.name for metric in METRICS} <= named("metrics", ending)


def test_every_event(ending: str) -> None:
    assert set(map(str, EventName)) <= named("events", ending)


def test_every_reason(ending: str) -> None:
    assert set(map(str, Reason)) <= named("reasons", ending)


def test_every_edit(ending: str) -> None:
    assert set(RULES) <= named("edits", ending)


@pytest.mark.parametrize(
    ("texts", "known"),
    [
        ("events", set(map(str, EventName))),
        ("reasons", set(map(str, Reason))),
        ("edits", set(RULES)),
        ("metrics", {metric.name for metric in METRICS}),
        ("exit_codes", set(ExitCode.__members__)),
    ],
)
def test_the_texts_are_of_what_the_code_has_and_of_nothing_else(
    texts: str, known: set[str]
) -> None:
    assert set(texts_of(texts)) == known


def test_the_texts_of_commands_are_of_commands() -> None:
    # Given every command, and every option by itself and by its command
    walked = [("gouji", cli, None), *commands.walk()]
    options = [
        (path, name) for path, command, _ in walked for p in command.params for name in p.opts
    ]

    # Then there is no text of what is gone
    assert set(texts_of("commands")) <= {path for path, *_ in walked}
    known = {name for _, name in options} | {f"{path} {name}" for path, name in options}
    assert set(texts_of("options")) <= known


def test_every_command_has_a_line_in_both_languages() -> None:
    for path, command, _ in commands.walk():
        chinese, english = split((command.help or "").split("\n\n")[0])
        assert chinese, path
        assert english, path


@pytest.mark.parametrize("rule", RULES)
def test_an_example_is_judged_as_its_edit_is(rule: str) -> None:
    # When the example is put to the check
    findings, _ = found(rule, texts_of("edits")[rule])

    # Then it breaks that edit, as gravely as the edit says
    assert {finding.severity for finding in findings} == {RULES[rule].severity}


def test_what_breaks_no_edit_is_no_example() -> None:
    with pytest.raises(NotAnExample, match="the edit holds"):
        found("T3.FLOW", {})
    with pytest.raises(NotAnExample, match="not in the sample"):
        found("T3.FLOW", {"change": [["nowhere", "somewhere"]]})


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Yield every call that is given the name of an event."""
    for folder in ("models", "watcher", "worker", "console"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and _told(node):
                    for argument in node.args:
                        for member in re.findall(r"\bEventName\.(\w+)", ast.unparse(argument)):
                            yield member, node


def _told(call: ast.Call) -> bool:
    """Tell whether a call writes a line; others only ask for the event."""
    return ast.unparse(call.func).rpartition(".")[2] in ("log", "record")


def test_every_field_that_an_event_is_written_with_is_told() -> None:
    # Given what is written with each event, as far as it stands where it is written
    written: dict[str, set[str]] = defaultdict(set)
    for member, call in calls():
        written[EventName[member]] |= {keyword.arg for keyword in call.keywords if keyword.arg}

    # Then the reference has it
    told = texts_of("events")
    for name, fields in written.items():
        assert fields - ARGUMENTS <= set(told[name]["fields"]), name


def test_every_level_that_an_event_is_written_with_is_told() -> None:
    told = texts_of("events")
    for member, call in calls():
        given = [keyword.value for keyword in call.keywords if keyword.arg == "level"]
        levels = [value.value for value in given if isinstance(value, ast.Constant)]
        assert set(levels or ["info"] * (not given)) <= set(
            told[EventName[member]]["level"].split(", ")
        ), member
