"""What is told about new dead letters: counts by reason, and the first few of them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from console import labels

TYPE: Final = "dead_letters.new"
_NAMED: Final = 3


def compose(
    reasons: Sequence[tuple[str, int]], first: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return the data of a message; nothing that a file says but its publisher, year and name.

    Args:
        reasons: reason and number of letters, most first.
        first: ``id``, ``reason``, ``publisher``, ``year`` and ``name`` of the first few.
    """
    count = sum(number for _, number in reasons)
    return {
        "count": count,
        "reasons": [{"reason": reason, "count": number} for reason, number in reasons],
        "letters": [dict(letter) for letter in first],
        "more": count - len(first),
    }


def title(data: Mapping[str, Any]) -> str:
    """Return the message in one line."""
    named = data["reasons"][:_NAMED]
    told = "，".join(f"{labels.reason(one['reason'])} {one['count']}" for one in named)
    more = " …" if len(data["reasons"]) > _NAMED else ""
    return f"勾稽 gouji: {data['count']} 件新死信 new dead letters（{told}{more}）"


def text(data: Mapping[str, Any]) -> str:
    """Return the message in a few lines, for people."""
    lines = [f"{labels.reason(one['reason'])}: {one['count']}" for one in data["reasons"]]
    lines += [_line(letter) for letter in data["letters"]]
    if data["more"]:
        lines.append(f"… 另有 {data['more']} 件 and {data['more']} more: gouji dead list")
    return "\n".join(lines)


def _line(letter: Mapping[str, Any]) -> str:
    year = f"{letter['year']} 年" if letter["year"] is not None else ""
    whose = " ".join(filter(None, (letter["publisher"], year))) or letter["name"]
    return f"#{letter['id']} {whose}: {labels.reason(letter['reason'])}"
