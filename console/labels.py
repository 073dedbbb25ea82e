"""What things are called: reasons, stages, states. The words of the form are in ``form_labels``."""

from collections.abc import Mapping
from typing import Final

from models.disclosure.finding import Reason

REASONS: Final[Mapping[str, str]] = {
    Reason.UNSUPPORTED_TYPE: "类型不支持",
    Reason.UNSUPPORTED_EDITION: "版式不支持",
    Reason.EMPTY: "空文件",
    Reason.TOO_LARGE: "文件过大",
    Reason.TRUNCATED: "文件不完整",
    Reason.ENCRYPTED: "文件加密",
    Reason.UNREADABLE: "无法读取",
    Reason.NOT_A_REPORT: "不是年报",
    Reason.INCOMPLETE: "内容不全",
    Reason.INVALID_VALUE: "数值无效",
    Reason.IMBALANCED: "勾稽不平",
    Reason.PUBLISHER_CONFLICT: "机关冲突",
    Reason.TIMEOUT: "处理超时",
    Reason.CRASH_LOOP: "反复崩溃",
    Reason.STORAGE_ERROR: "存储故障",
}
"""Every reason of a dead letter; a test holds them together."""

STATES: Final[Mapping[str, str]] = {
    "received": "已收到",
    "queued": "排队中",
    "processing": "处理中",
    "stored": "已入库",
    "unpacked": "已拆包",
    "dead": "死信",
    "discarded": "已弃置",
    "duplicate": "重复",
    "ignored": "忽略",
    "accepted": "已收取",
    "sidecar": "附带信息",
    "retry": "稍后再试",
    "released": "已交还",
    "handed_over": "已转交",
    "lost": "已失联",
}
"""States of documents and arrivals, and outcomes of attempts."""

STAGES: Final[Mapping[str, str]] = {
    "read": "读取",
    "fetch": "取原件",
    "recognise": "识别",
    "check": "核对",
    "unpack": "拆包",
    "store": "入库",
    "process": "处理",
    "queue": "排队",
}
"""Where a document can be refused or given up."""

ACTIONS: Final[Mapping[str, str]] = {
    "retry": "重新处理",
    "correct": "更正",
    "accept": "接受",
    "discard": "弃置",
}
"""What an operator can decide; a test holds them together."""

FACTS: Final[Mapping[str, str]] = {
    "publisher": "机关",
    "year": "年度",
    "edition": "版式",
    "title": "标题",
    "period": "统计期限",
    "signature": "落款",
    "signed_on": "落款日期",
}
"""What a report says of itself, beside its tables."""

MECHANISMS: Final[Mapping[str, str]] = {
    "single_cell": "一个单元格",
    "leaf_and_total": "一格与其总计",
    "two_cells": "两个单元格",
    "three_cells": "三个单元格",
    "swapped": "两格互换",
    "wrong_column": "错列",
    "wrong_row": "错行",
    "shifted_left": "整行左移一格",
    "shifted_right": "整行右移一格",
    "split": "一数拆成两数",
    "merged": "两数并成一数",
    "line_slipped": "数字串错位",
    "column_slipped": "整列错位",
    "row_missing": "整行漏填",
    "rows_slipped": "多行错位",
    "rows_swapped": "两行互换",
    "totals_not_printed": "总计未填",
    "unreadable": "非数字单元格",
    "several": "多处",
}
"""By what a report may have come out of balance."""

ORIGINS: Final[Mapping[str, str]] = {
    "reading": "识读",
    "publisher": "发布机关",
    "undetermined": "未定",
}
"""Who would have erred."""

LOCALISED: Final[Mapping[str, str]] = {
    "unique": "唯一最小改动",
    "tied": "多种同等可能",
    "not_localised": "三格之内未能定位",
    "capped": "搜索已达上限",
}
"""How far localisation came."""

QUEUE_AWAY: Final = "队列连不上 the queue cannot be reached"
START_QUEUE: Final = "gouji up  启动 starts the embedded queue; 或检查 or check GOUJI_BROKER_URL"


def named(names: Mapping[str, str], key: str) -> str:
    """Return a key in Chinese beside itself: ``整行左移一格 shifted_left``."""
    return f"{names.get(key, '')} {key}".strip()


def queue_away(error: object = "") -> str:
    """Return how it is told everywhere that the queue does not answer, with what it said."""
    text = " ".join(str(error).removeprefix("the broker cannot be reached").split()).strip(": ")
    return f"{QUEUE_AWAY}: {text}" if text else QUEUE_AWAY


def reason(name: str | None) -> str | None:
    """Return a reason in Chinese beside its name: ``勾稽不平 imbalanced``."""
    return name and named(REASONS, name)


def stage(name: str | None) -> str | None:
    """Return a stage in Chinese beside its name: ``核对 check``."""
    return name and named(STAGES, name)


def action(name: str | None) -> str | None:
    """Return a decision in Chinese beside its name: ``更正 correct``."""
    return name and f"{ACTIONS.get(name, '')} {name}".strip()
