"""What is far larger than a report is recognised, or refused, within seconds."""

import time
from collections.abc import Callable

import pytest

from worker.inspection import inspect

_ROW = "<tr><td>（一）予以公开<td>1<td>0<td>0<td>0<td>0<td>0<td>1</tr>"


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: "<p>一、本年新收政府信息公开申请数量</p>" * 100_000, "not_a_report"),
        (lambda: "<p>全年主动公开政府信息12条，解读3次。</p>" * 100_000, "not_a_report"),
        (lambda: f"<table>{_ROW}</table>" * 5000, "not_a_report"),
        (lambda: f"<table>{_ROW * 3000}</table>", "not_a_report"),
        (lambda: "<table><tr>" + "<td>1" * 100_000 + "</table>", "not_a_report"),
        (lambda: "行政许可 12\n" * 20_001, "too_large"),
    ],
)
@pytest.mark.soak
def test_recognition_takes_seconds_for_what_is_far_too_large(
    make: Callable[[], str], reason: str
) -> None:
    # Given
    data = make().encode()
    started = time.process_time()

    # When
    inspection = inspect(data, "x")

    # Then
    assert (inspection.outcome, str(inspection.reason)) == ("dead", reason)
    assert time.process_time() - started < 20
