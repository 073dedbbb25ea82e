"""The edits as a table: one row each, with its id, severity, scope and source.

Terms follow statistical data editing (de Waal, Pannekoek & Scholtus 2011): an *edit* is a rule
that figures must satisfy; a *hard* edit that fails is an error, a *soft* one is worth a look.
"""

from dataclasses import dataclass
from typing import Final

from models.disclosure.finding import Severity

_FORM_2021: Final = "国办公开办函〔2021〕30号"
_FORM_2019: Final = "国办公开办函〔2019〕60号"


@dataclass(frozen=True, slots=True)
class Rule:
    """One edit. ``equation`` is in the words of the form; ``clause`` names its source."""

    id: str
    severity: Severity
    title_zh: str
    title_en: str
    scope: str
    equation: str
    clause: str
    explanation: str
    version: int = 1


_ALL: Final = (
    Rule(
        "T3.FLOW",
        Severity.HARD,
        "收支平衡",
        "Requests received equal requests dealt with and carried out",
        "each of the 7 columns of table 三",
        "本年新收 + 上年结转 = （七）总计 + 结转下年度",
        f"{_FORM_2021}, {_FORM_2019}, 表三: 第一项加第二项之和，等于第三项加第四项之和",
        "The one relation the form itself prints, above table 三. Blank, slash, dash and absent "
        "addends count as 0 and are listed; where （七）总计 is not printed it is not assessable.",
    ),
    Rule(
        "T3.OUTCOMES",
        Severity.HARD,
        "办理结果合计",
        "Outcomes add up to the total processed",
        "each of the 7 columns of table 三",
        "（一）至（六）各项之和 = （七）总计",
        f"{_FORM_2021}, {_FORM_2019}, 表三 三、本年度办理结果",
        "Every outcome row that is printed counts, with （六）其他处理 as one row or as three. "
        "Some publishers print no 总计 of any outcome row: that column is not assessable then, "
        "and each figure is still held to its own column.",
    ),
    Rule(
        "T3.APPLICANTS",
        Severity.HARD,
        "申请人合计",
        "Applicants add up to the row total",
        "each row of table 三",
        "自然人 + 法人或其他组织五列之和 = 总计",
        f"{_FORM_2021}, {_FORM_2019}, 表三 申请人情况",
        "Natural persons and the five kinds of organisation make the 总计 at the end of the row.",
    ),
    Rule(
        "T4.RESULTS",
        Severity.HARD,
        "复议诉讼合计",
        "Results add up to the total",
        "each of the 3 rows of table 四",
        "结果维持 + 结果纠正 + 其他结果 + 尚未审结 = 总计",
        f"{_FORM_2021}, {_FORM_2019}, 表四",
        "Holds for 行政复议, 未经复议直接起诉 and 复议后起诉 each.",
    ),
    Rule(
        "CELL.VALUE",
        Severity.HARD,
        "数值有效",
        "A cell holds a figure of its kind",
        "every cell",
        "计数为非负整数；金额为非负小数（万元）；2019 年版“本年增/减”可带正负号",
        f"{_FORM_2021}, {_FORM_2019}, 填报说明",
        "Blank, slash and dash are no figures and no errors. Words in a cell (约399, 若干) are no "
        "figure: the cell is unreadable and keeps them. A converted unit is a soft finding.",
    ),
    Rule(
        "CELL.CONFIDENCE",
        Severity.SOFT,
        "识别存疑",
        "OCR is sure of the figure",
        "every cell read from a scan",
        "识别置信度不低于阈值",
        "reading of scanned pages by OCR",
        "Lists the cells whose least sure character is below the threshold, or where shape and "
        "reading disagree. They are taken as read: no edit repairs or chooses digits.",
    ),
    Rule(
        "TABLE.COMPLETE",
        Severity.HARD,
        "表格完整",
        "The table is there with every row",
        "every table",
        "表格存在，且已知版式的每一行均能识别",
        f"{_FORM_2021}, {_FORM_2019}",
        "Hard only when a table is missing, holds no figure, or its rows cannot be told apart: "
        "more than half of them not found, or a line of figures that fits no row. A missing row is "
        "soft, and so are blank cells and figures whose column the edits had to choose. An edit "
        "whose 总计 is not printed is not assessable: that is soft too.",
    ),
    Rule(
        "YEAR.CARRIED",
        Severity.SOFT,
        "结转衔接",
        "Requests carried in are those carried out the year before",
        "each of the 7 columns of table 三, two reports of one publisher",
        "本年：上年结转 = 上年：结转下年度继续办理",
        f"{_FORM_2021}, {_FORM_2019}, 表三 二、上年结转, 四、结转下年度",
        "Found on the reports of both years, between the versions that stand, and looked at again "
        "when either changes. A blank counts as 0 and is listed; where a figure is not in the file "
        "or neither is printed it is not assessed. Bodies that were merged carry over each "
        "other's.",
    ),
    Rule(
        "YEAR.STOCK",
        Severity.SOFT,
        "现行有效件数衔接",
        "Documents in force are those of the year before, more what was made, less what was "
        "repealed",
        "规章 and 行政规范性文件 of table 二, two reports of one publisher",
        "本年现行有效 = 上年现行有效 + 本年制发 - 本年废止",
        f"{_FORM_2021}, 表二 第二十条第（一）项",
        "Found on the reports of both years, as YEAR.CARRIED. Only the 2021 form has a stock: "
        "对外公开总数量 of the 2019 form is what is published, not what is in force.",
    ),
    Rule(
        "TEXT.COUNTS",
        Severity.SOFT,
        "文表一致",
        "The narrative agrees with the table",
        "counts stated in section 一",
        "第一部分所述件数 = 表中对应数字",
        "政府信息公开条例 第五十条",
        "Narrative and table differ for legitimate reasons in about half of real reports; "
        "never a reason to refuse one.",
    ),
    Rule(
        "DATE.YEAR",
        Severity.SOFT,
        "年份一致",
        "Title, period, file name and signature agree",
        "title, statistics period, file name, signature",
        "标题年份 = 统计期限年份 = 文件名年份；落款日期晚于统计期限",
        "政府信息公开条例 第四十九条",
        "A report signed before its period ends, or with two years in it, is worth a look; so is "
        "one with these tables on a year before 2019, when there were none.",
    ),
    Rule(
        "REPORT.IDENTITY",
        Severity.SOFT,
        "报告身份",
        "Publisher and year are known",
        "title",
        "标题载明发布机关和年度",
        "政府信息公开条例 第五十条",
        "Without publisher or year the report is stored but cannot be filed with its neighbours.",
    ),
    Rule(
        "PUBLISHER.EVIDENCE",
        Severity.SOFT,
        "发布机关一致",
        "Every witness names the same publisher",
        "title, signature, opening sentence, page title, source, file name",
        "标题 = 落款 = 正文 = 来源所称的发布机关",
        "政府信息公开条例 第五十条",
        "The title is believed. Hard only where two publishers are equally likely: two reports in "
        "one file, or no title and two bodies in the text.",
    ),
    Rule(
        "PUBLISHER.DIVISION",
        Severity.SOFT,
        "行政区划可识别",
        "The division in the publisher's name is known",
        "publisher",
        "机关名所冠行政区划见于 GB/T 2260 名录",
        "GB/T 2260; 民政部行政区划代码",
        "Names one character off are told (did you mean), names of several divisions are listed; "
        "nothing is repaired or guessed. Development zones belong to the division they name.",
    ),
)

RULES: Final = {rule.id: rule for rule in _ALL}
"""Every edit by its id, in the order in which findings are listed."""
