"""Named tuples made quickly: for what there are hundreds of in every file."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, TypeVar

Made = TypeVar("Made", bound=NamedTuple)


def maker(kind: type[Made]) -> Callable[[tuple[Any, ...]], Made]:
    """Return what makes a named tuple of a tuple of all its fields, in their order.

    It takes a fourth of the time that calling the class takes, and checks and fills in nothing.
    """
    return partial(tuple.__new__, kind)
