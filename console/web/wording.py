"""What keys are called on a page: in Chinese by the words of the form, in English by their own."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from console import fields, form_labels, labels, titles
from console.reference import reasons
from console.web.languages import CHINESE, translations
from console.web.messages import told
from models.disclosure.form import TABLES
from models.divisions.gazetteer import division

_ACTIONS: Final[Mapping[str, str]] = {
    "retry": "重新处理",
    "correct": "更正",
    "accept": "照原样接受",
    "discard": "弃置",
    "restore": "放回",
}
_LEVELS: Final[Mapping[str, str]] = {
    "debug": "调试",
    "info": "信息",
    "warning": "警告",
    "error": "错误",
    "critical": "严重",
}
_ROLES: Final[Mapping[str, str]] = {"viewer": "查看", "operator": "操作", "admin": "管理"}
_VALUES: Final[Mapping[str, Mapping[str, str]]] = {
    "reason": labels.REASONS,
    "stage": labels.STAGES,
    "role": _ROLES,
    "decision": labels.ACTIONS,
}
"""Fields that have one of a few values."""
_MODES: Final[Mapping[str, str]] = {"events": "文件事件", "scan": "扫描"}
"""How a source is watched."""
_PROVINCE: Final = 2


def words(language: str) -> dict[str, Callable[..., Any]]:
    """Return what templates call things by, in a language."""
    chinese = language == CHINESE

    def of(names: Mapping[str, str]) -> Callable[[str | None], str]:
        def called(key: str | None) -> str:
            if key is None:
                return ""
            return names.get(key, key) if chinese else key.replace("_", " ")

        return called

    return {
        "reason_name": of(labels.REASONS),
        "stage_name": of(labels.STAGES),
        "state_name": of(labels.STATES),
        "action_name": of(_ACTIONS),
        "level_name": of(_LEVELS),
        "role_name": of(_ROLES),
        "mode_name": of(_MODES),
        "advice": lambda reason: reasons.advice(reason, chinese=chinese),
        "mechanism_name": of(labels.MECHANISMS),
        "origin_name": of(labels.ORIGINS),
        "event_name": lambda name: (titles.title(name) or name) if chinese else name,
        "field_name": lambda name: fields.field(name) if chinese else name,
        "field_value": lambda name, value: field_value(name, value, language),
        "fact_name": lambda name: _fact(name, language),
        "rule_name": lambda rule: rule_name(rule, language),
        "division_name": division_name,
        "cell_name": form_labels.cell,
        "scope_name": form_labels.scope,
        "refusal": lambda problem: _refusal(problem, language),
        "worded": lambda message: told(message, language),
        "unfit": lambda cell, why: told(why, language).removeprefix(cell).lstrip("：: "),
    }


def _fact(name: str, language: str) -> str:
    """Return what a fact of a report is called that two versions do not share."""
    table = TABLES.get(name.removeprefix("layout."))
    if language != CHINESE:
        return name.replace("_", " ")
    return labels.FACTS.get(name, name) if table is None else f"表式 · {table.title}"


def _refusal(problem: str, language: str) -> str:
    """Return ``unreadable: pdfium cannot draw it`` as a sentence."""
    reason, mark, message = problem.partition(": ")
    if not mark or reason not in labels.REASONS:
        return told(problem, language)
    if language == CHINESE:
        return f"{labels.REASONS[reason]}：{told(message, language)}。"
    return f"It is {reason.replace('_', ' ')}: {message}."


def field_value(name: str, value: Any, language: str) -> Any:
    """Return what an event says in a field, in Chinese as far as that is known."""
    if language == CHINESE and name == "stages" and isinstance(value, dict):
        return {labels.STAGES.get(stage, stage): spent for stage, spent in value.items()}
    if language != CHINESE or not isinstance(value, str):
        return value
    if name in fields.SPOKEN:
        return told(value, language)
    return _VALUES.get(name, {}).get(value, value)


def rule_name(rule: str, language: str) -> str:
    """Return what an edit is called; one that is no longer there keeps its id."""
    from worker.check.rules import RULES

    found = RULES.get(rule)
    if found is None:
        return rule
    return found.title_zh if language == CHINESE else found.title_en


def division_name(code: str | None) -> str:
    """Return the name of a province by two digits of its code, of any division by six."""
    if not code:
        return ""
    found = division(code.ljust(6, "0"))
    return code if found is None else "".join(found.path) if len(code) > _PROVINCE else found.name


def text(language: str, message: str) -> str:
    """Return a message of the program in a language."""
    return translations(language).gettext(message)
