"""``PUBLISHER.EVIDENCE`` and ``PUBLISHER.DIVISION``: who published it, and where is that?"""

import re
from collections.abc import Iterator
from typing import Final

from models.disclosure import kinship
from models.disclosure.evidence import Claim, Source
from models.disclosure.finding import Finding, Severity
from models.disclosure.report import Report
from models.divisions.division import Division

_EVIDENCE: Final = "PUBLISHER.EVIDENCE"
_DIVISION: Final = "PUBLISHER.DIVISION"
_BODY: Final = re.compile(
    r"(?:政府|[局委办厅署院会处所队]|办公室|中心|公司|街道|[镇乡区县市省州盟旗])$"
)
_MOST_NAMED: Final = 5
_NAMES: Final = {
    Source.TITLE: "标题 title",
    Source.TEXT: "正文 text",
    Source.SIGNATURE: "落款 signature",
    Source.PAGE_TITLE: "网页标题 page title",
    Source.HINT: "来源所称 source",
    Source.FILE_NAME: "文件名 file name",
}


def publisher(report: Report) -> Iterator[Finding]:
    """Yield what is doubtful about the publisher.

    Hard, so that the report is refused, is only what leaves two bodies equally likely: two
    reports in one file, or, without a title that names any, two bodies in the text and nothing
    outside it that names one of them.
    """
    claims = [claim for claim in report.evidence if claim.field == "publisher"]
    chosen = kinship.publisher(claims)
    if chosen is not None:
        yield from _conflicts(chosen, claims)
    yield from _division(report)


def _conflicts(chosen: Claim, claims: list[Claim]) -> Iterator[Finding]:
    found: dict[Source, Claim] = {}
    for claim in claims:
        if claim.source not in found and _differs(claim, chosen):
            found[claim.source] = claim
    for source, claim in found.items():
        severity = Severity.HARD if _equal(chosen, source, claims) else Severity.SOFT
        message = f"{_told(chosen)}; {_told(claim)}"
        yield Finding(_EVIDENCE, severity, str(source), message, evidence=claim.raw)


def _equal(chosen: Claim, source: Source, claims: list[Claim]) -> bool:
    """Tell whether another witness is as good as the one that is believed."""
    if {source, chosen.source} == {Source.SIGNATURE, Source.TEXT}:
        return not kinship.backed(chosen, claims)
    return source is chosen.source is Source.TITLE


def _differs(claim: Claim, chosen: Claim) -> bool:
    name, best = str(claim.value), str(chosen.value)
    if claim.source is Source.HINT and (not _BODY.search(name) or kinship.of_site(name, best)):
        return False
    return not kinship.kin(name, best)


def _told(claim: Claim) -> str:
    return f"{_NAMES[claim.source]}: {claim.value}"


def _division(report: Report) -> Iterator[Finding]:
    located = report.located
    if located.ambiguous:
        message = (
            f"同名行政区划，未能确定 one name, several divisions: {_listed(located.ambiguous)}"
        )
        yield Finding(_DIVISION, Severity.SOFT, "ambiguous", message)
    if located.suggested:
        message = (
            f"{located.unknown}: 未见于行政区划名录，是否为 no such division, did you mean: "
            f"{_listed(located.suggested)}"
        )
        yield Finding(_DIVISION, Severity.SOFT, "suggestion", message, evidence=located.unknown)


def _listed(divisions: tuple[Division, ...]) -> str:
    named = ["".join(one.path) + f" {one.code}" for one in divisions[:_MOST_NAMED]]
    return ", ".join([*named, "…"] if len(divisions) > _MOST_NAMED else named)
