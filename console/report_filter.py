"""What lists and exports of reports are narrowed down by: declared here, once.

From the fields of :class:`ReportFilter` come the options of the commands
(:mod:`console.cli.report_options`), the parameters of the API and its OpenAPI document, and what
the addresses of the console's pages may say (:mod:`console.web.narrowing`). What a field becomes in
a query stands under its name in :mod:`console.queries.report_conditions`. A new one is a field here
and a condition there.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Annotated, Final, Literal, Self

from console.shapes import Limits

UNKNOWN: Final = "-"
"""As a year or a division: that it is not known."""


@dataclass(frozen=True, slots=True)
class Facet(Limits):
    """What a field may be, and what it is in both languages; ``about`` is English."""

    chinese: str = ""


@dataclass(frozen=True)  # without slots: queries of the API inherit it beside others
class ReportFilter:
    """Reports that match everything given; without anything, those that stand.

    ``division`` is kept without the zeros that say nothing: 410300 is 4103.
    """

    publisher: Annotated[
        str | None,
        Facet("Part of the publisher's name.", chinese="机关名含", shortest=1, longest=255),
    ] = None
    year: Annotated[
        Literal["-"] | int | None,
        Facet(
            "The year reported on; `-`: not known.",
            chinese="年度，`-`：不明",
            minimum=1900,
            maximum=9999,
        ),
    ] = None
    edition: Annotated[
        Literal["2019", "2021"] | None, Facet("Edition of the form.", chinese="版式")
    ] = None
    division: Annotated[
        str | None,
        Facet(
            "Where the publisher belongs: how its GB/T 2260 code begins (41, 4103); "
            "`-`: not known.",
            chinese="行政区划代码前缀，`-`：不明",
            pattern="-|(?:[0-9]{2}){1,3}",
        ),
    ] = None
    soft: Annotated[bool | None, Facet("With, or without, soft findings.", chinese="有无提示")] = (
        None
    )
    all_versions: Annotated[
        bool, Facet("Earlier versions and copies too.", chinese="含旧版和副本")
    ] = False
    unidentified: Annotated[bool, Facet("Without publisher or year.", chinese="机关或年度不明")] = (
        False
    )

    def __post_init__(self) -> None:
        """Leave out the zeros of a division's code."""
        if self.division is not None:
            kept = self.division[:2] + self.division[2:].removesuffix("00").removesuffix("00")
            object.__setattr__(self, "division", kept)

    @classmethod
    def of(cls, query: "ReportFilter") -> Self:
        """Return the filter within a query that asks for more than that."""
        return cls(**{one.name: getattr(query, one.name) for one in fields(cls)})

    @property
    def is_narrowed(self) -> bool:
        """Whether it leaves out any of the reports, or of their versions."""
        return self != type(self)(all_versions=self.all_versions)

    def given(self) -> dict[str, str]:
        """Return what is chosen and is not so by default, as addresses and packages tell it."""
        return dict(self._given())

    def _given(self) -> Iterator[tuple[str, str]]:
        for one in fields(ReportFilter):
            value = getattr(self, one.name)
            if value != one.default:
                yield one.name, str(value).lower() if isinstance(value, bool) else str(value)


STANDING: Final = ReportFilter()
"""Everything that stands."""
