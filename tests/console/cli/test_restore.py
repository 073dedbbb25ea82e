"""``gouji restore``: what is said where it cannot be."""

from console.lock import hold
from tests.console.cli.conftest import Place


def test_while_gouji_runs_it_says_to_stop_it_and_never_to_move_its_directory(seeded: Place) -> None:
    # Given a backup, and gouji running
    assert seeded.run("backup", "kept").exit_code == 4  # its documents are in no archive
    with hold(seeded.root / "var"):
        # When it is to be restored over that
        code, error = seeded.error("restore", "kept")

    # Then it is said to stop first
    assert (code, error["code"]) == (5, "already_running")
    assert "already running" in error["message"]
    assert "stop it first" in error["hint"]
    assert "mv " not in error["hint"]

    # And once it is stopped, how to make room, with the directory as it is called here
    code, error = seeded.error("restore", "kept")
    assert (code, error["code"]) == (5, "not_empty")
    assert error["hint"].startswith("mv var var.old ")
