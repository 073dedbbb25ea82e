"""Lines of every part: to files, and to whoever listens, however slowly."""

import threading
from pathlib import Path

from console.journal import Journal
from tests.worker.house import until


def test_a_listener_that_does_not_read_holds_nobody_up(tmp_path: Path) -> None:
    # Given a terminal that is held
    go_on, heard = threading.Event(), []

    def listen(part: str, line: bytes) -> None:
        assert go_on.wait(300)
        heard.append((part, line))

    journal = Journal(tmp_path, listen)

    # When more lines come than are kept for it
    lines = [b"%d" % number for number in range(25_000)]
    for line in lines:
        journal.line("watch", line)

    # Then all of them are in the file, and it hears the first when it listens again
    assert (tmp_path / "watch.log").read_bytes().splitlines() == lines
    go_on.set()
    journal.close()
    until(lambda: len(heard) >= 20_000)
    so_far = list(heard)  # one more may come
    assert so_far == [("watch", line) for line in lines[: len(so_far)]]
    assert len(so_far) < len(lines)
