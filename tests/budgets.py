"""How much the tests try: the default is quick; ``GOUJI_TEST_…`` in the environment asks for more.

Loaded before anything of gouji, which would not know these variables.
"""

import os
from typing import Final


def _budget(name: str, default: int) -> int:
    return int(os.environ.pop(f"GOUJI_TEST_{name}", default))


CONVERTED: Final = _budget("CONVERTED", 12)
"""How many reports LibreOffice converts to each format."""
EXAMPLES: Final = _budget("EXAMPLES", 40)
"""How many random reports each reader is tried on."""
MUTATIONS: Final = _budget("MUTATIONS", 40)
"""How many damaged files of each format are read."""
HOSTILE: Final = _budget("HOSTILE", 1000)
"""How many hostile files go through real workers."""
