"""The reports of a list, taken away as a data package, a workbook, a database, or plain tables."""

from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from console.export.download import download
from console.export.errors import Busy, ExtraMissing
from console.export.format import Format
from console.export.order import Order
from console.web.narrowing import search_of
from console.web.visit import Page, Visit

_FORMATS: Final = tuple(map(str, Format))


def export(visit: Visit) -> Response:
    """Hand out everything about the reports that the address narrows the list down to."""
    format_ = visit.query.get("format", str(Format.PACKAGE))
    if format_ not in _FORMATS:
        raise HTTPException(404, visit.text("There is no such format."))
    order = Order.of(Format(format_), (), search_of(visit.query))
    try:
        made = download(visit.site.settings, visit.site.database, order)
    except Busy as error:
        message = visit.text("Other exports are being made. Try again in a minute.")
        raise HTTPException(503, message, {"Retry-After": "60"}) from error
    except ExtraMissing as error:
        raise HTTPException(404, str(error)) from error
    return StreamingResponse(made.chunks(), media_type=made.media_type, headers=made.headers)


PAGES: Final = (Page("/reports/export", export),)
