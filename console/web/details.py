"""What an event carries, as people read it: nested data too, without the marks of any notation."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from markupsafe import Markup

_NOTHING: Final = Markup("–")
_COMMA: Final = Markup(", ")
_SEMICOLON: Final = Markup("; ")
_DIGITS: Final = 3


def details(value: Any, _: Callable[[str], str]) -> Markup:
    """Return a value to be put into a page.

    Names stand before their values, what belongs together is parted by commas, one thing of a list
    from the next by a semicolon where it has names of its own.

    Args:
        value: what JSON can say; anything else as it tells of itself.
        _: returns a message in the language of the reader.
    """
    if isinstance(value, Mapping):
        pairs = [
            Markup("<i>{}</i> {}").format(name, _inner(one, _))
            for name, one in value.items()
            if one is not None
        ]
        return _COMMA.join(pairs) if pairs else _NOTHING
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        mark = _SEMICOLON if any(isinstance(one, Mapping) for one in value) else _COMMA
        return mark.join(_inner(one, _) for one in value) if value else _NOTHING
    return Markup("{}").format(_plain(value, _))


def _inner(value: Any, _: Callable[[str], str]) -> Markup:
    """Return a value inside another: in brackets where its end could not be seen."""
    nested = isinstance(value, Mapping | list | tuple) and _length(value) > 1
    return Markup("({})").format(details(value, _)) if nested else details(value, _)


def _length(value: Mapping[str, Any] | Sequence[Any]) -> int:
    if isinstance(value, Mapping):
        return sum(one is not None for one in value.values())
    return len(value)


def _plain(value: Any, _: Callable[[str], str]) -> str:
    if value is None:
        return _NOTHING
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, float):
        return f"{value:.{_DIGITS}f}".rstrip("0").rstrip(".")
    return str(value)
