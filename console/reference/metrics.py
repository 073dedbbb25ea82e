"""Every metric."""

from typing import Final

from console.metrics.catalogue import METRICS
from console.reference.markdown import codes, table, texts_of

_HEADS: Final = {
    False: ("metric", "kind", "labels", "meaning"),
    True: ("指标", "类型", "标签", "含义"),
}


def block(chinese: bool) -> str:
    """Return the table of metrics."""
    told = texts_of("metrics")
    rows = [
        (
            f"`{one.name}`",
            one.kind,
            codes(one.labels),
            told.get(one.name, {}).get("zh", one.meaning) if chinese else one.meaning,
        )
        for one in METRICS
    ]
    return table(_HEADS[chinese], rows)
