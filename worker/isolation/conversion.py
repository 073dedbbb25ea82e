"""What no reader of ours understands is converted by LibreOffice, where it is installed.

Word 6 and 95, Works, WordPerfect, and Word files beyond our reader become DOCX; workbooks beyond
it become XLSX; that is then read like any other. Nothing is converted that is encrypted or cut:
LibreOffice would mend it in silence. Nor is UOF, of which it loses cells.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from models.disclosure.finding import Reason
from worker.isolation.reading import Reading, Refusal

_NAMES: Final = ("soffice", "libreoffice")
_ELSEWHERE: Final = (Path("/Applications/LibreOffice.app/Contents/MacOS/soffice"),)
_MISSING: Final = (
    "未安装 LibreOffice（soffice），装上后可转换此类文件"
    " LibreOffice (soffice) is not installed; it converts such files"
)
_NOT_UNDERSTOOD: Final = frozenset((Reason.UNSUPPORTED_TYPE, Reason.UNREADABLE))
_CONVERTED: Final = {
    "application/msword": ("doc", "docx"),
    "application/vnd.ms-works": ("wps", "docx"),
    "application/vnd.wordperfect": ("wpd", "docx"),
    "application/rtf": ("rtf", "docx"),
    "application/vnd.ms-excel": ("xls", "xlsx"),
    "application/vnd.ms-excel.sheet.binary.macroenabled.12": ("xlsb", "xlsx"),
}
"""Media type → the ending that LibreOffice expects, and that of what it becomes."""
_END_WITHIN: Final = 5.0
_SETTINGS: Final = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">{}</oor:items>
"""
_SETTING: Final = (
    '<item oor:path="/org.openoffice.Office.{}"><prop oor:name="{}" oor:op="fuse">'
    "<value>{}</value></prop></item>"
)
_SET: Final = (
    ("Common/Security/Scripting", "DisableMacrosExecution", "true"),
    ("Common/Security/Scripting", "MacroSecurityLevel", "3"),
    ("Common/Security/Scripting", "DisableActiveContent", "true"),
    ("Common/Security/Scripting", "BlockUntrustedRefererLinks", "true"),
    ("Writer/Content/Update", "Link", "2"),
    ("Calc/Content/Update", "Link", "2"),
)
"""No macros, no active content, no links followed."""


class _Failed(Exception):  # noqa: N818 - told to nobody but the caller below
    """LibreOffice gave nothing; the message says how."""


def missing() -> str | None:
    """Return what is missing, in Chinese and English; ``None`` where LibreOffice is installed."""
    return None if program() else _MISSING


def program() -> str | None:
    """Return where LibreOffice is."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    return found or next((str(path) for path in _ELSEWHERE if path.is_file()), None)


def wanted(reading: Reading) -> bool:
    """Tell whether LibreOffice may understand what our readers do not."""
    refusal = reading.refusal
    return (
        refusal is not None
        and refusal.reason in _NOT_UNDERSTOOD
        and reading.media_type in _CONVERTED
    )


def instead(
    data: bytes, reading: Reading, read: Callable[[bytes], Reading], seconds: float
) -> Reading:
    """Read a document by way of LibreOffice.

    Args:
        data: the document.
        reading: what our reader says of it.
        read: reads what it is converted to.
        seconds: that the conversion may take.

    Returns:
        the pages, with a warning that says how they were had; or the refusal, with what LibreOffice
        had to say or that it is missing.

    Raises:
        OSError: no process can be started, or there is no room for its files.
    """
    if reading.refusal is None or reading.media_type is None:
        raise ValueError("only what was refused is converted")
    try:
        converted = convert(data, reading.media_type, seconds)
    except _Failed as failed:
        return _refused(reading, reading.refusal, str(failed))
    again = read(converted)
    if again.pages is None:
        why = again.refusal.message if again.refusal else "it gave nothing"
        return _refused(reading, reading.refusal, f"converted by LibreOffice, {why}")
    warning = f"converted by LibreOffice: {reading.refusal.message}"
    pages = replace(
        again.pages,
        media_type=reading.media_type,
        warnings=(*again.pages.warnings, warning),
    )
    return Reading(reading.media_type, pages)


def _refused(reading: Reading, refusal: Refusal, why: str) -> Reading:
    return replace(reading, refusal=replace(refusal, message=f"{refusal.message}; {why}"))


def convert(data: bytes, media_type: str, seconds: float) -> bytes:
    """Return a document as DOCX or XLSX."""
    found = program()
    if found is None:
        raise _Failed(_MISSING)
    suffix, target = _CONVERTED[media_type]
    with tempfile.TemporaryDirectory(prefix="gouji-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        source = folder / f"document.{suffix}"
        source.write_bytes(data)
        settings = folder / "profile" / "user" / "registrymodifications.xcu"
        settings.parent.mkdir(parents=True)
        settings.write_text(_SETTINGS.format("".join(_SETTING.format(*one) for one in _SET)))
        command = (
            found,
            f"-env:UserInstallation={(folder / 'profile').as_uri()}",
            "--headless",
            "--norestore",
            "--nolockcheck",
            "--convert-to",
            target,
            "--outdir",
            str(folder / "out"),
            str(source),
        )
        _run(command, folder, seconds)
        made = folder / "out" / f"document.{target}"
        if not made.is_file() or not made.stat().st_size:
            raise _Failed("LibreOffice does not understand it either")
        return made.read_bytes()


def _run(command: tuple[str, ...], folder: Path, seconds: float) -> None:
    """Run LibreOffice by the program that ends it with all it started, however this goes."""
    module = ("-P", "-m", "worker.isolation.office", f"{seconds:g}")
    process = subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, *module, *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=_environment(folder),
        start_new_session=True,
    )
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        raise _Failed(f"LibreOffice does not convert it within {seconds:g} s") from None
    finally:
        if process.stdin is not None:
            process.stdin.close()
        try:
            process.wait(_END_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _environment(folder: Path) -> dict[str, str]:
    """What LibreOffice needs; the rest may hold passwords, or a screen to draw on."""
    passed = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PYTHONPATH")
    kept = {name: os.environ[name] for name in passed if name in os.environ}
    return kept | {"HOME": str(folder), "TMPDIR": str(folder), "SAL_USE_VCLPLUGIN": "svp"}
