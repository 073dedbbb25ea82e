"""What goes wrong on the command line, and the exit code each kind has.

::

    Failure           1  something failed
    ├── Misused       2  the command or its settings cannot be understood
    ├── NotFound      3  there is no such thing
    ├── Unsettled     4  hard findings are left, and nothing was changed
    ├── Conflict      5  it was changed or decided by someone else in between
    └── Unreachable   6  the database, the queue or the archive does not answer
"""

import re
import sys
from enum import IntEnum
from typing import ClassVar, Final

import click

from console.labels import START_QUEUE, queue_away
from console.sentences import chinese

ADD_USER: Final = "gouji user add NAME --role admin  新增用户 adds one"
"""What to do about a web console that nobody could log in to."""


class ExitCode(IntEnum):
    """The exit codes of ``gouji``, the same for every command."""

    OK = 0
    ERROR = 1
    USAGE = 2
    NOT_FOUND = 3
    FINDINGS = 4
    CONFLICT = 5
    UNREACHABLE = 6
    INTERRUPTED = 130


_SETTINGS: Final = (
    "docs/configuration.md 列出全部设置 lists every setting; "
    "gouji init 写出带注释的 writes a commented gouji.toml"
)
_PLACE: Final = "检查路径、权限与空间 check the path, its permissions, and the space that is left"
DATABASE_URL: Final = (
    "GOUJI_DATABASE_URL  用 use postgresql+psycopg://user:password@host/name, or sqlite:////path"
)
"""What to do about a database URL that cannot be used."""
DAMAGED: Final = ("file is not a database", "database disk image is malformed")
"""What SQLite says of a file that it cannot read (SQLITE_NOTADB, SQLITE_CORRUPT)."""
BROUGHT_BACK: Final = (
    "mv DATA_DIR 移走数据目录 moves the data directory away; "
    "gouji restore DIRECTORY  恢复备份 brings a backup back"
)
"""What to do about a damaged database."""


class Failure(click.ClickException):
    """A command failed; ``hint`` says what to do about it, ``code`` names it for programs.

    ``bilingual`` is a message that says all of it in Chinese by itself.
    """

    exit_code: ClassVar[int] = ExitCode.ERROR
    default_code: ClassVar[str] = "error"

    def __init__(
        self, message: str, *, hint: str = "", code: str = "", bilingual: bool = False
    ) -> None:
        super().__init__(message)
        self.hint = hint
        self.code = code or self.default_code
        self.bilingual = bilingual


class Misused(Failure):
    """The command line or the settings cannot be understood."""

    exit_code: ClassVar[int] = ExitCode.USAGE
    default_code = "usage"


class NotFound(Failure):
    """There is no such thing."""

    exit_code: ClassVar[int] = ExitCode.NOT_FOUND
    default_code = "not_found"


class Conflict(Failure):
    """Somebody else changed or decided it in between."""

    exit_code: ClassVar[int] = ExitCode.CONFLICT
    default_code = "conflict"


class Unsettled(Failure):
    """Hard findings are left; nothing was changed."""

    exit_code: ClassVar[int] = ExitCode.FINDINGS
    default_code = "findings"


class Unreachable(Failure):
    """A dependency does not answer."""

    exit_code: ClassVar[int] = ExitCode.UNREACHABLE
    default_code = "unreachable"


def failure_of(error: BaseException) -> Failure | None:
    """Return how an exception is told to the user, ``None`` when it is a fault of the program."""
    if isinstance(error, Failure):
        return error
    if isinstance(error, click.UsageError):
        return _from_usage(error)
    if isinstance(error, click.ClickException):
        return Failure(error.format_message())
    return (
        _from_settings(error)
        or _from_desk(error)
        or _from_database(error)
        or _from_environment(error)
    )


def _from_usage(error: click.UsageError) -> Failure:
    command = error.ctx.command_path if error.ctx is not None else "gouji"
    kinds = ((kind, label) for kind, label in _USAGE.items() if isinstance(error, kind))
    _, label = next(kinds, (None, "用法有误"))
    message = f"{_labelled(label, error.message)} {error.format_message()}"
    return Misused(message, hint=f"{command} --help", bilingual=True)


def _labelled(label: str, message: str) -> str:
    """Return what kind of error it is, with its Chinese where that is known."""
    told = chinese(message)
    return label if told == message else f"{label}：{told}"


_USAGE: Final = {
    click.exceptions.NoSuchCommand: "没有这个命令",
    click.NoSuchOption: "没有这个选项",
    click.MissingParameter: "缺少参数",
    click.BadParameter: "取值有误",
}
"""What click's errors are called in Chinese; the first that fits is taken."""


def _from_settings(error: BaseException) -> Failure | None:
    from worker.errors import SettingsError

    if not isinstance(error, SettingsError):
        return None
    message = f"{_labelled('设置有误', str(error))} {error}"
    return Misused(message, hint=_SETTINGS, code="settings", bilingual=True)


def _from_desk(error: BaseException) -> Failure | None:
    """Tell why a decision was not taken; what never imported the desk cannot have raised that."""
    if sys.modules.get("worker.deciding") is None:
        return None
    from worker.deciding import Conflict as Overtaken
    from worker.deciding import DecisionError, UnknownLetter
    from worker.desk import errors

    message = str(error)
    if isinstance(error, UnknownLetter):
        return NotFound(f"没有这件死信 {message}", hint="gouji dead list")
    if isinstance(error, errors.UnknownSubject):
        return NotFound(f"没有这个编号 {message}", hint="gouji dead list, or gouji reports list")
    if isinstance(error, Overtaken):
        return Conflict(message, hint=_after(error))
    if isinstance(error, errors.StillWrong):
        return Unsettled(message, hint="gouji rules explain RULE", code="still_wrong")
    if isinstance(error, errors.UnfitChanges):
        about = "候选 its candidates" if "candidate" in error.problems else "键 the cells' keys"
        option = "" if "candidate" in error.problems else " --keys"
        return Misused(message, hint=f"gouji dead show ID{option}  看 shows {about}", code="unfit")
    if isinstance(error, DecisionError):
        several = isinstance(error, errors.Unacceptable) and error.letters
        return Failure(message, hint=_FEWER if several else _OTHERWISE, code="unacceptable")
    return None


_FEWER: Final = (
    "除去这些再选 leave these out: choose by --reason, such as imbalanced, or name IDs; "
    "--set-publisher, --set-year where those are not known"
)
_OTHERWISE: Final = (
    "gouji dead show ID  看原因 shows why; 可 retry, discard, 或 or --set-publisher, --set-year"
)


def _after(conflict: Exception) -> str:
    """Return what to do after a conflict: it depends on what was there before."""
    from worker.desk import errors

    if isinstance(conflict, errors.CountChanged):
        return (
            "gouji dead list 加同样条件 with the same filters, "
            "或 or --dry-run 代替 instead of --expect, 看有哪些 shows what matches"
        )
    if isinstance(conflict, errors.KeyReused):
        return "每个请求用自己的 --key  give each request a --key of its own"
    if isinstance(conflict, errors.TooMany):
        return "分批 in parts: --year, --publisher, --reason"
    named = re.search(r"dead letter (\d+)", str(conflict))
    if named is None:
        return "gouji dead list --resolved"
    return f"gouji dead show {named[1]}  看现状与处置 shows how it stands and what was decided"


def _from_database(error: BaseException) -> Failure | None:
    session = sys.modules.get("models.session")
    if session is not None and isinstance(error, session.UnusableUrlError):
        return Misused(f"database_url: {error}", hint=DATABASE_URL, code="settings")
    # what never imported SQLAlchemy cannot have raised its errors: start-up stays quick
    known = sys.modules.get("sqlalchemy.exc")
    if known is None or not isinstance(error, known.DBAPIError):
        return None
    text = " ".join(str(error.orig).split())
    if "no such table" in text or "no such column" in text or "does not exist" in text:
        hint = "gouji init  建立或升级数据库 create or upgrade the database"
        return Unreachable(f"the database is not ready: {text}", hint=hint, code="database")
    if isinstance(error, known.OperationalError):
        hint = "gouji doctor  看缺什么 says what is missing; or check GOUJI_DATABASE_URL"
        return Unreachable(f"the database cannot be used: {text}", hint=hint, code="database")
    if text in DAMAGED:
        return Unreachable(f"the database is damaged: {text}", hint=BROUGHT_BACK, code="database")
    return None


def _from_environment(error: BaseException) -> Failure | None:
    from worker.errors import ArchiveError, BrokerUnreachable, Transient

    if isinstance(error, BrokerUnreachable):
        return Unreachable(queue_away(error), hint=START_QUEUE, code="broker")
    if isinstance(error, Transient):
        code = "archive" if isinstance(error, ArchiveError) else "transient"
        return Unreachable(str(error), code=code)
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename is not None else ""
        hint = "" if error.filename is None else _PLACE
        return Failure(f"{where}{error.strerror or error}", hint=hint, code="os")
    return None
