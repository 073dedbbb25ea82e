"""Files of every format, damaged at random: refused with a reason or read, never a crash.

The budget is fixed: ``GOUJI_TEST_MUTATIONS`` files of each format, and the same ones at each run.
"""

from collections.abc import Iterator
from contextlib import closing
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.disclosure.report import Place
from tests import budgets
from tests.hostile.mutation import Edit, damages
from tests.hostile.samples import SAMPLES
from worker.check.check import check, verdict
from worker.errors import Refused
from worker.inspection import inspect
from worker.isolation.limits import Limits
from worker.isolation.pool import Isolated
from worker.reading.pages import Block, Grid, GridCell, GridRow, Pages, Paragraph, Shape
from worker.recognise.recognise import recognise

pytestmark = pytest.mark.process

_BUDGET = budgets.MUTATIONS
_STEADY = settings(
    max_examples=_BUDGET,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def reader() -> Iterator[Isolated]:
    with closing(Isolated(Limits(seconds=120))) as built:  # other tests run beside
        yield built


@cache
def _sample(form: str) -> bytes:
    return SAMPLES[form]()


@pytest.mark.parametrize("form", SAMPLES)
def test_a_whole_sample_is_stored(reader: Isolated, form: str) -> None:
    assert inspect(_sample(form), form, reader=reader).outcome == "stored"


@pytest.mark.parametrize("form", SAMPLES)
@_STEADY
@given(damage=damages())
def test_a_damaged_file_costs_nothing(reader: Isolated, form: str, damage: Edit) -> None:
    # When a damaged file is inspected
    found = inspect(damage(_sample(form)), form, reader=reader)

    # Then its reader foresaw it: it neither failed, nor crashed, nor ran out of time
    assert found.traceback is None, found.traceback
    assert "crashed" not in found.message
    assert found.reason not in ("timeout", "crash_loop")


@pytest.mark.parametrize("form", SAMPLES)
def test_a_file_cut_anywhere_is_never_stored_as_less(reader: Isolated, form: str) -> None:
    # Given what the whole file says
    whole = inspect(_sample(form), form, reader=reader)
    assert whole.report is not None
    figures = {key: cell.value for key, cell in whole.report.cells()}

    # When it is cut
    for share in range(1, 20):
        data = _sample(form)[: len(_sample(form)) * share // 20]
        found = inspect(data, form, reader=reader)

        # Then no figure is another one than was printed, if it is stored at all
        if found.outcome == "stored":
            assert found.report is not None
            assert {key: cell.value for key, cell in found.report.cells()} == figures


_TEXTS = st.one_of(
    st.sampled_from(
        (
            "三、本年度办理结果",
            "（一）予以公开",
            "总计",
            "行政复议",
            "规章",
            "一、本年新收政府信息公开申请数量",
            "自然人",
            "结果维持",
            "收到和处理政府信息公开申请情况",
            "2023年政府信息公开工作年度报告",
            "0",
            "12",
            "/",
            "",
            "-",
            "1,234",
            "五",
            "3.5",
        )
    ),
    st.text(max_size=8),
)
_CELLS = st.builds(
    GridCell,
    _TEXTS,
    st.integers(0, 9),
    st.floats(-10, 1e6),
    st.floats(-10, 1e6),
    st.integers(1, 70_000),
    st.integers(1, 70_000),
    st.just(Place(1, 1)),
)
_ROWS = st.builds(GridRow, st.lists(_CELLS, max_size=9).map(tuple), st.booleans())
_BLOCKS: st.SearchStrategy[Block] = st.one_of(
    st.builds(Paragraph, _TEXTS),
    st.builds(Grid, st.lists(_ROWS, max_size=40).map(tuple), st.sampled_from(Shape)),
)


@settings(_STEADY, max_examples=5 * _BUDGET)
@given(st.lists(_BLOCKS, max_size=12).map(tuple))
def test_whatever_a_reader_yields_is_recognised_or_refused(blocks: tuple[Block, ...]) -> None:
    try:
        report = recognise(Pages(blocks, "text/plain"), "报告.txt")
    except Refused:
        return
    verdict(check(report, ()))
