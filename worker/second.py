"""A second extraction of a report that does not balance: evidence of who erred, nothing else."""

from collections.abc import Mapping

from models.disclosure.report import Report
from worker.check.localise.second import trusted
from worker.isolation.reading import Reading
from worker.recognise.recognise import recognise


def second_extraction(reading: Reading, report: Report) -> Mapping[str, int]:
    """Read a document by its other route, and return what may be believed of that, by cell.

    Args:
        reading: how it was read.
        report: what was recognised in that.

    Returns:
        nothing, where there is no other route or anything goes wrong on it.
    """
    if reading.again is None:
        return {}
    try:
        return trusted(report, recognise(reading.again()))
    # whatever it is, it says nothing of the report, which is refused as it would be without
    except Exception:  # noqa: BLE001
        return {}
