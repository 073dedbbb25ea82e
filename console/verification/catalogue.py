"""Every rule that a verification holds the house to: what breaks it, and what to do then.

Codes are stable: programs may match them. ``python -m console.verification.catalogue`` prints the
table of ``docs/operation.md``.
"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Severity(StrEnum):
    """How bad a discrepancy is.

    An ``error`` breaks the promise: something is lost, done twice, or will never end. A
    ``warning`` wants a look, and ``info`` is only worth knowing.
    """

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        code: its name.
        severity: how bad it is where the rule is broken.
        chinese: what is wrong, in a few words.
        english: the same.
        advice: what to do.
        mending: what ``--repair`` does; empty where it does nothing.
        idle: whether it mends itself once gouji runs, so that it is only worth knowing meanwhile.
    """

    code: str
    severity: Severity
    chinese: str
    english: str
    advice: str
    mending: str = ""
    idle: bool = False

    @property
    def title(self) -> str:
        """What is wrong, in both languages."""
        return f"{self.chinese} {self.english}"


_E, _W, _I = Severity.ERROR, Severity.WARNING, Severity.INFO
_RESTORE: Final = "restore the database from a backup"
_TELL: Final = "keep the database as it is and report it: this is a fault of the program"
_START: Final = "gouji up"

_ALL: Final = (
    # the database itself
    Rule(
        "DATABASE.REVISION", _E, "数据库版本不符", "the database has another revision", "gouji init"
    ),
    Rule("DATABASE.DAMAGED", _E, "数据库文件损坏", "the database file is damaged", _RESTORE),
    Rule(
        "DATABASE.REFERENCE",
        _E,
        "引用的行不存在",
        "a row refers to one that is not there",
        _RESTORE,
    ),
    # bytes
    Rule(
        "ARCHIVE.MISSING",
        _E,
        "归档缺文件",
        "a document's bytes are not in the archive",
        "restore the archive from a backup; figures already stored are not affected",
        "copies them from the original, if that still lies somewhere; gives an unread document up",
    ),
    Rule(
        "ARCHIVE.DAMAGED",
        _E,
        "归档字节损坏",
        "archived bytes do not match their SHA-256",
        "restore the file from a backup; check the disk",
        "copies them from the original, if that still lies somewhere; gives an unread document up",
    ),
    Rule(
        "ARCHIVE.UNREADABLE",
        _E,
        "归档文件读不出",
        "archived bytes cannot be read",
        "check the disk and the owner of the file",
    ),
    Rule(
        "ARCHIVE.SIZE",
        _W,
        "大小记录有误",
        "the ledger has another size than the sound bytes",
        "gouji verify --repair",
        "sets the size",
    ),
    Rule(
        "ARCHIVE.ORPHAN",
        _W,
        "归档有无主文件",
        "bytes that no document has",
        "after a restore: bring the originals in again; else housekeeping deletes them in time",
    ),
    Rule(
        "ARCHIVE.LEFTOVER",
        _I,
        "未完成的副本",
        "unfinished copies left by a killed process",
        "the watcher deletes them when it starts",
        "deletes those a day old",
    ),
    Rule(
        "ARCHIVE.STRANGER",
        _I,
        "归档里的外来文件",
        "something that gouji did not put into the archive",
        "move it away",
    ),
    # arrivals
    Rule(
        "ARRIVAL.NO_DOCUMENT",
        _E,
        "到达无文档",
        "an arrival that was taken in has no document",
        _RESTORE,
    ),
    Rule(
        "ARRIVAL.NO_CONTAINER",
        _E,
        "到达的压缩包未拆",
        "a member whose archive is not unpacked",
        _RESTORE,
    ),
    Rule(
        "ARRIVAL.STATE",
        _E,
        "到达状态有误",
        "an arrival in a state that there is not, or cannot be",
        _TELL,
    ),
    Rule(
        "ARRIVAL.SIZE",
        _E,
        "到达与文档大小不符",
        "an arrival has another size than its document",
        _TELL,
    ),
    # documents
    Rule(
        "DOCUMENT.NO_ARRIVAL", _E, "文档无到达", "nobody knows where a document came from", _RESTORE
    ),
    Rule(
        "DOCUMENT.NOT_ACCEPTED",
        _E,
        "文档无首次到达",
        "every arrival of a document is a duplicate",
        _TELL,
    ),
    Rule(
        "DOCUMENT.ACCEPTED_TWICE",
        _E,
        "文档两次首次到达",
        "two arrivals claim to have brought a document",
        _TELL,
    ),
    Rule("DOCUMENT.STATE", _E, "文档状态有误", "a document in a state that there is not", _RESTORE),
    Rule(
        "DOCUMENT.QUEUE",
        _E,
        "队列名有误",
        "a document for a queue that there is not",
        "gouji verify --repair",
        "chooses the queue by the bytes",
    ),
    Rule(
        "DOCUMENT.NO_CLAIM",
        _E,
        "处理中但无人认领",
        "a document in processing that no open attempt holds",
        "gouji verify --repair",
        "puts it back to received",
    ),
    Rule(
        "DOCUMENT.LEASE_EXPIRED",
        _W,
        "租约早已过期",
        "a document whose worker is long overdue",
        _START,
        "puts it back to received",
        idle=True,
    ),
    Rule(
        "DOCUMENT.LEASE_FAR",
        _W,
        "租约过远",
        "a lease that ends too far ahead: a clock was wrong",
        "gouji verify --repair",
        "ends the lease as soon as a new one would",
    ),
    Rule(
        "DOCUMENT.LEASE_LEFT",
        _W,
        "多余的租约",
        "a lease of a document that nobody works on",
        "gouji verify --repair",
        "takes the lease away",
    ),
    Rule(
        "DOCUMENT.COUNTERS",
        _E,
        "计数越界",
        "counts of attempts or retries that cannot be",
        "gouji verify --repair",
        "brings them back into their bounds",
    ),
    Rule(
        "DOCUMENT.ATTEMPTS",
        _E,
        "尝试次数不符",
        "a document's attempts are not those counted",
        _TELL,
        "counts up to the last attempt, where fewer were counted",
    ),
    Rule(
        "DOCUMENT.NO_REPORT",
        _E,
        "已入库却无报告",
        "a stored document without a report",
        "gouji verify --repair",
        "has it read again",
    ),
    Rule(
        "DOCUMENT.NO_LETTER",
        _E,
        "已死却无死信",
        "a dead document without an open dead letter",
        "gouji verify --repair",
        "writes one: storage_error",
    ),
    Rule(
        "DOCUMENT.NO_DECISION",
        _E,
        "弃置却无决定",
        "a discarded document that nobody decided about",
        _TELL,
    ),
    Rule(
        "DOCUMENT.NO_MEMBERS",
        _E,
        "已拆包却无成员",
        "an unpacked archive without a member",
        _RESTORE,
    ),
    Rule(
        "DOCUMENT.TIMES",
        _I,
        "时间不合理",
        "times that cannot be: a clock was wrong",
        "check the clocks of all hosts",
    ),
    # attempts
    Rule(
        "ATTEMPT.NO_DOCUMENT",
        _E,
        "尝试无文档",
        "an attempt at a document that is not there",
        _RESTORE,
    ),
    Rule(
        "ATTEMPT.OPEN",
        _E,
        "尝试未了结",
        "an open attempt that holds no document",
        "gouji verify --repair",
        "writes down that it was lost",
    ),
    Rule(
        "ATTEMPT.OUTCOME",
        _E,
        "尝试结果有误",
        "an outcome that there is not, or without an end",
        _TELL,
    ),
    Rule(
        "ATTEMPT.FOREIGN",
        _E,
        "尝试属于别的文档",
        "a report, dead letter or finding names an attempt at another document",
        _TELL,
    ),
    # reports
    Rule(
        "REPORT.NO_DOCUMENT", _E, "报告无文档", "a report of a document that is not there", _RESTORE
    ),
    Rule(
        "REPORT.NOT_STORED",
        _E,
        "有报告却未入库",
        "a report of a document that is not stored",
        "gouji verify --repair",
        "marks a document that waits as stored",
    ),
    Rule("REPORT.TWICE", _E, "一份文档两份报告", "two reports of one document", _TELL),
    Rule(
        "REPORT.ROWS",
        _E,
        "表行与版式不符",
        "a report's rows are not those of its layouts",
        _RESTORE,
    ),
    Rule("REPORT.STRAY_ROWS", _E, "表行无报告", "rows of a report that is not there", _RESTORE),
    Rule(
        "REPORT.FIGURES",
        _E,
        "数字被改动",
        "figures are not those that were stored",
        "compare with gouji inspect of the original; restore from a backup",
    ),
    Rule(
        "REPORT.FINDINGS", _W, "发现数不符", "a report counts other findings than are kept", _TELL
    ),
    Rule(
        "REPORT.STANDING",
        _E,
        "现行版次不唯一",
        "not exactly one version stands for a publisher and year",
        "gouji reports restore",
        "lets the newest stand where none does",
    ),
    Rule(
        "REPORT.VERSIONS", _E, "版次编号不连续", "versions that are not numbered 1, 2, 3, …", _TELL
    ),
    Rule(
        "REPORT.COPY", _E, "副本指向有误", "a copy that is not one of the version it names", _TELL
    ),
    # dead letters
    Rule(
        "LETTER.NO_DOCUMENT",
        _E,
        "死信无文档",
        "a dead letter of a document that is not there",
        _RESTORE,
    ),
    Rule(
        "LETTER.NOT_DEAD",
        _E,
        "死信未结而文档未死",
        "an open dead letter of a document that is not dead",
        "gouji verify --repair",
        "closes it as the document's state says",
    ),
    Rule("LETTER.TWICE", _E, "两封未结死信", "two open dead letters of one document", _TELL),
    Rule(
        "LETTER.NO_ATTEMPT",
        _E,
        "死信无尝试",
        "a dead letter without the attempt that it speaks of",
        _RESTORE,
    ),
    Rule(
        "LETTER.WORDS", _E, "死信原因有误", "a reason, stage or resolution that there is not", _TELL
    ),
    Rule(
        "LETTER.UNDECIDED",
        _E,
        "死信已结却无决定",
        "a resolved dead letter that nobody decided about",
        _TELL,
    ),
    Rule(
        "DECISION.NO_LETTER",
        _E,
        "决定无死信",
        "a decision about a dead letter that is not there",
        _RESTORE,
    ),
    Rule(
        "DECISION.OPEN",
        _E,
        "已决定而死信未结",
        "a decision about a dead letter that is still open",
        _TELL,
    ),
    # history
    Rule(
        "EVENT.NO_BEGINNING",
        _W,
        "经过缺开头",
        "a document whose history does not tell that it came",
        "gouji verify --repair",
        "writes the event, and that it was missing",
    ),
    Rule(
        "EVENT.NO_END",
        _W,
        "经过缺结尾",
        "a document whose history does not tell how it ended",
        "gouji verify --repair",
        "writes the event, and that it was missing",
    ),
    # queue
    Rule(
        "QUEUE.LOST",
        _W,
        "消息丢失",
        "a queued document without a message",
        _START,
        "sends it again",
        idle=True,
    ),
    Rule(
        "QUEUE.STRANGER",
        _W,
        "消息无文档",
        "a message that speaks of no document",
        "gouji verify --repair",
        "takes it off the queue",
    ),
    # originals and sources
    Rule(
        "ORIGINAL.UNDECIDED",
        _W,
        "移动未完成",
        "an original that was being moved, and is nowhere yet",
        _START,
        "finishes the move, or puts it back",
        idle=True,
    ),
    Rule(
        "ORIGINAL.UNKNOWN",
        _E,
        "移动中的无主文件",
        "a file in .gouji/moving that no arrival knows",
        "move it back into the inbox by hand",
    ),
    Rule(
        "ORIGINAL.LATE",
        _W,
        "原件未移走",
        "an original that was taken in, and still lies in the inbox",
        _START,
        "moves it",
        idle=True,
    ),
    Rule(
        "ORIGINAL.GONE",
        _I,
        "原件已不在",
        "an original that was to be moved, and is gone",
        "nothing: the archive has its bytes",
        "writes that down",
    ),
    Rule(
        "ORIGINAL.EMPTIED",
        _I,
        "已移走的原件被删",
        "originals deleted from .gouji/done",
        "nothing: the archive has their bytes",
    ),
    Rule(
        "SOURCE.UNKNOWN_FILE",
        _W,
        "未收的文件",
        "a file at rest in a source that the ledger does not know",
        _START,
        idle=True,
    ),
    Rule("FEED.AHEAD", _E, "馈送读过了头", "a feed that was read further than it reaches", _TELL),
    Rule(
        "FEED.UNREAD",
        _W,
        "馈送未读完",
        "a feed that has grown since, and is not read on",
        _START,
        idle=True,
    ),
    Rule(
        "FEED.WAITING",
        _W,
        "馈送所指文件未到",
        "a file that a feed named, waited for too long",
        _START,
        idle=True,
    ),
)

RULES: Final[Mapping[str, Rule]] = {rule.code: rule for rule in _ALL}
"""Every rule by its code, in the order of the manual."""


def as_markdown() -> str:
    """Return the table of the manual."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield "| code | severity | 含义 meaning | what to do | `--repair` |"
    yield "|---|---|---|---|---|"
    for rule in RULES.values():
        severity = f"{rule.severity}, info while nothing watches" if rule.idle else rule.severity
        advice = (
            f"`{rule.advice}`"
            if rule.advice.startswith("gouji ") and "; " not in rule.advice
            else rule.advice
        )
        yield f"| `{rule.code}` | {severity} | {rule.title} | {advice} | {rule.mending} |"


if __name__ == "__main__":
    sys.stdout.write(as_markdown() + "\n")
