"""The table of transitions, its functions and its page say the same; and nobody goes round them."""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from console import labels
from models import transitions
from models.ledger import FINAL, State
from models.state_machine import TRANSITIONS, Transition
from worker.faults import POINTS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "state-machine.md").read_text("utf-8")
CHINESE = (ROOT / "docs" / "state-machine.zh-CN.md").read_text("utf-8")
HEADINGS = {
    "Drawn": "图",
    "States": "状态",
    "Transitions": "迁移",
    "Interrupted": "中断",
    "Arrivals": "到达",
    "Repairs": "修复与清理",
}
"""What a section of the page is called in the Chinese one."""
BOTH = pytest.mark.parametrize("page", [PAGE, CHINESE], ids=["english", "chinese"])
IN_WORDS = (4, 5)
"""Which cells of the table of transitions are told in words: who, and on which condition."""
COUNTED = {"state", "attempt_id", "lease_expires_at", "attempts", "unfinished", "retries"}
"""Columns of a document that only transitions write; of these names no other table has one but
``state``, which arrivals have too."""


def row(one: Transition) -> str:
    """Return the line of the page's table."""
    event = TRANSITIONS[one]
    cells = (
        one.name,
        ", ".join(one.start) or "–",
        one.to,
        one.who,
        one.condition or "–",
        one.outcome or "–",
        event or "–",
    )
    return "| " + " | ".join(cells) + " |"


def section(heading: str, page: str = PAGE) -> str:
    named = heading if page is PAGE else f"{HEADINGS[heading]}\n"
    return page.split(f"\n## {named}", 1)[1].split("\n## ", 1)[0]


def rows_of(heading: str, page: str = PAGE) -> list[str]:
    """Return the lines of a section's table, without its head."""
    lines = [line for line in section(heading, page).splitlines() if line.startswith("|")]
    return lines[2:]


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("|")]


def test_the_page_has_every_transition_as_it_is_and_no_other() -> None:
    assert rows_of("Transitions") == [row(one) for one in TRANSITIONS]


def test_the_chinese_page_has_the_same_transitions() -> None:
    def without_words(line: str) -> list[str]:
        return [cell for place, cell in enumerate(cells(line)) if place not in IN_WORDS]

    chinese = rows_of("Transitions", CHINESE)
    assert [without_words(line) for line in chinese] == [
        without_words(row(one)) for one in TRANSITIONS
    ]
    # And where there is a condition in one there is one in the other
    assert [cells(line)[5] == "–" for line in chinese] == [not one.condition for one in TRANSITIONS]


@BOTH
def test_the_page_draws_every_transition_and_no_other(page: str) -> None:
    # Given the arrows of the diagram
    arrows = re.findall(r"^    (\S+) --> (\S+): (\S+)$", page, re.MULTILINE)

    # Then they are those of the table
    wanted = [
        (start, str(one.to), one.name) for one in TRANSITIONS for start in (one.start or ("[*]",))
    ]
    assert sorted(arrows) == sorted(wanted)


@BOTH
def test_the_plain_drawing_names_everything(page: str) -> None:
    drawing = section("Drawn", page).split("```")[1]
    words = set(re.findall(r"\w+", drawing))
    assert {str(state) for state in State} | {one.name for one in TRANSITIONS} <= words


@BOTH
def test_the_page_tells_every_state_by_the_name_that_the_console_has_for_it(page: str) -> None:
    told = [cells(line)[1:3] for line in rows_of("States", page)]
    assert told == [[state, labels.STATES[state]] for state in State]
    for state, chinese in (cells(line)[1:3] for line in rows_of("Arrivals", page)):
        assert chinese == labels.STATES[state]


@BOTH
def test_the_page_tells_of_each_transition_what_an_interruption_leaves(page: str) -> None:
    told = [name for line in rows_of("Interrupted", page) for name in cells(line)[1].split(",")]
    assert sorted(name.strip() for name in told) == sorted(one.name for one in TRANSITIONS)


@BOTH
def test_the_page_names_every_fault_point_and_no_other(page: str) -> None:
    stages = {point.partition(".")[0] for point in POINTS}
    named = re.findall(
        r"`(([a-z]+)\.[a-z]+)`", "".join(rows_of("Interrupted", page)) + section("Repairs", page)
    )
    assert {point for point, stage in named if stage in stages} == set(POINTS)


def test_each_transition_has_a_function_and_each_function_a_transition() -> None:
    # Given the functions that change a document
    source = ast.parse(inspect.getsource(transitions))
    changing = {
        node.name
        for node in source.body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
        if {one.name.upper() for one in TRANSITIONS} & set(_names(node))
    }

    # Then they are those of the table, and each goes by its own row
    assert changing == {one.name for one in TRANSITIONS}
    for node in source.body:
        if isinstance(node, ast.FunctionDef) and node.name in changing:
            assert node.name.upper() in set(_names(node))


def test_what_is_final_only_an_operator_changes() -> None:
    leaving = {one.who for one in TRANSITIONS if set(one.start) & set(FINAL)}
    assert leaving == {"operator"}


def _names(node: ast.AST) -> Iterator[str]:
    return (found.id for found in ast.walk(node) if isinstance(found, ast.Name))


def modules() -> list[Path]:
    own = ("models/transitions.py", "models/ledger.py", "models/mending.py")
    found = [
        path
        for package in ("models", "worker", "watcher", "console")
        for path in (ROOT / package).rglob("*.py")
    ]
    others = [path for path in found if str(path.relative_to(ROOT)) not in own]
    return [path for path in others if "from models" in path.read_text("utf-8")]


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_nobody_else_writes_the_state_of_a_document(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    assert list(_writings(tree)) == []


def _writings(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called == "Document" or _sets(node):
                yield ast.unparse(node)
        for target in _targets(node):
            if not isinstance(target, ast.Attribute) or target.attr not in COUNTED:
                continue
            if not ast.unparse(target.value).endswith(("arrival", "known", "self")):
                yield ast.unparse(target)


def _sets(call: ast.Call) -> bool:
    """Tell whether it is ``update(Document)….values(state=…)``."""
    text = ast.unparse(call.func)
    if not text.endswith(".values") or "update(Document)" not in text:
        return False
    return any(keyword.arg is None or keyword.arg in COUNTED for keyword in call.keywords)


def _targets(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.Assign):
        return [part for target in node.targets for part in _parts(target)]
    if isinstance(node, ast.AugAssign):
        return [node.target]
    return []


def _parts(target: ast.expr) -> list[ast.expr]:
    return list(target.elts) if isinstance(target, ast.Tuple) else [target]
