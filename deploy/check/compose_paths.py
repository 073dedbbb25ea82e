"""The paths that services of Compose are told: what they name is there, what is there is named."""

import posixpath
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from deploy.check import documents, servers

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
    mounted = mounts(service)
    temporary = {str(one).partition(":")[0] for one in service.get("tmpfs", [])}
    for path in sorted(told):
        if path.startswith(_SECRETS):
            continue  # told of where secrets are
        above = any(documents.is_under(one, [path]) for one in mounted)
        if path != _NOWHERE and not above and not documents.is_under(path, {*mounted, *temporary}):
            yield f"{path}: nothing is mounted there"
    for path in sorted(secrets - told):
        yield f"secrets: {path.removeprefix(_SECRETS)} is given, and nobody is told where"
    home = servers.HOMES.get(servers.called(service["image"]))
    for path in sorted(mounted):
        named = documents.is_under(path, {*told, *built.values()}) or any(
            documents.is_under(one, [path]) for one in {*told, *built.values()}
        )
        if not named and path != home and not _PROVISIONED.fullmatch(path):
            yield f"volumes: {path} is mounted, and nobody is told of it"
    stays = {path for path, source in mounted.items() if not source.startswith((".", "/", "$"))}
    yield from servers.homeless(service["image"], stays)


def mounts(service: dict[str, Any]) -> dict[str, str]:
    """Return what is mounted: path in the container → source."""
    pairs = (str(volume).removesuffix(":ro") for volume in service.get("volumes", []))
    return {target: source for source, _, target in (pair.rpartition(":") for pair in pairs)}


def _told(place: Path, service: dict[str, Any]) -> set[str]:
    """Return every path that a service is told: by environment, command and mounted files."""
    parts = {key: service.get(key) for key in ("environment", "entrypoint", "command")}
    found = {path for text in documents.strings(parts) for path in documents.paths(text)}
    for target, source in mounts(service).items():
        if source.endswith(".yaml") and (place / source).is_file():
            config = documents.one(place / source)
            found |= {path for text in documents.strings(config) for path in documents.paths(text)}
            rules = config.get(_RULES, []) if isinstance(config, dict) else []
            found |= {posixpath.join(posixpath.dirname(target), str(rule)) for rule in rules}
    return found
