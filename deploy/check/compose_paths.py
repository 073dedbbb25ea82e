"""The paths that services of Compose are told: what they name is there, what is there is named."""

import posixpath
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from deploy.check import documents, servers

_PATH: Final = re.compile(r"(?<![\w/.:$}*-])/[\w.-]+(?:/[\w.-]+)*")
_PROVISIONED: Final = re.compile(r"/etc/grafana/provisioning/(datasources|dashboards)/[\w-]+\.yaml")
"""Where Grafana looks by itself."""

_SECRETS: Final = "/run/secrets/"
_NOWHERE: Final = "/dev/null"
_RULES: Final = "rule_files"


def faults(place: Path, service: dict[str, Any], built: Mapping[str, str]) -> Iterator[str]:
    """Yield what a service names and is not given, and what it is given and does not name.

    Args:
        place: the directory of the Compose files.
        service: one service of them.
        built: what its image sets, as far as files of it are to be mounted.
    """
    told = _told(place, service)
    secrets = {f"{_SECRETS}{name}" for name in service.get("secrets", [])}
    mounts = _mounts(service)
    temporary = {str(one).partition(":")[0] for one in service.get("tmpfs", [])}
    for path in sorted(told):
        if path.startswith(_SECRETS):
            continue  # told of where secrets are
        above = any(_under(one, {path}) for one in mounts)
        if path != _NOWHERE and not above and not _under(path, {*mounts, *temporary}):
            yield f"{path}: nothing is mounted there"
    for path in sorted(secrets - told):
        yield f"secrets: {path.removeprefix(_SECRETS)} is given, and nobody is told where"
    home = servers.HOMES.get(servers.called(service["image"]))
    for path in sorted(mounts):
        named = any(_under(one, {path}) or _under(path, {one}) for one in {*told, *built.values()})
        if not named and path != home and not _PROVISIONED.fullmatch(path):
            yield f"volumes: {path} is mounted, and nobody is told of it"
    stays = {path for path, source in mounts.items() if not source.startswith((".", "/", "$"))}
    yield from servers.homeless(service["image"], stays)


def _mounts(service: dict[str, Any]) -> dict[str, str]:
    """Return what is mounted: path in the container → source."""
    pairs = (str(volume).removesuffix(":ro") for volume in service.get("volumes", []))
    return {target: source for source, _, target in (pair.rpartition(":") for pair in pairs)}


def _told(place: Path, service: dict[str, Any]) -> set[str]:
    """Return every path that a service is told: by environment, command and mounted files."""
    parts = {key: service.get(key) for key in ("environment", "entrypoint", "command")}
    found = {path for text in documents.strings(parts) for path in _PATH.findall(text)}
    for target, source in _mounts(service).items():
        if source.endswith(".yaml") and (place / source).is_file():
            config = documents.one(place / source)
            found |= {path for text in documents.strings(config) for path in _PATH.findall(text)}
            rules = config.get(_RULES, []) if isinstance(config, dict) else []
            found |= {posixpath.join(posixpath.dirname(target), str(rule)) for rule in rules}
    return found


def _under(path: str, roots: set[str]) -> bool:
    return any(path == root or path.startswith(f"{root}/") for root in roots)
