"""Starting and ending soon: the cycle collector is held back in commands that end by themselves.

A command that asks the database one question makes some 90,000 objects as it loads SQLAlchemy,
all of which stay; the collector goes through them again and again, and once more when Python ends.
That is a quarter of the CPU time of ``gouji status``.
"""

import gc
from typing import Final

_USUAL: Final = gc.get_threshold()
_YOUNG: Final = 120_000
"""How many new objects there may be before the collector looks at them: more than loading makes,
some 12 MB. It stays on, so that a long export or a verification does not grow."""


def begin() -> None:
    """Let the collector run seldom from now on."""
    gc.set_threshold(_YOUNG, *_USUAL[1:])


def stay() -> None:
    """Let it run as usual: what works for days is to be no larger than it was."""
    gc.set_threshold(*_USUAL)


def end() -> None:
    """Spare the collector at the end of the process what is here: all of it goes anyway."""
    gc.freeze()
