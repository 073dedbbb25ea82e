"""Every discrepancy that is planted, by name, and what has to be found of it."""

from typing import Final

from tests.console.verification.planted_documents import DOCUMENTS
from tests.console.verification.planted_effects import EFFECTS
from tests.console.verification.planting import Planted

PLANTED: Final[dict[str, Planted]] = DOCUMENTS | EFFECTS
