"""What the READMEs say to type works with the samples that ``make run`` brings in."""

import os
import re
import shlex
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from console import samples
from console.cli.main import cli
from tests.fault.running import Running
from tests.manual.pages import ROOT, without_notes

pytestmark = pytest.mark.process

WELL = {0, 4}  # 4: it found something, as it should
PAGES = {"README.md": ("Start", "Use"), "README.zh-CN.md": ("开始", "使用")}


def typed(page: str, *, notes: bool = True) -> list[list[str]]:
    """Return the commands of a README's Start and Use, in their order, with notes or without."""
    text = (ROOT / page).read_text("utf-8")
    if not notes:
        text = without_notes(text)
    commands = []
    for heading in PAGES[page]:
        section = re.split(r"^## ", text.split(f"\n## {heading}\n")[1], flags=re.MULTILINE)[0]
        blocks = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
        lines = [line for block in blocks for line in block.splitlines()]
        commands += [shlex.split(line, comments=True) for line in lines]
    return [words for words in commands if words and words[0] == "gouji"]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A ``gouji up`` to which the samples have come, and the files that the README speaks of."""
    running = Running(tmp_path_factory.mktemp("use"), WORKER_PROCESSES="1")
    try:
        running.start("--samples")
        running.wait_until_at_rest(len(samples.samples()), 120)
        _lay_out(running.directory)
        yield running
        assert running.stop() == 0
    finally:
        running.end()


def _lay_out(directory: Path) -> None:
    sample = samples.waves()[0][0].path
    (directory / "reports").mkdir()
    shutil.copy(sample, directory / "report.pdf")  # what a file is shows in its bytes
    shutil.copy(sample, directory / "reports" / "again.txt")
    with zipfile.ZipFile(directory / "reports.zip", "w") as packed:
        packed.write(sample, "a.txt")


def run(running: Running, words: list[str]) -> Result:
    running.wait_until_at_rest(len(samples.samples()), 120)  # a person types more slowly
    words = [str(running.directory / "backup") if one == "/mnt/backup" else one for one in words]
    environment = running.environment | {"COLUMNS": os.environ.get("COLUMNS", "100")}
    return CliRunner().invoke(cli, words[1:], env=environment, catch_exceptions=False)


def test_what_the_readme_says_to_type_works_with_the_samples(
    served: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(served.directory)

    # Given the samples, and both READMEs
    commands = typed("README.md")
    assert typed("README.zh-CN.md", notes=False) == typed("README.md", notes=False)
    assert len(commands) > 20

    # When everything is typed, in the order of the page
    ended = [(words, run(served, words)) for words in commands]

    # Then everything did what it says
    wrong = [(words, done.exit_code, done.stderr) for words, done in ended]
    assert [one for one in wrong if one[1] not in WELL] == []

    # And each decision was about what its line speaks of
    told = {" ".join(words[1:3]): done.stdout for words, done in ended}
    assert "8265" in told["reports diff"]
    assert "8625" in told["reports diff"]
    assert "替下 in place of 报告 report 6" in told["reports restore"]
    assert "死信 dead letter 1" in told["dead correct"]
    for deed in ("dead accept", "dead retry", "dead discard"):
        assert re.search(": 1$", told[deed], re.MULTILINE), told[deed]
