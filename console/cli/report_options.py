"""The options that select reports, made from the fields of their filter."""

from collections.abc import Callable
from typing import Any, Final, TypeVar, get_args

import click

from console.report_filter import Facet, ReportFilter
from console.shapes import Misshapen, from_text, kinds_of, members, read, words_of

_F = TypeVar("_F", bound=Callable[..., Any])
_NAMES: Final = {int: "number", str: "text"}
_CODE: Final = "code"


def filters(function: _F) -> _F:
    """Add the options that select reports; the same for lists and exports."""
    for name, kind, default in reversed(list(members(ReportFilter))):
        function = _option(name, kind, default)(function)
    return function


def _option(name: str, kind: Any, default: Any) -> Callable[[_F], _F]:
    facet = _facet(kind)
    typed, told = name.replace("_", "-"), f"{facet.chinese} {facet.about}"
    if bool in kinds_of(kind):
        either = f"--{typed}" if default is False else f"--{typed}/--no-{typed}"
        return click.option(either, is_flag=True, default=default, help=told)
    return click.option(f"--{typed}", type=_type(kind, facet), help=told)


def _type(kind: Any, facet: Facet) -> "click.ParamType[Any]":
    (first, *others) = kinds_of(kind) - {type(None)}
    words = words_of(first)
    return _Value(kind, facet) if others or words is None else click.Choice(words)


def _facet(kind: Any) -> Facet:
    facet: Facet = get_args(kind)[1]
    return facet


class _Value(click.ParamType[Any]):
    """A value that is read by the shape of its field, as parameters of the API are."""

    def __init__(self, kind: Any, facet: Facet) -> None:
        self._kind = kind
        self._about = facet.about
        names = (_NAMES[one] for one in _NAMES if one in kinds_of(kind))
        self.name = _CODE if facet.pattern else next(names)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Refuse what the field cannot be, and what has no letters."""
        text = str(value)
        if not text.strip():
            self.fail("an empty text matches everything: leave the option out", param, ctx)
        try:
            return read(self._kind, from_text(self._kind, text))
        except Misshapen as error:
            ((_, fault),) = error.faults
            self.fail(f"{text!r} {fault}. {self._about}", param, ctx)
