"""How much the tests try: the default is quick; ``GOUJI_TEST_…`` in the environment asks for more.

Loaded before anything of gouji, which would not know these variables: they are taken out of the
environment, and handed on to the processes that pytest-xdist starts under another name.
"""

import os
from typing import Final


def handed(name: str, default: str) -> str:
    """Return what ``GOUJI_TEST_<name>`` says."""
    kept = f"TESTS_OF_GOUJI_{name}"
    value = os.environ.pop(f"GOUJI_TEST_{name}", None) or os.environ.get(kept, default)
    os.environ[kept] = value
    return value


CONVERTED: Final = int(handed("CONVERTED", "0"))
"""How many reports LibreOffice converts to each format; 0: what it once made of one is read."""
EXAMPLES: Final = int(handed("EXAMPLES", "3"))
"""How many random reports each reader is tried on, and how many random histories the ledger."""
EXPLORE: Final = handed("EXPLORE", "0") != "0"
"""Whether Hypothesis tries other examples in every run; a run repeats the one before without it."""
MUTATIONS: Final = int(handed("MUTATIONS", "2"))
"""How many damaged files of each format are read."""
HOSTILE: Final = int(handed("HOSTILE", "1000"))
"""How many hostile files go through real workers."""
BURST: Final = int(handed("BURST", "1000"))
"""How many small files are dropped at once."""
SCANS: Final = int(handed("SCANS", "1"))
"""How many reports are scanned in every way there is."""
BROKEN: Final = handed("BROKEN", "sqlite+embedded").split()
"""On which stacks everything is broken by the long runs; ``python -m tests.fault`` has them all.

``hosts`` adds the longest of the tests that cut hosts off.
"""
EXPORTED: Final = int(handed("EXPORTED", "8"))
"""How many random reports are exported and loaded back; the long run has a thousand."""
RUNS: Final = int(handed("RUNS", "3"))
"""How many random runs of everything the promise is checked on, 40 steps each."""
SCREENSHOTS: Final = handed("SCREENSHOTS", "")
"""Where the pictures of the operator's guide are kept; empty: nowhere."""
