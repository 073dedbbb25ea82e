"""The statutory form as data: three tables, their layouts, rows, columns and label variants.

Sources: 政府信息公开条例 (2019), art. 50, and the two notices that fix the form,
国办公开办函〔2019〕60号 (edition ``2019``, trial: reports on 2019 and 2020) and
国办公开办函〔2021〕30号 (edition ``2021``: reports on 2021 and later).

A *cell* is addressed as ``table.row.column``, e.g. ``applications.new_requests.total``.
These keys are the public contract of every output of the project.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Final


class Edition(StrEnum):
    """Which notice a report follows."""

    TRIAL = "2019"
    CURRENT = "2021"

    @classmethod
    def of(cls, year: int) -> "Edition":
        """Return the edition that reports on a year follow."""
        return cls.CURRENT if year >= int(cls.CURRENT) else cls.TRIAL


class Kind(StrEnum):
    """What a cell may hold: a count, an amount in 万元, or a signed change of a count."""

    COUNT = "count"
    AMOUNT = "amount"
    CHANGE = "change"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: its public key, its printed label and what its cells hold."""

    key: str
    label: str
    kind: Kind = Kind.COUNT
    variants: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One row: public key, printed label, the group label beside it, and label variants.

    ``group`` is the label of the merged cell to the left of the row (``（三）不予公开``), if any.
    ``number`` is the numbering printed before the label, as a bare digit or Chinese numeral.
    """

    key: str
    label: str
    columns: tuple[Column, ...]
    number: str = ""
    group: str = ""
    variants: tuple[str, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """The printed label and its variants, numbering not included."""
        return (self.label, *self.variants)


@dataclass(frozen=True)
class Layout:
    """One way a table is printed: rows in their order, and the editions that print it so.

    ``across`` says that all rows stand side by side on a single line of figures (table 四).
    """

    key: str
    table: str
    editions: tuple[Edition, ...]
    rows: tuple[Row, ...]
    across: bool = False

    @cached_property
    def row_keys(self) -> tuple[str, ...]:
        """The keys of the rows, in printed order."""
        return tuple(row.key for row in self.rows)

    @cached_property
    def cells(self) -> tuple[str, ...]:
        """Every cell address of the layout, in printed order."""
        return tuple(address for row in self.rows for address in self.addresses[row.key])

    @cached_property
    def addresses(self) -> dict[str, tuple[str, ...]]:
        """The cell addresses of each row, by its key, left to right."""
        return {
            row.key: tuple(cell_key(self.table, row.key, column.key) for column in row.columns)
            for row in self.rows
        }

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """How many columns each row has."""
        return tuple(len(row.columns) for row in self.rows)

    @cached_property
    def alike(self) -> tuple[int, ...]:
        """For each row the number of the first that has the same columns."""
        columns = [row.columns for row in self.rows]
        return tuple(columns.index(one) for one in columns)


@dataclass(frozen=True, slots=True)
class Table:
    """A statutory table: its key, its section heading and all known layouts, newest first."""

    key: str
    title: str
    layouts: tuple[Layout, ...] = field(repr=False)

    def printed_in(self, edition: Edition, cells: Iterable[str] = ()) -> Layout:
        """Return the layout in which the notice of an edition prints the table.

        Of several it is the newest that has the cells.
        """
        wanted = set(cells)
        known = [layout for layout in self.layouts if edition in layout.editions]
        return next((layout for layout in known if wanted <= set(layout.cells)), known[0])

    @property
    def rows(self) -> dict[str, Row]:
        """Every row of any layout by key; the first layout that prints a row defines it."""
        found: dict[str, Row] = {}
        for layout in self.layouts:
            for row in layout.rows:
                found.setdefault(row.key, row)
        return found


def cell_key(table: str, row: str, column: str) -> str:
    """Return the public address of a cell."""
    return f"{table}.{row}.{column}"


# --- Table 二: 主动公开政府信息情况 -------------------------------------------------------------

_MADE = Column("made", "本年制发件数", variants=("本年制发数量", "制发件数"))
_REPEALED = Column("repealed", "本年废止件数", variants=("废止件数", "本年废止数量"))
_IN_FORCE = Column("in_force", "现行有效件数", variants=("现行有效数量", "现行有效"))
_CREATED = Column("created", "本年新制作数量", variants=("本年新制作数", "新制作数量"))
_NEWLY_PUBLISHED = Column("newly_published", "本年新公开数量", variants=("新公开数量",))
_PUBLISHED_TOTAL = Column(
    "published_total", "对外公开总数量", variants=("对外公开总数", "公开总数量")
)
_DECISIONS_2021 = Column("decisions", "本年处理决定数量", variants=("处理决定数量",))
_DECISIONS_2019 = Column("decisions", "处理决定数量", variants=("本年处理决定数量",))
_PREVIOUS_ITEMS = Column("previous_items", "上一年项目数量", variants=("上年项目数量",))
_CHANGE = Column("change", "本年增/减", Kind.CHANGE, variants=("本年增减", "增/减"))
_FEE_AMOUNT = Column(
    "amount", "本年收费金额（单位：万元）", Kind.AMOUNT, variants=("本年收费金额",)
)
_PROJECTS = Column("projects", "采购项目数量")
_PROCUREMENT_AMOUNT = Column(
    "amount", "采购总金额", Kind.AMOUNT, variants=("采购总金额（单位：万元）",)
)

_DOCUMENTS_2021 = (_MADE, _REPEALED, _IN_FORCE)
_DOCUMENTS_2019 = (_CREATED, _NEWLY_PUBLISHED, _PUBLISHED_TOTAL)
_ITEMS_2019 = (_PREVIOUS_ITEMS, _CHANGE, _DECISIONS_2019)

_FEES_LABEL = "行政事业性收费"
_FEES_VARIANTS = ("行政事业型收费", "行政事业收费", "行政事业性收费金额")
_NORMATIVE_VARIANTS = ("规范性文件", "行政规范性文件数", "行政规范文件")

DISCLOSURE_2021: Final = Layout(
    "disclosure.2021",
    "disclosure",
    (Edition.CURRENT,),
    (
        Row("regulations", "规章", _DOCUMENTS_2021, variants=("政府规章",)),
        Row("normative_documents", "行政规范性文件", _DOCUMENTS_2021, variants=_NORMATIVE_VARIANTS),
        Row("licences", "行政许可", (_DECISIONS_2021,)),
        Row("penalties", "行政处罚", (_DECISIONS_2021,)),
        Row("coercion", "行政强制", (_DECISIONS_2021,), variants=("行政强制措施",)),
        Row("fees", _FEES_LABEL, (_FEE_AMOUNT,), variants=_FEES_VARIANTS),
    ),
)

DISCLOSURE_2019: Final = Layout(
    "disclosure.2019",
    "disclosure",
    (Edition.TRIAL,),
    (
        Row("regulations", "规章", _DOCUMENTS_2019, variants=("政府规章",)),
        Row("normative_documents", "规范性文件", _DOCUMENTS_2019, variants=("行政规范性文件",)),
        Row("licences", "行政许可", _ITEMS_2019),
        Row(
            "other_services",
            "其他对外管理服务事项",
            _ITEMS_2019,
            variants=("其它对外管理服务事项", "其他对外管理服务"),
        ),
        Row("penalties", "行政处罚", _ITEMS_2019),
        Row("coercion", "行政强制", _ITEMS_2019, variants=("行政强制措施",)),
        Row("fees", _FEES_LABEL, (_PREVIOUS_ITEMS, _CHANGE), variants=_FEES_VARIANTS),
        Row(
            "procurement",
            "政府集中采购",
            (_PROJECTS, _PROCUREMENT_AMOUNT),
            variants=("政府采购", "集中采购"),
        ),
    ),
)

# --- Table 三: 收到和处理政府信息公开申请情况 ---------------------------------------------------

NATURAL_PERSON: Final = Column("natural_person", "自然人")
ORGANISATIONS: Final = (
    Column("business", "商业企业", variants=("企业",)),
    Column("research", "科研机构"),
    Column("public_interest", "社会公益组织", variants=("社会公益",)),
    Column("legal_services", "法律服务机构"),
    Column("other", "其他", variants=("其它",)),
)
TOTAL: Final = Column("total", "总计", variants=("合计", "总数"))
APPLICANTS: Final = (NATURAL_PERSON, *ORGANISATIONS, TOTAL)

RESULTS_GROUP: Final = "三、本年度办理结果"
_DENIED = "（三）不予公开"
_UNAVAILABLE = "（四）无法提供"
_UNPROCESSED = "（五）不予处理"
_OTHER = "（六）其他处理"


def _application(
    key: str, number: str, label: str, group: str = "", variants: tuple[str, ...] = ()
) -> Row:
    return Row(key, label, APPLICANTS, number, group, variants)


_RECEIVED = (
    _application(
        "new_requests",
        "一",
        "本年新收政府信息公开申请数量",
        variants=("本年新收政府信息公开申请", "本年度新收政府信息公开申请数量"),
    ),
    _application(
        "carried_in",
        "二",
        "上年结转政府信息公开申请数量",
        variants=("上年结转政府信息公开申请", "上年度结转政府信息公开申请数量"),
    ),
)
_DECIDED = (
    _application("granted", "一", "予以公开", RESULTS_GROUP),
    _application(
        "granted_in_part",
        "二",
        "部分公开（区分处理的，只计这一情形，不计其他情形）",
        RESULTS_GROUP,
        ("部分公开",),
    ),
    _application("denied_state_secret", "1", "属于国家秘密", _DENIED),
    _application(
        "denied_prohibited_by_law",
        "2",
        "其他法律行政法规禁止公开",
        _DENIED,
        ("其他法律、行政法规禁止公开", "法律行政法规禁止公开"),
    ),
    _application(
        "denied_safety_stability",
        "3",
        "危及“三安全一稳定”",
        _DENIED,
        ("危及三安全一稳定", "危及国家安全公共安全经济安全社会稳定"),
    ),
    _application("denied_third_party", "4", "保护第三方合法权益", _DENIED, ("损害第三方合法权益",)),
    _application(
        "denied_internal_affairs",
        "5",
        "属于三类内部事务信息",
        _DENIED,
        ("属于三类内部事务性信息", "属于内部事务信息"),
    ),
    _application(
        "denied_process_information",
        "6",
        "属于四类过程性信息",
        _DENIED,
        ("属于四类过程信息", "属于过程性信息"),
    ),
    _application("denied_enforcement_files", "7", "属于行政执法案卷", _DENIED),
    _application("denied_administrative_query", "8", "属于行政查询事项", _DENIED),
    _application(
        "unavailable_not_held",
        "1",
        "本机关不掌握相关政府信息",
        _UNAVAILABLE,
        ("本机关不掌握相关信息", "本机关不掌握"),
    ),
    _application(
        "unavailable_needs_creation",
        "2",
        "没有现成信息需要另行制作",
        _UNAVAILABLE,
        ("没有现成信息", "需要另行制作"),
    ),
    _application(
        "unavailable_still_unclear",
        "3",
        "补正后申请内容仍不明确",
        _UNAVAILABLE,
        ("补正后仍不明确", "申请内容不明确"),
    ),
    _application(
        "unprocessed_petition",
        "1",
        "信访举报投诉类申请",
        _UNPROCESSED,
        ("信访、举报、投诉类申请", "信访投诉举报类申请"),
    ),
    _application("unprocessed_repeated", "2", "重复申请", _UNPROCESSED),
    _application(
        "unprocessed_publication", "3", "要求提供公开出版物", _UNPROCESSED, ("公开出版物",)
    ),
    _application(
        "unprocessed_excessive",
        "4",
        "无正当理由大量反复申请",
        _UNPROCESSED,
        ("大量反复申请",),
    ),
    _application(
        "unprocessed_reconfirmation",
        "5",
        "要求行政机关确认或重新出具已获取信息",
        _UNPROCESSED,
        ("确认或重新出具已获取信息",),
    ),
)
_OTHER_DIVIDED = (
    _application(
        "other_not_corrected_in_time",
        "1",
        "申请人无正当理由逾期不补正、行政机关不再处理其政府信息公开申请",
        _OTHER,
        ("申请人无正当理由逾期不补正", "逾期不补正"),
    ),
    _application(
        "other_fee_unpaid",
        "2",
        "申请人逾期未按收费通知要求缴纳费用、行政机关不再处理其政府信息公开申请",
        _OTHER,
        ("申请人逾期未按收费通知要求缴纳费用", "申请人逾期不缴费", "逾期不缴费"),
    ),
    _application("other_outcome", "3", "其他", _OTHER, ("其它",)),
)
_OTHER_UNDIVIDED = (
    _application("other_undivided", "六", "其他处理", RESULTS_GROUP, ("其它处理",)),
)
_CLOSING = (
    _application("processed_total", "七", "总计", RESULTS_GROUP, ("合计",)),
    _application(
        "carried_out",
        "四",
        "结转下年度继续办理",
        variants=("结转下年继续办理", "结转下一年度继续办理"),
    ),
)

APPLICATIONS_DIVIDED: Final = Layout(
    "applications.divided",
    "applications",
    (Edition.CURRENT,),
    (*_RECEIVED, *_DECIDED, *_OTHER_DIVIDED, *_CLOSING),
)
# The trial edition prints （六）其他处理 as one row; some reports on 2023 and 2024 still do.
APPLICATIONS_UNDIVIDED: Final = Layout(
    "applications.undivided",
    "applications",
    (Edition.TRIAL, Edition.CURRENT),
    (*_RECEIVED, *_DECIDED, *_OTHER_UNDIVIDED, *_CLOSING),
)

OUTCOME_ROWS: Final = tuple(row.key for row in (*_DECIDED, *_OTHER_DIVIDED, *_OTHER_UNDIVIDED))
"""Rows that add up to ``processed_total`` where they are printed (edit ``T3.OUTCOMES``)."""

# --- Table 四: 政府信息公开行政复议、行政诉讼情况 ------------------------------------------------

RESULTS: Final = (
    Column("upheld", "结果维持"),
    Column("corrected", "结果纠正"),
    Column("other", "其他结果", variants=("其它结果",)),
    Column("pending", "尚未审结"),
    TOTAL,
)
_REVIEW_ROWS = (
    Row("reconsideration", "行政复议", RESULTS),
    Row(
        "litigation_direct",
        "未经复议直接起诉",
        RESULTS,
        group="行政诉讼",
        variants=("未经复议直接诉讼",),
    ),
    Row(
        "litigation_after_reconsideration",
        "复议后起诉",
        RESULTS,
        group="行政诉讼",
        variants=("复议后诉讼", "经复议后起诉"),
    ),
)
_BOTH = (Edition.TRIAL, Edition.CURRENT)
REVIEW_ACROSS: Final = Layout("review.across", "review", _BOTH, _REVIEW_ROWS, across=True)
REVIEW_DOWN: Final = Layout("review.down", "review", _BOTH, _REVIEW_ROWS)

# --- The whole form -----------------------------------------------------------------------------

DISCLOSURE: Final = Table("disclosure", "主动公开政府信息情况", (DISCLOSURE_2021, DISCLOSURE_2019))
APPLICATIONS: Final = Table(
    "applications",
    "收到和处理政府信息公开申请情况",
    (APPLICATIONS_DIVIDED, APPLICATIONS_UNDIVIDED),
)
REVIEW: Final = Table("review", "政府信息公开行政复议、行政诉讼情况", (REVIEW_ACROSS, REVIEW_DOWN))
TABLES: Final = {table.key: table for table in (DISCLOSURE, APPLICATIONS, REVIEW)}
LAYOUTS: Final = {layout.key: layout for table in TABLES.values() for layout in table.layouts}

SECTIONS: Final = (
    ("overview", "总体情况"),
    ("disclosure", "主动公开政府信息情况"),
    ("applications", "收到和处理政府信息公开申请情况"),
    ("review", "政府信息公开行政复议、行政诉讼情况"),
    ("problems", "存在的主要问题及改进情况"),
    ("other_matters", "其他需要报告的事项"),
)
"""The six sections of the report, as (key, heading), in the order the notice fixes."""


def column_of(cell: str) -> Column:
    """Return the column a cell address stands in, under the newest layout that prints it.

    Raises:
        KeyError: no layout of the form prints such a cell.
    """
    table, row, column = cell.split(".")
    for layout in TABLES[table].layouts:
        for candidate in layout.rows:
            if candidate.key == row:
                for found in candidate.columns:
                    if found.key == column:
                        return found
    raise KeyError(cell)
