"""Taking the stored figures away."""

from dataclasses import dataclass
from typing import Annotated, Any, Final

from starlette.responses import StreamingResponse

from console.api.operation import Bytes, Call, Operation
from console.api.problems import Problem
from console.export.download import MEDIA_TYPES, ZIP, download
from console.export.errors import Busy, ExtraMissing
from console.export.format import Format
from console.export.order import Order
from console.report_filter import ReportFilter
from console.shapes import Limits


@dataclass(frozen=True)
class ExportQuery(ReportFilter):
    """Which reports, and in which format."""

    format: Annotated[Format, Limits("A data package, or another format.")] = Format.PACKAGE


def _export(call: Call) -> Any:
    query: ExportQuery = call.query
    order = Order.of(query.format, (), ReportFilter.of(query))
    try:
        made = download(call.settings, call.database, order)
    except Busy as error:
        raise Problem(503, "busy", str(error), {"Retry-After": "60"}) from error
    except ExtraMissing as error:
        raise Problem(404, "extra_missing", str(error)) from error
    return StreamingResponse(made.chunks(), media_type=made.media_type, headers=made.headers)


OPERATIONS: Final = (
    Operation(
        "GET",
        "/export",
        "exportReports",
        "导出 The figures, findings and codebook as a file",
        _export,
        Bytes((ZIP, *MEDIA_TYPES.values())),
        query=ExportQuery,
        problems=(404,),
    ),
)
"""Exports."""
