"""The generated parts by the names that the pages call them."""

from typing import Final

from console import configuration
from console.reference import commands, edits, events, metrics, reasons, verification
from console.reference.pages import Block

BLOCKS: Final[dict[str, Block]] = {
    "commands": commands.block,
    "edits": edits.block,
    "events": events.block,
    "exit-codes": commands.exit_codes,
    "metrics": metrics.block,
    "reasons": reasons.block,
    "settings": lambda chinese: configuration.as_markdown(chinese=chinese),
    "verification": verification.block,
}
"""A new one needs a place in a page of each language: ``<!-- generated: NAME; make docs -->``."""
