"""The templates: one environment a language, everything escaped, nothing undefined."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from console.web import wording
from console.web.details import details
from console.web.languages import translations
from models.base import now

_MINUTE: Final = 60
_HOUR: Final = 3600
_DAY: Final = 86_400
_KIB: Final = 1024


@cache
def environment(language: str) -> Environment:
    """Return the environment of a language; templates are compiled once."""
    texts = translations(language)
    made = Environment(
        loader=PackageLoader("console.web"),
        extensions=["jinja2.ext.i18n"],
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.install_gettext_callables(  # type: ignore[attr-defined]  # put there by the extension
        texts.gettext, texts.ngettext, newstyle=True
    )
    made.filters |= {"moment": moment, "day": day, "size": size, "number": number}
    made.filters["coded"] = coded
    made.filters["details"] = lambda value: details(value, texts.gettext)
    made.filters["ago"] = lambda at: ago(at, texts.gettext)
    made.globals |= wording.words(language)
    return made


def moment(at: datetime | None) -> Markup:
    """Return a point in time, local, to the second; nothing for ``None``."""
    if at is None:
        return Markup()
    local = at.astimezone()
    text = local.strftime("%Y-%m-%d %H:%M:%S")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        at.astimezone(UTC).isoformat(timespec="seconds"), local.strftime("%Z"), text
    )


def day(at: datetime | None) -> Markup:
    """Return a point in time to the minute, without the year where it is this year."""
    if at is None:
        return Markup()
    local = at.astimezone()
    form = "%m-%d %H:%M" if local.year == now().astimezone().year else "%Y-%m-%d"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        at.astimezone(UTC).isoformat(timespec="seconds"),
        local.strftime("%Y-%m-%d %H:%M:%S %Z"),
        local.strftime(form),
    )


def ago(at: datetime | None, _: Callable[[str], str]) -> str:
    """Return how long ago something was, in its largest unit."""
    if at is None:
        return "–"
    seconds = max(0, int((now() - at).total_seconds()))
    for unit, text in (
        (_DAY, _("%(n)d d ago")),
        (_HOUR, _("%(n)d h ago")),
        (_MINUTE, _("%(n)d min ago")),
    ):
        if seconds >= unit:
            return text % {"n": seconds // unit}
    return _("%(n)d s ago") % {"n": seconds}


def size(bytes_: int) -> str:
    """Return a number of bytes for people."""
    value = float(bytes_)
    for unit in ("B", "KiB", "MiB"):
        if value < _KIB:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= _KIB
    return f"{value:.1f} GiB"


def number(value: int) -> str:
    """Return a count with thin spaces between thousands."""
    return f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def coded(text: str) -> Markup:
    """Return a text with what stands in backticks as code."""
    parts = text.split("`")
    return Markup().join(
        Markup("<code>{}</code>").format(part) if place % 2 else escape(part)
        for place, part in enumerate(parts)
    )


def attributes(given: Mapping[str, Any]) -> Markup:
    """Return attributes of an element, escaped; those that are ``None`` or ``False`` left out."""
    shown = (
        f'{name}="{escape(value)}"' for name, value in given.items() if value not in (None, False)
    )
    return Markup(" ".join(shown))  # noqa: S704 - every value was escaped
