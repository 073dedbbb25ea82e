"""What operators decided, corrected and said is there after a backup is brought back."""

import shutil
from pathlib import Path

from console.backup import back_up
from console.desk import decisions
from console.desk.comments import comment
from console.queries import comments, filings, letters
from console.restore import restore
from models.disclosure.correction import corrections
from tests.console.desk.test_decisions import BY, CELL, die, imbalanced
from tests.worker.house import House, house
from worker import inspection
from worker.desk.order import Changes, Given
from worker.desk.remark import About
from worker.rows import load


def told(home: House, document_id: int) -> object:
    """Return everything that operators have left behind about a document."""
    with home.database.reading() as session:
        every = letters.of_document(session, document_id)
        reports = [one.id for one in filings.reports(session) if one.document_id == document_id]
        return (
            every,
            letters.decisions(session, [one.id for one in every]),
            comments.comments(session, document_id),
            [filings.decision(session, one) for one in reports],
            [corrections(load(session, one)) for one in reports],
        )


def test_a_backup_has_all_of_it(tmp_path: Path) -> None:
    with house(tmp_path) as home:
        # Given a document that was retried, commented on and corrected; another that was accepted
        corrected, letter = die(home)
        comment(home.database, About("dead_letter", letter), Given("王", "已致电核实", "a key"))
        decisions.retry(home.database, {letter: 1}, Given("王", "再试"))
        home.pipeline(inspection.inspect).run(corrected)
        again = home.letters(corrected)[-1].id
        decisions.correct(home.database, again, BY, Changes({CELL: "9"}))
        accepted, letter = die(home, imbalanced("\n"))
        keyed = Given("王", "公布即如此", "k2")
        first = decisions.accept(home.database, {letter: None}, keyed)
        before = [told(home, one) for one in (corrected, accepted)]
        back_up(home.settings, tmp_path / "backup", None)
        home.database.close()
        shutil.rmtree(home.settings.data_dir)

        # When everything is lost, and brought back
        restore(home.settings, tmp_path / "backup")

        # Then all of it is there, and a repeated request is known
        assert [told(home, one) for one in (corrected, accepted)] == before
        repeated = decisions.accept(home.database, {letter: None}, keyed)
        assert (repeated.repeated, repeated.reports) == (True, first.reports)
