"""What the reading of one document may use."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one child process.

    ``seconds`` of wall-clock time for one document; ``memory`` in bytes of address space;
    ``pieces`` (paragraphs, rows and cells) and ``characters`` of what is handed back;
    ``documents`` that a child reads before a fresh one takes its place.
    """

    seconds: float = 60.0
    memory: int = 1_000_000_000
    pieces: int = 200_000
    characters: int = 20_000_000
    documents: int = 200

    @property
    def reply_bytes(self) -> int:
        """More bytes than any reply within the limits has."""
        return 6 * self.characters + 500 * self.pieces + (1 << 20)

    @property
    def out_of_memory(self) -> str:
        """What is said of a document that needs more memory than it may."""
        return f"reading it takes more than {self.memory // 1_000_000:,} MB of memory"
