"""The Dockerfile: hadolint, and what the image promises."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from deploy.check import understood
from deploy.check.programs import complaints

NAME: Final = "Dockerfile"
_REPOSITORY: Final = Path(__file__).parents[2]
_CONVERTER: Final = "CONVERTER"
USER: Final = "10001:10001"
"""Who every process of ours is, by numbers: user and group."""

_SUBCOMMANDS: Final = {
    "apt-get": {"update", "install", "clean"},
    "pip": {"install", "uninstall", "check"},
}
_ENTRYPOINT: Final = ["tini", "--", understood.PROGRAM]
_BUILT_FROM: Final = ("requirements/", "models/", "watcher/", "worker/", "console/")
_PACKAGES: Final = ("python3", "python3-venv", "ca-certificates", "tini", "${CONVERTER}")
_PLACES: Final = ("/opt/tools", "/opt/gouji")
_FOLDERS: Final = ("/src", "/var/lib/gouji")
_OURS: Final = re.compile(r"/opt/[\w/]+|(?<!\w)/[\w/]*(?:tools|gouji)\b[\w/]*")
_KNOWN: Final = {
    *(place + rest for place in _PLACES for rest in ("", "/bin", "/bin/python", "/bin/gouji")),
    *_FOLDERS,
}
_BUILDS: Final = re.compile(
    r"\b(pip|gcc|g\+\+|make|build-essential|git|curl|wget|python3-(venv|dev))\b"
)


class Step(NamedTuple):
    """An instruction of a Dockerfile: its name and the rest of it, on one line."""

    name: str
    rest: str


def stages(text: str) -> list[list[Step]]:
    """Return the instructions of each stage; those before the first ``FROM`` are left out."""
    plain = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    found: list[list[Step]] = []
    for line in re.sub(r"\\\n\s*", "", plain).splitlines():
        name, _, rest = line.strip().partition(" ")
        if name == "FROM":
            found.append([])
        if name and found:
            found[-1].append(Step(name, rest.strip()))
    return found


def variables(steps: list[Step]) -> dict[str, str]:
    """Return what ``ENV`` sets."""
    said = " ".join(step.rest for step in steps if step.name == "ENV")
    return dict(re.findall(r"(\w+)=(\S+)", said))


def words(steps: list[Step], name: str) -> list[str]:
    """Return the words of the last ``ENTRYPOINT``, ``CMD`` or ``HEALTHCHECK`` in its JSON form."""
    rests = [step.rest for step in steps if step.name == name]
    found = re.search(r"\[.*\]", rests[-1]) if rests else None
    return [str(word) for word in json.loads(found[0])] if found else []


def faults(place: Path) -> Iterator[str]:
    """Yield what is wrong with the Dockerfile of the directory."""
    yield from complaints("hadolint", "--no-color", NAME, cwd=place)
    built = stages((place / NAME).read_text("utf-8"))
    *before, last = built
    yield from _based(built)
    if not before:
        yield f"{NAME}: what builds is in the last stage: there is one stage only"
    yield from _last(last)
    for steps in built:
        yield from _hashes(steps)
        yield from _spelt(steps)
        yield from _installed(steps)
        yield from _copied(steps)


def _based(built: list[list[Step]]) -> Iterator[str]:
    """Yield why what was built would not run, or be found, in the last stage."""
    bases = {
        step.rest.partition(" ")[0] for steps in built for step in steps if step.name == "FROM"
    }
    if len(bases) != 1:
        yield f"{NAME}: FROM: {' and '.join(sorted(bases))} are not one"
    copied = " ".join(step.rest for step in built[0] if step.name == "COPY").split()
    for source in _BUILT_FROM:
        if source not in copied:
            yield f"{NAME}: COPY {source} is missing"
    said = variables(built[-1])
    if f"{_PLACES[-1]}/bin" not in said.get("PATH", "").split(":"):
        yield f"{NAME}: ENV PATH lacks {_PLACES[-1]}/bin"
    runs = " ".join(step.rest for step in built[-1] if step.name == "RUN")
    made = re.findall(r"install -d -o gouji -g gouji -m \d+ (\S+)", runs)
    for name in ("GOUJI_DATA_DIR", "GOUJI_INBOX"):
        if said.get(name) not in made:
            yield f"{NAME}: ENV {name}={said.get(name)}: no install -d makes it for gouji"


def _installed(steps: list[Step]) -> Iterator[str]:
    for step in steps:
        for listed in re.findall(r"--no-install-recommends ([^&]+)", step.rest):
            for package in listed.split():
                if package not in _PACKAGES:
                    yield f"{NAME}: apt-get install {package}: is that a package?"


def _last(steps: list[Step]) -> Iterator[str]:
    yield from _converter(steps)
    if [step.rest for step in steps if step.name == "USER"][-1:] != [USER]:
        yield f"{NAME}: the last stage does not run as {USER}"
    yield from _numbered(steps)
    for step in steps:
        if step.name == "RUN" and (tool := _BUILDS.search(step.rest)):
            yield f"{NAME}: the last stage has a build tool: {tool[0]}"
    if words(steps, "ENTRYPOINT") != _ENTRYPOINT:
        yield f"{NAME}: ENTRYPOINT is not {' '.join(_ENTRYPOINT)}"
    probe = words(steps, "HEALTHCHECK")
    if not probe:
        yield f"{NAME}: there is no HEALTHCHECK"
    elif probe[0] != understood.PROGRAM:
        yield f"{NAME}: HEALTHCHECK does not ask {understood.PROGRAM}"
    else:
        yield from (f"{NAME}: HEALTHCHECK: {why}" for why in understood.command(probe[1:]))
    yield from (f"{NAME}: ENV: {why}" for why in understood.environment(variables(steps)))


def _numbered(steps: list[Step]) -> Iterator[str]:
    """Yield which number of the user belongs to no name; Debian chooses one where none is said."""
    made = " ".join(step.rest for step in steps if step.name == "RUN")
    user, _, group = USER.partition(":")
    for command, option, number in (("groupadd", "gid", group), ("useradd", "uid", user)):
        if not re.search(rf"\b{command} [^&]*--{option} {number}\b", made):
            yield f"{NAME}: no {command} gives the number {number}"


def _converter(steps: list[Step]) -> Iterator[str]:
    """Yield why LibreOffice would be in an image that nobody asked to have it, or never is."""
    if f'{_CONVERTER}=""' not in [step.rest for step in steps if step.name == "ARG"]:
        yield f"{NAME}: ARG {_CONVERTER} is not empty: LibreOffice is in every image"
    runs = [step.rest for step in steps if step.name == "RUN"]
    if not any("apt-get install" in rest and f"${{{_CONVERTER}}}" in rest for rest in runs):
        yield f"{NAME}: {_CONVERTER} is not installed"


def _hashes(steps: list[Step]) -> Iterator[str]:
    """Yield what is installed from elsewhere without being held to its hash."""
    for step in steps:
        for part in re.split(r"&&|\|\||;", step.rest) if step.name == "RUN" else ():
            local = "--no-deps" in part and "--no-build-isolation" in part
            if (
                " install" in part
                and "pip" in part
                and not local
                and "--require-hashes" not in part
            ):
                yield f"{NAME}: without --require-hashes: {part.strip()}"


def _spelt(steps: list[Step]) -> Iterator[str]:
    """Yield words of commands that hadolint takes as they are, and nothing would understand."""
    for step in steps:
        if step.name == "RUN":
            yield from (f"{NAME}: {why}" for why in _misspelt(step.rest))
        for path in _OURS.findall(step.rest):
            if path not in _KNOWN:
                yield f"{NAME}: {path}: what is that? There is {' and '.join(_PLACES)}"
        if step.name == "WORKDIR" and step.rest not in _FOLDERS:
            yield f"{NAME}: WORKDIR {step.rest} is none of {' and '.join(_FOLDERS)}"


def _misspelt(line: str) -> Iterator[str]:
    for program, known in _SUBCOMMANDS.items():
        for word in re.findall(rf"(?<!-)\b{program} (?:--python \S+ )?([\w-]+)", line):
            if word not in known:
                yield f"{program} {word}: there is no such command"
    for part in line.split("&&"):
        for name in part.partition(" uninstall -y ")[2].split():
            if not _is_locked(name):
                yield f"uninstall {name}: no lock has it"


def _is_locked(name: str) -> bool:
    locks = (_REPOSITORY / "requirements").glob("*.lock")
    return any(re.search(rf"^{name}==", path.read_text("utf-8"), re.MULTILINE) for path in locks)


def _copied(steps: list[Step]) -> Iterator[str]:
    for step in steps:
        if step.name == "COPY" and not step.rest.startswith("--from="):
            for source in step.rest.split()[:-1]:
                if not (_REPOSITORY / source).exists():
                    yield f"{NAME}: COPY {source}: there is no such file"
        if step.name == "ARG" and (found := re.search(r'LOCKS="?([^"]*)', step.rest)):
            for lock in found[1].split():
                if not (_REPOSITORY / "requirements" / f"{lock}.lock").exists():
                    yield f"{NAME}: requirements/{lock}.lock: there is no such file"
