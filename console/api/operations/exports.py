"""Taking the stored figures away."""

from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from starlette.responses import StreamingResponse

from console.api.operation import Bytes, Call, Operation
from console.api.operations.reports import Year
from console.api.problems import Problem
from console.api.shapes import Limits
from console.export.download import MEDIA_TYPES, ZIP, download
from console.export.errors import Busy, ExtraMissing
from console.export.order import Format, Order
from console.queries.report_pages import ReportSearch


@dataclass(frozen=True, slots=True)
class ExportQuery:
    """Which reports, and in which format."""

    format: Annotated[
        Literal["package", "csv", "csv-excel", "jsonl", "parquet", "xlsx", "sqlite"],
        Limits("A data package, or another format."),
    ] = "package"
    publisher: Annotated[
        str | None, Limits("A part of the publisher's name.", shortest=1, longest=255)
    ] = None
    year: Year | None = None
    edition: Annotated[Literal["2019", "2021"] | None, Limits("The edition of the form.")] = None
    province: Annotated[
        str | None,
        Limits("How the GB/T 2260 code begins; `-`: unknown.", shortest=1, longest=6),
    ] = None
    soft: Annotated[bool | None, Limits("With, or without, soft findings.")] = None
    all_versions: Annotated[bool, Limits("Earlier versions and copies too.")] = False


def _export(call: Call) -> Any:
    query: ExportQuery = call.query
    wanted = ReportSearch(
        query.publisher, query.year, query.edition, query.province, query.soft, query.all_versions
    )
    order = Order.of(Format(query.format), (), wanted)
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
