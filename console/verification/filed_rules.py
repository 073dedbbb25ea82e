"""The rules of reports, dead letters, decisions and history."""

from typing import Final

from console.verification.rule import ERROR, REPAIR, RESTORE, TELL, WARNING, Rule

RULES: Final = (
    Rule(
        "REPORT.NO_DOCUMENT",
        ERROR,
        "报告无文档",
        "a report of a document that is not there",
        RESTORE,
    ),
    Rule(
        "REPORT.NOT_STORED",
        ERROR,
        "有报告却未入库",
        "a report of a document that is not stored",
        REPAIR,
        "marks a document that waits as stored",
    ),
    Rule("REPORT.TWICE", ERROR, "一份文档两份报告", "two reports of one document", TELL),
    Rule(
        "REPORT.ROWS",
        ERROR,
        "表行与版式不符",
        "a report's rows are not those of its layouts",
        RESTORE,
    ),
    Rule("REPORT.STRAY_ROWS", ERROR, "表行无报告", "rows of a report that is not there", RESTORE),
    Rule(
        "REPORT.FIGURES",
        ERROR,
        "数字被改动",
        "figures are not those that were stored",
        "compare with gouji inspect of the original; restore from a backup",
    ),
    Rule(
        "REPORT.FINDINGS",
        WARNING,
        "发现数不符",
        "a report counts other findings than are kept",
        TELL,
    ),
    Rule(
        "REPORT.YEARS",
        WARNING,
        "跨年发现有误",
        "a report has other findings between years than it and its neighbours make",
        REPAIR,
        "finds them anew, for it and both its neighbours",
    ),
    Rule(
        "REPORT.STANDING",
        ERROR,
        "现行版次不唯一",
        "not exactly one version stands for a publisher and year",
        "gouji reports restore",
        "lets the newest stand where none does",
    ),
    Rule(
        "REPORT.VERSIONS",
        ERROR,
        "版次编号不连续",
        "versions that are not numbered 1, 2, 3, …",
        TELL,
    ),
    Rule(
        "REPORT.COPY", ERROR, "副本指向有误", "a copy that is not one of the version it names", TELL
    ),
    Rule(
        "LETTER.NO_DOCUMENT",
        ERROR,
        "死信无文档",
        "a dead letter of a document that is not there",
        RESTORE,
    ),
    Rule(
        "LETTER.NOT_DEAD",
        ERROR,
        "死信未结而文档未死",
        "an open dead letter of a document that is not dead",
        REPAIR,
        "closes it as the document's state says",
    ),
    Rule("LETTER.TWICE", ERROR, "两封未结死信", "two open dead letters of one document", TELL),
    Rule(
        "LETTER.NO_ATTEMPT",
        ERROR,
        "死信无尝试",
        "a dead letter without the attempt that it speaks of",
        RESTORE,
    ),
    Rule(
        "LETTER.WORDS",
        ERROR,
        "死信原因有误",
        "a reason, stage or resolution that there is not",
        TELL,
    ),
    Rule(
        "LETTER.UNDECIDED",
        ERROR,
        "死信已结却无决定",
        "a resolved dead letter that nobody decided about",
        TELL,
    ),
    Rule(
        "DECISION.NO_LETTER",
        ERROR,
        "决定无死信",
        "a decision about a dead letter that is not there",
        RESTORE,
    ),
    Rule(
        "DECISION.OPEN",
        ERROR,
        "已决定而死信未结",
        "a decision about a dead letter that is still open",
        TELL,
    ),
    Rule(
        "EVENT.NO_BEGINNING",
        WARNING,
        "经过缺开头",
        "a document whose history does not tell that it came",
        REPAIR,
        "writes the event, and that it was missing",
    ),
    Rule(
        "EVENT.NO_END",
        WARNING,
        "经过缺结尾",
        "a document whose history does not tell how it ended",
        REPAIR,
        "writes the event, and that it was missing",
    ),
)
