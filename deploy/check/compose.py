"""The Compose files: their schema, and that what a service names is there."""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from deploy.check import compose_paths, documents, doors, image, pointed, servers, understood
from deploy.check.programs import complaints

BASE: Final = "compose.yaml"
OVERLAY: Final = "compose.observability.yaml"
SECRETS: Final = "/run/secrets/"
OURS: Final = "gouji:"
"""How the name of our image begins."""

_PORT: Final = re.compile(r"^127\.0\.0\.1:(\d+):(\d+)$")
_GIVEN: Final = {"CHOWN"}
"""The capabilities that a service may be given: what gives a volume away has to."""

_TMPFS: Final = ("size", "mode", "uid", "gid")
_MOST: Final = 65_535
_STOP: Final = "10s"
_TWICE: Final = {"pids_limit": "pids", "mem_limit": "memory", "cpus": "cpus"}
_CHOSEN: Final = ("push", "notify")
"""The parts that need something of whoever runs them, and start only where they are named."""

_PAGES: Final = ("README.md", "RUNBOOK.md")


def merged(place: Path, *overlays: str) -> dict[str, Any]:
    """Return the Compose files as one: services and declarations of the later are added."""
    whole: dict[str, Any] = documents.one(place / BASE)
    for name in overlays:
        for section, entries in documents.one(place / name).items():
            if isinstance(entries, dict):
                whole[section] = {**whole.get(section, {}), **entries}
    return whole


def words(service: dict[str, Any], name: str) -> list[str]:
    """Return a command of a service as words, with ``$$`` as Compose reads it."""
    said = service.get(name) or []
    return [str(word).replace("$$", "$") for word in ([said] if isinstance(said, str) else said)]


def arguments(service: dict[str, Any]) -> list[str] | None:
    """Return the arguments that a service gives to ``gouji``; ``None`` for another program.

    In a line for a shell they end at the first sign of the shell's own.
    """
    if not service["image"].startswith(OURS):
        return None
    if "entrypoint" not in service:
        return words(service, "command")
    shell = " ".join(words(service, "command"))
    found = re.search(rf"\b{understood.PROGRAM} ([^<>|&;]*)", shell)
    return found[1].split() if found else None


def hosts(place: Path) -> list[tuple[str, int]]:
    """Return the servers, and their ports, in the addresses that ``prepare.sh`` makes."""
    text = (place / "prepare.sh").read_text("utf-8")
    return [(host, int(port)) for host, port in re.findall(r"@(\w+):(\d+)/", text)]


def faults(place: Path) -> Iterator[str]:
    """Yield what is wrong with the Compose files of the directory."""
    for name in (BASE, OVERLAY):
        yield from complaints(
            "check-jsonschema", "--builtin-schema", "vendor.compose-spec", name, cwd=place
        )
    whole = merged(place, OVERLAY)
    built = image.stages((place / image.NAME).read_text("utf-8"))[-1]
    for name, service in whole["services"].items():
        for check in (_named, _confined, _kept, _limited, _ports, _waits):
            yield from (f"{name}: {why}" for why in check(whole, service))
        yield from (f"{name}: {why}" for why in _secrets(service))
        ours = service["image"].startswith(OURS)
        variables = image.variables(built) if ours else {}
        yield from (f"{name}: {why}" for why in compose_paths.faults(place, service, variables))
        if ours:
            yield from (f"{name}: {why}" for why in _ours(place, service, variables))
            yield from (f"{name}: {why}" for why in _user(service))
        else:
            yield from (f"{name}: {why}" for why in _theirs(service))
        yield from (f"{name}: {why}" for why in _mounted(place, whole, service))
    yield from _migrated(whole)
    run = (arguments(one) for one in whole["services"].values())
    yield from doors.unrun((said[0] for said in run if said), "service")
    yield from _chosen(place, whole)
    yield from _prepared(place, whole)
    yield from _asked(place, whole, image.variables(built)["GOUJI_INBOX"])
    yield from _scraped(place, whole)
    yield from pointed.shown(place / "monitoring", whole["services"])


def _named(whole: dict[str, Any], service: dict[str, Any]) -> Iterator[str]:
    named = service.get("networks", [])
    if not named:
        yield "networks is missing: it would be on one that leads outside"
    shut = all(whole.get("networks", {}).get(name, {}).get("internal") for name in named)
    if shut and (service.get("ports") or words(service, "command") == ["notify"]):
        yield "networks: none leads outside: nobody reaches it there, and it reaches nobody"
    for section in ("secrets", "networks"):
        for name in service.get(section, []):
            if name not in whole.get(section, {}):
                yield f"{section}: {name} is not declared"


def _secrets(service: dict[str, Any]) -> Iterator[str]:
    """Yield secrets that are spoken of, and not given to the service."""
    for text in documents.strings({key: service.get(key) for key in ("environment", "command")}):
        for name in re.findall(rf"{SECRETS}(\w+)", text):
            if name not in service.get("secrets", []):
                yield f"{SECRETS}{name}: the service is not given that secret"


def _confined(_whole: dict[str, Any], service: dict[str, Any]) -> Iterator[str]:
    if service.get("read_only") is not True:
        yield "read_only is not true"
    if service.get("cap_drop") != ["ALL"]:
        yield "cap_drop is not [ALL]"
    for name in set(service.get("cap_add", [])) - _GIVEN:
        yield f"cap_add: {name} is not for a part"
    if "no-new-privileges:true" not in service.get("security_opt", []):
        yield "security_opt lacks no-new-privileges:true"


def _kept(_whole: dict[str, Any], service: dict[str, Any]) -> Iterator[str]:
    """Yield what is wrong with its log, its end, and what it has in memory."""
    if service.get("logging", {}).get("driver") != "json-file":
        yield "logging: driver is not json-file, which takes a max-size"
    if str(service.get("restart")) not in ("no", "unless-stopped"):
        yield "restart is neither no nor unless-stopped"
    for one in service.get("tmpfs", []):
        for option in str(one).partition(":")[2].split(","):
            if option and option.partition("=")[0] not in _TMPFS:
                yield f"tmpfs: {one}: what is {option}?"
    if "max-size" not in service.get("logging", {}).get("options", {}):
        yield "logging: options: max-size is missing: the log grows for ever"


def _limited(_whole: dict[str, Any], service: dict[str, Any]) -> Iterator[str]:
    """Yield limits that are given in two ways, which the schema allows and Compose does not."""
    limits = service.get("deploy", {}).get("resources", {}).get("limits")
    if limits is None:
        return
    for name, other in _TWICE.items():
        if name in service and service[name] != limits.get(other):
            yield f"{name} is not what deploy: resources: limits: {other} is: Compose refuses it"


def _ports(_whole: dict[str, Any], service: dict[str, Any]) -> Iterator[str]:
    probe = " ".join(words(service.get("healthcheck", {}), "test"))
    for port in service.get("ports", []):
        found = _PORT.match(str(port))
        if not found:
            yield f"ports: {port} is not 127.0.0.1:PORT:PORT"
        elif not all(0 < int(number) <= _MOST for number in found.groups()):
            yield f"ports: {port}: there is no such port"
        elif f":{found[2]}/" not in probe and not _says_itself(service):
            yield f"ports: {port}: the healthcheck does not ask port {found[2]}"


def _says_itself(service: dict[str, Any]) -> bool:
    """Tell whether the probe asks for signs of life, which a part gives while it answers."""
    return words(service.get("healthcheck", {}), "test")[1:3] == [understood.PROGRAM, "alive"]


def _waits(whole: dict[str, Any], service: dict[str, Any]) -> Iterator[str]:
    for name, how in service.get("depends_on", {}).items():
        other = whole["services"].get(name)
        if other is None:
            yield f"depends_on: there is no service {name}"
        elif set(other.get("profiles", [])) - set(service.get("profiles", [])):
            yield f"depends_on: {name} is there only where its profile is named"
        elif how["condition"] == "service_completed_successfully" and other["restart"] != "no":
            yield f"depends_on: {name} never completes: its restart is {other['restart']}"
        elif how["condition"] == "service_healthy" and not _probed(other):
            yield f"depends_on: {name} has no healthcheck"
    probe = words(service.get("healthcheck", {}), "test")
    if "pg_isready" in probe and not any(word.startswith("--host=") for word in probe):
        yield "healthcheck: pg_isready without --host: it is well while its database is being made"


def _migrated(whole: dict[str, Any]) -> Iterator[str]:
    """Yield the parts that would begin before the tables are made."""
    services = whole["services"]

    def before(name: str) -> set[str]:
        waits = services.get(name, {}).get("depends_on", {})
        return {name}.union(*(before(other) for other in waits)) if waits else {name}

    makes = {name for name, one in services.items() if words(one, "command") == ["init"]}
    for name, service in services.items():
        part = (words(service, "command") or [""])[0]
        if part in doors.PARTS and not makes & before(name):
            yield f"{name}: depends_on: it does not wait for gouji init"


def _probed(service: dict[str, Any]) -> bool:
    own = service.get("healthcheck")
    return "test" in own if own else service["image"].startswith(OURS)


def _ours(place: Path, service: dict[str, Any], built: dict[str, str]) -> Iterator[str]:
    said = arguments(service)
    if said is not None:
        yield from understood.command(said)
        if said[:1] == ["work"] and "mem_limit" not in service:
            yield "mem_limit is missing: documents of strangers are read here"
    probe = words(service.get("healthcheck", {}), "test")[1:]
    if probe[:1] == [understood.PROGRAM]:
        yield from (f"healthcheck: {why}" for why in understood.command(probe[1:]))
    settings = {**built, **service.get("environment", {})}
    ours = {name: value for name, value in settings.items() if name.startswith("GOUJI_")}
    yield from understood.environment(settings)
    if said:
        yield from doors.alone(ours)
    for name, value in ours.items():
        if not isinstance(value, str):
            yield f"environment: {name}: {value!r} is no text"
    stop = documents.seconds(service.get("stop_grace_period", _STOP))
    if service["restart"] != "no" and documents.grace(ours) >= stop:
        yield "stop_grace_period is not above GOUJI_GRACE: it is killed before it has given back"
    config = _config(place, service, ours)
    yield from doors.faults(said or [], ours, config)
    listens = doors.port(said or [], ours, config)
    for port in service.get("ports", []):
        if str(port).rpartition(":")[2] != listens:
            yield f"ports: {port} does not lead to the port {listens} where it listens"


def _config(place: Path, service: dict[str, Any], ours: dict[str, str]) -> str | None:
    """Return what the file says that ``GOUJI_CONFIG`` names, if it is mounted."""
    for target, source in compose_paths.mounts(service).items():
        path = place / source
        if target == ours.get(doors.CONFIG) and path.is_file():
            return path.read_text("utf-8")
    return None


def _user(service: dict[str, Any]) -> Iterator[str]:
    """Yield why a service does not run as the user of the image; who gives away may be root."""
    gives = service.get("entrypoint") == ["chown"]
    if service.get("user") != ("0:0" if gives else image.USER):
        yield f"user is not {image.USER}"
    if gives and words(service, "command")[0] != image.USER:
        yield f"command: what is given away is not given to {image.USER}"


def _theirs(service: dict[str, Any]) -> Iterator[str]:
    if servers.called(service["image"]) not in servers.HOMES:
        yield f"image: {service['image']} is none that is known here"
    yield from servers.unread(service["image"], service.get("environment", {}))
    yield from servers.refused(words(service, "command"))


def _chosen(place: Path, whole: dict[str, Any]) -> Iterator[str]:
    """Yield the profiles that no page says how to choose."""
    pages = "".join((place / page).read_text("utf-8") for page in _PAGES)
    for name, service in whole["services"].items():
        part = (words(service, "command") or [""])[0]
        if part in _CHOSEN and not service.get("profiles"):
            yield f"{name}: profiles is missing: it would start unasked"
        for profile in service.get("profiles", []):
            if not re.search(rf"--profile {profile}\b", pages):
                yield f"{name}: profiles: no page says --profile {profile}"


def _mounted(place: Path, whole: dict[str, Any], service: dict[str, Any]) -> Iterator[str]:
    for source in compose_paths.mounts(service).values():
        if source.startswith("./"):
            if not (place / source).exists():
                yield f"volumes: {source}: there is no such file"
        elif not source.startswith("$") and source not in whole["volumes"]:
            yield f"volumes: {source} is not declared"


def _prepared(place: Path, whole: dict[str, Any]) -> Iterator[str]:
    """Yield the secrets that ``prepare.sh`` does not make; it is run, in a place of its own."""
    environment = {**os.environ, "NOTIFY_WEBHOOK": "https://example.cn/"}
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(  # noqa: S603 - our own script
            ["/bin/sh", place / "prepare.sh", folder],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        made = {path.name for path in Path(folder, "secrets").glob("*") if path.stat().st_size}
    if done.returncode != 0:
        yield f"prepare.sh ended with {done.returncode}: {done.stderr.strip()}"
    for line in done.stderr.splitlines():
        if not line.startswith("prepare: "):
            yield f"prepare.sh: {line}"
    for number in re.findall(r"\b\d{4,}(?=[:\s])", (place / "prepare.sh").read_text("utf-8")):
        if len(number) == len(image.USER.partition(":")[0]) and number not in image.USER:
            yield f"prepare.sh: {number} is not {image.USER}"
    for host, _ in hosts(place):
        if host not in whole["services"]:
            yield f"prepare.sh: {host}: there is no such service"
    yield from _one_database(place, whole)
    for name, secret in whole["secrets"].items():
        if Path(secret["file"]).name not in made or not secret["file"].startswith("./secrets/"):
            yield f"secrets: {name}: prepare.sh does not make {secret['file']}"


def _one_database(place: Path, whole: dict[str, Any]) -> Iterator[str]:
    """Yield where the address, the server and its probe do not speak of one user and database."""
    found = re.search(r"://(\w+):.*/(\w+)\"", (place / "prepare.sh").read_text("utf-8"))
    for service in whole["services"].values():
        told = service.get("environment", {})
        if found is None or "POSTGRES_USER" not in told:
            continue
        probe = words(service.get("healthcheck", {}), "test")
        for name, option, wanted in zip(
            ("POSTGRES_USER", "POSTGRES_DB"),
            ("--username=", "--dbname="),
            found.groups(),
            strict=True,
        ):
            if told.get(name) != wanted:
                yield f"{name} is not {wanted}, which prepare.sh says"
            if f"{option}{wanted}" not in probe:
                yield f"healthcheck: {option}{wanted} is missing"


def _asked(place: Path, whole: dict[str, Any], inbox: str) -> Iterator[str]:
    """Yield where people are told to type ``gouji``, and it would not find the inbox."""
    for page in _PAGES:
        for name in sorted(set(re.findall(r"exec (\w+) gouji", (place / page).read_text("utf-8")))):
            if inbox not in compose_paths.mounts(whole["services"].get(name, {})):
                yield f"{page}: exec {name}: the service has no {inbox}"


def _scraped(place: Path, whole: dict[str, Any]) -> Iterator[str]:
    """Yield what Prometheus is to reach, and nobody listens there."""
    config = documents.one(place / "monitoring" / "prometheus.yaml")
    for text in documents.strings(config):
        found = re.fullmatch(r"([\w-]+):(\d+)", text)
        if not found:
            continue
        service = whole["services"].get(found[1], {})
        ports = [str(port).rpartition(":")[2] for port in service.get("ports", [])]
        if found[2] not in ports:
            yield f"prometheus.yaml: {text}: no service listens there"
