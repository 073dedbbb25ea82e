"""What is shown of originals beside the form."""

import io
import random

import pytest
from PIL import Image

from console.queries import documents
from console.web.guard import SANDBOX
from console.web.originals import Originals
from models.disclosure.finding import Reason
from tests.console.cli.conftest import BALANCED
from tests.console.web.conftest import Console
from tests.hostile.corpus import CORPUS, Hostile, report_docx, report_pdf
from tests.sampling import sampled
from worker.settings import Settings

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def originals() -> Originals:
    return Originals(Settings())


def drawn(size: tuple[int, int]) -> bytes:
    out = io.BytesIO()
    Image.new("L", size, 255).save(out, "PNG")
    return out.getvalue()


def test_a_pdf_is_shown_as_it_looks(originals: Originals) -> None:
    data = report_pdf()
    sight = originals.sight("pdf", lambda: data)
    assert (sight.kind, sight.text, sight.problem) == ("application/pdf", None, "")
    assert sight.pictures
    assert all(Image.open(io.BytesIO(one)).format == "PNG" for one in sight.pictures)


def test_what_browsers_do_not_show_is_shown_by_its_text(originals: Originals) -> None:
    word = originals.sight("docx", report_docx)
    assert word.kind is not None
    assert word.kind.endswith("wordprocessingml.document")
    assert "行政许可\t" in (word.text or "")

    # A page is shown by what it says, plain text as it is
    page = "<html><body><p>年报</p><table><tr><td>甲</td><td>1</td></tr></table>".encode()
    assert originals.sight("html", lambda: page).text == "年报\n甲\t1"
    assert originals.sight("text", BALANCED.read_bytes).text == BALANCED.read_text("utf-8")


def test_a_picture_is_shown_itself(originals: Originals) -> None:
    data = drawn((3, 2))
    sight = originals.sight("png", lambda: data)
    assert (sight.picture_type, sight.pictures) == ("image/png", (data,))


@pytest.mark.parametrize("case", sampled(CORPUS, 3), ids=lambda case: case.name)
def test_whatever_it_is_it_does_no_harm(originals: Originals, case: Hostile) -> None:
    # Given a hostile file, when it is looked at, then there is a sight of it or a reason
    made = case.make()
    sight = originals.sight(case.name, lambda: made)
    assert (
        sight.text is not None or sight.pictures or sight.problem.partition(":")[0] in list(Reason)
    )


def test_what_was_looked_at_lately_is_not_read_again() -> None:
    # Given pictures that take a fifth of what is kept
    originals = Originals(Settings())
    asked: list[str] = []

    def look(name: str) -> None:
        def get() -> bytes:
            asked.append(name)
            return b"\x89PNG\r\n\x1a\n" + random.Random(name).randbytes(14_000_000)

        originals.sight(name, get)

    # When six are looked at, and the first two once more
    for name in ("a", "a", "b", "c", "d", "e", "e", "a"):
        look(name)

    # Then only what had to give way is fetched again
    assert asked == ["a", "b", "c", "d", "e", "a"]


def test_pages_stand_beside_the_form_and_are_pictures_only(stocked: Console) -> None:
    # Given a report that came as a PDF
    document = stocked.bring(report_pdf(), "年报.pdf")
    with stocked.database.reading() as session:
        number = documents.report_of(session, document)
    browser = stocked.browser()

    # When it is looked at
    page = browser.get(f"/reports/{number}/original")
    address = f"/documents/{document}/pages/1"
    answer = browser.client.get(address)

    # Then its pages are there, in a sandbox, and none that it does not have
    assert f'<img src="{address}" alt="' in page
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-security-policy"] == SANDBOX
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert Image.open(io.BytesIO(answer.content)).width > 700
    assert browser.client.get(f"/documents/{document}/pages/99").status_code == 404
    assert browser.client.get("/documents/1/pages/1").status_code == 404
    assert browser.client.get("/documents/999/pages/1").status_code == 404
