"""What things are called: rows, columns and scopes in the words of the form; reasons, stages."""

import re
from collections.abc import Mapping
from typing import Final

from models.disclosure.finding import Reason
from models.disclosure.form import RESULTS_GROUP, TABLES, Row, column_of
from models.disclosure.localisation import Mechanism, Origin, Status

_ROW_RULES: Final = {"T3.APPLICANTS": "applications", "T4.RESULTS": "review"}
_COLUMN_RULES: Final = {"T3.FLOW": "applications", "T3.OUTCOMES": "applications"}
_BETWEEN_YEARS: Final = {"YEAR.CARRIED": "T3.FLOW", "YEAR.STOCK": "YEAR"}
"""Rules whose scope begins with two years; the rest is that of another rule."""
_LONG: Final = 14


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

MECHANISMS: Final[Mapping[str, str]] = {
    Mechanism.SINGLE_CELL: "一个单元格",
    Mechanism.LEAF_AND_TOTAL: "一格与其总计",
    Mechanism.TWO_CELLS: "两个单元格",
    Mechanism.THREE_CELLS: "三个单元格",
    Mechanism.SWAPPED: "两格互换",
    Mechanism.WRONG_COLUMN: "错列",
    Mechanism.WRONG_ROW: "错行",
    Mechanism.SHIFTED_LEFT: "整行左移一格",
    Mechanism.SHIFTED_RIGHT: "整行右移一格",
    Mechanism.SPLIT: "一数拆成两数",
    Mechanism.MERGED: "两数并成一数",
    Mechanism.LINE_SLIPPED: "数字串错位",
    Mechanism.COLUMN_SLIPPED: "整列错位",
    Mechanism.ROW_MISSING: "整行漏填",
    Mechanism.ROWS_SLIPPED: "多行错位",
    Mechanism.ROWS_SWAPPED: "两行互换",
    Mechanism.TOTALS_NOT_PRINTED: "总计未填",
    Mechanism.UNREADABLE: "非数字单元格",
    Mechanism.SEVERAL: "多处",
}
"""By what a report may have come out of balance."""

ORIGINS: Final[Mapping[str, str]] = {
    Origin.READING: "识读",
    Origin.PUBLISHER: "发布机关",
    Origin.UNDETERMINED: "未定",
}
"""Who would have erred."""

LOCALISED: Final[Mapping[str, str]] = {
    Status.UNIQUE: "唯一最小改动",
    Status.TIED: "多种同等可能",
    Status.NOT_LOCALISED: "三格之内未能定位",
    Status.CAPPED: "搜索已达上限",
}
"""How far localisation came."""

QUEUE_AWAY: Final = "队列连不上 the queue cannot be reached"
START_QUEUE: Final = "gouji up  启动 starts the embedded queue; 或检查 or check GOUJI_BROKER_URL"


def named(names: Mapping[str, str], key: str) -> str:
    """Return a key in Chinese beside itself: ``整行左移一格 shifted_left``."""
    return f"{names.get(key, '')} {key}".strip()


_SCOPED: Final = re.compile(
    r"\b([A-Z][A-Z0-9]*\.[A-Z]+) ((?:\d{4}-\d{4}\.)?[a-z_]+(?:\.[a-z_]+)*): "
)


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


def worded(message: str) -> str:
    """Return a message with the scopes of its findings in the words of the form."""
    return _SCOPED.sub(lambda found: f"{found[1]} {scope(found[1], found[2])}: ", message)


def numbered(row: Row) -> str:
    """Return a row's label with its numbering as the notice prints it."""
    if not row.number:
        return row.label
    if not row.group:
        return f"{row.number}、{row.label}"
    if row.group == RESULTS_GROUP:
        return f"（{row.number}）{row.label}"
    return f"{row.number}.{row.label}"


def full(row: Row) -> str:
    """Return a row's label with the group it stands in, which tells one 其他 from another."""
    if not row.group or row.group == RESULTS_GROUP:
        return numbered(row)
    return f"{row.group} {numbered(row)}"


def brief(row: Row) -> str:
    """Return a row's label without numbering; of a long one the part that says it."""
    label = row.label
    for mark in "（、":
        if len(label) > _LONG:
            label = label.partition(mark)[0]
    return label


def scope(rule: str, key: str) -> str:
    """Return what a finding's scope is called; a scope the form does not know stays itself."""
    if rule in _BETWEEN_YEARS:
        years, _, rest = key.partition(".")
        return f"{years} {scope(_BETWEEN_YEARS[rule], rest)}"
    if rule in _COLUMN_RULES:
        row = next(iter(TABLES[_COLUMN_RULES[rule]].rows.values()))
        return next((column.label for column in row.columns if column.key == key), key)
    if rule in _ROW_RULES:
        found = TABLES[_ROW_RULES[rule]].rows.get(key)
        return full(found) if found else key
    if key in TABLES:
        return TABLES[key].title
    if key.count(".") == 2:
        return cell(key)
    return next((full(t.rows[key]) for t in TABLES.values() if key in t.rows), key)


def cell(address: str) -> str:
    """Return what a cell is called: its row and its column."""
    table, row, _ = address.split(".")
    try:
        return f"{full(TABLES[table].rows[row])} · {column_of(address).label}"
    except KeyError:
        return address


def row_of(address: str) -> Row:
    """Return the row a cell stands in."""
    table, row, _ = address.split(".")
    return TABLES[table].rows[row]
