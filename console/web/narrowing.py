"""What the address of a page of reports narrows them down by.

It says so in the words of the API: what stands behind ``/reports?`` can be asked of
``/api/v1/reports?`` as well. What cannot be is left out, for anybody can write anything there.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from console.report_filter import ReportFilter
from console.shapes import Misshapen, from_text, members, read
from console.web import parameters


def search_of(query: Mapping[str, str]) -> ReportFilter:
    """Return the filter that an address stands for."""
    found: dict[str, Any] = {}
    for name, kind, _ in members(ReportFilter):
        text = parameters.words(query, name)
        if text is not None:
            with suppress(Misshapen):
                found[name] = read(kind, from_text(kind, text))
    return ReportFilter(**found)
