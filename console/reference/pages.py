"""Where in the manual the generated parts go: between two marks that name them."""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

DOCS: Final = Path(__file__).parents[2] / "docs"
CHINESE: Final = ".zh-CN.md"
"""How the name of a Chinese page ends."""

Block = Callable[[bool], str]
"""Makes a generated part; is told whether it is to be Chinese."""

_PART: Final = re.compile(
    r"(?P<begin><!-- generated: (?P<name>[a-z-]+); make docs -->\n).*?(?P<end><!-- end -->)",
    re.DOTALL,
)


def filled(text: str, blocks: Mapping[str, Block], *, chinese: bool) -> str:
    """Return a page with its generated parts made anew.

    Raises:
        KeyError: the page asks for a part that there is not.
    """

    def part(found: re.Match[str]) -> str:
        made = blocks[found["name"]](chinese).strip("\n")
        return f"{found['begin']}\n{made}\n\n{found['end']}"

    return _PART.sub(part, text)


def stale(blocks: Mapping[str, Block], docs: Path = DOCS) -> Iterator[tuple[Path, str]]:
    """Yield every page that is not as the code has it, and what it should be."""
    for path in sorted(docs.glob("*.md")):
        text = path.read_text("utf-8")
        fresh = filled(text, blocks, chinese=path.name.endswith(CHINESE))
        if fresh != text:
            yield path, fresh


def asked_for(docs: Path = DOCS) -> set[tuple[str, bool]]:
    """Return which parts the pages have, and whether in Chinese."""
    return {
        (found["name"], path.name.endswith(CHINESE))
        for path in docs.glob("*.md")
        for found in _PART.finditer(path.read_text("utf-8"))
    }
