"""How often Python looks for circles that are garbage: seldom, and never among what is loaded."""

import gc
from typing import Final

YOUNG: Final = 20_000
"""New objects at which it looks: more than are alive in a batch would let memory grow, fewer are
looked through in vain. A worker takes a sixth more time for a report where it is Python's 700."""


def spare() -> None:
    """Look no more through what there is now, and through what is new only now and then.

    For a process that has loaded what it needs: of a document or a batch, thousands of small things
    die as soon as it is done.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG)
